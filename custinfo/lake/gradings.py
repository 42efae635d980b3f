"""Gradings: the classes of all customers at the end of a quarter, kept for good in the lake's table `gradings`.

A quarter is graded in editions, numbered from 1. Each is appended whole and never changed; a later one, made because
data came late or a rule was corrected, stands beside it. In force at a moment is the newest edition that had been
recorded by then, so "as of" gives what people saw.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custinfo.domain.errors import WrongState
from custinfo.domain.periods import Quarter
from custinfo.lake import schema, tables
from custinfo.lake.appending import append, naive
from custinfo.lake.manifest import Manifest, Witness
from custinfo.lake.published_tables import GRADINGS, MOMENT
from custinfo.lake.tables import Lake
from custinfo.store import scratch
from custinfo.store.site import Site

TABLE = GRADINGS.name
CONTENT = ("customer_key", "scheme", "class", "reason", "figure", "rule_version", "code_edition")
"""What an edition says; two with the same are one. The other columns say of which quarter it is, when and from what."""
ORDER = ("customer_key", "scheme")
"""No two rows of an edition share them."""

SCRATCH = "grading"
_CONTENT = pa.schema([GRADINGS.columns.field(name).with_nullable(True) for name in CONTENT])
_PART = re.compile(rf"{TABLE}/(\d{{4}}-Q[1-4])-(\d+)")


@dataclass(frozen=True)
class Edition:
    """One grading of a quarter: `version` is that of the lake in which it appeared, `number` counts from 1.

    `new` is whether this run made it; else it was there before and says the same.
    """

    quarter: Quarter
    number: int
    version: int
    new: bool


def editions(version: Manifest) -> dict[Quarter, int]:
    """The quarters that a version of the lake has gradings of, with the number of their newest edition."""
    found: dict[Quarter, int] = {}
    for part in version.parts:
        if match := _PART.fullmatch(part):
            quarter = Quarter.parse(match[1])
            found[quarter] = max(found.get(quarter, 0), int(match[2]))
    return found


def newest(opened: Lake) -> dict[Quarter, tuple[int, int]]:
    """The newest edition of each quarter that was graded: its number, and of which version of the lake it was made."""
    rows = opened.gradings
    made = rows.group_by("quarter").aggregate(number=rows.edition.max(), of=rows.lake_version.max())
    return {Quarter.parse(row["quarter"]): (row["number"], row["of"]) for row in made.to_pyarrow().to_pylist()}


def record(
    site: Site, opened: Lake, quarter: Quarter, classes: ir.Table, recorded_at: datetime, now: Callable[[], datetime],
    *, witness: Witness | None = None,
) -> Edition:  # fmt: skip
    """Append the classes of a quarter, made from `opened`, as its next edition, unless the newest one says the same.

    `classes` has the columns CONTENT, and no two rows with the same ORDER; ValueError for a class that names neither
    the version of a rule nor the edition of a list. Raises WrongState when there are none, while another writer is at
    work, and when somebody else appended an edition of the quarter meanwhile; SiteFault as `open` and `publish` do.
    `witness` is told of the new version before anybody can see it.
    """
    newest = tables.open(site)
    number = editions(newest.manifest).get(quarter, 0)
    with scratch.folder(site.home / "run", SCRATCH) as folder:
        # The engine is asked once; what it answered is compared, then appended
        made = folder / "classes.parquet"
        if not schema.write(made, _CONTENT, _in_order(classes)):
            raise WrongState("gradings.no_customers", quarter=quarter)
        if number and _same(_batches(made), _in_order(_edition(newest, quarter, number))):
            return Edition(quarter, number, newest.version, new=False)
        number += 1
        published = append(
            site, TABLE, f"{quarter}-{number}", _marked(_batches(made), opened, quarter, number),
            of=opened.manifest, recorded_at=recorded_at, now=now,
            witness=witness,
        )  # fmt: skip
    if published is None:
        raise WrongState("gradings.meanwhile", quarter=quarter, number=number)
    return Edition(quarter, number, published.version, new=True)


def _edition(opened: Lake, quarter: Quarter, number: int) -> ir.Table:
    rows = opened.table(TABLE)
    return rows.filter(rows.quarter == str(quarter), rows.edition == number)


def _in_order(rows: ir.Table) -> Iterator[pa.RecordBatch]:
    for batch in rows.select(CONTENT).order_by(ORDER).to_pyarrow_batches(chunk_size=schema.ROW_GROUP):
        nothing = pc.and_(pc.is_null(batch["rule_version"]), pc.is_null(batch["code_edition"]))
        if pc.any(nothing).as_py():
            raise ValueError("a class names neither the version of a rule nor the edition of a code list")
        yield pa.RecordBatch.from_arrays(batch.columns, schema=_CONTENT)


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as opened:
        yield from opened.iter_batches(batch_size=schema.ROW_GROUP)


def _same(one: Iterator[pa.RecordBatch], other: Iterator[pa.RecordBatch]) -> bool:
    """Whether two streams have the same rows in the same order, whatever the sizes of their batches."""
    nothing = pa.RecordBatch.from_pylist([], schema=_CONTENT)
    left = right = nothing
    while True:
        left = left if left.num_rows else next(one, nothing)
        right = right if right.num_rows else next(other, nothing)
        both = min(left.num_rows, right.num_rows)
        if not both:
            return not left.num_rows and not right.num_rows
        if not left.slice(0, both).equals(right.slice(0, both)):
            return False
        left, right = left.slice(both), right.slice(both)


def _marked(rows: Iterator[pa.RecordBatch], opened: Lake, quarter: Quarter, number: int) -> Iterator[pa.RecordBatch]:
    """With the columns that are the same in all rows, but for `recorded_at`, which `append` adds."""
    marks = {
        "quarter": pa.scalar(str(quarter)),
        "edition": pa.scalar(number, pa.int32()),
        "lake_version": pa.scalar(opened.version, pa.int32()),
        "as_of": pa.scalar(naive(opened.as_of), MOMENT),
    }
    for batch in rows:
        same = {name: pa.repeat(value, batch.num_rows) for name, value in marks.items()}
        yield pa.RecordBatch.from_pydict({name: batch[name] for name in CONTENT} | same)
