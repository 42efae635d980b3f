"""Many branches, one lake: each publishes into a folder of its own, head office reads all of them together.

`branches.toml` in the folder above says which branches there are and when their data are due:

    zone = "Asia/Shanghai"

    [[branch]]
    name = "fuzhou"       # the folder
    weekday = 1           # every Monday (7 is Sunday); or `day = 31`, of every month: of a shorter one, its last
    hours = 18            # so many hours after the day began

A branch is late when its newest version was published before the last day on which data were due, and the hours after
that day's beginning are over. A branch with nothing new publishes all the same (`custinfo publish --even-unchanged`).
"""

import calendar
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial, reduce
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ibis
import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotFound, SiteFault, WrongState
from custinfo.lake import code_tables, engines, manifest, published_tables, schema, tables
from custinfo.lake.asked import Asked
from custinfo.lake.manifest import Manifest
from custinfo.lake.tables import Lake, Late, Tables

FILE = "branches.toml"
SEPARATOR = "/"
DAYS_BACK = 62
"""Within so many days there is a day of every week and of every month."""


class Branch(BaseModel):
    """A branch: the name of its folder, and when its data are due."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^[^\s/.][^/\n]{0,63}$")]
    weekday: Annotated[int, Field(ge=1, le=7)] | None = None
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    hours: Annotated[int, Field(ge=0, le=24 * 28)]

    def is_due_on(self, day: date) -> bool:
        """Whether that is one of its days."""
        if self.weekday is not None:
            return day.isoweekday() == self.weekday
        return day.day == min(self.day or 1, calendar.monthrange(day.year, day.month)[1])

    def due_day(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The beginning of the last of its days whose hours were over at `moment`."""
        today = moment.astimezone(zone).date()
        days = (today - timedelta(days=back) for back in range(DAYS_BACK + self.hours // 24 + 1))
        begun = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days if self.is_due_on(day))
        return next(start for start in begun if start + timedelta(hours=self.hours) <= moment)


@dataclass(frozen=True)
class Branches(Tables):
    """The tables of all branches, each with a column `branch`; customers of two branches are never the same customer.

    `versions` gives the version that was read of each branch; branches without one are missing there. Code lists are
    those of the version that was published last.
    """

    versions: Mapping[str, int]


def open_branches(
    folder: Path, *, as_of: datetime | None = None, versions: Mapping[str, int] | None = None,
    purpose: str = "analysis", withheld_by: datetime | None = None, engine: str = engines.DUCKDB,
) -> Branches:  # fmt: skip
    """Open the lakes of all branches as of a moment, by default the present one. A late branch is named in `late`.

    `versions`, as an earlier result lists them, are read instead of each branch's newest: with the same `as_of` they
    give that result again, whatever came in since. A branch that is not among them is left out.

    Raises BadInput for a version of a branch that there is not, NotFound for a version that a branch does not have,
    SiteFault when `branches.toml` is missing or wrong, when a folder holds a lake that it does not name, or when
    a branch's file is missing; WrongState when no branch had published anything by then.
    """
    zone, branches = _listed(folder)
    moment = as_of or clock.utc_now()
    running = engines.start(engine)
    unknown = sorted(set(versions or ()) - {branch.name for branch in branches})
    if unknown:
        raise BadInput("lake.branch_unknown", branch=unknown[0][:64], file=folder / FILE)
    found = {}
    for branch in branches if versions is None else [one for one in branches if one.name in versions]:
        try:
            found[branch.name] = tables.read(
                running, folder / branch.name, version=versions[branch.name] if versions else None, as_of=moment,
                purpose=purpose, withheld_by=withheld_by,
            )  # fmt: skip
        except (NotFound, WrongState):
            if versions is not None:
                raise
            continue  # nothing published by then: it is late, or not due yet
    if not found:
        raise WrongState("lake.no_branch", folder=folder)
    last = max(found, key=lambda name: (found[name].manifest.published_at, name))
    return Branches(
        as_of=moment,
        found=Asked(
            schema.TABLES, lambda table: _together(table, {name: lake.found[table] for name, lake in found.items()})
        ),
        smallest_group=max(lake.smallest_group for lake in found.values()),
        late=_late(folder, branches, found, moment, zone),
        code_list=cache(partial(code_tables.read, folder / last, found[last].manifest)),
        versions={name: lake.version for name, lake in found.items()},
    )


def _together(table: str, parts: Mapping[str, ir.Table]) -> ir.Table:
    of_branches = [_of_branch(name, table, rows) for name, rows in parts.items()]
    return reduce(lambda one, other: one.union(other), of_branches)


def _of_branch(name: str, table: str, rows: ir.Table) -> ir.Table:
    # Two sites that were made from one copy would know two customers by one key
    keys = {key: ibis.literal(name + SEPARATOR) + rows[key] for key in published_tables.keys(table)}
    return rows.mutate(**keys, branch=ibis.literal(name))


def _late(
    folder: Path, branches: Sequence[Branch], found: Mapping[str, Lake], moment: datetime, zone: ZoneInfo
) -> tuple[Late, ...]:  # fmt: skip
    late = []
    for branch in branches:
        begun = branch.due_day(moment, zone)
        here = found.get(branch.name)
        published = _fed_at(folder / branch.name, here.manifest) if here else None
        if published is None or published < begun:
            late.append(Late(branch.name, begun + timedelta(hours=branch.hours), published))
    return tuple(late)


def _fed_at(lake: Path, version: Manifest) -> datetime:
    """When the branch last published its data: a version that only brought gradings, or was compacted, has none."""
    while version.version > 1:
        before = manifest.read(lake, version.version - 1)
        if before.parts == version.parts and set(before.files) <= set(version.files):
            break
        version = before
    return version.published_at


def _listed(folder: Path) -> tuple[ZoneInfo, tuple[Branch, ...]]:
    file = folder / FILE
    try:
        content = tomllib.loads(file.read_text("utf-8"))
        zone = ZoneInfo(content.pop("zone"))
        branches = tuple(Branch.model_validate(table) for table in content.pop("branch"))
    except FileNotFoundError:
        raise SiteFault("lake.branches_missing", file=file) from None
    except (OSError, ValueError, KeyError, TypeError, ZoneInfoNotFoundError) as fault:
        raise SiteFault("lake.branches_wrong", file=file, place=_place(fault)) from None
    _check(file, branches, content)
    for path in sorted(folder.iterdir()):
        if (path / manifest.FOLDER).is_dir() and path.name not in {branch.name for branch in branches}:
            raise SiteFault("lake.branch_unlisted", folder=path.name, file=file)
    return zone, branches


def _check(file: Path, branches: Sequence[Branch], rest: Mapping[str, Any]) -> None:
    if rest:
        raise SiteFault("lake.branches_wrong", file=file, place=next(iter(rest)))
    names = [branch.name for branch in branches]
    for number, branch in enumerate(branches, start=1):
        if (branch.weekday is None) == (branch.day is None) or names.count(branch.name) > 1:
            raise SiteFault("lake.branches_wrong", file=file, place=f"branch {number} ({branch.name})")
    if not branches:
        raise SiteFault("lake.branches_wrong", file=file, place="branch")


def _place(fault: Exception) -> str:
    """Where in the file something is wrong, as far as it is known; never what a library said of it."""
    if isinstance(fault, ValidationError):
        return ".".join(["branch", *(str(part) for part in fault.errors()[0]["loc"])])
    if isinstance(fault, tomllib.TOMLDecodeError):
        line = re.search(r"line (\d+)", str(fault))
        return f"{line[0]}" if line else "TOML"
    return str(fault.args[0])[:64] if isinstance(fault, KeyError) and fault.args else "zone / branch"
