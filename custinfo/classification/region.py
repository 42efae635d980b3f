"""Region (R98): customers by province, prefecture and county of GB/T 2260, in force on a day."""

from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification.listed import above, facts, levels, look_up
from custinfo.domain.codelists import Code, CodeList

NOT_IN_FORCE = "not_in_force"


def classify(customers: ir.Table, regions: CodeList, on: date) -> ir.Table:
    """Where each customer is, by its `region`, a code of any level of the list `region`.

    `customers` has a unique `customer_key` and `region`. Gives exactly one row for each: `customer_key`, `code` as
    recorded, `province`, `prefecture`, `county` (NULL below the level of the code, and where GB/T 2260 has no such
    level), `reason`, `edition`. Without a code the reason is `missing`, for one that the list lacks `unknown_code`,
    both with nothing rolled up. A code that the list has but that was not in force on the day (before `valid_from` or
    after `valid_to`, both days within; an empty day is no limit) is rolled up, reason `not_in_force`.
    """

    def outside(code: Code) -> str | None:
        return None if in_force(code, on) else NOT_IN_FORCE

    rolled = {level: above(regions, level) for level in levels(regions)}
    found = look_up(customers, "region", facts(regions, {**rolled, "outside": outside}))
    reason = ibis.coalesce(found.reason, found.outside)
    return found.mutate(reason=reason, edition=ibis.literal(regions.edition)).drop("outside")


def in_force(code: Code, on: date) -> bool:
    """Whether a code of GB/T 2260 was in force on that day, its first and last day included."""
    first, last = code.extra["valid_from"], code.extra["valid_to"]
    return (not first or date.fromisoformat(first) <= on) and (not last or on <= date.fromisoformat(last))
