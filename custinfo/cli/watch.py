"""`custinfo watch`: the customers to look after in a month."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.actions import watch_list
from custinfo.actions.delegations import today as today_of
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, main, opened, say
from custinfo.domain.periods import Month


@main.command()
@HOME
@ACTOR
@AS_JSON
@click.option("--month", default=None, help="The month, such as 2026-11; the present one when left out.")
def watch(home: Path, login_name: str | None, as_json: bool, month: str | None) -> None:
    """List the customers to look after in a month, each with its reasons, the gravest first."""
    asked = None if month is None else Month.parse(month)
    with opened(home) as store:
        wanted = asked or Month.of(today_of(store))
        found = watch_list.watched(store, acting(store, login_name), wanted)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], ensure_ascii=False, default=str))
        return
    say("watch_list.heading" if found else "watch_list.nobody", month=wanted, count=len({row.number for row in found}))
    for row in found:
        click.echo(row.text(language()))
