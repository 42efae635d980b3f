"""Rows of records as a grid with headings: what CSV and XLSX show, in the layout of ODK Central.

Two kinds: *exact*, for programs (`KEY`, `SubmissionDate`, question paths joined by `-`, codes), and *shown*, for people
(headings and choices as labels if wanted; the columns about the record begin with `_`).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from custinfo.exchange import cells, readings
from custinfo.exchange.fields import MULTIPLE, Field, Table, local
from custinfo.exchange.records import Frame, Row
from custinfo.exchange.reserved import RESERVED

MOST_SPLIT = 200  # choices of a list that get a column each; longer lists stay in one column
POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
Style = Literal["codes", "labels"]

FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)

_ABOUT: Sequence[tuple[str, str, Callable[[Row], str]]] = (
    ("SubmissionDate", "_recorded_at", lambda row: row.record.recorded_at),
    ("SubmitterID", "_recorded_by", lambda row: row.record.recorded_by),
    ("ReviewState", "_state", lambda row: row.record.state),
    ("FormVersion", "_form_version", lambda row: row.record.form_version),
    ("RecordVersion", "_version", lambda row: str(row.record.version)),
    ("InterviewedAt", "_interviewed_at", lambda row: row.record.interviewed_at or ""),
    ("meta-instanceID", "_instance_id", lambda row: row.instance_id),
)
KEY, PARENT_KEY = ("KEY", "_key"), ("PARENT_KEY", "_parent_key")
MARK = "_export"
"""The heading of the column that says, in every row, who exported it, when, and under which number."""


@dataclass(frozen=True)
class Column:
    """A column: its heading, its question if any, the text of a row in it; `choice` if that is 1 or 0 of a choice."""

    heading: str
    field: Field | None
    text: Callable[[Row], str]
    choice: bool = False


@dataclass(frozen=True)
class Layout:
    """How a grid is laid out: exact or shown; for the latter, in which language, with codes or labels, and with which
    mark in a column of its own, if any.
    """

    exact: bool
    language: str = ""
    style: Style = "codes"
    mark: str = ""


def columns(frame: Frame, layout: Layout) -> tuple[Column, ...]:
    """The columns of a table in that layout. Headings are unique."""
    about = _about(frame.table, layout)
    taken = {column.heading for column in about} | (RESERVED if layout.style == "labels" else set())
    made = [*_questions(frame.table, layout, _bases(frame.table, layout, taken))]
    often = Counter(column.heading for column, _ in made)
    unclear = {heading for heading, times in often.items() if times > 1} | taken
    named = (replace(c, heading=clear) if c.heading in unclear else c for c, clear in made)
    return (*about[:-1], *named, about[-1]) if layout.exact else (*named, *about)


def _bases(table: Table, layout: Layout, taken: Set[str]) -> dict[str, str]:
    """The heading of each question by ref: path or label, or what is unique whatever the form looks like."""
    short = {f.ref: _joined(f, "-") if layout.style == "codes" else f.label(layout.language) for f in table.fields}
    often = Counter(short.values())
    # A label that is the name of another question would be taken for that one
    names = {cells.fold(name): f for f in table.fields for name in (f.name, _joined(f, "/"))}
    own = {f.ref: layout.style == "codes" or names.get(cells.fold(short[f.ref]), f) is f for f in table.fields}
    clear = {f.ref: often[short[f.ref]] == 1 and short[f.ref] not in taken and own[f.ref] for f in table.fields}
    return {f.ref: short[f.ref] if clear[f.ref] else _unique(f, layout) for f in table.fields}


def _unique(field: Field, layout: Layout) -> str:
    return field.ref if layout.style == "codes" else f"{field.label(layout.language)} ({_joined(field, '/')})"


def _about(table: Table, layout: Layout) -> list[Column]:
    """The columns that are about the record. The key stands last."""
    which = 0 if layout.exact else 1
    key = Column(KEY[which], None, lambda row: row.key)
    marked = [Column(MARK, None, lambda _: layout.mark)] if layout.mark else []
    if table.parent is not None:
        return [Column(PARENT_KEY[which], None, lambda row: row.parent), *marked, key]
    return [*(Column((exact, shown)[which], None, text) for exact, shown, text in _ABOUT), *marked, key]


def _questions(table: Table, layout: Layout, bases: Mapping[str, str]) -> Iterator[tuple[Column, str]]:
    """Columns of questions, each with a heading that is unique whatever the form looks like."""
    for field in table.fields:
        base, clear = bases[field.ref], _unique(field, layout)
        if field.kind == "geopoint" and layout.exact:
            for i, part in enumerate(POINT):
                yield Column(f"{base}-{part}", field, readings.point_part(field, i)), f"{clear}-{part}"
            continue
        yield Column(base, field, _answer(field, layout)), clear
        if field.kind == "select_multiple" and len(field.options) <= MOST_SPLIT:
            for option in field.options:
                shown = option.value if layout.style == "codes" else _label(field, option.value, layout.language)
                yield (
                    Column(f"{base}/{shown}", field, readings.chosen(field, option.value), choice=True),
                    f"{clear}/{option.value}",
                )


def _joined(field: Field, by: str) -> str:
    return by.join(local(step) for step in field.path)


def _answer(field: Field, layout: Layout) -> Callable[[Row], str]:
    if layout.style == "codes" or not field.options:
        return readings.answer(field)
    labels = clear_labels(field, layout.language)
    if field.kind in MULTIPLE:
        return lambda row: "; ".join(labels.get(v, v) for v in row.answers.get(field.ref, "").split())
    return lambda row: labels.get(row.answers.get(field.ref, ""), row.answers.get(field.ref, ""))


def clear_labels(field: Field, language: str) -> Mapping[str, str]:
    """The label of each choice; its code where two choices share a label or a label could be read as another code."""
    said = {value: _label(field, value, language) for value in field.option}
    often = Counter(said.values())
    apart = ";；\n" if field.kind in MULTIPLE else ""
    unclear = {v for v, t in said.items() if often[t] > 1 or (t in said and t != v) or any(c in apart for c in t)}
    return {value: value if value in unclear else label for value, label in said.items()}


def _label(field: Field, value: str, language: str) -> str:
    labels = field.option[value].labels
    return labels.get(language) or next(iter(labels.values()), value) or value


def safe(text: str) -> str:
    """The text so that a spreadsheet computes nothing: an apostrophe before what begins a formula."""
    return f"'{text}" if FORMULA.match(text) and not _NUMBER.match(text) else text


def unsafe(text: str) -> str:
    """Takes the apostrophe of `safe` away again."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
