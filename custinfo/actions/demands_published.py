"""Customers' demands for the lake: how far they are and how they are rated, without what was said. Beside the pages'
modules, as no page needs the lake's libraries.
"""

from collections.abc import Iterator

from custinfo.actions import pseudonyms, sealing
from custinfo.actions.demand_steps import RATINGS
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store

CODED = ("step", "class", "conclusion", "reply")
_ABOUT = (
    "(SELECT about.entity_id FROM entity_version AS first JOIN record USING (record_id) "
    "JOIN entity AS about ON about.entity_id = record.entity_id WHERE first.entity_id = found.entity_id "
    "AND first.version = 1 AND about.dataset = 'customers')"
)
"""The customer that the demand's record is about; NULL for none."""
_OF_LEVEL_1 = (
    "(SELECT wrote.entity_id FROM record_now_level JOIN entity_version AS wrote USING (record_id) WHERE level = ?)"
)


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """Every version of a demand after a `seq`: `kind` is `need` for one that goes through stages, else `intention`.

    What is of level 1, or about a customer of level 1 or one who is erased, has no row.
    """
    rows = store.rows(
        f"SELECT * FROM (SELECT seq, found.entity_id, number, version, recorded_at, properties, {_ABOUT} AS about "
        "FROM entity_version AS found JOIN entity USING (entity_id) WHERE dataset = 'demands' AND seq > ?) "
        f"WHERE entity_id NOT IN {_OF_LEVEL_1} AND (about IS NULL OR about NOT IN {_OF_LEVEL_1}) ORDER BY seq",
        [after, int(Level.SECRET), int(Level.SECRET)],
    )
    keys = pseudonyms.keys(store) if rows else {}
    for row in rows:
        if row["about"] is not None and row["about"] not in keys:
            continue
        said = sealing.unsealed_properties(row["properties"])
        stage = said.get("stage", "")
        yield TableRow(
            row["seq"],
            {
                "customer_key": keys.get(row["about"] or ""),
                "demand_number": row["number"],
                "version": row["version"],
                "kind": "need" if stage else "intention",
                "stage": stage or said.get("outcome") or None,
                **{name: _rating(said.get(name, "")) for name in RATINGS},
                **{name: said.get(name) or None for name in CODED},
                "recorded_at": parse(row["recorded_at"]),
            },
        )


def _rating(said: str) -> int | None:
    return int(said) if said in {"1", "2", "3", "4", "5"} else None
