"""The register of exports: whatever leaves the system leaves a row with what it was, for what, how much, and its hash.

`tier` says how much of a person leaves. What each role may take out is data in `access.permissions`; from a number of
rows on, an export with identities needs an approved case, which is used up by it.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from custinfo.access import permissions
from custinfo.domain import consent
from custinfo.domain.clock import parse, show, utc_now
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
    """What is to be exported, exactly: the content that an approval is given to."""

    what: str
    object_id: str
    facts: Mapping[str, str]
    purpose: str

    def content(self, actor: Person) -> bytes:
        """What is approved: this export, for this purpose, by this person."""
        said = {"what": self.what, "object": self.object_id, "purpose": self.purpose, "by": actor.person_id}
        return json.dumps({**said, "facts": dict(self.facts)}, ensure_ascii=False, sort_keys=True).encode()

    def order_id(self, actor: Person) -> str:
        """The id under which the approval of this very export is known."""
        return "XO-" + hashlib.sha256(self.content(actor)).hexdigest()[:20]


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

    Raises WrongState when one is needed and there is none, it is not approved, or it was used.
    """
    from custinfo.actions import approvals

    today = utc_now().astimezone(store.site.zone).date()
    if tier is not Tier.IDENTIFIED or rows <= consent.identified_rows_on(today) or actor == SERVICE:
        return None
    order_id = order.order_id(actor)
    case = approvals.of(store, OBJECT_KIND, order_id)
    if case is None:
        raise WrongState("privacy.approval_needed", rows=rows, limit=consent.identified_rows_on(today))
    approvals.check_approved(store, OBJECT_KIND, order_id, order.content(actor))
    if store.row("SELECT 1 FROM export_event WHERE approval = ?", [case.case_id]):
        raise WrongState("privacy.approval_used")
    return str(case.case_id)


def ask_approval(store: Store, actor: Person, order: Order) -> str:
    """Open the case for an export with identities; gives its id. An approval that was used is asked for anew."""
    from custinfo.actions import approvals

    permissions.check(actor, "record.export")
    consent.purpose(order.purpose)
    order_id = order.order_id(actor)
    with store.act(actor.person_id, "export.ask", OBJECT_KIND, order_id, what=order.what, purpose=order.purpose) as tx:
        titles = {"zh-CN": f"含身份信息的导出：{order.object_id}", "en": f"Export with identities: {order.object_id}"}
        return approvals.open(store, tx, actor, PROCEDURE, OBJECT_KIND, order_id, titles, order.content(actor))


def note(
    tx: Tx, store: Store, actor: Person, *, what: str, object_id: str, format: str, rows: int, columns: Sequence[str],
    tier: Tier | str, purpose: str, data: bytes, approval: str | None = None, recipient: str = "",
    export_id: str | None = None,
) -> str:  # fmt: skip
    """Register an export within the transaction that audits it; gives its id. `columns` are names, never values.

    Raises BadInput for an unknown purpose; NotAllowed for a tier above the person's.
    """
    consent.purpose(purpose)
    if what not in OWN_RULES:
        check_tier(actor, Tier(tier))
    if approval is not None and store.row("SELECT 1 FROM export_event WHERE approval = ?", [approval]):
        raise WrongState("privacy.approval_used")  # asked before, and now under the lock: two at once use one up
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


def mark(store: Store, actor: Person, export_id: str, recipient: str = "") -> str:
    """What stands on every page or row of an export that leaves the house: for whom, when, by whom, which."""
    when = show(utc_now(), store.site.zone)
    return " · ".join(part for part in (recipient, when, actor.display_name, export_id) if part)


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
