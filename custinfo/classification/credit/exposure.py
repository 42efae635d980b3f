"""Credit exposure, as ERP systems count it: open balance + delivered, not invoiced + ordered, not delivered − secured.

Documents of one dealing belong together by `reference`, the number of its first document (the order, or a delivery
without one); a document without a reference begins a dealing of its own. Up to and with the day, for each dealing:

- not delivered = ordered − cancelled − the larger of delivered and invoiced, never below zero: what was invoiced ahead
  of its delivery is in the balance already;
- not invoiced = delivered − delivery reversals − invoiced, never below zero. Goods taken back after the invoice are a
  credit note alone;
- invoiced = invoices − invoices cancelled. An invoice that is reversed, to be issued again or not, is cancelled: its
  goods stay delivered and are not invoiced any more. A credit note is for goods taken back, which stay invoiced.

The balance is, over all dealings of the customer, invoices + refunds − payments − credit notes − invoices cancelled; a
prepayment makes it negative. The exposure may be below zero, which is room that a prepayment or a security leaves
beyond the limit.
"""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification.credit.limits import CreditLimitRule, Limit
from custinfo.classification.credit.wording import SpokenBadInput, Yuan
from custinfo.domain.sums import total_fen

KINDS = (
    "order",
    "cancellation",
    "delivery",
    "delivery_reversal",
    "invoice",
    "invoice_cancelled",
    "credit_note",
    "payment",
    "refund",
)
FAULTS = ("no_number", "number_twice", "no_customer", "unknown_kind", "no_day", "no_amount")
OUTCOMES = ("allowed", "needs_approval", "blocked")
REASONS = ("gate", "terms", "security", "over_limit", "overdue")
NO_CREDIT = "prepaid"


def faulty(documents: ir.Table) -> ir.Table:
    """The documents that cannot be counted, as `document` and `fault` (the first of FAULTS that holds), in no order.

    An amount is wrong when it is NULL, zero or below: the kind says the direction. Every row of a number that stands
    twice is named.
    """
    times = documents.document.count().over(group_by=documents.document)
    counted = documents.mutate(times=times)
    fault = ibis.cases(
        (counted.document.isnull(), "no_number"),
        (counted.times > 1, "number_twice"),
        (counted.customer_key.isnull(), "no_customer"),
        (counted.kind.isnull() | ~counted.kind.isin(KINDS), "unknown_kind"),
        (counted.occurred_on.isnull(), "no_day"),
        (counted.amount_fen.isnull() | (counted.amount_fen <= 0), "no_amount"),
    )
    named = counted.select("document", fault=fault)
    return named.filter(named.fault.notnull())


def exposure(customers: ir.Table, documents: ir.Table, securities: ir.Table, day: date) -> ir.Table:
    """Exactly one row for each of `customers` (a unique `customer_key`), as of `day`, in no order.

    `documents` has `customer_key`, `document`, `reference` (may be NULL), `kind`, `occurred_on`, `amount_fen` (int64,
    above zero) and nothing that `faulty` names. `securities` has `customer_key`, `amount_fen` (what is recognised of
    it), `valid_from`, `valid_until` (NULL: without end; both days included). Gives `customer_key`, `balance_fen`,
    `not_invoiced_fen`, `not_delivered_fen`, `secured_fen`, `exposure_fen` (all int64).
    """
    until = documents.filter(documents.occurred_on <= day)
    dealings = _dealings(until)
    open_of = dealings.group_by("customer_key").aggregate(
        not_invoiced_fen=total_fen(dealings.not_invoiced), not_delivered_fen=total_fen(dealings.not_delivered)
    )
    signed = _signed(until, plus=("invoice", "refund"), minus=("payment", "credit_note", "invoice_cancelled"))
    balance = until.group_by("customer_key").aggregate(balance_fen=total_fen(signed))
    open_ended = securities.valid_until.isnull() | (securities.valid_until >= day)
    valid = securities.filter(securities.valid_from <= day, open_ended)
    secured = valid.group_by("customer_key").aggregate(secured_fen=total_fen(valid.amount_fen))
    rows = customers.select("customer_key")
    for part in (balance, open_of, secured):
        rows = rows.left_join(part, "customer_key").drop("customer_key_right")
    names = ("balance_fen", "not_invoiced_fen", "not_delivered_fen", "secured_fen")
    known = rows.select("customer_key", **{name: rows[name].fill_null(0) for name in names})
    owed = known.balance_fen + known.not_invoiced_fen + known.not_delivered_fen
    return known.mutate(exposure_fen=owed - known.secured_fen)


def _dealings(documents: ir.Table) -> ir.Table:
    referred = documents.mutate(dealing=documents.reference.fill_null(documents.document))
    sums = referred.group_by("customer_key", "dealing").aggregate(
        ordered=total_fen(_signed(referred, plus=("order",), minus=("cancellation",))),
        delivered=total_fen(_signed(referred, plus=("delivery",), minus=("delivery_reversal",))),
        invoiced=total_fen(_signed(referred, plus=("invoice",), minus=("invoice_cancelled",))),
    )
    return sums.select(
        "customer_key",
        not_invoiced=ibis.greatest(sums.delivered - sums.invoiced, 0),
        not_delivered=ibis.greatest(sums.ordered - ibis.greatest(sums.delivered, sums.invoiced), 0),
    )


def _signed(documents: ir.Table, plus: tuple[str, ...], minus: tuple[str, ...]) -> ir.Value:
    branches = [(documents.kind == kind, documents.amount_fen) for kind in plus]
    branches += [(documents.kind == kind, -documents.amount_fen) for kind in minus]
    return ibis.cases(*branches, else_=ibis.literal(0, "int64"))


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
