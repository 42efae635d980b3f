"""Who may be the same as somebody: asked of the store's index at entry, within what the person who asks may see."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, drafts, entity_levels, forms, matching, sealing
from custinfo.actions.matching import Stated
from custinfo.classification.duplicates import DuplicatesRule, Evidence, Keys, keys_of, once, ranked, rule
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row, Value

MOST = 5
FOR_A_KEY = 40
"""Customers that are looked at for one key: a switchboard's number leads to no more."""
FOR_A_GRAM = 300
"""Customers at most whose names share two characters: what more share tells nobody apart, and finds nobody."""
COMPARED = 24
"""Customers that are compared in full: those that share most keys, and those whose names share rare characters."""
BY_NAME = 10
"""Of these, the places that are kept for the latter."""
Found = TypeVar("Found", int, str)


@dataclass(frozen=True)
class Candidate:
    """A customer that may be the same, with what speaks for it as far as the person who asked may know."""

    entity_id: str
    number: str
    label: str
    evidence: Evidence


def level_of(actor: Person) -> Level:
    """The most sensitive level of answers that the person may see."""
    return next((level for level in sorted(Level) if visibility.sees(actor, level)), Level.PUBLIC)


@lru_cache(maxsize=4)
def rule_on(day: date) -> DuplicatesRule:
    """The rule of a day: its file is read once, not for every card."""
    return rule(day)


def similar(
    store: Store, actor: Person, stated: Stated, *, without: str = "", most: int = MOST, today: date | None = None
) -> list[Candidate]:  # fmt: skip
    """Customers in the actor's scope that may be the same as what is stated, the likeliest first; not `without` itself.

    Of level-1 answers only who is cleared for them finds or hears anything. Whoever is out of scope does not exist
    here: the review list, for those who see both, is where such a pair is noticed. Who was merged is known by its own
    card still, and shown as its survivor.
    """
    seen = level_of(actor)
    entry = once(stated.party(without or "", seen))
    rows = _found(store, keys_of(entry), seen, without)
    by_rule = rule_on(today or utc_now().astimezone(store.site.zone).date())
    likely = ranked(entry, [matching.read_prepared(store, row, seen) for row in rows], by_rule)
    leading = {row["found"]: row for row in _visible(store, actor, [one for one, _ in likely])}
    shown: dict[str, tuple[Row, Evidence]] = {}
    for one, evidence in likely:
        row = leading.get(one)
        if row is not None and row["entity_id"] != without:
            shown.setdefault(row["entity_id"], (row, evidence))
    reader = entity_levels.Reader(store, actor)
    return [_candidate(reader, row, evidence) for row, evidence in islice(shown.values(), most)]


def of_draft(store: Store, actor: Person, draft_id: str) -> list[Candidate]:
    """Customers that may be the same as the new one whose card the draft is; none for any other draft.

    Raises NotFound, WrongState as for any draft. The audit log says how many were shown.
    """
    permissions.check(actor, "form.fill")
    draft = drafts.own_open(store, actor, draft_id)
    if draft["entity_id"] is not None or draft["record_id"] is not None or draft["verifies"] is not None:
        return []
    form = forms.load(store, draft["form_id"], draft["form_version"])
    own = f"{form.root.ref}/meta/entity"
    if not any(one.dataset == matching.DATASET and one.ref == own and not one.update for one in form.entities):
        return []
    answers = sealing.opened_values(store, "draft", draft_id, draft["saves"], draft["instance"])
    found = similar(store, actor, matching.of_answers(form, answers))
    if found:
        with store.act(actor.person_id, "duplicate.show", "draft", draft_id, shown=len(found)) as tx:
            tx.note(customers=" ".join(one.entity_id for one in found))
    return found


def _found(store: Store, by: Keys, seen: Level, without: str) -> list[Row]:
    """What is kept of those who share most keys, then of those whose names are nearest; places are kept for the latter.

    Reading is what costs, as each row is on a page of its own to be decrypted: what was found by both is read once.
    """
    shared: Counter[str] = Counter()
    digests = json.dumps([matching.digest_of(store, key) for key in by.exact])
    for found in _lists(store, _BY_KEY, [digests, seen.value]):
        shared.update(found)
    shared.pop(without, None)
    ordered = _most_first(shared)
    named = _by_name(store, by.grams) if by.grams and seen <= Level.INTERNAL else {}
    others = [one for one in named if one not in shared and one != without]
    chosen = [*ordered[: COMPARED - min(BY_NAME, len(others))], *others][:COMPARED]
    there = named | _by_id(store, [one for one in chosen if one not in named])
    return [there[one] for one in chosen if one in there]


def _by_name(store: Store, grams: Sequence[int]) -> dict[str, Row]:
    """By id, what is kept of the customers whose names share the rarest grams, the nearest first."""
    shared: Counter[int] = Counter()
    for found in _lists(store, _BY_GRAM, [json.dumps(grams)]):
        if len(found) <= FOR_A_GRAM:
            # In bits, about: what half as many share tells one bit more. Counter counts a list faster than it adds
            shared.update(found * (FOR_A_GRAM.bit_length() + 1 - len(found).bit_length()))
    nearest = json.dumps(_most_first(shared)[:COMPARED])
    rows = store.rows(f"{_KEPT} ON seq = wanted.value ORDER BY wanted.key", [nearest])
    return {row["entity_id"]: row for row in rows}


def _by_id(store: Store, ids: Sequence[str]) -> dict[str, Row]:
    rows = store.rows(f"{_KEPT} ON entity_id = wanted.value", [json.dumps(ids)]) if ids else []
    return {row["entity_id"]: row for row in rows}


def _most_first(shared: Counter[Found]) -> list[Found]:
    """Those counted most come first, of equal ones the smaller: there are hundreds, so without a key made for each."""
    return sorted(sorted(shared), key=shared.__getitem__, reverse=True)


_KEPT = "SELECT match_party.* FROM json_each(?) AS wanted JOIN match_party"
_BY_KEY = (
    "SELECT (SELECT json_group_array(entity_id) FROM (SELECT entity_id FROM match_key "
    f"WHERE digest = wanted.value AND level >= ?2 LIMIT {FOR_A_KEY})) AS found FROM json_each(?1) AS wanted"
)
_BY_GRAM = (
    "SELECT (SELECT json_group_array(seq) FROM (SELECT seq FROM match_gram WHERE gram = wanted.value "
    f"LIMIT {FOR_A_GRAM + 1})) AS found FROM json_each(?1) AS wanted"
)


def _lists(store: Store, query: str, given: list[Value]) -> Iterator[list[Any]]:
    """For each of what is looked for, who was found by it: one statement, as each costs as much as it finds."""
    for row in store.rows(query, given):
        yield json.loads(row["found"])


def _visible(store: Store, actor: Person, ids: Sequence[str]) -> list[Row]:
    """Of the customers of today that these are, or were merged into (`found`: which of these), those that are in the
    actor's scope, with number and label.
    """
    everything = actor is SERVICE
    mine, scope = ("1", []) if everything else assignments.visible_where(actor, "entity_current", first=2)
    if not ids:
        return []
    return store.rows(
        "SELECT wanted.value AS found, entity_id, number, label, version FROM json_each(?1) AS wanted "
        "LEFT JOIN merged_now ON loser_id = wanted.value "
        f"JOIN entity_current ON entity_id = coalesce(survivor_id, wanted.value) WHERE {mine}",
        [json.dumps(list(ids)), *scope],
    )


def _candidate(reader: entity_levels.Reader, row: Row, evidence: Evidence) -> Candidate:
    entity_id = row["entity_id"]
    label = sealing.open_text(reader.store, sealing.ENTITY, entity_id, "label", row["version"], row["label"])
    return Candidate(entity_id, row["number"], reader.label(entity_id, label, row["number"]), evidence)
