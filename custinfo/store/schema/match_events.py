"""What became of pairs of customers that may be the same: found, decided, merged, taken back, in this order."""

from sqlite_utils import Database

from custinfo.store.schema.base import migrations, protect_unless_lifted, run

LIFTABLE = ("match_event",)

STATEMENTS = """
CREATE TABLE match_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, low_id TEXT NOT NULL REFERENCES entity,
    high_id TEXT NOT NULL REFERENCES entity, event TEXT NOT NULL CHECK (event IN
    ('found', 'found_again', 'different', 'later', 'said', 'merged', 'merged_by_rule', 'undone')),
    band TEXT, probability INTEGER, rule_version INTEGER, source TEXT, recorded_at TEXT NOT NULL,
    CHECK (low_id < high_id)
) STRICT;
CREATE INDEX match_event_low ON match_event (low_id);
CREATE INDEX match_event_high ON match_event (high_id);
INSERT INTO match_event (low_id, high_id, event, band, probability, rule_version, source, recorded_at)
    SELECT low_id, high_id, event, band, probability, rule_version, source, at FROM (
    SELECT low_id, high_id, 'found' AS event, band, probability, rule_version, source, found_at AS at, 1 AS place
        FROM duplicate
    UNION ALL SELECT low_id, high_id, decision, NULL, NULL, NULL, NULL, decided_at, 2 FROM duplicate_decision
    UNION ALL SELECT low_id, high_id, 'found_again', band, probability, rule_version, source, decided_at, 3
        FROM duplicate_decision AS said JOIN duplicate USING (low_id, high_id)
        WHERE decision = 'different' AND (said.low_digest != duplicate.low_digest
        OR said.high_digest != duplicate.high_digest) AND said.seq = (SELECT max(seq) FROM duplicate_decision AS each
        WHERE each.low_id = duplicate.low_id AND each.high_id = duplicate.high_id)
    UNION ALL SELECT min(loser_id, survivor_id), max(loser_id, survivor_id),
        CASE automatic WHEN 1 THEN 'merged_by_rule' ELSE 'merged' END, NULL, NULL, NULL, NULL, merged_at, 4 FROM merge
    UNION ALL SELECT min(loser_id, survivor_id), max(loser_id, survivor_id), 'undone', NULL, NULL, NULL, NULL,
        undone_at, 5 FROM merge_undo)
    WHERE NOT EXISTS (SELECT 1 FROM entity WHERE entity_id IN (low_id, high_id) AND erased_at IS NOT NULL)
    ORDER BY at, place, low_id, high_id;
"""


@migrations()
def m023_match_events(db: Database) -> None:
    """What an older store knows of pairs is written down in its order. Where one changed since somebody called the two
    different, when is not known: that stands right behind the decision.
    """
    run(db, STATEMENTS)
    protect_unless_lifted(db, LIFTABLE)
