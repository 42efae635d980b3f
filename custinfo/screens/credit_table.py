"""The list of `/credit`: grade, limit and exposure, what is due. `?show=`, `?grade=` and `?q=` narrow it down."""

from typing import Any
from urllib.parse import quote, urlencode

from custinfo.actions import credit_list
from custinfo.actions.credit_list import FILTERS, NO_GRADE, Line, Listed
from custinfo.domain import money
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.credit_cards import GRADE_LOOK
from custinfo.screens.customers import FARTHEST, LONGEST_QUERY, ROWS
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction


class Table:
    """Which customers are asked for, and how far the list was paged."""

    def __init__(self, page: Page) -> None:
        self._page = page
        show = page.query.get("show", "")
        self._show = show if show in FILTERS else FILTERS[0]
        self._grade = page.query.get("grade", "")[:8]
        self._query = page.query.get("q", "")[:LONGEST_QUERY].strip()
        self._offset = 0

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        found = self._found(actor)
        days = [line.day for line in found.rows if line.day]
        told = page.text("credit_desk.as_of", day=min(days)) if days else page.text("credit_desk.subtitle")
        collections = blocks.link(page.text("remittances.link"), "/credit/collections")
        head = blocks.head(page.text("credit_desk.title"), told, actions=[collections])
        box = blocks.search(
            page.text("pages.customers.search"), page.text("pages.customers.placeholder"), self._query
        )  # fmt: skip
        return [head, box, self._filter(found), self._table(found)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Search, turn the page, or go to another selection: its address can be kept."""
        if name == "filter":
            wanted = {"show": said(value, "show")[:20], "grade": said(value, "grade")[:8], "q": self._query}
            kept = {key: given for key, given in wanted.items() if given and given != FILTERS[0]}
            return Goto(f"/credit?{urlencode(kept)}" if kept else "/credit")
        if name == "search" and isinstance(value, str):
            self._query, self._offset = value[:LONGEST_QUERY].strip(), 0
        elif name == "page" and isinstance(value, int):
            self._offset = value if 0 <= value < FARTHEST else 0
        return [self._table(self._found(actor))]

    def _found(self, actor: Person) -> Listed:
        page = self._page
        return credit_list.listed(
            page.store, actor, page.today(), show=self._show, grade=self._grade, query=self._query,
            offset=self._offset, limit=ROWS,
        )  # fmt: skip

    def _filter(self, found: Listed) -> Block:
        page = self._page
        shows = [(one, page.text(f"credit_desk.show.{one}")) for one in FILTERS]
        names = {NO_GRADE: page.text("credit_paper.word.no_grade")}
        grades = [(code, f"{names.get(code, code)} ({n})") for code, n in found.grades.items()]
        fields = [
            blocks.field("show", page.text("credit_desk.which"), "select", options=shows, value=self._show),
            blocks.field(
                "grade", page.text("credit_desk.column.grade"), "select", value=self._grade,
                options=[("", page.text("credit_desk.all_grades")), *grades],
            ),
        ]  # fmt: skip
        return blocks.card("", [blocks.entry("filter", fields, page.text("waiting.narrow"), look="", inline=True)])

    def _table(self, found: Listed) -> Block:
        page = self._page
        count = page.text("pages.customers.count", n=found.total)
        if not found.rows:
            narrowed = self._query or self._grade or self._show != FILTERS[0]
            words = page.text("credit_desk.none" if narrowed else "credit_desk.empty")
            every = blocks.link(page.text("credit_desk.show.all"), "/credit?show=all", "small")
            actions = [every] if self._show != "all" else []
            return blocks.card("", [blocks.empty(words, *actions)], id="found")
        names = ("number", "customer", "grade", "limit", "exposure", "overdue", "attention")
        columns = [
            blocks.column(
                page.text(f"credit_desk.column.{name}"),
                number=name in ("limit", "exposure", "overdue"),
                wide=name in ("customer", "attention"),
            )
            for name in names
        ]
        rows = [self._row(line) for line in found.rows]
        table = blocks.table(count, columns, rows, (self._offset, ROWS, found.total))
        return blocks.card(count, [table], id="found", flush=True)

    def _row(self, line: Line) -> list[tuple[str, str] | Block]:
        unknown = self._page.text("credit_desk.unknown")
        over = [blocks.badge(self._page.text("credit_desk.over", amount=money.show(line.over_fen)), "danger")]
        grade = blocks.badge(
            line.grade or self._page.text("credit_paper.word.no_grade"), GRADE_LOOK.get(line.grade, "")
        )
        return [
            (line.number, ""),
            (line.label, f"/credit/{quote(line.customer_id)}"),
            blocks.cell("", badges=[grade]),
            (money.show(line.limit_fen), ""),
            blocks.cell(
                unknown if line.exposure_fen is None else money.show(line.exposure_fen),
                badges=over if line.over_fen and line.day else [],
            ),
            (money.show(line.overdue_fen), ""),
            blocks.cell("", badges=self._marks(line)),
        ]

    def _marks(self, line: Line) -> list[Block]:
        """What is to be done about a customer, the first day of it in front."""
        page, today = self._page, self._page.today()
        marks = []
        if line.notices:
            late = line.next_due is not None and line.next_due < today
            words = page.text("credit_desk.notices", n=line.notices, day=line.next_due)
            marks.append(blocks.badge(words, "danger" if late else "warn"))
        if line.day and line.review_on and line.review_on <= today:
            marks.append(blocks.badge(page.text("credit_desk.review_due", day=line.review_on), "warn"))
        if line.day and not line.gate_open:
            marks.append(blocks.badge(page.text("credit_desk.gate_shut"), "danger"))
        if not line.day:
            marks.append(blocks.badge(page.text("credit_desk.never")))
        return marks
