"""Plans of a site (R160): proposed as a file, checked row by row, approved, published to the lake, never changed.

A version holds the rows of one file. Of two approved versions with the same plan the later one counts, so a changed
plan is another file with the rows that change, and what counted on a day stays known.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from custinfo.access import permissions
from custinfo.actions import approvals
from custinfo.domain import codelists, periods
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.exchange import cells, sheets
from custinfo.lake.published_tables import TableRow
from custinfo.statistics import plan
from custinfo.statistics.plan import COLUMNS, Planned
from custinfo.store import Store
from custinfo.store.database import Row

KIND = PROCEDURE = "plan"
LONGEST = 2000
LONGEST_NAME = 200
MOST_ROWS = 10_000
LINES = ("product", "product_line", "area", "channel")
"""Dimensions of the lines of sales: their codes are what those lines say."""
LISTS = {"province": ("region", "province"), "section": ("industry", "section"), "ownership": ("ownership", "")}
"""Dimensions of customers: their code list, and which level of it."""
DIMENSIONS = (*LINES, *LISTS)


@dataclass(frozen=True)
class Version:
    """A version of plans; `rows` is how many it has, `state` that of its case, `by` the name of who proposed it."""

    version: int
    file_name: str
    sha256: str
    reason: str
    rows: int
    recorded_at: datetime
    by: str
    state: str


@dataclass(frozen=True)
class Checked:
    """A file of plans: what it plans, and what is wrong with it, row by row."""

    planned: tuple[Planned, ...]
    faults: tuple[BadInput, ...]


def check(data: bytes, file_name: str) -> Checked:
    """Read a CSV or XLSX file of plans. Raises BadInput for what is no such file: nothing in it, other headings."""
    units, by_lines = _indicators()

    def refuse(number: int, one: Planned) -> None:
        if not one.dimension:
            return
        if one.dimension not in DIMENSIONS:
            known = ", ".join(DIMENSIONS)
            raise BadInput("plans.dimension", row=number, given=one.dimension[:40], known=known)
        if one.dimension in LINES and one.indicator not in by_lines:
            raise BadInput("plans.not_told", row=number, indicator=one.indicator, dimension=one.dimension)
        if one.dimension in LISTS and one.code not in _codes(one.dimension):
            raise BadInput("plans.code", row=number, given=one.code[:40], list=LISTS[one.dimension][0])

    planned, faults = plan.checked(_rows(data, file_name), units, refuse)
    return Checked(planned, faults)


def propose(store: Store, actor: Person, file_name: str, data: bytes, reason: str) -> int:
    """Put the plans of a file before those who approve them; gives their version.

    Raises NotAllowed, BadInput without a reason or for a file that is not in order, Conflict while a version waits or
    when the newest approved one says just the same.
    """
    permissions.check(actor, "plan.propose")
    why = stated(reason, "plans.reason_missing", max_length=LONGEST)
    found = check(data, file_name)
    if found.faults:
        raise BadInput("plans.faulty", count=len(found.faults), first=found.faults[0])
    with store.act(actor.person_id, "plan.propose", KIND, KIND) as tx:
        versions = _versions(store)
        _check_new(store, versions, found.planned)
        version = versions[0].version + 1 if versions else 1
        name = clean(file_name, max_length=LONGEST_NAME)
        row: Row = {"version": version, "file_name": name, "sha256": hashlib.sha256(data).hexdigest(), "reason": why}
        tx.insert("plan_version", row | {"recorded_at": tx.at, "recorded_by": actor.person_id})
        for place, one in enumerate(found.planned, start=1):
            tx.insert("plan_row", {"version": version, "place": place} | _kept(one))
        titles = {one: text("plans.case", one, version=version, rows=len(found.planned)) for one in LANGUAGES}
        approvals.open(store, tx, actor, PROCEDURE, KIND, str(version), titles, _content(store, version))
        tx.note(version=version, rows=len(found.planned))
    return version


def listed(store: Store, actor: Person) -> list[Version]:
    """Every version, the newest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    return _versions(store)


def read(store: Store, actor: Person, version: int) -> tuple[Version, tuple[Planned, ...]]:
    """A version and what it plans, in the file's order. Raises NotAllowed, NotFound."""
    for one in listed(store, actor):
        if one.version == version:
            return one, tuple(_planned(row) for row in _plan_rows(store, version))
    raise NotFound("plans.unknown", version=version)


def code_name(one: Planned, language: str) -> str:
    """What the code of a plan is called; the code itself where no list names it."""
    if one.dimension not in LISTS:
        return one.code
    return codelists.load(LISTS[one.dimension][0]).label(one.code, language)


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """The rows of every version that was approved since, in the order of the approvals.

    Raises WrongState for a version whose rows are not those that were approved.
    """
    events = store.rows(
        "SELECT approval_event.seq, approval_event.at, object_id FROM approval_event JOIN approval_case USING (case_id)"
        " WHERE object_kind = ? AND action = 'approve' AND approval_event.seq > ? ORDER BY approval_event.seq",
        [KIND, after // MOST_ROWS],
    )
    for event in events:
        version = int(event["object_id"])
        approvals.check_approved(store, KIND, event["object_id"], _content(store, version))
        approved_at = parse(event["at"])
        for row in _plan_rows(store, version):
            kept = {name: row[name] for name in COLUMNS} | {"version": version, "recorded_at": approved_at}
            approved_on = approved_at.astimezone(store.site.zone).date().isoformat()
            # Rows of one approval are told apart, and those of the next one stand behind them
            yield TableRow(event["seq"] * MOST_ROWS + row["place"] - 1, kept | {"approved_on": approved_on})


# Reading a file


def _rows(data: bytes, file_name: str) -> list[tuple[int, Mapping[str, str]]]:
    """The numbered rows of the first sheet by COLUMNS, names of indicators and dimensions turned into ids."""
    sheets.refuse_old_office(data, file_name)
    if data.startswith(b"PK"):
        with sheets.archive(data, file_name) as found:
            source = sheets.read_xlsx(data, found, file_name)
    else:
        source = sheets.read_csv(data, file_name)
    sheet = next((one for one in source.sheets if one.rows), None)
    if sheet is None:
        raise BadInput("plans.empty", file=file_name[:80])
    if len(sheet.rows) > MOST_ROWS:
        raise BadInput("plans.many", rows=len(sheet.rows), most=MOST_ROWS)
    known = _headings()
    places = {known[cells.fold(one)]: n for n, one in enumerate(sheet.headings) if cells.fold(one) in known}
    missing = [name for name in ("indicator", "period", "amount") if name not in places]
    if missing:
        raise BadInput("plans.headings", file=file_name[:80], missing=", ".join(missing))
    return [(number, _row(values, places)) for number, values in sheet.rows]


def _row(values: list[object], places: Mapping[str, int]) -> Mapping[str, str]:
    found = dict.fromkeys(COLUMNS, "")
    for name, place in places.items():
        value = values[place] if place < len(values) else None
        # A workbook turns 2026-10 into the first of that month, which would be a plan of one day
        as_day = name == "period" and isinstance(value, date)
        found[name] = f"{cells.plain(value)} 00:00" if as_day else cells.plain(value).strip()
    found["indicator"] = _names()["indicator"].get(cells.fold(found["indicator"]), found["indicator"])
    found["dimension"] = _names()["dimension"].get(cells.fold(found["dimension"]), found["dimension"])
    return found


@cache
def _headings() -> Mapping[str, str]:
    """What columns are called, folded, in any language."""
    words = {cells.fold(text(f"plans.column.{name}", one)): name for name in COLUMNS for one in LANGUAGES}
    return words | {name: name for name in COLUMNS}


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    # Indicators come with Ibis, a second of import that pages which read no plan need not wait for
    from custinfo.statistics import indicators

    return {
        "indicator": {cells.fold(one.name(lang)): one.id for one in indicators.load().values() for lang in LANGUAGES},
        "dimension": {cells.fold(text(f"plans.by.{name}", lang)): name for name in DIMENSIONS for lang in LANGUAGES},
    }


@cache
def _indicators() -> tuple[Mapping[str, str], frozenset[str]]:
    """The units of all indicators, and which of them can be told by the lines of sales."""
    from custinfo.statistics import formulas, indicators  # as above

    known = indicators.load().values()
    by_lines = {one.id for one in known if formulas.FORMULAS[one.definition[-1].formula].by_lines}
    return {one.id: one.unit for one in known}, frozenset(by_lines)


@cache
def _codes(dimension: str) -> frozenset[str]:
    name, level = LISTS[dimension]
    return frozenset(row.code for row in codelists.load(name).rows if row.level == level)


# In the store


def _check_new(store: Store, versions: list[Version], planned: tuple[Planned, ...]) -> None:
    newest = versions[0] if versions else None
    if newest is not None and newest.state in ("open", "returned"):
        raise Conflict("plans.waits", version=newest.version)
    if newest is not None and newest.state == "approved":
        before = [_planned(row) for row in _plan_rows(store, newest.version)]
        if {one.of: one for one in before} == {one.of: one for one in planned}:
            raise Conflict("plans.same", version=newest.version)


def _versions(store: Store) -> list[Version]:
    rows = store.rows(
        "SELECT plan_version.*, display_name, (SELECT count(*) FROM plan_row AS planned "
        "WHERE planned.version = plan_version.version) AS many FROM plan_version "
        "JOIN person ON person_id = recorded_by ORDER BY version DESC"
    )
    return [_version(store, row) for row in rows]


def _version(store: Store, row: Row) -> Version:
    case = approvals.of(store, KIND, str(row["version"]))
    return Version(
        row["version"], row["file_name"], row["sha256"], row["reason"], row["many"], parse(row["recorded_at"]),
        row["display_name"], case.state if case else "",
    )  # fmt: skip


def _plan_rows(store: Store, version: int) -> list[Row]:
    return store.rows("SELECT * FROM plan_row WHERE version = ? ORDER BY place", [version])


def _kept(one: Planned) -> Row:
    amount = plan.as_integer(one.amount, _indicators()[0][one.indicator])
    return dict(zip(COLUMNS, (*one.of, amount), strict=True))


def _planned(row: Row) -> Planned:
    amount = plan.of_integer(row["amount"], _indicators()[0][row["indicator"]])
    return Planned(row["indicator"], periods.find(row["period"]), row["dimension"], row["code"], amount)


def _content(store: Store, version: int) -> bytes:
    """What is decided on: the version, why, and every row."""
    row = store.row("SELECT version, reason FROM plan_version WHERE version = ?", [version])
    rows = [[one[name] for name in COLUMNS] for one in _plan_rows(store, version)]
    return json.dumps([dict(row or {}), rows], ensure_ascii=False, sort_keys=True).encode()
