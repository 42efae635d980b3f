"""What customers owe, from the sales, returns and payments in the lake: balance, overdue items, signs of trouble.

Goods sold on one day are one item, due by the customer's terms; returns and payments settle items first in, first out.
The lake and its engine are imported when asked: pages are forked from a process that must not have them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from custinfo.actions import credit_commitments
from custinfo.actions.credit_commitments import Orders
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.periods import Month
from custinfo.store import Store

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from custinfo.classification.credit.one_account import DaySum
    from custinfo.lake.tables import Lake

YEAR = 365
"""Payment behaviour is that of what fell due within so many days."""
PURPOSE = "service"
"""What the lake is opened for: a claim is not withheld from who has to collect it by who withdrew from analysis."""
FEW = 50
"""So many customers are worked out in plain Python, for which no engine has to plan queries."""
ON_ACCOUNT = ("net_30", "net_60", "net_90")


@dataclass(frozen=True)
class OpenItem:
    """What is left open of the goods of one day."""

    delivered_on: date
    due_on: date
    open_fen: int


@dataclass(frozen=True)
class Owed:
    """One customer's account on a day; all amounts in fen. `signs` are (sign, amount, compared, rule version).
    `purchases` and `months_bought` count the days and the months with a sale in the months of `sales_fen`.
    """

    balance_fen: int = 0
    sales_fen: int = 0
    first_sale_on: date | None = None
    due_fen: int = 0
    in_time_fen: int = 0
    late_fen: int = 0
    open_fen: int = 0
    days_beyond_terms: float | None = None
    longest_overdue_days: int = 0
    items: tuple[OpenItem, ...] = ()
    signs: tuple[tuple[str, int, int, int], ...] = ()
    purchases: int = 0
    months_bought: int = 0


@dataclass(frozen=True)
class Accounts:
    """The accounts of some customers, by their key; who has no dealings is not named. `orders` is None where the lake
    never had any.
    """

    lake_version: int
    by_key: Mapping[str, Owed]
    orders: Orders | None = None

    def of(self, key: str | None) -> Owed:
        """One customer's, empty for who has no dealings."""
        return self.by_key.get(key or "", Owed())


def read(
    store: Store, terms: Mapping[str, str | None], day: date, *, sales_months: int, as_of: datetime | None = None
) -> Accounts | None:
    """The accounts on `day` of the customers in `terms` (key in the lake → code of `payment_terms`, None: our own).

    `sales_fen` is net sales of the `sales_months` months up to `day`. None while no lake is published.
    """
    from custinfo import lake

    try:
        opened = lake.open(store.site, as_of=as_of, purpose=PURPOSE)
    except (WrongState, NotFound):
        return None
    if not terms:
        return Accounts(opened.manifest.version, {})
    orders = credit_commitments.read(opened, terms, day, store.site.zone)
    return Accounts(opened.manifest.version, _accounts(opened, terms, day, sales_months), orders)


def _accounts(opened: "Lake", terms: Mapping[str, str | None], day: date, sales_months: int) -> dict[str, Owed]:
    from custinfo.classification.credit import terms as payment_terms

    coded = {one.code for one in payment_terms.rule(day).terms}
    known = {key: code if code in coded else None for key, code in terms.items()}
    few = len(known) <= FEW
    return _of_few(opened, known, day, sales_months) if few else _of_many(opened, known, day, sales_months)


def _of_few(opened: "Lake", terms: Mapping[str, str | None], day: date, sales_months: int) -> dict[str, Owed]:
    from custinfo.classification.credit.one_account import DaySum

    sales = opened.sales
    theirs = sales.filter(sales.customer_key.isin(list(terms)), sales.occurred_on <= day)
    sums = theirs.group_by("customer_key", "kind", "occurred_on").aggregate(fen=theirs.amount_fen.sum().cast("int64"))
    found: dict[str, list[DaySum]] = {}
    for row in _rows(sums):
        found.setdefault(row["customer_key"], []).append(DaySum(row["kind"], row["occurred_on"], row["fen"]))
    return {key: _one(days, terms[key], day, sales_months) for key, days in found.items()}


def _one(sums: "Sequence[DaySum]", terms: str | None, day: date, sales_months: int) -> Owed:
    from custinfo.classification.credit import account_watch, one_account
    from custinfo.classification.credit import terms as payment_terms

    due_rule, watch_rule = payment_terms.rule(day), account_watch.rule(day)
    settled = one_account.items(sums, terms, day, due_rule)
    paid = one_account.behaviour(settled, _year_ago(day), day)
    since = _months_ago(day, sales_months)
    recent = {kind: sum(one.fen for one in sums if one.kind == kind and one.on > since) for kind in ("sale", "return")}
    bought = {one.on for one in sums if one.kind == "sale" and one.on > since}
    watched = terms is None or terms in ON_ACCOUNT
    signs = one_account.signs(sums, terms, day, watch_rule, due_rule) if watched else []
    left = [OpenItem(one.delivered_on, one.due_on, one.open_fen) for one in settled if one.open_fen]
    return Owed(
        balance_fen=sum(one.fen if one.kind == "sale" else -one.fen for one in sums),
        sales_fen=recent["sale"] - recent["return"],
        first_sale_on=min((one.on for one in sums if one.kind == "sale"), default=None),
        due_fen=paid.due_fen,
        in_time_fen=paid.in_time_fen,
        late_fen=paid.late_fen,
        open_fen=paid.open_fen,
        days_beyond_terms=paid.fen_days / paid.due_fen if paid.due_fen else None,
        longest_overdue_days=paid.longest_overdue_days,
        items=tuple(sorted(left, key=lambda one: (one.due_on, one.delivered_on))),
        signs=tuple(sorted((*sign, watch_rule.version) for sign in signs)),
        purchases=len(bought),
        months_bought=len({(one.year, one.month) for one in bought}),
    )


def _of_many(opened: "Lake", known: Mapping[str, str | None], day: date, sales_months: int) -> dict[str, Owed]:
    import ibis

    from custinfo.classification.credit import account_watch, payments
    from custinfo.classification.credit import terms as payment_terms

    due_rule, watch_rule = payment_terms.rule(day), account_watch.rule(day)
    columns = {"customer_key": list(known), "terms": list(known.values())}
    customers = ibis.memtable(columns, schema={"customer_key": "string", "terms": "string"})
    sales = opened.sales.filter(opened.sales.occurred_on <= day).semi_join(customers, "customer_key").cache()
    invoices, paid = payments.by_terms(sales, customers, day, due_rule), payments.given(sales)
    found: dict[str, dict[str, Any]] = {row["customer_key"]: row for row in _rows(_sums(sales, day, sales_months))}
    _add_behaviour(found, payments.behaviour(customers.select("customer_key"), invoices, paid, _year_ago(day), day))
    items = _items(invoices, payments.settled(invoices, paid, day))
    on_account = customers.filter(customers.terms.isnull() | customers.terms.isin(ON_ACCOUNT)).select("customer_key")
    signs: dict[str, list[tuple[str, int, int, int]]] = {}
    for row in _rows(account_watch.signs(on_account, sales, invoices, paid, day, watch_rule)):
        sign = (row["sign"], row["amount_fen"], row["compared_fen"], row["rule_version"])
        signs.setdefault(row["customer_key"], []).append(sign)
    return {key: _owed(row, items.get(key, ()), tuple(sorted(signs.get(key, ())))) for key, row in found.items()}


def _months_ago(day: date, months: int) -> date:
    """The last day that is more than so many months ago."""
    last = Month.of(day).plus(-months).last
    return last.replace(day=min(day.day, last.day))


def _year_ago(day: date) -> date:
    return day - timedelta(days=YEAR)


def _owed(
    row: Mapping[str, Any], items: tuple[OpenItem, ...], signs: tuple[tuple[str, int, int, int], ...]
) -> Owed:  # fmt: skip
    names = ("balance_fen", "sales_fen", "first_sale_on", "due_fen", "in_time_fen", "late_fen", "open_fen",
             "days_beyond_terms", "longest_overdue_days", "purchases", "months_bought")  # fmt: skip
    return Owed(items=items, signs=signs, **{name: row[name] for name in names if name in row})


def _rows(table: "ir.Table") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _sums(sales: "ir.Table", day: date, sales_months: int) -> "ir.Table":
    import ibis

    from custinfo.domain.sums import total_fen

    zero = ibis.literal(0, "int64")
    sold, given_back = sales.kind == "sale", sales.kind == "return"
    net = ibis.cases((sold, sales.amount_fen), (given_back, -sales.amount_fen), else_=zero)
    recent = sales.occurred_on > _months_ago(day, sales_months)
    bought = (sold & recent).ifelse(sales.occurred_on, ibis.null("date"))
    return sales.group_by("customer_key").aggregate(
        balance_fen=total_fen(sold.ifelse(sales.amount_fen, -sales.amount_fen)),
        sales_fen=total_fen(recent.ifelse(net, zero)),
        first_sale_on=sold.ifelse(sales.occurred_on, ibis.null("date")).min(),
        purchases=bought.nunique().cast("int64"),
        months_bought=(bought.year() * 12 + bought.month()).nunique().cast("int64"),
    )


def _add_behaviour(found: dict[str, dict[str, Any]], behaviour: "ir.Table") -> None:
    for row in _rows(behaviour):
        if row["customer_key"] in found:
            found[row["customer_key"]] |= row


def _items(invoices: "ir.Table", settled: "ir.Table") -> dict[str, tuple[OpenItem, ...]]:
    """What is left of each invoice, the earliest due in front."""
    from custinfo.domain.sums import total_fen

    by_invoice = settled.group_by("invoice").aggregate(settled_fen=total_fen(settled.settled_fen))
    joined = invoices.left_join(by_invoice, invoices.document == by_invoice.invoice)
    left = joined.mutate(left_fen=joined.amount_fen - joined.settled_fen.fill_null(0))
    found: dict[str, list[OpenItem]] = {}
    for row in _rows(left.filter(left.left_fen > 0).select("customer_key", "invoiced_on", "due_on", "left_fen")):
        item = OpenItem(row["invoiced_on"], row["due_on"] or row["invoiced_on"], row["left_fen"])
        found.setdefault(row["customer_key"], []).append(item)
    return {key: tuple(sorted(items, key=lambda one: (one.due_on, one.delivered_on))) for key, items in found.items()}
