"""`/reports/own`: a report for oneself, built beside the page, kept for its reader alone and marked not issued."""

from typing import Any

from custinfo.actions import report_own
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import named
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.report_issue import FILES
from custinfo.screens.sheet_view import Download, Reaction, Redraw


class Desk:
    """The parameters of a report, and what was built for the reader so far."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page. Raises NotAllowed for whoever may build none."""
        page = self._page
        offered = report_own.offered(actor)
        actions = [blocks.link(page.text("reports_page.all"), "/reports", "quiet")]
        head = blocks.head(self._text("title"), self._text("subtitle"), actions=actions)
        if not offered:
            return [head, blocks.card("", [blocks.empty(self._text("none_offered"))])]
        fields = [
            blocks.field(
                "report", page.text("reports_page.report"), "select", required=True,
                options=[(one.name, page.pick(dict(one.titles))) for one in offered],
            ),
            blocks.field("period", page.text("reports_page.period_hint"), required=True),
            blocks.field("as_of", self._text("as_of"), "datetime", hint=self._text("as_of_hint")),
            blocks.field(
                "language", self._text("language"), "select", value=page.language,
                options=[(one, page.text(f"reports_page.in.{one}")) for one in LANGUAGES],
            ),
        ]  # fmt: skip
        return [
            head,
            blocks.card(self._text("new"), [blocks.entry("build", fields, self._text("build"))]),
            self._kept(actor),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Begin to build, look how far it is, take a file, throw one away."""
        # Opening the lake starts threads, which the process that pages are forked from must not have
        from custinfo.reports import own

        page = self._page
        if name == "build":
            as_of = own.moment(page.site, said(value, "as_of").strip())
            given = [said(value, one).strip() for one in ("report", "period", "language")]
            own.start(page.store, actor, given[0], given[1], as_of, given[2])
            return Redraw()
        if name == "take" and isinstance(value, str):
            number, _, file = value.partition("/")
            content = own.take(page.store, actor, number, file)
            return Download(f"{self._text('file')}-{file}", FILES[f".{file.rpartition('.')[2]}"], content)
        if name == "remove" and isinstance(value, str):
            own.remove(page.site, actor, value)
        elif name != "look":
            raise BadInput("report_own.unknown")
        return [self._kept(actor)]

    def _kept(self, actor: Person) -> Block:
        from custinfo.reports import own  # see `react`

        found = own.listed(self._page.site, actor)
        items = [self._item(one) for one in found]
        body = blocks.listing(items) if items else blocks.empty(self._text("none"))
        look = blocks.button(self._text("look"), "look", "", name=self._text("look"), look="small")
        runs = any(one.runs for one in found)
        above = [blocks.banner(self._text("building"))] if runs else []
        return blocks.card(self._text("kept"), [*above, body], id="kept", actions=[look] if runs else [])

    def _item(self, one: Any) -> Block:
        page = self._page
        title = (
            f"{page.pick(dict(named(one.name).titles))} {one.period} · {page.text(f'reports_page.in.{one.language}')}"
        )
        meta = f"{page.text('reports_page.as_of')} {page.time(one.as_of)} · {page.time(one.asked_at)}"
        if one.said:
            meta = f"{meta} · {page.pick(dict(one.said))}"
        remove = self._text("remove")
        actions = [
            *(
                blocks.button(
                    end.upper(), "take", f"{one.number}/{file}", name=f"{end.upper()} {title}", look="small"
                )
                for file in one.files if (end := file.rpartition(".")[2])
            ),
            blocks.button(remove, "remove", one.number, name=f"{remove} {title}", look="quiet small"),
        ]  # fmt: skip
        mark = ("building_mark", "info") if one.runs else ("failed", "danger") if one.said else ("mark", "warn")
        badge = blocks.badge(self._text(mark[0]), mark[1])
        return blocks.item(title, meta=meta, badges=[badge], actions=[] if one.runs else actions)

    def _text(self, key: str) -> str:
        return self._page.text(f"report_own.page.{key}")
