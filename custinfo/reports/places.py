"""Where reports find their site and their notebooks, whatever folder they are started in."""

import contextlib
import os
import secrets
from datetime import datetime
from pathlib import Path

from custinfo.domain import clock
from custinfo.domain.periods import Period

PROJECT = Path(__file__).resolve().parents[2]
NOTEBOOKS = PROJECT / "reports"

HOME = "CUSTINFO_HOME"
"""The environment variable with the site's folder."""

OUTPUT = "CUSTINFO_REPORT_FOLDER"
"""The environment variable with the folder that a build wants its files in. A report opened by hand has none."""


def home() -> Path:
    """The site's folder: CUSTINFO_HOME, else `data/site` of the project."""
    return Path(os.environ.get(HOME) or PROJECT / "data" / "site")


def output() -> Path | None:
    """The folder that the running build wants its files in; None outside a build."""
    folder = os.environ.get(OUTPUT)
    return Path(folder) if folder else None


def begin(reports: Path, name: str, period: Period, as_of: datetime, now: datetime) -> None:
    """Remember when the report of a period and moment was built for the first time.

    Whoever had withdrawn by then is in no figure of it; whoever does so later stays counted when it is built again.
    """
    note = _begun(reports, name, period, as_of)
    note.parent.mkdir(parents=True, exist_ok=True)
    # Written beside: who reads it meanwhile, or after a kill, finds all of it or nothing
    beside = note.with_name(f".{note.name}-{secrets.token_hex(4)}")
    try:
        beside.write_text(clock.stamp(now), "ascii")
        with contextlib.suppress(FileExistsError):
            os.link(beside, note)
    finally:
        beside.unlink(missing_ok=True)


def begun(reports: Path, name: str, period: Period, as_of: datetime | None) -> datetime | None:
    """When that report was built for the first time; None for one that was not."""
    try:
        return clock.parse(_begun(reports, name, period, as_of).read_text("ascii")) if as_of else None
    except (OSError, ValueError):
        return None


def _begun(reports: Path, name: str, period: Period, as_of: datetime) -> Path:
    return reports / ".begun" / f"{name}-{period}-{clock.stamp(as_of)}"
