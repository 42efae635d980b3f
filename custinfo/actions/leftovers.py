"""What killed processes left behind: scratch folders of backups and drills, reports half built."""

import shutil
import time
from pathlib import Path

from custinfo.store import Site, scratch

RUN = "run"
SCRATCH = ("backup", "drill", "grading", "report")
ERRORS = "import-errors"
"""Lists of wrong rows of queries, for those who mend them."""
KEEP_ERRORS = 7 * 24 * 3600
BUILDING = ".building-*"
STILL_BUILDING = 24 * 3600
"""Seconds after which a report that is being built is not any more: a cell may run for ten minutes."""


def found(site: Site) -> list[Path]:
    """Folders that belong to no running process."""
    folders = [path for prefix in SCRATCH for path in scratch.stale(site.home / RUN, prefix)]
    folders += scratch.stale(site.home.parent, f"{site.home.name}.restoring")
    errors = site.home / RUN / ERRORS
    if errors.is_dir() and errors.stat().st_mtime < time.time() - KEEP_ERRORS:
        folders.append(errors)
    before = time.time() - STILL_BUILDING
    return folders + [path for path in sorted(site.reports.rglob(BUILDING)) if path.stat().st_mtime < before]


def sweep(site: Site) -> int:
    """Remove them; gives how many there were."""
    folders = found(site)
    for path in folders:
        shutil.rmtree(path, ignore_errors=True)
    return len(folders)
