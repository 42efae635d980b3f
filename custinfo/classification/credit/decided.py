"""Which credit grade each customer has on a day, of decisions and overrides that were approved."""

from datetime import date

import ibis
import ibis.expr.types as ir


def in_force(decisions: ir.Table, day: date) -> ir.Table:
    """One row of `decisions` for each customer that has one, in no order: of the newest decision (`kind` decision), or
    of the override of it (`kind` override) that was approved last, while it holds.

    `decisions` has `customer_key`, `kind`, `decision`, `grade` (may be NULL: the decision came to none), `valid_until`
    (text such as 2026-11-01, of overrides), `recorded_at`, and nothing that was recorded after `day`. Of two decisions
    recorded at once the later `decision` in the alphabet counts, of two overrides the worse grade.
    """
    made = decisions.filter(decisions.kind == "decision")
    newest = _first(made, [made.recorded_at.desc(), made.decision.desc()])
    holds = decisions.filter(decisions.kind == "override", decisions.valid_until >= day.isoformat())
    current = holds.semi_join(newest, ["customer_key", "decision"]).union(newest)
    order = [current.kind.desc(), current.recorded_at.desc(), current.grade.desc(), current.decision.desc()]
    return _first(current, order)


def _first(rows: ir.Table, order: list[ir.Value]) -> ir.Table:
    place = ibis.row_number().over(group_by=rows.customer_key, order_by=order)
    return rows.mutate(_place=place).filter(lambda t: t["_place"] == 0).drop("_place")
