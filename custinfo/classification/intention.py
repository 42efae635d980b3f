"""Level of intention of an interested customer (R102): which it is, and by when the customer is to be called again.

The level follows from the day on which the customer is expected to order; the level's `contact_days` say by when the
next contact is due.
"""

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from custinfo.classification.intention_levels import CLOSED, FILE, UNDECIDED, IntentionRule, rule

__all__ = ["CLOSED", "FILE", "UNDECIDED", "IntentionRule", "follow_up", "judge", "rule"]


def judge(demands: ir.Table, on: date, rule: IntentionRule) -> ir.Table:
    """Exactly one level for each of `demands`, on the day `on`.

    `demands` has a unique `demand_key`, `outcome` (open, sold, lost), `ordered` (boolean) and `expected_on` (the day on
    which the customer means to order). Gives `demand_key`, `level`, `rule_version` (int32). Sold and lost demands are
    `closed`. Who has ordered has the first level; an order expected at most `orders_within` days from `on`, or on a day
    gone by, the first level that takes it; farther off, the last. NULL as outcome is open, NULL as `ordered` is no, and
    without an expected day the level is `undecided`.
    """
    ordered, *between, last = rule.level
    near = [
        (demands.expected_on <= ibis.literal(on + timedelta(days=one.orders_within or 0)), one.name) for one in between
    ]
    level = ibis.cases(
        (_closed(demands), CLOSED),
        (demands.ordered.fill_null(False), ordered.name),
        (demands.expected_on.isnull(), UNDECIDED),
        *near,
        else_=last.name,
    )
    return demands.select("demand_key", level=level, rule_version=ibis.literal(rule.version, "int32"))


def follow_up(demands: ir.Table, on: date, rule: IntentionRule) -> ir.Table:
    """By when each of `demands` is to be followed up, and whether that day has gone by.

    `demands` has a unique `demand_key`, `outcome`, `level` (judged, or chosen on an A-card) and `last_contact_on`.
    Gives exactly one row for each: `demand_key`, `level`, `contact_by`, `overdue` (boolean), `rule_version` (int32). A
    level that the rule lacks, or none, is `undecided`: `undecided_contact_days` after the last contact, so that nobody
    is forgotten. Who was never contacted is due on `on`. Closed demands have no day and are not overdue. A contact that
    is due on `on` is not overdue yet.
    """
    names = [one.name for one in rule.level]
    level = ibis.cases((_closed(demands), CLOSED), (demands.level.isin(names), demands.level), else_=UNDECIDED)
    levelled = demands.select("demand_key", "last_contact_on", level=level)
    days = [(one.name, one.contact_days) for one in rule.level]
    by_level = [
        (levelled.level == name, levelled.last_contact_on + ibis.interval(days=span))
        for name, span in (*days, (UNDECIDED, rule.undecided_contact_days))
    ]
    due = levelled.mutate(
        contact_by=ibis.cases(
            (levelled.level == CLOSED, ibis.null("date")),
            (levelled.last_contact_on.isnull(), ibis.literal(on)),
            *((condition, day.cast("date")) for condition, day in by_level),
        )
    )
    return due.select(
        "demand_key",
        "level",
        "contact_by",
        overdue=(due.contact_by < ibis.literal(on)).fill_null(False),
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _closed(demands: ir.Table) -> ir.BooleanValue:
    return demands.outcome.isin(("sold", "lost")).fill_null(False)
