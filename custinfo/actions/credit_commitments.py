"""What binds customers beside their balance: goods delivered and not invoiced, goods ordered and not delivered.

It comes from the batches of orders in the lake. A site that never imported any takes it from the approved application
of the customer, which knows it of one day: as soon as the goods are in the sales they are in the balance too, so after
the days of the rule (`credit_limits.toml`, `application_days`) the application's figures count no more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import TYPE_CHECKING

from custinfo.actions.credit_records import Application

if TYPE_CHECKING:
    from custinfo.lake.tables import Lake

SOURCES = ("orders", "application", "lapsed", "unknown")
"""Where figures come from: the last of them, where nothing is known, and the one before it count as zero."""


@dataclass(frozen=True)
class Commitments:
    """One customer's, in fen. `source` is one of SOURCES, `known_on` the day that the figures are of: of the newest
    batch of orders, or of the application; None of `unknown`.
    """

    source: str
    known_on: date | None
    not_invoiced_fen: int = 0
    not_delivered_fen: int = 0


@dataclass(frozen=True)
class Orders:
    """What the orders in a lake say, told last on `known_on`: by customers' keys (not invoiced, not delivered)."""

    known_on: date
    by_key: Mapping[str, tuple[int, int]]


def read(opened: "Lake", keys: Collection[str], day: date, zone: tzinfo) -> Orders | None:
    """The orders up to `day` of the customers with these keys; None of a lake that never had any orders."""
    import ibis

    from custinfo.classification.credit import exposure

    if not opened.manifest.paths("orders"):
        return None
    orders = opened.orders
    newest = orders.aggregate(at=orders.recorded_at.max()).to_pyarrow().to_pylist()[0]["at"]
    asked = ibis.memtable({"customer_key": list(keys)}, schema={"customer_key": "string"})
    rows = exposure.committed(orders.semi_join(asked, "customer_key"), day).to_pyarrow().to_pylist()
    by_key = {row["customer_key"]: (row["not_invoiced_fen"], row["not_delivered_fen"]) for row in rows}
    # None where every order was taken back: that much is known as of the version
    at = newest.replace(tzinfo=UTC) if newest else opened.as_of
    return Orders(at.astimezone(zone).date(), by_key)


def of(orders: Orders | None, key: str | None, approved: Application | None, day: date, days: int) -> Commitments:
    """A customer's: of the orders where the site has any, else of the `approved` application for so many `days`."""
    if orders is not None:
        not_invoiced, not_delivered = orders.by_key.get(key or "", (0, 0))
        return Commitments("orders", orders.known_on, not_invoiced, not_delivered)
    if approved is None:
        return Commitments("unknown", None)
    if (day - approved.stated_on).days > days:
        return Commitments("lapsed", approved.stated_on)
    return Commitments("application", approved.stated_on, approved.not_invoiced_fen, approved.not_delivered_fen)
