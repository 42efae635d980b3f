"""Demand information (需求信息报告): demands recorded, answered and open, by priority and stage, and their times."""

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import demand_matrix
from custinfo.classification.demand_matrix import CRITERIA, NOT_ASSESSED, DemandMatrixRule
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import NAMED, Figures, Label, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import demands, rounding

AREA = "report_demands"
OVERVIEW = ("days_to_answer", "complaints", "satisfaction")
KINDS = ("need", "intention")
STAGES = ("collected", "analysed", "in_progress", "evaluated", "open", *demands.ENDS)
FLOW = members.columns(demands="count", new="count", answered="count", waiting="count")
PARTS = members.columns(demands="count", share="percent")


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """The demands as they stood at the end of a period. Raises BadInput."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    rule = demand_matrix.rule(period.last)
    versions = indicator_sources.recorded_by(found.table("demands"), period, zone)
    newest = ibis.row_number().over(group_by=versions.demand_number, order_by=versions.version.desc())
    now = versions.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")
    began = versions.group_by("demand_number").agg(recorded_at=versions.recorded_at.min())
    fresh = indicator_sources.recorded_in(began, period, zone).select(fresh="demand_number")
    known = now.left_join(fresh, [("demand_number", "fresh")])
    waits = ~known.stage.isin(demands.ENDS).fill_null(False)
    ended = indicator_sources.recorded_in(known.filter(~waits), period, zone).select(ended="demand_number")
    parts = (
        compared.overview("t1", OVERVIEW, period, given),
        _flow(known.left_join(ended, [("demand_number", "ended")])),
        _priorities(known.filter(waits), rule),
        _stages(known),
    )
    return Figures(period, found.as_of, found.version, day > period.last, parts, {"demand_matrix": rule.version})


def _flow(known: ir.Table) -> Table:
    """By kind: all on file, new in the period, brought to an end in it, and waiting at its end."""
    waits = ~known.stage.isin(demands.ENDS).fill_null(False)
    counted = known.group_by("kind").agg(
        demands=known.count().cast("int64"), new=known.fresh.count().cast("int64"),
        answered=known.ended.count().cast("int64"), waiting=known.count(where=waits).cast("int64"),
    )  # fmt: skip
    found = {row["kind"]: row for row in counted.to_pyarrow().to_pylist()}
    names = [column.id for column in FLOW]
    numbers = {kind: [found[kind][name] if kind in found else 0 for name in names] for kind in KINDS}
    rows = [Row(kind, Label("message", f"demands.kind.{kind}"), tuple(cells)) for kind, cells in numbers.items()]
    rows.append(Row(TOTAL, members.message(TOTAL), tuple(map(sum, zip(*numbers.values(), strict=True)))))
    return members.table("t2", AREA, "flow", FLOW, rows, "count")


def _priorities(waiting: ir.Table, rule: DemandMatrixRule) -> Table:
    """The demands that wait, by priority; what was not assessed is not among those that can wait."""
    rated = demand_matrix.prioritise(waiting.select("demand_number", *CRITERIA), rule)
    counted = rated.group_by("priority").agg(demands=rated.count().cast("int64"))
    found = {row["priority"]: row["demands"] for row in counted.to_pyarrow().to_pylist()}
    labels = {
        one.name: Label(NAMED, one.name, {"zh-CN": f"{one.name} {one.title.zh}", "en": f"{one.name} {one.title.en}"})
        for one in rule.priority
    }
    labels[NOT_ASSESSED] = Label("message", "demands.not_assessed")
    return _counts("t3", "priorities", "priority", labels, found)


def _stages(known: ir.Table) -> Table:
    stages = known.select(stage=known.stage.fill_null("none"))
    counted = stages.group_by("stage").agg(demands=stages.count().cast("int64"))
    found = {row["stage"]: row["demands"] for row in counted.to_pyarrow().to_pylist()}
    labels = {stage: Label("message", f"demands.stage.{stage}") for stage in (*STAGES, "none")}
    return _counts("t4", "stages", "stage", labels, found)


def _counts(table_id: str, name: str, by: str, labels: dict[str, Label], found: dict[str, int]) -> Table:
    numbers = [found.get(code, 0) for code in labels]
    shares = rounding.column(numbers)
    rows = [
        Row(code, label, (n, share)) for (code, label), n, share in zip(labels.items(), numbers, shares, strict=True)
    ]
    rows.append(Row(TOTAL, members.message(TOTAL), (sum(numbers), members.whole(shares))))
    return members.table(table_id, AREA, name, PARTS, rows, by)


def facts(figures: Figures) -> Iterator[Fact]:
    """How many came and were answered, how many wait, and of these the urgent ones and those that nobody assessed."""
    flow = figures.table("t2")
    if not flow.cell(TOTAL, "demands"):
        yield Fact(f"{AREA}.text.none", {PERIOD: Source(PERIOD)})
        return
    named = {name: Source(f"t2.total.{name}") for name in ("new", "answered", "waiting")}
    yield Fact(f"{AREA}.text.flow", {PERIOD: Source(PERIOD), **named})
    if figures.table("t1").cell("days_to_answer", "now") is not None:
        yield Fact(f"{AREA}.text.days", {"days": Source("t1.days_to_answer.now")})
    first = figures.table("t3").rows[0]
    if first.cells[0]:
        yield Fact(f"{AREA}.text.urgent", {"demands": Source(f"t3.{first.id}.demands")})
    if figures.table("t3").cell(NOT_ASSESSED, "demands"):
        yield Fact(f"{AREA}.text.not_assessed", {"demands": Source(f"t3.{NOT_ASSESSED}.demands")})
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


DRAWINGS = (
    Drawing("c1", "t3", ("demands",), "column", f"{AREA}.chart.priorities", messages=True),
    Drawing("c2", "t4", ("demands",), "bar", f"{AREA}.chart.stages", messages=True),
)
KIND = Kind("demands", figures, facts, DRAWINGS, (demand_matrix.rule,))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
