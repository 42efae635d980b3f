"""Fiscal years: `data/calendars/fiscal.toml` says from which year on a year begins in which month. A fiscal year bears
the number of the calendar year in which it begins.

When the month changes, the year before the change ends where the next one begins, and is longer or shorter than twelve
months; so is its last quarter.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.domain.periods import Month

FILE = Path(__file__).parents[2] / "data" / "calendars" / "fiscal.toml"
_ENTRIES = {"version": int, "from_year": int, "start_month": int, "reason": str, "approved_by": str}


@dataclass(frozen=True, order=True)
class FiscalCalendar:
    """`starts` are pairs of a fiscal year and the month in which years begin from that one on, oldest first."""

    starts: tuple[tuple[int, int], ...]

    def first_day(self, year: int) -> date:
        """The first day of a fiscal year. Raises BadInput for one before the first of the calendar."""
        months = [month for from_year, month in self.starts if from_year <= year]
        if not months:
            raise BadInput("periods.fiscal.none_yet", year=year, first=self.starts[0][0])
        return date(year, months[-1], 1)


@dataclass(frozen=True, order=True)
class FiscalYear:
    """A fiscal year: `FY2026`."""

    year: int
    calendar: FiscalCalendar

    def __post_init__(self) -> None:
        self.calendar.first_day(self.year)

    @classmethod
    def of(cls, day: date, calendar: FiscalCalendar) -> Self:
        """The one that `day` is in. Raises BadInput before the calendar's first."""
        begun = calendar.starts[0][0] <= day.year and calendar.first_day(day.year) <= day
        return cls(day.year if begun else day.year - 1, calendar)

    @property
    def first(self) -> date:
        """Its first day."""
        return self.calendar.first_day(self.year)

    @property
    def last(self) -> date:
        """The day before the next one begins."""
        return self.calendar.first_day(self.year + 1) - timedelta(days=1)

    @property
    def quarters(self) -> "tuple[FiscalQuarter, ...]":
        """Its quarters; four, but for a year in which the first month changes."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return tuple(FiscalQuarter(self, number) for number in range(1, -(-months // 3) + 1))

    def plus(self, many: int) -> Self:
        """The one so many years later (earlier, when negative)."""
        return type(self)(self.year + many, self.calendar)

    def year_before(self) -> Self:
        """The one before."""
        return self.plus(-1)

    def show(self, language: str) -> str:
        """`2026财务年度（2026-04-01 至 2027-03-31）`."""
        return text("periods.show.fiscal_year", language, year=self.year, first=self.first, last=self.last)

    def __str__(self) -> str:
        return f"FY{self.year:04d}"


@dataclass(frozen=True, order=True)
class FiscalQuarter:
    """Three months of a fiscal year, counted from 1: `FY2026-Q1`. Take it from `FiscalYear.quarters`."""

    within: FiscalYear
    number: int

    @property
    def first(self) -> date:
        """Its first day."""
        return Month.of(self.within.first).plus(3 * self.number - 3).first

    @property
    def last(self) -> date:
        """Its last day, at the latest the year's."""
        return min(Month.of(self.first).plus(2).last, self.within.last)

    def plus(self, many: int) -> "FiscalQuarter":
        """The one so many quarters later (earlier, when negative)."""
        year, number = self.within, self.number + many
        while number < 1:
            year = year.plus(-1)
            number += len(year.quarters)
        while number > len(year.quarters):
            number -= len(year.quarters)
            year = year.plus(1)
        return FiscalQuarter(year, number)

    def year_before(self) -> "FiscalQuarter":
        """The quarter of the same number of the year before; its last one when it has fewer."""
        before = self.within.plus(-1).quarters
        return before[min(self.number, len(before)) - 1]

    def show(self, language: str) -> str:
        """`2026财务年度第1季度（2026-04-01 至 2026-06-30）`."""
        facts = {"year": self.within.year, "number": self.number, "first": self.first, "last": self.last}
        return text("periods.show.fiscal_quarter", language, **facts)

    def __str__(self) -> str:
        return f"{self.within}-Q{self.number}"


def find(given: str, calendar: FiscalCalendar) -> FiscalYear | FiscalQuarter:
    """From `FY2026` or `FY2026-Q1`; small letters and a missing hyphen are understood. Raises BadInput."""
    match = re.fullmatch(r"FY(\d{4})(?:-?Q(\d))?", given.strip().upper(), re.ASCII)
    if match is None or match[1] == "9999":  # no date lies after that year: its last day would be unknown
        raise BadInput("periods.fiscal.given", given=given[:40])
    year = FiscalYear(int(match[1]), calendar)
    if match[2] is None:
        return year
    if not 1 <= int(match[2]) <= len(year.quarters):
        raise BadInput("periods.fiscal.given", given=given[:40])
    return year.quarters[int(match[2]) - 1]


@cache
def load(file: Path = FILE) -> FiscalCalendar:
    """The company's fiscal calendar. Raises BadInput, naming the place, for a file that is not in order."""
    try:
        versions = tomllib.loads(file.read_text("utf-8"))["version"]
        starts = tuple(_start(file, place, table) for place, table in enumerate(versions, start=1))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BadInput("periods.fiscal.unreadable", file=file.name) from None
    if not starts or list(starts) != sorted(starts, key=lambda start: start[0]):
        raise BadInput("periods.fiscal.wrong", file=file.name, place=len(starts), name="from_year")
    return FiscalCalendar(starts)


def _start(file: Path, place: int, table: Mapping[str, Any]) -> tuple[int, int]:
    wrong = sorted(_ENTRIES.keys() ^ table.keys())
    wrong += [name for name, kind in _ENTRIES.items() if name not in wrong and type(table[name]) is not kind]
    if not wrong and table["version"] != place:
        wrong = ["version"]
    if not wrong and not 1 <= table["start_month"] <= 12:
        wrong = ["start_month"]
    if wrong:
        raise BadInput("periods.fiscal.wrong", file=file.name, place=place, name=wrong[0])
    return table["from_year"], table["start_month"]
