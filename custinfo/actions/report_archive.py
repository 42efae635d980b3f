"""The archive of regular reports (R153, R154): files by month, quarter and year, sealed volume by volume.

An issue that is out is filed once, under a number that stays: also after its keeping period, when the retention job
destroyed it. What a volume's manifest says is kept here as well, so that a volume that was changed shows.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from custinfo.access import permissions
from custinfo.actions.report_issues import RELEASED
from custinfo.domain import periods, report_definitions, retention
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import Conflict
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row

CATEGORY = "report"
"""Of the rules of retention; their purpose is one of `KINDS`."""
KINDS = {
    periods.Day: "day", periods.Week: "week", periods.Month: "month", periods.Quarter: "quarter",
    periods.HalfYear: "half_year", periods.Year: "year",
}  # fmt: skip
LETTERS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "half_year": "H", "year": "Y"}
LONGEST_PLACE = 200


@dataclass(frozen=True)
class ToFile:
    """An issue that is out and not in the archive yet; `kind` is that of its period."""

    issue_id: str
    name: str
    period: str
    revision: int
    year: int
    kind: str
    manifest: bytes


@dataclass(frozen=True)
class File:
    """A line of the archive. `keep_until` is None for what is kept for good; `destroyed_at`, `plan_id` once it went.

    `titles` by language; `sha256` is of the issue's manifest; `pages` those of its printed layout.
    """

    file_number: str
    issue_id: str
    titles: Mapping[str, str]
    name: str
    period: str
    year: int
    kind: str
    sha256: str
    pages: int
    place: str
    released_at: datetime
    filed_at: datetime
    by: str
    keep_until: date | None
    destroyed_at: datetime | None
    plan_id: str | None


@dataclass(frozen=True)
class Volume:
    """A sealed volume: `manifest` lists the hash of each of its files."""

    year: int
    number: int
    manifest: bytes
    sha256: str
    sealed_at: datetime
    by: str

    @property
    def content(self) -> Mapping[str, Any]:
        """The manifest read."""
        found: Mapping[str, Any] = json.loads(self.manifest)
        return found


def to_file(store: Store, actor: Person, year: int) -> list[ToFile]:
    """Issues of periods that ended in a year, out and not filed: by period, report, revision. Raises NotAllowed."""
    permissions.check(actor, "report.keep")
    rows = store.rows(
        "SELECT * FROM report_issue WHERE state IN (?, ?) AND NOT EXISTS (SELECT 1 FROM report_archive_file AS filed "
        "WHERE filed.issue_id = report_issue.issue_id) ORDER BY period, name, revision, issue_id",
        [*RELEASED],
    )
    return [one for one in map(_to_file, rows) if one.year == year]


def _to_file(row: Row) -> ToFile:
    period = periods.find(row["period"])
    return ToFile(
        row["issue_id"], row["name"], row["period"], row["revision"], period.last.year, KINDS[type(period)],
        row["manifest"].encode(),
    )  # fmt: skip


def file(store: Store, actor: Person, found: Sequence[tuple[ToFile, int]], place: str) -> list[str]:
    """Enter issues, each with the pages of its printed layout; gives their file numbers. Raises NotAllowed, BadInput
    for words of a place that are too long, Conflict when somebody filed one meanwhile.
    """
    permissions.check(actor, "report.keep")
    where = clean(place.strip(), max_length=LONGEST_PLACE)
    numbers = []
    with store.act(actor.person_id, "report.file", "report_archive", "") as tx:
        for one, pages in found:
            row = store.row("SELECT state FROM report_issue WHERE issue_id = ?", [one.issue_id])
            filed = store.row("SELECT 1 FROM report_archive_file WHERE issue_id = ?", [one.issue_id])
            if filed is not None or row is None or row["state"] not in RELEASED:
                raise Conflict("report_archive.filed_meanwhile", issue=one.issue_id)
            series = f"{one.year}-{LETTERS[one.kind]}"
            numbers.append(f"TJ{series}{tx.next_number(f'report archive {series}'):03d}")
            entry: Row = {"file_number": numbers[-1], "issue_id": one.issue_id, "year": one.year, "kind": one.kind}
            entry |= {"sha256": hashlib.sha256(one.manifest).hexdigest(), "pages": pages, "place": where}
            tx.insert("report_archive_file", entry | {"filed_at": tx.at, "filed_by": actor.person_id})
        tx.note(files=",".join(numbers))
    return numbers


def listed(store: Store, actor: Person, year: int | None = None) -> list[File]:
    """The lines of the archive, of one year or all: by year (the newest first), kind of period and number.

    Raises NotAllowed.
    """
    permissions.check(actor, "report.read")
    rows = store.rows(f"{_FILES} WHERE ?1 IS NULL OR year = ?1 ORDER BY year DESC, file_number", [year])
    order = list(LETTERS)
    found = sorted((_file(store, row) for row in rows), key=lambda one: (-one.year, order.index(one.kind)))
    return [one for one in found if _reads(actor, one)]


def _reads(actor: Person, one: File) -> bool:
    """Who keeps the archive sees all of it; others what they are the readers of."""
    definition = report_definitions.load().get(one.name)
    return permissions.may(actor, "report.keep") or (definition is not None and bool(actor.roles & definition.audience))


@dataclass(frozen=True)
class Sealing:
    """A volume that is being sealed: its number in the year, when, and the hash of the volume before, blank without."""

    number: int
    at: str
    previous: str


def seal(
    store: Store, actor: Person, year: int, told: Callable[[Sealing], bytes], kept: Callable[[int, bytes], Path]
) -> tuple[int, Path]:
    """Seal the year's next volume: `told` gives its manifest, `kept` makes it what it is called; both within the
    transaction that keeps the manifest. Gives the number, and what `kept` gave.
    """
    permissions.check(actor, "report.keep")
    with store.act(actor.person_id, "report.archive", "report_archive", str(year)) as tx:
        earlier = volumes(store, actor, year)
        one = Sealing(len(earlier) + 1, tx.at, earlier[-1].sha256 if earlier else "")
        manifest = told(one)
        row: Row = {"year": year, "number": one.number, "manifest": manifest.decode()}
        row |= {"sha256": hashlib.sha256(manifest).hexdigest(), "sealed_at": tx.at, "sealed_by": actor.person_id}
        tx.insert("report_archive_volume", row)
        tx.note(year=year, volume=one.number, sha256=row["sha256"])
        return one.number, kept(one.number, manifest)


def volumes(store: Store, actor: Person, year: int | None = None) -> list[Volume]:
    """The sealed volumes, of one year or all, the oldest first. Raises NotAllowed."""
    permissions.check(actor, "report.read")
    rows = store.rows(
        "SELECT report_archive_volume.*, display_name FROM report_archive_volume "
        "LEFT JOIN person ON person_id = sealed_by WHERE ?1 IS NULL OR year = ?1 ORDER BY year, number",
        [year],
    )
    return [
        Volume(
            row["year"], row["number"], row["manifest"].encode(), row["sha256"], parse(row["sealed_at"]),
            row["display_name"] or row["sealed_by"],
        )
        for row in rows
    ]  # fmt: skip


def keep_until(store: Store, kind: str, released_at: datetime) -> date | None:
    """The day on which the keeping period of an issue ends, by the rules of retention of today; None: kept for good."""
    today = utc_now().astimezone(store.site.zone).date()
    for rule in retention.on(today).rules:
        if rule.category == CATEGORY and rule.purpose in (kind, "*") and rule.action != "hold":
            return rule.due_on(released_at.astimezone(store.site.zone).date())
    return None


_FILES = (
    "SELECT report_archive_file.*, name, period, revision, released_inside_at, display_name FROM report_archive_file "
    "JOIN report_issue USING (issue_id) LEFT JOIN person ON person_id = filed_by"
)


def _file(store: Store, row: Row) -> File:
    definition = report_definitions.load().get(row["name"])
    mark = f" r{row['revision']}" if row["revision"] else ""
    titles = {
        one: f"{definition.titles[one] if definition else row['name']} {row['period']}{mark}" for one in LANGUAGES
    }  # fmt: skip
    released = parse(row["released_inside_at"])
    return File(
        row["file_number"], row["issue_id"], titles, row["name"], row["period"], row["year"], row["kind"],
        row["sha256"], row["pages"], row["place"], released, parse(row["filed_at"]),
        row["display_name"] or row["filed_by"], keep_until(store, row["kind"], released),
        parse(row["destroyed_at"]) if row["destroyed_at"] else None, row["plan_id"],
    )  # fmt: skip
