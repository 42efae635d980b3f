"""Definitions of regular reports: beside the overview in short, on `/reports/definitions` with who approved them."""

from collections.abc import Mapping
from typing import Any

from custinfo.access import permissions
from custinfo.actions import report_definitions
from custinfo.actions.report_definitions import KIND, Filed
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import Definition, load
from custinfo.screens import blocks, case_cards
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Reaction, Redraw

ADDRESS = "/reports/definitions"
LOOK = {"approved": "ok", "open": "info", "returned": "warn"}
UNDECIDED = ("open", "returned")


class Desk:
    """Every definition, with its case while that is not decided."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        actions = [blocks.link(page.text("reports_page.all"), "/reports", "quiet")]
        title, line = (page.text(f"report_portal.definitions.{name}") for name in ("title", "subtitle"))
        cards = [_card(page, actor, one) for one in load().values()]
        return [blocks.head(title, line, actions=actions), blocks.columns(cards[::2], cards[1::2])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Propose a definition, or decide on one."""
        return Redraw() if react(self._page, actor, name, value) else []


def beside(page: Page, actor: Person) -> list[Block]:
    """For the overview: those that wait to be decided as they are, and a line for each of all."""
    filed = {one.name: report_definitions.filed(page.store, actor, one.name) for one in load().values()}
    waiting = [_card(page, actor, one) for one in load().values() if _is_undecided(filed[one.name])]
    items = [
        blocks.item(page.pick(dict(one.titles)), badges=[_badge(page, filed[one.name])]) for one in load().values()
    ]
    title, more = (page.text(f"report_portal.definitions.{name}") for name in ("title", "more"))
    link = blocks.link(more, ADDRESS, "quiet small")
    return [*waiting, blocks.card(title, [blocks.listing(items)], actions=[link], flush=True)]


def react(page: Page, actor: Person, name: str, value: Any) -> bool:
    """Propose a definition, or decide on one; False when the event is none of these."""
    if name != "define":
        return case_cards.react(page, actor, name, value)
    # Opening the lake starts threads, which the process that pages are forked from must not have
    from custinfo.reports import definitions

    report = said(value, "about")
    report_definitions.propose(page.store, actor, report, definitions.content(report), said(value, "reason"))
    return True


def _is_undecided(filed: list[Filed]) -> bool:
    return bool(filed) and filed[0].state in UNDECIDED


def _card(page: Page, actor: Person, one: Definition) -> Block:
    filed = report_definitions.filed(page.store, actor, one.name)
    inner: list[Block] = [blocks.facts(_facts(page, one, filed))]
    if filed and filed[0].state != "approved":
        card = case_cards.card(page, actor, KIND, filed[0].object_id)
        inner += [card] if card else []
    if permissions.may(actor, "report.define") and not _is_undecided(filed):
        reason = blocks.field("reason", page.text("reports_page.reason"), "multiline", required=True)
        words = page.text("reports_page.define")
        inner.append(blocks.entry("define", [reason], words, value=one.name, folded=words))
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
    found = [(page.text(f"reports_page.{name}"), words) for name, words in told.items() if words]
    if filed:
        line = f"{filed[0].reason} — {filed[0].by}, {page.time(filed[0].recorded_at)}"
        found.append((page.text("reports_page.proposed"), line))
    return found
