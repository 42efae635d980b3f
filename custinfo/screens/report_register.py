"""The register of late reports on the page of their calendar, with what was made of each."""

from typing import Any

from custinfo.access import visibility
from custinfo.actions import report_lateness, report_schedule_due
from custinfo.actions.report_lateness import FORM, Lateness
from custinfo.domain import report_definitions
from custinfo.domain.people import Audience, Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

SHOWN = 20
MOST = 1_000_000


class Card:
    """The register, a page at a time."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._offset = 0

    def turn(self, value: Any) -> None:
        """Show what follows after so many; anything else shows the beginning."""
        self._offset = value if type(value) is int and 0 <= value <= MOST else 0

    def block(self, actor: Person) -> Block:
        """The card; what was made of a lateness is for the audience of its form."""
        found = report_lateness.listed(self._page.store, actor)
        title = self._text("register")
        actions = []
        if report_schedule_due.may_handle(actor):
            words = self._text("to_handle")
            actions = [blocks.link(words, f"/form/{FORM}", name=words)]
        if not found:
            return blocks.card(title, [blocks.empty(self._text("register_none"))], id="register", actions=actions)
        sees = bool(actor.roles & visibility.AUDIENCES[Audience.OVERSIGHT])
        names = ["number", "kind", "report", "period", "due_on", "answers", *(["handle"] if sees else [])]
        columns = [blocks.column(self._text(name), wide=name == "report") for name in names]
        offset = self._offset if self._offset < len(found) else 0
        rows = [self._row(one, sees=sees) for one in found[offset : offset + SHOWN]]
        table = blocks.table(title, columns, rows, (offset, SHOWN, len(found)))
        return blocks.card(title, [table], id="register", actions=actions, flush=True)

    def _row(self, one: Lateness, *, sees: bool) -> list[tuple[str, str] | Block]:
        page = self._page
        titles = report_definitions.named(one.name).titles
        row: list[tuple[str, str] | Block] = [
            (one.number, ""), (page.text(f"report_schedule.kind.{one.kind}"), ""), (page.pick(dict(titles)), ""),
            (one.period, f"/reports/{one.issue_id}" if one.issue_id else ""), (str(one.due_on), ""),
            (one.person or one.department, ""),
        ]  # fmt: skip
        return [*row, self._handling(one)] if sees else row

    def _handling(self, one: Lateness) -> tuple[str, str]:
        if not one.record_id:
            return ("–", "")
        words = self._page.text(f"report_schedule.decision.{one.decision}") if one.decision else self._text("open")
        return (words, f"/record/{one.record_id}")

    def _text(self, name: str) -> str:
        return self._page.text(f"report_schedule.page.{name}")
