"""Ownership (R85): whole people, collective, individual, joint stock, joint venture, from what a firm is registered as.

The mapping stands in the code lists: `enterprise_type` (market entities, 2023) and `economic_type` (GB/T 12402-2000)
give each type its class in the column `ownership`, or in `reason` why there is none: `heading` for a type that has
lower types which differ, `residual` for one that does not say who the owners are.
"""

import ibis
import ibis.expr.types as ir

from custinfo.classification.listed import UNCLASSIFIED, facts, look_up
from custinfo.domain.codelists import CodeList

CLASSES = ("state", "collective", "individual", "joint_stock", "joint_venture", UNCLASSIFIED)
REASONS = ("heading", "residual", "missing", "unknown_code")


def classify(customers: ir.Table, column: str, types: CodeList) -> ir.Table:
    """The ownership of each customer by the type in the string `column`, a code of `types`.

    `customers` has a unique `customer_key`. Gives exactly one row for each: `customer_key`, `code` as recorded,
    `ownership`, `reason` (one of `REASONS` with `unclassified`, NULL with a class), `edition` of the list. What is
    chosen on a card instead of a type is read by `listed.classify` with the list `ownership`.
    """
    known = facts(types, {"ownership": lambda code: code.extra["ownership"], "why": lambda code: code.extra["reason"]})
    found = look_up(customers, column, known)
    return found.mutate(
        ownership=found.ownership.fill_null(UNCLASSIFIED),
        reason=ibis.coalesce(found.reason, found.why),
        edition=ibis.literal(types.edition),
    ).drop("why")
