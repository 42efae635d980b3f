"""Credit (信用分析): what customers owe and pay, by the credit grade in force at the end, and decisions."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification.credit import decided, grades
from custinfo.classification.credit.grades import GradesRule
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import NAMED, Cell, Figures, Label, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import indicators, rounding
from custinfo.statistics.sources import NOT_STATED, By, Given

AREA = "report_credit"
OVERVIEW = ("net_sales", "payments", "receivables", "collection_rate", "return_rate")
COLUMNS = members.columns(
    customers="count", share="percent", net="fen", receivables="fen", receivables_share="percent", payments="fen"
)  # fmt: skip
FIGURES = ("customers", "net_sales", "receivables", "payments")


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Raises BadInput for a period that had not begun, and before the first rule of credit grades."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    rule = grades.rule(period.last)
    made = indicator_sources.recorded_by(found.table("credit_decisions"), period, zone)
    parts = (
        compared.overview("t1", OVERVIEW, period, given),
        _by_grade(decided.in_force(made, period.last), rule, period, found, given),
        _decisions(indicator_sources.recorded_in(made, period, zone)),
    )
    return Figures(period, found.as_of, found.version, day > period.last, parts, {"credit_grades": rule.version})


def _by_grade(in_force: ir.Table, rule: GradesRule, period: Period, found: lake.Lake, given: Given) -> Table:
    rated = in_force.select(rated="customer_key", grade="grade")
    joined = found.customers.left_join(rated, [("customer_key", "rated")])
    by = By("credit_grade", joined.select("customer_key", code=joined.grade.fill_null(NOT_STATED)))
    codes = [*rule.order, NOT_STATED]
    counted = {one: _counted(one, period, given, by, codes) for one in FIGURES}
    shares = rounding.column(counted["customers"])
    owed = rounding.column(counted["receivables"])
    columns: list[list[Cell]] = [
        [*counted["customers"]], [*shares], [*counted["net_sales"]], [*counted["receivables"]], [*owed],
        [*counted["payments"]],
    ]  # fmt: skip
    titles = {one.code: one.title for one in rule.grade}
    labels = [Label(NAMED, code, {"zh-CN": titles[code].zh, "en": titles[code].en}) for code in rule.order]
    labels.append(Label("message", f"{AREA}.row.not_rated"))
    rows = [
        Row(code or members.BLANK, label, tuple(cells))
        for code, label, cells in zip(codes, labels, zip(*columns, strict=True), strict=True)
    ]
    total: list[Cell] = [sum(counted[one]) for one in FIGURES]
    whole = total[0], members.whole(shares), total[1], total[2], members.whole(owed), total[3]
    rows.append(Row(TOTAL, members.message(TOTAL), whole))
    return members.table("t2", AREA, "grades", COLUMNS, rows, "credit_grade")


def _counted(indicator: str, period: Period, given: Given, by: By, codes: list[str]) -> list[int]:
    found = {one.code: one.figure for one in indicators.compute(indicator, period, given, by)}
    return [figure if isinstance(figure := found.get(code, 0), int) else 0 for code in codes]


def _decisions(made: ir.Table) -> Table:
    """What was approved in the period, and about how many customers."""
    counted = made.group_by("kind").agg(
        number=made.count().cast("int64"), customers=made.customer_key.nunique().cast("int64")
    )
    found = {row["kind"]: row for row in counted.to_pyarrow().to_pylist()}
    rows = [
        Row(kind, Label("message", f"{AREA}.row.{kind}"),
            tuple(found[kind][what] if kind in found else 0 for what in ("number", "customers")))
        for kind in ("decision", "override")
    ]  # fmt: skip
    columns = members.columns(number="count", customers="count")
    return members.table("t3", AREA, "decisions", columns, rows, "count")


def facts(figures: Figures) -> Iterator[Fact]:
    """What is owed and was paid, how many are rated, and how much those owe who are not."""
    named = {"net": "t1.net_sales.now", "payments": "t1.payments.now", "receivables": "t1.receivables.now"}
    yield Fact(f"{AREA}.text.owed", {PERIOD: Source(PERIOD), **{name: Source(at) for name, at in named.items()}})
    if figures.table("t1").cell("collection_rate", "now") is not None:
        yield Fact(f"{AREA}.text.collected", {"rate": Source("t1.collection_rate.now")})
    else:
        yield Fact(f"{AREA}.text.nothing_due", {})
    graded = figures.table("t2")
    for row in graded.rows[:-2]:
        if row.cells[0]:
            where = {what: Source(f"t2.{row.id}.{what}") for what in ("label", "customers", "receivables")}
            yield Fact(f"{AREA}.text.grade", where)
    if graded.cell(members.BLANK, "customers"):
        named = {"customers": "t2.not_stated.customers", "receivables": "t2.not_stated.receivables"}
        yield Fact(f"{AREA}.text.not_rated", {name: Source(at) for name, at in named.items()})
    yield Fact(f"{AREA}.text.decided", {one: Source(f"t3.{one}.number") for one in ("decision", "override")})
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


DRAWINGS = (
    Drawing("c1", "t2", ("customers",), "column", f"{AREA}.chart.customers"),
    Drawing("c2", "t2", ("receivables",), "column", f"{AREA}.chart.receivables"),
)
KIND = Kind("credit", figures, facts, DRAWINGS, (grades.rule,))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
