"""Satisfaction of customers beside their loyalty and their purchasing power (R167)."""

from collections.abc import Iterator
from datetime import tzinfo
from fractions import Fraction

import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import relation, satisfaction, value_grade
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources
from custinfo.reports.figures import Cell, Column, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL, one_decimal
from custinfo.reports.text import Fact, Source
from custinfo.statistics import rounding
from custinfo.statistics.sources import NOT_STATED

BY = {"lifecycle": ("active", "lapsed", "prospect"), "grade": ("A", "B", "C", "N")}
"""What customers are told apart by, and the codes of each in order; their words are those of the segments."""
GROUPS = {"satisfied": ("5", "4"), "neither": ("3",), "dissatisfied": ("2", "1")}


def tables(area: str, found: lake.Lake, period: Period, zone: tzinfo) -> tuple[Table, ...]:
    """A table for each of BY: who was surveyed by the end of the period, and what they said last."""
    answers, reviews = (
        indicator_sources.recorded_by(found.table(name), period, zone) for name in ("survey_answers", "survey_reviews")
    )
    said = satisfaction.latest(answers, reviews)
    return tuple(_table(area, name, _classes(found, period, name), said) for name in BY)


def _classes(found: lake.Lake, period: Period, name: str) -> ir.Table:
    day = period.last
    if name == "grade":
        graded = value_grade.grade(found.customers, found.sales, day, value_grade.rule(day))
        return graded.select(of="customer_key", by=graded.grade)
    rules = relation.old_new_rule(day), relation.lifecycle_rule(day)
    staged = relation.classify(found.customers, found.sales, day, *rules)
    return staged.select(of="customer_key", by=staged.lifecycle)


def _table(area: str, name: str, classes: ir.Table, said: ir.Table) -> Table:
    joined = said.left_join(classes, said.customer_key == classes.of)
    counted = joined.group_by(by=joined["by"].fill_null(NOT_STATED), code=joined["code"]).agg(
        customers=joined.count().cast("int64")
    )
    found = {(row["by"], row["code"]): row["customers"] for row in counted.to_pyarrow().to_pylist()}
    rows = [
        Row(
            code,
            Label("message", f"segments.{name}.{code}"),
            _cells({one: found.get((code, one), 0) for one in satisfaction.SCALE}),
        )
        for code in BY[name]
    ]
    whole = {one: sum(many for (_, code), many in found.items() if code == one) for one in satisfaction.SCALE}
    rows.append(Row(TOTAL, members.message(TOTAL), _cells(whole)))
    columns = [
        *(Column(each, f"{area}.column.{each}", "count") for each in ("surveyed", *GROUPS)),
        Column("satisfied_share", f"{area}.column.satisfied_share", "percent"),
        Column("mean", f"{area}.column.mean", "number"),
    ]
    return members.table(f"satisfaction_{name}", area, f"satisfaction_{name}", columns, rows, name)


def _cells(by_code: dict[str, int]) -> tuple[Cell, ...]:
    """Surveyed, satisfied, neither, dissatisfied, the share of the satisfied, the mean from 1 to 5."""
    surveyed = sum(by_code.values())
    groups = [sum(by_code[code] for code in codes) for codes in GROUPS.values()]
    if not surveyed:
        return surveyed, *groups, None, None
    mean = Fraction(sum(int(code) * many for code, many in by_code.items()), surveyed)
    return surveyed, *groups, rounding.share(groups[0], surveyed), one_decimal(mean)


def facts(area: str, table: Table) -> Iterator[Fact]:
    """How many were surveyed, and how many of them are satisfied."""
    if table.cell(TOTAL, "surveyed"):
        sources = {name: Source(f"{table.id}.{TOTAL}.{name}") for name in ("surveyed", "satisfied", "satisfied_share")}
        yield Fact(f"{area}.text.satisfied", sources)
    else:
        yield Fact(f"{area}.text.nobody_surveyed", {})
