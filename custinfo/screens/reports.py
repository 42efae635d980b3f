"""`/reports`: regular reports that are out or under way, and their definitions. `/reports/<id>`: one issue or slip."""

from collections.abc import Mapping
from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_definitions, report_issues
from custinfo.actions.report_definitions import KIND, Filed
from custinfo.actions.report_issues import Issue
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import Definition, load
from custinfo.screens import blocks, case_cards, report_corrections, report_issue, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.report_issue import state_badge
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

LOOK = {"approved": "ok", "open": "info", "returned": "warn"}


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The overview, or the issue that the address names."""
    desk: Overview | report_issue.Desk | report_corrections.Desk = Overview(page)
    if page.tail().startswith("RS-"):
        desk = report_corrections.Desk(page)
    elif page.tail() != "reports":
        desk = report_issue.Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Overview:
    """What is out, what is under way, and by which definitions."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        found = report_issues.listed(page.store, actor)
        head = blocks.head(page.text("reports_page.title"), page.text("reports_page.subtitle"))
        out = [one for one in found if one.state in report_issues.RELEASED]
        under_way = [one for one in found if one not in out]
        right = [self._definition(actor, one) for one in load().values()]
        left = [self._table("out", out), *self._under_way(actor, under_way), *self._new(actor)]
        return [head, blocks.columns(left, right)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Begin an issue, propose a definition, or decide on one."""
        store = self._page.store
        if name == "draft":
            # Opening the lake starts threads, which the process that pages are forked from must not have
            from custinfo.reports import issuing

            return Goto(f"/reports/{issuing.draft(store, actor, said(value, 'report'), said(value, 'period'))}")
        if name == "define":
            from custinfo.reports import definitions

            report = said(value, "about")
            report_definitions.propose(store, actor, report, definitions.content(report), said(value, "reason"))
            return Redraw()
        return Redraw() if case_cards.react(self._page, actor, name, value) else []

    def _under_way(self, actor: Person, found: list[Issue]) -> list[Block]:
        sees = permissions.may(actor, "report.prepare") or actor.roles & report_issues.SEES_ALL
        return [self._table("under_way", found)] if sees else []

    def _table(self, name: str, found: list[Issue]) -> Block:
        page = self._page
        title = page.text(f"reports_page.{name}")
        if not found:
            return blocks.card(title, [blocks.empty(page.text(f"reports_page.{name}_none"))])
        columns = [blocks.column(page.text(f"reports_page.{one}")) for one in ("period", "report", "state", "as_of")]
        rows: list[list[tuple[str, str] | Block]] = [
            [
                (one.period, f"/reports/{one.issue_id}"),
                (page.pick(dict(one.definition.titles)), ""),
                blocks.cell("", badges=[state_badge(page, one)]),
                (page.time(one.as_of), ""),
            ]
            for one in found
        ]
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _new(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "report.prepare"):
            return []
        page = self._page
        options = [(name, page.pick(dict(one.titles))) for name, one in load().items()]
        fields = [
            blocks.field("report", page.text("reports_page.report"), "select", options=options, required=True),
            blocks.field("period", page.text("reports_page.period_hint"), required=True),
        ]
        entry = blocks.entry("draft", fields, page.text("reports_page.draft"), inline=True)
        return [blocks.card(page.text("reports_page.new"), [entry])]

    def _definition(self, actor: Person, one: Definition) -> Block:
        page = self._page
        filed = report_definitions.filed(page.store, actor, one.name)
        inner: list[Block] = [blocks.facts(_facts(page, one, filed))]
        if filed and filed[0].state != "approved":
            card = case_cards.card(page, actor, KIND, filed[0].object_id)
            inner += [card] if card else []
        if permissions.may(actor, "report.define") and not (filed and filed[0].state in ("open", "returned")):
            reason = blocks.field("reason", page.text("reports_page.reason"), "multiline", required=True)
            words = page.text("reports_page.define")
            inner.append(blocks.entry("define", [reason], words, value=one.name, folded=words if filed else ""))
        return blocks.card(page.pick(dict(one.titles)), inner, badges=[_badge(page, filed)])


def _badge(page: Page, filed: list[Filed]) -> Block:
    if not filed:
        return blocks.badge(page.text("reports_page.not_proposed"), "warn")
    words = page.text(f"case.state.{filed[0].state}")
    return blocks.badge(
        page.text("reports_page.version", version=filed[0].version, state=words), LOOK.get(filed[0].state, "danger")
    )


def _facts(page: Page, one: Definition, filed: list[Filed]) -> list[tuple[str, str]]:
    comma = page.text("pages.home.and")
    told: Mapping[str, str] = {
        "audience": comma.join(page.text(f"people.role.{role}") for role in sorted(one.audience)),
        "may_go": page.text(f"reports_page.release_of.{one.release}"),
        "needs": comma.join(page.text(f"commentary.kind_of.{kind}") for kind in one.needs),
    }
    found = [(page.text(f"reports_page.{name}"), words) for name, words in told.items()]
    if filed:
        line = f"{filed[0].reason} — {filed[0].by}, {page.time(filed[0].recorded_at)}"
        found.append((page.text("reports_page.proposed"), line))
    return found
