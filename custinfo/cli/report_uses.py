"""Commands about issued figures: `report use` and `report vintages`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, opened, say
from custinfo.cli.reports import report
from custinfo.domain.messages import text


@report.command("use")
@HOME
@ACTOR
@click.argument("issue_id")
@click.argument("address")
@click.option("--where", "place", required=True, help="Where the figure was put, such as 'slides of 3 Nov, page 4'.")
def use(home: Path, login_name: str | None, issue_id: str, address: str, place: str) -> None:
    """Register that a figure of an issue was used elsewhere: you are told when it is corrected."""
    from custinfo.reports import uses

    with opened(home) as store:
        made = uses.register(store, acting(store, login_name), issue_id, address, place)
        say("report_uses.cli.registered", use=made, address=address, place=place)


@report.command("vintages")
@HOME
@ACTOR
@AS_JSON
@click.argument("name")
@click.argument("address")
def vintages(home: Path, login_name: str | None, as_json: bool, name: str, address: str) -> None:
    """The revision triangle of a figure: what stood for each period on each day of release, as issued."""
    from custinfo.reports import triangle

    with opened(home) as store:
        found = triangle.triangle(store, acting(store, login_name), name, address, language())
    if as_json:
        click.echo(json.dumps(asdict(found), default=str, ensure_ascii=False))
        return
    click.echo(found.place)
    marks = {mark: f" {text(f'report_portal.vintages.{mark}', language())}" for mark in triangle.MARKS} | {"": ""}
    head = [text("report_portal.vintages.period", language()), *map(str, found.vintages)]
    lines = [[*head, text("report_portal.vintages.change", language())]]
    for line in found.lines:
        cells = [one.text + marks[one.revised] if one else "" for one in line.cells]
        lines.append([line.period, *cells, line.change])
    for cells in lines:
        click.echo("\t".join(cells))
