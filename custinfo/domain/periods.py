"""Reporting periods."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from custinfo.domain.errors import BadInput


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `2026-10`. Raises BadInput."""
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
        if match is None or match[1] == "0000":
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
        if match is None or match[1] == "0000":
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

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.LETTER}{self.number}"


class Quarter(_Part):
    """A quarter of a calendar year: `2026-Q3`."""

    MONTHS, LETTER, WRONG = 3, "Q", "periods.quarter"


class HalfYear(_Part):
    """The first or second half of a calendar year: `2026-H2`."""

    MONTHS, LETTER, WRONG = 6, "H", "periods.half_year"
