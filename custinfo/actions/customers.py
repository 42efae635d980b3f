"""Customers: the current card, its history, what was asked of them. Only what the person may see leaves here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, entities, entity_levels, forms, information_kinds, merge_links, sealing
from custinfo.domain import masking
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form, Session
from custinfo.xforms.refs import without_positions

DATASET = "customers"
NAMED = (
    "(label LIKE ?2 ESCAPE '\\' AND unicode(label) IS NOT 26) OR entity_id IN "
    "(SELECT entity_id FROM label_digest WHERE label_digest.dataset = ?1 AND digest = ?6)"
)
"""A name is found by a part of it; one that is sealed (it begins with U+001A) by the whole of it."""

MERGED = (
    "SELECT survivor_id FROM merged_now JOIN entity AS gone ON gone.entity_id = loser_id "
    "WHERE ?3 != '%' AND gone.number LIKE ?3 ESCAPE '\\'"
)
"""A merged customer's number leads to its survivor."""


@dataclass(frozen=True)
class CustomerRow:
    """A line of the list of customers."""

    customer_id: str
    number: str
    label: str
    form_id: str
    region: str
    recorded_at: datetime
    version: int


@dataclass(frozen=True)
class CustomerPage:
    """Some of the customers that were searched for, and how many there are in all."""

    total: int
    rows: list[CustomerRow]


@dataclass(frozen=True)
class Shown:
    """One answered question for a reader: choices by their labels, the rest as it was given.

    One of level 1 is `masked`: `reveals.reveal` gives it, on the audit log. `information` is its kind
    (`domain.information`), blank where the form states none.
    """

    ref: str
    label: str
    text: str
    kind: str
    masked: bool = False
    information: str = ""


@dataclass(frozen=True)
class Section:
    """A group of the card, with its answered questions."""

    label: str
    fields: list[Shown]


@dataclass(frozen=True)
class Change:
    """A question whose answer differs from the version before; empty text where there was or is none."""

    ref: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class VersionRow:
    """A version of the card: who recorded it, when and why, and what it changed."""

    version: int
    recorded_at: datetime
    recorded_by_name: str
    reason: str
    changed: list[Change]


@dataclass(frozen=True)
class RecordRow:
    """A record about the customer that is not its card, such as a survey; `readable` says whether it may be opened."""

    record_id: str
    form_id: str
    titles: dict[str, str]
    recorded_at: datetime
    recorded_by_name: str
    readable: bool


@dataclass(frozen=True)
class CustomerCard:
    """A customer as the person may see it, in one language, the newest version first."""

    customer_id: str
    number: str
    label: str
    form_id: str
    titles: dict[str, str]
    version: int
    sections: list[Section]
    versions: list[VersionRow]
    records: list[RecordRow]


def search(store: Store, actor: Person, query: str, limit: int, offset: int) -> CustomerPage:
    """Customers whose name contains `query`, whose number starts with it or whose credit code it is, newest first."""
    permissions.check(actor, "customer.read")
    try:
        query = clean(query, max_length=100)
    except BadInput:
        return CustomerPage(0, [])  # no name, number or code is like that
    words = query.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    coded = entities.by_key(store, entities.Key(DATASET, "credit_code", query))
    reader = entity_levels.Reader(store, actor)
    by_code = coded["entity_id"] if coded and reader.finds_by(coded["entity_id"], "credit_code") else ""
    by_code = merge_links.survivor_of(store, by_code)
    named = f"({NAMED})"
    hidden = reader.hidden_labels(DATASET)
    if hidden:  # a name that is not shown is not found by either
        named += (
            " AND NOT EXISTS (SELECT 1 FROM entity_version AS wrote JOIN json_each(?5) AS hidden ON "
            "form_id = hidden.value ->> 0 AND form_version = hidden.value ->> 1 "
            "WHERE wrote.entity_id = entity_current.entity_id)"
        )
    mine, scope = assignments.visible_where(actor, "entity_current", first=7)
    where = f"dataset = ?1 AND (({named}) OR number LIKE ?3 ESCAPE '\\' OR entity_id = ?4 "
    where += f"OR entity_id IN ({MERGED})) AND ?5 IS NOT NULL"
    where += f" AND {mine}"
    whole = sealing.label_digest(store, DATASET, query)
    given = [DATASET, f"%{words}%", f"{words}%", by_code, json.dumps(hidden), whole, *scope]
    total = store.rows(f"SELECT count(*) AS n FROM entity_current WHERE {where}", given)[0]["n"]
    rows = store.rows(
        f"SELECT * FROM entity_current WHERE {where} ORDER BY recorded_at DESC, number DESC "
        f"LIMIT ?{len(given) + 1} OFFSET ?{len(given) + 2}",
        [*given, max(0, min(limit, 500)), max(0, offset)],
    )
    # Whoever looks for the same name again and again is noticed, without the name
    searched = store.lookup_digest(f"searched:{query.strip().casefold()}")[:16] if query.strip() else None
    with store.act(actor.person_id, "customer.search", "customer", "", found=total, shown=len(rows), searched=searched):
        pass
    return CustomerPage(total, [_row(reader, sealing.opened_entity(store, row)) for row in rows])


def _row(reader: entity_levels.Reader, row: Row) -> CustomerRow:
    customer_id, number = row["entity_id"], row["number"]
    region = reader.properties(customer_id, row["properties"]).get("region", "")
    label = reader.label(customer_id, row["label"], number)
    return CustomerRow(customer_id, number, label, row["form_id"], region, parse(row["recorded_at"]), row["version"])


def card(store: Store, actor: Person, customer_id: str, language: str) -> CustomerCard:
    """The customer's current card and history. Raises NotFound, NotAllowed; that it was read is on the audit log."""
    permissions.check(actor, "customer.read")
    assignments.check_in_scope(store, actor, customer_id)
    current = entities.current(store, customer_id)
    with store.act(actor.person_id, "customer.read", "customer", customer_id):
        pass
    whole = Level(current["level"]) if current["level"] else None
    sections = [_masked(section, whole) for section in plain_sections(store, actor, current, language)]
    return CustomerCard(
        customer_id,
        current["number"],
        entity_levels.Reader(store, actor).label(customer_id, current["label"], current["number"]),
        current["form_id"],
        json.loads(forms.find(store, current["form_id"], current["form_version"])["titles"]),
        current["version"],
        [section for section in sections if section.fields],
        _history(store, actor, customer_id, language, whole),
        _records(store, actor, customer_id),
    )


def plain_sections(store: Store, actor: Person, version: Row, language: str) -> list[Section]:
    """What the card says that the actor is cleared for, not masked yet: it is not to be shown like this."""
    form = forms.load(store, version["form_id"], version["form_version"])
    reader = visibility.lowered(actor, Level.INTERNAL)  # the texts of the form say nothing of level 1 to anybody
    session = forms.session(store, form, entities.content(store, version), language=language, reader=reader)
    return [
        Section(drawn.label, [_shown(session, ref) for ref in _answered(form, session, actor, drawn.ref)])
        for drawn in session.layout()
        if drawn.ref
    ]


def _answered(form: Form, session: Session, actor: Person, group: str) -> Iterator[str]:
    """The refs inside a group that have an answer which the person may see."""
    for state in session.nodes():
        node = form.nodes[without_positions(state.ref)]
        inside = state.ref == group or state.ref.startswith(f"{group}/") or state.ref.startswith(f"{group}[")
        drawn = node.ref in form.control_of and not node.is_group
        if inside and drawn and state.value and visibility.sees(actor, form.levels[node.ref]):
            yield state.ref


def _shown(session: Session, ref: str) -> Shown:
    state = session.state(ref)
    labels = dict(state.choices)
    chosen = [labels.get(value, value) for value in state.value.split()] if labels else [state.value]
    place = without_positions(ref)
    secret = session.form.levels[place] is Level.SECRET
    about = information_kinds.kind_of(session.form, place)
    return Shown(ref, state.label, "、".join(chosen), session.form.nodes[place].bind.type, secret, about)


def _masked(section: Section, whole: Level | None) -> Section:
    return replace(section, fields=[_mask(field, whole) for field in section.fields])


def _mask(field: Shown, whole: Level | None) -> Shown:
    if not field.masked and whole is not Level.SECRET:
        return field
    return replace(field, text=masking.masked(field.text), kind="text", masked=True)


def _history(store: Store, actor: Person, customer_id: str, language: str, whole: Level | None) -> list[VersionRow]:
    rows = store.rows(
        "SELECT entity_version.*, display_name, reason FROM entity_version "
        "JOIN record_version ON record_version.record_id = entity_version.record_id "
        "AND record_version.version = record_version LEFT JOIN person ON person_id = entity_version.recorded_by "
        "WHERE entity_id = ? ORDER BY entity_version.version",
        [customer_id],
    )
    before: dict[str, Shown] = {}
    history: list[VersionRow] = []
    for row in rows:
        version = entities.as_card(store, sealing.opened_entity(store, row))
        sections = plain_sections(store, actor, version, language)
        after = {field.ref: field for section in sections for field in section.fields}
        changed = _changes(before, after, whole) if history else []
        history.insert(
            0, VersionRow(row["version"], parse(row["recorded_at"]), row["display_name"] or "", row["reason"], changed)
        )
        before = after
    return history


def _changes(before: dict[str, Shown], after: dict[str, Shown], whole: Level | None) -> list[Change]:
    changes = []
    for ref in [*after, *(ref for ref in before if ref not in after)]:
        old, new = before.get(ref), after.get(ref)
        if (old.text if old else "") != (new.text if new else ""):
            texts = [_mask(one, whole).text if one else "" for one in (old, new)]
            label = (new or old or Shown(ref, ref, "", "")).label
            changes.append(Change(ref, label, *texts))
    return changes


def _records(store: Store, actor: Person, customer_id: str) -> list[RecordRow]:
    mine, scope = assignments.visible_where(actor, "record_current", first=2)
    rows = store.rows(
        "SELECT record_current.*, titles, display_name FROM record_current "
        "JOIN form ON form.form_id = record_current.form_id AND form.version = form_version "
        "LEFT JOIN person ON person_id = recorded_by "
        f"WHERE {mine} AND (entity_id = ?1 OR entity_id IN (SELECT loser_id FROM merged_now WHERE survivor_id = ?1)) "
        "AND record_id NOT IN "
        "(SELECT record_id FROM entity_version WHERE entity_id = ?1) "
        "ORDER BY recorded_at DESC",
        [customer_id, *scope],
    )
    return [
        RecordRow(
            row["record_id"],
            row["form_id"],
            json.loads(row["titles"]),
            parse(row["recorded_at"]),
            row["display_name"] or "",
            permissions.may(actor, "record.read") and policies.may_read(actor, row),
        )
        for row in rows
    ]
