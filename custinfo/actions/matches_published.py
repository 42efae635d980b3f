"""Pairs of customers that may be the same, for the lake: what became of them, without anything that was compared.

Beside the pages' modules, as no page needs the lake's libraries.
"""

from collections.abc import Iterator

from custinfo.actions import candidates, match_events, matching, pseudonyms
from custinfo.classification.duplicates import DuplicatesRule, model
from custinfo.classification.duplicates.scoring import levels
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.sensitivity import Level
from custinfo.lake.published_tables import TableRow
from custinfo.store import Store

_OF_LEVEL_1 = (
    "(SELECT wrote.entity_id FROM record_now_level JOIN entity_version AS wrote USING (record_id) WHERE level = ?)"
)


def lake_rows(store: Store, after: int) -> Iterator[TableRow]:
    """Every event of a pair after a `seq`. One of a customer of level 1, or of one who is erased, has no row.

    `evidence` names the comparisons that speak for a pair by answers of level 2 and 3 alone, as both stand now.
    """
    rows = store.rows(
        f"SELECT * FROM match_event WHERE seq > ? AND low_id NOT IN {_OF_LEVEL_1} AND high_id NOT IN {_OF_LEVEL_1} "
        "ORDER BY seq",
        [after, int(Level.SECRET), int(Level.SECRET)],
    )
    keys = pseudonyms.keys(store) if rows else {}
    by_rule = candidates.rule_on(utc_now().astimezone(store.site.zone).date())
    for row in rows:
        low, high = row["low_id"], row["high_id"]
        if low not in keys or high not in keys:
            continue
        found = row["event"] in (match_events.FOUND, match_events.FOUND_AGAIN)
        yield TableRow(
            row["seq"],
            {
                "customer_key": keys[low],
                "other_key": keys[high],
                "event_number": row["seq"],
                "event": row["event"],
                "band": row["band"],
                "probability": row["probability"],
                "evidence": _evidence(store, low, high, by_rule) if found else None,
                "source": row["source"],
                "rule_version": row["rule_version"],
                "recorded_at": parse(row["recorded_at"]),
            },
        )


def _evidence(store: Store, low: str, high: str, by_rule: DuplicatesRule) -> str:
    """The names of the comparisons, in alphabetical order with blanks between; blank for none."""
    rows = store.rows("SELECT * FROM match_party WHERE entity_id IN (?, ?) ORDER BY entity_id", [low, high])
    if len({row["kind"] for row in rows}) != 1 or len(rows) != 2:
        return ""
    one, other = (matching.read_prepared(store, row, Level.INTERNAL) for row in rows)
    weights = model.weights(by_rule.enterprise if one.kind == "enterprise" else by_rule.individual)
    return " ".join(sorted(name for name, level in levels(one, other).items() if weights[name][level] > 0))
