"""The demand matrix (R62) in figures: how many demands stand where, and how far each priority is.

What comes in has one row for each demand: `demand_number`, `importance`, `urgency`, `feasibility` (1 to 5), `score`
(NULL for a demand that is not assessed), `priority`. What is not assessed is never among those that can wait.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

ENDS = ("answered", "declined", "sold", "lost")
"""The stages in which a demand waits for nothing."""
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


def times(versions: ir.Table, on: date) -> ir.Table:
    """How long each demand has taken, as of the day: `demand_number`, `days_in_stage`, `days_in_all` (int64).

    `versions` has `demand_number`, `version` (unique within it), `stage` and `recorded_at`; days are those of UTC. A
    demand is in its stage since the first version of the newest run of versions that have it. Its days in all end when
    it came to one of ENDS; of one that is still open, on `on`. NULL as stage is a stage of its own.
    """
    rows = versions.select(
        "demand_number", "version", day=versions.recorded_at.date(), stage=versions.stage.fill_null("")
    )
    each = ibis.window(group_by=rows.demand_number, order_by=rows.version)
    rows = rows.mutate(before=rows.stage.lag().over(each), newest=rows.version.max().over(group_by=rows.demand_number))
    entered = rows.before.isnull() | (rows.before != rows.stage)
    newest = rows.version == rows.newest
    known = rows.group_by("demand_number").agg(
        began=rows.day.min(),
        since=rows.day.max(where=entered),
        over=(newest & rows.stage.isin(ENDS)).cast("int64").max(),
    )
    today = ibis.literal(on)
    until = (known.over == 1).ifelse(known.since, today)
    return known.select(
        "demand_number",
        days_in_stage=today.delta(known.since, unit="day").cast("int64"),
        days_in_all=until.delta(known.began, unit="day").cast("int64"),
    )
