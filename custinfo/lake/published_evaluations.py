"""The table of customers' evaluations."""

import pyarrow as pa

from custinfo.lake.published_table import MOMENT, PublishedTable

EVALUATIONS = PublishedTable(
    "evaluations",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("evaluation", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("evaluated_on", pa.string(), nullable=False),
            pa.field("department", pa.string(), nullable=False),
            pa.field("item", pa.string(), nullable=False),
            pa.field("rating", pa.int64()),
            pa.field("raters", pa.int32(), nullable=False),
            pa.field("rule_version", pa.int32(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""What the evaluation of a customer came to after each record of it, a row for each item and one for the whole (`all`),
on each day that the record bears on. Of an `evaluation` the newest `version` alone counts.

`rating` is in hundredths of a rating (350 is 3.5), the mean where two people rated; NULL is no information, of the
whole too little of it, and where nothing counts (`raters` 0: two people must talk it over). `evaluation` is the record
that set it off, `department` that of who recorded it, days are written 2026-11-01.
`classification.evaluations.in_force` says which rows count on a day. Evidence stays in the store.
"""

DECLARED = (EVALUATIONS,)
"""All of them."""
