"""`/report-archive`: what was issued, filed by year and kind of period, and the one published value of each figure."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_archive, report_published
from custinfo.actions.report_archive import LETTERS, File
from custinfo.actions.report_published import Figure
from custinfo.domain.errors import CustinfoError
from custinfo.domain.people import Person
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number, said
from custinfo.screens.sheet_view import Download, Reaction, Redraw, SheetView

SHOWN = 20
SHORT = 12


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The archive and the published figures."""
    desk = Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Desk:
    """The page; what was searched and found wrong stays until it is drawn with something else."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._search = page.query.get("q", "")
        self._period = page.query.get("period", "")
        self._offset = 0
        self._faults: tuple[CustinfoError, ...] | None = None

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        listed = report_archive.listed(page.store, actor)
        head = blocks.head(page.text("registers_page.archive.title"), page.text("registers_page.archive.subtitle"))
        years = list(dict.fromkeys(one.year for one in listed))
        nothing = blocks.card("", [blocks.empty(page.text("registers_page.archive.none"))])
        years_of = [self._year(year, [one for one in listed if one.year == year]) for year in years] or [nothing]
        keeping = blocks.columns(self._seal(actor), [self._volumes(actor)])
        return [head, *self._verified(), *years_of, keeping, self._published(actor)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """File and seal, verify, give a card, search or turn a page."""
        page = self._page
        if name in ("card", "archive", "verify"):
            # Counts, draws and reads as reports do: that starts threads, which pages are not forked with
            from custinfo.reports import archiving

            if name == "card" and isinstance(value, str):
                data = archiving.card(page.store, actor, value, page.language)
                return Download(f"{value}.pdf", "application/pdf", data)
            if name == "archive":
                archiving.archive(page.store, actor, number(said(value, "year")) or 0, said(value, "place"))
            else:
                self._faults = archiving.verify(page.store, actor)
        elif name == "search":
            self._search, self._period, self._offset = said(value, "q"), said(value, "period"), 0
        elif name == "page":
            self._offset = value if isinstance(value, int) and value >= 0 else 0
        else:
            return []
        return Redraw()

    # ---- the archive -----------------------------------------------------------------------------------------------

    def _year(self, year: int, listed: list[File]) -> Block:
        page = self._page
        names = ("number", "report", "released", "pages", "place", "keep_until")
        columns = [
            blocks.column(page.text(f"registers_page.archive.{one}"), number=one == "pages", wide=one == "report")
            for one in names
        ]
        inner: list[Block] = []
        for kind in LETTERS:
            found = [one for one in listed if one.kind == kind]
            if found:
                caption = page.text(f"report_archive.kind.{kind}")
                buttons = [self._card(one) for one in found if one.destroyed_at is None]
                cards = page.text("registers_page.archive.cards", kind=caption)
                inner.append(blocks.table(caption, columns, [self._line(one) for one in found]))
                inner.append(blocks.listing([blocks.item(cards, actions=buttons)]))
        return blocks.card(page.text("report_archive.list_title", year=year), inner, flush=True)

    def _line(self, one: File) -> list[tuple[str, str] | Block]:
        page = self._page
        if one.destroyed_at is not None:
            kept = blocks.badge(page.text("report_archive.destroyed", plan=one.plan_id), "warn")
        else:
            until = str(one.keep_until) if one.keep_until else page.text("report_archive.for_good")
            kept = blocks.badge(until, "ok" if one.keep_until is None else "")
        return [
            (one.file_number, ""), (page.pick(dict(one.titles)), f"/reports/{one.issue_id}"),
            (str(one.released_at.astimezone(page.site.zone).date()), ""), (str(one.pages), ""),
            (one.place or page.text("report_archive.place_here"), ""), blocks.cell("", badges=[kept]),
        ]  # fmt: skip

    def _card(self, one: File) -> Block:
        words = self._page.text("registers_page.archive.card_of", number=one.file_number)
        return blocks.button(one.file_number, "card", one.file_number, name=words, look="small")

    def _seal(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "report.keep"):
            return []
        page = self._page
        fields = [
            blocks.field("year", page.text("registers_page.archive.year"), value=str(page.today().year), required=True),
            blocks.field("place", page.text("registers_page.archive.place")),
        ]
        entry = blocks.entry("archive", fields, page.text("registers_page.archive.seal"), inline=True)
        hint = blocks.banner(page.text("registers_page.archive.seal_line"), "info")
        return [blocks.card(page.text("registers_page.archive.file_new"), [hint, entry])]

    def _volumes(self, actor: Person) -> Block:
        page = self._page
        items = [
            blocks.item(
                page.text("registers_page.archive.volume", year=one.year, number=one.number),
                meta=f"{one.by}, {page.time(one.sealed_at)} · SHA-256 {one.sha256[:SHORT]}…",
                badges=[blocks.badge(page.text("registers_page.archive.of_cards", n=len(one.content["cards"])))],
            )
            for one in reversed(report_archive.volumes(page.store, actor))
        ]  # fmt: skip
        words = page.text("registers_page.archive.verify")
        body = blocks.listing(items) if items else blocks.empty(page.text("registers_page.archive.no_volumes"))
        actions = [blocks.button(words, "verify", "", name=words, look="small")] if items else []
        return blocks.card(page.text("registers_page.archive.volumes"), [body], actions=actions, flush=bool(items))

    def _verified(self) -> list[Block]:
        page = self._page
        if self._faults is None:
            return []
        if not self._faults:
            return [blocks.banner(page.text("registers_page.archive.sound"), "ok")]
        return [blocks.banner(one.text(page.language), "danger") for one in self._faults]

    # ---- published figures -----------------------------------------------------------------------------------------

    def _published(self, actor: Person) -> Block:
        from custinfo.reports import published_words  # indicators: not where pages are forked from

        page = self._page
        ids = published_words.matching(self._search)
        total, found = report_published.listed(
            page.store, actor, search=self._search, period=self._period, offset=self._offset, limit=SHOWN, ids=ids
        )
        fields = [
            blocks.field("q", page.text("registers_page.published.search"), value=self._search),
            blocks.field("period", page.text("registers_page.published.period"), value=self._period),
        ]
        entry = blocks.entry("search", fields, page.text("registers_page.published.find"), inline=True, look="")
        title = page.text("registers_page.published.title")
        if not found:
            words = "none_found" if self._search or self._period else "none"
            return blocks.card(title, [entry, blocks.empty(page.text(f"registers_page.published.{words}"))])
        columns = [
            blocks.column(page.text(f"registers_page.published.{one}"), number=one == "value", wide=one == "figure")
            for one in ("period", "figure", "value", "by")
        ]
        names = published_words.places(page.store, found, page.language)
        rows = [self._figure(one, names[one.indicator]) for one in found]
        return blocks.card(title, [entry, blocks.table(title, columns, rows, (self._offset, SHOWN, total))])

    def _figure(self, one: Figure, name: str) -> list[tuple[str, str] | Block]:
        from custinfo.reports import published_words  # see `_published`

        page = self._page
        badges = []
        if one.revised:
            first = published_words.shown(one.first_value, one.kind)
            badges.append(blocks.badge(page.text("registers_page.published.revised", value=first), "info"))
        if one.stale:
            issues = page.text("pages.home.and").join(one.stale)
            badges.append(blocks.badge(page.text("registers_page.published.stale", issues=issues), "warn"))
        return [
            (one.period, ""), (name, ""),
            (published_words.shown(one.value, one.kind), ""),
            blocks.cell(page.pick(one.titles), f"/reports/{one.issue_id}", badges=badges),
        ]  # fmt: skip
