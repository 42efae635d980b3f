"""Ownership (R85): whole people, collective, individual, joint stock, joint venture, from what a firm is registered as.

The mapping stands in the code lists: `enterprise_type` (market entities, 2023) and `economic_type` (GB/T 12402-2000)
give each type its class in the column `ownership`, or in `reason` why there is none: `heading` for a type that has
lower types which differ, `residual` for one that does not say who the owners are.

A card may state the ownership, the registered type, or both (`of_card`). What is stated counts before what follows from
the type: a firm's owners change before its registration does. Where the two differ, that is said.
"""

import ibis
import ibis.expr.types as ir

from custinfo.classification import listed
from custinfo.classification.listed import UNCLASSIFIED, facts, look_up
from custinfo.domain.codelists import CodeList

CLASSES = ("state", "collective", "individual", "joint_stock", "joint_venture", UNCLASSIFIED)
REASONS = ("heading", "residual", "missing", "unknown_code")
BY_TYPE, CONTRADICTS_TYPE = "by_type", "contradicts_type"
"""Why a card's ownership is what it is: it follows from the type; it is stated, and the type says another."""


def classify(customers: ir.Table, column: str, types: CodeList) -> ir.Table:
    """The ownership of each customer by the type in the string `column`, a code of `types`.

    `customers` has a unique `customer_key`. Gives exactly one row for each: `customer_key`, `code` as recorded,
    `ownership`, `reason` (one of `REASONS` with `unclassified`, NULL with a class), `edition` of the list.
    """
    known = facts(types, {"ownership": lambda code: code.extra["ownership"], "why": lambda code: code.extra["reason"]})
    found = look_up(customers, column, known)
    return found.mutate(
        ownership=found.ownership.fill_null(UNCLASSIFIED),
        reason=ibis.coalesce(found.reason, found.why),
        edition=ibis.literal(types.edition),
    ).drop("why")


def of_card(customers: ir.Table, classes: CodeList, types: CodeList) -> ir.Table:
    """The ownership of each customer by its card: the stated `ownership`, a code of the list `classes`, and where none
    is stated the class of its `enterprise_type`, a code of `types`.

    `customers` has a unique `customer_key` and both columns. Gives exactly one row for each: `customer_key`,
    `ownership`, `reason`, `edition` of the list that gave the class. `reason` is NULL for what is stated, `BY_TYPE` for
    what follows from the type, `CONTRADICTS_TYPE` for what is stated while the type has another class; with
    `unclassified` one of `REASONS`, of the type where there is one. A stated code that the list lacks is
    `unknown_code`, whatever the type: it is to be mended, not to be guessed at.
    """
    stated = listed.classify(customers, "ownership", classes).select(
        "customer_key", stated="class", why_stated="reason", stated_edition="edition"
    )
    typed = classify(customers, "enterprise_type", types).select(
        typed_key="customer_key", typed="ownership", why_typed="reason", typed_edition="edition"
    )
    both = stated.left_join(typed, [("customer_key", "typed_key")])
    by_type = (both.why_stated == listed.MISSING).fill_null(False) & (both.why_typed != listed.MISSING).fill_null(True)
    differs = (both.stated != both.typed) & (both.stated != UNCLASSIFIED) & (both.typed != UNCLASSIFIED)
    return both.select(
        "customer_key",
        ownership=by_type.ifelse(both.typed, both.stated),
        reason=ibis.cases(
            (by_type, both.why_typed.fill_null(BY_TYPE)), (differs, CONTRADICTS_TYPE), else_=both.why_stated
        ),
        edition=by_type.ifelse(both.typed_edition, both.stated_edition),
    )
