"""Customers by number: what an analysts' screen computes much of, it computes by whole numbers, which engines group and
join several times as fast as the long keys of a lake; the keys come back at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

KEY = "customer_key"
KEY_END = 8


@dataclass(frozen=True)
class Numbered:
    """`customers` (the number alone) and `sales`, with a number (int64, from 0) for `customer_key`; held by the engine.

    Numbers are in the order of the ends of the keys, which are keyed hashes: the first customers by number are as good
    as drawn at random, and always the same. `keys` has the number as `customer_key`, and `key`.
    """

    customers: ir.Table
    sales: ir.Table
    keys: ir.Table

    def named(self, table: ir.Table) -> ir.Table:
        """A table by number with the keys in their place, first of its columns."""
        keys = self.keys.select(number=KEY, key="key")
        joined = table.join(keys, table[KEY] == keys.number)
        return joined.select(joined.key.name(KEY), *(name for name in table.columns if name != KEY))


def numbered(customers: ir.Table, sales: ir.Table, columns: Sequence[str]) -> Numbered:
    """`customers` has a unique `customer_key`; of `sales` these columns are kept, of sales and returns of `customers`
    alone: other sales count nowhere.
    """
    place = ibis.row_number().over(order_by=[customers[KEY].right(KEY_END), customers[KEY]])
    keys = customers.select(key=KEY, customer_key=place.cast("int64")).cache()
    sold = sales.filter(sales.kind.isin(("sale", "return"))).select(sold_key=KEY, **{name: name for name in columns})
    known = sold.join(keys, sold.sold_key == keys.key).select(KEY, *columns).cache()
    return Numbered(keys.select(KEY), known, keys)
