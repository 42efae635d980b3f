"""The tables of sales control: visits to customers, and sales across regions with what was decided on them."""

import pyarrow as pa

from custinfo.lake.published_table import MOMENT, PublishedTable

VISITS = PublishedTable(
    "visits",
    pa.schema(
        [
            pa.field("customer_key", pa.string()),
            pa.field("visit_number", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("visited_on", pa.string(), nullable=False),
            pa.field("purposes", pa.string()),
            pa.field("accompanied", pa.string()),
            pa.field("superior", pa.string()),
            pa.field("result", pa.string()),
            pa.field("staff_key", pa.string(), nullable=False),
            pa.field("department", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""Every version of a visit, without what was said; the newest of a `visit_number` counts.

`purposes` are the codes of the form, with a space between; `accompanied` is yes or no, `superior` the position of who
came along, never a name. `staff_key` tells members of staff apart and leads to nobody without the site's key. A visit
to who has no card has no `customer_key`; one that was taken out, or that may not be told any more, has no day either.
"""

CROSS_REGION_SALES = PublishedTable(
    "cross_region_sales",
    pa.schema(
        [
            pa.field("customer_key", pa.string()),
            pa.field("sale_number", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("event", pa.string(), nullable=False),
            pa.field("registered", pa.string(), nullable=False),
            pa.field("use_branch", pa.string(), nullable=False),
            pa.field("use_region", pa.string(), nullable=False),
            pa.field("delivery_branch", pa.string(), nullable=False),
            pa.field("delivered_on", pa.string(), nullable=False),
            pa.field("amount_fen", pa.int64(), nullable=False),
            pa.field("event_number", pa.int64(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""What became of each sale outside the territory of the branch that delivers: an event each, by `event_number`; the
newest of a `sale_number` counts.

`event` is that of its case (`domain.machines.CASE`): open, change, resubmit, send_back, approve, reject, withdraw; a
sale that may not be told any more is withdrawn.
`registered` is declared (beforehand) or found (found out afterwards); branches are those of the rule of territories.
"""

DECLARED = (VISITS, CROSS_REGION_SALES)
