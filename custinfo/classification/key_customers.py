"""The customers to watch in a month (R104), each with its reasons; and what identifies a key customer (R101).

The list of a month is made from what was known on the last day of the month before, the day `on`. REASONS, the gravest
first; a customer has one row for each that applies:

1. `overdue`: at least `overdue_from_fen` are overdue.
2. `complaint`: a complaint is open.
3. `falling`: a watched grade at the earlier date, and since then net sales that fell by at least `falling_percent` of
   what they were, or that fell and left a lower grade (or the list of customers).
4. `lower_grade`: a watched grade at the earlier date and a lower one since, though net sales did not fall: what others
   bought, another rule or its hysteresis did that. Nobody is said to buy less who does not.
5. `lapsing`: a watched grade now, and nothing bought for `lapsing_days` days, `on` included.
6. `occasion`: a watched grade now, and a birthday, the end of a contract or the like within the month.

A watched grade is one of `grades`. Overdue amounts and complaints count whatever the grade. Customers who are in
neither table of grades are not listed.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.value_grade import GRADES
from custinfo.classification.words import Words
from custinfo.domain.periods import Month

FILE = "key_customers.toml"
REASONS = ("overdue", "complaint", "falling", "lower_grade", "lapsing", "occasion")
STEPS = ("files", "meaning", "points")
"""Which files are certain; what each entry of them means; which points matter, and are they recent and reliable."""


class Item(Part):
    """One question of the checklist that identifies a key customer."""

    name: Text
    step: Literal["files", "meaning", "points"]
    question: Words


class KeyCustomersRule(Rule):
    """One version: when a customer is watched, and the checklist in the order of its steps."""

    grades: Many[Text]
    falling_percent: Annotated[int, Field(gt=0, le=100)]
    lapsing_days: Annotated[int, Field(gt=0)]
    overdue_from_fen: Annotated[int, Field(gt=0)]
    item: Many[Item]

    def check(self) -> None:
        """Raises Fault for grades other than the highest, and a checklist out of order or with a name twice."""
        if self.grades not in (GRADES[:1], GRADES[:2], GRADES[:3]):
            raise Fault("vertical.watch.grades", found=", ".join(self.grades))
        names = [item.name for item in self.item]
        for name in names:
            if names.count(name) > 1:
                raise Fault("vertical.watch.twice", name=name)
        steps = [STEPS.index(item.step) for item in self.item]
        if steps != sorted(steps) or set(steps) != set(range(len(STEPS))):
            raise Fault("vertical.watch.steps", expected=", ".join(STEPS))


def rule(on: date, folder: Path = rules.FOLDER) -> KeyCustomersRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, KeyCustomersRule, folder)


def watched(
    month: Month,
    before: ir.Table,
    now: ir.Table,
    sales: ir.Table,
    rule: KeyCustomersRule,
    *,
    overdue: ir.Table | None = None,
    complaints: ir.Table | None = None,
    occasions: ir.Table | None = None,
) -> ir.Table:
    """The list for `month`: a row for each customer and reason, and for each occasion.

    `now` are the grades on the last day of the month before, `before` those of an earlier date, as `value_grade.grade`
    gives them; `sales` as there. Where given: `overdue` has `customer_key` (unique) and `overdue_fen`; `complaints` has
    `customer_key`, a row for each open one; `occasions` has `customer_key`, `what` and `on` (date). Gives
    `customer_key`, `grade` (now; NULL when gone), `reason`, `amount_fen` (overdue, or how far net sales fell),
    `number` (open complaints, or days without a purchase), `day` (of the last purchase, or the occasion), `what` (which
    occasion); these four are NULL where a reason has none; `rule_version` (int32). In no order.
    """
    first = before.select("customer_key", was="grade", was_fen="sales_12m_fen")
    known = first.outer_join(
        now.select(key="customer_key", grade="grade", now_fen="sales_12m_fen"), [("customer_key", "key")]
    )
    known = known.mutate(customer_key=known.customer_key.coalesce(known.key)).drop("key")
    found = [*_fallen(known, rule), _lapsing(known, sales, month.plus(-1).last, rule)]
    if overdue is not None:
        late = overdue.filter(overdue.overdue_fen >= rule.overdue_from_fen)
        found.append(_row(_of(known, late), "overdue", amount_fen="overdue_fen"))
    if complaints is not None:
        open_ones = complaints.group_by("customer_key").agg(number=lambda t: t.count().cast("int64"))
        found.append(_row(_of(known, open_ones), "complaint", number="number"))
    if occasions is not None:
        near = occasions.filter(occasions.on.between(month.first, month.last)).distinct()
        near = _of(known, near)
        found.append(_row(near.filter(near.grade.isin(rule.grades)), "occasion", day="on", what="what"))
    rows = reduce(lambda one, other: one.union(other), found)
    return rows.mutate(rule_version=ibis.literal(rule.version, "int32"))


def ordered(rows: ir.Table) -> ir.Table:
    """The list as it is read: the gravest reason first, then the largest amount, the longest time, the nearest day."""
    gravity = ibis.cases(*((rows.reason == name, place) for place, name in enumerate(REASONS)), else_=len(REASONS))
    return rows.order_by(gravity, ibis.desc("amount_fen"), ibis.desc("number"), "day", "customer_key", "what")


def checklist(rule: KeyCustomersRule, language: str) -> Iterator[tuple[str, str, str]]:
    """The questions in their order: name of the item, step, the question in the language."""
    return ((item.name, item.step, item.question.text(language)) for item in rule.item)


def _of(known: ir.Table, facts: ir.Table) -> ir.Table:
    """Facts about customers who are known, with their grade now."""
    grades = known.select(known_key="customer_key", grade="grade")
    return facts.inner_join(grades, [("customer_key", "known_key")]).drop("known_key")


def _fallen(known: ir.Table, rule: KeyCustomersRule) -> tuple[ir.Table, ir.Table]:
    """Who buys less, and who has a lower grade without buying less."""
    known = known.mutate(now_fen=known.now_fen.fill_null(0)).filter(known.was.isin(rule.grades))
    fell = known.now_fen * 100 <= known.was_fen * (100 - rule.falling_percent)
    # In the order of the alphabet a lower grade is the greater one
    lower = known.grade.isnull() | (known.grade > known.was)
    less = known.now_fen < known.was_fen
    falling = known.filter(fell | (lower & less))
    falling = falling.mutate(fall_fen=falling.was_fen - falling.now_fen)
    return _row(falling, "falling", amount_fen="fall_fen"), _row(known.filter(lower, ~less), "lower_grade")


def _lapsing(known: ir.Table, sales: ir.Table, on: date, rule: KeyCustomersRule) -> ir.Table:
    bought = sales.filter(sales.kind == "sale", sales.amount_fen > 0, sales.occurred_on <= on)
    last = bought.group_by("customer_key").agg(last=bought.occurred_on.max())
    quiet = _of(known, last.filter(last["last"] <= on - timedelta(days=rule.lapsing_days)))
    quiet = quiet.filter(quiet.grade.isin(rule.grades))
    days = ibis.literal(on).delta(quiet["last"], unit="day")
    return _row(quiet.mutate(days=days), "lapsing", number="days", day="last")


_FACTS = {"amount_fen": "int64", "number": "int64", "day": "date", "what": "string"}


def _row(customers: ir.Table, reason: str, **facts: str) -> ir.Table:
    """The columns of the list; `facts` names the column for each that the reason has."""
    cells = {
        name: customers[facts[name]].cast(kind) if name in facts else ibis.null(kind) for name, kind in _FACTS.items()
    }
    return customers.select("customer_key", "grade", reason=ibis.literal(reason), **cells)
