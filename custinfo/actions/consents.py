"""Consents: what somebody agreed to, when, how, on which notice, and its end. A chain of events, never overwritten.

`allowed` is the one question that everything asks which uses a person's data for a purpose: a withdrawal, an
objection, an expiry, or that somebody was not told yet, stops it at once: the store is asked each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions, visibility
from custinfo.actions import minors, notices, privacy_files, withholding
from custinfo.actions.privacy_files import Given
from custinfo.domain import consent
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.consent import EVERYTHING, Purpose
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import clean
from custinfo.store import Store, Tx, sealing
from custinfo.store.database import Row

LONGEST = 500
FREE, GIVEN, MISSING, WITHDRAWN, EXPIRED, RESTRICTED, UNTOLD = (
    "free", "given", "missing", "withdrawn", "expired", "restricted", "untold",
)  # fmt: skip
"""How a purpose stands for a person: the last four, and a consent that is missing, stop it."""


@dataclass(frozen=True)
class Standing:
    """How one purpose stands for one person. `event` is what it rests on; None where nobody said anything."""

    purpose: Purpose
    state: str
    event: Row | None

    @property
    def allowed(self) -> bool:
        """Whether the person's data may be used for it."""
        return self.state in (FREE, GIVEN)


@dataclass(frozen=True)
class Consent:
    """A consent as somebody states it. `born` is a child's birth date where it is not on record; `guardian` who speaks
    for them. `evidence` names the paper, the call or the page; a file may stand in its place.
    """

    purpose: str
    channel: str
    happened_on: date
    evidence: str = ""
    file: Given | None = None
    separate: bool = False
    expires_on: date | None = None
    guardian: str = ""
    born: date | None = None


class Stopped(NotAllowed):
    """A use of somebody's data that they did not agree to, or not any more; says why, in the reader's language."""

    def __init__(self, number: str, standing: Standing) -> None:
        self.number, self.standing = number, standing
        super().__init__(f"privacy.stopped.{standing.state}")

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """Whose data, for what, and why not."""
        event = self.standing.event
        day = str((event or {}).get("expires_on" if self.standing.state == EXPIRED else "happened_on") or "")
        return text(self.key, language, number=self.number, purpose=self.standing.purpose.titles[language], day=day)


def allowed(store: Store, customer_id: str, purpose: str, moment: datetime | None = None) -> bool:
    """Whether the data of a person (an entity) may be used for the purpose now, or at a moment that was.

    Raises BadInput for a purpose that there is not.
    """
    return standing(store, customer_id, purpose, moment).allowed


def check_allowed(store: Store, customer_id: str, purpose: str) -> None:
    """Raises `Stopped`, with the reason, when the data may not be used for the purpose."""
    found = standing(store, customer_id, purpose)
    if not found.allowed:
        row = store.row("SELECT number FROM entity WHERE entity_id = ?", [customer_id])
        raise Stopped(row["number"] if row else "", found)


def allowed_where(purpose: str, alias: str, today: date) -> tuple[str, list[str]]:
    """`allowed` on a day of the site's zone (`consents.today`) as a condition of a query.

    `alias.entity_id` is the person. Marks are plain `?`, in this order.
    """
    wanted = consent.purpose(purpose)
    person = f"{alias}.entity_id"
    limited = f"{person} NOT IN (SELECT entity_id FROM processing_limit WHERE purpose IN (?, ?))"
    stands = "SELECT entity_id FROM consent_standing WHERE purpose = ? AND kind = "
    parts, given = [limited], [purpose, EVERYTHING]
    if wanted.needs_consent:
        parts.append(f"{person} IN ({stands}'given' AND (expires_on IS NULL OR expires_on > ?))")
        given += [purpose, today.isoformat()]
    else:
        parts.append(f"{person} NOT IN ({stands}'withdrawn')")
        given.append(purpose)
    if wanted.waits_for_notice:
        parts.append(f"{person} NOT IN (SELECT entity_id FROM to_be_told)")
    return f"({' AND '.join(parts)})", given


def records_where(purpose: str, alias: str, today: date) -> tuple[str, list[str]]:
    """`allowed_where` for records: what is about nobody needs nobody's leave, unless the purpose takes consent."""
    agreed, given = allowed_where(purpose, alias, today)
    if consent.purpose(purpose).needs_consent:
        return agreed, given
    return f"({alias}.entity_id IS NULL OR {agreed})", given


def newest(store: Store) -> int:
    """The number of the newest event: who reads rows before taking the lock asks `check_unmoved` with it under it."""
    return int(store.rows("SELECT coalesce(max(seq), 0) AS n FROM consent_event")[0]["n"])


def check_unmoved(store: Store, seen: int) -> None:
    """Raises Conflict when somebody's consents changed since `newest` was asked: the rows may have them on it still."""
    if newest(store) != seen:
        raise Conflict("privacy.consents_moved")


def standing(store: Store, customer_id: str, purpose: str, moment: datetime | None = None) -> Standing:
    """How the purpose stands for a person now, or at a moment that was."""
    wanted = consent.purpose(purpose)
    by = stamp(moment) if moment else "9999"
    events = store.rows(
        "SELECT * FROM consent_event WHERE entity_id = ? AND purpose IN (?, ?) AND recorded_at <= ? ORDER BY seq",
        [customer_id, purpose, EVERYTHING, by],
    )
    for scope in (purpose, EVERYTHING):
        limits = [one for one in events if one["purpose"] == scope and one["kind"] in ("restricted", "released")]
        if limits and limits[-1]["kind"] == "restricted":
            return Standing(wanted, RESTRICTED, limits[-1])
    said = [one for one in events if one["purpose"] == purpose and one["kind"] in ("given", "withdrawn")]
    last = said[-1] if said else None
    if last is not None and last["kind"] == "withdrawn":
        return Standing(wanted, WITHDRAWN, last)
    if wanted.waits_for_notice and _untold(store, customer_id, by):
        return Standing(wanted, UNTOLD, None)
    day = (moment or utc_now()).astimezone(store.site.zone).date().isoformat()
    if last is not None and last["expires_on"] is not None and last["expires_on"] <= day:
        return Standing(wanted, EXPIRED if wanted.needs_consent else FREE, last)
    if last is None:
        return Standing(wanted, MISSING if wanted.needs_consent else FREE, None)
    return Standing(wanted, GIVEN, last)


def _untold(store: Store, customer_id: str, by: str) -> bool:
    """Whether something was learnt of them indirectly and nobody has told them since (contradiction D3)."""
    learnt = store.row(
        "SELECT json_extract(properties, '$.informed') AS informed, recorded_at FROM entity_version "
        "WHERE entity_id = ? AND recorded_at <= ? ORDER BY version DESC LIMIT 1",
        [customer_id, by],
    )
    if learnt is None or learnt["informed"] != "to_be_informed":
        return False
    told = "SELECT 1 FROM consent_event WHERE entity_id = ? AND kind = 'told' AND recorded_at BETWEEN ? AND ?"
    return store.row(told, [customer_id, learnt["recorded_at"], by]) is None


def standings(store: Store, actor: Person, customer_id: str) -> list[Standing]:
    """How every purpose stands for a person that the actor may see. Raises NotFound, NotAllowed."""
    permissions.check(actor, "customer.read")
    check_seen(store, actor, customer_id)
    return [standing(store, customer_id, name) for name in consent.purposes()]


def history(store: Store, actor: Person, customer_id: str) -> list[Row]:
    """What was said about uses of a person's data, newest first, with who recorded it (`display_name`).

    What proves it, and who spoke for a child, may say anything about anybody: blank for who does not see level 1.
    """
    permissions.check(actor, "customer.read")
    check_seen(store, actor, customer_id)
    rows = events_of(store, customer_id)
    if visibility.sees(actor, Level.SECRET):
        return rows
    return [{**row, "evidence": "", "guardian": ""} for row in rows]


def events_of(store: Store, customer_id: str) -> list[Row]:
    """The events of a person, newest first, opened, for an action that has checked who asks."""
    rows = store.rows(
        "SELECT consent_event.*, display_name FROM consent_event LEFT JOIN person ON person_id = recorded_by "
        "WHERE entity_id = ? ORDER BY seq DESC",
        [customer_id],
    )
    for row in rows:
        for name in ("evidence", "guardian"):
            row[name] = sealing.open_text(store, "consent_event", customer_id, name, _version(row), row[name])
    return rows


def give(store: Store, actor: Person, customer_id: str, given: Consent) -> None:
    """Record a consent. It is to the newest notice that speaks of the purpose.

    Raises BadInput without evidence, for a day to come or before the newest withdrawal, an end that is past, a purpose
    that wants a separate consent or of which no notice speaks, and for a child under fourteen without a guardian;
    NotFound, NotAllowed.
    """
    permissions.check(actor, "consent.record")
    wanted = consent.purpose(given.purpose)
    if wanted.separate and not given.separate:
        raise BadInput("privacy.separate_needed", article=wanted.article)
    if not given.evidence.strip() and given.file is None:
        raise BadInput("privacy.evidence_needed")
    if given.expires_on is not None and given.expires_on <= today(store):
        raise BadInput("privacy.ends_before")
    with store.act(actor.person_id, "consent.give", "entity", customer_id, purpose=given.purpose) as tx:
        check_seen(store, actor, customer_id)
        notice = notices.speaking_of(store, given.purpose)
        if notice is None and wanted.needs_consent:
            raise BadInput("privacy.no_notice_speaks")
        _check_after_withdrawal(store, customer_id, given)
        minors.check(store, customer_id, given.happened_on, born=given.born, guardian=given.guardian)
        row = _event(store, tx, actor, customer_id, "given", given.purpose, given.channel, given.happened_on)
        row |= {
            "separate": int(given.separate),
            "expires_on": given.expires_on.isoformat() if given.expires_on else None,
            "evidence": _sealed(store, row, "evidence", given.evidence),
            "guardian": _sealed(store, row, "guardian", given.guardian),
        }
        if notice is not None:
            row |= {"notice_id": notice.notice_id, "notice_version": notice.version}
            tx.note(notice=notice.notice_id, notice_version=notice.version)
        tx.insert("consent_event", row)
        if given.file is not None:
            privacy_files.put(store, tx, actor, "consent", customer_id, given.file)
    withholding.refresh(store, actor)


def _check_after_withdrawal(store: Store, customer_id: str, given: Consent) -> None:
    """What somebody agreed to earlier does not bring back what they withdrew since, whenever it is recorded."""
    last = store.row(
        "SELECT max(happened_on) AS day FROM consent_event WHERE entity_id = ? AND purpose = ? AND kind = 'withdrawn'",
        [customer_id, given.purpose],
    )
    if last is not None and last["day"] is not None and given.happened_on.isoformat() < last["day"]:
        raise BadInput("privacy.before_withdrawal", day=last["day"])


def withdraw(
    store: Store, actor: Person, customer_id: str, purpose: str, *, channel: str, happened_on: date, reason: str = ""
) -> None:
    """Record that somebody withdrew a consent, or objected where none was needed. It holds from this moment on."""
    permissions.check(actor, "consent.record")
    consent.purpose(purpose)
    with store.act(actor.person_id, "consent.withdraw", "entity", customer_id, purpose=purpose) as tx:
        check_seen(store, actor, customer_id)
        row = _event(store, tx, actor, customer_id, "withdrawn", purpose, channel, happened_on)
        end(store, tx, {**row, "evidence": _sealed(store, row, "evidence", reason)})


def end(store: Store, tx: Tx, row: Mapping[str, str | int | None]) -> None:
    """Write a withdrawal or restriction so that it survives a restore, and holds in the lake before it is committed."""
    tx.insert("consent_event", row)
    kind = "consent.withdrawn" if row["kind"] == "withdrawn" else "objection"
    facts = {name: str(row[name]) for name in ("purpose", "happened_on", "request_id") if row.get(name)}
    tx.remember(kind, str(row["entity_id"]), **facts)
    withholding.stopped(tx)
    withholding.keep(store, tx)


def told(store: Store, actor: Person, customer_id: str, *, channel: str, happened_on: date, how: str) -> None:
    """Record that somebody was told what was learnt of them indirectly: it may be used from now on as any other."""
    permissions.check(actor, "consent.record")
    if not how.strip():
        raise BadInput("privacy.evidence_needed")
    with store.act(actor.person_id, "consent.tell", "entity", customer_id) as tx:
        check_seen(store, actor, customer_id)
        notice = notices.find(store, consent.NOTICE)
        row = _event(store, tx, actor, customer_id, "told", EVERYTHING, channel, happened_on)
        row |= {"notice_id": notice.notice_id, "notice_version": notice.version}
        tx.insert("consent_event", {**row, "evidence": _sealed(store, row, "evidence", how)})
    withholding.refresh(store, actor)


def withdraw_again(store: Store, tx: Tx, object_id: str, facts: Mapping[str, str]) -> None:
    """After a restore: apply a withdrawal that the backup does not know. A second time does nothing."""
    _again(store, tx, object_id, "withdrawn", facts)


def object_again(store: Store, tx: Tx, object_id: str, facts: Mapping[str, str]) -> None:
    """After a restore: apply an objection that the backup does not know. A second time does nothing."""
    _again(store, tx, object_id, "restricted", facts)


def _again(store: Store, tx: Tx, object_id: str, kind: str, facts: Mapping[str, str]) -> None:
    purpose = facts["purpose"]
    known = store.row("SELECT 1 FROM entity WHERE entity_id = ?", [object_id])
    view = "consent_standing" if kind == "withdrawn" else "processing_limit"
    last = store.row(f"SELECT kind FROM {view} WHERE entity_id = ? AND purpose = ?", [object_id, purpose])
    if known is None or (last is not None and last["kind"] == kind):
        return
    row = {
        "entity_id": object_id, "kind": kind, "purpose": purpose, "happened_on": facts["happened_on"],
        "channel": "online", "recorded_at": tx.at, "recorded_by": "service", "request_id": facts.get("request_id"),
    }  # fmt: skip
    tx.insert("consent_event", row)
    withholding.stopped(tx)
    withholding.keep(store, tx)


def withdraw_at(store: Store, tx: Tx, actor: Person, customer_id: str, purpose: str, request_id: str) -> None:
    """End a consent at somebody's request. Within the request's transaction."""
    row = _event(store, tx, actor, customer_id, "withdrawn", purpose, "in_person", today(store))
    end(store, tx, row | {"request_id": request_id})


def restrict(
    store: Store, tx: Tx, actor: Person, customer_id: str, purpose: str, request_id: str, *, lift: bool = False
) -> None:
    """Stop a use, or all (`EVERYTHING`), at somebody's request; or take that back. Within the request's transaction.

    Taking one back leaves what other requests stopped as it is: the newest of those is said anew.
    """
    kind = "released" if lift else "restricted"
    row = _event(store, tx, actor, customer_id, kind, purpose, "in_person", today(store)) | {"request_id": request_id}
    if not lift:
        end(store, tx, row)
        return
    others = _stopped_by_others(store, customer_id, purpose, request_id)
    tx.insert("consent_event", row)
    if others:
        said_again = {"request_id": others[-1]["request_id"], "happened_on": others[-1]["happened_on"]}
        tx.insert("consent_event", {**row, "kind": "restricted", **said_again})
        tx.note(still_stopped=len(others))


def _stopped_by_others(store: Store, customer_id: str, purpose: str, request_id: str) -> list[Row]:
    """The restrictions of a use that other requests asked for and that were not taken back, oldest first."""
    events = store.rows(
        "SELECT * FROM consent_event WHERE entity_id = ? AND purpose = ? AND kind IN ('restricted', 'released') "
        "ORDER BY seq",
        [customer_id, purpose],
    )
    last = {row["request_id"]: row for row in events if row["request_id"] != request_id}
    return [row for row in last.values() if row["kind"] == "restricted"]


def check_seen(store: Store, actor: Person, entity_id: str) -> Row:
    """The entity, if it exists for the actor. Raises NotFound, the same as for what never was: without the id, which
    the actor may never have seen.
    """
    from custinfo.actions import assignments  # who builds conditions on customers asks consents too

    row = store.row("SELECT * FROM entity WHERE entity_id = ?", [entity_id])
    if row is None or not assignments.in_scope(store, actor, entity_id):
        raise NotFound("customers.unknown", number="—")
    return row


def _event(
    store: Store, tx: Tx, actor: Person, customer_id: str, kind: str, purpose: str, channel: str, happened_on: date
) -> Row:  # fmt: skip
    if channel not in consent.CHANNELS or channel == "form":
        raise BadInput("privacy.no_channel")
    if happened_on > today(store):
        raise BadInput("privacy.day_to_come")
    return {
        "entity_id": customer_id, "kind": kind, "purpose": purpose, "happened_on": happened_on.isoformat(),
        "channel": channel, "recorded_at": tx.at, "recorded_by": actor.person_id,
    }  # fmt: skip


def _sealed(store: Store, row: Row, field: str, given: str) -> str:
    """What somebody wrote about a person, sealed for its place; blank stays blank."""
    words = clean(given.strip(), max_length=LONGEST)
    if not words:
        return ""
    return sealing.seal_text(store, "consent_event", row["entity_id"], field, _version(row), words)


def _version(row: Row) -> str:
    return str(row["recorded_at"]) + str(row["purpose"])


def today(store: Store) -> date:
    """The day of the site's zone: consents begin and end by days."""
    return utc_now().astimezone(store.site.zone).date()
