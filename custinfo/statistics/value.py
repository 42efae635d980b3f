"""What customers are worth, as an analyst looks at it: the RFM grid, who still buys, where the profit comes from.

Every figure is a small table, whatever the number of customers; amounts are whole fen.
"""

import ibis
import ibis.expr.types as ir

from custinfo.domain.sums import total_fen, whole

EXPECTED = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Where the classes of expected purchases begin, but for the first, which begins at none."""
TENTHS = 10
STEPS = 100
"""Points of the curve of concentration."""


def grid(scores: ir.Table) -> ir.Table:
    """Customers by recency and frequency: `r`, `f`, `customers`, `monetary_fen`; in the order of the two scores.

    `scores` has one row for each customer: `r`, `f` (1 to 5; 0 without a sale in the window: left out here),
    `segment`, `monetary_fen`.
    """
    bought = scores.filter(scores.r > 0)
    counted = bought.group_by("r", "f").agg(
        customers=bought.count().cast("int64"), monetary_fen=total_fen(bought.monetary_fen)
    )
    return counted.order_by("r", "f")


def segments(scores: ir.Table) -> ir.Table:
    """The RFM segments: `segment`, `customers`, `monetary_fen`; most customers first, then by code.

    `scores` is as for `grid`; those without a sale are a segment too.
    """
    counted = scores.group_by("segment").agg(
        customers=scores.count().cast("int64"), monetary_fen=total_fen(scores.monetary_fen)
    )
    return counted.order_by(ibis.desc("customers"), "segment")


def alive_by_expected(scored: ir.Table) -> ir.Table:
    """Customers by whether they still buy and how much is expected: `alive_tenth`, `expected_class`, `customers`.

    `scored` has one row for each customer: `alive` (a probability) and `expected` (purchases, 0 or more).
    `alive_tenth` is 0 for a probability below 0.1 … 9 for 0.9 up to and with 1; `expected_class` is the number of
    bounds of EXPECTED that the purchases reach, exactly on a bound is above it. In the order of the two.
    """
    tenth = (scored.alive * TENTHS).floor().cast("int64")
    classed = scored.select(
        alive_tenth=ibis.least(tenth, TENTHS - 1),
        expected_class=ibis.cases(
            *((scored.expected >= bound, place) for place, bound in reversed(list(enumerate(EXPECTED, start=1)))),
            else_=0,
        ).cast("int64"),
    )
    counted = classed.group_by("alive_tenth", "expected_class").agg(customers=classed.count().cast("int64"))
    return counted.order_by("alive_tenth", "expected_class")


def concentration(amounts: ir.Table) -> ir.Table:
    """How much of the whole the largest customers make, as a curve of at most STEPS points.

    `amounts` has one row for each customer: `fen` (int64, may be negative or NULL, which counts as 0). Customers stand
    by amount, the largest first; in whatever order equal ones stand, the curve is the same. A point is the last
    customer of each hundredth of them: gives `rank` (from 1), `customers` (of all), `sum_fen` (of these and all
    before), `total_fen`; by rank. Where some are negative the curve rises above the whole and comes back.
    """
    # By distinct amounts, of which each comes once: within equal ones the curve is a straight line
    fen = amounts.fen.fill_null(0)
    equal = amounts.select(fen=fen).group_by("fen").agg(many=lambda t: t.count().cast("int64"))
    so_far = ibis.rows_window(preceding=(None, 0), order_by=equal.fen.desc())
    alike = equal.mutate(sum_of=equal.fen.cast("decimal(38, 0)") * equal.many)
    placed = alike.select(
        "fen",
        "many",
        upto=whole(alike.many.sum().over(so_far)),
        upto_fen=whole(alike.sum_of.sum().over(so_far)),
        customers=whole(alike.many.sum().over()),
        total_fen=whole(alike.sum_of.sum().over()),
    )
    before = placed.upto - placed.many
    reaches = (placed.upto * STEPS).floordiv(placed.customers) > (before * STEPS).floordiv(placed.customers)
    steps = ibis.memtable([(step,) for step in range(1, STEPS + 1)], schema={"step": "int64"})
    pairs = placed.filter(reaches).cross_join(steps)
    ranked = pairs.mutate(rank=(pairs.step * pairs.customers + STEPS - 1).floordiv(STEPS))
    here = ranked.filter(ranked["rank"] <= ranked.upto, ranked["rank"] > ranked.upto - ranked.many)
    sums = here.upto_fen - here.fen * (here.upto - here["rank"])
    return here.select("rank", "customers", sum_fen=sums, total_fen=here.total_fen).distinct().order_by("rank")
