"""`/retention`: what is due, plans, holds and rules. `/retention/<plan>`: one plan, its list and proof."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import holds, retention, retention_views
from custinfo.actions.holds import Hold
from custinfo.actions.retention import DryRun, told
from custinfo.actions.retention_sources import Item
from custinfo.actions.retention_views import Plan
from custinfo.domain.people import Person
from custinfo.domain.retention import Rule, Rules
from custinfo.screens import blocks, retention_plan, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.retention_plan import state_badge
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

SHOWN = 20
"""Lines of what is due that are shown; all of them stand in the plan."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The overview, or the plan that the address names."""
    desk: Overview | retention_plan.Desk = Overview(page)
    if page.tail() != "retention":
        desk = retention_plan.Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Overview:
    """What is due today, what is under way, what is held, and by which rules."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        found = retention.dry_run(page.store, actor)
        plans = retention_views.listed(page.store, actor)
        head = blocks.head(page.text("retention.page.title"), page.text("retention.page.subtitle"))
        pending = [self._pending(one) for one in plans if one.state == "pending"]
        under_way = any(one.kind == "rules" and one.state in retention.UNDER_WAY for one in plans)
        left = [self._plans(plans), self._holds(actor)]
        due = self._due(actor, found, may_plan=not under_way)
        return [head, *pending, due, blocks.columns(left, [self._rules(found.rules)])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Make a plan; set or release a hold."""
        store = self._page.store
        if name == "plan":
            return Goto(f"/retention/{retention.plan(store, actor)}")
        if name == "hold":
            holds.set_(store, actor, said(value, "kind"), said(value, "object"), said(value, "reason"))
        elif name == "release":
            holds.release(store, actor, said(value, "about"), said(value, "reason"))
        return Redraw()

    def _pending(self, plan: Plan) -> Block:
        facts = {"count": plan.going, "day": plan.erase_on}
        return blocks.banner(self._page.text("retention.page.pending_banner", **facts), "warn")

    def _due(self, actor: Person, found: DryRun, *, may_plan: bool) -> Block:
        page = self._page
        count = page.text("retention.page.due_count", count=len(found.items), held=len(found.held))
        actions: list[Block] = []
        if found.items and may_plan and permissions.may(actor, "retention.plan"):
            words = page.text("retention.page.plan")
            actions = [blocks.button(words, "plan", "", name=words, look="primary")]
        title = page.text("retention.page.due")
        if not found.items and not found.held:
            return blocks.card(title, [blocks.empty(page.text("retention.page.nothing"))], id="due")
        names = ("category", "object", "rule", "since", "action", "why")
        columns = [blocks.column(page.text(f"retention.page.{name}"), wide=name == "why") for name in names]
        both = [*((one, ()) for one in found.items), *((held.item, held.why) for held in found.held)][:SHOWN]
        rows = [
            [
                (page.text(f"retention.category.{one.category}"), ""),
                *self._object(actor, one.category, one.object_id),
                (one.rule_id, ""),
                (one.since, ""),
                (page.text(f"retention.action.{one.action}"), ""),
                (self._why(actor, one, why), ""),
            ]
            for one, why in both
        ]
        table = blocks.table(count, columns, rows)
        return blocks.card(title, [table], id="due", actions=actions, badges=[blocks.badge(count, "warn")], flush=True)

    def _why(self, actor: Person, one: Item, why: tuple[str, ...]) -> str:
        known = holds.knows(self._page.store, actor, one.category, one.object_id)
        return " · ".join(told(each, self._page.language) for each in why) if known else ""

    def _object(self, actor: Person, category: str, object_id: str) -> list[tuple[str, str]]:
        if not holds.knows(self._page.store, actor, category, object_id):
            return [("—", "")]
        number = retention_views.number_of(self._page.store, actor, category, object_id)
        opens = number and permissions.may(actor, "customer.read")
        return [(number or object_id[: retention_plan.SHORT], f"/customer/{object_id}" if opens else "")]

    def _plans(self, plans: tuple[Plan, ...]) -> Block:
        page = self._page
        title = page.text("retention.page.plans")
        if not plans:
            return blocks.card(title, [blocks.empty(page.text("retention.page.no_plans"))])
        lines = []
        for one in plans:
            badges = [state_badge(page, one)]
            if one.state == "pending":
                badges.append(blocks.badge(page.text("retention.page.erase_on", day=one.erase_on), "warn"))
            kind = page.text(f"retention.kind.{one.kind}")
            facts = {"items": one.going, "held": one.counts.get("held", 0), "time": page.time(one.made_at)}
            meta = page.text("retention.page.plan_line", kind=kind, name=one.made_by, **facts)
            lines.append(blocks.item(one.plan_id, f"/retention/{one.plan_id}", meta=meta, badges=badges))
        return blocks.card(title, [blocks.listing(lines)], flush=True)

    def _holds(self, actor: Person) -> Block:
        page = self._page
        may = permissions.may(actor, "retention.hold")
        found = holds.listed(page.store, actor)
        lines = [self._hold(one) for one in found]
        inner: list[Block] = [blocks.listing(lines)] if lines else [blocks.empty(page.text("retention.page.no_holds"))]
        hidden = holds.others(page.store, actor)
        if hidden:
            inner.append(blocks.banner(page.text("retention.page.holds_hidden", count=hidden)))
        if may:
            inner += [self._release(one) for one in found]
            kinds = [(kind, page.text(f"retention.kind.{kind}")) for kind in holds.KINDS]
            fields = [
                blocks.field("kind", page.text("retention.page.hold_kind"), "select", options=kinds, required=True),
                blocks.field("object", page.text("retention.page.hold_object"), required=True),
                blocks.field("reason", page.text("retention.page.hold_reason"), "multiline", required=True),
            ]
            words = page.text("retention.page.set_hold")
            inner.append(blocks.entry("hold", fields, words, folded=words))
        return blocks.card(page.text("retention.page.holds"), inner)

    def _hold(self, one: Hold) -> Block:
        page = self._page
        meta = page.text("retention.page.hold_line", reason=one.reason, time=page.time(one.set_at), name=one.set_by)
        badges = [blocks.badge(page.text(f"retention.kind.{one.object_kind}")), blocks.badge(one.hold_id, "accent")]
        return blocks.item(one.number or one.object_id or "—", meta=meta, badges=badges)

    def _release(self, one: Hold) -> Block:
        page = self._page
        reason = blocks.field("reason", page.text("retention.page.hold_reason"), required=True)
        words = page.text("retention.page.release_name", id=one.hold_id)
        return blocks.entry(
            "release", [reason], page.text("retention.page.release"), value=one.hold_id, look="", folded=words
        )

    def _rules(self, rules: Rules) -> Block:
        page = self._page
        names = ("category", "period", "event", "action")
        columns = [blocks.column(page.text(f"retention.page.{name}")) for name in names]
        rows = [
            [
                (self._category(one), ""),
                (self._period(one), ""),
                (page.text(f"retention.event.{one.event}"), ""),
                (page.text(f"retention.action.{one.action}"), ""),
            ]
            for one in rules.rules
        ]
        title = page.text("retention.page.rules", version=rules.version, day=rules.effective_from)
        approved = page.text("retention.page.rules_by", reason=rules.reason, by=rules.approved_by)
        return blocks.card(title, [blocks.banner(approved), blocks.table(title, columns, rows)])

    def _category(self, one: Rule) -> str:
        name = self._page.text(f"retention.category.{one.category}")
        return name if one.purpose == "*" else f"{name} · {one.purpose}"

    def _period(self, one: Rule) -> str:
        unit = "months" if one.months else "days"
        return self._page.text(f"retention.page.{unit}", n=one.months or one.days)
