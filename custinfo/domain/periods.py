"""Reporting periods: days, ISO weeks, months, quarters, half-years, years. Fiscal ones stand in `fiscal.py`.

Every kind is a `Period`: its first and last day, its neighbours, the same one of the year before. `of(day)` gives the
one that a day is in, `parse` and `str` read and write it; `find` reads a period of any kind.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import ClassVar, Protocol, Self

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text


class Period(Protocol):
    """What all kinds of period have."""

    @property
    def first(self) -> date:
        """Its first day."""

    @property
    def last(self) -> date:
        """Its last day."""

    def plus(self, many: int, /) -> Self:
        """The one so many later (earlier, when negative)."""

    def year_before(self) -> Self:
        """The same one of the year before."""

    def show(self, language: str) -> str:
        """For a reader: `October 2026`."""


def _in_reach(year: str) -> bool:
    # Dates go from the year 1 to 9999, and a period is held against the one before and ends where the next begins
    return 1 < int(year) < 9999


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026-10`. Raises BadInput."""
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
        if match is None or not _in_reach(match[1]):
            raise BadInput("periods.month", given=text[:40])
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that `day` is in."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def plus(self, months: int) -> "Month":
        """The month so many months later (earlier, when negative)."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    def year_before(self) -> "Month":
        """The same month of the year before."""
        return self.plus(-12)

    def show(self, language: str) -> str:
        """`2026年10月` or `October 2026`."""
        name = text(f"reports.month.m{self.month}", language)
        return text("reports.month.year", language, year=self.year, month=name)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, order=True)
class _Part:
    """An equal part of a calendar year, counted from 1."""

    year: int
    number: int

    MONTHS: ClassVar[int]
    LETTER: ClassVar[str]
    WRONG: ClassVar[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the year, a hyphen, the letter and the number, as `str` writes it. Raises BadInput."""
        match = re.fullmatch(rf"(\d{{4}})-{cls.LETTER}([1-{12 // cls.MONTHS}])", text, re.ASCII)
        if match is None or not _in_reach(match[1]):
            raise BadInput(cls.WRONG, given=text[:40])
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The one that `day` is in."""
        return cls(day.year, (day.month - 1) // cls.MONTHS + 1)

    @property
    def first(self) -> date:
        """Its first day."""
        return self._last_month.plus(1 - self.MONTHS).first

    @property
    def last(self) -> date:
        """Its last day."""
        return self._last_month.last

    @property
    def _last_month(self) -> Month:
        return Month(self.year, self.number * self.MONTHS)

    def plus(self, many: int) -> Self:
        """The one so many later (earlier, when negative)."""
        years, number = divmod(self.year * (12 // self.MONTHS) + self.number - 1 + many, 12 // self.MONTHS)
        return type(self)(years, number + 1)

    def year_before(self) -> Self:
        """The same one of the year before."""
        return self.plus(-12 // self.MONTHS)

    def show(self, language: str) -> str:
        """`2026年第3季度` or `quarter 3 of 2026`."""
        return text(f"periods.show.{self.LETTER}{self.number}", language, year=self.year)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.LETTER}{self.number}"


class Quarter(_Part):
    """A quarter of a calendar year: `2026-Q3`."""

    MONTHS, LETTER, WRONG = 3, "Q", "periods.quarter"


class HalfYear(_Part):
    """The first or second half of a calendar year: `2026-H2`."""

    MONTHS, LETTER, WRONG = 6, "H", "periods.half_year"


@dataclass(frozen=True, order=True)
class Day:
    """A day: `2026-11-22`."""

    day: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026-11-22`. Raises BadInput."""
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) and _in_reach(text[:4]):
                return cls(date.fromisoformat(text))
        except ValueError:
            pass
        raise BadInput("periods.day", given=text[:40])

    @classmethod
    def of(cls, day: date) -> Self:
        """The day itself."""
        return cls(day)

    @property
    def first(self) -> date:
        """The day."""
        return self.day

    @property
    def last(self) -> date:
        """The day."""
        return self.day

    def plus(self, many: int) -> Self:
        """The day so many days later (earlier, when negative)."""
        return type(self)(self.day + timedelta(days=many))

    def year_before(self) -> Self:
        """The same date of the year before; of a 29 February the 28th."""
        return type(self)(months_before(self.day, 12, keep_month_end=False))

    def show(self, language: str) -> str:
        """`2026年11月22日` or `22 November 2026`."""
        month = text(f"reports.month.m{self.day.month}", language)
        return text("periods.show.day", language, year=self.day.year, month=month, day=self.day.day)

    def __str__(self) -> str:
        return self.day.isoformat()


@dataclass(frozen=True, order=True)
class Week:
    """A week of ISO 8601, from Monday to Sunday: `2026-W45`. Week 1 is the one with the year's first Thursday."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026-W45`. Raises BadInput, for week 53 of a year without one too."""
        match = re.fullmatch(r"(\d{4})-W(\d\d)", text, re.ASCII)
        if match is None or not _in_reach(match[1]) or not 1 <= int(match[2]) <= _weeks(int(match[1])):
            raise BadInput("periods.week", given=text[:40])
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The week that `day` is in; the year is the week's, not always the day's."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @property
    def first(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its Sunday."""
        return date.fromisocalendar(self.year, self.number, 7)

    def plus(self, many: int) -> Self:
        """The week so many weeks later (earlier, when negative)."""
        return self.of(self.first + timedelta(weeks=many))

    def year_before(self) -> Self:
        """The week of the same number of the year before; of a week 53 that this year lacks, its week 52."""
        return type(self)(self.year - 1, min(self.number, _weeks(self.year - 1)))

    def show(self, language: str) -> str:
        """`2026年第45周（11月2日至11月8日）` or `week 45 of 2026 (2026-11-02 to 2026-11-08)`."""
        return text(
            "periods.show.week", language, year=self.year, number=self.number, first=self.first, last=self.last
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.number:02d}"


def _weeks(year: int) -> int:
    # 28 December is always in the last week of its ISO year
    return date(year, 12, 28).isocalendar().week


@dataclass(frozen=True, order=True)
class Year:
    """A calendar year: `2026`."""

    year: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026`. Raises BadInput."""
        if not re.fullmatch(r"\d{4}", text, re.ASCII) or not _in_reach(text):
            raise BadInput("periods.year", given=text[:40])
        return cls(int(text))

    @classmethod
    def of(cls, day: date) -> Self:
        """The year that `day` is in."""
        return cls(day.year)

    @property
    def first(self) -> date:
        """1 January."""
        return date(self.year, 1, 1)

    @property
    def last(self) -> date:
        """31 December."""
        return date(self.year, 12, 31)

    def plus(self, many: int) -> Self:
        """The year so many years later (earlier, when negative)."""
        return type(self)(self.year + many)

    def year_before(self) -> Self:
        """The year before."""
        return self.plus(-1)

    def show(self, language: str) -> str:
        """`2026年` or `2026`."""
        return text("periods.show.year", language, year=self.year)

    def __str__(self) -> str:
        return f"{self.year:04d}"


class Kind(Protocol):
    """A class of periods, such as `Month`."""

    def of(self, day: date, /) -> Period:
        """The one that `day` is in."""

    def parse(self, text: str, /) -> Period:
        """The one that `str` wrote so. Raises BadInput."""


KINDS: tuple[tuple[str, Kind], ...] = (
    (r"\d{4}-\d\d-\d\d", Day),
    (r"\d{4}-W\d\d", Week),
    (r"\d{4}-\d\d", Month),
    (r"\d{4}-Q\d", Quarter),
    (r"\d{4}-H\d", HalfYear),
    (r"\d{4}", Year),
)
"""How periods are written, and of which kind they then are."""


def find(given: str) -> Period:
    """The period that a person names: `2026-11-22`, `2026-W45`, `2026-10`, `2026-Q3`, `2026-H1`, `2026`.

    The hyphen before Q, H and W may be left out, and they may be small. Raises BadInput.
    """
    written = re.sub(r"(?<=^\d{4})-?(?=[QHW]\d)", "-", given.strip().upper())
    for pattern, kind in KINDS:
        if re.fullmatch(pattern, written, re.ASCII):
            return kind.parse(written)
    raise BadInput("periods.none", given=given[:40])


def bounds(period: Period, zone: tzinfo) -> tuple[datetime, datetime]:
    """The moment at which it begins and the one at which the next begins, by the clocks of `zone`."""
    first, after = period.first, period.last + timedelta(days=1)
    return (
        datetime(first.year, first.month, first.day, tzinfo=zone),
        datetime(after.year, after.month, after.day, tzinfo=zone),
    )


def months_before(day: date, months: int, *, keep_month_end: bool = True) -> date:
    """The same day so many months earlier; a day that the other month lacks becomes its last.

    The last day of a month answers to the last day of the other, unless `keep_month_end` is False.
    """
    last = Month.of(day).plus(-months).last
    at_month_end = keep_month_end and day == Month.of(day).last
    return last if at_month_end else last.replace(day=min(day.day, last.day))
