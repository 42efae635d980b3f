"""Corrections on the pages of reports: compare an issue with today's data, register, and one slip by itself."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_corrections, report_issues
from custinfo.actions.report_corrections import KIND, Correction
from custinfo.actions.report_issues import RELEASED, Issue
from custinfo.domain import corrections
from custinfo.domain.corrections import LATE, SOURCE, Change
from custinfo.domain.people import Person
from custinfo.screens import blocks, case_cards, report_uses
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.report_uses import Cells
from custinfo.screens.sheet_view import Goto, Reaction, Redraw


def card(
    page: Page, actor: Person, issue: Issue, compared: tuple[Change, ...] | None, cells: Cells
) -> list[Block]:  # fmt: skip
    """What was corrected in an issue that is out, and, for who prepares reports, what can be."""
    if issue.state not in RELEASED:
        return []
    found = report_corrections.of_issue(page.store, actor, issue.issue_id)
    items = [
        blocks.item(
            f"{page.text(f'corrections.grade.{one.grade}')} · {one.correction_id}", f"/reports/{one.correction_id}",
            meta=f"{one.reason} — {one.by}, {page.time(one.recorded_at)}", badges=badges(page, one),
        )
        for one in found
    ]  # fmt: skip
    inner: list[Block] = [blocks.listing(items) if items else blocks.empty(page.text("corrections.page.none"))]
    if not permissions.may(actor, "report.prepare"):
        return [blocks.card(page.text("corrections.page.title"), inner)]
    if compared is not None:
        inner += _compared(page, issue, compared)
    words = page.text("corrections.page.compare")
    actions = [blocks.button(words, "compare", "", name=words, look="small")]
    if cells:
        inner.append(_by_hand(page, cells))
    else:
        single = page.text("corrections.page.single")
        actions.append(blocks.button(single, "cells", "", name=single, look="quiet small"))
    return [blocks.card(page.text("corrections.page.title"), inner, actions=actions)]


def react(page: Page, actor: Person, issue_id: str, name: str, value: Any) -> bool:
    """Register what a button of the card asked for; False when the event is none of the card's."""
    if name not in ("correct", "correct_by_hand"):
        return False
    # Opening the lake starts threads, which the process that pages are forked from must not have
    from custinfo.reports import correcting

    given = {one: said(value, one) for one in ("grade", "reason", "told")}
    if name == "correct":
        correcting.from_source(page.store, actor, issue_id, cause=said(value, "cause") or SOURCE, **given)
    else:
        right = {said(value, "address").strip(): said(value, "number")}
        correcting.by_hand(page.store, actor, issue_id, right, **given)
    return True


class Desk:
    """One correction: old figure, new figure, reason, who; its approval, and what comes of it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        one = report_corrections.read(page.store, actor, self._id)
        issue = report_issues.read(page.store, actor, one.issue_id)
        actions = []
        if one.state == "approved" and one.revision is None and permissions.may(actor, "report.prepare"):
            words = page.text("corrections.page.revise")
            actions.append(blocks.button(words, "revise", "", name=words, look="primary"))
        actions.append(blocks.link(issue.title(page.language), f"/reports/{issue.issue_id}", "quiet"))
        title = f"{page.text(f'corrections.grade.{one.grade}')} · {issue.title(page.language)}"
        head = blocks.head(title, one.correction_id, badges=badges(page, one), actions=actions)
        case = case_cards.card(page, actor, KIND, one.correction_id)
        right = [*([case] if case else []), *report_uses.reached_card(page, actor, one)]
        figures = blocks.card(page.text("corrections.page.figures"), [_table(page, issue, one.changes)], flush=True)
        return [head, blocks.columns([self._facts(one), figures], right)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Carry the slip out, or decide on it."""
        if name == "revise":
            from custinfo.reports import correcting  # see `react` above

            return Goto(f"/reports/{correcting.revise(self._page.store, actor, self._id)}")
        done = report_uses.react(self._page, actor, self._id, name, value)
        return Redraw() if done or case_cards.react(self._page, actor, name, value) else []

    def _facts(self, one: Correction) -> Block:
        page = self._page
        told = [
            ("cause", page.text(f"corrections.cause.{one.cause}")),
            ("reason", one.reason),
            ("by", f"{one.by}, {page.time(one.recorded_at)}"),
        ]
        told += [("told", one.told)] if one.told else []
        facts = [(page.text(f"corrections.page.{name}"), words) for name, words in told]
        inner: list[Block] = [blocks.facts(facts)]
        if one.revision:
            link = f"/reports/{one.revision}"
            inner.append(blocks.listing([blocks.item(page.text("corrections.page.revision"), link, meta=one.revision)]))
        return blocks.card("", inner)


def badges(page: Page, one: Correction) -> list[Block]:
    """How far a slip is; nothing for the lesser grades, which are done."""
    if not one.state:
        return []
    done = one.revision is not None
    look = "ok" if done else {"approved": "warn", "open": "info", "returned": "warn"}.get(one.state, "danger")
    return [
        blocks.badge(page.text("corrections.page.revision") if done else page.text(f"case.state.{one.state}"), look)
    ]


def _compared(page: Page, issue: Issue, compared: tuple[Change, ...]) -> list[Block]:
    if not compared:
        return [blocks.banner(page.text("corrections.page.same"), "ok")]
    words = page.text("corrections.page.differs", n=len(compared))
    causes = [(cause, page.text(f"corrections.cause.{cause}")) for cause in (SOURCE, LATE)]
    cause = blocks.field("cause", page.text("corrections.page.cause"), "select", options=causes, required=True)
    entry = blocks.entry("correct", [cause, *_fields(page)], page.text("corrections.page.register"))
    return [blocks.banner(words, "warn"), _table(page, issue, compared), entry]


def _by_hand(page: Page, cells: Cells) -> Block:
    fields = [
        blocks.field("address", page.text("corrections.page.place"), "select", options=cells, required=True),
        blocks.field("number", page.text("corrections.page.number"), required=True),
        *_fields(page),
    ]
    words = page.text("corrections.page.register")
    return blocks.entry("correct_by_hand", fields, words, look="", folded=page.text("corrections.page.single"))


def _fields(page: Page) -> list[Block]:
    grades = [(grade, page.text(f"corrections.grade.{grade}")) for grade in reversed(corrections.GRADES)]
    return [
        blocks.field("grade", page.text("corrections.page.grade"), "select", options=grades, required=True),
        blocks.field("reason", page.text("corrections.page.reason"), "multiline", required=True),
        blocks.field("told", page.text("corrections.page.told")),
    ]


def _table(page: Page, issue: Issue, changes: tuple[Change, ...]) -> Block:
    from custinfo.reports import correcting  # see `react`

    title = page.text("corrections.page.correct")
    columns = [blocks.column(page.text("corrections.page.place"), wide=True)]
    columns += [blocks.column(page.text(f"corrections.page.{name}"), number=True) for name in ("old", "new")]
    lines = correcting.in_words(page.store, issue, changes, page.language)
    return blocks.table(title, columns, [[(place, ""), (old, ""), (new, "")] for place, old, new in lines])
