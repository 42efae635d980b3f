"""Where reports find their site and their notebooks, whatever folder they are started in."""

import os
from pathlib import Path

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
