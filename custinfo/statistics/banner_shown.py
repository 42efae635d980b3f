"""A banner table's shares as they are printed: rounded so that a column still adds up."""

from decimal import Decimal
from fractions import Fraction

from custinfo.statistics.banner import Row, Table
from custinfo.statistics.banner_data import Question
from custinfo.statistics.no_figure import percent
from custinfo.statistics.rounding import column

_PARTS = 10**6
"""Weights are whole numbers of these from here on: sums of floats would not divide evenly."""


def percents(table: Table, question: Question, decimals: int = 0) -> dict[str, tuple[Decimal | None, ...]]:
    """The share of each category and net in percent, by its code, in the order of the table's columns; None where the
    column is empty.

    Where one choice was made, the categories of a column add up to exactly 100 by the largest remainder (of equal ones
    the first is served), and a net is the sum of what is shown of its parts. Where several may be chosen, each share is
    rounded for itself, half away from zero.
    """
    rows = {row.code: row for row in table.rows if row.kind == "category"}
    nets = {row.code: row for row in table.rows if row.kind == "net"}
    if question.kind == "multiple":
        return {code: _each(row, decimals) for code, row in (rows | nets).items()}
    columns = [
        column([_whole(row.cells[i].weighted) for row in rows.values()], decimals) for i in range(len(table.columns))
    ]
    shown = {code: tuple(shares[place] for shares in columns) for place, code in enumerate(rows)}
    for net in question.nets:
        parts = [shown[code] for code in net.of]
        shown[net.code] = tuple(
            None if shares[0] is None else sum((part[i] or Decimal(0) for part in parts), Decimal(0))
            for i, shares in enumerate(columns)
        )
    return shown


def _each(row: Row, decimals: int) -> tuple[Decimal | None, ...]:
    return tuple(
        None if cell.value is None else percent(Fraction(_whole(cell.weighted), _whole(base.weighted)), decimals)
        for cell, base in zip(row.cells, row.bases, strict=True)
    )


def _whole(weighted: float) -> int:
    return round(weighted * _PARTS)
