"""Visits to customers for the lake: who went when, to whom, with whom and with what result, without what was said."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from custinfo.actions import entities, pseudonyms, sealing, staff_keys
from custinfo.domain.clock import parse
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store
from custinfo.store.database import Row

CODED = ("purposes", "accompanied", "superior", "result")
_VISITS = (
    "SELECT seq, number, found.version, recorded_at, properties, first_by, coalesce(department, '') AS department "
    "FROM entity_version AS found JOIN entity USING (entity_id) "
    "JOIN (SELECT record_id, recorded_by AS first_by FROM record_version WHERE version = 1) AS first USING (record_id) "
    "LEFT JOIN person ON person_id = first_by WHERE dataset = 'visits' AND seq > ?1 "
    "AND record_id NOT IN (SELECT record_id FROM record_now_level WHERE level = ?2) ORDER BY seq"
)
_OF_LEVEL_1 = (
    "SELECT wrote.entity_id FROM record_now_level JOIN entity_version AS wrote USING (record_id) WHERE level = ?"
)


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """Every version of a visit after a `seq`; nothing of records of level 1, of customers of level 1, and of who is
    erased. The member of staff is whoever recorded the report first.

    A later version that may not be told stands there with neither customer nor day, as one does that an edit took out:
    the earlier ones must not count on.
    """
    rows = store.rows(_VISITS, [after, int(Level.SECRET)])
    known = Known(store) if rows else None
    for row in rows:
        said = sealing.unsealed_properties(row["properties"])
        assert known is not None  # there are rows
        told, key = known.key(said.get("customer_number", ""))
        if told or row["version"] > 1:
            yield TableRow(row["seq"], _values(store, row, said if told else {}, key if told else None))


def _values(store: Store, row: Row, said: Mapping[str, str], key: str | None) -> dict[str, str | int | datetime | None]:
    return {
        "customer_key": key,
        "visit_number": row["number"],
        "version": row["version"],
        "visited_on": said.get("visited_on", ""),
        **{name: said.get(name) or None for name in CODED},
        "staff_key": staff_keys.recorder(store, row["first_by"]),
        "department": row["department"],
        "recorded_at": parse(row["recorded_at"]),
    }


class Known:
    """Who is known under which key, looked up once for many rows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = pseudonyms.keys(store)
        self._secret = {row["entity_id"] for row in store.rows(_OF_LEVEL_1, [int(Level.SECRET)])}

    def key(self, number: str) -> tuple[bool, str | None]:
        """Whether a row about the customer of a number may be told, and the customer's key: none without a number."""
        if not number:
            return True, None
        found = entities.by_number(self._store, "customers", number)
        entity_id = str(found["entity_id"]) if found else ""
        may = entity_id in self._keys and entity_id not in self._secret
        return may, self._keys.get(entity_id)
