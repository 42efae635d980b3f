"""One plan of retention: its list, who agreed to it, how far it is, and its certificate."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import approvals, certificates, retention, retention_views
from custinfo.actions.retention_views import Line, Plan
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw

ROWS = 50
FARTHEST = 1_000_000
SHORT = 14
"""Characters of an id that nobody reads whole."""
LOOK = {"planned": "info", "pending": "warn", "erasing": "danger", "certified": "ok", "stopped": ""}
LOOK_OF_OUTCOME = {"held": "accent", "changed": "warn", "erased": "ok"}


def state_badge(page: Page, plan: Plan) -> Block:
    """The state of a plan as a mark."""
    return blocks.badge(page.text(f"machines.state.{plan.state}"), LOOK[plan.state])


class Desk:
    """A plan, and what can be done with it now."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._plan_id = page.tail()
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        plan = retention_views.read(page.store, actor, self._plan_id)
        self._plan_id = plan.plan_id
        head = blocks.head(
            f"{page.text(f'retention.kind.{plan.kind}')} · {plan.plan_id}",
            badges=[state_badge(page, plan)],
            actions=[*self._actions(actor, plan), blocks.link(page.text("retention.page.back"), "/retention")],
        )
        cases = [
            case_cards.card(page, actor, retention.KIND, plan.plan_id),
            case_cards.card(page, actor, certificates.KIND, plan.certificate_id) if plan.certificate_id else None,
        ]
        left, right = [self._facts(plan), *self._stop(actor, plan)], [one for one in cases if one]
        sides = [blocks.columns(left, right)] if right else left
        return [head, *self._banners(plan), *sides, self._list(actor, plan)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Turn the list's page; mark, carry out or stop the plan; give its certificate; or decide on it."""
        store = self._page.store
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
            return [self._list(actor, retention_views.read(store, actor, self._plan_id))]
        if name == "certificate":
            return self._certificate(actor)
        if name == "mark":
            retention.mark(store, actor, self._plan_id)
        elif name == "run":
            retention.carry_out(store, actor, self._plan_id)
        elif name == "stop":
            retention.stop(store, actor, self._plan_id, said(value, "reason"))
        else:
            case_cards.react(self._page, actor, name, value)
        return Redraw()

    def _certificate(self, actor: Person) -> Download:
        from custinfo.reports import certificate  # typst starts threads: not in the process that pages are forked from

        plan = retention_views.read(self._page.store, actor, self._plan_id)
        found = certificates.read(self._page.store, actor, plan.certificate_id or "")
        site = self._page.site
        data = certificate.render(found, self._page.language, site.name, site.zone)
        return Download(f"{found.certificate_id}.pdf", "application/pdf", data)

    def _actions(self, actor: Person, plan: Plan) -> list[Block]:
        page = self._page
        may = permissions.may(actor, "retention.run")
        if plan.certificate_id:
            words = page.text("retention.page.certificate")
            return [blocks.button(words, "certificate", "", name=words, look="primary")]
        case = approvals.of(page.store, retention.KIND, plan.plan_id)
        if may and plan.state == "planned" and case is not None and case.state == "approved":
            return [self._button("mark")]
        due = plan.erase_on is not None and plan.erase_on <= retention.today(page.store)
        if may and (plan.state == "erasing" or (plan.state == "pending" and due)):
            return [self._button("run", "danger")]
        return []

    def _button(self, name: str, look: str = "primary") -> Block:
        words = self._page.text(f"retention.page.{name}")
        confirm = self._page.text(f"retention.page.{name}_confirm")
        return blocks.button(words, name, "", name=words, look=look, confirm=confirm)

    def _banners(self, plan: Plan) -> list[Block]:
        page = self._page
        if plan.state == "pending":
            facts = {"count": plan.going, "day": plan.erase_on}
            return [blocks.banner(page.text("retention.page.pending_banner", **facts), "warn")]
        if plan.state == "stopped":
            return [blocks.banner(page.text("retention.page.stopped_because", reason=plan.stop_reason))]
        return []

    def _facts(self, plan: Plan) -> Block:
        page = self._page
        items = [
            (page.text("retention.page.made"), f"{page.time(plan.made_at)} · {plan.made_by}"),
            (
                page.text("retention.page.rules_version"),
                page.text("retention.page.version", version=plan.rules_version),
            ),
            *((page.text(f"retention.outcome.{name}"), str(count)) for name, count in sorted(plan.counts.items())),
            (page.text("retention.page.digest"), plan.sha256),
        ]
        return blocks.card("", [blocks.facts(items)])

    def _stop(self, actor: Person, plan: Plan) -> list[Block]:
        page = self._page
        if plan.state not in ("planned", "pending") or not permissions.may(actor, "retention.stop"):
            return []
        reason = blocks.field("reason", page.text("retention.page.stop_reason"), "multiline", required=True)
        words = page.text("retention.page.stop")
        return [blocks.card("", [blocks.entry("stop", [reason], words, look="danger", folded=words)])]

    def _list(self, actor: Person, plan: Plan) -> Block:
        page = self._page
        total = sum(plan.counts.values())
        names = ("category", "object", "rule", "since", "action", "outcome", "why")
        columns = [blocks.column(page.text(f"retention.page.{name}"), wide=name == "why") for name in names]
        lines = retention_views.lines(page.store, actor, plan.plan_id, self._offset, ROWS)
        title = page.text("retention.page.items", count=total)
        table = blocks.table(title, columns, [self._row(actor, one) for one in lines], (self._offset, ROWS, total))
        return blocks.card(title, [table], id="items", flush=True)

    def _row(self, actor: Person, one: Line) -> list[tuple[str, str]]:
        page = self._page
        opens = one.number and one.outcome != "erased" and permissions.may(actor, "customer.read")
        return [
            (page.text(f"retention.category.{one.category}"), ""),
            (one.number or one.object_id[:SHORT] or "—", f"/customer/{one.object_id}" if opens else ""),
            (one.rule_id, ""),
            (one.since, ""),
            (page.text(f"retention.action.{one.action}"), ""),
            (page.text(f"retention.outcome.{one.outcome}"), ""),
            (" · ".join(retention.told(each, page.language) for each in one.why), ""),
        ]
