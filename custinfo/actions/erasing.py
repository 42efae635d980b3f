"""What erasing does: one transaction in the store, then a step in the lake that goes on where it was stopped."""

import json
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from custinfo.actions import merge_links, sealing, withholding
from custinfo.actions.entities import ABOUT, marked
from custinfo.domain.clock import utc_now
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.pseudonym import pseudonym
from custinfo.store import Store, Tx, erasing
from custinfo.store.database import Row
from custinfo.store.erasing import Reach
from custinfo.xforms.refs import flat

STRAY_SECONDS = 3600
"""A data file that no version lists is left alone for so long: an import may be about to register it."""
_WORD = re.compile(r"[\w:-]+")
_IN_CHINESE = re.compile(_WORD.pattern, re.ASCII)
"""A number is one within Chinese words too, between which there are no spaces."""
_PAGE = 500


def customers(store: Store, tx: Tx, ids: Collection[str], *, keep: bool, plan_id: str) -> None:
    """Erase these customers with all that hangs on them, within the open transaction.

    `keep`: their rows in the lake may stay, with nothing that points to them. The lake itself is `finish`'s. Doing it
    again changes nothing.
    """
    ids = with_merged(store, ids)
    with tx.lifted(f"erase:{plan_id}"):
        found = _reach(store, ids)
        _leave_lake(store, tx, ids, keep=keep, plan_id=plan_id)
        _empty(store, tx, found)
    tx.note(erased=len(ids))


def with_merged(store: Store, ids: Collection[str]) -> list[str]:
    """These customers, and whoever was merged with one of them: they are one person."""
    return sorted(merge_links.group(store, ids))


def records(store: Store, tx: Tx, ids: Collection[str], *, plan_id: str) -> None:
    """Erase these records with the entities that they created, customers left out."""
    with tx.lifted(f"erase:{plan_id}"):
        _empty(store, tx, _reach(store, (), ids))


def finish(store: Store, actor: Person) -> None:
    """Bring the lake after the store, drop what failed reports left, and write the store's file anew.

    Killed at any point, the next call goes on; called again, it changes nothing. Raises WrongState while a version is
    being published, SiteFault when others hold the store for too long.
    """
    from custinfo.lake import coarsening  # pyarrow: not in the process that pages are forked from
    from custinfo.lake import erasing as lake_erasing

    pending = store.rows("SELECT customer_key, keep FROM lake_erasing")
    if pending:
        from custinfo.actions import lake as publishing

        publishing.publish(store, SERVICE)  # so that every batch that was received stands in a version
        keys = {row["customer_key"]: bool(row["keep"]) for row in pending}
        smallest = coarsening.smallest_group(store.site)
        done = lake_erasing.erase(store.site, keys, smallest_group=smallest, now=utc_now())
        with store.act(actor.person_id, "lake.erase", "lake", "", customers=done.customers) as tx:
            tx.note(attributes=done.attributes)
            withholding.keep(store, tx)
            for key in keys:
                tx.delete("lake_erasing", (key,))
    _drop_strays(store)
    shutil.rmtree(store.site.reports / "failed", ignore_errors=True)
    erasing.compact(store)


def _reach(
    store: Store, entities: Collection[str], records: Collection[str] = (), *, stays: Collection[str] = ()
) -> Reach:
    """`store.erasing.reach`, and the drafts whose own answer says that they are about the erased: they go whole, as the
    records would that they were to become.
    """
    found = erasing.reach(store, entities, records, stays=stays)
    about = [
        row["draft_id"] for row in _pages(store, "draft", "instance", "draft_id", found) if _about(store, row, found)
    ]
    return replace(found, drafts=found.drafts.union(about))


def _about(store: Store, row: Row, found: Reach) -> bool:
    form = sealing.answers_form(store, row["form_id"], row["form_version"])
    answers = flat(_opened(store, "draft", row), form.root.ref)
    return any(_words(answers.get(ref) or "") & found.words for ref, _ in marked(form, ABOUT))


def _empty(store: Store, tx: Tx, found: Reach) -> None:
    shared, parts = _scrub_shared(store, tx, found)
    erasing.empty(tx, found)
    if parts:  # what rounds about the erased had created in records that stay
        erasing.empty(tx, _reach(store, parts, stays=shared))
        for record_id in shared:
            _find_other_subject(store, tx, record_id)
    tx.note(records=len(found.records), entities=len(found.entities) + len(parts), shared=len(shared))


def _find_other_subject(store: Store, tx: Tx, record_id: str) -> None:
    """A record that was filed under an entity that is gone is filed under the next that it made, or under none."""
    left = store.row(
        "SELECT entity_id FROM entity_version JOIN entity USING (entity_id) WHERE record_id = ? AND erased_at IS NULL "
        "ORDER BY seq LIMIT 1",
        [record_id],
    )
    tx.execute(
        "UPDATE record SET entity_id = ? WHERE record_id = ? "
        "AND entity_id IN (SELECT entity_id FROM entity WHERE erased_at IS NOT NULL)",
        [left["entity_id"] if left else None, record_id],
    )


def _leave_lake(store: Store, tx: Tx, ids: Collection[str], *, keep: bool, plan_id: str) -> None:
    """Note the keys that the lake has to lose, before the salts go that lead to them."""
    known = store.rows(
        "SELECT entity_id, salt FROM customer_salt WHERE entity_id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(ids))],
    )
    secret = store.site.secret("pseudonym")
    for row in known:
        key = pseudonym(secret, row["entity_id"], row["salt"])
        tx.insert("lake_erasing", {"customer_key": key, "keep": int(keep), "plan_id": plan_id})


def _drop_strays(store: Store) -> None:
    from custinfo.lake import erasing as lake_erasing

    rows = store.rows("SELECT lake_path, superseded_path FROM batch")
    registered = [path for row in rows for path in (row["lake_path"], row["superseded_path"]) if path]
    oldest = utc_now().timestamp() - STRAY_SECONDS
    for path in lake_erasing.strays(store.site.lake, registered):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


# ---- records about others that name who is erased ------------------------------------------------------------------


def _scrub_shared(store: Store, tx: Tx, found: Reach) -> tuple[set[str], set[str]]:
    """Take the erased out of records and drafts about others: the round of a repeat that names them goes whole, an
    answer that names them is blank; with what was asked and noted there.

    Gives the records that were touched, and the entities that the rounds which went had made.
    """
    touched: set[str] = set()
    parts: set[str] = set()
    for row in _pages(store, "record_version", "content", "record_id", found):
        if stored := _without(_opened(store, "record_version", row), json.loads(row["content"]), found.words):
            content, places, gone = stored
            tx.execute("UPDATE record_version SET content = ? WHERE seq = ?", [_text(content), row["seq"]])
            _scrub_beside(tx, row, places, gone)
            touched.add(row["record_id"])
            parts |= _made_by(store, row["record_id"], gone)
    for row in _pages(store, "draft", "instance", "draft_id", found):
        answers = _opened(store, "draft", row)
        if stored := _without(answers, answers, found.words):
            content, places, gone = stored
            # Another count of saves: whoever has the draft open meets a conflict, and does not bring the words back
            form = sealing.answers_form(store, row["form_id"], row["form_version"])
            sealed = sealing.sealed_values(store, form, "draft", row["draft_id"], row["saves"] + 1, content)
            tx.update("draft", row["draft_id"], {"instance": sealed, "saves": row["saves"] + 1})
            _scrub_events(tx, "draft_id = ?", row["draft_id"], places, gone)
    return touched, parts


def _made_by(store: Store, record_id: str, gone: Collection[str]) -> set[str]:
    """Entities, other than customers, that the record had made under ids that are among `gone`."""
    rows = store.rows(
        "SELECT entity_id FROM entity WHERE dataset != 'customers' AND uuid IN (SELECT value FROM json_each(?1)) "
        "AND EXISTS (SELECT 1 FROM entity_version AS first WHERE first.entity_id = entity.entity_id "
        "AND version = 1 AND record_id = ?2)",
        [json.dumps(sorted(gone)), record_id],
    )
    return {row["entity_id"] for row in rows}


def _pages(store: Store, table: str, column: str, key: str, found: Reach) -> Iterator[Row]:
    """Rows of others that may name the erased: a word of theirs stands in the text, or some of it is sealed."""
    theirs = found.records if table == "record_version" else found.drafts
    page = f"SELECT rowid AS row, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT {_PAGE}"
    last = 0
    while rows := store.rows(page, [last]):
        last = rows[-1]["row"]
        for row in rows:
            text = row[column]
            if row[key] not in theirs and (sealing.may_be_sealed(text) or _mentions(text, found.words)):
                yield row


def _mentions(stored: str, words: Collection[str]) -> bool:
    """Whether one of the words may be in stored answers. JSON ends a line with a letter, so not word by word."""
    either = stored + stored.upper()
    return any(word in either for word in words)


def _words(text: str) -> set[str]:
    """The words of an answer, as they stand and in capitals: a number may be typed in small letters."""
    return {word for each in (text, text.upper()) for kind in (_WORD, _IN_CHINESE) for word in kind.findall(each)}


def _opened(store: Store, table: str, row: Row) -> dict[str, Any]:
    if table == "draft":
        return sealing.opened_values(store, table, row["draft_id"], row["saves"], row["instance"])
    return sealing.opened_values(store, table, row["record_id"], row["version"], row["content"])


def _without(
    opened: dict[str, Any], stored: dict[str, Any], words: Collection[str]
) -> tuple[dict[str, Any], set[str], set[str]] | None:
    """The stored answers without what names one of `words`; with the places that changed and the values that went.

    None when nothing does. `opened` says what sealed answers hold; what stays sealed is not touched.
    """
    places: set[str] = set()
    gone: set[str] = set()
    _blank(opened, stored, frozenset(words), places, gone)
    return (stored, places, gone) if places else None


def _blank(
    opened: Mapping[str, Any], stored: dict[str, Any], words: frozenset[str], places: set[str], gone: set[str]
) -> None:
    for name, value in list(opened.items()):
        if isinstance(value, list):
            for position, one in enumerate(value):
                if not isinstance(one, Mapping):
                    continue
                if _names(one, words):
                    gone.update(_leaves(stored[name][position]))
                    places.add(f"{name}[{position + 1}]")
                    stored[name][position] = {}
                else:
                    _blank(one, stored[name][position], words, places, gone)
        elif isinstance(value, Mapping):
            _blank(value, stored[name], words, places, gone)
        elif isinstance(value, str) and words & _words(value):
            gone.add(value)
            places.add(name)
            stored[name] = ""


def _names(one: Mapping[str, Any], words: frozenset[str]) -> bool:
    """Whether a round names one of the words itself, rounds inside it left out."""
    return any(
        _names(value, words) if isinstance(value, Mapping) else bool(words & _words(value))
        for value in one.values()
        if isinstance(value, Mapping | str)
    )


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str) and value:
        yield value


def _scrub_beside(tx: Tx, row: Row, places: Collection[str], gone: Collection[str]) -> None:
    """What stands beside the blanked answers: notes, reasons, questions about them, the log, their files."""
    for column in ("notes", "reasons"):
        kept = {ref: words for ref, words in json.loads(row[column]).items() if not _inside(ref, places)}
        tx.execute(f"UPDATE record_version SET {column} = ? WHERE seq = ?", [_text(kept), row["seq"]])
    for place in places:
        tx.execute(
            "UPDATE query_message SET text = '' WHERE query_id IN "
            "(SELECT query_id FROM query WHERE record_id = ? AND instr(ref || '/', '/' || ? || '/'))",
            [row["record_id"], place],
        )
    tx.execute("DELETE FROM file WHERE name IN (SELECT value FROM json_each(?))", [json.dumps(sorted(gone))])
    mine = "draft_id IN (SELECT draft_id FROM draft WHERE record_id = ?)"
    _scrub_events(tx, mine, row["record_id"], places, gone)


def _scrub_events(tx: Tx, mine: str, object_id: str, places: Collection[str], gone: Collection[str]) -> None:
    for place in places:
        tx.execute(f"DELETE FROM answer_event WHERE {mine} AND instr(ref || '/', '/' || ? || '/')", [object_id, place])
    tx.execute(
        f"DELETE FROM answer_event WHERE {mine} AND EXISTS (SELECT 1 FROM json_each(?) "
        "WHERE value IN (old_value, new_value))",
        [object_id, json.dumps(sorted(gone))],
    )


def _inside(ref: str, places: Collection[str]) -> bool:
    return any(f"/{place}/" in f"{ref}/" for place in places)


def _text(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
