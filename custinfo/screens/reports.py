"""`/reports`: regular reports that are out or under way, found by `?text=&report=&year=&state=`, and their definitions.

`/reports/<id>` is one issue or slip, `?view=` a way to read it; `mine`, `corrections`, `definitions` and `own` in its
place are lists.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from custinfo.access import permissions
from custinfo.actions import report_issues, report_search, report_uses
from custinfo.actions.report_search import Wanted
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import load
from custinfo.screens import (
    blocks,
    report_comparing,
    report_correction_list,
    report_corrections,
    report_definition_list,
    report_issue,
    report_mine,
    report_own,
    report_reading,
    showing,
)
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customers import FARTHEST, ROWS
from custinfo.screens.entered import said
from custinfo.screens.report_issue import state_badge
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

FIELDS = ("text", "report", "year", "state")
STATES = ("draft", "put_forward", *report_issues.RELEASED)


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The overview, or the issue, slip or list that the address names."""
    desk = _desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk(Protocol):
    """One page: what is drawn, and what its events do."""

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """What an event does."""


def _desk(page: Page) -> Desk:
    tail = page.tail()
    if tail in LISTS:
        return LISTS[tail](page)
    if tail.startswith("RS-"):
        return report_corrections.Desk(page)
    return VIEWS.get(page.query.get("view", ""), report_issue.Desk)(page)


class Overview:
    """Which issues are asked for and how far the list was paged; by which definitions reports are made."""

    def __init__(self, page: Page) -> None:
        self._page = page
        query = {name: page.query.get(name, "")[: report_search.LONGEST] for name in FIELDS}
        self._wanted = Wanted(query["text"], query["report"], query["year"], query["state"])
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        head = blocks.head(
            page.text("reports_page.title"), page.text("reports_page.subtitle"), actions=self._ways(actor)
        )
        left = [self._filter(actor), self._table(actor), *self._new(actor)]
        return [head, blocks.columns(left, report_definition_list.beside(page, actor))]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Narrow the list down or turn its page; begin an issue, propose a definition, or decide on one."""
        store = self._page.store
        if name == "filter":
            wanted = {
                one: said(value, one).strip()[: report_search.LONGEST] for one in FIELDS if said(value, one).strip()
            }
            return Goto(f"/reports?{urlencode(wanted)}" if wanted else "/reports")
        if name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
            return [self._table(actor)]
        if name == "draft":
            # Opening the lake starts threads, which the process that pages are forked from must not have
            from custinfo.reports import issuing

            return Goto(f"/reports/{issuing.draft(store, actor, said(value, 'report'), said(value, 'period'))}")
        return Redraw() if report_definition_list.react(self._page, actor, name, value) else []

    def _ways(self, actor: Person) -> list[Block]:
        """To the lists beside this one; what waits for the reader says how much."""
        page = self._page
        waits = len(report_search.waiting(page.store, actor)) + len(report_uses.to_mend(page.store, actor))
        mine = page.text("report_portal.mine.link", n=waits) if waits else page.text("report_portal.mine.title")
        ways = [blocks.link(mine, "/reports/mine", "primary" if waits else "")]
        ways.append(blocks.link(page.text("report_portal.corrections.title"), "/reports/corrections"))
        if permissions.may(actor, "report.build"):
            ways.append(blocks.link(page.text("report_own.page.title"), "/reports/own"))
        return ways

    def _filter(self, actor: Person) -> Block:
        page, wanted = self._page, self._wanted
        everything = page.text("report_portal.find.all")
        reports = [("", everything), *((name, page.pick(dict(one.titles))) for name, one in load().items())]
        years = [("", everything), *((year, year) for year in report_search.years(page.store, actor))]
        sees_all = permissions.may(actor, "report.prepare") or actor.roles & report_issues.SEES_ALL
        known = STATES if sees_all else report_issues.RELEASED
        states = [("", everything), *((one, page.text(f"machines.state.{one}")) for one in known)]
        fields = [
            blocks.field("text", page.text("report_portal.find.text"), value=wanted.text),
            blocks.field("report", page.text("reports_page.report"), "select", options=reports, value=wanted.name),
            blocks.field("year", page.text("report_portal.find.year"), "select", options=years, value=wanted.year),
            blocks.field("state", page.text("reports_page.state"), "select", options=states, value=wanted.state),
        ]
        clear = [blocks.link(page.text("report_portal.find.clear"), "/reports", "quiet small")]
        entry = blocks.entry("filter", fields, page.text("report_portal.find.find"), look="", inline=True)
        asked = self._wanted != Wanted()
        return blocks.card(page.text("report_portal.find.title"), [entry], actions=clear if asked else [])

    def _table(self, actor: Person) -> Block:
        page = self._page
        found = report_search.find(page.store, actor, self._wanted, offset=self._offset, limit=ROWS)
        title = page.text("report_portal.find.count", n=found.total)
        if not found.rows:
            none = "report_portal.find.none" if self._wanted != Wanted() else "reports_page.out_none"
            return blocks.card(page.text("reports_page.report"), [blocks.empty(page.text(none))], id="found")
        columns = [blocks.column(page.text(f"reports_page.{one}")) for one in ("period", "report", "state", "as_of")]
        rows: list[list[tuple[str, str] | Block]] = [
            [
                (f"{one.period} r{one.revision}" if one.revision else one.period, f"/reports/{one.issue_id}"),
                (page.pick(dict(one.definition.titles)), ""),
                blocks.cell("", badges=[state_badge(page, one)]),
                (page.time(one.as_of), ""),
            ]
            for one in found.rows
        ]
        table = blocks.table(title, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(title, [table], id="found", flush=True)

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


LISTS: Mapping[str, Callable[[Page], Desk]] = {
    "reports": Overview, "mine": report_mine.Desk, "corrections": report_correction_list.Desk, "own": report_own.Desk,
    "definitions": report_definition_list.Desk,
}  # fmt: skip
VIEWS: Mapping[str, Callable[[Page], Desk]] = {
    "read": report_reading.Desk, "compare": report_comparing.Compare, "vintages": report_comparing.Vintages,
}  # fmt: skip
