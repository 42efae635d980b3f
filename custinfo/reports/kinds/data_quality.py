"""Data quality (数据质量报告, R173, R183): completeness, duplicates, timeliness and accuracy of cards, by field, by
department and by who recorded them.
"""

from collections.abc import Iterator, Mapping
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
from custinfo.reports.parts import compared, members, recorders
from custinfo.reports.parts.making import TOTAL, row_id
from custinfo.reports.parts.recorders import Part
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import quality, rounding
from custinfo.statistics.no_figure import NoFigure, percent, ratio

AREA = "report_data_quality"
RATES = ("completeness", "validity", "duplicate_rate", "timeliness", "agreement")
OVERVIEW = (*RATES, "customers", "new_customers")
FIELDS = members.columns(
    ok="count", missing="count", invalid="count", misplaced="count", expected="count", ok_share="percent"
)  # fmt: skip
CARDS = members.columns(cards="count", share="percent")
WORK = members.columns(
    new="count", recorded="count", cards="count", sound_share="percent", faults_per_card="number", overdue="count",
    agreement="percent",
)  # fmt: skip
MOST = 40
"""So many recorders have a row, those with the most cards; the rest are one row together."""


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Raises BadInput for a period that had not begun, and before the first rule of data quality."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    rule = data_quality.rule(period.last)
    cards = given.tables["cards"](period).cache()
    work = recorders.Work(found, cards, period, zone)
    parts = (
        compared.overview("t1", OVERVIEW, period, given), _fields(cards, rule), _cards(cards),
        _work("t4", "departments", "department", work.by("department")),
        _work("t5", "recorders", "recorder", work.by("recorder"), most=MOST),
    )  # fmt: skip
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


def _work(table_id: str, name: str, by: str, found: Mapping[str, Part], most: int | None = None) -> Table:
    """A row for each part, those with the most cards first, who is not known after all others, then the total."""
    names = sorted((one for one in found if one), key=lambda one: (-found[one].cards, one))
    shown, rest = names[:most], names[len(names[:most]) :]
    rows = [Row(row_id(one), Label("plain", one), found[one].cells) for one in shown]
    if rest:
        rows.append(Row("other", members.message("other"), recorders.together(found[one] for one in rest).cells))
    if "" in found:
        rows.append(Row(members.BLANK, Label("message", f"{AREA}.row.not_known"), found[""].cells))
    rows.append(Row(TOTAL, members.message(TOTAL), recorders.together(found.values()).cells))
    return members.table(table_id, AREA, name, WORK, rows, by)


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
    for name in RATES:
        if overview.cell(name, "now") is not None:
            yield Fact(f"{AREA}.text.{name}", {"share": Source(f"t1.{name}.now")})
    worst = max(figures.table("t2").rows, key=_faults)
    if _faults(worst):
        sources = {what: Source(f"t2.{worst.id}.{what}") for what in ("label", "missing", "invalid", "misplaced")}
        yield Fact(f"{AREA}.text.worst", sources)
    yield from _departments(figures)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _departments(figures: Figures) -> Iterator[Fact]:
    """Which department's cards need the most work, where there are several to choose from."""
    known = [row for row in figures.table("t4").rows if row.label.source == "plain" and row.cells[4] is not None]
    worst = max(known, key=lambda row: row.cells[4] or 0, default=None)
    if worst is not None and len(known) > 1 and worst.cells[4]:
        sources = {what: Source(f"t4.{worst.id}.{what}") for what in ("label", "faults_per_card", "sound_share")}
        yield Fact(f"{AREA}.text.department", sources)


def _faults(row: Row) -> int:
    return sum(cell for cell in row.cells[1:4] if isinstance(cell, int))


DRAWINGS = (Drawing("c1", "t2", ("ok_share",), "bar", f"{AREA}.chart.fields", wide=True, messages=True),)
KIND = Kind("data_quality", figures, facts, DRAWINGS, (data_quality.rule,))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
