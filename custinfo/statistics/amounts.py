"""Sums of fen that stay whole numbers on every engine."""

import ibis.expr.types as ir


def total_fen(amounts: ir.IntegerColumn) -> ir.IntegerScalar:
    """The sum of a column of fen, int64; NULL of no rows."""
    return whole(amounts.sum())


def whole(total: ir.IntegerValue) -> ir.IntegerValue:
    """A sum as int64."""
    # DuckDB sums int64 as HUGEINT, which it writes as DOUBLE. Ibis takes the sum for int64 and leaves a plain cast
    # out; the one by way of a decimal stays
    return total.cast("decimal(38, 0)").cast("int64")
