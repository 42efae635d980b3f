"""Commands for the audit log: verify, export, check, restart-anchor."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from custinfo.actions import audit_export, audit_log, audit_proof
from custinfo.actions.audit_log import Selection
from custinfo.cli import ACTOR, AS_JSON, HOME, Commands, acting, language, main, opened, say
from custinfo.domain.clock import parse, show
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import text
from custinfo.store.audit import Verified
from custinfo.store.checkpoints import RESTARTED

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@main.group(cls=Commands)
def audit() -> None:
    """The audit log."""


@audit.command("verify")
@HOME
@ACTOR
@AS_JSON
@click.option("--checkpoints", "copies", multiple=True, type=FILE, help="A copy of checkpoints.jsonl kept elsewhere.")
def verify(home: Path, login_name: str | None, as_json: bool, copies: tuple[Path, ...]) -> None:
    """Verify the whole log against its anchor; names the first bad entry and what was done to it."""
    with opened(home) as store:
        found = audit_log.verify(store, acting(store, login_name), [copy.read_bytes() for copy in copies])
        zone = store.site.zone
    if as_json:
        click.echo(json.dumps(_as_plain(found), ensure_ascii=False))
        if found.faults:
            raise click.exceptions.Exit(1)
        return
    for one in found.restarts:
        kind = text(f"audit_log.kind.{one.kind}", language())
        say("audit_log.cli.restart", time=show(parse(one.at), zone), seq=one.seq, kind=kind, note=one.note)
    for fault in found.faults:
        click.echo(fault.text(language()))
    if found.faults:
        raise SiteFault("audit_log.cli.not_whole", count=len(found.faults))
    say("audit_log.cli.whole", count=found.entries, anchored=found.anchored)


@audit.command("export")
@HOME
@ACTOR
@click.option("--format", "format_", type=click.Choice(audit_export.FORMATS), default="jsonl", show_default=True)
@click.option("--from", "first_day", type=click.DateTime(["%Y-%m-%d"]), help="The first day, in the site's zone.")
@click.option("--to", "last_day", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.argument("file", type=click.Path(exists=False, dir_okay=False, path_type=Path))
def export(
    home: Path, login_name: str | None, format_: str, first_day: datetime | None, last_day: datetime | None, file: Path
) -> None:
    """Write the log as a zip that an outsider can check (see `audit check`)."""
    first, last = (day.date() if day else None for day in (first_day, last_day))
    wanted = Selection(first_day=first, last_day=last)
    with opened(home) as store:
        made = audit_export.export(store, acting(store, login_name), wanted, format_, language())
    with file.open("xb") as target:
        target.write(made.data)
    say("audit_log.cli.exported", rows=made.rows, file=file)


@audit.command("check")
@click.argument("file", type=FILE)
@click.option("--public-key", type=FILE, help="The site's key (PEM), as it was handed over before.")
@click.option("--checkpoints", type=FILE, help="Checkpoints of an earlier export.")
def check(file: Path, public_key: Path | None, checkpoints: Path | None) -> None:
    """Check an exported log anywhere, without a site."""
    key, kept = (path.read_bytes() if path else None for path in (public_key, checkpoints))
    found = audit_proof.check(file.read_bytes(), public_key=key, kept=kept)
    say("audit_log.cli.checked", rows=found.rows, agreed=found.agreed, fingerprint=found.fingerprint)


@audit.command("restart-anchor")
@HOME
@ACTOR
@click.option("--reason", required=True, help="What happened, and who looked into it: shown by every verification.")
def restart_anchor(home: Path, login_name: str | None, reason: str) -> None:
    """Begin the anchor anew from the log as it stands, after somebody has looked into what `verify` says.

    Until then a store whose anchor is missing or does not fit takes no more entries.
    """
    with opened(home) as store:
        seq = audit_log.restart_anchor(store, acting(store, login_name), RESTARTED, reason)
        folder = store.site.anchor
    say("audit_log.cli.restarted", seq=seq, folder=folder)


def _as_plain(found: Verified) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "anchored": found.anchored,
        "whole": not found.faults,
        "first_bad": found.first_bad,
        "faults": [
            {"kind": one.key, **{k: str(v) for k, v in one.facts.items()}, "text": one.text(language())}
            for one in found.faults
        ],
        "restarts": [vars(one) for one in found.restarts],
    }
