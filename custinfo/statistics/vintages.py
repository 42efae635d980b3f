"""Vintages: the same figures as they were known at two moments, and where they differ."""

import operator
from collections.abc import Sequence
from functools import reduce

import ibis.expr.types as ir

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


def _named(table: ir.Table, figures: Sequence[str], end: str) -> dict[str, ir.Value]:
    return {f"{name}_{end}": table[name] for name in figures}
