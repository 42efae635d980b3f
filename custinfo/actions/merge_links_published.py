"""Who was merged into whom, for the lake: by keys alone. Apart, as no page needs the libraries of the lake."""

from collections.abc import Iterator

from custinfo.actions import pseudonyms
from custinfo.domain.clock import parse
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """Which key leads to which from when on, in the order in which it was recorded; who is erased has no key."""
    rows = store.rows("SELECT * FROM merge_event WHERE seq > ? ORDER BY seq", [after])
    keys = pseudonyms.keys(store) if rows else {}
    for row in rows:
        gone, survivor = row["loser_id"], row["survivor_id"]
        if gone in keys and (survivor is None or survivor in keys):
            values = {"customer_key": keys[gone], "survivor_key": None if survivor is None else keys[survivor]}
            yield TableRow(row["seq"], {**values, "recorded_at": parse(row["recorded_at"])})
