"""Data quality (数据质量报告, R183): completeness, validity, timeliness of cards at the end of a period, by field."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import data_quality
from custinfo.classification.data_quality import DataQualityRule
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import quality, rounding
from custinfo.statistics.no_figure import NoFigure, percent, ratio

AREA = "report_data_quality"
OVERVIEW = ("completeness", "validity", "timeliness", "customers", "new_customers")
FIELDS = members.columns(
    ok="count", missing="count", invalid="count", misplaced="count", expected="count", ok_share="percent"
)  # fmt: skip
CARDS = members.columns(cards="count", share="percent")


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Raises BadInput for a period that had not begun, and before the first rule of data quality."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    rule = data_quality.rule(period.last)
    cards = given.tables["cards"](period).cache()
    parts = compared.overview("t1", OVERVIEW, period, given), _fields(cards, rule), _cards(cards)
    return Figures(
        period, found.as_of, found.version, day > period.last, parts, {"data_quality": rule.version},
        {"months": rule.months},
    )  # fmt: skip


def _fields(cards: ir.Table, rule: DataQualityRule) -> Table:
    names = [field.name for field in rule.field]
    rows = []
    for row in quality.by_field(cards, names).to_pyarrow().to_pylist():
        ok, missing, invalid, misplaced = (row[state] for state in quality.STATES)
        expected = ok + missing + invalid
        held = ratio(ok, expected)
        share: Cell = None if isinstance(held, NoFigure) else percent(held)
        cells = ok, missing, invalid, misplaced, expected, share
        rows.append(Row(row["field"], Label("message", f"quality.field.{row['field']}"), cells))
    return members.table("t2", AREA, "fields", FIELDS, rows, "field")


def _cards(cards: ir.Table) -> Table:
    (row,) = quality.totals(cards).to_pyarrow().to_pylist()
    faulty, whole = row["faulty"], row["cards"]
    shares = rounding.column([whole - faulty, faulty])
    counted = zip(("sound", "faulty"), (whole - faulty, faulty), shares, strict=True)
    rows = [Row(name, Label("message", f"{AREA}.row.{name}"), (n, share)) for name, n, share in counted]
    rows.append(Row(TOTAL, members.message(TOTAL), (whole, members.whole(shares))))
    late = ratio(row["overdue"], whole)
    overdue: Cell = None if isinstance(late, NoFigure) else percent(late)
    rows.append(Row("overdue", Label("message", f"{AREA}.row.overdue"), (row["overdue"], overdue)))
    return members.table("t3", AREA, "cards", CARDS, rows, "count")


def facts(figures: Figures) -> Iterator[Fact]:
    """How complete, valid and up to date the cards are, and which field needs the most work."""
    if not figures.table("t3").cell(TOTAL, "cards"):
        yield Fact(f"{AREA}.text.no_cards", {PERIOD: Source(PERIOD)})
        return
    overview = figures.table("t1")
    yield Fact(f"{AREA}.text.cards", {
        PERIOD: Source(PERIOD), "cards": Source("t3.total.cards"), "faulty": Source("t3.faulty.cards"),
        "overdue": Source("t3.overdue.cards"), "months": Source("months"),
    })  # fmt: skip
    for name in OVERVIEW[:3]:
        if overview.cell(name, "now") is not None:
            yield Fact(f"{AREA}.text.{name}", {"share": Source(f"t1.{name}.now")})
    worst = max(figures.table("t2").rows, key=_faults)
    if _faults(worst):
        sources = {what: Source(f"t2.{worst.id}.{what}") for what in ("label", "missing", "invalid", "misplaced")}
        yield Fact(f"{AREA}.text.worst", sources)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _faults(row: Row) -> int:
    return sum(cell for cell in row.cells[1:4] if isinstance(cell, int))


DRAWINGS = (Drawing("c1", "t2", ("ok_share",), "bar", f"{AREA}.chart.fields", wide=True, messages=True),)
KIND = Kind("data_quality", figures, facts, DRAWINGS, (data_quality.rule,))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
