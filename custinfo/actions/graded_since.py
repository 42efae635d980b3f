"""What changed since a quarter was graded: rows that came later, or the quarter before graded anew (R91).

Nothing is graded anew by itself, for people have acted on the grades: whoever grades has it on the due list. Looked for
once a day and after each grading, and kept in the store, for the question takes the whole lake.
"""

from dataclasses import astuple, dataclass
from datetime import date
from typing import TYPE_CHECKING

from custinfo.access import permissions
from custinfo.actions.due import DueRow
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.periods import Quarter
from custinfo.store import Store
from custinfo.store.database import Row

# What reads tables takes Ibis, a second of import: only where it is asked for
if TYPE_CHECKING:
    from custinfo.lake import Lake
    from custinfo.lake.gradings import Edition

KIND = "grading"


@dataclass(frozen=True)
class _Standing:
    """The newest edition of a quarter, and the newest version of the lake with which it is known to agree."""

    number: int
    version: int


@dataclass(frozen=True)
class _Since:
    """What changed since: rows that `came`, rows that are `gone`, and if the quarter before has a later edition."""

    came: int = 0
    gone: int = 0
    before_anew: bool = False


def compared(store: Store, actor: Person, edition: "Edition", version: int) -> None:
    """Keep that an edition says what follows from a version of the lake: by that it was made, or agrees with it."""
    with store.act(actor.person_id, "lake.compare", KIND, f"{edition.quarter}-{edition.number}", version=version) as tx:
        kept = _kept(store).get(edition.quarter)
        if not edition.new and kept and kept["edition"] == edition.number and kept["lake_version"] >= version:
            return  # it agreed with a later one
        tx.delete("grading_standing", (str(edition.quarter),))
        row: Row = {"quarter": str(edition.quarter), "edition": edition.number, "lake_version": version}
        tx.insert("grading_standing", row)


def look(store: Store, today: date) -> int:
    """Note of every graded quarter what changed since; gives of how many anything did. Harmless when repeated."""
    from custinfo import lake

    newest = lake.newest(store.site.lake)
    if newest is None:
        return 0
    from custinfo.lake import gradings  # which loads the engine: not on a site that has no lake

    if not gradings.editions(newest):
        return 0
    opened, kept = lake.open(store.site), _kept(store)
    standing: dict[Quarter, _Standing] = {}
    for quarter, (number, version) in gradings.newest(opened).items():
        row = kept.get(quarter)
        # An edition that was compared since agrees with a later version than the one that it was made of
        agrees = row["lake_version"] if row and row["edition"] == number else version
        standing[quarter] = _Standing(number, agrees)
    found = _since(store, opened, standing)
    for quarter, since in found.items():
        _note(store, quarter, standing[quarter], since, today)
    return sum(since != _Since() for since in found.values())


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:  # noqa: ARG001 - found, it waits
    """For who grades: each quarter of which anything changed, in the order in which to grade them anew."""
    if not permissions.may(actor, "lake.classify"):
        return []
    rows = store.rows("SELECT * FROM grading_standing WHERE found_on IS NOT NULL ORDER BY quarter")
    return [
        DueRow(
            "due.grading.late" if row["came"] or row["gone"] else "due.grading.before",
            {name: str(row[name]) for name in ("quarter", "edition", "came", "gone")},
            date.fromisoformat(row["found_on"]), None, "/abc",
        )
        for row in rows
    ]  # fmt: skip


def _kept(store: Store) -> dict[Quarter, Row]:
    return {Quarter.parse(row["quarter"]): row for row in store.rows("SELECT * FROM grading_standing")}


def _since(store: Store, opened: "Lake", standing: dict[Quarter, _Standing]) -> dict[Quarter, _Since]:
    from custinfo.lake import gradings, late_rows, manifest

    found = {}
    versions = {quarter: one.version for quarter, one in standing.items()}
    for quarter, rows in late_rows.after(opened, versions).items():
        before = quarter.plus(-1)
        then = gradings.editions(manifest.read(store.site.lake, versions[quarter])).get(before)
        anew = before in standing and standing[before].number != then
        found[quarter] = _Since(rows.came, rows.gone, anew)
    return found


def _note(store: Store, quarter: Quarter, one: _Standing, since: _Since, today: date) -> None:
    """One row, where it is another than the one that is kept; what was found before keeps its day."""
    key = str(quarter)
    kept = store.row("SELECT * FROM grading_standing WHERE quarter = ? AND edition = ?", [key, one.number])
    known = _Since(kept["came"], kept["gone"], bool(kept["before_anew"])) if kept else _Since()
    if known == since:
        return
    came, gone, anew = astuple(since)
    with store.act(SERVICE.person_id, "lake.late_rows", KIND, f"{key}-{one.number}", came=came, gone=gone) as tx:
        first = kept["found_on"] if kept and kept["found_on"] else today.isoformat()
        row: Row = {"quarter": key, "edition": one.number, "lake_version": one.version, "came": came, "gone": gone}
        tx.delete("grading_standing", (key,))
        found_on = first if since != _Since() else None
        tx.insert("grading_standing", row | {"before_anew": int(anew), "found_on": found_on})
