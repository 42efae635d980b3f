"""What clusters are like: the mean of each number, the commonest value of each category, for enough customers alone."""

import ibis
import ibis.expr.types as ir

from custinfo.classification.clusters.models import Model


def numbers(table: ir.Table, assigned: ir.Table, model: Model, smallest_group: int) -> ir.Table:
    """One row for each cluster: `cluster`, `customers`, and the mean of each number of the model by its name (float64).

    `assigned` is as of `models.assign`. Of fewer customers than `smallest_group` the means are NULL, and `customers`
    too: a cluster of one person is that person. Rounded to 6 decimals; in the order of the clusters.
    """
    joined = _joined(table, assigned)
    names = [scaling.name for scaling in model.scalings]
    counted = joined.group_by("cluster").agg(
        many=joined.count(), **{name: joined[name].cast("float64").mean().round(6) for name in names}
    )
    enough = counted.many >= smallest_group
    kept = {name: ibis.cases((enough, counted[name])) for name in names}
    return counted.select("cluster", customers=ibis.cases((enough, counted.many)), **kept).order_by("cluster")


def commonest(table: ir.Table, assigned: ir.Table, feature: str, smallest_group: int) -> ir.Table:
    """The commonest value of a category in each cluster: `cluster`, `code`, `customers`, `of`: all of the cluster.

    Of values equally common the first in their order counts. Values of fewer customers than `smallest_group` are none.
    """
    joined = _joined(table, assigned)
    counted = joined.group_by("cluster", code=joined[feature].fill_null("")).agg(customers=joined.count())
    placed = counted.mutate(
        of=counted.customers.sum().over(group_by="cluster").cast("int64"),
        place=ibis.row_number().over(
            group_by="cluster", order_by=[ibis.desc(counted.customers), counted.code]
        ),
    )  # fmt: skip
    first = placed.filter(placed.place == 0, placed.customers >= smallest_group)
    return first.select("cluster", "code", "customers", "of").order_by("cluster")


def _joined(table: ir.Table, assigned: ir.Table) -> ir.Table:
    known = assigned.select(assigned_key=assigned.customer_key, cluster=assigned.cluster)
    return table.inner_join(known, table.customer_key == known.assigned_key).drop("assigned_key")
