"""Pairs of customers that may be the same: found at entry, at import or by `custinfo dedupe`, decided by people.

A pair waits until somebody says that the two are different, which holds until one of them changes, or merges them
(`actions.merges`). `later` puts it behind the others. Who decides has to know of both.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import assignments, candidates, entity_levels, match_events, matching, merge_links, sealing
from custinfo.actions.matching import Stated
from custinfo.classification.duplicates import Evidence, Party, compare
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import BadInput, Conflict, NotFound
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import stated as stated_words
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value
from custinfo.xforms import Form

DATASET = matching.DATASET
BATCH, BY_HAND = "batch", "by_hand"
"""Where a pair was noticed, beside the sources of records."""
LONGEST_REASON = 500
MILLION = 1_000_000
WAITING = (
    "FROM duplicate JOIN entity_current AS low ON low.entity_id = duplicate.low_id "
    "JOIN entity_current AS high ON high.entity_id = duplicate.high_id "
    "LEFT JOIN duplicate_decision AS said ON said.seq = (SELECT max(seq) FROM duplicate_decision AS each "
    "WHERE each.low_id = duplicate.low_id AND each.high_id = duplicate.high_id) "
    "WHERE NOT (coalesce(said.decision, '') = 'different' AND said.low_digest = duplicate.low_digest "
    "AND said.high_digest = duplicate.high_digest)"
)
"""Pairs of two customers of today that nobody called different since either of them changed."""


@dataclass(frozen=True)
class Side:
    """One of the two customers of a pair."""

    entity_id: str
    number: str
    label: str
    form_id: str
    version: int


@dataclass(frozen=True)
class Pair:
    """A pair that waits. `evidence` is what the reader may know of what speaks for it; `later`: somebody put it off.

    `said` are the words of whoever entered one of them, why it is another customer.
    """

    low: Side
    high: Side
    evidence: Evidence
    source: str
    found_at: datetime
    later: bool
    said: str


@dataclass(frozen=True)
class Waiting:
    """Some of the pairs that wait for somebody, and how many there are in all."""

    total: int
    pairs: list[Pair]


# ---- finding -------------------------------------------------------------------------------------------------------


def written(
    store: Store, tx: Tx, entity_id: str, card: tuple[Form, Mapping[str, Any]] | None, *, source: str, by: str,
    reason: str,
) -> None:  # fmt: skip
    """A customer was just written: keep by what it is found and notice whom it may be the same as, within the open
    transaction. `card` is its form with the answers, None where another form changed it. Without a `source` nobody is
    looked for.
    """
    before = matching.digest(store, entity_id)
    if card is None:
        stated = matching.index_current(store, tx, entity_id)
    else:
        stated = matching.index(store, tx, entity_id, *card)
    if source and matching.digest(store, entity_id) != before:
        note_similar(store, tx, entity_id, stated, source=source, found_by=by, reason=reason)


def note_similar(
    store: Store, tx: Tx, entity_id: str, stated: Stated, *, source: str, found_by: str, reason: str = ""
) -> int:  # fmt: skip
    """Put the pairs of a customer that was just written on the review list, in the open transaction; gives how many.

    All customers are looked at, whoever wrote this one. `reason`: why whoever entered it says that it is another.
    """
    found = candidates.similar(store, SERVICE, stated, without=entity_id)
    for one in found:
        pair = _ordered(entity_id, one.entity_id)
        put(store, tx, pair, one.evidence, source=source, found_by=found_by)
        if reason:
            _decide(store, tx, pair, "said", reason, found_by)
    if found:
        tx.note(similar=len(found))
    return len(found)


def put(store: Store, tx: Tx, pair: tuple[str, str], evidence: Evidence, *, source: str, found_by: str) -> bool:
    """A pair for the review list, or what is known of it anew; gives whether it was not on it."""
    digests = _digests(store, pair)
    held = store.row("SELECT * FROM duplicate WHERE low_id = ? AND high_id = ?", [*pair])
    row: dict[str, Value] = {
        "probability": round(evidence.probability * MILLION), "band": evidence.band,
        "evidence": json.dumps([[line.comparison, line.level, round(line.weight, 3)] for line in evidence.lines]),
        "rule_version": evidence.rule_version, "low_digest": digests[0], "high_digest": digests[1],
    }  # fmt: skip
    if held is None:
        told = {"low_id": pair[0], "high_id": pair[1], "source": source, "found_at": tx.at, "found_by": found_by}
        tx.insert("duplicate", told | row)
    elif any(held[name] != value for name, value in row.items()):
        tx.update("duplicate", pair, row)
    if held is None or (held["low_digest"], held["high_digest"]) != digests:
        match_events.note(
            tx, *pair, match_events.FOUND if held is None else match_events.FOUND_AGAIN, band=evidence.band,
            probability=round(evidence.probability * MILLION), rule_version=evidence.rule_version, source=source,
        )  # fmt: skip
    return held is None


def put_by_hand(store: Store, actor: Person, first: str, second: str) -> tuple[str, str]:
    """A pair that a person names by two numbers; gives the ids, in the order in which the pair is kept.

    Raises NotFound for a number that nobody whom the actor knows has, BadInput for the same customer twice.
    """
    permissions.check(actor, "duplicate.review")
    ids = []
    for number in (first, second):
        row = store.row(
            "SELECT entity_id FROM entity_current WHERE dataset = ? AND number = ?",
            [matching.DATASET, number.strip().upper()],
        )
        if row is None or not assignments.in_scope(store, actor, row["entity_id"]):
            raise NotFound("customers.no_such_number", number=number[:40])
        ids.append(row["entity_id"])
    if ids[0] == ids[1]:
        raise BadInput("dedupe.same_number", number=first.strip().upper()[:40])
    pair = _ordered(ids[0], ids[1])
    with store.act(actor.person_id, "duplicate.name", "customer", pair[0], other=pair[1]) as tx:
        for one in pair:
            if matching.stated(store, one) is None:
                matching.index_current(store, tx, one)
        put(store, tx, pair, _compared(store, pair, SERVICE), source=BY_HAND, found_by=actor.person_id)
    return pair


# ---- the review list -----------------------------------------------------------------------------------------------


def waiting(store: Store, actor: Person, *, limit: int, offset: int = 0) -> Waiting:
    """The pairs of customers in the actor's scope that wait, the most certain first and those put off last.

    What speaks for a pair is said as far as the actor may see the answers that it rests on.
    """
    permissions.check(actor, "duplicate.review")
    where, given = _in_scope(actor)
    total = store.rows(f"SELECT count(*) AS n {where}", given)[0]["n"]
    rows = store.rows(
        f"SELECT {_COLUMNS} {where} ORDER BY coalesce(said.decision, '') = 'later', "
        "CASE band WHEN 'automatic' THEN 1 WHEN 'review' THEN 2 ELSE 3 END, probability DESC, "
        "duplicate.low_id, duplicate.high_id LIMIT ? OFFSET ?",
        [*given, max(1, min(limit, 100)), max(0, offset)],
    )
    reader = entity_levels.Reader(store, actor)
    return Waiting(total, [_pair(store, reader, row) for row in rows])


def pair_of(store: Store, actor: Person, low_id: str, high_id: str) -> Pair:
    """One pair that waits. Raises NotFound for one that does not, or of which the actor does not know both."""
    permissions.check(actor, "duplicate.review")
    where, given = _in_scope(actor)
    row = store.row(
        f"SELECT {_COLUMNS} {where} AND duplicate.low_id = ? AND duplicate.high_id = ?",
        [*given, low_id[:40], high_id[:40]],
    )
    if row is None:
        raise NotFound("dedupe.no_pair")
    return _pair(store, entity_levels.Reader(store, actor), row)


def count(store: Store, actor: Person) -> int:
    """How many pairs wait for the actor; none for who reviews none."""
    if not permissions.may(actor, "duplicate.review"):
        return 0
    where, given = _in_scope(actor)
    return int(store.rows(f"SELECT count(*) AS n {where}", given)[0]["n"])


def decide(store: Store, actor: Person, pair: Pair, decision: str, reason: str = "") -> None:
    """Say that the two are `different`, with a reason, or that it is decided `later`.

    Raises BadInput without a reason, Conflict when a customer changed since the pair was shown, NotFound as `pair_of`.
    """
    permissions.check(actor, "duplicate.review")
    if decision not in ("different", "later"):
        raise BadInput("dedupe.no_decision")
    needed = decision == "different"
    words = stated_words(reason, "dedupe.reason_needed", max_length=LONGEST_REASON) if needed else ""
    ids = pair.low.entity_id, pair.high.entity_id
    with store.act(actor.person_id, "duplicate.decide", "customer", ids[0], other=ids[1], decision=decision) as tx:
        now = pair_of(store, actor, *ids)
        check_unchanged(pair, now)
        _decide(store, tx, ids, decision, words, actor.person_id)


def check_unchanged(shown: Pair, now: Pair) -> None:
    """Raises Conflict unless both customers are as they were shown."""
    if (shown.low.version, shown.high.version) != (now.low.version, now.high.version):
        raise Conflict("dedupe.changed", first=now.low.number, second=now.high.number)


def _decide(store: Store, tx: Tx, pair: tuple[str, str], decision: str, reason: str, by: str) -> None:
    low, high = _digests(store, pair)
    row = {"low_id": pair[0], "high_id": pair[1], "decision": decision, "reason": reason, "low_digest": low}
    tx.insert("duplicate_decision", {**row, "high_digest": high, "decided_at": tx.at, "decided_by": by})
    match_events.note(tx, *pair, decision)


_COLUMNS = (
    "duplicate.*, said.decision, CASE said.decision WHEN 'said' THEN said.reason ELSE '' END AS said, "
    "low.number AS low_number, low.label AS low_label, low.form_id AS low_form, low.version AS low_version, "
    "high.number AS high_number, high.label AS high_label, high.form_id AS high_form, high.version AS high_version"
)


def _in_scope(actor: Person) -> tuple[str, list[Value]]:
    given: list[Value] = []
    where = WAITING
    for side in ("low", "high"):
        mine, scope = assignments.visible_where(actor, side)
        where += f" AND {mine}"
        given += scope
    return where, given


def _pair(store: Store, reader: entity_levels.Reader, row: Row) -> Pair:
    low, high = (_side(store, reader, row, side) for side in ("low", "high"))
    evidence = _compared(store, (low.entity_id, high.entity_id), reader.actor)
    return Pair(low, high, evidence, row["source"], parse(row["found_at"]), row["decision"] == "later", row["said"])


def _side(store: Store, reader: entity_levels.Reader, row: Row, side: str) -> Side:
    entity_id, number, version = row[f"{side}_id"], row[f"{side}_number"], row[f"{side}_version"]
    label = sealing.open_text(store, sealing.ENTITY, entity_id, "label", version, row[f"{side}_label"])
    return Side(entity_id, number, reader.label(entity_id, label, number), row[f"{side}_form"], version)


def _compared(store: Store, pair: tuple[str, str], reader: Person) -> Evidence:
    """What speaks for the pair, by the answers that the reader may see: of the cards of each, with those of whom it was
    merged with, the two that are likeliest the same.
    """
    low, high = (_parties(store, one, candidates.level_of(reader)) for one in pair)
    rule = candidates.rule_on(utc_now().astimezone(store.site.zone).date())
    return max((compare(one, other, rule) for one in low for other in high), key=_sure)


def _sure(evidence: Evidence) -> tuple[int, float]:
    return ("no", "review", "automatic").index(evidence.band), evidence.probability


def _parties(store: Store, entity_id: str, seen: Level) -> list[Party]:
    """The customer by its own card, then by that of each that was merged into it."""
    known = ((one, matching.stated(store, one)) for one in merge_links.one_with(store, entity_id))
    parties = [stated.party(one, seen) for one, stated in known if stated is not None]
    if not parties:
        raise NotFound("dedupe.no_pair")
    return parties


def _digests(store: Store, pair: tuple[str, str]) -> tuple[str, str]:
    return matching.digest(store, pair[0]), matching.digest(store, pair[1])


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def put_all(
    store: Store, tx: Tx, found: Iterable[tuple[str, str, Evidence]], *, source: str, found_by: str
) -> tuple[int, int]:  # fmt: skip
    """Put pairs on the review list within the open transaction; gives how many were new and how many there were."""
    new = known = 0
    for one, other, evidence in found:
        known += 1
        new += put(store, tx, _ordered(one, other), evidence, source=source, found_by=found_by)
    return new, known
