"""Commands that bring data in and publish them: import, publish."""

import json
from pathlib import Path

import click

from custinfo import lake
from custinfo.actions import batches
from custinfo.actions import lake as lake_actions
from custinfo.cli import AS_JSON, HOME, Commands, language, main, opened, say
from custinfo.domain import consent, money
from custinfo.domain.people import SERVICE
from custinfo.store import Site


@main.group("import", cls=Commands)
def import_() -> None:
    """Batches of facts from other systems."""


@import_.command("sales")
@HOME
@AS_JSON
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Where the file came from, such as 'ERP export'.")
@click.option("--source-kind", type=click.Choice(list(consent.sources())), default="own_records", show_default=True)
@click.option("--lawful-basis", required=True, type=click.Choice([one.value for one in consent.Basis]))
def import_sales(
    home: Path, as_json: bool, file: Path, source: str, source_kind: str, lawful_basis: str
) -> None:  # fmt: skip
    """Import sales, payments and returns from CSV, XLSX or Parquet. One wrong row stops the whole file."""
    with opened(home) as store:
        batch = batches.import_sales(
            store,
            SERVICE,
            file,
            source=source,
            source_kind=source_kind,
            lawful_basis=lawful_basis,
            errors=file.absolute().parent,
            language=language(),
        )
    if as_json:
        click.echo(
            json.dumps(
                {"batch": batch.batch_id, "rows": batch.rows, "sum_fen": batch.sum_fen, "already": batch.already}
            )
        )
    elif batch.already:
        say("batches.already", batch=batch.batch_id)
    else:
        say("batches.imported", batch=batch.batch_id, rows=batch.rows, sum=money.show(batch.sum_fen))


@main.command()
@HOME
@AS_JSON
def publish(home: Path, as_json: bool) -> None:
    """Publish what is new in the store as the next version of the lake."""
    with opened(home) as store:
        manifest = lake_actions.publish(store, SERVICE)
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


@lake_group.command("verify")
@HOME
def verify(home: Path) -> None:
    """Check every file of every version against its manifest."""
    say("cli.lake_whole", count=lake.verify(Site.load(home)))
