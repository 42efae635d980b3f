"""What customers owe, and when they last dealt with us, by the newest version of the lake."""

from collections.abc import Collection
from datetime import date

from custinfo.domain.errors import WrongState
from custinfo.lake import tables
from custinfo.store.site import Site

_PURPOSE = "service"
"""What the lake is opened for: a debt is nobody's to withdraw, so who objects to analysis still owes and dealt."""


def unpaid(site: Site, keys: Collection[str]) -> list[str]:
    """The keys among `keys` whose sales are above their returns and payments."""
    try:
        sales = tables.open(site, purpose=_PURPOSE).sales
    except WrongState:
        return []
    signed = (sales.kind == "sale").ifelse(sales.amount_fen, -sales.amount_fen)
    theirs = sales.filter(sales.customer_key.isin(list(keys))).mutate(signed=signed)
    owed = theirs.group_by("customer_key").agg(owed=theirs.signed.sum())
    return [str(row["customer_key"]) for row in owed.filter(owed.owed > 0).to_pyarrow().to_pylist()]


def last_dealings(site: Site) -> dict[str, date]:
    """The day of the newest sale, return or payment of each key."""
    try:
        sales = tables.open(site, purpose=_PURPOSE).sales
    except WrongState:
        return {}
    newest = sales.group_by("customer_key").agg(day=sales.occurred_on.max())
    return {row["customer_key"]: row["day"] for row in newest.to_pyarrow().to_pylist()}
