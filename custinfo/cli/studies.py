"""`custinfo study`: studies, what a questionnaire asks twice, samples drawn and drawn again, response rates."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from custinfo.actions import fieldwork, forms, overlaps, samples, studies
from custinfo.actions.sample_frames import DIVISIONS, Chosen, division_name
from custinfo.actions.samples import ALLOCATIONS, METHODS, Design, Verified
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.store import Store

OPTIONS = (
    click.option("--method", type=click.Choice(METHODS), default="simple", show_default=True),
    click.option("--strata-by", type=click.Choice(DIVISIONS), default=None),
    click.option("--clusters-by", type=click.Choice(DIVISIONS), default=None),
    click.option("--allocation", type=click.Choice([*ALLOCATIONS]), default="proportional", show_default=True),
    click.option("--confidence", type=float, default=95.0, show_default=True, help="Percent."),
    click.option("--margin", type=float, default=5.0, show_default=True, help="Percentage points."),
    click.option("--design-effect", type=float, default=1.0, show_default=True),
    click.option("--response", type=float, default=100.0, show_default=True, help="Expected response, percent."),
    click.option("--size", type=int, default=None, help="Units to ask, instead of as many as the margin needs."),
    click.option("--clusters", type=int, default=0, help="How many clusters are drawn."),
    click.option("--within", type=int, default=None, help="Units in each cluster; all where left out."),
    click.option("--least", type=int, default=1, show_default=True, help="At least so many in each stratum."),
    click.option("--province", "provinces", multiple=True, help="Code, such as 440000; may be repeated."),
    click.option("--section", "sections", multiple=True, help="Section of industries, such as C; may be repeated."),
    click.option("--department", "departments", multiple=True),
    click.option("--customer-type", type=click.Choice(["enterprise", "individual"]), default=None),
)


@main.group(cls=Commands)
def study() -> None:
    """Surveys from the problem to the report."""


def _designed(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a design."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def _design(given: dict[str, Any]) -> Design:
    chosen = Chosen(given["customer_type"] or "", *(given[name] for name in ("departments", "provinces", "sections")))
    return Design(
        chosen, given["method"], given["strata_by"] or "", given["clusters_by"] or "", given["allocation"],
        confidence=given["confidence"] / 100, margin=given["margin"] / 100, design_effect=given["design_effect"],
        response=given["response"] / 100, size=given["size"], clusters=given["clusters"], within=given["within"],
        least=given["least"],
    )  # fmt: skip


@study.command("list")
@HOME
@ACTOR
@AS_JSON
def list_(home: Path, login_name: str | None, as_json: bool) -> None:
    """The studies, the newest first."""
    with opened(home) as store:
        found = studies.listed(store, acting(store, login_name))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    if not found:
        say("studies.cli.none")
    for one in found:
        state = text(f"machines.state.{one.state}", language())
        say("studies.cli.line", number=one.number, state=state, title=one.title, address=f"/studies/{one.study_id}")


@study.command("overlaps")
@HOME
@click.argument("form_id")
def overlaps_(home: Path, form_id: str) -> None:
    """What a published form asks that other forms in use ask too, how long it is, and what its check finds."""
    with opened(home) as store:
        found = overlaps.report(store, forms.load(store, form_id))
    click.echo(json.dumps(found.as_evidence(), ensure_ascii=False, indent=1))


@study.command("plan")
@HOME
@ACTOR
@_designed
def plan(home: Path, login_name: str | None, **given: Any) -> None:
    """Work the size and allocation of a sample out; nothing is drawn."""
    design = _design(given)
    with opened(home) as store:
        planned = samples.plan(store, acting(store, login_name), design)
    frame = planned.frame
    say(f"studies.cli.planned{'_clusters' if design.method == 'cluster' else ''}", **planned.figures)
    if design.method in ("stratified", "quota"):
        for code, units in frame.strata().items():
            name = division_name(design.strata_by, code, language())
            say("studies.cli.stratum", name=name, units=planned.sizes[code], frame=units)


@study.command("draw")
@HOME
@ACTOR
@click.argument("number")
@click.option("--seed", default="", help="The same seed, frame and design give the same units.")
@click.option("--reason", default="", help="Why another sample is drawn.")
@_designed
def draw(home: Path, login_name: str | None, number: str, seed: str, reason: str, **given: Any) -> None:
    """Draw a sample for a study and keep it."""
    with opened(home) as store:
        actor = acting(store, login_name)
        study_id = studies.find(store, actor, number)
        samples.draw(store, actor, study_id, _design(given), reason=reason, seed=seed)
        made = samples.of_study(store, actor, study_id)[0]
    say("studies.cli.drawn", units=made.units, frame=made.frame_units, seed=made.seed, sample=made.number)


@study.command("verify")
@HOME
@ACTOR
@click.argument("number")
@click.pass_context
def verify(context: click.Context, home: Path, login_name: str | None, number: str) -> None:
    """Draw every sample of a study again from its record, and compare. Exit status 1 when one differs."""
    with opened(home) as store:
        actor = acting(store, login_name)
        found = [(one, samples.verify(store, actor, one.sample_id)) for one in _samples(store, actor, number)]
    holds = [verified == Verified(True, True) for _, verified in found]
    for (one, _), same in zip(found, holds, strict=True):
        say(f"studies.cli.{'verified' if same else 'differs'}", number=one.number)
    context.exit(0 if all(holds) else 1)


@study.command("rates")
@HOME
@ACTOR
@click.argument("number")
@click.option("--by", type=click.Choice(["channel", "stratum"]), default=None)
def rates(home: Path, login_name: str | None, number: str, by: str | None) -> None:
    """How many questionnaires of the newest sample were handed out, came back and are valid."""
    with opened(home) as store:
        actor = acting(store, login_name)
        (newest, *_) = _samples(store, actor, number)
        found = fieldwork.rates(store, actor, newest.sample_id, by or "")
    for one in found:
        name = text(f"studies.channel.{one.code}", language()) if by == "channel" else ""
        name = name or division_name(newest.strata_by, one.code, language())
        returns = one.returns
        shares = {rate: "–" if getattr(returns, rate) is None else f"{getattr(returns, rate)}%"
                  for rate in ("return_rate", "valid_rate")}  # fmt: skip
        say("studies.cli.rates", name=name, sent=returns.sent, returned=returns.returned, valid=returns.valid, **shares)


def _samples(store: Store, actor: Person, number: str) -> list[samples.Sample]:
    """The samples of a study, the newest first; complains where there is none."""
    found = samples.of_study(store, actor, studies.find(store, actor, number))
    if not found:
        raise click.ClickException(text("studies.no_sample", language()))
    return found
