"""A table as a statistician has it: named, labelled, typed variables with value labels and declared missing values.

The same variables go into .sav, Parquet, DDI and Triple-S files, under the same names.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Literal, TypeAlias

from custinfo.domain.messages import spoken
from custinfo.domain.messages import text as message
from custinfo.exchange import moments, readings
from custinfo.exchange.fields import MULTIPLE, Field, Table, local
from custinfo.exchange.grids import MOST_SPLIT, POINT
from custinfo.exchange.records import Frame, Row, StoredRecord

Type = Literal["number", "text", "date", "time", "datetime"]
Measure = Literal["nominal", "ordinal", "scale"]
Value: TypeAlias = float | str | date | time | datetime | None

MOST_NAME = 64  # bytes
_RESERVED = frozenset(("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"))
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?\Z", re.ASCII)
_CODE = re.compile(r"(0|-?[1-9]\d{0,8})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Category:
    """A code of a variable, what it means, and whether it says that there is no answer."""

    code: str
    label: str
    missing: bool = False


@dataclass(frozen=True)
class Variable:
    """A variable. `text` gives the text of a row's value, blank when there is none; `value` makes it typed."""

    name: str
    label: str
    type: Type
    measure: Measure
    text: Callable[[Row], str]
    field: Field | None = None
    categories: tuple[Category, ...] = ()
    decimals: bool = False

    def value(self, row: Row) -> Value:
        """The typed value, None when it is blank."""
        text = self.text(row)
        return None if not text else text if self.type == "text" else _TYPED[self.type](text)


def say(key: str, language: str, **facts: object) -> str:
    """A message of the catalogues in the nearest of their languages."""
    return message(key, "zh-CN" if language.lower().startswith("zh") or not language else "en", **facts)


def variables(frame: Frame, language: str, *, split: bool = True) -> tuple[Variable, ...]:
    """The variables of a table. One with a value that its type cannot hold is a text: nothing is lost. A calculation
    that states no type is a number where all of its values are.

    `split` makes a variable of each choice where several may be chosen; without it they stand together, as codes.
    """
    taken: set[str] = set()
    found = []
    for variable in [*_about(frame.table, language), *_questions(frame.table, language, split)]:
        named = replace(_number_if_calculated(variable, frame.rows), name=legal_name(variable.name, taken))
        found.append(named if _holds_all(named, frame.rows) else _as_text(named))
    return tuple(found)


def _number_if_calculated(variable: Variable, rows: Sequence[Row]) -> Variable:
    if variable.field is None or not variable.field.calculated or variable.type != "text":
        return variable
    texts = [text for row in rows if (text := variable.text(row))]
    numbers = bool(texts) and all(_PLAIN_NUMBER.match(text) for text in texts)
    return replace(variable, type="number", measure="scale", decimals=True) if numbers else variable


def _holds_all(variable: Variable, rows: Sequence[Row]) -> bool:
    return variable.type == "text" or all(variable.value(row) is not None for row in rows if variable.text(row))


def _as_text(variable: Variable) -> Variable:
    return replace(variable, type="text", measure="nominal", decimals=False)


def legal_name(name: str, taken: set[str]) -> str:
    """A name that SPSS takes: letters, digits and `_`, at most 64 bytes, unlike the others whatever the case."""
    plain = "".join(c if c.isalnum() or c == "_" else "_" for c in name).lstrip("_") or "v"
    if not plain[0].isalpha() or plain.upper() in _RESERVED:
        plain = f"v_{plain}"
    number, made = 2, cut(plain, MOST_NAME)
    while made.casefold() in taken:
        made = cut(plain, MOST_NAME - len(str(number)) - 1) + f"_{number}"
        number += 1
    taken.add(made.casefold())
    return made


def cut(text: str, most: int) -> str:
    """The beginning of a text, of at most that many bytes in UTF-8."""
    return text if len(text.encode()) <= most else text.encode()[:most].decode(errors="ignore")


def _about(table: Table, language: str) -> Iterator[Variable]:
    yield _plain("record_key", language, lambda row: row.key)
    if table.parent is not None:
        yield _plain("parent_key", language, lambda row: row.parent)
        return
    yield _plain("form_version", language, lambda row: row.record.form_version)
    yield _plain("record_version", language, lambda row: str(row.record.version), "number")
    yield _plain("record_state", language, lambda row: row.record.state)
    yield _plain("recorded_at", language, lambda row: row.record.recorded_at, "datetime")
    yield _plain("recorded_by", language, lambda row: row.record.recorded_by)
    yield _plain("interviewed_at", language, lambda row: _interviewed(row.record), "datetime")


def _interviewed(record: StoredRecord) -> str:
    return record.interviewed_at or ""


def _plain(name: str, language: str, text: Callable[[Row], str], type_: Type = "text") -> Variable:
    measure: Measure = "nominal" if type_ == "text" else "scale"
    return Variable(name, say(f"exchange.variable.{name}", language), type_, measure, text)


def _questions(table: Table, language: str, split: bool) -> Iterator[Variable]:
    names = base_names(table.fields)
    for field in table.fields:
        if field.kind in MULTIPLE and split and 0 < len(field.options) <= MOST_SPLIT:
            yield from _split(field, names[field.ref], language)
        else:
            yield from _of_field(field, names[field.ref], language)


def base_names(fields: Iterable[Field]) -> dict[str, str]:
    """A name for each question: its own, or with the groups around it where two questions share one."""
    known = list(fields)
    often: dict[str, int] = {}
    for field in known:
        often[field.name.casefold()] = often.get(field.name.casefold(), 0) + 1
    return {f.ref: f.name if often[f.name.casefold()] == 1 else "_".join(local(step) for step in f.path) for f in known}


def _of_field(field: Field, name: str, language: str) -> Iterator[Variable]:
    label = field.label(language)
    whole = Variable(name, label, "text", "nominal", readings.answer(field), field)
    match field.kind:
        case "select_one":
            yield _coded(whole, field, language)
        case "boolean":
            yes_no = (Category("0", say("exchange.no", language)), Category("1", say("exchange.yes", language)))
            yield replace(whole, type="number", categories=yes_no, text=_boolean(field))
        case "int" | "decimal":
            yield replace(whole, type="number", measure="scale", decimals=field.kind == "decimal")
        case "date" | "time" | "dateTime":
            yield replace(whole, type="datetime" if field.kind == "dateTime" else field.kind, measure="scale")
        case "geopoint":
            for i, part in enumerate(POINT):
                said = f"{label}: {say(f'exchange.point.{part.lower()}', language)}"
                yield Variable(
                    f"{name}_{part.lower()}",
                    said,
                    "number",
                    "scale",
                    readings.point_part(field, i),
                    field,
                    decimals=True,
                )
        case _:
            yield whole


def _coded(variable: Variable, field: Field, language: str) -> Variable:
    """Codes that are all whole numbers make a numeric variable."""
    categories = tuple(Category(o.value, spoken(o.labels, language) or o.value, o.missing) for o in field.options)
    numeric = bool(categories) and all(_CODE.match(c.code) for c in categories)
    return replace(variable, type="number" if numeric else "text", categories=categories)


def _split(field: Field, name: str, language: str) -> Iterator[Variable]:
    """A variable for each choice: 1 or 0 for several choices, the place for a ranking."""
    chosen = (Category("0", say("exchange.not_chosen", language)), Category("1", say("exchange.chosen", language)))
    for option in field.options:
        label = f"{field.label(language)}: {spoken(option.labels, language) or option.value}"
        own = f"{name}_{option.value}"
        if field.kind == "rank":
            yield Variable(own, label, "number", "ordinal", _rank(field, option.value), field)
        else:
            yield Variable(own, label, "number", "nominal", readings.chosen(field, option.value), field, chosen)


def _boolean(field: Field) -> Callable[[Row], str]:
    return lambda row: {"true": "1", "false": "0"}.get(row.answers.get(field.ref, ""), row.answers.get(field.ref, ""))


def _rank(field: Field, value: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        order = row.answers.get(field.ref, "").split()
        return str(order.index(value) + 1) if value in order else ""

    return text


def _number(text: str) -> float | None:
    """The number; None for what is none, and for a whole number that a double cannot hold exactly."""
    if not _NUMBER.match(text):
        return None
    number = float(text)
    whole = "." not in text
    return number if math.isfinite(number) and (not whole or int(number) == int(text)) else None


_TYPED: dict[Type, Callable[[str], Value]] = {
    "number": _number, "date": moments.day, "time": moments.clock, "datetime": moments.moment,
}  # fmt: skip
