"""One issue of a report: its files, what people say in it, who reviewed and signed it, and what can be done now."""

from itertools import product
from pathlib import PurePosixPath
from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_bundles, report_issues, report_notices, statisticians
from custinfo.actions.report_issues import KIND, Issue, Written
from custinfo.domain import commentary
from custinfo.domain.corrections import Change
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Person
from custinfo.reports import apart
from custinfo.screens import blocks, case_cards, report_comparing, report_corrections, report_uses
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw

LOOK = {
    "draft": "", "put_forward": "info", "released_inside": "ok", "released_outside": "ok", "withdrawn": "danger",
    "destroyed": "warn",
}  # fmt: skip
FILES = {
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".ipynb": "application/x-ipynb+json",
}
"""What of a bundle people take, by the ending of its name, and its media type."""
SHORT = 16
"""Characters of a digest that people compare."""


def state_badge(page: Page, issue: Issue) -> Block:
    """The state of an issue as a mark; one that is signed and not out yet says so."""
    if issue.state == "put_forward" and report_issues.is_signed(page.store, issue):
        return blocks.badge(page.text("reports_page.signed"), "ok")
    return blocks.badge(page.text(f"machines.state.{issue.state}"), LOOK[issue.state])


class Desk:
    """An issue, and what the person can do with it now."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._issue_id = page.tail()
        self._compared: tuple[Change, ...] | None = None
        self._numbers: list[tuple[str, str, str]] = []
        self._cells: list[tuple[str, str]] = []

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        issue = report_issues.read(page.store, actor, self._issue_id)
        report_notices.seen(page.store, actor, issue.issue_id)
        written = report_issues.comments(page.store, actor, issue.issue_id)
        building = apart.standing(page.site, issue.issue_id)
        runs = building is not None and building.runs
        look = blocks.button(page.text("reports_page.look"), "look", "", name=page.text("reports_page.look"))
        actions = [
            *([look] if runs else self._actions(actor, issue)),
            *self._views(issue),
            blocks.link(page.text("reports_page.all"), "/reports", "quiet"),
        ]
        title = issue.title(page.language)
        head = blocks.head(title, issue.issue_id, badges=[state_badge(page, issue)], actions=actions)
        case = case_cards.card(page, actor, KIND, issue.issue_id)
        corrected = report_corrections.card(page, actor, issue, self._compared, self._cells)
        used = report_uses.card(page, actor, issue, self._cells)
        left = [*self._files(issue), self._commentary(actor, issue, written), *corrected, *used]
        right = [*([case] if case else []), self._facts(issue)]
        above = self._told(building) or self._next(actor, issue, written)
        return [head, *above, blocks.columns(left, right)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Give a file, change the commentary, put forward, release, withdraw, or decide on the case."""
        store, issue_id = self._page.store, self._issue_id
        if name == "file" and isinstance(value, str):
            return self._file(actor, value)
        if name == "comment":
            texts = {language: said(value, language) for language in LANGUAGES}
            report_issues.comment(store, actor, issue_id, said(value, "kind"), texts)
        elif name == "take_back" and isinstance(value, str):
            report_issues.take_back(store, actor, value)
        elif name == "put_forward":
            permissions.check(actor, "report.prepare")
            apart.start(self._page.site, actor, report_issues.read(store, actor, issue_id).issue_id)
        elif name == "compare":
            from custinfo.reports import correcting  # see `_file`

            self._compared = correcting.compare(store, actor, issue_id).changes
        elif name == "numbers":
            from custinfo.reports import comments, issuing  # see `_file`

            issue = report_issues.read(store, actor, issue_id)
            figures = issuing.figures_of(self._page.site, issue.definition.name, issue.period, issue.as_of)
            self._numbers = comments.offered(figures, self._page.language)
        elif name == "cells":
            self._cells = report_comparing.cells(self._page, report_issues.read(store, actor, issue_id))
        elif name in ("release", "release_outside"):
            report_issues.release(store, actor, issue_id, outside=name == "release_outside")
        elif name == "withdraw":
            report_issues.withdraw(store, actor, issue_id)
        elif report_corrections.react(self._page, actor, issue_id, name, value):
            self._compared = None
        elif report_uses.react(self._page, actor, issue_id, name, value):
            pass
        elif name != "look" and not case_cards.react(self._page, actor, name, value):
            return []
        return Redraw()

    def _file(self, actor: Person, name: str) -> Download:
        from custinfo.reports import issuing  # it opens the lake, which starts threads: not where pages are forked from

        kind = FILES.get(PurePosixPath(name).suffix)
        if kind is None:
            raise BadInput("report_issues.unknown")
        issue = report_issues.read_out(self._page.store, actor, self._issue_id, name)
        content = issuing.read_file(self._page.site, issue, name)
        path = PurePosixPath(name)
        return Download(f"{'-'.join((path.stem, *path.parent.parts))}{path.suffix}", kind, content)

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _actions(self, actor: Person, issue: Issue) -> list[Block]:
        page = self._page
        can: list[tuple[str, str, str]] = []
        prepares = permissions.may(actor, "report.prepare")
        signed = issue.state == "put_forward" and report_issues.is_signed(page.store, issue)
        if prepares and issue.state in ("draft", "put_forward") and not signed:
            again = "put_forward_again" if issue.state == "put_forward" else "put_forward"
            can.append(("put_forward", again, "primary" if issue.state == "draft" else ""))
        if signed and permissions.may(actor, "report.release"):
            can.append(("release", "release", "primary"))
        outside = issue.state == "released_inside" and issue.definition.release == "outside"
        if outside and permissions.may(actor, "report.release_outside"):
            can.append(("release_outside", "release_outside", ""))
        if prepares and issue.state == "draft":
            can.append(("withdraw", "withdraw", "quiet"))
        found = []
        for event, words, look in can:
            ask = None if event == "put_forward" else page.text(f"reports_page.{words}_sure")
            text = page.text(f"reports_page.{words}")
            found.append(blocks.button(text, event, "", name=text, look=look, confirm=ask))
        return found

    def _views(self, issue: Issue) -> list[Block]:
        """Ways to read it: once it was put forward, and, once it is out, beside others."""
        if issue.manifest is None:
            return []
        views = ("read", "compare", "vintages") if issue.state in report_issues.RELEASED else ("read",)
        return [
            blocks.link(self._page.text(f"report_portal.view.{one}"), f"/reports/{issue.issue_id}?view={one}")
            for one in views
        ]  # fmt: skip

    def _told(self, building: apart.Standing | None) -> list[Block]:
        """That the report is being built, or why it could not be."""
        if building is None:
            return []
        if building.runs:
            return [blocks.banner(self._page.text("reports_page.building"))]
        return [blocks.banner(self._page.pick(dict(building.said)), "danger")]

    def _next(self, actor: Person, issue: Issue, written: list[Written]) -> list[Block]:
        """What is to be done next, for whoever prepares it."""
        page = self._page
        if not permissions.may(actor, "report.prepare") or issue.state != "draft":
            return []
        there = {one.comment.kind for one in written}
        missing = [page.text(f"commentary.kind_of.{kind}") for kind in issue.definition.needs if kind not in there]
        if not missing:
            return [blocks.banner(page.text("reports_page.next_put_forward"), "ok")]
        places = page.text("pages.home.and").join(missing)
        return [blocks.banner(page.text("reports_page.next_comment", places=places), "warn")]

    def _files(self, issue: Issue) -> list[Block]:
        page = self._page
        if issue.manifest is None:
            return []
        items = []
        for outside, language in product((False, True), LANGUAGES):
            folder, spoken = language, page.text(f"reports_page.in.{language}")
            if outside:
                folder, spoken = f"{report_bundles.OUTSIDE}/{language}", page.text("outside.files", language=spoken)
            buttons = [
                blocks.button(
                    kind[1:].upper(), "file", name, name=f"{kind[1:].upper()} {spoken}",
                    look="primary small" if kind == ".pdf" else "small",
                )
                for kind in FILES for name in issue.content["files"]
                if name.startswith(f"{folder}/") and name.endswith(kind)
            ]  # fmt: skip
            if buttons:
                items.append(blocks.item(spoken, actions=buttons))
        return [blocks.card(page.text("reports_page.files"), [blocks.listing(items)], flush=True)]

    def _commentary(self, actor: Person, issue: Issue, written: list[Written]) -> Block:
        page = self._page
        open_for = permissions.may(actor, "report.prepare") and issue.state in ("draft", "put_forward")
        title = page.text("reports_page.commentary")
        inner: list[Block] = []
        items = [self._paragraph(one, open_for=open_for) for one in written]
        inner.append(blocks.listing(items) if items else blocks.empty(page.text("reports_page.no_commentary")))
        if open_for:
            kinds = [(kind, page.text(f"commentary.kind_of.{kind}")) for kind in commentary.KINDS]
            fields = [blocks.field("kind", page.text("reports_page.place"), "select", options=kinds, required=True)]
            fields += [
                blocks.field(
                    language, page.text(f"reports_page.in.{language}"), "multiline", required=True,
                    hint=page.text("reports_page.commentary_hint") if language == LANGUAGES[0] else "",
                )
                for language in LANGUAGES
            ]  # fmt: skip
            words = page.text("reports_page.add")
            inner.append(blocks.entry("comment", fields, words, look="", folded=words if items else ""))
            inner += self._offered()
        words = page.text("reports_page.numbers")
        actions = [blocks.button(words, "numbers", "", name=words, look="small")] if open_for else []
        return blocks.card(title, inner, actions=actions)

    def _offered(self) -> list[Block]:
        """The numbers that a paragraph can hold, with their addresses, once somebody asked for them."""
        if not self._numbers:
            return []
        names = ("address", "number", "value")
        columns = [
            blocks.column(self._page.text(f"reports_page.{name}"), number=name == "value", wide=name == "number")
            for name in names
        ]
        rows = [[(f"{{{address}}}", ""), (place, ""), (value, "")] for address, place, value in self._numbers]
        return [blocks.table(self._page.text("reports_page.numbers"), columns, rows)]

    def _paragraph(self, one: Written, *, open_for: bool) -> Block:
        page = self._page
        words = page.text("reports_page.take_back")
        place = page.text(f"commentary.kind_of.{one.comment.kind}")
        actions = [blocks.button(words, "take_back", one.comment_id, name=f"{words} {place}", look="quiet small")]
        meta = f"{place} · {one.comment.by}, {page.time(one.written_at)}"
        return blocks.item(one.comment.texts[page.language], meta=meta, actions=actions if open_for else [])

    def _facts(self, issue: Issue) -> Block:
        page, content = self._page, issue.content
        told = [
            ("as_of", page.time(issue.as_of)),
            ("lake_version", str(issue.lake_version)),
            ("definition", str(issue.definition_version)),
            ("drafted", f"{issue.drafted_by}, {page.time(issue.drafted_at)}"),
        ]
        answerable = statisticians.answerable(page.store, issue.definition.name, issue.drafted_at.date())
        if answerable:
            told.append(("answerable", page.text("pages.home.and").join(one.person for one in answerable)))
        if content:
            if issue.correction_id:
                told.append(("correction", issue.correction_id))
            told.append(("rule", ", ".join(f"{name} {number}" for name, number in content["rules"].items())))
            told += [(name, f"SHA-256 {str(content[name])[:SHORT]}…") for name in ("figures", "notebook", "lock")]
        for name, moment in (("inside_at", issue.released_inside_at), ("outside_at", issue.released_outside_at)):
            if moment is not None:
                told.append((name, page.time(moment)))
        return blocks.card(
            page.text("reports_page.facts"),
            [blocks.facts([(page.text(f"reports_page.{name}"), value) for name, value in told])],
        )
