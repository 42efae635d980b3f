"""What a cell of a batch's file must be: one function for each kind of value, text in, value out.

Each raises RowError for what cannot be taken; nothing is guessed and nothing is rounded.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.text import clean

MAX_CODE = 64
MAX_TEXT = 200

_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
_DATE = r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?"
_DAY = re.compile(rf"{_DATE}(?:[ T]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?)?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MOMENT = re.compile(rf"(?P<day>{_DATE})[ T]?{_CLOCK} ?(?P<zone>Z|[+-]\d{{2}}:?\d{{2}})?")
_WHOLE = re.compile(r"-?\d{1,12}(?:\.0+)?")
_MANY_DIGITS = re.compile(r"-?¥?[\d,，]{14,}(?:\.\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[$€£₩]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])|美元|欧元|港币|港元|日元|英镑")
_YUAN = frozenset({"cny", "rmb", "人民币", "人民币元", "元"})

_STATES: Mapping[str, bool] = {
    **dict.fromkeys(("cancelled", "canceled", "void", "voided", "作废", "已作废", "撤销", "已撤销", "已取消"), True),
    **dict.fromkeys(("valid", "有效", "正常"), False),
}


class RowError(Exception):
    """What is wrong with a value: `name` is the message `lake.problem.<name>`, and `lake.remedy.<name>` the remedy."""

    def __init__(self, name: str, **facts: object) -> None:
        self.name = name
        self.facts = facts
        super().__init__(name)


def plain(text: str, max_length: int = MAX_TEXT) -> str:
    """The text in NFC. Raises RowError for characters that cannot be kept and for too many of them."""
    if len(text) <= max_length and text.isascii() and text.isprintable():
        return text  # most codes; to look at each character takes ten times as long
    return _plain(text, max_length)


@lru_cache(maxsize=65_536)
def _plain(text: str, max_length: int) -> str:
    try:
        cleaned = clean(text, max_length=max_length)
    except BadInput as bad:
        raise RowError("long" if bad.key == "text.long" else "character", **bad.facts) from None
    if not {"\t", "\n"}.isdisjoint(cleaned):
        raise RowError("line_break")
    return cleaned


def page(text: str) -> str:
    """The path of a page, without what follows `?` or `#`: that part often says who somebody is."""
    return plain(re.split("[?#]", text, maxsplit=1)[0])


@lru_cache(maxsize=65_536)
def day(text: str) -> date:
    """A day: 2026-10-05, 2026/10/5, 2026.10.5, 2026年10月5日 or 20261005; a time of day after it is dropped."""
    match = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    if match is None:
        raise RowError("date")
    try:
        return date(*(int(part) for part in match.groups() if part is not None))
    except ValueError:
        raise RowError("date") from None


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment, in UTC: a day as `day` takes it with hours and minutes, in `zone` unless it says `+08:00` or `Z`."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise RowError("moment")
    on = day(match["day"])
    hour, minute, second = (int(part or 0) for part in match.groups()[7:10])
    try:
        local = datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=zone)
        if match["zone"]:
            local = datetime.fromisoformat(f"{local:%Y-%m-%dT%H:%M:%S}{match['zone']}")
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowError("moment") from None


def quantity(text: str) -> int:
    """A whole number above zero; `3.00` and `1,000` are understood."""
    number = text.replace(",", "")
    if not _WHOLE.fullmatch(number):
        raise RowError("quantity")
    value = int(number.partition(".")[0])
    if value <= 0:
        raise RowError("quantity_sign")
    return value


def amount(text: str) -> int:
    """Fen, zero or more, less than 10^15: what a row's kind is says the direction. Another currency is refused."""
    try:
        value = money.fen(text)
    except BadInput:
        if _MANY_DIGITS.fullmatch(text):
            raise RowError("amount_large") from None
        raise RowError("amount_currency" if _CURRENCY.search(text) else "amount") from None
    if value < 0:
        raise RowError("amount_sign")
    return value


def rating(text: str) -> int:
    """A whole number from 1 to 5."""
    if text not in {"1", "2", "3", "4", "5"}:
        raise RowError("rating")
    return int(text)


def yuan_only(text: str) -> None:
    """The name of our own currency: amounts of another cannot be added up with ours."""
    if text.casefold() not in _YUAN:
        raise RowError("currency")


def cancelled(text: str) -> bool:
    """Whether the row takes back what an earlier batch said."""
    found = _STATES.get(text.casefold())
    if found is None:
        raise RowError("state")
    return found
