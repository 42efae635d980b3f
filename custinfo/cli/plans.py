"""`custinfo plan`: propose plans from a file, and list them."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.actions import plans
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.messages import text


@main.group(cls=Commands)
def plan() -> None:
    """Plans by indicator, period and part of the company."""


@plan.command("propose")
@HOME
@ACTOR
@AS_JSON
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--reason", required=True, help="Why, as those who approve it will read it.")
def propose(home: Path, login_name: str | None, as_json: bool, file: Path, reason: str) -> None:
    """Check a CSV or XLSX file of plans row by row and put it before those who approve it."""
    data = file.read_bytes()
    with opened(home) as store:
        for fault in plans.check(data, file.name).faults:
            click.echo(fault.text(language()), err=True)
        actor = acting(store, login_name)
        version = plans.propose(store, actor, file.name, data, reason)
        made, _ = plans.read(store, actor, version)
    if as_json:
        click.echo(json.dumps({"version": version, "rows": made.rows}))
    else:
        say("plans.cli.proposed", version=version, rows=made.rows)


@plan.command("list")
@HOME
@ACTOR
@AS_JSON
def list_(home: Path, login_name: str | None, as_json: bool) -> None:
    """The versions of plans, the newest first."""
    with opened(home) as store:
        found = plans.listed(store, acting(store, login_name))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, default=str))
        return
    if not found:
        say("plans.cli.none")
    for one in found:
        state = text(f"case.state.{one.state}", language())
        say("plans.cli.line", version=one.version, state=state, rows=one.rows, by=one.by, reason=one.reason)
