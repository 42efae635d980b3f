"""Rows of sales that a later version of the lake has, or has no more, by the quarters whose grades rest on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from custinfo.domain.periods import Quarter
from custinfo.lake import manifest, schema, tables
from custinfo.lake.manifest import Manifest
from custinfo.lake.tables import Lake, Source


@dataclass(frozen=True)
class Changed:
    """How many rows in force now `came` since, and how many that were in force then are `gone`.

    A row that was corrected is one of each; one that came and went since is none.
    """

    came: int = 0
    gone: int = 0


def after(opened: Lake, versions: Mapping[Quarter, int]) -> dict[Quarter, Changed]:
    """For each quarter the rows of sales, returns and payments up to its last day that changed since a version.

    Rows of earlier quarters count, for grades rest on a year and more. What a version holds, its batches say: a batch
    may have been received before the version and published after it. Raises as `open_folder` does.
    """
    source = opened.source
    if source is None or not versions:
        return {}
    then = {quarter: manifest.read(source.folder, version) for quarter, version in versions.items()}
    came = _came(opened, frozenset.intersection(*(frozenset(one.batches) for one in then.values())))
    found = {}
    for quarter, version in then.items():
        seen = frozenset(version.batches)
        rows = sum(count for batch, day, count in came if day <= quarter.last and batch not in seen)
        found[quarter] = Changed(rows, _gone(opened, source, version, quarter))
    return found


def _came(opened: Lake, known: frozenset[str]) -> list[tuple[str, date, int]]:
    """Rows in force of all batches but the known ones, by batch and day."""
    new = sorted(set(opened.manifest.batches) - known)
    if not new:
        return []
    rows = opened.sales
    rows = rows.filter(rows.batch_id.isin(new))
    counted = rows.group_by("batch_id", "occurred_on").aggregate(count=rows.count()).to_pyarrow().to_pylist()
    return [(row["batch_id"], row["occurred_on"], row["count"]) for row in counted]


def _gone(opened: Lake, source: Source, version: Manifest, quarter: Quarter) -> int:
    """Rows in force in that version that a batch took out of force since."""
    if version.paths("superseded") == opened.manifest.paths("superseded"):
        return 0
    rows = tables.read(source.engine, source.folder, version=version.version).sales
    rows = rows.select("batch_id", "occurred_on", row_id=schema.ROW_IDS["sales"])
    row = ["batch_id", "row_id"]
    gone = opened.found["superseded"].select(row)
    found = rows.filter(rows.occurred_on <= quarter.last).semi_join(gone, row).count()
    return int(found.to_pyarrow().as_py())
