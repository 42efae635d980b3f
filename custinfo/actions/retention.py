"""Retention: what is due is listed, agreed to by two people, marked, and destroyed after some days; then certified.

A plan is the list itself, with its digest: what was agreed to is what goes, nothing else. Something that changed since
is not what was agreed to. A hold wins at every step. Killed at any point, the job goes on where it was.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import approvals, certificates, erasing, holds
from custinfo.actions.certificates import Certificate
from custinfo.actions.retention_sources import SOURCES, Item
from custinfo.domain import machines, retention
from custinfo.domain.clock import parse, utc_now
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.retention import Rules
from custinfo.domain.text import stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

BATCH = 50
"""Items that are destroyed in one transaction."""
PROCEDURE = "retention_job"
KIND = "retention_plan"
UNDER_WAY = ("planned", "pending", "erasing")
"""States of a plan that stands in the way of another."""
REQUEST = "request"
"""The rule that stands at an item that a person asked for."""


@dataclass(frozen=True)
class Held:
    """Something that is due and stays: `why` names the holds."""

    item: Item
    why: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    """What would go and what is held, on one day, by one version of the rules."""

    day: date
    rules: Rules
    items: tuple[Item, ...]
    held: tuple[Held, ...]

    def content(self, kind: str = "rules") -> bytes:
        """The list as it is agreed to: ids, rules and days, no personal data."""
        fields = {
            "kind": kind,
            "rules_version": self.rules.version,
            "items": [list(asdict(one).values()) for one in self.items],
            "held": [[*asdict(one.item).values(), list(one.why)] for one in self.held],
        }
        return json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()


def today(store: Store) -> date:
    """Today in the site's calendar; a clock that was set back does not bring back a day that is on the audit log."""
    last = store.row("SELECT max(at) AS at FROM audit")
    newest = parse(last["at"]) if last and last["at"] else utc_now()
    return max(utc_now(), newest).astimezone(store.site.zone).date()


def dry_run(store: Store, actor: Person) -> DryRun:
    """What is due today and what of it is held; nothing changes. Raises NotAllowed."""
    permissions.check(actor, "retention.read")
    return _dry_run(store)


def _dry_run(store: Store) -> DryRun:
    day = today(store)
    rules = retention.on(day)
    due: dict[tuple[str, str], Item] = {}
    for rule in rules.rules:
        if rule.action != "hold" and rule.category in SOURCES:
            for one in SOURCES[rule.category](store).due(rule, day):
                due.setdefault((one.category, one.object_id), one)
    why = _held(store, due.values())
    due = _without_parts(store, due, why)
    items = tuple(one for one in due.values() if one.object_id not in why)
    held = tuple(Held(one, why[one.object_id]) for one in due.values() if one.object_id in why)
    return DryRun(day, rules, items, held)


def _without_parts(
    store: Store, due: dict[tuple[str, str], Item], held: Collection[str]
) -> dict[tuple[str, str], Item]:
    """Without what goes anyway with a customer who goes."""
    going = {object_id for category, object_id in due if category == "customer"} - set(held)
    parts: set[tuple[str, str]] = set()
    for category in {category for category, _ in due} - {"customer"}:
        objects = [object_id for of, object_id in due if of == category]
        owners = SOURCES[category](store).customers(objects)
        parts |= {(category, object_id) for object_id, owner in owners.items() if owner in going}
    return {key: one for key, one in due.items() if key not in parts}


def _held(store: Store, items: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """The objects that are held, by themselves or by whose they are, with what holds them."""
    by_category: dict[str, list[str]] = {}
    for one in items:
        by_category.setdefault(one.category, []).append(one.object_id)
    owners: dict[str, str] = {}
    for category, objects in by_category.items():
        owners |= SOURCES[category](store).customers(objects)
    objects_and_owners = {one for objects in by_category.values() for one in objects} | set(owners.values())
    standing = holds.standing(store, objects_and_owners)
    found: dict[str, tuple[str, ...]] = {}
    for objects in by_category.values():
        for object_id in objects:
            why = [*standing.get(object_id, ()), *standing.get(owners.get(object_id, ""), ())]
            if why:
                found[object_id] = tuple(dict.fromkeys(why))
    return found


def plan(store: Store, actor: Person) -> str:
    """Make a plan of what is due today and put it before those who agree to it; gives its id.

    Raises WrongState when nothing is due, or another plan is under way.
    """
    permissions.check(actor, "retention.plan")
    with store.act(actor.person_id, "retention.plan", KIND, "") as tx:
        under_way = store.row(
            "SELECT plan_id FROM retention_plan WHERE kind = 'rules' AND state IN (?, ?, ?)", UNDER_WAY
        )
        if under_way is not None:
            raise WrongState("retention.under_way", plan=under_way["plan_id"])
        found = _dry_run(store)
        if not found.items:
            raise WrongState("retention.nothing_due", held=len(found.held))
        return _put(store, tx, actor, "rules", found)


def request(store: Store, actor: Person, customer_id: str, request_id: str = "") -> str:
    """Plan the erasure of one customer, guest or contact who asked for it; gives the plan's id.

    `request_id` is the subject request that asks for it. Raises NotFound, and WrongState naming what holds them.
    """
    permissions.check(actor, "retention.plan")
    with store.act(actor.person_id, "retention.plan", KIND, "", customer=customer_id[:40]) as tx:
        if not store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [customer_id]):
            raise NotFound("customers.unknown", number=customer_id[:40])
        day = today(store)
        item = Item(REQUEST, "customer", customer_id, "anonymise", str(day), request_id)
        _refuse_held(_held(store, [item]))
        return _put(store, tx, actor, REQUEST, DryRun(day, retention.on(day), (item,), ()))


def _refuse_held(why: Mapping[str, tuple[str, ...]]) -> None:
    for reasons in why.values():
        raise Blocked(reasons)


class Blocked(WrongState):
    """A hold stands in the way; says which, in the reader's language."""

    def __init__(self, why: Collection[str]) -> None:
        self.why = tuple(why)
        super().__init__("retention.held")

    def text(self, language: str = "zh-CN") -> str:
        """What holds it, and what to do."""
        between = "、" if language == "zh-CN" else ", "
        return text(self.key, language, why=between.join(told(one, language) for one in self.why))


def told(why: str, language: str) -> str:
    """What holds something, in words: `complaint:…` is an open complaint."""
    kind, _, object_id = why.partition(":")
    return text(f"retention.why.{kind}", language, id=object_id)


def _put(store: Store, tx: Tx, actor: Person, kind: str, found: DryRun) -> str:
    plan_id = f"RP-{secrets.token_hex(6)}"
    content = found.content(kind)
    titles = {
        language: text("retention.case_title", language, plan=plan_id, count=len(found.items)) for language in LANGUAGES
    }
    case_id = approvals.open(store, tx, actor, PROCEDURE, KIND, plan_id, titles, content)
    sha256 = hashlib.sha256(content).hexdigest()
    tx.insert(
        "retention_plan",
        {
            "plan_id": plan_id, "kind": kind, "state": machines.after(machines.RETENTION, machines.NOWHERE, "plan"),
            "rules_version": found.rules.version, "content": content.decode(), "sha256": sha256, "case_id": case_id,
            "made_at": tx.at, "made_by": actor.person_id,
        },
    )  # fmt: skip
    rows = [(one, "planned") for one in found.items] + [(one.item, "held") for one in found.held]
    tx.insert_all(
        "retention_item",
        [
            {"plan_id": plan_id, "position": position, **asdict(one), "outcome": outcome, "done_at": None}
            for position, (one, outcome) in enumerate(rows, start=1)
        ],
    )
    tx.note(plan=plan_id, items=len(found.items), held=len(found.held), sha256=sha256)
    return plan_id


def check_free(store: Store, plan_id: str) -> None:
    """Raises Blocked when something that the plan lists is held."""
    items = _items(store, plan_id, "planned")
    _refuse_held(_held(store, items.values()))


def mark(store: Store, actor: Person, plan_id: str) -> date:
    """The first phase: an approved plan becomes pending; gives the day from which on it is carried out.

    Raises WrongState when it is not approved, or is not what is due any more: then nobody agreed to what would go.
    """
    permissions.check(actor, "retention.run")
    with store.act(actor.person_id, "retention.mark", KIND, plan_id[:40]) as tx:
        row = _row(store, plan_id)
        state = machines.after(machines.RETENTION, row["state"], "mark")
        items = _items(store, plan_id, "planned")
        _check_agreed(store, row, items)
        if row["kind"] == REQUEST and len(_wanted(store, items)) < len(items):
            raise WrongState("retention.not_wanted")
        if row["rules_version"] != retention.on(today(store)).version or _changed(store, row["kind"], items):
            raise WrongState("retention.outdated")
        held = _held(store, items.values())
        for position, one in items.items():
            outcome = "held" if one.object_id in held else "pending"
            tx.update("retention_item", (plan_id, position), {"outcome": outcome})
        # Who asked to be erased does not wait; rules can be wrong, so what they found can be stopped for some days
        wait = retention.on(today(store)).stop_days if row["kind"] == "rules" else 0
        erase_on = today(store) + timedelta(days=wait)
        marked = {"marked_at": tx.at, "marked_by": actor.person_id, "erase_on": str(erase_on)}
        tx.update("retention_plan", plan_id, {"state": state, **marked})
        tx.note(pending=len(items) - len(held), held=len(held), erase_on=str(erase_on))
    return erase_on


def stop(store: Store, actor: Person, plan_id: str, reason: str) -> None:
    """Give a plan up before anything was destroyed. Raises BadInput without a reason, WrongState."""
    permissions.check(actor, "retention.stop")
    words = stated(reason, "retention.reason_needed", max_length=holds.LONGEST_REASON)
    with store.act(actor.person_id, "retention.stop", KIND, plan_id[:40]) as tx:
        row = _row(store, plan_id)
        state = machines.after(machines.RETENTION, row["state"], "stop")
        tx.update(
            "retention_plan", plan_id,
            {"state": state, "stopped_at": tx.at, "stopped_by": actor.person_id, "stop_reason": words},
        )  # fmt: skip


def carry_out(store: Store, actor: Person, plan_id: str) -> Certificate:
    """The second phase: destroy what is pending, bring the lake after, certify. Called again, it goes on.

    Raises WrongState before the day has come, or while somebody publishes.
    """
    permissions.check(actor, "retention.run")
    done = certificates.of_plan(store, plan_id)
    if done is not None:
        return done
    _begin(store, actor, plan_id)
    while _destroy_some(store, actor, plan_id):
        pass
    erasing.finish(store, actor)
    with store.act(actor.person_id, "retention.certify", KIND, plan_id) as tx:
        row = _row(store, plan_id)
        state = machines.after(machines.RETENTION, row["state"], "certify")
        tx.update("retention_plan", plan_id, {"state": state, "finished_at": tx.at})
        return certificates.issue(store, tx, actor, row | {"finished_at": tx.at})


def case_of(store: Store, plan_id: str) -> str:
    """The approval of a plan. Raises NotFound."""
    return str(_row(store, plan_id)["case_id"])


def customer_of(store: Store, case_id: str) -> str:
    """The customer whose erasure a case is about. Raises NotFound."""
    row = store.row(
        "SELECT object_id FROM retention_item JOIN retention_plan USING (plan_id) "
        "WHERE case_id = ? AND kind = 'request'",
        [case_id],
    )
    if row is None:
        raise NotFound("retention.other_case")
    return str(row["object_id"])


def due_plans(store: Store) -> list[str]:
    """The plans whose day has come, or that were begun: the daily job carries them out."""
    rows = store.rows(
        "SELECT plan_id FROM retention_plan WHERE state = 'erasing' OR (state = 'pending' AND erase_on <= ?)",
        [str(today(store))],
    )
    return [row["plan_id"] for row in rows]


def _begin(store: Store, actor: Person, plan_id: str) -> None:
    with store.act(actor.person_id, "retention.begin", KIND, plan_id[:40]) as tx:
        row = _row(store, plan_id)
        if row["state"] == "erasing":
            return
        state = machines.after(machines.RETENTION, row["state"], "erase")
        if date.fromisoformat(row["erase_on"]) > today(store):
            raise WrongState("retention.too_early", day=row["erase_on"])
        tx.update("retention_plan", plan_id, {"state": state})


def _destroy_some(store: Store, actor: Person, plan_id: str) -> bool:
    """The next batch, in one transaction with its marks. What is held or changed by now stays."""
    with store.act(actor.person_id, "retention.erase", KIND, plan_id) as tx:
        row = _row(store, plan_id)
        items = _items(store, plan_id, "pending", BATCH)
        _check_agreed(store, row, items)
        held = _held(store, items.values())
        changed = _changed(store, row["kind"], items)
        tally: dict[str, int] = {}
        going: dict[str, list[Item]] = {}
        for position, one in items.items():
            there = SOURCES[one.category](store).is_there(one.object_id)
            outcome = "held" if one.object_id in held else "changed" if there and position in changed else "erased"
            if outcome == "erased" and there:
                going.setdefault(one.category, []).append(one)
            tally[outcome] = tally.get(outcome, 0) + 1
            tx.update("retention_item", (plan_id, position), {"outcome": outcome, "done_at": tx.at})
        for category, those in going.items():
            SOURCES[category](store).destroy(tx, those, plan_id)
        tx.note(**tally)
    return bool(items)


def _items(store: Store, plan_id: str, outcome: str, limit: int = -1) -> dict[int, Item]:
    rows = store.rows(
        "SELECT * FROM retention_item WHERE plan_id = ? AND outcome = ? ORDER BY position LIMIT ?",
        [plan_id, outcome, limit],
    )
    return {
        row["position"]: Item(
            row["rule_id"], row["category"], row["object_id"], row["action"], row["since"], row["mark"]
        )
        for row in rows
    }


def _check_agreed(store: Store, row: Row, items: Mapping[int, Item]) -> None:
    """Raises WrongState unless two people agreed to the plan's list, and each of these items stands on it."""
    approvals.check_approved(store, KIND, row["plan_id"], row["content"].encode())
    listed = [Item(*one) for one in json.loads(row["content"])["items"]]
    if any(position > len(listed) or listed[position - 1] != one for position, one in items.items()):
        raise WrongState("retention.outdated")


def _changed(store: Store, kind: str, items: Mapping[int, Item]) -> set[int]:
    """The items that are not due any more as they were: something happened to them, or they are gone."""
    if kind == REQUEST:
        wanted = _wanted(store, items)
        return {
            position
            for position, one in items.items()
            if position not in wanted or not SOURCES[one.category](store).is_there(one.object_id)
        }
    day = today(store)
    rules = retention.on(day)
    now: dict[tuple[str, str], Item] = {}
    for rule_id in {one.rule_id for one in items.values()}:
        rule = rules.named(rule_id)
        if rule is not None and rule.category in SOURCES:
            now |= {(one.rule_id, one.object_id): one for one in SOURCES[rule.category](store).due(rule, day)}
    return {position for position, one in items.items() if now.get((one.rule_id, one.object_id)) != one}


def _wanted(store: Store, items: Mapping[int, Item]) -> set[int]:
    """The items that somebody asked for and still does: `mark` names the request. Without one the case counts."""
    waiting = {
        (row["request_id"], row["entity_id"])
        for row in store.rows(
            "SELECT request_id, entity_id FROM subject_request WHERE kind = 'delete' AND state IN ('verified', "
            "'extended') AND request_id IN (SELECT value FROM json_each(?))",
            [json.dumps(sorted({one.mark for one in items.values()}))],
        )
    }
    return {position for position, one in items.items() if not one.mark or (one.mark, one.object_id) in waiting}


def _row(store: Store, plan_id: str) -> Row:
    row = store.row("SELECT * FROM retention_plan WHERE plan_id = ?", [plan_id])
    if row is None:
        raise NotFound("retention.no_plan")
    return row
