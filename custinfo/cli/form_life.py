"""Commands for the life of a form: list, impact, propose, review, withdraw, publish, close, reopen."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from custinfo.actions import form_life, forms, impact
from custinfo.actions.impact import Impact
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, opened, say
from custinfo.cli.forms import beside, form
from custinfo.domain.clock import stamp
from custinfo.domain.errors import BadInput, Conflict
from custinfo.domain.messages import spoken, text
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.xforms import Form

SHOWN = 10
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
TARGET = click.argument("file_or_proposal")
NOTE = click.option("--note", default="", help="What the other person should know.")
CONFIRM = click.option("--confirm", default="", help="The confirmation that the impact report shows.")


@form.command("list")
@HOME
@ACTOR
@AS_JSON
def list_forms(home: Path, login_name: str | None, as_json: bool) -> None:
    """List published forms, closed ones too, and what is proposed."""
    with opened(home) as store:
        actor = acting(store, login_name)
        published, proposed = form_life.published(store, actor), form_life.proposals(store, actor)
    if as_json:
        click.echo(
            json.dumps({"forms": [_plain(one) for one in published], "proposals": [_plain(one) for one in proposed]})
        )
        return
    for line in published:
        state = text(f"machines.state.{'closed' if line.closed_because is not None else 'published'}", language())
        title = spoken(line.titles, language())
        say(
            "form_life.cli.form",
            form=line.form_id,
            version=line.version,
            title=title,
            state=state,
            records=line.records,
        )
    for one in proposed:
        state = text(f"machines.state.{one.state}", language())
        facts = {"id": one.proposal_id, "form": one.form_id, "version": one.version, "state": state}
        say("form_life.cli.proposal", name=one.proposed_by, note=one.note, **facts)


@form.command("impact")
@HOME
@ACTOR
@AS_JSON
@TARGET
def show_impact(home: Path, login_name: str | None, as_json: bool, file_or_proposal: str) -> None:
    """Say what publishing a form file, or a proposal, would mean for stored records; nothing changes."""
    with opened(home) as store:
        actor = acting(store, login_name)
        found = impact.report(store, actor, _proposed(store, actor, file_or_proposal))
    if as_json:
        click.echo(json.dumps(_as_plain(found), ensure_ascii=False))
    else:
        _show(found)


@form.command("propose")
@HOME
@ACTOR
@FILE
def propose(home: Path, login_name: str | None, file: Path) -> None:
    """Propose a form, or a new version of one, for somebody else to review."""
    with opened(home) as store:
        actor = acting(store, login_name)
        made = form_life.propose(store, actor, file.name, file.read_bytes(), beside(file))
    say("form_life.cli.proposed", form=made.form_id, version=made.version, id=made.proposal_id)


@form.command("review")
@HOME
@ACTOR
@NOTE
@click.option("--accept/--return", "accept", required=True, help="Accept it, or return it with a note.")
@click.argument("proposal")
def review(home: Path, login_name: str | None, note: str, accept: bool, proposal: str) -> None:
    """Accept a proposal, or return it to whoever designed it."""
    with opened(home) as store:
        made = form_life.review(store, acting(store, login_name), proposal, accept, note)
    _say_state(made)


@form.command("withdraw")
@HOME
@ACTOR
@click.argument("proposal")
def withdraw(home: Path, login_name: str | None, proposal: str) -> None:
    """Take a proposal back."""
    with opened(home) as store:
        made = form_life.withdraw(store, acting(store, login_name), proposal)
    _say_state(made)


@form.command("publish")
@HOME
@ACTOR
@CONFIRM
@TARGET
def publish(home: Path, login_name: str | None, confirm: str, file_or_proposal: str) -> None:
    """Publish a form file, or a reviewed proposal, for people to fill in.

    The impact on stored records is shown first. Where records would lose or break an answer, and for a proposal, it has
    to be confirmed: at the terminal, or by --confirm with the confirmation that the report shows.
    """
    with opened(home) as store:
        actor = acting(store, login_name)
        if form_life.is_proposal(file_or_proposal):
            found = form_life.impact_of(store, actor, file_or_proposal)
            _confirm(found, confirm, needed=True)
            summary = form_life.publish(store, actor, file_or_proposal, confirmed=found.digest)
        else:
            file = _file(file_or_proposal)
            known = forms.is_published(store, file.read_bytes(), beside(file))
            if not known:
                found = impact.report(store, actor, _proposed(store, actor, file_or_proposal))
                _confirm(found, confirm, needed=found.harms)
            made = forms.publish(store, actor, file.name, file.read_bytes(), beside(file))
            if made is None:
                say("cli.form_known", file=file.name)
                return
            summary = made
    say("cli.form_published", form=summary.form_id, version=summary.version)


@form.command("close")
@HOME
@ACTOR
@click.option("--reason", required=True, help="Why; whoever looks for the form reads it.")
@click.argument("form_id")
def close(home: Path, login_name: str | None, reason: str, form_id: str) -> None:
    """Close a form: no new records; what is recorded stays."""
    with opened(home) as store:
        form_life.close(store, acting(store, login_name), form_id, reason)
    say("form_life.cli.closed", form=form_id)


@form.command("reopen")
@HOME
@ACTOR
@click.argument("form_id")
def reopen(home: Path, login_name: str | None, form_id: str) -> None:
    """Open a closed form again."""
    with opened(home) as store:
        form_life.reopen(store, acting(store, login_name), form_id)
    say("form_life.cli.reopened", form=form_id)


def _file(name: str) -> Path:
    file = Path(name)
    if not file.is_file():
        raise BadInput("form_life.cli.no_file", file=name[:200])
    return file


def _proposed(store: Store, actor: Person, file_or_proposal: str) -> Form:
    if form_life.is_proposal(file_or_proposal):
        return form_life.form_of(store, actor, file_or_proposal)
    file = _file(file_or_proposal)
    return forms.read(file.name, file.read_bytes(), beside(file), store)


def _say_state(made: form_life.Proposal) -> None:
    state = text(f"machines.state.{made.state}", language())
    say("form_life.cli.now", id=made.proposal_id, form=made.form_id, version=made.version, state=state)


def _confirm(found: Impact, given: str, *, needed: bool) -> None:
    """Show the impact, and see that the person has confirmed this very one. Raises Conflict."""
    _show(found)
    if not needed or found.base_version is None or given == found.digest:
        return
    if not given and sys.stdin.isatty():
        click.confirm(text("form_life.cli.publish", language()), abort=True)
        return
    key = "form_life.impact_changed" if given else "form_life.impact_unconfirmed"
    raise Conflict(key, form=found.form_id, version=found.version, digest=found.digest)


def _show(found: Impact) -> None:
    if found.base_version is None:
        say("form_life.report.first", form=found.form_id, version=found.version)
        return
    facts = {"form": found.form_id, "base": found.base_version, "version": found.version}
    say("form_life.report.head", count=found.revalidated, invalid=found.invalid, **facts)
    for line in found.lines:
        click.echo(f"  {line.text(language())}\n    → {line.advice(language())}")
    if not found.lines:
        say("form_life.report.nothing")
    for broken in found.now_invalid[:SHOWN]:
        for problem in broken.problems:
            say("form_life.report.broken", record=broken.record_id, problem=problem.message(language()))
    if len(found.now_invalid) > SHOWN:
        say("form_life.report.more", count=len(found.now_invalid) - SHOWN)
    say("form_life.report.digest", digest=found.digest)


def _plain(one: form_life.Proposal | form_life.PublishedForm) -> dict[str, object]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in vars(one).items()}


def _as_plain(found: Impact) -> dict[str, object]:
    return {
        "form": found.form_id,
        "base_version": found.base_version,
        "version": found.version,
        "revalidated": found.revalidated,
        "invalid": str(found.invalid),
        "lines": [
            {
                "kind": line.kind,
                "ref": line.difference.ref,
                "new_ref": line.difference.new_ref,
                "answered": str(line.answered),
                "harmed": str(line.harmed),
                "concerned": list(line.concerned),
                "text": line.text(language()),
                "advice": line.advice(language()),
            }
            for line in found.lines
        ],
        "now_invalid": [
            {"record": one.record_id, "problems": [problem.message(language()) for problem in one.problems]}
            for one in found.now_invalid
        ],
        "digest": found.digest,
    }
