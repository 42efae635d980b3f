"""Payment behaviour: how much of the money due was paid in time, and how many days beyond terms the rest took.

Payments settle invoices first in, first out: a customer's invoices stand in order of due day, invoice day, number,
their payments in order of day and number, and each fen paid settles the earliest fen that is still open, whatever
invoice the payer named. What was paid before an invoice existed settles it on the day of the payment. Amounts of
invoices are net of their credit notes and cancellations. An invoice without a due day is due on its own day.

On a day, an invoice counts from the day after it fell due: its money was paid in time (on the due day or before), paid
late, or is still open. Money that is not due yet does not count, paid or not. Days beyond terms are counted for every
fen that is due: none when it was paid in time, else up to the day it was paid, or up to now.

Fen times days are decimals of 38 digits until they are divided: 64 bits would not hold 10^15 fen for 26 years.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification.credit import terms
from custinfo.classification.credit.terms import PaymentTermsRule
from custinfo.domain.sums import total_fen, whole

ZERO = ibis.literal(0, "int64")
WIDE = "decimal(38, 0)"


def sold(sales: ir.Table) -> ir.Table:
    """The goods of each customer's days: `customer_key`, `invoiced_on`, `amount_fen`, `document` (unique), in no order.

    `sales` has `customer_key`, `kind` (sale, return, payment), `occurred_on`, `amount_fen` (int64).
    """
    rows = sales.filter(sales.kind == "sale")
    by_day = rows.group_by("customer_key", invoiced_on=rows.occurred_on).aggregate(
        amount_fen=total_fen(rows.amount_fen)
    )
    return by_day.mutate(document=by_day.customer_key + "|" + by_day.invoiced_on.cast("string"))


def given(sales: ir.Table) -> ir.Table:
    """What settles goods, payments and returns of each customer's days, as `settled` takes it. `sales` as in `sold`."""
    rows = sales.filter(sales.kind.isin(("payment", "return")))
    by_day = rows.group_by("customer_key", "kind", paid_on=rows.occurred_on).aggregate(
        amount_fen=total_fen(rows.amount_fen)
    )
    named = by_day.customer_key + "|" + by_day.kind + "|" + by_day.paid_on.cast("string")
    return by_day.select("customer_key", "paid_on", "amount_fen", document=named)


def by_terms(sales: ir.Table, agreed: ir.Table, day: date, rule: PaymentTermsRule) -> ir.Table:
    """The goods of each customer's days as invoices, as `settled` takes them, due by the customer's terms.

    `sales` as in `sold`; `agreed` has `customer_key` (unique) and `terms`: who is not in it, or has NULL, has ours.
    """
    known = agreed.select(agreed_key="customer_key", terms="terms")
    goods = sold(sales).rename(delivered_on="invoiced_on")
    goods = goods.left_join(known, [("customer_key", "agreed_key")]).mutate(agreed_due_on=ibis.null("date"))
    return terms.dated(goods, day, rule).select(
        "customer_key", "document", "due_on", "amount_fen", invoiced_on="delivered_on"
    )


def settled(invoices: ir.Table, payments: ir.Table, day: date) -> ir.Table:
    """Which payment settled how much of which invoice, as known on `day`: one row for each pair, in no order.

    `invoices` has `customer_key`, `document` (unique), `invoiced_on`, `due_on` (may be NULL), `amount_fen`; `payments`
    has `customer_key`, `document` (unique), `paid_on`, `amount_fen`. What is later than `day`, and amounts that are not
    above zero, do not count. Gives `customer_key`, `invoice`, `payment`, `due_on`, `paid_on`, `settled_fen` (int64).
    """
    owed, paid = _owed(invoices, day), _paid(payments, day)
    pairs = owed.join(
        paid,
        (owed.customer_key == paid.payer) & (owed.owed_from < paid.paid_until) & (paid.paid_from < owed.owed_until),
    )
    return pairs.select(
        "customer_key",
        invoice=pairs.document,
        payment=pairs.payment,
        due_on=pairs.due_on,
        paid_on=pairs.paid_on,
        settled_fen=ibis.least(pairs.owed_until, pairs.paid_until) - ibis.greatest(pairs.owed_from, pairs.paid_from),
    )


def behaviour(customers: ir.Table, invoices: ir.Table, payments: ir.Table, first: date, day: date) -> ir.Table:
    """How each of `customers` (a unique `customer_key`) paid what fell due from `first` to the day before `day`.

    Exactly one row each, in no order: `due_fen`, `in_time_fen`, `late_fen`, `open_fen` (int64; the last three sum
    to the first), `in_time_share` and `days_beyond_terms` (float64: one division of two whole numbers; NULL when
    nothing fell due), `longest_overdue_days` (int64: of what is open now, 0 when nothing is). Invoices and payments
    as in `settled`.
    """
    owed = _owed(invoices, day)
    due = owed.filter(owed.due_on < day, owed.due_on >= first)
    parts = settled(invoices, payments, day)
    late = parts.paid_on > parts.due_on
    beyond = ibis.greatest(parts.paid_on.delta(parts.due_on, unit="day").cast("int64"), 0)
    by_invoice = (
        parts.mutate(late_part=late.ifelse(parts.settled_fen, ZERO), fen_days=_fen_days(parts.settled_fen, beyond))
        .group_by("invoice")
        .aggregate(
            paid_fen=lambda t: total_fen(t.settled_fen),
            late_fen=lambda t: total_fen(t.late_part),
            fen_days=lambda t: t.fen_days.sum(),
        )
    )
    joined = due.left_join(by_invoice, due.document == by_invoice.invoice)
    filled = joined.mutate(**{name: joined[name].fill_null(0) for name in ("paid_fen", "late_fen", "fen_days")})
    overdue = ibis.literal(day).delta(filled.due_on, unit="day").cast("int64")
    open_fen = filled.amount_fen - filled.paid_fen
    counted = filled.select(
        "customer_key",
        "amount_fen",
        "late_fen",
        open_fen=open_fen,
        fen_days=filled.fen_days + _fen_days(open_fen, overdue),
        overdue_days=(open_fen > 0).ifelse(overdue, ZERO),
    )
    return _by_customer(customers, counted)


def _fen_days(fen: ir.Value, days: ir.Value) -> ir.Value:
    return fen.cast(WIDE) * days.cast(WIDE)


def _by_customer(customers: ir.Table, counted: ir.Table) -> ir.Table:
    sums = counted.group_by("customer_key").aggregate(
        due_fen=total_fen(counted.amount_fen),
        late_fen=total_fen(counted.late_fen),
        open_fen=total_fen(counted.open_fen),
        fen_days=counted.fen_days.sum(),
        longest_overdue_days=counted.overdue_days.max(),
    )
    rows = customers.select("customer_key").left_join(sums, "customer_key").drop("customer_key_right")
    names = ("due_fen", "late_fen", "open_fen", "fen_days", "longest_overdue_days")
    known = rows.select("customer_key", **{name: rows[name].fill_null(0) for name in names})
    in_time = known.due_fen - known.late_fen - known.open_fen
    whole = known.due_fen.nullif(0).cast("float64")
    return known.select(
        "customer_key",
        "due_fen",
        "late_fen",
        "open_fen",
        "longest_overdue_days",
        in_time_fen=in_time,
        in_time_share=in_time.cast("float64") / whole,
        days_beyond_terms=known.fen_days.cast("float64") / whole,
    )


def _owed(invoices: ir.Table, day: date) -> ir.Table:
    """Invoices with the stretch `[owed_from, owed_until)` of the customer's fen that each of them is."""
    counted = invoices.filter(invoices.invoiced_on <= day, invoices.amount_fen > 0)
    dated = counted.select(
        "customer_key",
        "document",
        "invoiced_on",
        "amount_fen",
        due_on=counted.due_on.fill_null(counted.invoiced_on),
    )
    order = [dated.due_on.asc(), dated.invoiced_on.asc(), dated.document.asc()]
    until = _running(dated, order)
    return dated.mutate(owed_until=until, owed_from=until - dated.amount_fen)


def _paid(payments: ir.Table, day: date) -> ir.Table:
    counted = payments.filter(payments.paid_on <= day, payments.amount_fen > 0)
    until = _running(counted, [counted.paid_on.asc(), counted.document.asc()])
    return counted.select(
        "paid_on",
        payer=counted.customer_key,
        payment=counted.document,
        paid_until=until,
        paid_from=until - counted.amount_fen,
    )


def _running(rows: ir.Table, order: list[ir.Value]) -> ir.Value:
    window = ibis.window(group_by=rows.customer_key, order_by=order, rows=(None, 0))
    return whole(rows.amount_fen.sum().over(window))
