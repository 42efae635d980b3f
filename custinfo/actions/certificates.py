"""Certificates of destruction (R155): what went, how much of it, by which rules, who agreed. No personal data."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custinfo.access import permissions
from custinfo.actions import approvals
from custinfo.domain import retention
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = "destruction_certificate"


@dataclass(frozen=True)
class Line:
    """What became of one category under one rule: how many went, were held, or had changed since they were listed."""

    rule_id: str
    category: str
    action: str
    erased: int
    held: int
    changed: int


@dataclass(frozen=True)
class Agreed:
    """A decision that led to it. `name` is that of a member of staff."""

    step: Mapping[str, str]
    name: str
    at: datetime
    signed: bool


@dataclass(frozen=True)
class Certificate:
    """A certificate. `list_sha256` is the digest of the list that was agreed to, `sha256` that of this certificate."""

    certificate_id: str
    plan_id: str
    kind: str
    rules_version: int
    rules_approved_by: str
    lines: tuple[Line, ...]
    agreed: tuple[Agreed, ...]
    list_sha256: str
    made_at: datetime
    marked_at: datetime
    finished_at: datetime
    sha256: str


def issue(store: Store, tx: Tx, actor: Person, plan: Row) -> Certificate:
    """The certificate of a plan that is carried out, put before those who sign it, within the open transaction.

    Whoever made the plan, marked it or carries it out bears no witness to it.
    """
    certificate_id = f"DC-{secrets.token_hex(6)}"
    case = approvals.of(store, "retention_plan", plan["plan_id"])
    steps = case.procedure.steps if case else ()
    agreed = [
        {"step": steps[one.step].titles, "name": one.name, "at": one.at.isoformat(), "signed": one.signed}
        for one in (case.decisions() if case else ())
    ]
    rules = retention.load(retention.FILE)[plan["rules_version"] - 1]
    content = {
        "certificate_id": certificate_id, "plan_id": plan["plan_id"], "kind": plan["kind"],
        "rules_version": plan["rules_version"], "rules_approved_by": rules.approved_by,
        "lines": _lines(store, plan["plan_id"]), "agreed": agreed, "list_sha256": plan["sha256"],
        "made_at": plan["made_at"], "marked_at": plan["marked_at"], "finished_at": plan["finished_at"],
    }  # fmt: skip
    body = json.dumps(content, ensure_ascii=False, sort_keys=True)
    row: Row = {"certificate_id": certificate_id, "plan_id": plan["plan_id"], "content": body}
    row |= {"sha256": hashlib.sha256(body.encode()).hexdigest(), "made_at": tx.at, "made_by": actor.person_id}
    tx.insert(KIND, row)
    titles = {language: text("retention.certificate_title", language, id=certificate_id) for language in LANGUAGES}
    authors = [plan["made_by"], *([plan["marked_by"]] if plan["marked_by"] else [])]
    approvals.open(store, tx, actor, KIND, KIND, certificate_id, titles, body.encode(), authors=authors)
    tx.note(certificate=certificate_id)
    return _certificate(row)


def of_plan(store: Store, plan_id: str) -> Certificate | None:
    """The certificate of a plan; None when it is not carried out."""
    row = store.row("SELECT * FROM destruction_certificate WHERE plan_id = ?", [plan_id])
    return _certificate(row) if row else None


def read(store: Store, actor: Person, certificate_id: str) -> Certificate:
    """One certificate. Raises NotAllowed, NotFound."""
    permissions.check(actor, "retention.read")
    row = store.row("SELECT * FROM destruction_certificate WHERE certificate_id = ?", [certificate_id])
    if row is None:
        raise NotFound("retention.no_certificate")
    return _certificate(row)


def _lines(store: Store, plan_id: str) -> list[dict[str, Any]]:
    return store.rows(
        "SELECT rule_id, category, action, sum(outcome = 'erased') AS erased, sum(outcome = 'held') AS held, "
        "sum(outcome = 'changed') AS changed FROM retention_item WHERE plan_id = ? "
        "GROUP BY rule_id, category, action ORDER BY rule_id",
        [plan_id],
    )


def _certificate(row: Row) -> Certificate:
    content = json.loads(row["content"])
    return Certificate(
        content["certificate_id"], content["plan_id"], content["kind"], content["rules_version"],
        content["rules_approved_by"], tuple(Line(**one) for one in content["lines"]),
        tuple(Agreed(o["step"], o["name"], datetime.fromisoformat(o["at"]), o["signed"]) for o in content["agreed"]),
        content["list_sha256"], parse(content["made_at"]), parse(content["marked_at"]), parse(content["finished_at"]),
        row["sha256"],
    )  # fmt: skip
