"""Transitions between value grades: who changed from one date to another, how many, and why.

Grade each date once and keep the result: everything here joins two graded tables, it never grades. The grades of a
quarter are kept in the lake: `of_quarter` takes them from the rows of `Lake.gradings`, and `class_matrix` compares two
quarters by any scheme that is kept there. A customer who is not in one of the two tables has the grade ABSENT there
(not yet known, or no longer).

The main reason of a change is the first of these that applies. The change in net sales is that by the rule of the first
date: `same_rule` net sales less those of the first date. It is made of sales that came into the window and sales that
left it, of returns likewise, and of a rest: rows of the first window recorded or corrected after it was graded.

1. `new`: absent at the first date. 2. `gone`: absent at the second.
3. `rule`: the version of the rule changed, and by the old one the grade had not moved the same way (up or down).
4. `held`: net sales had not moved the same way, and the hysteresis of the rule held the grade at one of the dates.
5. `others`: net sales had not moved the same way: the grade moved because of what all the others bought.
6. `corrected`: without the rest, net sales had not moved the same way.
7. `returns`: without the difference in returns, net sales had not moved the same way.
8. `order_left` (down only): a single sale that left the window is as large as the whole fall, and at least
   LARGE_ORDER_PERCENT of the net sales of the first date.
9. `sales`: net sales rose, or fell.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from custinfo.classification.value_grade import GRADES, ValueGradeRule, counted, window_start
from custinfo.domain.messages import text
from custinfo.domain.money import show
from custinfo.domain.periods import Quarter
from custinfo.domain.sums import total_fen, whole

ABSENT = "-"
REASONS = ("new", "gone", "rule", "held", "others", "corrected", "returns", "order_left", "sales")
HELD = "held"
"""The reason that is kept with a value grade which the hysteresis made another than that of the day."""
LARGE_ORDER_PERCENT = 25
"""From which share of a customer's net sales on a single sale is worth being named as the reason."""

_FACTS = ("entered_fen", "left_fen", "entered_returns_fen", "left_returns_fen", "largest_left_fen")


def of_quarter(gradings: ir.Table, quarter: Quarter) -> ir.Table:
    """The value grades of a quarter as `value_grade.grade_quarter` gave them then; no row when it was not graded.

    `gradings` are the rows in force (`Lake.gradings`). Gives `customer_key`, `sales_12m_fen` (int64), `grade`,
    `rule_version` (int32), `held`, in no order.
    """
    rows = _of(gradings, "value_grade", quarter)
    return rows.select(
        "customer_key",
        sales_12m_fen=rows.figure,
        grade=rows["class"],
        rule_version=rows.rule_version,
        held=(rows.reason == HELD).fill_null(False),
    )


def class_matrix(gradings: ir.Table, scheme: str, first: Quarter, second: Quarter) -> ir.Table:
    """How many went from which class of a scheme to which from one quarter to the other, by the rows of `of_quarter`.

    Gives `from_class`, `to_class` (ABSENT for who was not there), `customers`, `from_customers` (int64): the share of
    those who went this way is exactly `customers / from_customers`. A way that nobody went has no row. In no order.
    """
    before = _of(gradings, scheme, first)
    after = _of(gradings, scheme, second)
    earlier = before.select(first_key="customer_key", from_class="class")
    later = after.select(second_key="customer_key", to_class="class")
    both = earlier.outer_join(later, earlier.first_key == later.second_key)
    pairs = both.mutate(from_class=both.from_class.fill_null(ABSENT), to_class=both.to_class.fill_null(ABSENT))
    cells = pairs.group_by("from_class", "to_class").agg(customers=lambda t: t.count().cast("int64"))
    all_of_them = cells.customers.sum().over(group_by=cells.from_class)
    return cells.mutate(from_customers=whole(all_of_them))


def _of(gradings: ir.Table, scheme: str, quarter: Quarter) -> ir.Table:
    return gradings.filter(gradings.scheme == scheme, gradings.quarter == str(quarter))


def matrix(before: ir.Table, after: ir.Table) -> ir.Table:
    """How many went from which grade to which, by two tables as `value_grade.grade` gives them.

    Gives `from_grade`, `to_grade`, `customers`, `before_fen`, `after_fen`, `from_customers` (int64): the share of those
    who went this way is exactly `customers / from_customers`. A way that nobody went has no row. In no order.
    """
    pairs = _pairs(before, after)
    cells = pairs.group_by("from_grade", "to_grade").agg(
        customers=lambda t: t.count().cast("int64"),
        before_fen=lambda t: total_fen(t.before_fen),
        after_fen=lambda t: total_fen(t.after_fen),
    )
    all_of_them = cells.customers.sum().over(group_by=cells.from_grade)
    return cells.mutate(from_customers=whole(all_of_them))


def movements(sales: ir.Table, first: date, second: date, rule: ValueGradeRule) -> ir.Table:
    """What came into the window and what left it between two days, for every customer with such rows.

    Gives `customer_key` and, in int64 fen: `entered_fen` and `left_fen` (sales), `entered_returns_fen` and
    `left_returns_fen`, `largest_left_fen` (the largest single sale that left; 0 for none). `rule` is that of the first
    day. Raises ValueError when `second` is not after `first`.
    """
    if second <= first:
        raise ValueError("the second day is not after the first")
    start, later_start = window_start(first, rule.months), window_start(second, rule.months)
    rows = counted(sales, rule)
    day = rows.occurred_on
    came = day.between(max(later_start, first + timedelta(days=1)), second)
    # With a gap between the windows all of the first one left
    left = day.between(start, min(first, later_start - timedelta(days=1)))
    rows = rows.filter(came | left).select("customer_key", "kind", "amount_fen", came=came)
    sold = rows.kind == "sale"
    parts = {
        "entered_fen": rows.came & sold,
        "left_fen": ~rows.came & sold,
        "entered_returns_fen": rows.came & ~sold,
        "left_returns_fen": ~rows.came & ~sold,
    }
    sums = {name: total_fen(ibis.cases((part, rows.amount_fen), else_=0)) for name, part in parts.items()}
    largest = ibis.cases((parts["left_fen"], rows.amount_fen), else_=0).max()
    return rows.group_by("customer_key").agg(**sums, largest_left_fen=largest.cast("int64"))


def changes(before: ir.Table, after: ir.Table, same_rule: ir.Table, moved: ir.Table) -> ir.Table:
    """Everybody whose grade changed, once, with the main reason and the figures it follows from.

    `before` and `after` are the grades of the two dates, of days or of quarters; `same_rule` those of the second date
    by the rule of the first (`after` itself when the rule did not change); `moved` is what `movements` gave. Gives
    `customer_key` (unique), `from_grade`, `to_grade`, `direction` (up, down; NULL for a customer who is new or gone),
    `reason`, `from_rule`, `to_rule` (int32, NULL when absent), `old_rule_grade` (the grade of the second date by the
    first date's rule), and in int64 fen `before_fen`, `after_fen`, `change_fen` (by the first date's rule) and its
    three parts, which add up to it: `sales_change_fen`, `returns_change_fen` (negative for more returns),
    `corrected_fen`; `largest_left_fen`; `others_change_fen` (the change of the positive net sales of all others, by
    the first date's rule). In no order.
    """
    pairs = _pairs(before, after)
    counterfactual = same_rule.select(
        cf_key=same_rule.customer_key, old_rule_grade=same_rule.grade, same_rule_fen=same_rule.sales_12m_fen
    )
    facts = moved.select(moved_key=moved.customer_key, **{name: moved[name] for name in _FACTS})
    joined = pairs.left_join(counterfactual, [("customer_key", "cf_key")])
    joined = joined.left_join(facts, [("customer_key", "moved_key")])
    joined = joined.mutate(
        **{name: joined[name].fill_null(0) for name in (*_FACTS, "same_rule_fen")},
        old_rule_grade=joined.old_rule_grade.fill_null(ABSENT),
    )
    figured = _figures(joined)
    changed = figured.filter(figured.from_grade != figured.to_grade)
    way = _way(changed.from_grade, changed.to_grade)
    return changed.select(
        "customer_key",
        "from_grade",
        "to_grade",
        direction=ibis.cases((way > 0, "up"), (way < 0, "down")),
        reason=_reason(changed, way),
        **{name: changed[name] for name in ("from_rule", "to_rule", "old_rule_grade", "before_fen", "after_fen")},
        **{name: changed[name] for name in ("change_fen", "sales_change_fen", "returns_change_fen", "corrected_fen")},
        largest_left_fen=changed.largest_left_fen,
        others_change_fen=changed.others_change_fen,
    )


def sentence(change: Mapping[str, Any], language: str) -> str:
    """Why the grade changed, for a reader: `change` is a row of `changes`. Raises KeyError for a missing column."""
    reason = str(change["reason"])
    key = reason if reason in ("new", "gone") else f"{reason}_{change['direction']}"
    old_rule_grade = change["old_rule_grade"]
    name = "vertical.absent" if old_rule_grade == ABSENT else f"classification.value_grade.{old_rule_grade}"
    return text(
        f"vertical.reason.{key}",
        language,
        from_rule=change["from_rule"],
        to_rule=change["to_rule"],
        old_rule_grade=text(name, language),
        others=show(change["others_change_fen"]),
        **{
            part: show(abs(change[f"{part}_fen"])) for part in ("change", "returns_change", "corrected", "largest_left")
        },
    )


def _pairs(before: ir.Table, after: ir.Table) -> ir.Table:
    first = before.select(
        first_key=before.customer_key,
        from_grade=before.grade,
        before_fen=before.sales_12m_fen,
        from_rule=before.rule_version,
        was_held=_held(before),
    )
    second = after.select(
        second_key=after.customer_key,
        to_grade=after.grade,
        after_fen=after.sales_12m_fen,
        to_rule=after.rule_version,
        is_held=_held(after),
    )
    both = first.outer_join(second, first.first_key == second.second_key)
    # Not select, which stays within the join and keeps what is computed here from being joined upon
    named = both.mutate(
        customer_key=both.first_key.coalesce(both.second_key),
        from_grade=both.from_grade.fill_null(ABSENT),
        to_grade=both.to_grade.fill_null(ABSENT),
        before_fen=both.before_fen.fill_null(0),
        after_fen=both.after_fen.fill_null(0),
        held=both.was_held.fill_null(False) | both.is_held.fill_null(False),
    )
    return named.drop("first_key", "second_key", "was_held", "is_held")


def _held(graded: ir.Table) -> ir.BooleanValue:
    """Whether hysteresis held the grade; the grades of a day, which have none, do not have the column."""
    return graded.held if "held" in graded.columns else ibis.literal(False)


def _figures(joined: ir.Table) -> ir.Table:
    """With the change in net sales, its three parts, and what all others did; over every customer, changed or not."""
    change = joined.same_rule_fen - joined.before_fen
    sold = joined.entered_fen - joined.left_fen
    returned = joined.left_returns_fen - joined.entered_returns_fen
    risen = ibis.greatest(joined.same_rule_fen, 0) - ibis.greatest(joined.before_fen, 0)
    # A window over all rows, so the sum is taken before those who did not change are left out
    others = whole(risen.sum().over() - risen)
    return joined.mutate(
        change_fen=change,
        sales_change_fen=sold,
        returns_change_fen=returned,
        corrected_fen=change - sold - returned,
        others_change_fen=others,
    )


def _rank(grade: ir.StringValue) -> ir.IntegerValue:
    return ibis.cases(*((grade == name, place) for place, name in enumerate(reversed(GRADES), start=1)), else_=0)


def _way(first: ir.StringValue, second: ir.StringValue) -> ir.IntegerValue:
    """1 up, -1 down, 0 neither; NULL where one of them is ABSENT."""
    way = (_rank(second) - _rank(first)).sign().cast("int64")
    return ibis.cases(((first != ABSENT) & (second != ABSENT), way))


def _reason(changed: ir.Table, way: ir.IntegerValue) -> ir.StringValue:
    old_rule_way = _way(changed.from_grade, changed.old_rule_grade).fill_null(0)
    change = changed.change_fen
    is_large = changed.largest_left_fen * 100 >= changed.before_fen * LARGE_ORDER_PERCENT
    return ibis.cases(
        (changed.from_grade == ABSENT, "new"),
        (changed.to_grade == ABSENT, "gone"),
        ((changed.from_rule != changed.to_rule) & (old_rule_way != way), "rule"),
        ((change * way <= 0) & changed.held, "held"),
        (change * way <= 0, "others"),
        ((change - changed.corrected_fen) * way <= 0, "corrected"),
        ((change - changed.returns_change_fen) * way <= 0, "returns"),
        ((way < 0) & (change + changed.largest_left_fen >= 0) & is_large, "order_left"),
        else_="sales",
    )
