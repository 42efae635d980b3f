"""`/plans`: the versions of plans, and a file to propose the next one. `/plans/<version>`: one of them."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import plans
from custinfo.actions.plans import KIND, Version
from custinfo.domain import money
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number, said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView
from custinfo.statistics.plan import COLUMNS, Planned

LOOK = {"approved": "ok", "open": "info", "returned": "warn"}
MOST_FAULTS = 20
SHORT = 16
"""Characters of a digest that people compare."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """All versions, or the one that the address names."""
    desk = Desk(page)
    desk.view = SheetView(page, desk.blocks, desk.react)
    return desk.view


class Desk:
    """The versions, what is wrong with the file that was tried, or one version with its rows and its case."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._faults: tuple[BadInput, ...] = ()

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        if page.tail() != "plans":
            return self._version(actor)
        head = blocks.head(page.text("plans.page.title"), page.text("plans.page.subtitle"))
        return [head, *self._told(), self._versions(actor), *self._new(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Propose the plans of a file, or decide on a version."""
        if name == "propose":
            return self._propose(actor, value)
        return Redraw() if case_cards.react(self._page, actor, name, value) else []

    def _propose(self, actor: Person, value: Any) -> Reaction:
        arrived = self.view.uploaded(value.get("file") if isinstance(value, dict) else None)
        if not arrived:
            raise BadInput("plans.page.file_missing")
        permissions.check(actor, "plan.propose")
        self._faults = plans.check(arrived[0].data, arrived[0].name).faults
        if self._faults:
            return Redraw()
        store = self._page.store
        version = plans.propose(store, actor, arrived[0].name, arrived[0].data, said(value, "reason"))
        return Goto(f"/plans/{version}")

    # ---- all versions ------------------------------------------------------------------------------------------------

    def _told(self) -> list[Block]:
        """What is wrong with the file that was tried, row by row."""
        if not self._faults:
            return []
        page = self._page
        lines = [blocks.item(one.text(page.language)) for one in self._faults[:MOST_FAULTS]]
        if len(self._faults) > MOST_FAULTS:
            lines.append(blocks.item(page.text("plans.page.more", count=len(self._faults) - MOST_FAULTS)))
        words = page.text("plans.page.faults", count=len(self._faults))
        return [blocks.card(words, [blocks.listing(lines)], id="faults", badges=[blocks.badge("!", "danger")])]

    def _versions(self, actor: Person) -> Block:
        page = self._page
        title = page.text("plans.page.versions")
        found = plans.listed(page.store, actor)
        if not found:
            return blocks.card(title, [blocks.empty(page.text("plans.page.versions_none"))])
        names = ("version_column", "state", "rows", "reason", "by", "at")
        columns = [
            blocks.column(page.text(f"plans.page.{one}"), number=one == "rows", wide=one == "reason") for one in names
        ]
        rows: list[list[tuple[str, str] | Block]] = [
            [
                (page.text("plans.page.version", version=one.version), f"/plans/{one.version}"),
                blocks.cell("", badges=[self._badge(one)]),
                (f"{one.rows:,}", ""),
                (one.reason, ""),
                (one.by, ""),
                (page.time(one.recorded_at), ""),
            ]
            for one in found
        ]
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _new(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "plan.propose"):
            return []
        page = self._page
        fields = [
            blocks.field(
                "file", page.text("plans.page.file"), "file", accept=".csv,.xlsx", required=True,
                hint=page.text("plans.page.file_hint"),
            ),
            blocks.field("reason", page.text("plans.page.reason"), "multiline", required=True),
        ]  # fmt: skip
        return [
            blocks.card(page.text("plans.page.new"), [blocks.entry("propose", fields, page.text("plans.page.propose"))])
        ]

    def _badge(self, one: Version) -> Block:
        return blocks.badge(self._page.text(f"case.state.{one.state}"), LOOK.get(one.state, "danger"))

    # ---- one version -------------------------------------------------------------------------------------------------

    def _version(self, actor: Person) -> list[Block]:
        page = self._page
        asked = number(page.tail())
        if asked is None:
            raise NotFound("plans.page.unknown")
        one, planned = plans.read(page.store, actor, asked)
        back = blocks.link(page.text("plans.page.back"), "/plans")
        source = page.text("plans.page.source", file=one.file_name, sha256=one.sha256[:SHORT])
        title = page.text("plans.page.version", version=one.version)
        head = blocks.head(title, f"{one.reason} — {one.by}, {page.time(one.recorded_at)} · {source}",
                           badges=[self._badge(one)], actions=[back])  # fmt: skip
        card = case_cards.card(page, actor, KIND, str(one.version))
        return [head, *([card] if card else []), self._rows(planned)]

    def _rows(self, planned: tuple[Planned, ...]) -> Block:
        # Indicators come with Ibis, which the process that pages are forked from must not have
        from custinfo.statistics import indicators

        page = self._page
        title = page.text("plans.page.content")
        columns = [blocks.column(page.text(f"plans.column.{one}"), number=one == "amount") for one in COLUMNS]
        rows: list[list[tuple[str, str] | Block]] = []
        for one in planned:
            indicator = indicators.get(one.indicator)
            by = page.text(f"plans.by.{one.dimension}") if one.dimension else page.text("plans.page.whole")
            rows.append([
                (indicator.name(page.language), ""), (one.period.show(page.language), ""), (by, ""),
                (plans.code_name(one, page.language), ""), (_amount(one, indicator.unit), ""),
            ])  # fmt: skip
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)


def _amount(one: Planned, unit: str) -> str:
    if unit == "fen":
        return money.show(int(one.amount))
    shown = one.amount * 100 if unit == "percent" else one.amount
    told = f"{float(shown):,.6f}".rstrip("0").rstrip(".")
    return f"{told}%" if unit == "percent" else told
