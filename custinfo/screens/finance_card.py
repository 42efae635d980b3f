"""On a customer's page: statements of years and quarters as they accumulated, with ratios that warn early (R168)."""

from collections.abc import Mapping

from custinfo.actions import credit_access, financial_statements
from custinfo.actions.financial_statements import Behind
from custinfo.classification.credit.early_warning import RATIOS, Ratio
from custinfo.classification.credit.financial_statements import Reported
from custinfo.domain import messages, money
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.reports.credit_report_words import CreditWords
from custinfo.reports.showing import NONE
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

SHOWN = 12
"""Periods, the newest in front; earlier ones are counted."""
FIGURES = ("revenue", "net_profit", "assets", "liabilities", "equity")
SCHEME = "5c"
"""Words of ratios are those of any scorecard."""

Cells = list[tuple[str, str] | Block]


def card(page: Page, actor: Person, customer_id: str) -> list[Block]:
    """The series for whoever may read about credit; nothing where nothing was filed."""
    if not credit_access.may(actor):
        return []
    found = financial_statements.series(page.store, actor, customer_id)
    if not found.periods:
        return []
    title = page.text("finance_card.title")
    newest = [*reversed(found.periods)][:SHOWN]
    parts = [
        _figures(page, title, newest, found.behind),
        _origins(page, newest, found.behind),
        *_ratios(page, newest, CreditWords(page.language, SCHEME, page.today())),
    ]
    if len(found.periods) > SHOWN:
        parts.append(blocks.empty(page.text("finance_card.more", n=len(found.periods) - SHOWN)))
    return [blocks.card(title, parts, id="finances", flush=True)]


def _figures(
    page: Page, title: str, shown: list[tuple[Reported, Mapping[str, Ratio] | BadInput]],
    behind: Mapping[str, tuple[Behind, ...]],
) -> Block:  # fmt: skip
    names = [page.text(f"credit_use.figure.{name}") for name in FIGURES]
    columns = [
        blocks.column(page.text("finance_card.period")),
        *(blocks.column(name, number=True) for name in names),
    ]
    rows: list[Cells] = []
    for one, _ in shown:
        records = behind.get(str(one.period), ())
        link = f"/record/{records[0].record_id}" if records else ""
        figures = [(_amount(getattr(one.statement, name)), "") for name in FIGURES]
        rows.append([(one.period.show(page.language), link), *figures])
    return blocks.table(title, columns, rows)


def _origins(
    page: Page, shown: list[tuple[Reported, Mapping[str, Ratio] | BadInput]], behind: Mapping[str, tuple[Behind, ...]]
) -> Block:  # fmt: skip
    items = [
        blocks.item(one.period.show(page.language), meta=_told(page, behind.get(str(one.period), ())))
        for one, _ in shown
    ]
    return blocks.listing(items, compact=True)


def _ratios(
    page: Page, shown: list[tuple[Reported, Mapping[str, Ratio] | BadInput]], words: CreditWords
) -> list[Block]:  # fmt: skip
    """A row for each ratio that some period has; a period whose figures contradict themselves is told below."""
    sound = [(one, ratios) for one, ratios in shown if not isinstance(ratios, BadInput)]
    columns = [blocks.column(page.text("finance_card.ratio"), wide=True)]
    columns += [blocks.column(one.period.show(page.language), number=True) for one, _ in sound]
    rows: list[Cells] = []
    for name in RATIOS:
        if any(name in ratios and ratios[name].value is not None for _, ratios in sound):
            told = [(words.ratio(name, ratios[name]) if name in ratios else NONE, "") for _, ratios in sound]
            rows.append([(words.ratio_name(name), ""), *told])
    caption = page.text("finance_card.ratios")
    wrong = [blocks.banner(each.text(page.language), "warn") for _, each in shown if isinstance(each, BadInput)]
    return [*([blocks.table(caption, columns, rows)] if rows else []), *wrong]


def _told(page: Page, records: tuple[Behind, ...]) -> str:
    """Where the figures are from: source, whether audited, how many versions there were. A choice that only the site's
    own version of the form has is told by its name there.
    """
    comma = page.text("pages.home.and")
    sources, audits = (messages.section(f"finance_card.{kind}", page.language) for kind in ("source", "audited"))
    said = []
    for one in records:
        words = [sources.get(one.source, one.source), audits.get(one.audited, one.audited)]
        words = [word for word in words if word]
        if one.version > 1:
            words.append(page.text("finance_card.version", version=one.version))
        said.append(" · ".join(words))
    return comma.join(said)


def _amount(fen: int | None) -> str:
    return NONE if fen is None else money.show(fen)
