"""Credit exposure, as ERP systems count it: open balance + delivered, not invoiced + ordered, not delivered − secured.

For each order, as it stood when the system of orders told of it last:

- not delivered = ordered − the larger of delivered and invoiced, never below zero: what was invoiced ahead of its
  delivery is in the balance already;
- not invoiced = delivered − invoiced, never below zero.

"Invoiced" is what came to the customer's account, where it is a sale: from then on it is in the balance (sales −
returns − payments) and nowhere else. The exposure may be below zero, which is room that a prepayment or a security
leaves beyond the limit.
"""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification.credit.limits import CreditLimitRule, Limit
from custinfo.classification.credit.wording import SpokenBadInput, Yuan
from custinfo.domain.sums import total_fen

OUTCOMES = ("allowed", "needs_approval", "blocked")
REASONS = ("gate", "terms", "security", "over_limit", "overdue")
NO_CREDIT = "prepaid"


def committed(orders: ir.Table, day: date) -> ir.Table:
    """What customers' orders up to and with `day` bind beside the balance: `customer_key`, `not_invoiced_fen`,
    `not_delivered_fen` (int64). Exactly one row for each customer with an order, in no order.

    `orders` has `customer_key`, `occurred_on`, `amount_fen` (ordered), `delivered_fen`, `invoiced_fen` (int64, not
    below zero), one row for each order.
    """
    until = orders.filter(orders.occurred_on <= day)
    open_of = until.select(
        "customer_key",
        not_invoiced=ibis.greatest(until.delivered_fen - until.invoiced_fen, 0),
        not_delivered=ibis.greatest(until.amount_fen - ibis.greatest(until.delivered_fen, until.invoiced_fen), 0),
    )
    return open_of.group_by("customer_key").aggregate(
        not_invoiced_fen=total_fen(open_of.not_invoiced), not_delivered_fen=total_fen(open_of.not_delivered)
    )


def exposure_fen(balance_fen: int, not_invoiced_fen: int, not_delivered_fen: int, secured_fen: int) -> int:
    """The exposure of one customer; below zero where there is room beyond the limit."""
    return balance_fen + not_invoiced_fen + not_delivered_fen - secured_fen


@dataclass(frozen=True)
class Standing:
    """How a customer stands before an order: amounts in fen, days since the oldest open amount fell due (0: none)."""

    exposure_fen: int
    secured_fen: int
    overdue_days: int
    gate_open: bool


@dataclass(frozen=True)
class Decision:
    """Whether an order may go ahead, and the figures. `outcome` is one of OUTCOMES, `reasons` are some of REASONS.

    `after_fen` is the exposure with the order, `over_fen` by how much that is above the limit (0: not at all).
    """

    outcome: str
    reasons: tuple[str, ...]
    order_fen: int
    after_fen: int
    limit_fen: int
    over_fen: int
    overdue_days: int
    rule_version: int


def decide(order_fen: int, terms: str, standing: Standing, limit: Limit, rule: CreditLimitRule) -> Decision:
    """Holds an order of so many fen on these terms against the limit.

    Blocked: the gate before the first dealing is shut; over the limit by more than the rule lets anybody agree to;
    money overdue for too long. Needs approval: over the limit by less, money overdue, terms that the grade is not
    granted, or security demanded and none there. Paid before delivery, an order adds no exposure, and only the gate
    can stop it. Raises BadInput for an order that is not above zero.
    """
    if order_fen <= 0:
        raise SpokenBadInput("credit_use.order", amount=Yuan(order_fen))
    on_credit = terms != NO_CREDIT
    after = standing.exposure_fen + (order_fen if on_credit else 0)
    over = max(after - limit.limit_fen, 0) if on_credit else 0
    found = {"gate": "allowed" if standing.gate_open else "blocked"}
    if on_credit:
        demanded = limit.security != "none" and standing.secured_fen <= 0
        found["terms"] = "allowed" if terms in limit.terms else "needs_approval"
        found["security"] = "needs_approval" if demanded else "allowed"
        found["over_limit"] = _over(over, limit.limit_fen, rule)
        found["overdue"] = _overdue(standing.overdue_days, rule)
    return Decision(
        outcome=max(found.values(), key=OUTCOMES.index),
        reasons=tuple(reason for reason, outcome in found.items() if outcome != "allowed"),
        order_fen=order_fen,
        after_fen=after,
        limit_fen=limit.limit_fen,
        over_fen=over,
        overdue_days=standing.overdue_days,
        rule_version=rule.version,
    )


def _over(over_fen: int, limit_fen: int, rule: CreditLimitRule) -> str:
    if over_fen == 0:
        return "allowed"
    return "needs_approval" if over_fen * 10_000 <= limit_fen * rule.approval_over_basis_points else "blocked"


def _overdue(days: int, rule: CreditLimitRule) -> str:
    if days >= rule.blocked_overdue_days:
        return "blocked"
    return "needs_approval" if days >= rule.approval_overdue_days else "allowed"
