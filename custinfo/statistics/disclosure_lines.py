"""Who contributes to the cells of a table, counted from lines: what disclosure control has to know of each, no more.

Of a cell with many contributors the largest are enough for every rule, and sums of groups of them for what changed
since an earlier issue; so a site with a million customers keeps a page of numbers for each cell.
"""

from collections import defaultdict

import ibis
import ibis.expr.types as ir

from custinfo.domain.sums import whole
from custinfo.statistics.disclosure_table import TableCell

NAMED = 20
"""How many contributors of a cell are named: more than any rule asks for by itself."""
UNKNOWN = ""
"""Lines of nobody that is known count as one contributor: the strictest reading."""


def held(lines: ir.Table) -> ir.Table:
    """What each contributor has in each cell: `cell`, `contributor`, `value` int64; who adds nothing is left out.

    `lines` has `cell`, `contributor` (NULL: not known) and `value`, as many lines of each as there are.
    """
    named = lines.mutate(contributor=lines.contributor.fill_null(UNKNOWN))
    summed = named.group_by("cell", "contributor").agg(value=whole(named.value.sum()))
    return summed.filter(summed.value != 0)


def largest(of: ir.Table, most: int = NAMED) -> ir.Table:
    """The `most` largest contributors of each cell of `held`, signs left aside, equal ones by name."""
    order = [of.value.abs().desc(), of.contributor]
    placed = of.mutate(place=ibis.row_number().over(group_by=of.cell, order_by=order))
    found = placed.filter(placed.place < most)
    return found.select("cell", "contributor", "value", "place").order_by("cell", "place")


def buckets(of: ir.Table) -> ir.Table:
    """The cells of `held` by the first two letters of their contributors' names, which are evenly spread: `cell`,
    `bucket`, `customers`, `fen` and `held_fen`, the sum with signs left aside.
    """
    put = of.mutate(bucket=of.contributor.left(2))
    found = put.group_by("cell", "bucket").agg(
        customers=put.count().cast("int64"), fen=whole(put.value.sum()), held_fen=whole(put.value.abs().sum())
    )
    return found.order_by("cell", "bucket")


def cells(lines: ir.Table) -> dict[str, TableCell]:
    """Every cell of `lines` that anybody contributes to, by its name."""
    of = held(lines).cache()
    named: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in largest(of).to_pyarrow().to_pylist():
        named[row["cell"]].append((row["contributor"], row["value"]))
    put: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
    for row in buckets(of).to_pyarrow().to_pylist():
        put[row["cell"]].append((row["bucket"], row["customers"], row["fen"], row["held_fen"]))
    return {cell: _cell(named[cell], put[cell]) for cell in named}


def _cell(named: list[tuple[str, int]], put: list[tuple[str, int, int, int]]) -> TableCell:
    many = sum(customers for _, customers, *_ in put)
    held_by_all = sum(one for *_, one in put)
    rest = held_by_all - sum(abs(value) for _, value in named)
    sums = tuple((bucket, customers, fen) for bucket, customers, fen, _ in put)
    return TableCell(sum(fen for *_, fen in sums), tuple(named), many - len(named), rest, sums)
