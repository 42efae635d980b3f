"""The grades of quarters, and what changed between two: stored ones, else computed when first asked for; those of the
newest quarter, and what changed since the one, two and four before it, are kept beside the lake.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

import ibis.expr.types as ir

from custinfo.classification import transitions, value_grade
from custinfo.classification.value_grade import ValueGradeRule
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Quarter
from custinfo.lake import Lake, Tables, gradings
from custinfo.lake.prepared import Made, Recipe, prepared
from custinfo.statistics import transitions as figures

SCHEME = "value_grade"
ARROW = ">"
MOST = 12
"""Quarters that can be chosen."""
SHOWN = 5
"""The newest quarters whose stored grades are drawn beside those that are compared."""


class Quarters(dict[str, ir.Table]):
    """Tables by name, each made once and kept in the engine's memory.

    `2026-Q3` is the grades of that quarter as `value_grade.grade_quarter` gives them; `2026-Q2>2026-Q3` everybody whose
    grade changed from the one to the other, as `transitions.changes` does. A stored grading is what people saw: where
    the lake has one of the quarter, its newest edition stands.
    """

    def __init__(self, opened: Tables, quarters: Sequence[Quarter]) -> None:
        super().__init__()
        self.quarters = tuple(quarters)
        self._opened = opened
        self._quarters = frozenset(quarters)
        # Editions are numbered by each branch for itself: those of many are not read together
        self._stored = gradings.editions(opened.manifest) if isinstance(opened, Lake) else {}

    def __missing__(self, name: str) -> ir.Table:
        first, arrow, second = name.partition(ARROW)
        if arrow:
            made = self._changed(Quarter.parse(first), Quarter.parse(second))
        else:
            made = self._graded(Quarter.parse(first))
        self[name] = made.cache()
        return self[name]

    def rule(self, quarter: Quarter) -> ValueGradeRule:
        """The rule in force at the end of the quarter."""
        return value_grade.rule(quarter.last)

    def is_stored(self, quarter: Quarter) -> bool:
        """Whether the lake has a grading of the quarter."""
        return quarter in self._stored

    def _graded(self, quarter: Quarter) -> ir.Table:
        if self.is_stored(quarter):
            rows = self._opened.table(gradings.TABLE)
            edition = self._stored[quarter]
            rows = rows.filter(rows.quarter == str(quarter), rows.edition == edition, rows.scheme == SCHEME)
            return rows.select(
                "customer_key",
                sales_12m_fen=rows.figure,
                grade=rows["class"],
                rule_version=rows.rule_version,
                held=(rows.reason == "held").fill_null(False),
            )
        rule = self.rule(quarter)
        before = quarter.plus(-1)
        previous = self[str(before)] if rule.hysteresis_percent and before in self._quarters else None
        opened = self._opened
        return value_grade.grade_quarter(opened.customers, opened.sales, quarter, rule, previous)

    def _changed(self, first: Quarter, second: Quarter) -> ir.Table:
        before, after = self[str(first)], self[str(second)]
        rule, sales = self.rule(first), self._opened.sales
        same_rule = after
        if rule.version != self.rule(second).version:
            same_rule = value_grade.grade(self._opened.customers, sales, second.last, rule)
        return transitions.changes(
            before, after, same_rule, transitions.movements(sales, first.last, second.last, rule)
        )


def closed(opened: Tables, on: date) -> Quarters:
    """The quarters that had ended on the day `on`, the newest first, MOST of them, with what was kept of them."""
    made = prepared(opened, RECIPE, on)
    quarters = Quarters(opened, [Quarter.parse(one) for one in made.said["quarters"]])
    quarters.update(made.tables)
    return quarters


def _make(opened: Tables, on: date) -> Made:
    found = Quarters(opened, figures.closed(opened.sales, on, MOST))
    for span in figures.SPANS.values() if found.quarters else ():
        second = found.quarters[0]
        first = second.plus(-span)
        if first in found.quarters:
            with suppress(BadInput):  # of a rule that was not in force yet: said to whoever asks for that quarter
                found[f"{first}{ARROW}{second}"]
    for one in found.quarters[:SHOWN]:
        if found.is_stored(one):
            found[str(one)]
    return Made(dict(found), {"quarters": [str(one) for one in found.quarters]})


RECIPE = Recipe("quarters", (value_grade.FILE,), _make, tables=("customer_versions", "sales", gradings.TABLE))
