"""How the company evaluates its customers, by item and by department, and what changed since a year ago (R166)."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import evaluation, evaluations
from custinfo.classification.evaluation import ALL, HUNDRED
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources
from custinfo.reports.figures import NAMED, Cell, Column, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import difference, one_decimal, row_id
from custinfo.reports.text import Fact, Source

STEPS = ("r5", "r4", "r3", "r2", "r1")
Rows = Mapping[str, Mapping[str, Any]]


def tables(area: str, found: lake.Lake, period: Period, zone: tzinfo) -> tuple[Table, Table]:
    """By item with the whole at the end, then by department: as evaluations stood at the end of the period."""
    known = indicator_sources.recorded_by(found.table("evaluations"), period, zone)
    now = evaluations.in_force(known, period.last)
    ago = evaluations.in_force(known, period.year_before().last)
    return _items(area, now, ago, evaluation.card(period.last)), _departments(area, now, ago)


def _items(area: str, now: ir.Table, ago: ir.Table, card: evaluation.Card) -> Table:
    spread, before = (_by("item", evaluations.spread(one)) for one in (now, ago))
    rows = []
    for code in (*card.items, ALL):
        title = card.items[code].title if code in card.items else None
        label = (
            Label(NAMED, code, {"zh-CN": title.zh, "en": title.en}) if title else Label("message", f"{area}.row.{ALL}")
        )
        steps = tuple(spread[code][step] if code in spread else 0 for step in STEPS)
        rows.append(Row(code, label, (*_means(spread.get(code), before.get(code)), *steps)))
    columns = [*_columns(area), *(Column(step, f"{area}.column.{step}", "count") for step in STEPS)]
    return members.table("evaluation", area, "evaluation", columns, rows, "item")


def _departments(area: str, now: ir.Table, ago: ir.Table) -> Table:
    here, before = (_by("department", evaluations.by_department(one)) for one in (now, ago))
    rows = [
        Row(row_id(name) if name else members.BLANK, Label("plain", name) if name else members.message(members.BLANK),
            _means(here.get(name), before.get(name)))
        for name in sorted(here.keys() | before.keys())
    ]  # fmt: skip
    return members.table("evaluation_department", area, "evaluation_department", _columns(area), rows, "department")


def _columns(area: str) -> list[Column]:
    kinds = {"evaluated": "count", "mean": "number", "mean_ago": "number", "mean_change": "number"}
    return [Column(name, f"{area}.column.{name}", kind) for name, kind in kinds.items()]  # type: ignore[arg-type]


def _by(name: str, table: ir.Table) -> Rows:
    return {row[name]: row for row in table.to_pyarrow().to_pylist()}


def _means(now: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> tuple[Cell, ...]:
    """Customers who are evaluated, their mean, that of a year ago, the difference of the two as shown."""
    means = [
        None if one is None else one_decimal(Fraction(one["sum_rating"], one["customers"] * HUNDRED))
        for one in (now, before)
    ]
    return now["customers"] if now else 0, *means, difference(*means)


def facts(area: str, table: Table) -> Iterator[Fact]:
    """How many are evaluated and how well; then the item that changed most, where any did."""
    if not table.cell(ALL, "evaluated"):
        yield Fact(f"{area}.text.nobody_evaluated", {})
        return
    sources = {name: Source(f"{table.id}.{ALL}.{name}") for name in ("evaluated", "mean")}
    yield Fact(f"{area}.text.evaluated", sources)
    changed = [row for row in table.rows if row.id != ALL and table.cell(row.id, "mean_change")]
    if changed:
        # max() keeps the first of equals, which is the order of the rule
        most = max(changed, key=lambda row: abs(_number(table.cell(row.id, "mean_change"))))
        said = "improved" if _number(table.cell(most.id, "mean_change")) > 0 else "worsened"
        where = f"{table.id}.{most.id}"
        yield Fact(
            f"{area}.text.{said}", {"item": Source(f"{where}.label"), "change": Source(f"{where}.mean_change", "size")}
        )


def _number(cell: Cell) -> Decimal:
    return Decimal(cell or 0)
