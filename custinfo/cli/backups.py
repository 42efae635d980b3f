"""Commands that keep a site from being lost: backup, restore (and its drill)."""

import json
from pathlib import Path

import click

from custinfo.actions import backups, keys, restoring
from custinfo.cli import AS_JSON, HOME, language, main, opened, say
from custinfo.domain.clock import parse, show
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE
from custinfo.store.master_key import MASTER_BYTES


@main.command()
@HOME
@AS_JSON
@click.option(
    "--to",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for the backup; may be given several times. The settings' folders when left out.",
)
def backup(home: Path, as_json: bool, folders: tuple[Path, ...]) -> None:
    """Back the site up, encrypted and signed, while people go on working."""
    with opened(home) as store:
        made = backups.make(store, SERVICE, folders)
    if as_json:
        places = {str(one.folder): one.fault.text("en") if one.fault else None for one in made.delivered}
        click.echo(json.dumps({"name": made.name, "size": made.size, "sha256": made.sha256, "faults": places}))
    else:
        _tell_places(made)
    if made.failed:
        raise BadInput("backup.some_failed", count=len(made.failed), places=len(made.delivered))


def _tell_places(made: backups.Made) -> None:
    say("backup.made", name=made.name, size=_size(made.size), seq=made.manifest.store.audit_seq)
    for one in made.delivered:
        if one.fault is None:
            say("backup.delivered", folder=one.folder, removed=one.removed)
        else:
            key = "backup.partly_delivered" if one.there else "backup.not_delivered"
            say(key, folder=one.folder, fault=one.fault.text(language()))


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count < 1_000_000_000 else f"{count / 1_000_000_000:.2f} GB"


@main.command()
@HOME
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--drill", is_flag=True, help="Only try it, in a scratch folder: FILE, or the newest backup of the site.")
@click.option(
    "--master-key",
    "master_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file with the master key, unless systemd gives it.",
)
@click.option(
    "--share",
    "share_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of the master key: the file of a holder's share; give it twice.",
)
@click.option(
    "--ledger",
    "ledger_file",
    type=click.Path(exists=True, path_type=Path),
    help="The newest ledger: a file, or the folder of the lost site. The copy beside FILE when left out.",
)
@click.option("--no-ledger", is_flag=True, help="No ledger is left anywhere: erased people may come back.")
def restore(
    home: Path,
    file: Path | None,
    drill: bool,
    master_file: Path | None,
    share_files: tuple[Path, ...],
    ledger_file: Path | None,
    no_ledger: bool,
) -> None:
    """Restore FILE into the new folder --home, or try whether it could be restored (--drill)."""
    if drill:
        with opened(home) as store:
            drilled, checked = restoring.drill(store, SERVICE, file)
        for check in checked:
            click.echo(check.text(language()))
        say("backup.drilled", file=drilled)
        return
    if file is None:
        raise click.UsageError(text("backup.name_file", language()))
    master = keys.from_shares([_read(share) for share in share_files]) if share_files else _master(master_file)
    restored = restoring.restore(file, home, master=master, ledger_file=ledger_file, no_ledger=no_ledger)
    _tell_restored(restored)


def _master(file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        key = bytes.fromhex(_read(file).strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_BYTES:
        raise BadInput("backup.master_file", file=file)
    return key


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError) as fault:
        raise BadInput("backup.unreadable", file=file, fault=type(fault).__name__) from None


def _tell_restored(restored: restoring.Restored) -> None:
    zone = restored.zone
    at = show(parse(restored.manifest.taken_at), zone)
    for check in restored.checked:
        click.echo(check.text(language()))
    for line in restored.set_aside:
        say("backup.set_aside", line=line)
    until = show(parse(restored.ledger_until), zone) if restored.ledger_until else at
    if restored.ledger_from is None:
        say("backup.ledger_none", at=at)
    elif restored.applied:
        kinds = (
            text(f"backup.applied.{kind.replace('.', '_')}", language(), count=count)
            for kind, count in restored.applied.items()
        )
        say("backup.ledger_used", file=restored.ledger_from, until=until, applied=", ".join(kinds))
    else:
        say("backup.ledger_nothing", file=restored.ledger_from, until=until)
    say("backup.sessions", count=restored.sessions_ended, at=at)
    say("backup.restored", at=at, home=restored.home)
    say("backup.next_steps", home=restored.home)
