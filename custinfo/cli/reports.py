"""Commands for reports."""

import json
from pathlib import Path

import click

from custinfo.actions import reports
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, main, opened, say
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.domain.people import SERVICE
from custinfo.store import Store

OF_A_CUSTOMER = "credit_report"


@main.group(cls=Commands)
def report() -> None:
    """Reports, built by Papermill."""


@report.command("build")
@HOME
@ACTOR
@AS_JSON
@click.argument("name")
@click.option("--period", default=None, help="The month of a monthly report, such as 2026-10.")
@click.option("--customer", default=None, help="The number of the customer of a credit report, such as C000123.")
@click.option("--as-of", default=None, help="What was known at this moment, such as 2026-11-05T18:00+08:00.")
@click.option(
    "--language", "report_language", type=click.Choice(LANGUAGES), default=DEFAULT_LANGUAGE, show_default=True
)
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=Path(),
    help="The folder for a credit report, of which the site keeps no copy; the present one when left out.",
)  # fmt: skip
def build(
    home: Path, login_name: str | None, as_json: bool, name: str, period: str | None, customer: str | None,
    as_of: str | None, report_language: str, into: Path,
) -> None:  # fmt: skip
    """Build a report: HTML, PDF, XLSX and the executed notebook. The same period and moment give the same bytes."""
    needed, said = ("--customer", customer) if name == OF_A_CUSTOMER else ("--period", period)
    if said is None:
        raise click.MissingParameter(param_type="option", param_hint=needed)
    given = {"period": period, "customer": customer, "as_of": as_of, "language": report_language}
    with opened(home) as store:
        if name == OF_A_CUSTOMER:
            _of_a_customer(store, login_name, into, given, as_json=as_json)
        else:
            _of_a_period(store, name, given, as_json=as_json)


def _of_a_period(store: Store, name: str, given: dict[str, str | None], *, as_json: bool) -> None:
    from custinfo.reports import build as builder
    from custinfo.reports import parameters

    reports.check_may_build(SERVICE)
    asked = {key: value for key, value in given.items() if key != "customer" or value is not None}
    parameters.read(name, asked)
    period = given["period"] or ""
    language = given["language"] or DEFAULT_LANGUAGE
    built = builder.build(store.site, name, period, as_of=given["as_of"], language=language)
    version, figures = built.lake_version, built.figures_sha256
    reports.record_built(store, SERVICE, name, period, lake_version=version, figures_sha256=figures)
    paths = {kind: str(getattr(built, kind)) for kind in ("html", "pdf", "xlsx", "notebook")}
    if as_json:
        click.echo(json.dumps(paths | {"lake_version": version, "figures_sha256": figures}))
    else:
        say("cli.report_built", name=name, period=period, version=built.lake_version, folder=built.html.parent)
        for path in paths.values():
            click.echo(path)


def _of_a_customer(
    store: Store, login_name: str | None, into: Path, given: dict[str, str | None], *, as_json: bool
) -> None:  # fmt: skip
    from custinfo.reports import credit_report_build, parameters

    asked = {key: value for key, value in given.items() if key != "period" or value is not None}
    read = parameters.read_of_customer(OF_A_CUSTOMER, asked)
    built = credit_report_build.make(
        store, acting(store, login_name), into, customer=read.customer, as_of=given["as_of"], language=read.language
    )
    paths = {kind: str(path) for kind, path in built.files.items()}
    if as_json:
        click.echo(json.dumps(paths | {"export": built.export_id, "sha256": built.sha256}))
    else:
        say("credit_paper.written", number=read.customer, folder=built.folder, export=built.export_id)
        for path in paths.values():
            click.echo(path)
