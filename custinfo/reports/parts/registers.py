"""The registers of privacy and security as they stood at a moment: counts of a period, and what is still open."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from custinfo import lake
from custinfo.domain.periods import Period, bounds
from custinfo.reports import indicator_sources

Event = Mapping[str, Any]
"""A row of `register_events`."""
KEPT = (
    "request", "disclosure", "incident", "incident_notice", "correction", "account", "clearance", "access_review",
    "hold",
)  # fmt: skip
"""The registers whose entries are followed from their first event on; of the others events are only counted."""
OF_DEPARTMENTS = {"reveal": "reveals", "export": "exports", "access": "access_refused"}
"""What is told by department, and what its figure is called."""
GIVEN_BACK, DONE = ("taken_back",), ("answered", "refused")
ANSWERS = (*DONE, *GIVEN_BACK)
OVER = ("close_incident", "dismiss")


@dataclass(frozen=True)
class Counts:
    """How often each event happened within a period, and the sum of its amounts, by register, event, kind and class."""

    of: Mapping[tuple[str, str, str, str], tuple[int, int]]

    def many(self, register: str, event: str, *, kind: str | None = None, of_class: str | None = None) -> int:
        """How many events; all kinds and classes unless one is named."""
        return sum(one[0] for one in self._chosen(register, event, kind, of_class))

    def amount(self, register: str, event: str, *, of_class: str | None = None) -> int:
        """The sum of the amounts."""
        return sum(one[1] for one in self._chosen(register, event, None, of_class))

    def _chosen(self, register: str, event: str, kind: str | None, of_class: str | None) -> Iterator[tuple[int, int]]:
        for key, found in self.of.items():
            if key[:2] == (register, event) and kind in (None, key[2]) and of_class in (None, key[3]):
                yield found


def counted(found: lake.Lake, period: Period, zone: tzinfo) -> Counts:
    """The events of a period."""
    rows = indicator_sources.recorded_in(found.table("register_events"), period, zone)
    grouped = rows.group_by(
        "register", "event", kind=rows.kind.fill_null(""), of_class=rows["class"].fill_null("")
    ).agg(events=rows.count().cast("int64"), amount=rows.amount.sum().fill_null(0).cast("int64"))
    return Counts({
        (row["register"], row["event"], row["kind"], row["of_class"]): (row["events"], row["amount"])
        for row in grouped.to_pyarrow().to_pylist()
    })  # fmt: skip


def consents(found: lake.Lake, period: Period, zone: tzinfo) -> Mapping[tuple[str, str], int]:
    """How many events of consent there were within a period, by event and purpose."""
    rows = indicator_sources.recorded_in(found.table("consent_events"), period, zone)
    grouped = rows.group_by("event", "purpose").agg(events=rows.count().cast("int64"))
    return {(row["event"], row["purpose"]): row["events"] for row in grouped.to_pyarrow().to_pylist()}


def by_department(found: lake.Lake, period: Period, zone: tzinfo) -> Mapping[tuple[str, str], int]:
    """What people of each department did within a period: `reveals`, `exports`, `exported_rows`, `access_refused`."""
    rows = indicator_sources.recorded_in(found.table("register_events"), period, zone)
    known = rows.filter(rows.register.isin(OF_DEPARTMENTS))
    grouped = known.group_by("register", department=known.department.fill_null("")).agg(
        events=known.count().cast("int64"), amount=known.amount.sum().fill_null(0).cast("int64")
    )
    made: dict[tuple[str, str], int] = {}
    for row in grouped.to_pyarrow().to_pylist():
        made[row["department"], OF_DEPARTMENTS[row["register"]]] = row["events"]
        if row["register"] == "export":
            made[row["department"], "exported_rows"] = row["amount"]
    return made


def events(found: lake.Lake, period: Period, zone: tzinfo) -> list[Event]:
    """What had happened on the registers of KEPT by the end of a period, the oldest first."""
    rows = indicator_sources.recorded_by(found.table("register_events"), period, zone)
    kept = rows.filter(rows.register.isin(KEPT)).order_by("recorded_at", "register", "event", "entry")
    return list(kept.to_pyarrow().to_pylist())


def forms(found: lake.Lake, period: Period, zone: tzinfo) -> list[Event]:
    """Every version of the entries of registers that are forms, recorded by the end of a period, the oldest first."""
    rows = indicator_sources.recorded_by(found.table("register_entries"), period, zone)
    return list(rows.order_by("recorded_at", "register", "entry", "version").to_pyarrow().to_pylist())


@dataclass(frozen=True)
class Span:
    """A period as moments of the lake: `begin` is in it, `end` is the first moment after it; `last` is its last day."""

    begin: datetime
    end: datetime
    last: date

    @classmethod
    def of(cls, period: Period, zone: tzinfo) -> "Span":
        """The moments of a period by the days of a zone."""
        first, after = (one.astimezone(UTC).replace(tzinfo=None) for one in bounds(period, zone))
        return cls(first, after, period.last)

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment is in it."""
        return moment is not None and self.begin <= moment < self.end


@dataclass(frozen=True)
class Case:
    """Something that had to be done by `due_at` (None: without a deadline), was done at `done_at` and is over since
    `over_at`; both None as long as it is not.
    """

    kind: str
    due_at: datetime | None
    done_at: datetime | None
    over_at: datetime | None

    @property
    def late(self) -> bool:
        """Whether it was done after its deadline."""
        return self.done_at is not None and self.due_at is not None and self.done_at > self.due_at

    def overdue(self, at: datetime) -> bool:
        """Whether it was not done at that moment, and its deadline was past."""
        return self.over_at is None and self.done_at is None and self.due_at is not None and self.due_at < at


def by_entry(rows: Iterable[Event], register: str) -> dict[str, list[Event]]:
    """The events of each entry of a register, in their order."""
    found: dict[str, list[Event]] = {}
    for row in rows:
        if row["register"] == register:
            found.setdefault(row["entry"], []).append(row)
    return found


def requests(rows: Sequence[Event]) -> list[Case]:
    """Requests of people: answered or refused by the law's day, or taken back, which nobody is late with."""
    found = []
    for steps in by_entry(rows, "request").values():
        due = [one["due_at"] for one in steps if one["due_at"] is not None]
        end = _first(steps, ANSWERS)
        done = end["recorded_at"] if end and end["event"] in DONE else None
        found.append(Case(steps[0]["kind"], due[-1] if due else None, done, end["recorded_at"] if end else None))
    return found


def disclosures(rows: Sequence[Event]) -> list[Case]:
    """Disclosures to outsiders: delivered by the day that was agreed, or cancelled."""
    found = []
    for steps in by_entry(rows, "disclosure").values():
        end, given = _first(steps, ("delivered", "cancelled")), _first(steps, ("delivered",))
        over = end["recorded_at"] if end else None
        found.append(Case(steps[0]["kind"], steps[0]["due_at"], given["recorded_at"] if given else None, over))
    return found


def corrections(rows: Sequence[Event]) -> list[Case]:
    """Corrective measures: carried out by their day, over once they are accepted; what is returned is not done."""
    found = []
    for steps in by_entry(rows, "correction").values():
        done = over = None
        for one in steps:
            if one["event"] == "carried_out":
                done = one["recorded_at"]
            elif one["event"] == "returned":
                done = None
            elif one["event"] == "accepted":
                over = one["recorded_at"]
        found.append(Case(steps[0]["kind"], steps[0]["due_at"], done, over))
    return found


def notices(rows: Sequence[Event], kind: str) -> list[Case]:
    """The notices of one kind that incidents ask for: to the authority, to the people, the summary. An incident that
    was dismissed, or is of a grade that asks for none, has none.
    """
    sent = by_entry(rows, "incident_notice")
    found = []
    for entry, steps in by_entry(rows, "incident").items():
        gone = next((one for one in sent.get(entry, ()) if one["kind"] == kind), None)
        due = (gone["due_at"] if gone else None) or _clock(steps, kind)
        if due is not None:
            at = gone["recorded_at"] if gone else None
            found.append(Case(kind, due, at, at))
    return found


def _clock(steps: Sequence[Event], kind: str) -> datetime | None:
    """Until when a notice of an incident is to be sent, after all its steps."""
    running: dict[str, datetime | None] = {}
    for one in steps:
        if one["event"] in ("report", "assess"):
            running |= {"authority": one["due_at"], "people": one["also_due_at"]}
        elif one["event"] == "conclude":
            running["summary"] = one["due_at"]
        elif one["event"] == "reopen_incident":
            running.pop("summary", None)
        elif one["event"] == "dismiss":
            running.clear()
    return running.get(kind)


def _first(steps: Sequence[Event], names: Sequence[str]) -> Event | None:
    return next((one for one in steps if one["event"] in names), None)


def grade(steps: Sequence[Event]) -> str:
    """The newest grade of an incident; blank before its first."""
    return next((one["class"] for one in reversed(steps) if one["event"] == "assess" and one["class"]), "")


def is_open(steps: Sequence[Event]) -> bool:
    """Whether an incident is neither closed nor dismissed."""
    last = [one["event"] for one in steps if one["event"] != "assess"]
    return not last or last[-1] not in OVER
