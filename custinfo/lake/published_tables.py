"""Tables that custinfo itself fills, beside customers and batches: gradings, decisions, links.

They are append-only. A table is declared here once, in `TABLES`. What the lake does with every table then holds for it
too: its files stand in every later version's manifest with their hash, `open(as_of=T)` gives the rows recorded by T,
`verify`, `log` and `compact` know it, `open_branches` marks its rows with their branch, people who withdrew are left
out, and `erase` takes people out of it.

    CREDIT_GRADES = PublishedTable(
        "credit_grades",
        pa.schema([
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("grade", pa.string()),
            pa.field("rule_version", pa.int32()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]),
        when_erased="drop",
    )

Rows come in one of two ways:

- from a table of the store: `custinfo.actions.lake.SOURCES` names a function that gives its rows after a `seq`, as
  `TableRow(seq, {"customer_key": …, "grade": "B", "rule_version": 1, "recorded_at": moment})`; the next
  `custinfo publish` makes them part of the lake, each once (`Manifest.last_seqs`);
- computed from a version of the lake: `lake.append(site, "gradings", "2026-Q3-1", rows, of=opened.manifest, …)` makes
  them the next version, all or none, once for each name of a part (`Manifest.parts`).

`lake.open(site).table("credit_grades")` reads them; a lake of before the table has no rows of it. A column that is
added later is NULL in older rows. Columns are never renamed and never change their type.
"""

import pyarrow as pa

from custinfo.lake import published_evaluations, published_registers, published_sales_control, published_surveys
from custinfo.lake.published_table import MOMENT, PublishedTable, TableRow

__all__ = ["MOMENT", "TABLES", "PublishedTable", "TableRow", "keys"]

GRADINGS = PublishedTable(
    "gradings",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("quarter", pa.string(), nullable=False),
            pa.field("edition", pa.int32(), nullable=False),
            pa.field("scheme", pa.string(), nullable=False),
            pa.field("class", pa.string(), nullable=False),
            pa.field("reason", pa.string()),
            pa.field("figure", pa.int64()),
            pa.field("rule_version", pa.int32()),
            pa.field("code_edition", pa.string()),
            pa.field("lake_version", pa.int32(), nullable=False),
            pa.field("as_of", MOMENT, nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""The class of each customer by each scheme at the end of a quarter (`custinfo.lake.gradings`).

`reason` is a code of the scheme, `figure` the number that the class rests on (`classification.schemes`); a class comes
from a rule (`rule_version`) or a code list (`code_edition`). It was made of version `lake_version` of the lake, of what
had been recorded by `as_of`. Who is erased goes from every edition: all classes together could tell who it was.
"""

MARKS = PublishedTable(
    "marks",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("mark_id", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("mark", pa.string(), nullable=False),
            pa.field("from_on", pa.string(), nullable=False),
            pa.field("ended_on", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""Every approved version of each strategic mark of a customer; the newest of a `mark_id` counts.

It counts from the day `from_on` on and until the one before `ended_on`, written 2026-11-01; a blank one is no end.
"""

SEGMENTS = PublishedTable(
    "segments",
    pa.schema(
        [
            pa.field("segment_id", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("state", pa.string(), nullable=False),
            pa.field("name_zh", pa.string(), nullable=False),
            pa.field("name_en", pa.string(), nullable=False),
            pa.field("conditions", pa.string(), nullable=False),
            pa.field("purpose", pa.string(), nullable=False),
            pa.field("strategy", pa.string(), nullable=False),
            pa.field("valid_from", pa.string(), nullable=False),
            pa.field("valid_until", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""Every version of each segment that people keep (`custinfo.domain.segments`): what it is, for what, and what is done.

`conditions` are JSON, `state` is `active` or `retired`, days are written 2026-11-01, blank for none. Nothing in it is
about a customer, and who wrote it stays in the store.
"""

MERGED = PublishedTable(
    "merged",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("survivor_key", pa.string()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=("customer_key", "survivor_key"),
    when_erased="together",
)
"""Customers that were merged: from `recorded_at` on a key leads to another, or, NULL, stands for itself again.

Merges of merged customers are followed to the end: the newest row of a key says where it leads. Two keys say nothing of
anybody, so customers of level 1 are among them: their links must not be missing once they are level 1 no more. Those
who are erased together stay one customer, whom nobody knows; a link to somebody who is still there goes.
"""

CREDIT_DECISIONS = PublishedTable(
    "credit_decisions",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("decision", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("scheme", pa.string(), nullable=False),
            pa.field("grade", pa.string()),
            pa.field("points", pa.int64()),
            pa.field("coverage", pa.int64()),
            pa.field("limit_fen", pa.int64(), nullable=False),
            pa.field("valid_until", pa.string(), nullable=False),
            pa.field("rule_version", pa.int32(), nullable=False),
            pa.field("card_version", pa.int32(), nullable=False),
            pa.field("limits_version", pa.int32(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
)
"""Decisions on credit from their approval on (`kind` decision), and what people set a grade to (override).

An override is about the `decision` of a customer and holds until `valid_until` (2026-11-30; blank: until the next
decision). `points` and `coverage` are hundredths of a percent; `rule_version` is that of the grades.
"""

DEMANDS = PublishedTable(
    "demands",
    pa.schema(
        [
            pa.field("customer_key", pa.string()),
            pa.field("demand_number", pa.string(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("kind", pa.string(), nullable=False),
            pa.field("stage", pa.string()),
            pa.field("importance", pa.int64()),
            pa.field("urgency", pa.int64()),
            pa.field("feasibility", pa.int64()),
            pa.field("recorded_at", MOMENT, nullable=False),
            pa.field("step", pa.string()),
            pa.field("class", pa.string()),
            pa.field("conclusion", pa.string()),
            pa.field("reply", pa.string()),
        ]
    ),
)
"""Every version of customers' demands, without what was said; ratings are 1 to 5, NULL where nobody rated it.

`step` is what was done (`domain.machines.DEMAND`; NULL at the beginning), `class`, `conclusion` and `reply` as coded on
the form of a step. `kind` is `need` (a demand that goes through stages) or `intention` (to buy; its `stage` is the
outcome). A demand that no customer on file has, has no `customer_key`.
"""

MATCHES = PublishedTable(
    "matches",
    pa.schema(
        [
            pa.field("customer_key", pa.string(), nullable=False),
            pa.field("other_key", pa.string(), nullable=False),
            pa.field("event_number", pa.int64(), nullable=False),
            pa.field("event", pa.string(), nullable=False),
            pa.field("band", pa.string()),
            pa.field("probability", pa.int64()),
            pa.field("evidence", pa.string()),
            pa.field("source", pa.string()),
            pa.field("rule_version", pa.int32()),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=("customer_key", "other_key"),
)
"""What became of pairs of customers that may be one: an event each, in the order of `event_number`.

A pair is `found`, or `found_again` after one of the two changed: these have `band`, `probability` (millionths),
`source` and `evidence`, the comparisons that speak for it by answers of level 2 and 3, never which of level 1 agrees.
Then people call it `different`, put it off (`later`), `said` at entry that it is another, or it is `merged` or
`merged_by_rule`, which may be `undone`. Keys stay those that the two had then, whoever was merged.
"""

PLANS = PublishedTable(
    "plans",
    pa.schema(
        [
            pa.field("indicator", pa.string(), nullable=False),
            pa.field("period", pa.string(), nullable=False),
            pa.field("dimension", pa.string(), nullable=False),
            pa.field("code", pa.string(), nullable=False),
            pa.field("amount", pa.int64(), nullable=False),
            pa.field("version", pa.int32(), nullable=False),
            pa.field("approved_on", pa.string(), nullable=False),
            pa.field("recorded_at", MOMENT, nullable=False),
        ]
    ),
    keys=(),
)
"""What was planned, from its approval on: every row of every approved version (`statistics.plan`).

`dimension` and `code` are blank for the whole company; of two versions with the same plan the higher one counts.
`amount` is in fen, or, of anything but money, in hundred-millionths (2.5 % is 2,500,000).
"""

_DECLARED: tuple[PublishedTable, ...] = (
    PLANS,
    MATCHES,
    DEMANDS,
    CREDIT_DECISIONS,
    MERGED,
    GRADINGS,
    MARKS,
    SEGMENTS,
    *published_evaluations.DECLARED,
    *published_surveys.DECLARED,
    *published_sales_control.DECLARED,
    *published_registers.DECLARED,
)

TABLES: dict[str, PublishedTable] = {table.name: table for table in _DECLARED}
"""Every such table by its name, which is its folder's too."""


def keys(table: str) -> tuple[str, ...]:
    """The columns of a table of the lake, any of them, that hold customers' keys."""
    return TABLES[table].keys if table in TABLES else ("customer_key",)
