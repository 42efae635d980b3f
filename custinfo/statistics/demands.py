"""The demand matrix (R62) in figures: how many demands stand where, and how far each priority is.

What comes in has one row for each demand: `demand_number`, `importance`, `urgency`, `feasibility` (1 to 5), `score`
(NULL for a demand that is not assessed), `priority`. What is not assessed is never among those that can wait.
"""

import ibis
import ibis.expr.types as ir

EASY = 4
"""From this feasibility on a demand is easy: it is done with what there is, or nearly."""


def matrix(prioritised: ir.Table) -> ir.Table:
    """Demands by importance and urgency: `importance`, `urgency`, `demands`, `easy` (of these, feasibility EASY or
    more), `highest_score`; in the order of the two. Those without a score are left out.
    """
    rated = prioritised.filter(prioritised.score.notnull())
    counted = rated.group_by("importance", "urgency").agg(
        demands=rated.count().cast("int64"),
        easy=rated.count(where=rated.feasibility >= EASY).cast("int64"),
        highest_score=rated.score.max(),
    )
    return counted.order_by("importance", "urgency")


def by_stage(prioritised: ir.Table, demands: ir.Table) -> ir.Table:
    """How far the demands of each priority are: `priority`, `stage`, `demands`; in that order.

    `demands` has a unique `demand_number` and `stage`; NULL there is the blank.
    """
    stages = demands.select(numbered=demands.demand_number, stage=demands.stage.fill_null(""))
    known = prioritised.select("demand_number", "priority").join(stages, [("demand_number", "numbered")])
    counted = known.group_by("priority", "stage").agg(demands=known.count().cast("int64"))
    return counted.order_by("priority", "stage")


def assessed(prioritised: ir.Table) -> ir.Table:
    """One row: `demands`, and how many of them are `assessed`."""
    rated = prioritised.score.notnull()
    return prioritised.aggregate(
        demands=prioritised.count().cast("int64"), assessed=ibis.coalesce(rated.cast("int64").sum(), 0).cast("int64")
    )
