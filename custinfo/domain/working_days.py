"""Working days: by the holiday table of `data/calendars/`, read only when its bytes are those that calendars.toml
vouches for. Of a year without a table the weekdays alone are known, and every count says so.
"""

import csv
import hashlib
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.periods import Period

FOLDER = Path(__file__).parents[2] / "data" / "calendars"
REGISTER = "calendars.toml"
TABLE = "china"
HOLIDAY, WORKING = "holiday", "working"
SATURDAY = 5
ONE = timedelta(days=1)


@dataclass(frozen=True)
class DayCount:
    """How many days, and how many of them are working days. `weekdays_only` are the years without a holiday table."""

    days: int
    working: int
    weekdays_only: tuple[int, ...] = ()

    def note(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence that has to stand beside the count; empty when every year has its table."""
        years = ", ".join(map(str, self.weekdays_only))
        return text("periods.working.weekdays_only", language, years=years) if years else ""


@dataclass(frozen=True)
class WorkCalendar:
    """The days that differ from their weekday: True for one that is worked. `years` have a table."""

    exceptions: Mapping[date, bool] = field(repr=False)
    years: frozenset[int]

    def works(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return self.exceptions.get(day, day.weekday() < SATURDAY)

    def count(self, first: date, last: date) -> DayCount:
        """The days from `first` to `last`, both included; none when `last` lies before."""
        days = list(_days(first, last))
        without = {day.year for day in days} - self.years
        return DayCount(len(days), sum(map(self.works, days)), tuple(sorted(without)))

    def of(self, period: Period) -> DayCount:
        """The days of a period."""
        return self.count(period.first, period.last)

    def as_far(self, period: Period, until: date, other: Period) -> date | None:
        """The day of `other` until which it has as many working days as `period` has until the day `until`.

        It is the last such day, so that the holidays after it belong to it; the last of `other` when it has fewer. None
        when `period` has no working day by then. A month to date is held against `other` until that day.
        """
        wanted = self.count(period.first, min(until, period.last)).working
        if not wanted:
            return None
        found, reached = None, 0
        for day in _days(other.first, other.last):
            reached += self.works(day)
            if reached > wanted:
                break
            found = day
        return found


def _days(first: date, last: date) -> Iterator[date]:
    return (first + ONE * n for n in range((last - first).days + 1))


def load() -> WorkCalendar:
    """The calendar of the holiday table. Raises SiteFault when it is missing or is not the one that was checked."""
    return _load(FOLDER)


@cache
def _load(folder: Path) -> WorkCalendar:
    entry = tomllib.loads(_read(folder / REGISTER).decode())[TABLE]
    file = folder / f"{TABLE}.csv"
    content = _read(file)
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise SiteFault("periods.working.changed", file=str(file))
    rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return WorkCalendar(
        {date.fromisoformat(row["day"]): row["kind"] == WORKING for row in rows}, frozenset(entry["years"])
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise SiteFault("periods.working.missing", file=str(file)) from None
