"""The life of a form: proposed → reviewed by somebody else → published and frozen → closed, and open again."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions, policies
from custinfo.actions import forms, impact
from custinfo.actions.forms import FormSummary
from custinfo.actions.impact import Impact
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form

PROPOSAL_ID = re.compile(r"F-[0-9a-f]{16}")
LONGEST_NOTE = 2000


@dataclass(frozen=True)
class Proposal:
    """A version of a form on its way: `note` is what the reviewer said, `proposed_by` and `reviewed_by` are names. Two
    people may share one: `proposed_by_id` tells them apart.
    """

    proposal_id: str
    form_id: str
    version: str
    titles: dict[str, str]
    file_name: str
    state: str
    note: str
    proposed_at: datetime
    proposed_by: str
    proposed_by_id: str
    reviewed_at: datetime | None
    reviewed_by: str


@dataclass(frozen=True)
class PublishedForm:
    """A form's newest version. `versions` counts all, `records` those of every version; `closed_because` is None while
    the form is open.
    """

    form_id: str
    version: str
    titles: dict[str, str]
    versions: int
    records: int
    published_at: datetime
    closed_because: str | None


def propose(
    store: Store, actor: Person, file_name: str, data: bytes, attachments: Mapping[str, bytes] | None = None
) -> Proposal:
    """Propose a form, or a new version of one. One's own open proposal of the same version is withdrawn for it.

    Raises FormError with everything that is wrong, Conflict when that version is published already or somebody else
    has proposed it; nothing is stored then.
    """
    permissions.check(actor, "form.propose")
    own = dict(attachments or {})
    form = forms.read(file_name, data, own, store)
    proposal_id = f"F-{secrets.token_hex(8)}"
    with store.act(actor.person_id, "form.propose", "form_proposal", proposal_id, form=form.form_id) as tx:
        tx.note(version=form.version)
        _make_room(store, tx, actor, file_name, form)
        row: Row = {
            "proposal_id": proposal_id,
            "form_id": form.form_id,
            "version": form.version,
            "titles": json.dumps(forms.titles(form), ensure_ascii=False),
            "xform": forms.check(file_name, data, own, store).sound()[1],
            "file_name": clean(file_name, max_length=200),
            "source": data,
            "source_sha256": forms.source_digest(data, own),
            "state": machines.after(machines.FORM, machines.NOWHERE, "propose"),
            "proposed_at": tx.at,
            "proposed_by": actor.person_id,
        }
        tx.insert("form_proposal", row)
        files: list[Row] = [{"proposal_id": proposal_id, "name": name, "content": own[name]} for name in own]
        tx.insert_all("proposal_file", files)
    return find(store, actor, proposal_id)


def _make_room(store: Store, tx: Tx, actor: Person, file_name: str, form: Form) -> None:
    """One version has one open proposal: withdraw one's own earlier one; somebody else's stands in the way."""
    version = [form.form_id, form.version]
    if store.row("SELECT 1 FROM form WHERE form_id = ? AND version = ?", version):
        raise Conflict("forms.version_frozen", file=file_name, version=form.version)
    for row in store.rows(
        "SELECT form_proposal.*, display_name FROM form_proposal LEFT JOIN person ON person_id = proposed_by "
        "WHERE form_id = ? AND version = ? AND state IN ('draft', 'reviewed')",
        version,
    ):
        if row["proposed_by"] != actor.person_id:
            name = row["display_name"] or row["proposed_by"]
            raise Conflict("form_life.already_proposed", name=name, form=form.form_id, version=form.version)
        _move(tx, row, "withdraw", ended_at=tx.at, ended_by=actor.person_id)
        tx.note(instead_of=row["proposal_id"])


def proposals(store: Store, actor: Person) -> list[Proposal]:
    """All proposals, newest first, for who proposes, reviews or publishes forms."""
    _check_concerned(actor)
    rows = store.rows(f"{_SELECT} ORDER BY proposed_at DESC")
    return [_proposal(row) for row in rows]


def published(store: Store, actor: Person) -> list[PublishedForm]:
    """Every form with its newest version, closed ones too, for who proposes, reviews or publishes forms."""
    _check_concerned(actor)
    rows = store.rows(
        "SELECT form.*, form_closing.reason, (SELECT count(*) FROM form AS any WHERE any.form_id = form.form_id) AS n, "
        "(SELECT count(*) FROM record WHERE record.form_id = form.form_id) AS records "
        "FROM form LEFT JOIN form_closing USING (form_id) WHERE published_at = "
        "(SELECT max(published_at) FROM form AS newer WHERE newer.form_id = form.form_id) ORDER BY form_id"
    )
    return [
        PublishedForm(
            row["form_id"],
            row["version"],
            json.loads(row["titles"]),
            row["n"],
            row["records"],
            parse(row["published_at"]),
            row["reason"],
        )
        for row in rows
    ]


def is_proposal(name: str) -> bool:
    """Whether the name is that of a proposal, not of a file."""
    return PROPOSAL_ID.fullmatch(name) is not None


def find(store: Store, actor: Person, proposal_id: str) -> Proposal:
    """One proposal. Raises NotFound."""
    _check_concerned(actor)
    return _proposal(_row(store, proposal_id))


def form_of(store: Store, actor: Person, proposal_id: str) -> Form:
    """The proposed form itself, to look at and try out. Raises NotFound."""
    _check_concerned(actor)
    row = _row(store, proposal_id)
    return forms.read(row["file_name"], row["source"], _files(store, proposal_id), store)


def files_of(store: Store, actor: Person, proposal_id: str) -> dict[str, bytes]:
    """The files that came with a proposal, by name. Raises NotFound."""
    _check_concerned(actor)
    _row(store, proposal_id)
    return _files(store, proposal_id)


def impact_of(store: Store, actor: Person, proposal_id: str) -> Impact:
    """What publishing the proposal would mean for stored records."""
    return impact.report(store, actor, form_of(store, actor, proposal_id))


def review(store: Store, actor: Person, proposal_id: str, accept: bool, note: str = "") -> Proposal:
    """Accept a proposal, or return it with a note of what to mend. Never one's own.

    Raises NotFound, WrongState, NotAllowed, and BadInput for a return without a note.
    """
    permissions.check(actor, "form.review")
    note = clean(note.strip(), max_length=LONGEST_NOTE)
    if not accept and not note:
        raise BadInput("form_life.note_needed")
    action = "accept" if accept else "return"
    with store.act(actor.person_id, "form.review", "form_proposal", proposal_id, decision=action) as tx:
        row = _row(store, proposal_id)
        policies.check_not_own(actor, [row["proposed_by"]])
        _move(tx, row, action, note=note, reviewed_at=tx.at, reviewed_by=actor.person_id)
    return find(store, actor, proposal_id)


def withdraw(store: Store, actor: Person, proposal_id: str) -> Proposal:
    """Take one's own proposal back; who publishes forms may withdraw anybody's. Raises NotFound, WrongState."""
    permissions.check(actor, "form.propose")
    with store.act(actor.person_id, "form.withdraw", "form_proposal", proposal_id) as tx:
        row = _row(store, proposal_id)
        if row["proposed_by"] != actor.person_id:
            permissions.check(actor, "form.publish")
        _move(tx, row, "withdraw", ended_at=tx.at, ended_by=actor.person_id)
    return find(store, actor, proposal_id)


def publish(store: Store, actor: Person, proposal_id: str, *, confirmed: str) -> FormSummary:
    """Publish a reviewed proposal; its version is frozen from then on.

    `confirmed` is the digest of the impact report that the person has seen. Raises Conflict when the impact is another
    one now, WrongState when the proposal is not reviewed.
    """
    permissions.check(actor, "form.publish")
    row = _row(store, proposal_id)
    files = _files(store, proposal_id)
    form = forms.read(row["file_name"], row["source"], files, store)
    # Old records are checked before the store is locked, and again within only when something was recorded meanwhile
    stood, seen = _stand(store), impact.report(store, actor, form)

    def check() -> None:
        machines.after(machines.FORM, _row(store, proposal_id)["state"], "publish")
        now = seen if _stand(store) == stood else impact.assess(store, actor, form)
        if now.digest != confirmed:
            key = "form_life.impact_changed" if confirmed else "form_life.impact_unconfirmed"
            raise Conflict(key, form=row["form_id"], version=row["version"], digest=now.digest)

    summary = forms.publish(store, actor, row["file_name"], row["source"], files, proposal_id, check_now=check)
    if summary is None:
        raise Conflict("form_life.published_already")
    return summary


def _stand(store: Store) -> Row | None:
    """What the verdict on stored records depends on: another one when a record, an entity or a form was added."""
    return store.row(
        "SELECT (SELECT max(seq) FROM record_version) AS records, (SELECT max(seq) FROM entity_version) AS entities, "
        "(SELECT count(*) FROM form) AS forms"
    )


def close(store: Store, actor: Person, form_id: str, reason: str) -> None:
    """Close a form: nobody begins a new record with it; what is recorded, and open drafts, stay. Raises WrongState."""
    permissions.check(actor, "form.close")
    reason = stated(reason, "form_life.reason_needed", max_length=LONGEST_NOTE)
    with store.act(actor.person_id, "form.close", "form", form_id) as tx:
        form_id = forms.find(store, form_id)["form_id"]
        if forms.closed(store, form_id):
            raise WrongState("form_life.already_closed", form=form_id)
        row = {"form_id": form_id, "closed_at": tx.at, "closed_by": actor.person_id, "reason": reason}
        tx.insert("form_closing", row)


def reopen(store: Store, actor: Person, form_id: str) -> None:
    """Open a closed form again. Raises WrongState when it is not closed."""
    permissions.check(actor, "form.close")
    with store.act(actor.person_id, "form.reopen", "form", form_id) as tx:
        form_id = forms.find(store, form_id)["form_id"]
        if not forms.closed(store, form_id):
            raise WrongState("form_life.not_closed", form=form_id)
        tx.delete("form_closing", (form_id,))


_SELECT = (
    "SELECT form_proposal.*, proposer.display_name AS proposer, reviewer.display_name AS reviewer FROM form_proposal "
    "LEFT JOIN person AS proposer ON proposer.person_id = proposed_by "
    "LEFT JOIN person AS reviewer ON reviewer.person_id = reviewed_by"
)


def _row(store: Store, proposal_id: str) -> Row:
    row = store.row(f"{_SELECT} WHERE proposal_id = ?", [proposal_id])
    if row is None:
        raise NotFound("form_life.unknown", proposal=proposal_id[:40])
    return row


def _files(store: Store, proposal_id: str) -> dict[str, bytes]:
    rows = store.rows("SELECT name, content FROM proposal_file WHERE proposal_id = ?", [proposal_id])
    return {row["name"]: row["content"] for row in rows}


def _move(tx: Tx, row: Row, action: str, **changes: str) -> None:
    state = machines.after(machines.FORM, row["state"], action)
    tx.update("form_proposal", row["proposal_id"], {"state": state, **changes})


def _check_concerned(actor: Person) -> None:
    if not any(permissions.may(actor, permission) for permission in impact.MAY_ASK):
        permissions.check(actor, impact.MAY_ASK[0])


def _proposal(row: Row) -> Proposal:
    return Proposal(
        row["proposal_id"],
        row["form_id"],
        row["version"],
        json.loads(row["titles"]),
        row["file_name"],
        row["state"],
        row["note"],
        parse(row["proposed_at"]),
        row["proposer"] or row["proposed_by"],
        row["proposed_by"],
        parse(row["reviewed_at"]) if row["reviewed_at"] else None,
        row["reviewer"] or row["reviewed_by"] or "",
    )
