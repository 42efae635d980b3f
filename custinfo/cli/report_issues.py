"""Commands for regular reports: define, draft, comment, put-forward, issue, verify, list, compare, correct, revise."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.actions import report_definitions, report_issues
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, opened, say
from custinfo.cli.reports import report
from custinfo.domain import commentary, corrections
from custinfo.domain.messages import text

ISSUE = click.argument("issue_id")


@report.command("define")
@HOME
@ACTOR
@click.argument("name")
@click.option("--reason", required=True, help="Why, as those who approve it will read it.")
def define(home: Path, login_name: str | None, name: str, reason: str) -> None:
    """Propose the definition of a report as it stands; it counts once it is approved."""
    from custinfo.reports import definitions

    with opened(home) as store:
        version = report_definitions.propose(store, acting(store, login_name), name, definitions.content(name), reason)
        say("report_issues.cli.proposed", name=name, version=version)


@report.command("draft")
@HOME
@ACTOR
@AS_JSON
@click.argument("name")
@click.option("--period", required=True, help="Such as 2026-10.")
@click.option("--as-of", default=None, help="What was known at this moment, such as 2026-11-05T18:00+08:00.")
def draft(home: Path, login_name: str | None, as_json: bool, name: str, period: str, as_of: str | None) -> None:
    """Begin the issue of a report for a period that has ended."""
    from custinfo.reports import issuing

    with opened(home) as store:
        issue_id = issuing.draft(store, acting(store, login_name), name, period, as_of)
    if as_json:
        click.echo(json.dumps({"issue": issue_id}))
    else:
        say("report_issues.cli.drafted", issue=issue_id, name=name, period=period)


@report.command("comment")
@HOME
@ACTOR
@ISSUE
@click.option("--kind", required=True, type=click.Choice(commentary.KINDS))
@click.option("--zh", required=True, help="The paragraph in Chinese; a number as {t5.net.this_month}.")
@click.option("--en", required=True, help="The same in English.")
def comment(home: Path, login_name: str | None, issue_id: str, kind: str, zh: str, en: str) -> None:
    """Add a paragraph of analysis, causes, effects or measures."""
    with opened(home) as store:
        actor = acting(store, login_name)
        comment_id = report_issues.comment(store, actor, issue_id, kind, {"zh-CN": zh, "en": en})
        say("report_issues.cli.commented", comment=comment_id)


@report.command("put-forward")
@HOME
@ACTOR
@ISSUE
def put_forward(home: Path, login_name: str | None, issue_id: str) -> None:
    """Build the issue in both languages and put it before those who review and sign it."""
    from custinfo.reports import issuing

    with opened(home) as store:
        folder = issuing.put_forward(store, acting(store, login_name), issue_id)
        say("report_issues.cli.put_forward", issue=issue_id, folder=folder)


@report.command("issue")
@HOME
@ACTOR
@ISSUE
@click.option("--outside", is_flag=True, help="Release it outside, after it was released inside.")
def issue(home: Path, login_name: str | None, issue_id: str, outside: bool) -> None:
    """Release a signed issue to its readers."""
    with opened(home) as store:
        report_issues.release(store, acting(store, login_name), issue_id, outside=outside)
        say("report_issues.cli.released_outside" if outside else "report_issues.cli.released", issue=issue_id)


@report.command("verify")
@HOME
@ACTOR
@AS_JSON
@ISSUE
def verify(home: Path, login_name: str | None, as_json: bool, issue_id: str) -> None:
    """Compare an issue with what was signed, and with what comes out when it is built again. Status 1: they differ."""
    from custinfo.reports import issuing

    with opened(home) as store:
        found = issuing.verify(store, acting(store, login_name), issue_id)
    faults, notes = ([one.text(language()) for one in some] for some in (found.faults, found.notes))
    if as_json:
        click.echo(json.dumps({"faults": faults, "notes": notes}))
    else:
        for line in (*notes, *faults):
            click.echo(line, err=True)
        if not faults:
            say("report_issues.cli.verified", issue=issue_id)
    sys.exit(1 if faults else 0)


@report.command("list")
@HOME
@ACTOR
@AS_JSON
def list_(home: Path, login_name: str | None, as_json: bool) -> None:
    """Issues of regular reports, the newest period first."""
    with opened(home) as store:
        found = report_issues.listed(store, acting(store, login_name))
    if as_json:
        rows = [
            {"issue": one.issue_id, "report": one.definition.name, "period": one.period, "state": one.state}
            for one in found
        ]
        click.echo(json.dumps(rows))
        return
    for one in found:
        state = text(f"machines.state.{one.state}", language())
        click.echo(f"{one.issue_id}  {one.title(language())}  {state}")


@report.command("compare")
@HOME
@ACTOR
@AS_JSON
@click.argument("issue_id", required=False)
def compare(home: Path, login_name: str | None, as_json: bool, issue_id: str | None) -> None:
    """Say which issued figures the newest data would give otherwise: of one issue, or of all that are out."""
    from custinfo.reports import correcting

    with opened(home) as store:
        actor = acting(store, login_name)
        found = [correcting.compare(store, actor, issue_id)] if issue_id else correcting.affected(store, actor)
        told = [(one, correcting.in_words(store, one.issue, one.changes, language())) for one in found]
    if as_json:
        rows = [{"issue": one.issue.issue_id, "changes": [asdict(each) for each in one.changes]} for one in found]
        click.echo(json.dumps(rows))
        return
    for one, lines in told:
        say("corrections.cli.compared", issue=one.issue.issue_id, title=one.issue.title(language()), n=len(lines))
        for place, old, new in lines:
            click.echo(f"  {place}: {old} → {new}")


@report.command("correct")
@HOME
@ACTOR
@ISSUE
@click.option("--grade", type=click.Choice(corrections.GRADES), default=corrections.SLIP, show_default=True)
@click.option("--reason", required=True, help="What was wrong, and why.")
@click.option("--told", default="", help="Who was told, when and how: for verbal and note.")
@click.option(
    "--cell", "cells", multiple=True, help="ADDRESS=NUMBER: a figure that is wrong though the data are right."
)
def correct(
    home: Path, login_name: str | None, issue_id: str, grade: str, reason: str, told: str, cells: tuple[str, ...]
) -> None:  # fmt: skip
    """Register a correction: of all figures that the newest data give otherwise, or of single cells by hand."""
    from custinfo.reports import correcting

    with opened(home) as store:
        actor = acting(store, login_name)
        said = {"grade": grade, "reason": reason, "told": told}
        if cells:
            right = {address: number for address, _, number in (one.partition("=") for one in cells)}
            made = correcting.by_hand(store, actor, issue_id, right, **said)
        else:
            made = correcting.from_source(store, actor, issue_id, **said)
        say("corrections.cli.registered", correction=made)


@report.command("revise")
@HOME
@ACTOR
@click.argument("correction_id")
def revise(home: Path, login_name: str | None, correction_id: str) -> None:
    """Begin the issue that carries an approved slip out; put it forward, sign and release it like any other."""
    from custinfo.reports import correcting

    with opened(home) as store:
        made = correcting.revise(store, acting(store, login_name), correction_id)
        say("corrections.cli.begun", issue=made, correction=correction_id)
