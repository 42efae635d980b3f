"""When a regular report is due (R161): its kind of period, so many working days after the period's end, who answers.

Working days are those of `working_days`: holidays and make-up days of the table, weekdays alone in a year without one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from custinfo.domain.periods import Day, HalfYear, Kind, Month, Period, Quarter, Week, Year
from custinfo.domain.working_days import WorkCalendar

PERIODS: Mapping[str, Kind] = {
    "day": Day, "week": Week, "month": Month, "quarter": Quarter, "half_year": HalfYear, "year": Year,
}  # fmt: skip
"""Kinds of period as a definition names them."""
LATEST = 60
"""Working days after a period's end by which a report is due at the latest: a quarter of a year."""


@dataclass(frozen=True)
class Calendar:
    """When a report is due. A department or a person, by the login name, answers for it; the other is blank."""

    period: str
    working_days: int
    department: str = ""
    person: str = ""

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Self:
        """From the table `calendar` of a definition. Raises ValueError for one that is not in order."""
        days = table.get("working_days")
        named = sorted(set(table) - {"period", "working_days"})
        if table.get("period") not in PERIODS or type(days) is not int or not 1 <= days <= LATEST:
            raise ValueError("calendar")
        if named not in (["department"], ["person"]) or not str(table[named[0]]).strip():
            raise ValueError("calendar")
        return cls(table["period"], days, **{named[0]: str(table[named[0]]).strip()})

    @property
    def kind(self) -> Kind:
        """The class of its periods."""
        return PERIODS[self.period]

    def due_on(self, period: Period, days: WorkCalendar) -> date:
        """The last day on which the report of a period is in time: so many working days after its last one."""
        day, left = period.last, self.working_days
        while left:
            day += timedelta(days=1)
            left -= days.works(day)
        return day

    def periods(self, since: date, until: date) -> Iterator[Period]:
        """The periods that end on the day `since` or later and begin on `until` or before, oldest first."""
        period = self.kind.of(since)
        while period.first <= until:
            yield period
            period = period.plus(1)
