"""Drafts: what somebody is filling in, saved at every answer, resumed on any machine."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custinfo.access import permissions, policies
from custinfo.actions import entities, forms
from custinfo.domain.clock import parse
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row


@dataclass(frozen=True)
class Draft:
    """A draft as it stands. `instance` is the nested dict that `xforms.Session` takes and gives.

    `customer_id` and `base_version` say which version of which customer it started from, for a form that is about one.
    """

    draft_id: str
    form_id: str
    form_version: str
    instance: dict[str, Any]
    customer_id: str | None
    base_version: int | None
    updated_at: datetime
    saves: int


@dataclass(frozen=True)
class Saved:
    """A draft that was saved: when it was safe on disk, and the counter that the next save has to name."""

    at: datetime
    saves: int


@dataclass(frozen=True)
class DraftSummary:
    """A line of the list of drafts. `label` is its first answer; `answered` counts the answers."""

    draft_id: str
    form_id: str
    titles: dict[str, str]
    label: str
    answered: int
    updated_at: datetime
    customer_id: str | None


def blank(store: Store, actor: Person, form_id: str, customer_id: str | None = None) -> Draft:
    """What a new draft of the form starts with; nothing is stored until the first answer.

    For a customer, a card starts from its current version, and any other form from the customer's number.
    """
    permissions.check(actor, "form.fill")
    form_row = forms.find(store, form_id)
    instance: dict[str, Any] = {}
    base: int | None = None
    if customer_id is not None:
        permissions.check(actor, "customer.read")
        customer = entities.current(store, customer_id)
        base = customer["version"]
        if customer["form_id"] == form_id:
            instance = entities.content(store, customer)
            _read_for_editing(store, actor, customer_id)
        elif form_row["dataset"]:
            raise WrongState("customers.other_card", number=customer["number"])
        else:
            instance = entities.about(forms.load(store, form_id), customer["dataset"], customer["number"])
    return Draft("", form_id, form_row["version"], instance, customer_id, base, parse("1970-01-01T00:00:00Z"), 0)


def _read_for_editing(store: Store, actor: Person, customer_id: str) -> None:
    """Opening a card to change it shows all of it, so it is on the audit log as any reading is."""
    with store.act(actor.person_id, "customer.read", "customer", customer_id, why="edit"):
        pass


def start(store: Store, actor: Person, form_id: str, *, customer_id: str | None = None) -> Draft:
    """A new stored draft of the form's newest version."""
    draft = blank(store, actor, form_id, customer_id)
    draft_id = f"D-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "draft.start", "draft", draft_id, form=form_id) as tx:
        tx.insert(
            "draft",
            {
                "draft_id": draft_id,
                "owner": actor.person_id,
                "form_id": form_id,
                "form_version": draft.form_version,
                "entity_id": draft.customer_id,
                "base_version": draft.base_version,
                "instance": json.dumps(draft.instance, ensure_ascii=False),
                "saves": 0,
                "started_at": tx.at,
                "updated_at": tx.at,
            },
        )
    return open_(store, actor, draft_id)


def open_(store: Store, actor: Person, draft_id: str) -> Draft:
    """One's own open draft. Raises NotFound, WrongState."""
    permissions.check(actor, "form.fill")
    row = own_open(store, actor, draft_id)
    return Draft(
        row["draft_id"],
        row["form_id"],
        row["form_version"],
        json.loads(row["instance"]),
        row["entity_id"],
        row["base_version"],
        parse(row["updated_at"]),
        row["saves"],
    )


def own_open(store: Store, actor: Person, draft_id: str) -> Row:
    """The row of one's own open draft. Raises NotFound, WrongState."""
    row = store.row("SELECT * FROM draft WHERE draft_id = ?", [draft_id])
    policies.check_own_open_draft(actor, row)
    assert row is not None
    return row


def save(store: Store, actor: Person, draft_id: str, instance: dict[str, Any], ref: str, *, saves: int) -> Saved:
    """Save the draft after the answer to `ref`.

    `saves` is the counter that the caller last saw. Raises Conflict, and saves nothing, when the draft was saved
    elsewhere since: in another window, or on another machine.
    """
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.save", "draft", draft_id, ref=ref) as tx:
        row = own_open(store, actor, draft_id)
        policies.check_unchanged(row, saves)
        content = json.dumps(instance, ensure_ascii=False)
        tx.update("draft", draft_id, {"instance": content, "saves": saves + 1, "updated_at": tx.at})
    return Saved(parse(tx.at), saves + 1)


def discard(store: Store, actor: Person, draft_id: str) -> None:
    """Give the draft up. Its answers are wiped; that it was there, and who discarded it, stays."""
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.discard", "draft", draft_id) as tx:
        own_open(store, actor, draft_id)
        tx.update("draft", draft_id, {"outcome": "discarded", "instance": "{}", "updated_at": tx.at})


def mine(store: Store, actor: Person) -> list[DraftSummary]:
    """One's own open drafts, newest first."""
    rows = store.rows(
        "SELECT draft.*, titles FROM draft JOIN form ON form.form_id = draft.form_id AND form.version = form_version "
        "WHERE owner = ? AND outcome IS NULL ORDER BY updated_at DESC",
        [actor.person_id],
    )
    return [_summary(store, row) for row in rows]


def _summary(store: Store, row: Row) -> DraftSummary:
    asked = forms.load(store, row["form_id"], row["form_version"]).control_of
    answers = entities.flat(json.loads(row["instance"]))
    given = [value for ref, value in answers.items() if value and entities.without_positions(ref) in asked]
    return DraftSummary(
        row["draft_id"],
        row["form_id"],
        json.loads(row["titles"]),
        given[0] if given else "",
        len(given),
        parse(row["updated_at"]),
        row["entity_id"],
    )
