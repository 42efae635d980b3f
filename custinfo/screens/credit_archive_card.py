"""The credit archive on `/credit/<id>`: who the customer is, how they deal and pay, what grade it comes to."""

from custinfo.actions.credit_archive import Archive
from custinfo.actions.credit_views import AccountView, Standing
from custinfo.domain import money
from custinfo.reports import credit_archive_words
from custinfo.reports.credit_report_words import CreditWords
from custinfo.screens import blocks, credit_cards
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.customer import shown


def card(page: Page, standing: Standing, archive: Archive, words: CreditWords) -> Block:
    """Everything that the grade is made of, in one place; what is masked can be looked at on the customer's card."""
    title = page.text("credit_archive.title")
    parts: list[Block] = []
    if archive.card:
        parts.append(blocks.facts([(one.label, shown(one)) for one in archive.card], page.text("credit_archive.who")))
    else:
        parts.append(blocks.empty(page.text("credit_archive.no_card")))
    seen = words.listed(words.proof(kind) for kind in _proved(standing))
    qualification = seen or page.text("credit_archive.none_seen")
    told = [(page.text("credit_archive.qualification"), qualification)]
    told += _dealings(page, standing.account)
    parts.append(blocks.facts(told, page.text("credit_archive.dealings")))
    rows = [
        [(said, "") for said in row] for row in credit_archive_words.rated(archive.rated, standing.day, page.language)
    ]
    if rows:
        heads = ("indicator", "figure", "by_anchors")
        columns = [blocks.column(page.text(f"credit_archive.column.{name}"), wide=name != "figure") for name in heads]
        parts.append(blocks.table(page.text("credit_archive.rated"), columns, rows))
    grade = page.text("credit_archive.grade", grade=words.grade(standing.grade))
    parts.append({"type": "text", "text": grade})
    return blocks.card(title, parts, badges=[credit_cards.grade_badge(page, standing.grade)])


def _proved(standing: Standing) -> list[str]:
    """What is demanded before the first dealing and was seen, but the grade, which stands below."""
    from custinfo.classification.credit import first_dealing

    lacking = {one.kind for one in standing.lacks}
    demands = [one.proof for one in first_dealing.rule(standing.day).demands]
    return [kind for kind in demands if kind not in lacking and kind != "credit_grade"]


def _dealings(page: Page, account: AccountView | None) -> list[tuple[str, str]]:
    """Size, frequency and timeliness; of a customer without dealings the sentence that there are none."""
    if account is None:
        return [(page.text("credit_archive.size"), page.text("credit_paper.lacking.account"))]
    if account.first_sale_on is None:
        return [(page.text("credit_archive.size"), page.text("credit_archive.no_dealings"))]
    mean = money.show(account.sales_fen // account.purchases) if account.purchases else "—"
    sold = page.text("credit_archive.sold", amount=money.show(account.sales_fen), mean=mean)
    due = account.due_fen
    share = f"{account.in_time_fen * 100 / due:.1f}%" if due else page.text("credit_archive.nothing_due")
    facts = {"n": account.purchases, "months": account.months_bought}
    return [
        (page.text("credit_archive.since"), account.first_sale_on.isoformat()),
        (page.text("credit_archive.size"), sold),
        (page.text("credit_archive.frequency"), page.text("credit_archive.often", **facts)),
        (page.text("credit_archive.timeliness"), share),
    ]
