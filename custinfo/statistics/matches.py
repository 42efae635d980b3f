"""Matching in figures (R177): how many pairs of customers were found that may be one, and what became of them.

What comes in is the lake's table `matches`: events of pairs in the order of `event_number`, unique. A pair is
`customer_key` and `other_key`. Every function gives one row for each group, and none where there are no pairs.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

CLASSES = ("automatic", "likely", "possible", "named")
"""How sure a pair is: as sure as automatic merging wants it; LIKELY or more; on the review list; named by people."""
LIKELY = 900_000
"""Millionths."""
SAME = ("merged_by_rule", "merged")
WAITING = ("waiting", "later", "undone")
"""The states in which a pair stands on the review list. `undone`: merged, and taken back."""
STATES = (*SAME, "different", *WAITING, "elsewhere")
"""`elsewhere`: nobody decided, and one of the two is a customer no more, as it was merged with another."""
AGES = (7, 30, 90)
"""Days at which a new class of waiting times begins."""
_FOUND = ("found", "found_again")
_PAIR = ("customer_key", "other_key")


def pairs(events: ir.Table, customers: ir.Table) -> ir.Table:
    """The pairs as they stand now: the two keys, `class` (CLASSES), `state` (STATES), `evidence`, `source` (where it
    was noticed first; NULL and blank evidence for a pair that was merged without being found), `found_at`, `undone`
    (1 where a merge was ever taken back), `by_rule` (1 where it was ever merged by rule).

    `customers` has the `customer_key` of everybody who is a customer now. What somebody said at entry decides nothing.
    """
    number, event = events.event_number, events.event
    found, decides = event.isin(_FOUND), event != "said"
    known = events.group_by(*_PAIR).agg(
        found_at=events.recorded_at.min(),
        band=events.band.argmax(number, where=found),
        probability=events.probability.argmax(number, where=found),
        evidence=events.evidence.argmax(number, where=found).fill_null(""),
        source=events.source.argmin(number, where=found),
        newest=event.argmax(number, where=decides),
        undone=(event == "undone").cast("int64").max(),
        by_rule=(event == "merged_by_rule").cast("int64").max(),
    )
    there = customers.select(there="customer_key").distinct()
    for key in _PAIR:
        known = known.left_join(there, [(key, "there")]).mutate(**{f"{key}_there": lambda t: t.there.notnull()})
        known = known.drop("there")
    state = known.newest.isin(_FOUND).ifelse("waiting", known.newest)
    gone = ~(known.customer_key_there & known.other_key_there)
    state = (state.isin(WAITING) & gone).ifelse("elsewhere", state)
    named = ibis.cases(
        (known.band == "automatic", "automatic"),
        ((known.band == "review") & (known.probability >= LIKELY), "likely"),
        (known.band == "review", "possible"),
        else_="named",
    )
    known = known.mutate(state=state, **{"class": named})
    return known.select(*_PAIR, "class", "state", "evidence", "source", "found_at", "undone", "by_rule")


def totals(known: ir.Table) -> ir.Table:
    """One row: `pairs`, how many of them are in each of STATES, how many ever were merged `by_rule`, and of how many a
    merge was ever `undone`, and of these by rule: `rule_undone`.
    """
    states = {state: (known.state == state).cast("int64") for state in STATES}
    counted = {f"of_{state}": ibis.coalesce(one.sum(), 0).cast("int64") for state, one in states.items()}
    return known.aggregate(
        pairs=known.count().cast("int64"),
        by_rule=ibis.coalesce(known.by_rule.sum(), 0).cast("int64"),
        undone=ibis.coalesce(known.undone.sum(), 0).cast("int64"),
        rule_undone=ibis.coalesce((known.undone * known.by_rule).sum(), 0).cast("int64"),
        **counted,
    )


def by_class(known: ir.Table) -> ir.Table:
    """What became of the pairs of each class: `class`, `state`, `pairs`; in that order."""
    return known.group_by("class", "state").agg(pairs=known.count().cast("int64")).order_by("class", "state")


def by_evidence(known: ir.Table) -> ir.Table:
    """What became of the pairs for which a comparison speaks: `comparison` (blank: none that may be told), `outcome`
    (same, different, open), `pairs`; in that order. A pair counts once for each comparison.
    """
    outcome = ibis.cases((known.state.isin(SAME), "same"), (known.state == "different", "different"), else_="open")
    each = known.select(outcome=outcome, comparison=known.evidence.split(" ").unnest())
    counted = each.group_by("comparison", "outcome").agg(pairs=each.count().cast("int64"))
    return counted.order_by("comparison", "outcome")


def by_month(known: ir.Table) -> ir.Table:
    """When pairs were found: `month` (its first day, of UTC), `class`, `pairs`; in that order."""
    rows = known.mutate(month=known.found_at.truncate("M").date())
    return rows.group_by("month", "class").agg(pairs=rows.count().cast("int64")).order_by("month", "class")


def waiting(known: ir.Table, on: date) -> ir.Table:
    """How long pairs wait that nobody decided: `age_class` (0 for less than AGES[0] days, and so on), `pairs`; in that
    order. Days are those of UTC since it was found first.
    """
    rows = known.filter(known.state.isin(WAITING))
    days = ibis.literal(on).delta(rows.found_at.date(), unit="day")
    place = sum(((days >= bound).cast("int64") for bound in AGES), start=ibis.literal(0, "int64"))
    rows = rows.mutate(age_class=place.cast("int64"))
    return rows.group_by("age_class").agg(pairs=rows.count().cast("int64")).order_by("age_class")
