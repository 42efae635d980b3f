"""Prepared tables: what an analysts' screen computes from all customers, computed once for everybody who opens it
(docs/adr/0022-prepared-tables.md).

They are derived and never the truth: deleted at any time, they are computed again. A file is named by the hash of
everything that its tables depend on (`_made_of`): files of the lake, code lists, the day, who is left out, rules, the
software. Whoever finds no file of that name computes in memory; who may write beside the lake keeps what came of it.

They stand in a hidden folder within the lake's, with the same rights; backups leave it out. `[lake] interactive =
false` in site.toml says that there are to be none. Erasing removes all of them. Of somebody who withdrew the present
ones know nothing; earlier ones, which nobody reads any more, go when the next one is kept, and with `refresh`.
"""

import hashlib
import importlib
import json
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from custinfo.classification import rules
from custinfo.domain import clock
from custinfo.domain.errors import BadInput, CustinfoError, WrongState
from custinfo.lake import files, interactive, manifest
from custinfo.lake.locking import STAGED, sole_writer
from custinfo.lake.manifest import Manifest
from custinfo.store import group_read, withheld
from custinfo.store.site import Site

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from custinfo.lake.tables import Lake, Tables

FOLDER = ".prepared"
WORTH_IT = 100_000
"""Rows of the tables that are read: of fewer, everything is computed quickly enough each time."""
ALWAYS = ("superseded", "merged")
"""Tables that say of the others what is in force."""
SOFTWARE = ("domain", "classification", "statistics", "lake")


@dataclass(frozen=True)
class Made:
    """Tables by name, and what else is to be known of them (`said`: what JSON holds)."""

    tables: "Mapping[str, ir.Table]"
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """What is computed from the lake's `tables` as of a day, by `rules` (files of data/rules); `make` does it.

    `make` gives the same for the same lake and day, in whatever language and for whomever it is shown.
    """

    name: str
    rules: Sequence[str]
    make: "Callable[[Tables, date], Made]"
    tables: Sequence[str] = ("customer_versions", "sales")


@dataclass(frozen=True)
class _Note:
    """What stands beside a file: its size and hash. Without it nobody opens the file."""

    bytes: int
    sha256: str


def prepared(opened: "Tables", recipe: Recipe, on: date) -> Made:
    """What the recipe makes of a lake as of the day `on`: read where it was kept, else computed and held by the engine.

    Raises what `recipe.make` raises. That it cannot be kept is no fault.
    """
    from custinfo.lake.tables import Lake

    if not isinstance(opened, Lake) or opened.source is None or opened.as_of < opened.manifest.published_at:
        return _held(recipe.make(opened, on))  # branches together, or an earlier moment: seldom asked for twice
    source, made_of = opened.source, _made_of(opened, recipe, on)
    file = source.folder / FOLDER / f"{recipe.name}-{made_of[:32]}.duckdb"
    if (found := _read(opened, file, made_of)) is not None:
        return found
    made = recipe.make(opened, on)
    if not _keep(opened, recipe, made, file, made_of):
        return _held(made)
    return _read(opened, file, made_of) or _held(made)


def worth_it(site: Site) -> bool:
    """Whether the newest version is large enough for prepared tables, and the site wants such files."""
    newest = manifest.newest(site.lake)
    return newest is not None and interactive.wanted(site) and sum(file.rows for file in newest.files) >= WORTH_IT


def refresh(site: Site, recipes: Sequence[Recipe]) -> tuple[str, ...]:
    """Keep what is missing for the newest version, remove everything else; gives the names of what is there now. Only
    where it is `worth_it`.

    Killed at any point, the next run does what is left. A recipe without a rule in force is left out. Raises SiteFault
    when a file of the lake is missing.
    """
    from custinfo.lake import tables  # Ibis, which who asks whether it is `worth_it` need not wait for

    opened = tables.open(site)
    on = opened.as_of.astimezone(site.zone).date()
    names, kept = [], set()
    for recipe in recipes:
        with suppress(BadInput):
            prepared(opened, recipe, on)
            made_of = _made_of(opened, recipe, on)
            names.append(recipe.name)
            kept.add(f"{recipe.name}-{made_of[:32]}")
    with suppress(WrongState), sole_writer(site.lake):
        for path in (site.lake / FOLDER).glob("*"):
            if path.stem not in kept or path.name.startswith("."):
                path.unlink(missing_ok=True)
    return tuple(name for name in names if any((site.lake / FOLDER).glob(f"{name}-*.json")))


def drop(lake: Path) -> None:
    """Remove all of them, and what is half made: whoever is making one finds that it cannot be kept."""
    shutil.rmtree(lake / FOLDER, ignore_errors=True)


def verify(lake: Path) -> int:
    """The number of files that are whole; one that was changed is removed, which loses nothing."""
    whole = 0
    for noted in sorted((lake / FOLDER).glob("[!.]*.json")):
        file, note = noted.with_suffix(".duckdb"), _note(noted.with_suffix(".duckdb"))
        if note is not None and file.is_file() and files.sha256(file) == note.sha256:
            whole += 1
        else:
            _remove(file)
    return whole


def _rows(version: Manifest, recipe: Recipe) -> int:
    return sum(file.rows for file in version.files if file.table in recipe.tables)


def _held(made: Made) -> Made:
    # As it would come from a file: a pair is a list there
    return Made({name: table.cache() for name, table in made.tables.items()}, json.loads(json.dumps(made.said)))


def _read(opened: "Lake", file: Path, made_of: str) -> Made | None:
    note = _note(file)
    if opened.source is None or note is None or not file.is_file() or file.stat().st_size != note.bytes:
        return None
    found = opened.source.engine.read_kept(file, made_of)
    return None if found is None else Made(found[0], json.loads(found[1]))


def _note(file: Path) -> _Note | None:
    try:
        return _Note(**json.loads(file.with_suffix(".json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _keep(opened: "Lake", recipe: Recipe, made: Made, file: Path, made_of: str) -> bool:
    """Whether the file is there now. It is written beside; whoever erases or withdraws meanwhile, it is not kept."""
    source = opened.source
    newest_moment = opened.as_of == opened.manifest.published_at
    if source is None or not source.keeps or not newest_moment or _rows(opened.manifest, recipe) < WORTH_IT:
        return False
    beside = file.with_name(f".{file.stem}.{secrets.token_hex(4)}")
    try:
        group_read.make_folder(file.parent)
        if not source.engine.keep(made.tables, json.dumps(made.said), made_of, beside):
            return False
        group_read.share(beside)
        files.sync(beside)
        note = asdict(_Note(beside.stat().st_size, files.sha256(beside)))
        with sole_writer(source.folder):
            if not _is_newest(opened, recipe):
                return False
            for other in file.parent.glob(f"{recipe.name}-*.json"):
                _remove(other.with_suffix(".duckdb"))
            beside.replace(file)
            with files.written(file.with_suffix(".json")) as noted:
                noted.write_text(json.dumps(note) + "\n", "utf-8")
        if not _is_newest(opened, recipe):  # the list of who is left out is not written under the lake's lock
            _remove(file)
            return False
    except (OSError, CustinfoError):  # may not write here, the disk is full, or somebody else is writing
        return False
    finally:
        with suppress(OSError):
            for left in file.parent.glob(f"{beside.name}*"):
                left.unlink(missing_ok=True)
    return True


def _is_newest(opened: "Lake", recipe: Recipe) -> bool:
    """Whether the tables are still those of the newest version, and nobody is left out, or goes, who was not before."""
    source = opened.source
    assert source is not None
    newest = manifest.newest(source.folder)
    return (
        newest is not None
        and _listed(newest, recipe) == _listed(opened.manifest, recipe)
        and not (source.folder / STAGED).is_dir()
        and withheld.keys(source.folder, source.purpose, clock.utc_now()) == list(source.withheld)
    )


def _listed(version: Manifest, recipe: Recipe) -> list[tuple[str, str]]:
    tables = (*recipe.tables, *ALWAYS)
    found = [*(file for file in version.files if file.table in tables), *version.codelist_files]
    return sorted((file.path, file.sha256) for file in found)


def _made_of(opened: "Lake", recipe: Recipe, on: date) -> str:
    """The hash of all that the recipe's tables depend on."""
    assert opened.source is not None
    by = {name: _sha256(rules.FOLDER / name) for name in recipe.rules}
    left_out, software = opened.source.left_out(), _software(recipe.make.__module__)
    said = json.dumps([recipe.name, on.isoformat(), _listed(opened.manifest, recipe), left_out, by, software])
    return hashlib.sha256(said.encode()).hexdigest()


def _sha256(file: Path) -> str:
    try:
        return files.sha256(file)
    except OSError:  # `make` says in words what is wrong with its rule
        return ""


@cache
def _software(module: str) -> str:
    """The hash of the sources that compute: an update of custinfo computes anew."""
    root = Path(__file__).parents[1]
    sources = [path for name in SOFTWARE for path in sorted((root / name).rglob("*.py"))]
    found = hashlib.sha256()
    for path in [*sources, Path(str(importlib.import_module(module).__file__))]:
        found.update(path.read_bytes())
    return found.hexdigest()


def _remove(file: Path) -> None:
    # The note first: without it nobody opens the file
    for left in (file.with_suffix(".json"), file):
        left.unlink(missing_ok=True)
