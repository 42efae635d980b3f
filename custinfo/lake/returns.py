"""Customers who would have given back more than they ever bought, once a batch is in the lake."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from custinfo.lake import superseding
from custinfo.lake.imports import FactBatch
from custinfo.lake.superseding import Registered
from custinfo.store.site import Site

_FEN = pa.decimal128(38)  # an int64 would wrap without a word
_COLUMNS = ["customer_key", "kind", "amount_fen"]


@dataclass(frozen=True)
class Excess:
    """A customer, and the sums of all their sales and all their returns in force, in fen."""

    customer_key: str
    sales_fen: int
    returns_fen: int


def above_sales(site: Site, batch: FactBatch, replaced: pa.Table, registered: Sequence[Registered]) -> list[Excess]:
    """Customers with a return in `batch` whose returns are above their sales, in the order of their keys.

    Sales and returns of every registered batch count, published or not, less what is in force no more and what this
    batch takes out of force (`replaced`, as `superseding.superseded` gives it).
    """
    if batch.kind.table != "sales":
        return []
    keys = pc.unique(batch.lines.filter(pc.field("kind") == "return")["customer_key"])
    if not len(keys):
        return []
    wanted = pc.field("customer_key").isin(keys) & pc.field("kind").isin(["sale", "return"])
    gone = pa.concat_tables([superseding.gone(site, registered), replaced])
    parts = [_sums(batch.lines.filter(wanted))]
    for path in superseding.paths(site, "sales", registered):
        rows = superseding.read(site, path, [*_COLUMNS, "batch_id", "line_no"] if len(gone) else _COLUMNS, wanted)
        if len(gone):
            rows = rows.join(gone, ["batch_id", "line_no"], ["batch_id", "row_id"], join_type="left anti")
        parts.append(_sums(rows))
    return _excess(pa.concat_tables(parts))


def _sums(rows: pa.Table) -> pa.Table:
    amounts = rows.select(_COLUMNS).set_column(2, "amount_fen", rows["amount_fen"].cast(_FEN))
    summed = amounts.group_by(["customer_key", "kind"]).aggregate([("amount_fen", "sum")])
    return pa.table(
        {
            name: summed[column]
            for name, column in zip(_COLUMNS, ("customer_key", "kind", "amount_fen_sum"), strict=True)
        }
    )


def _excess(parts: pa.Table) -> list[Excess]:
    sums: dict[str, dict[str, int]] = {}
    for row in parts.to_pylist():
        theirs = sums.setdefault(row["customer_key"], {"sale": 0, "return": 0})
        theirs[row["kind"]] += int(row["amount_fen"])
    found = [Excess(key, theirs["sale"], theirs["return"]) for key, theirs in sorted(sums.items())]
    return [one for one in found if one.returns_fen > one.sales_fen]
