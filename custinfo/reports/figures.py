"""Figures: the numbers of a report, in no language and in no layout. What a report shows or says is taken from them.

A cell is addressed as `table.row.column`, such as `t5.net.this_month`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from custinfo.domain import clock, periods
from custinfo.domain.periods import Period

Kind = Literal["text", "count", "fen", "percent", "number", "row"]
"""`number` has one decimal: days, times, points. A column of kind `row` holds each row's figure in its own kind."""
Cell = int | Decimal | None
"""Counts and fen are integers, percentages and numbers Decimals with one decimal; None where there can be none."""

DECIMAL: tuple[Kind, ...] = ("percent", "number")
LABEL = "label"
NAMED = "named"


@dataclass(frozen=True)
class Label:
    """What a row is called: a message key, a `month`, a `period` of any kind, an `indicator` by its id, `plain` data
    such as a product, a value of a rule that has its own `names` (NAMED), else a `value` of the code list `source`.

    A code is called what it was called in the version of the lake that the figures are from: `names`, by language.
    """

    source: str
    value: str
    names: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Column:
    """A column. The first of each table has kind `text` and holds the rows' labels."""

    id: str
    label_key: str
    kind: Kind


@dataclass(frozen=True)
class Row:
    """A row: its cells stand under the table's columns after the first. `kind` is that of its cells in columns of kind
    `row`. Raises ValueError for a cell that is no number, such as NaN: what cannot be counted is None, and shown as a
    dash.
    """

    id: str
    label: Label
    cells: tuple[Cell, ...]
    kind: Kind | None = None

    def __post_init__(self) -> None:
        for cell in self.cells:
            if isinstance(cell, float) or (isinstance(cell, Decimal) and not cell.is_finite()):
                raise ValueError(f"{self.id}: {cell}")

    def kind_in(self, column: Column) -> Kind:
        """Of what kind its cell in `column` is."""
        return self.kind or "number" if column.kind == "row" else column.kind


@dataclass(frozen=True)
class Table:
    """A table. `note_key` names what a reader must know to read it rightly."""

    id: str
    title_key: str
    note_key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def row(self, row_id: str) -> Row:
        """The row of that id. Raises KeyError."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise KeyError(f"{self.id}.{row_id}")

    def column(self, column_id: str) -> Column:
        """The column of that id. Raises KeyError."""
        return self.columns[self._place(column_id)]

    def cell(self, row_id: str, column_id: str) -> Cell:
        """The number in a row and a column that is not the first. Raises KeyError."""
        place = self._place(column_id)
        if place == 0:
            raise KeyError(f"{self.id}.{column_id}")
        return self.row(row_id).cells[place - 1]

    def _place(self, column_id: str) -> int:
        for place, column in enumerate(self.columns):
            if column.id == column_id:
                return place
        raise KeyError(f"{self.id}.{column_id}")


@dataclass(frozen=True)
class Figures:
    """A report's numbers.

    `complete` is False when `as_of` lies before the period's end. `rules` are the versions of the rule files that they
    rest on, `head` what is in no table and what notes and sentences name, such as the months of a grading
    window. `revised` are the addresses that the correction `slip` changed, each with what was issued before. `withheld`
    are the addresses of an edition for `outside` whose numbers are not told: they are None here.
    """

    period: Period
    as_of: datetime
    lake_version: int
    complete: bool
    tables: tuple[Table, ...]
    rules: Mapping[str, int] = field(default_factory=dict)
    head: Mapping[str, int | Sequence[str]] = field(default_factory=dict)
    revised: Mapping[str, int | str | None] = field(default_factory=dict)
    slip: str = ""
    withheld: frozenset[str] = frozenset()
    outside: bool = False

    def table(self, table_id: str) -> Table:
        """The table of that id. Raises KeyError."""
        for table in self.tables:
            if table.id == table_id:
                return table
        raise KeyError(table_id)

    def at(self, address: str) -> tuple[Table, Row, Column]:
        """Where an address points. Raises KeyError when there is no such cell, ValueError when it is no address."""
        table_id, row_id, column_id = address.split(".")
        table = self.table(table_id)
        return table, table.row(row_id), table.column(column_id)

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Every number with its address."""
        for table in self.tables:
            for row in table.rows:
                for column, cell in zip(table.columns[1:], row.cells, strict=True):
                    yield f"{table.id}.{row.id}.{column.id}", cell

    def with_cells(self, new: Mapping[str, int | str | None]) -> "Figures":
        """The figures with other numbers, as `plain` tells them, at these addresses."""
        return replace(self, tables=tuple(_with_cells(table, new) for table in self.tables))

    def canonical(self) -> bytes:
        """The figures as canonical JSON (UTF-8, sorted keys, no spaces): equal figures give equal bytes."""
        told: dict[str, object] = {
            "as_of": clock.stamp(self.as_of),
            "complete": self.complete,
            "head": dict(self.head),
            "lake_version": self.lake_version,
            "period": str(self.period),
            "rules": dict(self.rules),
            "tables": [_table(table) for table in self.tables],
        }
        if self.slip:
            told |= {"revised": dict(self.revised), "slip": self.slip}
        if self.outside:
            told["withheld"] = sorted(self.withheld)
        return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def sha256(self) -> str:
        """The hash of the canonical form: two reports with the same hash have the same numbers."""
        return hashlib.sha256(self.canonical()).hexdigest()


def _table(table: Table) -> dict[str, object]:
    return {
        "id": table.id,
        "title": table.title_key,
        "note": table.note_key,
        "columns": [{"id": c.id, "label": c.label_key, "kind": c.kind} for c in table.columns],
        "rows": [
            {"id": r.id, "label": _label(r.label), "cells": [plain(cell) for cell in r.cells]}
            | ({"kind": r.kind} if r.kind else {})
            for r in table.rows
        ],
    }


def _label(label: Label) -> list[object]:
    return [label.source, label.value, *([dict(label.names)] if label.source == NAMED else [])]


def read(content: bytes) -> Figures:
    """The figures that `canonical` told. What a code is called is left to today's code lists."""
    told = json.loads(content)
    return Figures(
        periods.find(told["period"]), clock.parse(told["as_of"]), told["lake_version"], told["complete"],
        tuple(_read_table(one) for one in told["tables"]), told["rules"], told["head"], told.get("revised", {}),
        told.get("slip", ""), frozenset(told.get("withheld", ())), "withheld" in told,
    )  # fmt: skip


def _read_table(told: Mapping[str, Any]) -> Table:
    columns = tuple(Column(one["id"], one["label"], one["kind"]) for one in told["columns"])
    rows = tuple(_read_row(one, columns) for one in told["rows"])
    return Table(told["id"], told["title"], told["note"], columns, rows)


def _read_row(told: Mapping[str, Any], columns: tuple[Column, ...]) -> Row:
    bare = Row(told["id"], Label(*told["label"]), (), told.get("kind"))
    cells = (cell_of(cell, bare.kind_in(column)) for cell, column in zip(told["cells"], columns[1:], strict=True))
    return replace(bare, cells=tuple(cells))


def _with_cells(table: Table, new: Mapping[str, int | str | None]) -> Table:
    def cells(row: Row) -> Iterator[Cell]:
        for column, cell in zip(table.columns[1:], row.cells, strict=True):
            address = f"{table.id}.{row.id}.{column.id}"
            yield cell_of(new[address], row.kind_in(column)) if address in new else cell

    return replace(table, rows=tuple(replace(row, cells=tuple(cells(row))) for row in table.rows))


def plain(cell: Cell) -> int | str | None:
    """A cell as the canonical form has it."""
    return str(cell) if isinstance(cell, Decimal) else cell


def cell_of(told: int | str | None, kind: Kind) -> Cell:
    """The cell that `plain` told."""
    if told is None:
        return None
    return Decimal(told) if kind in DECIMAL else int(told)
