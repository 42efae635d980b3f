"""Which rows of earlier batches a new batch replaces or cancels.

Files of the lake are never changed: a row is taken out of force by a row of the table `superseded`, which names it by
its batch and row id and is published together with the batch that replaces it. A batch that replaces nothing has no
such file, and a lake without them is read as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from custinfo.domain.errors import SiteFault
from custinfo.lake import files, manifest, schema
from custinfo.lake.appending import naive
from custinfo.lake.manifest import LakeFile
from custinfo.store.site import Site

_NONE = schema.SUPERSEDED.empty_table().drop_columns(["recorded_at"])


@dataclass(frozen=True)
class Registered:
    """A batch that the store knows: where its rows were written, and what it takes out of force ("" for nothing)."""

    batch_id: str
    path: str
    superseded_path: str


def superseded(site: Site, table: str, row_ids: pa.ChunkedArray, earlier: Sequence[Registered]) -> pa.Table:
    """The rows in force of `earlier` batches whose row id is among `row_ids`: batch_id, row_id, customer_key, in the
    order of the first two.

    Raises SiteFault when a file of the lake is missing.
    """
    if not earlier or not len(row_ids):
        return _NONE
    row_id = schema.ROW_IDS[table]
    span = pc.min_max(row_ids).as_py()
    of_these = pc.field("batch_id").isin([batch.batch_id for batch in earlier])
    # Row groups whose row ids all lie elsewhere are passed over unread: exports with growing numbers cost little
    wanted = of_these & (pc.field(row_id) >= span["min"]) & (pc.field(row_id) <= span["max"])
    found = pa.concat_tables([_among(site, path, row_id, wanted, row_ids) for path in paths(site, table, earlier)])
    if found.num_rows:
        found = found.join(gone(site, earlier), ["batch_id", "row_id"], join_type="left anti")
    in_order = found.select(_NONE.column_names).sort_by([("batch_id", "ascending"), ("row_id", "ascending")])
    return in_order.cast(_NONE.schema)


def moved(lines: pa.Table, row_id: str, replaced: pa.Table) -> int:
    """How many of the `replaced` rows are another customer's in the `lines` that replace them."""
    if not replaced.num_rows:
        return 0
    now = lines.select([row_id, "customer_key"]).rename_columns(["row_id", "now"])
    both = replaced.join(now, "row_id", join_type="inner")
    return int(pc.sum(pc.not_equal(both["customer_key"], both["now"])).as_py() or 0)


def write(site: Site, batch_id: str, rows: pa.Table, recorded_at: datetime) -> LakeFile | None:
    """Write what the batch takes out of force into the lake's folder; None when that is nothing."""
    if not rows.num_rows:
        return None
    path = f"superseded/{batch_id}.parquet"
    marked = rows.append_column(
        schema.SUPERSEDED.field("recorded_at"),
        pa.repeat(pa.scalar(naive(recorded_at), schema.MOMENT), rows.num_rows),
    )
    with files.written(site.lake / path) as beside:
        count = schema.write(beside, schema.SUPERSEDED, marked.combine_chunks().to_batches())
    return manifest.of_file(site.lake, "superseded", path, count)


def paths(site: Site, table: str, registered: Sequence[Registered]) -> list[str]:
    """The files of a table that hold rows of these batches, and maybe of others: those of the newest version, and those
    that wait to be published. `table` may be `superseded`.
    """
    newest = manifest.newest(site.lake)
    published = frozenset(newest.batches) if newest else frozenset()
    waiting = [batch for batch in registered if batch.batch_id not in published]
    written = [batch.superseded_path if table == "superseded" else batch.path for batch in waiting]
    listed = newest.paths(table) if newest and len(waiting) < len(registered) else []
    return [*listed, *filter(None, written)]


def _among(site: Site, path: str, row_id: str, wanted: pc.Expression, row_ids: pa.ChunkedArray) -> pa.Table:
    """File by file, so that memory holds the row ids of one."""
    rows = read(site, path, ["batch_id", row_id, "customer_key"], wanted).rename_columns(_NONE.column_names)
    if not rows.num_rows:
        return _NONE  # a join would first look at all of the new batch's row ids
    same = rows.join(pa.table({"row_id": row_ids}), "row_id", join_type="left semi")
    return same.select(_NONE.column_names).cast(_NONE.schema)


def touched(lake: Path, superseded_paths: Sequence[str]) -> list[str]:
    """The batches of which these files of a lake's folder take rows out of force, in order. Raises SiteFault when one
    cannot be read.
    """
    found: set[str] = set()
    for path in superseded_paths:
        try:
            column = pq.read_table(lake / path, columns=["batch_id"], read_dictionary=["batch_id"])["batch_id"]
        except (OSError, pa.ArrowException):
            raise SiteFault("lake.unread", file=path) from None
        found.update(batch_id for chunk in column.chunks for batch_id in chunk.dictionary.to_pylist())
    return sorted(found)


def gone(site: Site, earlier: Sequence[Registered]) -> pa.Table:
    """What these batches took out of force: batch_id, row_id, customer_key."""
    return pa.concat_tables(
        [_NONE, *(read(site, path, _NONE.column_names) for path in paths(site, "superseded", earlier))]
    )


def read(site: Site, path: str, columns: list[str], wanted: pc.Expression | None = None) -> pa.Table:
    """Columns of a file of the lake, of the `wanted` rows. Raises SiteFault when the file is missing."""
    if not (site.lake / path).is_file():
        raise SiteFault("lake.missing", file=path)
    return ds.dataset(str(site.lake / path)).to_table(columns=columns, filter=wanted)
