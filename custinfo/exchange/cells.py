# ruff: noqa: PLR0911 - one return for each kind of value
"""What a cell holds as the text that the form engine takes for an answer: numbers, dates, codes of choices.

What cannot be understood stays as it was written, and the engine says what is wrong with it.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property

from custinfo.exchange.fields import Field

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?\Z", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+\.0+\Z", re.ASCII)
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?"
    r"(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)\s*(Z|[+-]\d{2}:?\d{2})?)?\Z", re.ASCII,
)  # fmt: skip
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(:\d{2})?(\.\d+)?(.*)\Z", re.ASCII)
_APART = re.compile(r"\s*[;；,，、|\n]\s*")
_CLEARLY_APART = re.compile(r"\s*[;；\n]\s*")  # other signs may stand in a label
_YES = frozenset(("1", "true", "yes", "y", "x", "√", "✓", "✔", "是", "ok"))
_NO = frozenset(("0", "false", "no", "n", "否", "×", "✗"))


def plain(value: object) -> str:
    """A cell as a person would type it. Numbers as a spreadsheet shows them: at most 15 digits."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            exact = Decimal(f"{value:.15g}")
            return str(int(exact)) if exact == exact.to_integral_value() else f"{exact:f}"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value)


def fold(text: str) -> str:
    """A text as headings and labels are compared: no case, no full-width forms, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True)
class Choices:
    """The choices of a question as people may write them: codes, or labels in any language."""

    field: Field

    @cached_property
    def _by_label(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for option in self.field.options:
            for label in option.labels.values():
                found[fold(label)][option.value] = None
        return {label: tuple(values) for label, values in found.items()}

    def codes(self, text: str) -> tuple[str, ...]:
        """The codes that the text can mean: none, one, or several when choices share a label."""
        if text in self.field.option:
            return (text,)
        folded = fold(text)
        found = self._by_label.get(folded)
        if found is None:
            found = tuple(code for code in self.field.option if fold(code) == folded)
        return found

    def several(self, text: str) -> list[tuple[str, ...]] | None:
        """What each part of a text with several choices can mean; None when a part is no choice at all.

        Codes stand apart by spaces; labels, and codes too, by `;`, a comma, `、`, `|` or a line's end.
        """
        if not text.strip():
            return []
        if all(part in self.field.option for part in text.split()):
            return [(part,) for part in text.split()]
        whole = self.codes(text.strip())
        if whole:
            return [whole]
        for apart in (_CLEARLY_APART, _APART):
            parts = [self.codes(part) for part in apart.split(text.strip()) if part]
            if parts and all(parts):
                return parts
        return None


def mark(value: object) -> bool | None:
    """Whether the cell of one choice of several says chosen; None when it says neither yes nor no."""
    text = fold(plain(value))
    return True if text in _YES else False if text in _NO or not text else None


def as_answer(field: Field, value: object) -> str:
    """The answer to a question that has no choices."""
    text = plain(value)
    match field.kind:
        case "int" | "decimal":
            return _number(text, field.kind == "int")
        case "date":
            return _date(text)
        case "dateTime":
            return _moment(text)
        case "time":
            return _time(value, text)
        case "boolean":
            said = mark(value)
            return text if said is None or not text.strip() else ("true" if said else "false")
    return text


def _number(text: str, whole: bool) -> str:
    shown = unicodedata.normalize("NFKC", text).strip()
    if _THOUSANDS.match(shown):
        shown = shown.replace(",", "")
    return shown.partition(".")[0] if whole and _WHOLE.match(shown) else shown


def _date(text: str) -> str:
    shown = unicodedata.normalize("NFKC", text).strip()
    match = _DAY.match(shown) or _COMPACT.match(shown)
    if match is None or (match.re is _DAY and set(match[7] or "") - set("0:.")):
        return shown  # with a time of day that would be lost
    return _iso_day(match.groups())


def _iso_day(groups: Sequence[str | None]) -> str:
    year, month, day = [part for part in groups if part is not None][:3]
    return f"{year}-{month:0>2}-{day:0>2}"


def _moment(text: str) -> str:
    """With a `T` between day and time; a day alone begins at midnight."""
    shown = unicodedata.normalize("NFKC", text).strip()
    match = _DAY.match(shown)
    if match is None:
        return shown
    clock, zone = match[7] or "00:00:00", match[8] or ""
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{_iso_day(match.groups())}T{_padded(clock)}{zone}"


def _padded(clock: str) -> str:
    hour, _, rest = clock.partition(":")
    return f"{hour:0>2}:{rest}" + ("" if ":" in rest else ":00")


def _time(value: object, text: str) -> str:
    if isinstance(value, datetime):
        text = value.time().isoformat()
    shown = unicodedata.normalize("NFKC", text).strip()
    match = _CLOCK.match(shown)
    return f"{match[1]:0>2}:{match[2]}{match[3] or ':00'}{match[4] or ''}{match[5]}" if match else shown
