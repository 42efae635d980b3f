"""The monthly report: composition of customers, and the month's sales beside the months that it is compared with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Literal, Protocol

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import value_grade
from custinfo.domain.periods import Month
from custinfo.reports import comments, parameters, places, revisions
from custinfo.reports.document import Edition
from custinfo.reports.figures import LABEL, Cell, Column, Figures, Kind, Label, Row, Table
from custinfo.reports.report import Report
from custinfo.statistics import customers, rounding, sales
from custinfo.store.site import Site

MEASURES = ("sales", "returns", "net", "payments")
TOTAL = "total"


class Lake(Protocol):
    """What the report reads of `custinfo.lake`: the tables of one version as of one moment."""

    @property
    def version(self) -> int:
        """Its number."""

    @property
    def as_of(self) -> datetime:
        """What was known at this moment."""

    @property
    def customers(self) -> ir.Table:
        """One row for each customer."""

    @property
    def sales(self) -> ir.Table:
        """Sales, returns and payments."""

    @property
    def ownership(self) -> ir.Table:
        """The code table."""

    @property
    def region(self) -> ir.Table:
        """The code table, with `province`."""

    @property
    def industry(self) -> ir.Table:
        """The code table, with `section`."""


def open(period: str, as_of: str | None = None, language: str = "") -> Report:
    """The monthly report of the site that CUSTINFO_HOME names, for a notebook. Raises as `figures` and `read` do."""
    asked = parameters.read("monthly", {"period": period, "as_of": as_of, "language": language})
    site = Site.load(places.home())
    before = places.begun(site.reports, "monthly", asked.period, asked.as_of)
    found = figures(lake.open(site, as_of=asked.as_of, withheld_by=before), asked.period, site.zone)
    return Report(
        "monthly", revisions.given(found), Edition(site.name, site.zone, site.demo, asked.language), comments.given()
    )


def figures(tables: Lake, period: Month, zone: tzinfo) -> Figures:
    """Every number of the monthly report for `period`, from what the lake knew at its `as_of`.

    Customers are those known at `as_of`; grades are those of the period's last day; `zone` decides whether the period
    had ended at `as_of`. Raises BadInput when it had not begun.
    """
    day = parameters.check_begun(period, tables.as_of, zone)
    rule = value_grade.rule(period.last)
    months = _months(tables.sales, period)
    found = (
        _composition("t1", "ownership", tables, _listed_order),
        _composition("t2", "region", tables, _largest_first),
        _composition("t3", "industry", tables, _listed_order),
        _grades(value_grade.grade(tables.customers, tables.sales, period.last, rule), bool(rule.products)),
        _sales(months, period),
        _series(months),
    )
    return Figures(
        period, tables.as_of, tables.version, rule.version, rule.months, complete=day > period.last, tables=found,
        rule_products=rule.products or (),
    )  # fmt: skip


By = Literal["ownership", "region", "industry"]
Names = Mapping[str, Mapping[str, str]]
"""What codes are called, by language, in the order of their list."""
Order = Callable[[Names, Mapping[str, int]], list[str]]
GROUPS: Mapping[By, str] = {"ownership": "code", "region": "province", "industry": "section"}
"""The column of each code table by which customers are counted."""


def _composition(table_id: str, by: By, tables: Lake, order: Order) -> Table:
    codes: ir.Table = getattr(tables, by)
    groups_of = codes.select(code=codes.code, group=codes[GROUPS[by]])
    counted = customers.composition(tables.customers, by, groups_of).to_pyarrow().to_pylist()
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


def _column(column_id: str, kind: Kind) -> Column:
    return Column(column_id, f"reports.column.{column_id}", kind)


def _table(table_id: str, by: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    labels = Column(LABEL, f"reports.column.by_{by}", "text")
    return Table(table_id, f"reports.title.{by}", f"reports.note.{by}", (labels, *columns), tuple(rows))
