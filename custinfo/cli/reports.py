"""Commands for reports."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from custinfo.actions import reports
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import DEFAULT_LANGUAGE, LANGUAGES
from custinfo.domain.people import SERVICE
from custinfo.store import Store

if TYPE_CHECKING:
    from custinfo.reports.build import Built, Order

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
@click.option("--region", default=None, help="The code of a province: a monthly report of its customers alone.")
@click.option("--all-regions", is_flag=True, help="A report for each province, by two processes side by side.")
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
    region: str | None, all_regions: bool, as_of: str | None, report_language: str, into: Path,
) -> None:  # fmt: skip
    """Build a report: HTML, PDF, XLSX, DOCX, executed notebook. The same period and moment give the same bytes."""
    needed, said = ("--customer", customer) if name == OF_A_CUSTOMER else ("--period", period)
    if said is None:
        raise click.MissingParameter(param_type="option", param_hint=needed)
    given = {"period": period, "customer": customer, "region": region, "as_of": as_of, "language": report_language}
    # A report has no parameter of the others' unless somebody gave it; then it says so
    given = {key: value for key, value in given.items() if value is not None or key in (needed[2:], "as_of")}
    with opened(home) as store:
        if region and all_regions:
            raise BadInput("report_runs.region_twice", given=region[:40])
        if name == OF_A_CUSTOMER:
            _of_a_customer(store, login_name, into, given, as_json=as_json)
        elif all_regions:
            _of_all_regions(store, name, given, as_json=as_json)
        else:
            _of_a_period(store, name, given, as_json=as_json)


def _of_a_period(store: Store, name: str, given: dict[str, str | None], *, as_json: bool) -> None:
    from custinfo.reports import build as builder

    reports.check_may_build(SERVICE)
    order = builder.ordered(store.site, name, given)
    _say_built(store, order, builder.make(store.site, order), as_json=as_json)


def _of_all_regions(store: Store, name: str, given: dict[str, str | None], *, as_json: bool) -> None:
    """Each is said as soon as it is there. Status 1 when one of them could not be built."""
    from custinfo.reports import batch

    reports.check_may_build(SERVICE)
    failed = False
    for one in batch.make(store.site, batch.of_regions(store.site, name, given)):
        if one.built is not None:
            _say_built(store, one.order, one.built, as_json=as_json)
        if one.fault is not None:
            failed = True
            click.echo(one.fault.text(language()), err=True)
    sys.exit(1 if failed else 0)


def _say_built(store: Store, order: "Order", built: "Built", *, as_json: bool) -> None:
    """Note that it was built, and say where it is."""
    period = " ".join(filter(None, (str(order.period), order.region)))
    version, figures = built.lake_version, built.figures_sha256
    reports.record_built(store, SERVICE, order.name, period, lake_version=version, figures_sha256=figures)
    paths = {kind: str(getattr(built, kind)) for kind in ("html", "pdf", "xlsx", "docx", "notebook")}
    if as_json:
        click.echo(json.dumps(paths | {"lake_version": version, "figures_sha256": figures}))
    else:
        say("cli.report_built", name=order.name, period=period, version=version, folder=built.html.parent)
        for path in paths.values():
            click.echo(path)


def _of_a_customer(
    store: Store, login_name: str | None, into: Path, given: dict[str, str | None], *, as_json: bool
) -> None:  # fmt: skip
    from custinfo.reports import credit_report_build, parameters

    read = parameters.read_of_customer(OF_A_CUSTOMER, given)
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
