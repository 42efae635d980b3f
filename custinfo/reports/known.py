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
    read(name)
    return _path(name)


def read(name: str) -> str:
    """The notebook of the report `name`, as text: what was checked is what is given. Raises as `check` does."""
    path = _path(name)
    listed = tomllib.loads((places.NOTEBOOKS / LIST).read_text("utf-8"))
    try:
        content = path.read_text("utf-8")
        found = _digest(content)
    except (OSError, ValueError, KeyError, TypeError):
        found = content = ""
    if not found or listed.get(name) != found:
        raise SiteFault("reports.notebook_unknown", name=name, file=path.name, found=found[:12], list=LIST)
    return content


def digest(path: Path) -> str:
    """What a notebook would run: its cells' kinds, tags and sources, without outputs and what editors add."""
    return _digest(path.read_text("utf-8"))


def _digest(content: str) -> str:
    cells = [
        [cell["cell_type"], cell.get("metadata", {}).get("tags", []), "".join(cell["source"])]
        for cell in json.loads(content)["cells"]
    ]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def _path(name: str) -> Path:
    return places.NOTEBOOKS / f"{name}.ipynb"
