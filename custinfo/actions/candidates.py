"""Who may be the same as somebody: asked of the store's index at entry, within what the person who asks may see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, drafts, entity_levels, forms, matching, sealing
from custinfo.actions.matching import Stated
from custinfo.classification.duplicates import DuplicatesRule, Evidence, Keys, keys, rank, rule
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row

MOST = 5
FOR_A_KEY = 40
"""Customers that are looked at for one key: a switchboard's number leads to no more."""
COMPARED = 14
"""Customers that are compared in full: those that share most keys, then those whose names are nearest."""
RAREST = 4
"""Grams of a name by which it is searched for: the rarest of them tell names apart, the others find everybody."""
SEARCHED = 2_000
"""Names that hold one of these grams: no more grams than lead to so many, as each name found is put in order."""


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
    here: the review list, for those who see both, is where such a pair is noticed.
    """
    seen = level_of(actor)
    entry = stated.party(without or "", seen)
    rows = _visible(store, actor, _found(store, keys(entry), seen, without))
    parties = {row["entity_id"]: matching.read(store, row).party(row["entity_id"], seen) for row in rows}
    by_rule = rule_on(today or utc_now().astimezone(store.site.zone).date())
    ranked = [one for one in rank(entry, parties.values(), by_rule) if one[1].band != "no"][:most]
    places = {row["entity_id"]: row for row in rows}
    return [_candidate(store, actor, places[party.id], evidence) for party, evidence in ranked]


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


def _found(store: Store, by: Keys, seen: Level, without: str) -> list[str]:
    """Ids by the number of keys that they share, then by how near the name is."""
    shared: dict[str, int] = {}
    for key in by.exact:
        rows = store.rows(
            f"SELECT entity_id FROM match_key WHERE digest = ? AND level >= ? LIMIT {FOR_A_KEY}",
            [matching.digest_of(store, key), seen.value],
        )
        for row in rows:
            shared[row["entity_id"]] = shared.get(row["entity_id"], 0) + 1
    ordered = sorted(shared, key=lambda one: (-shared[one], one))
    if by.grams and seen <= Level.INTERNAL:
        ordered += [one for one in _by_name(store, by.grams) if one not in shared]
    return [one for one in ordered if one != without][:COMPARED]


def _by_name(store: Store, grams: Sequence[str]) -> list[str]:
    """Ids of the customers whose names share the rarest grams."""
    known = store.rows(
        "SELECT term, doc FROM match_word WHERE term IN (SELECT value FROM json_each(?)) ORDER BY doc, term "
        f"LIMIT {RAREST}",
        [json.dumps(list(grams))],
    )
    if not known:
        return []
    wanted = " OR ".join(f'"{term}"' for term in rare([(row["term"], row["doc"]) for row in known]))
    rows = store.rows(
        "SELECT entity_id FROM (SELECT rowid AS found FROM match_name WHERE match_name MATCH ? "
        f"ORDER BY rank LIMIT {FOR_A_KEY}) JOIN match_party ON seq = found",
        [wanted],
    )
    return [row["entity_id"] for row in rows]


def rare(known: Sequence[tuple[str, int]]) -> list[str]:
    """Of grams with the number of names that hold them, the rarest first: the first, and others up to `SEARCHED`."""
    reached = accumulate(names for _, names in known)
    return [gram for (gram, _), names in zip(known, reached, strict=True) if names <= SEARCHED or gram == known[0][0]]


def _visible(store: Store, actor: Person, ids: Sequence[str]) -> list[Row]:
    """Of these, the customers of today that are in the actor's scope: rows of the index, with number and label."""
    everything = actor is SERVICE
    mine, scope = ("1", []) if everything else assignments.visible_where(actor, "entity_current", first=2)
    return store.rows(
        "SELECT match_party.*, number, label, entity_current.version AS newest FROM json_each(?1) AS wanted "
        "JOIN match_party ON match_party.entity_id = wanted.value "
        f"JOIN entity_current ON entity_current.entity_id = wanted.value WHERE {mine} ORDER BY wanted.key",
        [json.dumps(list(ids)), *scope],
    )


def _candidate(store: Store, actor: Person, row: Row, evidence: Evidence) -> Candidate:
    entity_id = row["entity_id"]
    label = sealing.open_text(store, sealing.ENTITY, entity_id, "label", row["newest"], row["label"])
    shown = entity_levels.Reader(store, actor).label(entity_id, label, row["number"])
    return Candidate(entity_id, row["number"], shown, evidence)
