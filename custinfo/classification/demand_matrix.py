"""Demand matrix (R62): importance, urgency and feasibility, each rated 1 to 5, make a score and a priority.

Method `product` multiplies the three (1 to 125); method `weighted` adds them, each times its weight in per cent (100 to
500). The priority is the band that holds the score. A demand with a rating missing or outside 1 to 5 has no score and
is NOT_ASSESSED: no information is not a 3. In the list, equal scores stand by urgency, importance and feasibility, then
by the number of the demand: who came first is first.
"""

from datetime import date
from functools import reduce
from operator import add, and_, mul
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import bands, rules
from custinfo.classification.bands import Band
from custinfo.classification.rules import Fault, Many, Part, Rule
from custinfo.classification.words import Words

FILE = "demand_matrix.toml"
CRITERIA = ("importance", "urgency", "feasibility")
NOT_ASSESSED = "not_assessed"
HIGHEST = 5
_SCORES = {"product": (1, HIGHEST**3), "weighted": (100, 100 * HIGHEST)}


class Criterion(Part):
    """What is rated: its title, its weight in per cent (method weighted), and what each of 1 to 5 means."""

    name: Literal["importance", "urgency", "feasibility"]
    title: Words
    weight: Annotated[int, Field(gt=0, lt=100)] | None = None
    anchors: Annotated[tuple[Words, ...], Field(strict=False, min_length=HIGHEST, max_length=HIGHEST)]


class Priority(Band):
    """A class of priority: the scores it holds, and what is done about its demands."""

    title: Words


class DemandMatrixRule(Rule):
    """One version: the criteria, and the priorities from the highest down."""

    method: Literal["product", "weighted"]
    criterion: Many[Criterion]
    priority: Many[Priority]

    def check(self) -> None:
        """Raises Fault for criteria that are not the three, weights that do not add up or do not belong there, and
        bands that overlap, leave a hole or cannot be reached.
        """
        if tuple(criterion.name for criterion in self.criterion) != CRITERIA:
            raise Fault("vertical.demand.criteria", expected=", ".join(CRITERIA))
        weights = [criterion.weight for criterion in self.criterion]
        given = sum(weight or 0 for weight in weights)
        if self.method == "weighted" and (None in weights or given != 100):
            raise Fault("vertical.demand.weights", found=given)
        if self.method == "product" and given:
            raise Fault("vertical.demand.no_weights")
        lowest, highest = _SCORES[self.method]
        bands.check(self.priority, lowest)
        if self.priority[0].at_least > highest:
            raise Fault("vertical.demand.unreachable", name=self.priority[0].name, highest=highest)
        if NOT_ASSESSED in (priority.name for priority in self.priority):
            raise Fault("vertical.band_twice", name=NOT_ASSESSED)


def rule(on: date, folder: Path = rules.FOLDER) -> DemandMatrixRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, DemandMatrixRule, folder)


def prioritise(demands: ir.Table, rule: DemandMatrixRule) -> ir.Table:
    """Exactly one priority for each demand.

    `demands` has a unique `demand_number` and the integer columns `importance`, `urgency`, `feasibility`, which may be
    NULL. Gives these, `score` (int64 or NULL), `priority`, `rule_version` (int32), in no order.
    """
    rated = reduce(and_, (demands[name].between(1, HIGHEST) for name in CRITERIA)).fill_null(False)
    ratings = [demands[criterion.name].cast("int64") * (criterion.weight or 1) for criterion in rule.criterion]
    score = reduce(mul if rule.method == "product" else add, ratings)
    scored = demands.select("demand_number", *CRITERIA, score=ibis.cases((rated, score)))
    reached = ((scored.score >= priority.at_least, priority.name) for priority in rule.priority)
    return scored.mutate(
        priority=ibis.cases((scored.score.isnull(), NOT_ASSESSED), *reached),
        rule_version=ibis.literal(rule.version, "int32"),
    )


def ordered(prioritised: ir.Table) -> ir.Table:
    """The list: the highest score first, those without a score at the end."""
    by = [ibis.desc(name) for name in ("score", "urgency", "importance", "feasibility")]
    return prioritised.order_by(*by, "demand_number")
