"""Customers that were merged: from that moment on what is known of one is known of its survivor.

Rows of the lake keep the key that they were written with. Which keys are one customer is looked up when a version is
opened, in the links that were recorded by then: whoever opens the lake as of a moment before a merge, or after it was
taken back, sees two customers.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from custinfo.lake import published_tables, schema
from custinfo.lake.asked import Asked

TABLE = "merged"
STAYING = {
    "customer_versions": "whose card leads elsewhere is no customer any more",
    "gradings": "a quarter has one class of a customer by each scheme",
    "card_recordings": "they are of versions of a card, and each card has its own",
    "matches": "a pair is of the two cards that it was found of",
    "merged": "these are the links",
    "superseded": "a row of a batch is told by its number",
}
"""The tables with customers' keys whose rows do not simply go where the link leads, and why."""

FOLLOWING = tuple(name for name in schema.TABLES if published_tables.keys(name) and name not in STAYING)
"""The tables whose rows go where the link leads: all others that have the key of a customer."""


def applied(found: Mapping[str, ir.Table]) -> Mapping[str, ir.Table]:
    """The tables of a version with the links that it holds: dealings of who was merged, and what was decided on
    them or what they want, are their survivor's, and their card's versions are not among those of customers. Of
    evaluations the newest counts, as of any customer who is evaluated again (`classification.evaluations`).
    """
    leads = _leads(found[TABLE])

    def led(name: str) -> ir.Table:
        if name == "customer_versions":
            return found[name].anti_join(leads, [("customer_key", "gone_key")])
        if name == "gradings":
            return _graded(found[name], leads)
        return _followed(found[name], leads) if name in FOLLOWING else found[name]

    return Asked(found, led)


def _graded(rows: ir.Table, leads: ir.Table) -> ir.Table:
    """Gradings with one row for each customer: the survivor's own class stands; where a quarter has none of it, that of
    who was merged into it, of several the smallest key's.
    """
    by = [name for name in ("branch", "quarter", "edition", "scheme", "customer_key") if name in rows.columns]
    gone = rows.semi_join(leads, [("customer_key", "gone_key")])
    own = rows.anti_join(leads, [("customer_key", "gone_key")])
    moved = gone.mutate(_was=gone.customer_key).inner_join(leads, [("_was", "gone_key")])
    moved = moved.mutate(customer_key=moved.survivor_key)
    first = ibis.row_number().over(group_by=by, order_by=moved["_was"])
    alone = moved.mutate(_place=first).filter(lambda t: t["_place"] == 0).select(*rows.columns)
    return own.union(alone.anti_join(own, by))


def _leads(links: ir.Table) -> ir.Table:
    """gone_key, survivor_key: one row for each key that leads to another. The newest link of a key counts; of links of
    the same moment the one that leads somewhere, then the smallest survivor.
    """
    order = [links.recorded_at.desc(), links.survivor_key.isnull(), links.survivor_key]
    newest = ibis.row_number().over(group_by=links.customer_key, order_by=order)
    last = links.mutate(_place=newest).filter(lambda t: (t["_place"] == 0) & t["survivor_key"].notnull())
    return last.select(gone_key="customer_key", survivor_key="survivor_key")


def _followed(rows: ir.Table, leads: ir.Table) -> ir.Table:
    joined = rows.left_join(leads, rows["customer_key"] == leads["gone_key"])
    followed = joined.mutate(customer_key=ibis.coalesce(joined["survivor_key"], joined["customer_key"]))
    return followed.select(*rows.columns)
