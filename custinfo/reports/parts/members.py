"""Customers by what is known of them, and the words and labels that reports about customers share."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources
from custinfo.reports.figures import LABEL, Cell, Column, Kind, Label, Row, Table
from custinfo.reports.parts.making import TOTAL, row_id
from custinfo.statistics import indicators, rounding
from custinfo.statistics.sources import NOT_STATED, Given

WORDS = "report_words"
"""The catalogue of what several kinds call the same."""
BLANK = "not_stated"
TYPES = ("enterprise", "individual")
LISTS = {"province": "region", "section": "industry", "kind": "kind_of_customer"}
"""The code lists of properties that are not called as their list."""
Names = Mapping[str, Mapping[str, str]]
"""What the codes of a list are called, by language, in the order of the list."""


def table(table_id: str, area: str, name: str, columns: Sequence[Column], rows: Sequence[Row], by: str) -> Table:
    """A table whose title and note are `name` of `area`; its first column is headed by what it is told apart by."""
    labels = Column(LABEL, f"{WORDS}.by.{by}", "text")
    return Table(table_id, f"{area}.title.{name}", f"{area}.note.{name}", (labels, *columns), tuple(rows))


def columns(**kinds: Kind) -> tuple[Column, ...]:
    """Columns that are headed by words that several kinds of reports share."""
    return tuple(Column(name, f"{WORDS}.column.{name}", kind) for name, kind in kinds.items())


def message(name: str) -> Label:
    """A row's name from the shared words."""
    return Label("message", f"{WORDS}.row.{name}")


MEMBERS = columns(
    customers="count", share="percent", customers_before="count", change="count", net="fen", net_share="percent"
)  # fmt: skip


def by_property(name: str, period: Period, tables: lake.Lake, given: Given) -> list[Row]:
    """Rows for MEMBERS: customers on file and net sales of a period by a property of `indicator_sources.PROPERTIES`.

    In the order of its list, who has no code after all others, then the total. There are no shares of net sales where
    one group's are negative.
    """
    by = indicator_sources.by(tables, name)

    def counted(indicator_id: str, of: Period) -> dict[str, int]:
        found = indicators.compute(indicator_id, of, given, by)
        return {one.code: one.figure for one in found if isinstance(one.figure, int)}

    now, before, net = counted("customers", period), counted("customers", period.plus(-1)), counted("net_sales", period)
    codes = in_order(now.keys() | before.keys() | net.keys(), names := names_of(name, tables))
    shares = rounding.column([now.get(code, 0) for code in codes])
    amounts = [net.get(code, 0) for code in codes]
    parts = rounding.column(amounts) if min(amounts, default=0) >= 0 else [None] * len(codes)
    rows = [
        Row(row_id(code) if code else BLANK, label_of(name, code, names),
            (n := now.get(code, 0), share, was := before.get(code, 0), n - was, amount, part))
        for code, share, amount, part in zip(codes, shares, amounts, parts, strict=True)
    ]  # fmt: skip
    totals = sum(now.values()), whole(shares), sum(before.values())
    change, net_fen = totals[0] - totals[2], sum(amounts)
    rows.append(Row(TOTAL, message(TOTAL), (*totals, change, net_fen, whole(parts))))
    return rows


def in_order(codes: set[str], names: Names) -> list[str]:
    """Codes in the order of their list, unlisted ones after it, the blank at the end."""
    listed = [code for code in names if code in codes]
    return [*listed, *sorted(codes - set(listed) - {NOT_STATED}), *([NOT_STATED] if NOT_STATED in codes else [])]


def names_of(name: str, tables: lake.Lake) -> Names:
    """What the codes of a property are called in this version of the lake."""
    if name == "customer_type":
        return {one: {} for one in TYPES}
    listed: ir.Table = tables.codes(LISTS.get(name, name)).select("code", "name", "name_en")
    rows = listed.to_pyarrow().to_pylist()
    return {row["code"]: {"zh-CN": row["name"], "en": row["name_en"]} for row in rows}


def label_of(name: str, code: str, names: Names) -> Label:
    """A group's label: its name in the lake's list; the code itself of one that the list has not."""
    if code == NOT_STATED:
        return message(BLANK)
    if name == "customer_type" and code in TYPES:
        return message(code)
    return Label(LISTS.get(name, name), code, names[code]) if code in names else Label("plain", code)


def whole(shares: Sequence[Cell]) -> Cell:
    """The sum of a column of shares, None where there are none."""
    found = [share for share in shares if share is not None]
    return sum(found, Decimal(0)) if found else None
