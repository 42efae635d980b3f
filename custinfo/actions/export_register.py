"""The register of exports: whatever leaves the system leaves a row with what it was, for what, how much, and its hash.

`tier` says how much of a person leaves. What each role may take out is data in `access.permissions`. From a number of
rows a day on, what one person takes out with identities needs an approved case: it covers one export of no more rows
than were counted when it was asked for, until a day, and is used up by it.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from custinfo.access import permissions
from custinfo.domain import consent
from custinfo.domain.clock import parse, show, stamp, utc_now
from custinfo.domain.consent import TIERS, Tier
from custinfo.domain.errors import NotAllowed, WrongState
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row

OBJECT_KIND, PROCEDURE = "export", "export_identified"


@dataclass(frozen=True)
class Entry:
    """A row of the register; `by` is a name, `approval` the case that allowed it."""

    export_id: str
    what: str
    object_id: str
    format: str
    rows: int
    columns: tuple[str, ...]
    tier: Tier
    purpose: str
    approval: str | None
    sha256: str
    recipient: str
    exported_at: datetime
    by: str


@dataclass(frozen=True)
class Listed:
    """Some of the register, newest first, and how many rows it has."""

    total: int
    rows: list[Entry]


@dataclass(frozen=True)
class Order:
    """What is to be exported, exactly; `count` says how many rows it has for somebody at this moment."""

    what: str
    object_id: str
    facts: Mapping[str, str]
    purpose: str
    count: Callable[[Store, Person], int] = field(compare=False, repr=False)

    def said(self, actor: Person) -> dict[str, object]:
        """What is asked for: this export, for this purpose, by this person."""
        said = {"what": self.what, "object": self.object_id, "purpose": self.purpose, "by": actor.person_id}
        return {**said, "facts": dict(self.facts)}

    def order_id(self, actor: Person) -> str:
        """The id under which the approval of this very export is known."""
        return "XO-" + hashlib.sha256(_stored(self.said(actor)).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Terms:
    """What an approval covers: the order by one person (`by`, an id), at most so many `rows`, up to and with a day.

    `content` is what was decided on, byte for byte.
    """

    what: str
    object_id: str
    facts: Mapping[str, str]
    purpose: str
    by: str
    rows: int
    until: date
    content: bytes


def new_id() -> str:
    """The id of an export to come: it stands in the file itself, which is hashed before it is registered."""
    return f"X-{secrets.token_hex(6)}"


def check_tier(actor: Person, tier: Tier) -> None:
    """Raises NotAllowed when the person's roles take less out than this."""
    most = permissions.export_tier(actor)
    if TIERS.index(tier) > TIERS.index(most):
        raise NotAllowed(f"privacy.tier_refused.{most}")


def approval_for(store: Store, actor: Person, order: Order, tier: Tier, rows: int) -> str | None:
    """The approved case that allows an export with identities of so many rows; None where none is needed.

    What the person took out today without one counts too. Raises WrongState when one is needed and there is none, it is
    not approved, does not cover so many rows, has lapsed, or was used. `note` asks the same again under the lock.
    """
    from custinfo.actions import approvals

    if not _needs_approval(store, actor, tier, rows):
        return None
    case = approvals.of(store, OBJECT_KIND, order.order_id(actor))
    if case is None:
        raise _wanting(store, actor, rows)
    _check_covered(store, actor, case.case_id, order.what, order.object_id, rows)
    return str(case.case_id)


def ask_approval(store: Store, actor: Person, order: Order) -> str:
    """Open the case for an export with identities; gives its id. The rows that there are now are the most it covers.

    An approval that was used, has lapsed or covers too little is asked for anew.
    """
    from custinfo.actions import approvals

    permissions.check(actor, "record.export")
    check_tier(actor, Tier.IDENTIFIED)
    consent.purpose(order.purpose)
    order_id = order.order_id(actor)
    with store.act(actor.person_id, "export.ask", OBJECT_KIND, order_id, what=order.what, purpose=order.purpose) as tx:
        today = _today(store)
        until = today + timedelta(days=consent.approval_days_on(today))
        rows = order.count(store, actor)
        content = _stored({**order.said(actor), "rows": rows, "until": until.isoformat()})
        titles = {"zh-CN": f"含身份信息的导出：{order.object_id}", "en": f"Export with identities: {order.object_id}"}
        case = approvals.open(store, tx, actor, PROCEDURE, OBJECT_KIND, order_id, titles, content.encode())
        tx.insert("export_order", {"case_id": case, "content": content})
        tx.note(rows=rows)
    return case


def terms_of(store: Store, case_id: str) -> Terms | None:
    """What a case about an export covers, for whoever may read the case; None for a case about anything else."""
    row = store.row("SELECT content FROM export_order WHERE case_id = ?", [case_id])
    if row is None:
        return None
    said = json.loads(row["content"])
    until = date.fromisoformat(said["until"])
    return Terms(
        said["what"], said["object"], said["facts"], said["purpose"], said["by"], said["rows"], until,
        row["content"].encode(),
    )  # fmt: skip


def _needs_approval(store: Store, actor: Person, tier: Tier, rows: int) -> bool:
    if tier is not Tier.IDENTIFIED or actor == SERVICE:
        return False
    return rows + _taken_today(store, actor) > consent.identified_rows_on(_today(store))


def _wanting(store: Store, actor: Person, rows: int) -> WrongState:
    limit, earlier = consent.identified_rows_on(_today(store)), _taken_today(store, actor)
    return WrongState("privacy.approval_needed", rows=rows, limit=limit, earlier=earlier)


def _taken_today(store: Store, actor: Person) -> int:
    """How many rows with identities the person took out today without an approval: slices add up."""
    midnight = stamp(datetime.combine(_today(store), time(), store.site.zone))
    found = store.rows(
        "SELECT coalesce(sum(row_count), 0) AS n FROM export_event WHERE exported_by = ? AND exported_at >= ? "
        "AND tier = 'identified' AND approval IS NULL AND what NOT IN (SELECT value FROM json_each(?))",
        [actor.person_id, midnight, json.dumps(OWN_RULES)],
    )
    return int(found[0]["n"])


def _check_covered(store: Store, actor: Person, case_id: str, what: str, object_id: str, rows: int) -> None:
    """Raises WrongState unless the case is approved and covers this export, now."""
    from custinfo.actions import approval_cases, approvals

    terms = terms_of(store, case_id)
    if terms is None or (terms.what, terms.object_id, terms.by) != (what, object_id, actor.person_id):
        raise WrongState("approvals.not_approved")
    approvals.check_approved(store, OBJECT_KIND, approval_cases.find(store, case_id).object_id, terms.content)
    _check_unused(store, case_id)
    if _today(store) > terms.until:
        raise WrongState("privacy.approval_lapsed", day=terms.until.isoformat())
    if rows > terms.rows:
        raise WrongState("privacy.approval_exceeded", rows=rows, most=terms.rows)


def _check_unused(store: Store, case_id: str) -> None:
    if store.row("SELECT 1 FROM export_event WHERE approval = ?", [case_id]):
        raise WrongState("privacy.approval_used")


def _stored(said: Mapping[str, object]) -> str:
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def _today(store: Store) -> date:
    return utc_now().astimezone(store.site.zone).date()


def note(
    tx: Tx, store: Store, actor: Person, *, what: str, object_id: str, format: str, rows: int, columns: Sequence[str],
    tier: Tier | str, purpose: str, data: bytes, approval: str | None = None, recipient: str = "",
    export_id: str | None = None,
) -> str:  # fmt: skip
    """Register an export within the transaction that audits it; gives its id. `columns` are names, never values.

    Raises BadInput for an unknown purpose; NotAllowed for a tier above the person's; WrongState for rows that need an
    approval and have none that covers them: asked before, and now under the lock, where two at once use one up.
    """
    consent.purpose(purpose)
    if what not in OWN_RULES:
        check_tier(actor, Tier(tier))
        if approval is not None:
            _check_covered(store, actor, approval, what, object_id, rows)
        elif _needs_approval(store, actor, Tier(tier), rows):
            raise _wanting(store, actor, rows)
    elif approval is not None:
        _check_unused(store, approval)
    made = export_id or new_id()
    row: Row = {
        "export_id": made, "what": what, "object_id": object_id, "format": format, "row_count": rows,
        "columns": json.dumps(list(columns), ensure_ascii=False), "tier": str(tier), "purpose": purpose,
        "approval": approval, "sha256": hashlib.sha256(data).hexdigest(), "recipient": recipient,
        "exported_at": tx.at, "exported_by": actor.person_id,
    }  # fmt: skip
    tx.insert("export_event", row)
    tx.note(export=made, tier=str(tier), purpose=purpose, sha256=row["sha256"], approval=approval)
    return made


OWN_RULES = ("audit", "subject_package", "disclosure", "register", "report")
"""Exports whose own permission says who makes them, such as an answer to a person."""
ASKED_ANEW = tuple(f"privacy.approval_{one}" for one in ("needed", "used", "lapsed", "exceeded"))
"""Why an export was refused that an approval would let through."""


def mark(store: Store, actor: Person, export_id: str, recipient: str = "") -> str:
    """What stands on every page or row of an export that leaves the house: for whom, when, by whom, which."""
    when = show(utc_now(), store.site.zone)
    return " · ".join(part for part in (recipient, when, actor.display_name, export_id) if part)


def trace(store: Store, actor: Person, *, data: bytes = b"", number: str = "") -> list[Entry]:
    """Which exports a file that turned up somewhere is, by its hash or by the number that its mark says; newest first.

    That somebody asked is on the audit log, and what was found. Raises NotAllowed.
    """
    permissions.check(actor, "privacy.handle")
    rows = store.rows(
        "SELECT export_event.*, display_name FROM export_event LEFT JOIN person ON person_id = exported_by "
        "WHERE sha256 = ?1 OR export_id = ?2 ORDER BY seq DESC",
        [hashlib.sha256(data).hexdigest() if data else "", number.strip()],
    )
    found = rows[0]["export_id"] if rows else "-"
    with store.act(actor.person_id, "export.trace", OBJECT_KIND, found, rows=len(rows)):
        pass
    return [_entry(row) for row in rows]


def listed(store: Store, actor: Person, *, offset: int = 0, limit: int = 50) -> Listed:
    """The register, newest first, for the privacy desk."""
    permissions.check(actor, "privacy.read")
    total = store.rows("SELECT count(*) AS n FROM export_event")[0]["n"]
    rows = store.rows(
        "SELECT export_event.*, display_name FROM export_event LEFT JOIN person ON person_id = exported_by "
        "ORDER BY seq DESC LIMIT ? OFFSET ?",
        [max(0, min(limit, 5000)), max(0, offset)],
    )
    return Listed(total, [_entry(row) for row in rows])


def _entry(row: Row) -> Entry:
    return Entry(
        row["export_id"], row["what"], row["object_id"], row["format"], row["row_count"],
        tuple(json.loads(row["columns"])), Tier(row["tier"]), row["purpose"], row["approval"], row["sha256"],
        row["recipient"], parse(row["exported_at"]), row["display_name"] or row["exported_by"],
    )  # fmt: skip
