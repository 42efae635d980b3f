"""Plans of retention as people read them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions
from custinfo.actions import assignments, holds
from custinfo.domain.clock import parse
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

MOST = 50
"""Plans that are listed, the newest first."""


@dataclass(frozen=True)
class Plan:
    """A plan as it stands. `counts` gives the number of its items by outcome; `erase_on` when a marked one is due."""

    plan_id: str
    kind: str
    state: str
    rules_version: int
    sha256: str
    made_at: datetime
    made_by: str
    erase_on: date | None
    stop_reason: str
    counts: Mapping[str, int]
    certificate_id: str | None

    @property
    def going(self) -> int:
        """How many items go, will go or went."""
        return sum(self.counts.get(outcome, 0) for outcome in ("planned", "pending", "erased"))


@dataclass(frozen=True)
class Line:
    """An item of a plan. `number` is that of a customer; `why` names what holds it. `object_id`, `number` and `why` are
    blank where the reader may not know of the object.
    """

    category: str
    object_id: str
    number: str
    rule_id: str
    since: str
    action: str
    outcome: str
    why: tuple[str, ...]


def listed(store: Store, actor: Person) -> tuple[Plan, ...]:
    """The newest plans."""
    permissions.check(actor, "retention.read")
    return tuple(_plan(store, row) for row in store.rows(f"{_PLANS} ORDER BY retention_plan.made_at DESC LIMIT {MOST}"))


def read(store: Store, actor: Person, plan_id: str) -> Plan:
    """One plan; a certificate's id stands for its plan. Raises NotAllowed, NotFound."""
    permissions.check(actor, "retention.read")
    row = store.row(f"{_PLANS} WHERE retention_plan.plan_id = ?1 OR certificate_id = ?1", [plan_id])
    if row is None:
        raise NotFound("retention.no_plan")
    return _plan(store, row)


def lines(store: Store, actor: Person, plan_id: str, offset: int, limit: int) -> Sequence[Line]:
    """Some of the items of a plan, in its order. Raises NotAllowed, NotFound."""
    permissions.check(actor, "retention.read")
    row = store.row("SELECT content FROM retention_plan WHERE plan_id = ?", [plan_id])
    if row is None:
        raise NotFound("retention.no_plan")
    held = {(one[1], one[2]): tuple(one[-1]) for one in json.loads(row["content"])["held"]}
    found = store.rows(
        "SELECT retention_item.*, number FROM retention_item LEFT JOIN entity ON entity_id = object_id "
        "WHERE plan_id = ? ORDER BY position LIMIT ? OFFSET ?",
        [plan_id, limit, max(0, offset)],
    )
    return [_line(store, actor, one, held.get((one["category"], one["object_id"]), ())) for one in found]


def number_of(store: Store, actor: Person, category: str, object_id: str) -> str:
    """The number of a customer whom the reader may see; nothing for anything else."""
    if category != "customer" or not assignments.in_scope(store, actor, object_id):
        return ""
    row = store.row("SELECT number FROM entity WHERE entity_id = ?", [object_id])
    return str(row["number"]) if row else ""


_PLANS = (
    "SELECT retention_plan.*, display_name, certificate_id FROM retention_plan "
    "LEFT JOIN person ON person_id = retention_plan.made_by LEFT JOIN destruction_certificate USING (plan_id)"
)


def _line(store: Store, actor: Person, row: Row, why: tuple[str, ...]) -> Line:
    category, object_id = row["category"], row["object_id"]
    known = holds.knows(store, actor, category, object_id)
    return Line(
        category, object_id if known else "", (row["number"] or "") if known else "", row["rule_id"], row["since"],
        row["action"], row["outcome"], why if known else (),
    )  # fmt: skip


def _plan(store: Store, row: Row) -> Plan:
    counted = store.rows(
        "SELECT outcome, count(*) AS n FROM retention_item WHERE plan_id = ? GROUP BY outcome", [row["plan_id"]]
    )
    return Plan(
        row["plan_id"],
        row["kind"],
        row["state"],
        row["rules_version"],
        row["sha256"],
        parse(row["made_at"]),
        row["display_name"] or row["made_by"],
        date.fromisoformat(row["erase_on"]) if row["erase_on"] else None,
        row["stop_reason"] or "",
        {one["outcome"]: one["n"] for one in counted},
        row["certificate_id"],
    )
