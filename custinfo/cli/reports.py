"""Commands for reports."""

import json
from pathlib import Path

import click

from custinfo.actions import reports
from custinfo.cli import AS_JSON, HOME, Commands, main, opened, say
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.domain.people import SERVICE


@main.group(cls=Commands)
def report() -> None:
    """Reports, built by Papermill."""


@report.command("build")
@HOME
@AS_JSON
@click.argument("name")
@click.option("--period", required=True, help="The month, such as 2026-10.")
@click.option("--as-of", default=None, help="What was known at this moment, such as 2026-11-05T18:00+08:00.")
@click.option(
    "--language", "report_language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True
)
def build(home: Path, as_json: bool, name: str, period: str, as_of: str | None, report_language: str) -> None:
    """Build a report: HTML, PDF, XLSX and the executed notebook. The same period and moment give the same bytes."""
    from custinfo.reports import build as builder

    reports.check_may_build(SERVICE)
    with opened(home) as store:
        built = builder.build(store.site, name, period, as_of=as_of, language=report_language)
        version, figures = built.lake_version, built.figures_sha256
        reports.record_built(store, SERVICE, name, period, lake_version=version, figures_sha256=figures)
    paths = {kind: str(getattr(built, kind)) for kind in ("html", "pdf", "xlsx", "notebook")}
    if as_json:
        click.echo(json.dumps(paths | {"lake_version": version, "figures_sha256": figures}))
    else:
        say("cli.report_built", name=name, period=period, version=built.lake_version, folder=built.html.parent)
        for path in paths.values():
            click.echo(path)
