"""The monthly report: composition of customers, and the month's sales beside the months that it is compared with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import Literal

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import value_grade
from custinfo.domain.periods import Month, Period
from custinfo.reports import parameters, regional, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import LABEL, Cell, Column, Figures, Label, Row, Table
from custinfo.reports.figures import Kind as CellKind
from custinfo.reports.kind import Kind
from custinfo.reports.makeup import Makeup
from custinfo.reports.parts import makeup_monthly
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import customers, indicators, rounding, sales

MEASURES = ("sales", "returns", "net", "payments")
INDICATORS = {"sales": "sales", "returns": "returns", "net": "net_sales", "payments": "payments"}
"""The indicator that each measure is, counted as its formula of the same name does, thirteen months at once.

The customers of this report are no indicator: it shows who is on file at the moment of the data, not at a period's end.
"""
TOTAL = "total"


def figures(tables: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Every number of the monthly report for `period`, from what the lake knew at its `as_of`.

    Customers are those known at `as_of`; grades are those of the period's last day; `zone` decides whether the period
    had ended at `as_of`. Raises BadInput when it had not begun.
    """
    day, month = parameters.check_begun(period, tables.as_of, zone), Month.of(period.last)
    rule = value_grade.rule(period.last)
    months = _months(tables.sales, month)
    found = (
        _composition("t1", "ownership", tables, _listed_order),
        _composition("t2", "region", tables, _largest_first),
        _composition("t3", "industry", tables, _listed_order),
        _grades(_graded(tables, period), bool(rule.products)),
        _sales(months, month),
        _series(months),
    )
    products = {"products": rule.products} if rule.products else {}
    return Figures(
        period, tables.as_of, tables.version, day > period.last, found, {"value_grade": rule.version},
        {"months": rule.months, **products},
    )  # fmt: skip


By = Literal["ownership", "region", "industry"]
Names = Mapping[str, Mapping[str, str]]
"""What codes are called, by language, in the order of their list."""
Order = Callable[[Names, Mapping[str, int]], list[str]]
GROUPS: Mapping[By, str] = {"ownership": "code", "region": "province", "industry": "section"}
"""The column of each code table by which customers are counted."""


def _graded(tables: lake.Lake, period: Period) -> ir.Table:
    """The grade of each customer on the period's last day."""
    day = period.last
    rule = value_grade.rule(day)
    return regional.graded(tables, ("value", day), lambda of: value_grade.grade(of.customers, of.sales, day, rule))


def makeup(tables: lake.Lake, found: Figures, _zone: tzinfo) -> Makeup:
    """What the cells of the monthly report are made of."""
    compositions: Mapping[str, By] = {"t1": "ownership", "t2": "region", "t3": "industry"}
    groups = {
        table_id: customers.grouped(tables.customers, by, _groups_of(by, tables))
        for table_id, by in compositions.items()
    }
    return makeup_monthly.makeup(tables, found, groups, _graded(tables, found.period))


def _groups_of(by: By, tables: lake.Lake) -> ir.Table:
    codes: ir.Table = getattr(tables, by)
    return codes.select(code=codes.code, group=codes[GROUPS[by]])


def _composition(table_id: str, by: By, tables: lake.Lake, order: Order) -> Table:
    codes: ir.Table = getattr(tables, by)
    counted = customers.composition(tables.customers, by, _groups_of(by, tables)).to_pyarrow().to_pylist()
    numbers: dict[str, int] = {row["group"]: row["customers"] for row in counted}
    not_stated = numbers.pop(customers.NOT_STATED, 0)
    not_listed = numbers.pop(customers.NOT_LISTED, 0)
    listed = _listed(codes)
    groups = [(code, Label(by, code, listed.get(code, {})), numbers[code]) for code in order(listed, numbers)]
    if not_listed:
        groups.append((customers.NOT_LISTED, _message(customers.NOT_LISTED), not_listed))
    groups.append((customers.NOT_STATED, _message(f"{customers.NOT_STATED}_{by}"), not_stated))
    shares = rounding.column([number for *_, number in groups])
    rows = [Row(row_id, label, (number, part)) for (row_id, label, number), part in zip(groups, shares, strict=True)]
    rows.append(Row(TOTAL, _message(TOTAL), (sum(number for *_, number in groups), _whole(shares))))
    return _table(table_id, by, (_column("customers", "count"), _column("share", "percent")), rows)


def _grades(graded: ir.Table, of_products: bool) -> Table:
    found = {row["grade"]: row for row in customers.by_grade(graded).to_pyarrow().to_pylist()}
    numbers = [found[grade]["customers"] if grade in found else 0 for grade in value_grade.GRADES]
    amounts = [found[grade]["sales_fen"] if grade in found else 0 for grade in value_grade.GRADES]
    shares = rounding.column(numbers)
    rows = [
        Row(grade, _message(f"grade_{grade}"), tuple(cells))
        for grade, *cells in zip(value_grade.GRADES, numbers, shares, amounts, strict=True)
    ]
    rows.append(Row(TOTAL, _message(TOTAL), (sum(numbers), _whole(shares), sum(amounts))))
    columns = (_column("customers", "count"), _column("share", "percent"), _column("net_graded", "fen"))
    found_by = _table("t4", "grade", columns, rows)
    return replace(found_by, note_key="reports.note.grade_of_products") if of_products else found_by


Months = Mapping[Month, Mapping[str, int]]


def _months(movements: ir.Table, period: Month) -> Months:
    found = {
        Month(row["year"], row["month"]): {measure: row[f"{measure}_fen"] for measure in MEASURES}
        for row in sales.series(movements, period).to_pyarrow().to_pylist()
    }
    nothing = dict.fromkeys(MEASURES, 0)
    months = [period.plus(n) for n in range(1 - sales.MONTHS_IN_SERIES, 1)]
    for month in reversed(months):
        for indicator in INDICATORS.values():
            indicators.note(indicator, month, indicator)
    return {month: found.get(month, nothing) for month in months}


def _sales(months: Months, period: Month) -> Table:
    now, last, ago = (months[period.plus(n)] for n in (0, -1, -12))
    rows = [Row(m, _message(m), _compared(now[m], last[m], ago[m])) for m in MEASURES]
    columns = (
        _column("this_month", "fen"),
        _column("last_month", "fen"),
        _column("on_month", "fen"),
        _column("on_month_share", "percent"),
        _column("year_ago", "fen"),
        _column("on_year", "fen"),
        _column("on_year_share", "percent"),
    )
    return _table("t5", "sales", columns, rows)


def _compared(now: int, last: int, ago: int) -> tuple[Cell, ...]:
    return now, last, now - last, rounding.change(now, last), ago, now - ago, rounding.change(now, ago)


def _series(months: Months) -> Table:
    rows = [
        Row(str(month), Label("month", str(month)), tuple(moved[measure] for measure in MEASURES))
        for month, moved in months.items()
    ]
    return _table("t6", "series", tuple(_column(measure, "fen") for measure in MEASURES), rows)


def _listed(codes: ir.Table) -> Names:
    rows = codes.select("code", "name", "name_en").to_pyarrow().to_pylist()
    return {row["code"]: {"zh-CN": row["name"], "en": row["name_en"]} for row in rows}


def _listed_order(listed: Names, numbers: Mapping[str, int]) -> list[str]:
    return [*(code for code in listed if code in numbers), *sorted(set(numbers) - set(listed))]


def _largest_first(_listed: Names, numbers: Mapping[str, int]) -> list[str]:
    return sorted(numbers, key=lambda code: (-numbers[code], code))


def _whole(shares: Sequence[Cell]) -> Cell:
    return None if shares[0] is None else sum(share for share in shares if share is not None)


def _message(name: str) -> Label:
    return Label("message", f"reports.row.{name}")


def _column(column_id: str, kind: CellKind) -> Column:
    return Column(column_id, f"reports.column.{column_id}", kind)


def _table(table_id: str, by: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    labels = Column(LABEL, f"reports.column.by_{by}", "text")
    return Table(table_id, f"reports.title.{by}", f"reports.note.{by}", (labels, *columns), tuple(rows))


def facts(figures: Figures) -> Iterator[Fact]:
    """What the monthly report says, in order, in no language."""
    if figures.table("t1").cell("total", "customers") == 0:
        yield _fact("customers_none")
    else:
        yield _fact("customers", total=Source("t1.total.customers"))
        yield from _tops(figures)
        yield _number_and_share("grade_top", "t4.A", sales=Source("t4.A.net_graded"), months=Source("months"))
        yield _number_and_share("grade_none", "t4.N", months=Source("months"))
    yield _fact("net", period=Source(PERIOD), **{m: Source(f"t5.{m}.this_month") for m in ("net", "sales", "returns")})
    yield _comparison(figures, "month", "on_month", "last_month")
    yield _comparison(figures, "year", "on_year", "year_ago")
    yield _fact("payments", payments=Source("t5.payments.this_month"))
    if not figures.complete:
        yield _fact("provisional")


def _tops(figures: Figures) -> Iterator[Fact]:
    for table_id, by in (("t1", "ownership"), ("t2", "region"), ("t3", "industry")):
        largest = _largest(figures.table(table_id))
        if largest is not None:
            yield _number_and_share(f"top_{by}", f"{table_id}.{largest}", name=Source(f"{table_id}.{largest}.{LABEL}"))


def _largest(table: Table) -> str | None:
    coded = [row for row in table.rows if row.label.source != "message"]
    # max() keeps the first of equals, which is the table's own order
    return max(coded, key=lambda row: row.cells[0] or 0).id if coded else None


def _number_and_share(said: str, row: str, /, **more: Source) -> Fact:
    return _fact(said, customers=Source(f"{row}.customers"), share=Source(f"{row}.share"), **more)


def _comparison(figures: Figures, name: str, change: str, before: str) -> Fact:
    net = figures.table("t5")
    size = net.cell("net", change) or 0
    if size == 0:
        return _fact(f"{name}_unchanged")
    direction = "growth" if size > 0 else "decline"
    by = Source(f"t5.net.{change}", "size")
    if net.cell("net", f"{change}_share") is None:
        return _fact(f"{name}_{direction}_no_base", change=by, before=Source(f"t5.net.{before}"))
    return _fact(f"{name}_{direction}", change=by, share=Source(f"t5.net.{change}_share", "size"))


def _fact(said: str, /, **sources: Source) -> Fact:
    return Fact(f"reports.text.{said}", sources)


DRAWINGS = (
    Drawing("c1", "t6", ("net",), "column", "reports.chart.series", wide=True, compared=True),
    Drawing("c2", "t4", ("customers",), "column", "reports.chart.grade", messages=True),
    Drawing("c3", "t2", ("customers",), "bar", "reports.chart.region", most=10),
)
KIND = Kind("monthly", figures, facts, DRAWINGS, (value_grade.rule,), makeup)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language, region)`."""
