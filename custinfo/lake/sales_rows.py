"""What a row of a sales file must be: one function for each column, text in, value out."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.text import clean

COLUMNS = ("customer", "line_no", "kind", "date", "product", "quantity", "amount")

HEADINGS: Mapping[str, str] = {
    # As a file may write them; compared after `heading`
    "customer": "customer",
    "客户编号": "customer",
    "line_no": "line_no",
    "单据行号": "line_no",
    "kind": "kind",
    "类型": "kind",
    "date": "date",
    "日期": "date",
    "product": "product",
    "品名": "product",
    "quantity": "quantity",
    "数量": "quantity",
    "amount": "amount",
    "金额(元)": "amount",
    "金额": "amount",
}

KINDS: Mapping[str, str] = {
    "sale": "sale",
    "销售": "sale",
    "payment": "payment",
    "收款": "payment",
    "return": "return",
    "退货": "return",
}

MAX_CODE = 64
MAX_PRODUCT = 200

_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?" + _TIME)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WHOLE = re.compile(r"-?\d{1,12}(?:\.0+)?")


class RowError(Exception):
    """What is wrong with a value: `name` is the message `lake.problem.<name>`, and `lake.remedy.<name>` the remedy."""

    def __init__(self, name: str, **facts: object) -> None:
        self.name = name
        self.facts = facts
        super().__init__(name)


def heading(text: str) -> str:
    """A heading in the form that `HEADINGS` has it: no case, no full-width brackets, no spaces."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").casefold()


def plain(text: str, max_length: int) -> str:
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
    """Fen, zero or more: what a row's kind is says the direction."""
    try:
        value = money.fen(text)
    except BadInput:
        raise RowError("amount") from None
    if value < 0:
        raise RowError("amount_sign")
    return value


def product(text: str) -> str:
    """What was sold, in NFC."""
    return plain(text, MAX_PRODUCT)


def kind(text: str) -> str:
    """`sale`, `payment` or `return`."""
    found = KINDS.get(text.casefold())
    if found is None:
        raise RowError("kind")
    return found


_READ: Mapping[str, Callable[[str], object]] = {
    "kind": kind,
    "product": product,
    "quantity": quantity,
    "amount": amount,
}


class SalesRules:
    """The rules for one file, which remember the line numbers that they have seen.

    `customers` gives the lake's key for a customer's number or credit code; a date after `today` is wrong.
    """

    def __init__(self, customers: Mapping[str, str], today: date) -> None:
        self._customers = customers
        self._today = today
        self._seen: dict[str, int] = {}

    def check(self, number: int, values: Mapping[str, str]) -> tuple[list[object], list[tuple[str, RowError]]]:
        """The row's values in the order of `COLUMNS`, and what is wrong, column by column."""
        read: list[object] = []
        wrong: list[tuple[str, RowError]] = []
        for column in COLUMNS:
            try:
                read.append(self._value(column, values[column], number, values["kind"]))
            except RowError as error:
                wrong.append((column, error))
        return read, wrong

    def _value(self, column: str, text: str, number: int, kind: str) -> object:
        if not text:
            if column in ("product", "quantity") and KINDS.get(kind.casefold()) == "payment":
                return None
            raise RowError("missing")
        if column == "customer":
            return self._customer(text)
        if column == "line_no":
            return self._line_no(text, number)
        if column == "date":
            return self._past_day(text)
        return _READ[column](text)

    def _customer(self, text: str) -> str:
        key = self._customers.get(text) or self._customers.get(plain(text, MAX_CODE).upper())
        if key is None:
            raise RowError("customer")
        return key

    def _line_no(self, text: str, number: int) -> str:
        line_no = plain(text, MAX_CODE)
        first = self._seen.setdefault(line_no, number)
        if first != number:
            raise RowError("repeated", first=first)
        return line_no

    def _past_day(self, text: str) -> date:
        found = day(text)
        if found > self._today:
            raise RowError("future", today=self._today)
        return found
