"""`/report-calendar`: what is due when, late, failed, released and next; the register of what was late."""

from collections import defaultdict
from datetime import date
from typing import Any
from urllib.parse import urlencode

from custinfo.actions import people, report_runs, report_schedule
from custinfo.actions.report_schedule import DONE, DUE, FAILED, PLANNED, STATES, UNDER_WAY, Entry
from custinfo.domain import working_days
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.periods import Month, Quarter
from custinfo.screens import blocks, month_grid, report_register, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

PATH = "/report-calendar"
LATE = "late"
LOOK = {PLANNED: "", DUE: "warn", FAILED: "danger", UNDER_WAY: "info", DONE: "ok"}
MONTHS_AHEAD = 24
"""How far ahead of today it can be looked at."""
SPANS = ("month", "quarter")


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The page, for the month or quarter that the address names."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """A month or quarter of the calendar."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._span = page.query.get("span", "") if page.query.get("span") in SPANS else SPANS[0]
        self._month = _month(page)
        self._register = report_register.Card(page)

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        first, last = self._bounds()
        today = self._page.today()
        known = report_schedule.read(self._page.store, actor, today, max(last, today))
        departments = sorted({self._answers(one) for one in known})
        mine = [one for one in known if self._page.query.get("department", "") in ("", self._answers(one))]
        within = [one for one in mine if first <= one.due_on <= last]
        shown = [one for one in within if self._is_wanted(one)]
        grid = [self._grid(shown)] if self._span == "month" else []
        below = [self._next(mine)]
        if failures := self._failures(mine):
            below = [blocks.columns(failures, below)]
        return [
            self._head(within), *self._notes(shown), self._filter(departments), *grid,
            self._list(shown, any_at_all=bool(known)), *below,
            self._register.block(actor),
        ]  # fmt: skip

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Another choice of what is shown."""
        if name == "filter":
            chosen = {one: said(value, one) for one in ("department", "state", "span")}
            return Goto(self._at(self._month, **chosen))
        if name == "page":
            self._register.turn(value)
            return [self._register.block(actor)]
        return Redraw()

    def _bounds(self) -> tuple[date, date]:
        quarter = Quarter.of(self._month.first)
        return (quarter.first, quarter.last) if self._span == "quarter" else (self._month.first, self._month.last)

    def _is_wanted(self, one: Entry) -> bool:
        state = self._page.query.get("state", "")
        return one.late if state == LATE else state not in STATES or one.state == state

    def _head(self, within: list[Entry]) -> Block:
        text = self._page.text
        counts = [(state, sum(one.state == state for one in within)) for state in STATES]
        badges = [
            blocks.badge(f"{text(f'report_schedule.state.{state}')} {n}", LOOK[state]) for state, n in counts if n
        ]
        late = sum(one.late for one in within)
        badges += [blocks.badge(f"{text('report_schedule.state.late')} {late}", "danger")] if late else []
        step = 1 if self._span == "month" else 3
        places = {
            "before": self._month.plus(-step),
            "today": Month.of(self._page.today()),
            "after": self._month.plus(step),
        }
        links = [blocks.link(self._text(name), self._at(month)) for name, month in places.items()]
        first, _ = self._bounds()
        span = Quarter.of(first) if self._span == "quarter" else self._month
        return blocks.head(
            f"{self._text('title')} · {span.show(self._page.language)}", self._text("subtitle"), badges=badges,
            actions=links,
        )  # fmt: skip

    def _notes(self, shown: list[Entry]) -> list[Block]:
        """For which years there is no holiday table: nobody is called late by a day that was worked out so unawares."""
        years = sorted({one.due_on.year for one in shown if not one.exact})
        words = self._text("weekdays_only", years=", ".join(map(str, years)))
        return [blocks.banner(words, "warn")] if years else []

    def _grid(self, shown: list[Entry]) -> Block:
        entries: dict[date, list[Block]] = defaultdict(list)
        for one in shown:
            title, period = self._title(one), str(one.period)
            words = self._page.text("report_schedule.state.late") if one.late else self._state(one)
            look = "danger" if one.late and one.state != DONE else LOOK[one.state]
            entries[one.due_on].append(month_grid.entry(title, period, f"{title} {period}: {words}", look, _href(one)))
        grid = month_grid.block(self._page, self._month, working_days.load(), entries)
        return blocks.card(self._month.show(self._page.language), [grid], flush=True)

    def _list(self, shown: list[Entry], *, any_at_all: bool) -> Block:
        if not shown:
            link = blocks.link(self._text("reports"), "/reports")
            words = self._text("list_empty" if any_at_all else "no_calendar")
            return blocks.card(self._text("list"), [blocks.empty(words, link)])
        names = ("due_on", "report", "period", "answers", "stands", "released")
        columns = [blocks.column(self._text(name), wide=name == "report") for name in names]
        rows: list[list[tuple[str, str] | Block]] = [
            [
                (str(one.due_on), ""), (self._title(one), _href(one)), (str(one.period), ""), (self._answers(one), ""),
                blocks.cell("", badges=self._badges(one)), (str(one.released_on or "–"), ""),
            ]
            for one in shown
        ]  # fmt: skip
        return blocks.card(self._text("list"), [blocks.table(self._text("list"), columns, rows)], flush=True)

    def _badges(self, one: Entry) -> list[Block]:
        found = [blocks.badge(self._state(one), LOOK[one.state])]
        if one.withdrawn and one.state != DONE:
            found.append(blocks.badge(self._text("withdrawn")))
        if one.late:
            found.append(blocks.badge(self._page.text("report_schedule.state.late"), "danger"))
        return found

    def _failures(self, mine: list[Entry]) -> list[Block]:
        failed = [one for one in mine if one.state == FAILED]
        items = []
        for one in failed:
            last = one.attempts[-1]
            parts = [self._text("attempts", n=last.number, most=report_runs.MOST_TRIES)]
            parts += [self._text("at_cell", cell=last.cell)] if last.cell else []
            parts.append(self._page.pick(dict(last.problem)))
            parts += [self._text("by_hand")] if last.number >= report_runs.MOST_TRIES else []
            items.append(blocks.item(f"{self._title(one)} {one.period}", meta=" · ".join(parts)))
        return [blocks.card(self._text("failures"), [blocks.listing(items)], flush=True)] if items else []

    def _next(self, mine: list[Entry]) -> Block:
        """Of each report the first period that has not ended."""
        first: dict[str, Entry] = {}
        for one in mine:
            if not one.ended:
                first.setdefault(one.name, one)
        items = [
            blocks.item(
                f"{self._title(one)} {one.period}", meta=f"{self._text('due_on')} {one.due_on} · {self._answers(one)}"
            )
            for one in first.values()
        ]
        inner = blocks.listing(items) if items else blocks.empty(self._text("next_none"))
        return blocks.card(self._text("next"), [inner], flush=bool(items))

    def _filter(self, departments: list[str]) -> Block:
        text, query = self._page.text, self._page.query
        all_of = ("", self._text("all"))
        states = [all_of, *((one, text(f"report_schedule.state.{one}")) for one in (*STATES, LATE))]
        spans = [(one, self._text(one)) for one in SPANS]
        fields = [
            blocks.field(
                "department", self._text("department"), "select", value=query.get("department", ""),
                options=[all_of, *((one, one) for one in departments)],
            ),
            blocks.field("state", self._text("state"), "select", value=query.get("state", ""), options=states),
            blocks.field("span", self._text("span"), "select", value=self._span, options=spans),
        ]  # fmt: skip
        return blocks.card("", [blocks.entry("filter", fields, self._text("apply"), look="", inline=True)])

    def _at(self, month: Month, **chosen: str) -> str:
        kept = {name: self._page.query.get(name, "") for name in ("department", "state", "span")} | chosen
        return f"{PATH}?{urlencode({'month': str(month)} | {name: one for name, one in kept.items() if one})}"

    def _answers(self, one: Entry) -> str:
        calendar = one.scheduled.calendar
        person = people.by_login_name(self._page.store, calendar.person) if calendar.person else None
        return person.display_name if person else calendar.department or calendar.person

    def _title(self, one: Entry) -> str:
        return self._page.pick(dict(one.scheduled.definition.titles))

    def _state(self, one: Entry) -> str:
        return self._page.text(f"report_schedule.state.{one.state}")

    def _text(self, name: str, **facts: object) -> str:
        return self._page.text(f"report_schedule.page.{name}", **facts)


def _href(one: Entry) -> str:
    return f"/reports/{one.issue_id}" if one.issue_id and not one.withdrawn else ""


def _month(page: Page) -> Month:
    """The month of the address, else that of today; at most `MONTHS_AHEAD` from now."""
    now = Month.of(page.today())
    try:
        return min(Month.parse(page.query.get("month", "")), now.plus(MONTHS_AHEAD))
    except BadInput:
        return now
