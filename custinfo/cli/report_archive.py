"""Commands for what stays of reports: archive, published."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from custinfo.actions import report_archive, report_published
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, opened, say
from custinfo.cli.reports import report
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import text


@report.command("archive")
@HOME
@ACTOR
@AS_JSON
@click.option("--year", type=click.IntRange(1900, 2999), default=None, help="The year in which the periods end.")
@click.option("--place", default="", help="Where the printed copies stand.")
@click.option(
    "--verify", "check", is_flag=True, help="Compare what was sealed with what is there, of all years or one."
)
def archive(home: Path, login_name: str | None, as_json: bool, year: int | None, place: str, check: bool) -> None:
    """File what was issued in a year and seal it as a volume; or verify the volumes. Status 1: something is wrong."""
    if year is None and not check:
        raise click.MissingParameter(param_type="option", param_hint="--year")
    from custinfo.reports import archiving

    with opened(home) as store:
        actor = acting(store, login_name)
        if year is None or check:
            _verify(archiving.verify(store, actor, year), report_archive.volumes(store, actor, year), as_json=as_json)
            return
        made = archiving.archive(store, actor, year, place)
    if as_json:
        click.echo(json.dumps({**asdict(made), "folder": str(made.folder) if made.folder else None}))
        return
    if made.filed:
        say("report_archive.cli.filed", numbers=text("report_archive.comma", language()).join(made.filed))
    if made.volume is None:
        say("report_archive.cli.nothing", year=year)
    else:
        say("report_archive.cli.sealed", volume=f"{year}-{made.volume}", folder=made.folder)


def _verify(found: tuple[CustinfoError, ...], volumes: list[report_archive.Volume], *, as_json: bool) -> None:
    faults = [one.text(language()) for one in found]
    if as_json:
        click.echo(json.dumps({"faults": faults}))
    for line in () if as_json else faults:
        click.echo(line, err=True)
    if not faults and not as_json:
        files = sum(len(one.content["files"]) for one in volumes)
        say("report_archive.cli.verified", volumes=len(volumes), files=files)
    sys.exit(1 if faults else 0)


@report.command("published")
@HOME
@ACTOR
@AS_JSON
@click.argument("search", default="")
@click.option("--period", default="", help="Such as 2026-10; all of them when left out.")
def published(home: Path, login_name: str | None, as_json: bool, search: str, period: str) -> None:
    """The one value that was published outside for each indicator and period; SEARCH is part of its name or address."""
    from custinfo.reports import published_words

    with opened(home) as store:
        actor = acting(store, login_name)
        ids = published_words.matching(search)
        total, found = report_published.listed(store, actor, search=search, period=period, ids=ids, limit=5000)
        names = published_words.places(store, found, language())
    if as_json:
        rows = [
            {"indicator": one.indicator, "period": one.period, "value": one.value, "issue": one.issue_id,
             "first_value": one.first_value, "stale": list(one.stale)}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        say("published.cli.none")
    for one in found:
        name, value = names[one.indicator], published_words.shown(one.value, one.kind)
        said = [text("published.cli.line", language(), period=one.period, name=name, value=value, issue=one.issue_id)]
        if one.revised:
            first = published_words.shown(one.first_value, one.kind)
            said.append(text("published.cli.revised", language(), value=first))
        if one.stale:
            said.append(text("published.cli.stale", language(), issues=", ".join(one.stale)))
        click.echo("  ".join(said))
    if found:
        say("published.cli.count", n=total)
