"""What becomes of pairs of customers that may be the same, written down one after the other, for figures of it."""

from custinfo.store import Tx
from custinfo.store.database import Value

TABLE = "match_event"
FOUND, FOUND_AGAIN = "found", "found_again"
"""Put on the review list; there again, as one of the two changed."""


def note(
    tx: Tx, one: str, other: str, event: str, *, band: str | None = None, probability: int | None = None,
    rule_version: int | None = None, source: str | None = None,
) -> None:  # fmt: skip
    """An event of a pair (one of those in `store.schema.match_events`), in the open transaction. Of one that is found:
    its `band`, `probability` in millionths, the version of the rule, and the `source`, where it was noticed.
    """
    low, high = sorted((one, other))
    row: dict[str, Value] = {"low_id": low, "high_id": high, "event": event, "band": band, "probability": probability}
    tx.insert(TABLE, row | {"rule_version": rule_version, "source": source, "recorded_at": tx.at})
