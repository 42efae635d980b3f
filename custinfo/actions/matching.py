"""By what a customer is found to be the same as another: read off its card, and kept in the store's index.

The index is written by the transaction that writes the customer, and erasing the customer removes it. Keys are kept as
keyed digests, each with the level of the answers that it is made of: nobody finds anything by an answer that they may
not see. A name of level 1 has no grams, only digests. How the party is compared is kept beside it (`prepared`), so that
a check at entry reads no card and takes no name apart; what rests on answers of level 1 is sealed there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from custinfo.actions import entities, sealing
from custinfo.classification.duplicates import Kind, Party, Prepared, keys_of, once
from custinfo.classification.duplicates.prepared import EDITION, LISTS
from custinfo.domain.errors import NotFound
from custinfo.domain.sensitivity import Level
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value
from custinfo.xforms import Form
from custinfo.xforms.refs import flat

DATASET = "customers"
QUESTIONS = {
    "name": "name",
    "short_name": "other_names",
    "former_name": "other_names",
    "name_en": "other_names",
    "credit_code": "credit_code",
    "phone": "phones",
    "mobile": "phones",
    "contact_phone": "phones",
    "address": "address",
    "region": "region",
    "birth_date": "birth_date",
    "birth_year": "birth_date",
    "id_number": "id_number",
}
"""What a question of a card with this name says of the party; a site's own card is matched by the same names."""
SEVERAL = frozenset({"other_names", "phones"})
TABLE = "match_party"
DIGEST = 32
"""Hex digits of a digest that are kept: enough that no two keys meet."""
_LEVELS = (Level.PUBLIC, Level.INTERNAL, Level.SECRET)
_COMPARED = Prepared._fields[2:]


@dataclass(frozen=True)
class Fact:
    """One answer that tells something of a party; `name` is a field of `Party`."""

    name: str
    text: str
    level: Level


@dataclass(frozen=True)
class Stated:
    """What a card says of the party that it is about."""

    kind: Kind
    facts: tuple[Fact, ...]

    def party(self, entity_id: str, seen: Level) -> Party:
        """The party as far as somebody knows it who sees answers of level `seen` and above."""
        said: dict[str, Any] = {"name": ""}
        for fact in self.facts:
            if fact.level < seen:
                continue
            if fact.name in SEVERAL:
                said[fact.name] = (*said.get(fact.name, ()), fact.text)
            else:
                said.setdefault(fact.name, fact.text)
                said[fact.name] = said[fact.name] or fact.text
        return Party(entity_id, self.kind, **said)

    def digest(self, store: Store) -> str:
        """Changes when the party does, or the level of an answer, and says nothing without the key."""
        told = [self.kind, sorted((fact.name, fact.text, fact.level.value) for fact in self.facts)]
        return store.lookup_digest(f"party:{json.dumps(told, ensure_ascii=False)}")[:DIGEST]


def of_answers(form: Form, values: Mapping[str, Any]) -> Stated:
    """What the answers of a card say: nested values, of the form that they were given in."""
    answers = flat(values, form.root.ref)
    facts = []
    kind = ""
    for ref, text in answers.items():
        if ref not in form.levels or ref not in form.rules.single or not text:
            continue
        name = ref.rpartition("/")[2]
        if name == "customer_type":
            kind = text
        if name in QUESTIONS:
            facts.append(Fact(QUESTIONS[name], text, form.levels[ref]))
    if kind not in ("enterprise", "individual"):
        kind = "enterprise" if any(fact.name == "credit_code" for fact in facts) else "individual"
    return Stated(cast(Kind, kind), tuple(facts))


def index(store: Store, tx: Tx, entity_id: str, form: Form, values: Mapping[str, Any]) -> Stated:
    """Keep by what the customer is found, within the open transaction that writes it; `values` are its card's."""
    stated = of_answers(form, values)
    write(store, tx, entity_id, stated)
    return stated


def write(store: Store, tx: Tx, entity_id: str, stated: Stated) -> None:
    """Keep what is stated of a customer, and by which keys it is found; nothing where nothing changed."""
    held = store.row("SELECT seq, version, digest, prepared_as FROM match_party WHERE entity_id = ?", [entity_id])
    digest = stated.digest(store)
    if held is not None and (held["digest"], held["prepared_as"]) == (digest, EDITION):
        return
    version = held["version"] + 1 if held else 1
    views = _views(stated, entity_id)
    sealed = [
        [fact.name, fact.level.value, _sealed(store, entity_id, version, place, fact)]
        for place, fact in enumerate(stated.facts)
    ]
    row: dict[str, Value] = {"kind": stated.kind, "stated": json.dumps(sealed, ensure_ascii=False)}
    row |= {"version": version, "digest": digest, "prepared_as": EDITION}
    row["prepared"] = _prepared(store, entity_id, version, views)
    if held is None:
        tx.insert(TABLE, {"entity_id": entity_id, **row})
    else:
        tx.execute("DELETE FROM match_key WHERE entity_id = ?", [entity_id])
        tx.execute("DELETE FROM match_gram WHERE seq = ?", [held["seq"]])
        tx.update(TABLE, held["seq"], row)
    _write_keys(store, tx, entity_id, views)


def _views(stated: Stated, entity_id: str) -> Mapping[Level, Prepared]:
    """The party as each level knows it, from the least secret on; a level that adds nothing has no view of its own."""
    levels = [level for level in _LEVELS if any(fact.level == level for fact in stated.facts)]
    return {level: once(stated.party(entity_id, level)) for level in levels}


def _write_keys(store: Store, tx: Tx, entity_id: str, views: Mapping[Level, Prepared]) -> None:
    """Each key with the level of the most secret answer that it takes; grams of the name where everybody may see it."""
    known: dict[str, Level] = {}
    grams: tuple[int, ...] = ()
    for level, party in views.items():
        found = keys_of(party)
        grams = grams if level == Level.SECRET else found.grams
        for key in found.exact:
            known.setdefault(key, level)
    for key, level in known.items():
        tx.insert("match_key", {"digest": digest_of(store, key), "entity_id": entity_id, "level": level.value})
    tx.execute(
        "INSERT INTO match_gram SELECT value, seq FROM json_each(?), match_party WHERE entity_id = ?",
        [json.dumps(grams), entity_id],
    )


def _prepared(store: Store, entity_id: str, version: int, views: Mapping[Level, Prepared]) -> str:
    """As JSON, by level: what a view adds to, or changes of, the less secret one before it; that of level 1 sealed."""
    kept: dict[str, str | dict[str, object]] = {}
    before = Prepared("", "")._asdict()
    for level, party in views.items():
        now = party._asdict()
        added = {name: now[name] for name in _COMPARED if now[name] != before[name]}
        before = now
        if level == Level.SECRET:
            said = json.dumps(added, ensure_ascii=False)
            kept["1"] = sealing.seal_text(store, TABLE, entity_id, "prepared/1", version, said)
        else:
            kept[str(level.value)] = added
    return json.dumps(kept, ensure_ascii=False)


def read_prepared(store: Store, row: Row, seen: Level) -> Prepared:
    """The party of a row of `match_party` as somebody compares it who sees answers of level `seen` and above."""
    if row["prepared_as"] != EDITION:
        return once(read(store, row).party(row["entity_id"], seen))
    said: dict[str, Any] = {}
    for level, added in json.loads(row["prepared"]).items():
        if level == "1" and seen == Level.SECRET:
            text = sealing.open_text(store, TABLE, row["entity_id"], "prepared/1", row["version"], added)
            said |= json.loads(text)
        elif level != "1" and int(level) >= seen:
            said |= added
    for name in said.keys() & LISTS:
        said[name] = tuple(said[name])
    return Prepared(row["entity_id"], row["kind"], **said)


def digest_of(store: Store, key: str) -> str:
    """Under what a key is kept."""
    return store.lookup_digest(f"match:{key}")[:DIGEST]


def _sealed(store: Store, entity_id: str, version: int, place: int, fact: Fact) -> str:
    if fact.level != Level.SECRET:
        return fact.text
    return sealing.seal_text(store, TABLE, entity_id, f"stated[{place}][2]", version, fact.text)


def read(store: Store, row: Row) -> Stated:
    """What a row of `match_party` says, opened."""
    opened = sealing.opened_values(store, TABLE, row["entity_id"], row["version"], row["stated"], "stated")
    facts = [Fact(name, text, Level(level)) for name, level, text in cast("list[tuple[str, int, str]]", opened)]
    return Stated(cast(Kind, row["kind"]), tuple(facts))


def stated(store: Store, entity_id: str) -> Stated | None:
    """What is kept of a customer; None for who is not in the index."""
    row = store.row("SELECT * FROM match_party WHERE entity_id = ?", [entity_id])
    return None if row is None else read(store, row)


def digest(store: Store, entity_id: str) -> str:
    """What changes when a customer does; blank for who is not in the index."""
    row = store.row("SELECT digest FROM match_party WHERE entity_id = ?", [entity_id])
    return "" if row is None else str(row["digest"])


def index_current(store: Store, tx: Tx, entity_id: str) -> Stated:
    """Keep by what the customer is found, from its card as the store has it, be it merged into another by now."""
    newest = store.row(
        "SELECT entity_version.*, dataset FROM entity_version JOIN entity USING (entity_id) "
        "WHERE entity_id = ? AND erased_at IS NULL ORDER BY version DESC LIMIT 1",
        [entity_id],
    )
    if newest is None:
        raise NotFound("customers.unknown", number=entity_id[:40])
    card = entities.as_card(store, sealing.opened_entity(store, newest))
    form = sealing.answers_form(store, card["form_id"], card["form_version"])
    return index(store, tx, entity_id, form, entities.content(store, card))


def drop(tx: Tx, entity_id: str) -> None:
    """Take a customer out of the index."""
    tx.execute("DELETE FROM match_key WHERE entity_id = ?", [entity_id])
    tx.execute("DELETE FROM match_party WHERE entity_id = ?", [entity_id])


def missing(store: Store) -> list[str]:
    """Customers that the index does not know: of a store that is older than it. Those that were merged are found by
    their own cards, and count too.
    """
    rows = store.rows(
        "SELECT entity_id FROM entity JOIN entity_version USING (entity_id) WHERE dataset = ? AND version = 1 "
        "AND erased_at IS NULL AND entity_id NOT IN (SELECT entity_id FROM match_party) ORDER BY entity_id",
        [DATASET],
    )
    return [row["entity_id"] for row in rows]


def stale(store: Store, most: int) -> list[Row]:
    """Rows of the index that an earlier edition prepared, or none: at most so many."""
    return store.rows(
        "SELECT * FROM match_party WHERE prepared_as < ? ORDER BY prepared_as, seq LIMIT ?", [EDITION, most]
    )


def all_parties(store: Store) -> Iterator[Party]:
    """Every customer that is in the index, those that were merged too, whole: for the service alone."""
    last = 0
    page = "SELECT * FROM match_party WHERE seq > ? ORDER BY seq LIMIT 2000"
    while rows := store.rows(page, [last]):
        last = rows[-1]["seq"]
        for row in rows:
            yield read(store, row).party(row["entity_id"], Level.SECRET)
