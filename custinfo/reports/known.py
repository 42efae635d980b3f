"""Which notebooks Papermill may run: those that were reviewed, known by the hash of their cells (`known.toml`)."""

import hashlib
import json
import tomllib
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.reports import places

LIST = "known.toml"


def check(name: str) -> Path:
    """The notebook of the report `name`. Raises SiteFault when it is not the one that was reviewed."""
    path = places.NOTEBOOKS / f"{name}.ipynb"
    listed = tomllib.loads((places.NOTEBOOKS / LIST).read_text("utf-8"))
    try:
        found = digest(path)
    except (OSError, ValueError, KeyError, TypeError):
        found = ""
    if not found or listed.get(name) != found:
        raise SiteFault("reports.notebook_unknown", name=name, file=path.name, found=found[:12], list=LIST)
    return path


def digest(path: Path) -> str:
    """What a notebook would run: its cells' kinds, tags and sources, without outputs and what editors add."""
    cells = [
        [cell["cell_type"], cell.get("metadata", {}).get("tags", []), "".join(cell["source"])]
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()
