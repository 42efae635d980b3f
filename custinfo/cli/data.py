"""Commands that bring data in and publish them: import, publish."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from custinfo import lake
from custinfo.actions import batches, lake_witness, prepared_tables
from custinfo.actions import lake as lake_actions
from custinfo.cli import AS_JSON, HOME, Commands, language, main, opened, say
from custinfo.cli.lawful_basis import LawfulBasis
from custinfo.domain import clock, consent, money
from custinfo.domain.errors import BadInput
from custinfo.domain.people import SERVICE
from custinfo.lake.control_totals import Total, Totals
from custinfo.store import Site


@main.group("import", cls=Commands)
def import_() -> None:
    """Batches of facts from other systems."""


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ABOUT = {
    "sales": "sales, payments and returns in one table",
    "payments": "payments",
    "returns": "returns",
    "orders": "orders: what was ordered, and how much of it is delivered and invoiced",
    "service_events": "service events: enquiries, visits, repairs, complaints …",
    "web_events": "web events: views, clicks, orders, reviews …",
}


def _add(kind: str) -> None:
    """The command that imports batches of this kind."""

    @import_.command(
        kind.replace("_", "-"), help=f"Import {_ABOUT[kind]}. One wrong row stops the whole batch.",
    )  # fmt: skip
    @HOME
    @AS_JSON
    @click.argument("file", type=_FILE, required=False)
    @click.option("--sql", help="A SELECT whose rows are imported, instead of a file.")
    @click.option("--connect", help="The database that answers it: duckdb:///path or sqlite:///path.")
    @click.option("--source", required=True, help="The system it came from, named alike every time, such as 'ERP'.")
    @click.option("--source-kind", type=click.Choice(list(consent.sources())), default="own_records", show_default=True)
    @click.option("--lawful-basis", required=True, type=LawfulBasis(), help="Why the data may be used.")
    @click.option("--rows", type=click.IntRange(min=0), help="How many rows the batch has to have.")
    @click.option("--sum", "sum_yuan", help="What its amounts have to add up to, in yuan.")
    @click.option(
        "--errors", type=click.Path(file_okay=False, path_type=Path),
        help="Folder for the list of wrong rows; else beside the file, and of a query run/import-errors of the site.",
    )  # fmt: skip
    @click.option("--moves-rows", is_flag=True, help="Corrected rows may go to other customers.")
    def command(
        home: Path, as_json: bool, file: Path | None, sql: str | None, connect: str | None, source: str,
        source_kind: str, lawful_basis: str, rows: int | None, sum_yuan: str | None, errors: Path | None,
        moves_rows: bool,
    ) -> None:  # fmt: skip
        origin = batches.Origin(source, lawful_basis, source_kind)
        stated = _stated(rows, sum_yuan)
        with opened(home) as store:
            if file is not None and sql is None and connect is None:
                batch = batches.import_file(
                    store, SERVICE, kind, file, origin, errors=errors or file.absolute().parent, stated=stated,
                    moves=moves_rows, language=language(),
                )  # fmt: skip
            elif file is None and sql is not None and connect is not None:
                batch = batches.import_query(
                    store, SERVICE, kind, sql, connect, origin, stated=stated, moves=moves_rows, language=language(),
                    errors=errors or batches.errors_of_queries(store.site),
                )  # fmt: skip
            else:
                raise BadInput("batches.one_content")
        _told(batch, as_json)


for _kind in lake.BATCH_KINDS:
    _add(_kind)


def _stated(rows: int | None, sum_yuan: str | None) -> Totals | None:
    """The control totals of the command line; None when there are none."""
    if rows is None and sum_yuan is None:
        return None
    return Totals(Total(rows, None if sum_yuan is None else money.fen(sum_yuan)))


def _told(batch: batches.Batch, as_json: bool) -> None:
    if as_json:
        found = {"batch": batch.batch_id, "rows": batch.rows, "sum_fen": batch.sum_fen, "already": batch.already}
        corrected = {"cancelled": batch.cancelled, "superseded": batch.superseded}
        said = {"remarks": [remark.text(language()) for remark in batch.remarks]}
        click.echo(json.dumps(found | corrected | said, ensure_ascii=False))
        return
    if batch.already:
        say("batches.already", batch=batch.batch_id)
        return
    say("batches.imported", batch=batch.batch_id, rows=batch.rows, sum=money.show(batch.sum_fen))
    for key, count in (("batches.cancelled", batch.cancelled), ("batches.superseded", batch.superseded)):
        if count:
            say(key, count=count)
    for remark in batch.remarks:
        click.echo(remark.text(language()))


@main.command()
@HOME
@AS_JSON
@click.option("--even-unchanged", is_flag=True, help="Also with nothing new, so that head office sees: not late.")
def publish(home: Path, as_json: bool, even_unchanged: bool) -> None:
    """Publish what is new in the store as the next version of the lake."""
    with opened(home) as store:
        manifest = lake_actions.publish(store, SERVICE, even_unchanged=even_unchanged)
        prepared_tables.refresh(store.site)
        newest = manifest or lake.newest(store.site.lake)
    version = newest.version if newest else None
    if as_json:
        click.echo(json.dumps({"version": version, "new": manifest is not None}))
    elif manifest is None:
        say("cli.publish_nothing", version=version or "-")
    else:
        say("cli.published", version=version, rows=sum(file.rows for file in manifest.files))


@main.group("lake", cls=Commands)
def lake_group() -> None:
    """The lake's versions."""


@lake_group.command("log")
@HOME
@AS_JSON
def log(home: Path, as_json: bool) -> None:
    """What each version holds and what came with it, oldest first."""
    site = Site.load(home)
    entries = lake.log(site.lake)
    if as_json:
        shown = [asdict(entry) | {"published_at": clock.stamp(entry.published_at)} for entry in entries]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    if not entries:
        say("lake.log_empty")
    for entry in entries:
        say(
            "lake.log_compacted" if entry.compacted else "lake.log_version",
            version=entry.version, at=clock.show(entry.published_at, site.zone), rows=sum(entry.rows.values()),
            files=entry.files, size=_size(entry.bytes), new_files=entry.new_files, new_size=_size(entry.new_bytes),
            batches=", ".join(entry.batches) or "-",
            tables=", ".join(f"{name} {count}" for name, count in entry.rows.items() if count) or "-",
        )  # fmt: skip


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


@lake_group.command("compact")
@HOME
@AS_JSON
def compact(home: Path, as_json: bool) -> None:
    """Make few files of many small ones, as a new version. Earlier versions stay readable as they are."""
    with opened(home) as store:
        done = lake_actions.compact(store, SERVICE)
    if as_json:
        click.echo(json.dumps(asdict(done) if done else {"version": None}))
    elif done is None:
        say("lake.compact_nothing")
    else:
        say("lake.compacted", version=done.version, before=done.before, after=done.after)


@lake_group.command("verify")
@HOME
def verify(home: Path) -> None:
    """Check every file of every version against its manifest, and each manifest against the audit log."""
    with opened(home) as store:
        count = lake.verify(store.site)
        lake_witness.check(store)
    say("cli.lake_whole", count=count)
