"""Places by the branch whose territory they are in (R126), and areas of sales lines by the branch that sold."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from custinfo.classification.territory_rule import OUTSIDE, TerritoriesRule


def assign(places: ir.Table, column: str, rule: TerritoriesRule) -> ir.Table:
    """The rows with `branch`, that of the place whose code of GB/T 2260 is in `column`, and `rule_version` (int32).

    `branch` is OUTSIDE for a place that no branch has, and for what is no code; NULL where no place is stated.
    """
    code = places[column]
    cases = [(_within(code, one.prefixes), one.name) for one in rule.branch]
    found = (code.isnull() | (code == "")).ifelse(ibis.null("string"), ibis.cases(*cases, else_=OUTSIDE))
    return places.mutate(branch=found, rule_version=ibis.literal(rule.version, "int32"))


def sellers(sales: ir.Table, rule: TerritoriesRule) -> ir.Table:
    """The rows with `seller`, the branch that sells in a line's `area`; NULL for an area of no branch, and none."""
    named = {area: one.name for one in rule.branch for area in one.areas}
    return sales.mutate(seller=_named(sales["area"], named))


def _within(code: ir.Value, prefixes: tuple[str, ...]) -> ir.BooleanValue:
    by_length: dict[int, list[str]] = {}
    for one in prefixes:
        by_length.setdefault(len(one), []).append(one)
    found = ibis.literal(False)
    for length, starts in by_length.items():
        found = found | code.substr(0, length).isin(starts)
    return found


def _named(value: ir.Value, names: Mapping[str, str]) -> ir.Value:
    return ibis.cases(*((value == area, branch) for area, branch in names.items()), else_=ibis.null("string"))
