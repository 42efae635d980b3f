"""Vintages: the same figures as they were known at two moments, and where they differ."""

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from custinfo.domain.sums import whole

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def difference(before: ir.Table, after: ir.Table, keys: Sequence[str], figures: Sequence[str]) -> ir.Table:
    """The rows of two tables that are not the same in both, in no order.

    `keys` tell the rows of each table apart and are never NULL. Gives `keys`, `state` (ADDED, REMOVED, CHANGED) and for
    each of `figures` `<name>_before` and `<name>_after`: NULL for a row that is not there. Two NULLs are the same.
    """
    first = before.select(**{f"{name}_key": before[name] for name in keys}, **_named(before, figures, "before"))
    second = after.select(*keys, **_named(after, figures, "after"))
    joined = first.outer_join(second, [first[f"{name}_key"] == second[name] for name in keys])
    was, is_now = joined[f"{keys[0]}_key"].notnull(), joined[keys[0]].notnull()
    differs = [~joined[f"{name}_before"].identical_to(joined[f"{name}_after"]) for name in figures]
    state = (was & is_now).ifelse(CHANGED, is_now.ifelse(ADDED, REMOVED))
    found = joined.mutate(state=state, **{name: joined[name].coalesce(joined[f"{name}_key"]) for name in keys})
    changed = (found.state != CHANGED) | reduce(operator.or_, differs)
    ends = [f"{name}_{end}" for name in figures for end in ("before", "after")]
    return found.filter(changed).select(*keys, "state", *ends)


def difference_of_sums(
    rows: ir.Table, keys: Sequence[str], amounts: Mapping[str, ir.IntegerColumn], earlier: datetime, later: datetime
) -> ir.Table:
    """`difference` of the sums of `amounts` by `keys` over the rows known `earlier` and over those known `later`.

    For rows that are only ever added: they are read once, which takes half as long. `rows` have `recorded_at` (UTC,
    without a zone, as the moments are), `keys` that are never NULL, and `amounts`, one or more in fen over their
    columns, that are not NULL either. Gives the columns of `difference`, sums as int64; no row is REMOVED. Raises
    ValueError when `earlier` is not before `later`.
    """
    if earlier >= later:
        raise ValueError("the first moment is not before the second")
    known = rows.select(*keys, recorded_at=rows.recorded_at, **amounts)
    known = known.filter(known.recorded_at <= ibis.literal(later, "timestamp"))
    early = known.recorded_at <= ibis.literal(earlier, "timestamp")
    sums = {}
    for name in amounts:
        sums[f"{name}_before"] = whole(known[name].sum(where=early))
        sums[f"{name}_after"] = whole(known[name].sum())
    ends = known.group_by(*keys).agg(**sums)
    # No row is there without an amount, so that a sum is NULL where there were none yet
    state = ends[next(iter(sums))].isnull().ifelse(ADDED, CHANGED)
    differs = [~ends[f"{name}_before"].identical_to(ends[f"{name}_after"]) for name in amounts]
    return ends.filter(reduce(operator.or_, differs)).select(*keys, state.name("state"), *sums)


def _named(table: ir.Table, figures: Sequence[str], end: str) -> dict[str, ir.Value]:
    return {f"{name}_{end}": table[name] for name in figures}
