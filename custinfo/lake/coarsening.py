"""What may be told of a customer who is known no more: the classes that reports count by, shared by enough others."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import pyarrow.parquet as pq

from custinfo.domain import codelists
from custinfo.domain.customer import PROPERTIES
from custinfo.domain.errors import NotFound
from custinfo.lake.manifest import SMALLEST_GROUP, Manifest
from custinfo.store.site import Site

ATTRIBUTES = tuple(PROPERTIES)
LEVELS = {"region": ("region", "province"), "industry": ("industry", "section")}
"""Columns with a code: their list, and the level that reports count by."""
COUNTED = ("customer_type", "ownership", "region", "industry", "kind")
"""What is left, coarsened; head counts and amounts of capital point to one firm, so they go."""

Group: TypeAlias = tuple[str | None, ...]
Groups: TypeAlias = Mapping[Group, int]


def smallest_group(site: Site) -> int:
    """Fewer customers than so many could be told apart: five, or as many more as the site asks for."""
    stated = site.section("retention").get("smallest_group", SMALLEST_GROUP)
    return max(SMALLEST_GROUP, stated) if isinstance(stated, int) else SMALLEST_GROUP


def coarse(row: Mapping[str, Any]) -> dict[str, str | None]:
    """The attributes of a row that may stay."""
    return {name: _coarse(name, row[name]) if name in COUNTED else None for name in ATTRIBUTES}


def group(row: Mapping[str, Any]) -> Group:
    """What the row shares with others."""
    kept = coarse(row)
    return tuple(kept[name] for name in COUNTED)


def groups(site: Site, newest: Manifest) -> Groups:
    """How many customers there are of each group in the newest version, by their newest row."""
    last: dict[str, tuple[int, Group]] = {}
    columns = ["customer_key", "version", *COUNTED]
    for path in newest.paths("customer_versions"):
        for batch in pq.ParquetFile(site.lake / path).iter_batches(columns=columns):
            for row in batch.to_pylist():
                known = last.get(row["customer_key"])
                if known is None or row["version"] > known[0]:
                    last[row["customer_key"]] = row["version"], tuple(_coarse(name, row[name]) for name in COUNTED)
    counted: dict[Group, int] = {}
    for _, shared in last.values():
        counted[shared] = counted.get(shared, 0) + 1
    return counted


def _coarse(name: str, value: str | None) -> str | None:
    if not value or name not in LEVELS:
        return value or None
    list_name, level = LEVELS[name]
    try:
        above = codelists.load(list_name).ancestor(value, level)
    except NotFound:
        return value  # on no list: it counts under "not listed", and forms a group of its own
    return above.code if above is not None else value
