"""Composition: how many customers there are of each kind."""

import ibis
import ibis.expr.types as ir

NOT_STATED = "not_stated"
NOT_LISTED = "not_listed"


def composition(customers: ir.Table, by: str, groups: ir.Table) -> ir.Table:
    """The number of customers in each group: columns `group` str and `customers` int64, one row per group that occurs.
    Groups are those of `grouped`.
    """
    return grouped(customers, by, groups).group_by("group").agg(customers=lambda t: t.count().cast("int64"))


def grouped(customers: ir.Table, by: str, groups: ir.Table) -> ir.Table:
    """The customers, each with its `group`, never NULL.

    `by` names the column of `customers` that holds a code; `groups` maps each listed code to its group (columns `code`
    and `group`, codes unique). A NULL or blank code counts under NOT_STATED, one that is not in `groups` under
    NOT_LISTED: the rows always add up to all customers.
    """
    codes = customers.mutate(code=customers[by].nullif(""))
    joined = codes.left_join(groups.select(listed=groups.code, group=groups.group), codes.code == groups.code)
    group = ibis.cases(
        (joined.code.isnull(), NOT_STATED),
        (joined.group.isnull(), NOT_LISTED),
        else_=joined.group,
    )
    return joined.select(*customers.columns, group=group)


def by_grade(grades: ir.Table) -> ir.Table:
    """The number of customers of each grade and their sales: columns `grade`, `customers` int64, `sales_fen` int64.

    `grades` has one row for each customer: `grade` and `sales_12m_fen`.
    """
    return grades.group_by("grade").agg(
        customers=grades.count().cast("int64"),
        sales_fen=grades.sales_12m_fen.sum().coalesce(0).cast("int64"),
    )
