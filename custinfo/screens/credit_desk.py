"""`/credit/<id>`: one customer's standing at a glance; what can be done about it; the report on paper."""

from typing import Any
from urllib.parse import quote

from custinfo.access import permissions
from custinfo.actions import credit, credit_archive, forms, reports
from custinfo.actions.credit_views import Standing
from custinfo.classification.credit import scorecards
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Person
from custinfo.reports.credit_report_words import CreditWords
from custinfo.screens import account_card_parts, blocks, case_cards, credit_archive_card, credit_cards, credit_explained
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw

FORMS = (
    "credit_rating",
    "qualification_papers",
    "credit_report",
    "financial_statement",
    "credit_application",
    "credit_override",
    "credit_dunning",
    "collection",
    "account_card",
    "account_measure",
)
"""What is filled in about a customer's credit, in the order in which it comes up."""
FILES = {
    "pdf": "application/pdf",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OBJECT_KIND = "credit_decision"


class Desk:
    """One customer. `?scheme=` looks at it by another scorecard."""

    def __init__(self, page: Page, customer_id: str) -> None:
        self._page = page
        self._customer_id = customer_id
        scheme = page.query.get("scheme", "")
        self._scheme = scheme if scheme in scorecards.SCHEMES else ""

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        standing = credit.standing(page.store, actor, self._customer_id, page.today(), scheme=self._scheme)
        words = CreditWords(page.language, standing.scheme, standing.day)
        notes = [blocks.banner(note.text(page.language), "warn") for note in standing.notes]
        archive = credit_archive.find(page.store, actor, standing, page.language)
        left = [
            credit_archive_card.card(page, standing, archive, words),
            credit_cards.limit(page, standing, words),
            credit_cards.dunning(page, standing, words),
            credit_cards.warnings(page, standing, words),
            credit_cards.raters(page, standing, words),
            *credit_cards.beside(page, credit.beside(page.store, standing), standing),
        ]
        right = [
            credit_cards.glance(page, standing, words),
            *credit_explained.card(page, standing.decision, credit.explained(page.store, standing)),
            *self._case(actor, standing),
            *self._decide(actor, standing),
            credit_cards.gate(page, standing, words),
            *account_card_parts.cards(page, standing, words),
            *account_card_parts.measures(page, standing, words),
            *credit_cards.overrides(page, standing, words),
            *self._forms(actor),
            credit_cards.history(page, standing, words),
        ]
        return [self._head(actor, standing, words), *notes, blocks.columns(left, right)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Decide, agree to a decision, or have the report."""
        if name == "report" and isinstance(value, str) and value in FILES:
            return self._report(actor, value)
        if name == "decide":
            scheme = said(value, "scheme") or credit.SCHEME
            credit.decide(self._page.store, actor, self._customer_id, scheme=scheme)
            return Redraw()
        return Redraw() if case_cards.react(self._page, actor, name, value) else []

    def _report(self, actor: Person, kind: str) -> Download:
        """The report of this moment, on the register of exports."""
        # Charts and paper start threads, which the process that pages are forked from must not have
        from custinfo.reports import credit_report, credit_report_layouts

        page = self._page
        made = credit_report.make(page.store, actor, self._customer_id, utc_now(), page.language)
        data = credit_report_layouts.LAYOUTS[kind](made.document, made.as_of)
        content = credit_report_layouts.canonical(made.document)
        reports.register_about_customer(page.store, actor, self._customer_id, content)
        return Download(f"{made.stem}.{kind}", FILES[kind], data)

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _head(self, actor: Person, standing: Standing, words: CreditWords) -> Block:
        page = self._page
        title = page.text("credit_paper.title")
        actions = [blocks.link(page.text("credit_desk.card_link"), f"/customer/{quote(standing.customer_id)}")]
        actions += [
            blocks.link(
                one.upper(), f"/credit/{quote(standing.customer_id)}?scheme={one}",
                name=page.text("credit_desk.by_scheme", scheme=one.upper()),
            )
            for one in scorecards.SCHEMES if one != standing.scheme
        ]  # fmt: skip
        if permissions.may(actor, "report.credit"):
            actions += [
                blocks.button(f"{title} {kind.upper()}", "report", kind, name=f"{title} {kind.upper()}", look=look)
                for kind, look in (("pdf", "primary"), ("xlsx", ""), ("html", ""))
            ]
        badges = [blocks.badge(standing.number, "accent"), credit_cards.grade_badge(page, standing.grade)]
        told = page.text("credit_desk.stands", day=standing.day, scheme=words.scheme_title())
        return blocks.head(standing.label, told, badges=badges, actions=actions)

    def _case(self, actor: Person, standing: Standing) -> list[Block]:
        """The approval of the decision that waits, with what the person can do about it."""
        if standing.pending is None:
            return []
        found = case_cards.card(self._page, actor, OBJECT_KIND, standing.pending.decision_id)
        return [found] if found else []

    def _decide(self, actor: Person, standing: Standing) -> list[Block]:
        page = self._page
        if not permissions.may(actor, "credit.decide") or not credit.decidable(standing):
            return []
        options = [(standing.scheme, standing.scheme.upper())]
        field = blocks.field(
            "scheme", page.text("credit_paper.fact.scheme"), "select", options=options, value=standing.scheme
        )
        words = page.text("credit_desk.decide")
        return [
            blocks.card(page.text("credit_desk.card.decide"), [blocks.entry("decide", [field], words, inline=True)])
        ]

    def _forms(self, actor: Person) -> list[Block]:
        page = self._page
        titles = {form.form_id: page.pick(form.titles) for form in forms.fillable(page.store, actor)}
        items = [
            blocks.item(titles[form_id], f"/form/{form_id}?customer={quote(self._customer_id)}")
            for form_id in FORMS
            if form_id in titles
        ]
        title = page.text("credit_desk.card.forms")
        return [blocks.card(title, [blocks.listing(items, compact=True)], flush=True)] if items else []
