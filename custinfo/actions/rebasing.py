"""Somebody else changed the same card or record first: what they changed, and one's own answers put onto theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custinfo.access import permissions, policies
from custinfo.actions import drafts, entities, forms, sealing
from custinfo.actions.drafts import Draft
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.fitting import fitted
from custinfo.xforms.refs import flat


@dataclass(frozen=True)
class Difference:
    """One answer that somebody else changed: as the draft found it, as they left it, as the draft has it."""

    ref: str
    before: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class _Sides:
    """Three states of the same answers, fitted to the draft's version of the form, and what to write when they join."""

    before: dict[str, Any]
    theirs: dict[str, Any]
    mine: dict[str, Any]
    newest: dict[str, int]


def compare(store: Store, actor: Person, draft_id: str) -> list[Difference]:
    """What was changed since one's own draft was started, in the order of the newest version."""
    permissions.check(actor, "form.fill")
    draft = drafts.own_open(store, actor, draft_id)
    sides, root = _sides(store, actor, draft), forms.load(store, draft["form_id"], draft["form_version"]).root.ref
    before, theirs, mine = (flat(side, root) for side in (sides.before, sides.theirs, sides.mine))
    return [
        Difference(ref, before.get(ref, ""), theirs.get(ref, ""), mine.get(ref, ""))
        for ref in {**theirs, **before}
        if before.get(ref, "") != theirs.get(ref, "")
    ]


def rebase(store: Store, actor: Person, draft_id: str, *, saves: int) -> Draft:
    """Put what the draft changed onto the newest version; a repeat is taken whole, from the draft if it changed there.

    Raises Conflict when the draft was saved elsewhere since the caller saw it.
    """
    permissions.check(actor, "form.fill")
    with store.act(actor.person_id, "draft.rebase", "draft", draft_id) as tx:
        row = drafts.own_open(store, actor, draft_id)
        policies.check_unchanged(row, saves)
        sides = _sides(store, actor, row)
        joined = _joined(sides.before, sides.theirs, sides.mine)
        form = forms.load(store, row["form_id"], row["form_version"])
        content = sealing.sealed_values(store, form, "draft", draft_id, saves + 1, joined)
        tx.update("draft", draft_id, {"instance": content, "saves": saves + 1, "updated_at": tx.at, **sides.newest})
        tx.note(**sides.newest)
    return drafts.open_(store, actor, draft_id)


def _sides(store: Store, actor: Person, draft: Row) -> _Sides:
    form = forms.load(store, draft["form_id"], draft["form_version"])
    newest: dict[str, int] = {}
    if draft["record_id"] is not None:
        now = store.row("SELECT * FROM record_current WHERE record_id = ?", [draft["record_id"]])
        policies.check_readable(actor, now)
        before = store.row(
            "SELECT record_id, version, content FROM record_version WHERE record_id = ? AND version = ?",
            [draft["record_id"], draft["base_record_version"]],
        )
        assert now is not None
        assert before is not None
        newest["base_record_version"] = now["version"]
        old, new = (
            sealing.opened_values(store, "record_version", one["record_id"], one["version"], one["content"])
            for one in (before, now)
        )
    if draft["entity_id"] is not None and draft["base_version"] is not None:
        entity = entities.current(store, draft["entity_id"])
        newest["base_version"] = entity["version"]
        if draft["record_id"] is None:
            earlier = store.row(
                "SELECT * FROM entity_version WHERE entity_id = ? AND version = ?",
                [draft["entity_id"], draft["base_version"]],
            )
            assert earlier is not None
            old, new = entities.content(store, sealing.opened_entity(store, earlier)), entities.content(store, entity)
    if not newest:
        raise WrongState("filling.nothing_newer")
    return _Sides(fitted(form, old)[0], fitted(form, new)[0], drafts.instance_of(store, draft), newest)


def _joined(before: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in {**theirs, **mine}:
        one, other, own = before.get(name), theirs.get(name), mine.get(name)
        if any(isinstance(side, Mapping) for side in (one, other, own)):
            found[name] = _joined(_group(one), _group(other), _group(own))
        elif isinstance(own, list) or isinstance(other, list):
            found[name] = (other if _answers(own) == _answers(one) else own) or []
        else:
            found[name] = (other if (own or "") == (one or "") else own) or ""
    return found


def _group(side: Any) -> Mapping[str, Any]:
    return side if isinstance(side, Mapping) else {}


def _answers(rounds: Any) -> list[dict[str, str]]:
    """The answers of each round; a record leaves blank ones out, and a draft does not."""
    return [{ref: value for ref, value in flat(one, "").items() if value} for one in rounds or []]
