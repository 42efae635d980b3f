"""Commands that bring records of a form in and out of files: import, export."""

import json
from pathlib import Path

import click

from custinfo import exchange
from custinfo.actions import form_exports, form_imports
from custinfo.actions.form_imports import Imported
from custinfo.cli import ACTOR, AS_JSON, HOME, acting, language, opened, say
from custinfo.cli.forms import form
from custinfo.cli.lawful_basis import LawfulBasis
from custinfo.domain import consent, machines
from custinfo.domain.consent import Tier
from custinfo.lake import files

FORMATS = [*exchange.EXPORTS, form_exports.AUDIT]
STATES = [state for state in machines.RECORD if state]
VERSION = click.option("--version", default=None, help="The version of the form; the newest when left out.")


@form.command("import")
@HOME
@ACTOR
@AS_JSON
@VERSION
@click.option("--source-kind", type=click.Choice(list(consent.sources())), default="own_records", show_default=True)
@click.option("--lawful-basis", type=LawfulBasis(), default="contract")
@click.option("--accept-valid", is_flag=True, help="Record the rows that are right even when others are wrong.")
@click.argument("form_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_records(
    home: Path, login_name: str | None, as_json: bool, version: str | None, source_kind: str, lawful_basis: str,
    accept_valid: bool, form_id: str, file: Path,
) -> None:  # fmt: skip
    """Import records: CSV, XLSX, JSON, exports of ODK Central and KoboToolbox, submissions in XML.

    Every row goes through the rules of the form. One wrong row stops the whole file, unless --accept-valid is given.
    Refused rows are written beside FILE, as FILE.errors.xlsx, with a reason at each cell; the exit status is then 1.
    """
    with opened(home) as store:
        imported = form_imports.run(
            store, acting(store, login_name), form_id, file.name, file.read_bytes(), accept_valid=accept_valid,
            version=version, language=language(), source_kind=source_kind, lawful_basis=lawful_basis,
        )  # fmt: skip
    errors = file.with_suffix(".errors.xlsx") if imported.error_file is not None else None
    if errors is not None and imported.error_file is not None:
        _write(errors, imported.error_file)
    if as_json:
        click.echo(json.dumps(_plain(imported, errors), ensure_ascii=False))
    else:
        _tell(imported, form_id, file, errors)
    if imported.rejected:
        raise click.exceptions.Exit(1)


@form.command("export")
@HOME
@ACTOR
@AS_JSON
@VERSION
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="xlsx", show_default=True)
@click.option("--labels/--codes", default=True, show_default=True, help="Labels or codes, where the format has both.")
@click.option("--language", "form_language", default=None, help="Of labels; that of the command line when left out.")
@click.option("--purpose", type=click.Choice(list(consent.purposes())), default=form_exports.PURPOSE, show_default=True)
@click.option("--without-identities", is_flag=True, help="Leave out whatever points to a person.")
@click.option("--state", type=click.Choice(STATES), default=None, help="Only records in this state of review.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="The file or folder to write to.")
@click.argument("form_id")
def export_records(
    home: Path, login_name: str | None, as_json: bool, version: str | None, format_name: str, labels: bool,
    form_language: str | None, purpose: str, without_identities: bool, state: str | None, out: Path | None,
    form_id: str,
) -> None:  # fmt: skip
    """Export the records of a form, as far as whoever exports may see them.

    xlsx and csv are safe to open in a spreadsheet; xlsx_exact, csv_exact, jsonl and xml are lossless, for programs;
    sav, parquet, ddi and triple_s are for statisticians and research houses. audit is the log of answering, with the
    columns of ODK's audit.csv, for who also reviews records.
    """
    with opened(home) as store:
        exported = form_exports.export(
            store, acting(store, login_name), form_id, format_name, language=form_language or language(),
            labels=labels, version=version, state=state, purpose=purpose,
            tier=Tier.PSEUDONYMOUS if without_identities else Tier.IDENTIFIED,
        )  # fmt: skip
    file = out or Path()
    file = file / exported.file_name if file.is_dir() else file
    _write(file, exported.data)
    if as_json:
        facts = {"file": str(file), "rows": exported.rows, "left_out": dict(exported.left_out)}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    key = "form_data.cli.exported_log" if format_name == form_exports.AUDIT else "form_data.cli.exported"
    say(key, rows=exported.rows, form=form_id, file=file)
    for ref, count in exported.left_out.items():
        say("form_data.cli.left_out", ref=ref, count=count)


def _write(file: Path, content: bytes) -> None:
    with files.written(file.absolute()) as beside:
        beside.write_bytes(content)


def _tell(imported: Imported, form_id: str, file: Path, errors: Path | None) -> None:
    if imported.import_id:
        facts = {"rows": imported.rows, "accepted": imported.accepted, "id": imported.import_id}
        say("form_data.cli.imported", file=file.name, form=form_id, **facts)
    else:
        say("form_data.cli.nothing", file=file.name)
    if imported.already:
        say("form_data.cli.already", count=imported.already)
    for line in (*imported.notes, *imported.reasons):
        click.echo(line)
    if errors is not None:
        say("form_data.cli.rejected", count=imported.rejected, file=errors)


def _plain(imported: Imported, errors: Path | None) -> dict[str, object]:
    return {
        "import": imported.import_id or None,
        "rows": imported.rows,
        "accepted": imported.accepted,
        "rejected": imported.rejected,
        "already": imported.already,
        "notes": list(imported.notes),
        "reasons": list(imported.reasons),
        "errors": str(errors) if errors else None,
    }
