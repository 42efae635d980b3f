"""Small things of which tables and facts of these reports are made. Their words stand in `report_periods.toml`."""

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from custinfo.reports.figures import LABEL, Cell, Column, Kind, Label, Row, Table
from custinfo.reports.text import Fact, Source
from custinfo.statistics.indicators import Unit
from custinfo.statistics.no_figure import Figure, NoFigure, Number, percent, rounded

AREA = "report_periods"
PLAIN_ID = re.compile(r"[\w-]{1,60}")
TOTAL = "total"


def message(name: str) -> Label:
    """A row's label that is a message of the area."""
    return Label("message", f"{AREA}.row.{name}")


def column(column_id: str, kind: Kind) -> Column:
    """A column, called by the message of its id."""
    return Column(column_id, f"{AREA}.column.{column_id}", kind)


def table(table_id: str, title: str, by: str, columns: Sequence[Column], rows: Sequence[Row]) -> Table:
    """A table with the area's `title`, its note, and rows told by `by`."""
    labels = Column(LABEL, f"{AREA}.column.by_{by}", "text")
    return Table(table_id, f"{AREA}.title.{title}", f"{AREA}.note.{title}", (labels, *columns), tuple(rows))


def fact(said: str, /, **sources: Source) -> Fact:
    """Something to say by the area's template of that name."""
    return Fact(f"{AREA}.text.{said}", sources)


def row_id(code: str) -> str:
    """A code as part of an address: itself, or a digest of one with other characters than letters and digits."""
    return code if PLAIN_ID.fullmatch(code) else f"x{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def kind_of(unit: Unit) -> Kind:
    """The kind of cell that shows an indicator of that unit."""
    kinds: dict[Unit, Kind] = {"count": "count", "fen": "fen", "percent": "percent"}
    return kinds.get(unit, "number")


def cell(figure: Figure, kind: Kind) -> Cell:
    """A figure as a cell of that kind: shares in percent, one decimal; None for no figure."""
    if isinstance(figure, NoFigure):
        return None
    if kind == "percent":
        return percent(Fraction(figure))
    return one_decimal(figure) if kind == "number" else rounded(figure)


def one_decimal(number: Number) -> Decimal:
    """Rounded to one decimal, half away from zero."""
    return Decimal(rounded(number * 10)).scaleb(-1)


def difference(now: Cell, before: Cell) -> Cell:
    """Of two cells as they are shown, so that whoever subtracts them finds the same."""
    if now is None or before is None:
        return None
    if isinstance(now, int) and isinstance(before, int):
        return now - before
    return Decimal(now) - Decimal(before)
