"""How a number, a label and a period look to a reader: the same in every layout."""

from datetime import tzinfo
from decimal import Decimal

from custinfo.domain import clock, codelists, money, periods
from custinfo.domain.messages import text
from custinfo.reports.figures import Cell, Figures, Kind, Label
from custinfo.statistics import indicators

NONE = "—"
"""Shown where there can be no number."""
WITHHELD = "c"
"""Shown where there is one that is confidential: the sign of SDMX and of Eurostat."""


def number(cell: Cell, kind: Kind) -> str:
    """A cell for a reader: `1,234`, `¥1,234.50`, `12.5%`, `1,234.5`, or a dash."""
    if cell is None:
        return NONE
    if kind == "percent":
        return f"{cell}%"
    if kind == "number":
        return f"{cell:,}"
    if isinstance(cell, Decimal):
        raise TypeError(f"{kind} is shown from an integer")
    return money.show(cell) if kind == "fen" else f"{cell:,}"


def label(row_label: Label, language: str) -> str:
    """What a row is called in `language`. Raises NotFound for a code that its list has not."""
    if row_label.source == "message":
        return text(row_label.value, language)
    if row_label.source in ("month", "period"):
        return periods.find(row_label.value).show(language)
    if row_label.source == "indicator":
        return indicators.get(row_label.value).name(language)
    if row_label.source == "plain":
        return row_label.value
    return row_label.names.get(language) or codelists.load(row_label.source).label(row_label.value, language)


def as_of(figures: Figures, zone: tzinfo) -> str:
    """The moment of the figures as its readers' clocks show it: `2026-11-01 09:00`."""
    return clock.show(figures.as_of, zone)


def address(figures: Figures, where: str, language: str) -> str:
    """A cell's place in words, for the reader who asks where a number comes from: `Sales › Net sales › This month`."""
    table, row, column = figures.at(where)
    return " › ".join((text(table.title_key, language), label(row.label, language), text(column.label_key, language)))


def anchor(figures: Figures, where: str) -> str:
    """The id of a cell in a page: of digits and letters that we chose, whatever the codes in the address."""
    table, row, column = figures.at(where)
    return f"{table.id}-r{table.rows.index(row)}-c{table.columns.index(column)}"
