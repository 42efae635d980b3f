"""`custinfo doctor`: what is wrong with a site, and how to mend it."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from custinfo.actions import doctor as checks
from custinfo.cli import AS_JSON, HOME, language, main, say
from custinfo.domain.clock import stamp
from custinfo.domain.errors import BadInput, CustinfoError


@main.command()
@HOME
@AS_JSON
def doctor(home: Path, as_json: bool) -> None:
    """Say what is wrong with the site and how to mend it. A warning is no fault: the exit status is 0 with warnings."""
    found = checks.examine(home)
    if as_json:
        click.echo(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        for fault in found.faults:
            say("doctor.fault", what=fault.text(language()))
        for warning in found.warnings:
            say("doctor.warning", what=warning.text(language()))
    if found.faults:
        raise BadInput("cli.doctor_faults", count=len(found.faults))
    if not as_json:
        say("doctor.warnings" if found.warnings else "cli.doctor_well", count=len(found.warnings))


def _as_json(found: checks.Examined) -> dict[str, object]:
    return {
        "faults": _listed(found.faults),
        "warnings": _listed(found.warnings),
        "last_backup": _moment(found.last_backup),
        "last_drill": _moment(found.last_drill),
        "last_verification": _moment(found.last_verification),
    }


def _listed(errors: Sequence[CustinfoError]) -> list[dict[str, str]]:
    return [{"key": error.key, "text": error.text(language())} for error in errors]


def _moment(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
