"""On a customer's page: how people evaluate it, item by item, and what changed since a year ago (R166)."""

from custinfo.actions import evaluations
from custinfo.actions.evaluation_form import FORM
from custinfo.actions.evaluations import Evaluation
from custinfo.classification.credit.scorecards import Criterion
from custinfo.classification.evaluation import HUNDRED
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

MOST = 5 * HUNDRED


def card(page: Page, actor: Person, customer_id: str) -> list[Block]:
    """The evaluation as it counts today; nothing where nobody evaluated."""
    if not evaluations.may(actor):
        return []
    found = evaluations.read(page.store, actor, customer_id)
    if found is None:
        return []
    title = page.text("evaluation.card.title")
    people = [
        blocks.item(
            page.text("evaluation.card.by", name=one.name, day=one.rated_on), f"/record/{one.record_id}",
            meta=page.text("evaluation.card.version", version=one.version) if one.version > 1 else "",
        )
        for one in found.rated
    ]  # fmt: skip
    parts = [*_told(page, found), blocks.listing(people, compact=True)]
    return [blocks.card(title, parts, id="evaluation", badges=_badges(page, found))]


def _badges(page: Page, found: Evaluation) -> list[Block]:
    if found.found is None or found.found.points is None:
        return []
    marks = [blocks.badge(page.text("evaluation.card.points", points=shown(found.found.points)), "accent")]
    if found.before is not None and found.before.points is not None:
        change = found.found.points - found.before.points
        look = "ok" if change > 0 else "warn" if change < 0 else ""
        marks.append(blocks.badge(page.text("evaluation.card.change", change=f"{change / HUNDRED:+.2f}"), look))
    return marks


def _told(page: Page, found: Evaluation) -> list[Block]:
    if found.found is None:
        comma = page.text("pages.home.and")
        titles = comma.join(found.card.items[one.of].title.text(page.language) for one in found.apart)
        link = blocks.link(page.text("evaluation.card.again"), f"/form/{FORM}", "small")
        return [blocks.empty(page.text("evaluation.card.apart", items=titles), link)]
    told: list[Block] = []
    if found.found.points is None:
        coverage = f"{found.found.coverage / HUNDRED:.0f}"
        told.append(blocks.banner(page.text("evaluation.card.little", coverage=coverage), "warn"))
    return [*told, *(meter for criterion in found.card.rule.criterion for meter in _items(page, criterion, found))]


def _items(page: Page, criterion: Criterion, found: Evaluation) -> list[Block]:
    meters = []
    for weighed in criterion.indicators:
        rating = found.found.items[weighed.indicator] if found.found else None
        label = found.card.items[weighed.indicator].title.text(page.language)
        text = page.text("evaluation.card.unknown") if rating is None else shown(rating)
        before = found.before.items.get(weighed.indicator) if found.before else None
        if before is not None:
            text = page.text("evaluation.card.before", rating=text, before=shown(before))
        meters.append(
            blocks.meter(label, rating or 0, MOST, text, "ok" if rating is None or rating >= MOST // 2 else "warn")
        )
    return meters


def shown(rating: int) -> str:
    """Hundredths of a rating for a reader: `3.50`."""
    return f"{rating / HUNDRED:.2f}"
