# ruff: noqa: PLR0911, PLR0912 - one return for each letter of a pattern
"""Dates and times of OpenRosa: a moment counts days since 1970-01-01 UTC; a date alone is its local midnight."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000  # microseconds
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z", re.ASCII)
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?\Z"
_TIME = re.compile(_CLOCK, re.ASCII)
_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]" + _CLOCK, re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date (shown as such at local midnight) or a point in time. `at` None: what was given is no date."""

    at: datetime | None
    whole: bool = False  # now() shows its time even at midnight

    @property
    def valid(self) -> bool:
        """Whether it is a date at all."""
        return self.at is not None

    @staticmethod
    def of_days(days: float, zone: tzinfo) -> "Moment | None":
        """The moment that many days after 1970-01-01 UTC; None beyond the calendar."""
        try:
            return Moment((EPOCH + timedelta(milliseconds=round(days * 86_400_000))).astimezone(zone))
        except (OverflowError, ValueError):
            return None

    def days(self) -> float:
        """Days since 1970-01-01 UTC."""
        if self.at is None:
            return math.nan
        return (self.at - EPOCH) // timedelta(microseconds=1) / _DAY

    def text(self) -> str:
        """A date, or a date with time and zone."""
        if self.at is None:
            return "Invalid Date"
        if not self.whole and self.at.time() == time():
            return self.at.date().isoformat()
        return self.at.isoformat(timespec="milliseconds")


NO_MOMENT = Moment(None)


def parse_date(text: str) -> date | None:
    """A date `YYYY-MM-DD` that exists."""
    match = _DATE.match(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def parse_time(text: str, zone: tzinfo) -> time | None:
    """A time of day, with its zone if it names one."""
    match = _TIME.match(text)
    return _clock(match, 0, zone) if match else None


def _clock(match: re.Match[str], before: int, zone: tzinfo) -> time:
    hour, minute, second, fraction, offset = match.groups()[before:]
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return time(int(hour), int(minute), int(second or 0), micros, tzinfo=_offset(offset) if offset else zone)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)


def parse_moment(text: str, zone: tzinfo) -> datetime | None:
    """A date with a time, `2026-11-20T08:30:00.000+08:00`; without a zone it is local."""
    match = _MOMENT.match(text)
    if not match:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        return datetime.combine(day, _clock(match, 3, zone)).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def moment_of_text(text: str, zone: tzinfo) -> Moment | None:
    """A date, or a date with a time; None for any other text."""
    day = parse_date(text)
    if day is not None:
        return Moment(datetime.combine(day, time(), tzinfo=zone))
    at = parse_moment(text, zone)
    return None if at is None else Moment(at)


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_DAYS_ZH = "一二三四五六日"


def format_moment(at: datetime, pattern: str, language: str) -> str:
    """`format-date()` patterns: %Y %y %m %n %b %B %d %e %H %h %M %S %3 %a %A %W; names in the language."""
    return re.sub(r"%(.)", lambda m: _part(at, m[1], language), pattern)


def _part(at: datetime, code: str, language: str) -> str:
    chinese = language.startswith("zh")
    match code:
        case "Y":
            return f"{at.year:04d}"
        case "y":
            return f"{at.year % 100:02d}"
        case "m":
            return f"{at.month:02d}"
        case "n":
            return str(at.month)
        case "b" | "B":
            name = _MONTHS[at.month - 1]
            return f"{at.month}月" if chinese else name if code == "B" else name[:3]
        case "d":
            return f"{at.day:02d}"
        case "e":
            return str(at.day)
        case "H":
            return f"{at.hour:02d}"
        case "h":
            return str(at.hour)
        case "M":
            return f"{at.minute:02d}"
        case "S":
            return f"{at.second:02d}"
        case "3":
            return f"{at.microsecond // 1000:03d}"
        case "a" | "A":
            name = _DAYS[at.weekday()]
            if chinese:
                return ("周" if code == "a" else "星期") + _DAYS_ZH[at.weekday()]
            return name if code == "A" else name[:3]
        case "W":
            return f"{at.isocalendar().week:02d}"
        case _:
            return "%" + code
