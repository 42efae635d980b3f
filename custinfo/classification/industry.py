"""Industry (R98): customers by section, division, group and class of GB/T 4754."""

import ibis
import ibis.expr.types as ir

from custinfo.classification.listed import above, facts, levels, look_up
from custinfo.domain.codelists import CodeList


def classify(customers: ir.Table, industries: CodeList) -> ir.Table:
    """The industry of each customer, by its `industry`, a code of any level of the list `industry`.

    `customers` has a unique `customer_key` and `industry`. Gives exactly one row for each: `customer_key`, `code` as
    recorded, `section`, `division`, `group`, `class` (NULL below the level of the code), `reason` (`missing` without a
    code, `unknown_code` for one that the list lacks, else NULL), `edition`.
    """
    rolled = {level: above(industries, level) for level in levels(industries)}
    found = look_up(customers, "industry", facts(industries, rolled))
    return found.mutate(edition=ibis.literal(industries.edition))
