"""What made a grade, beside it on `/credit/<id>`: what lost points, which rating would change it, what is not known."""

from collections.abc import Sequence
from fractions import Fraction

from custinfo.actions.credit_views import DecisionView
from custinfo.classification.credit.explanation import Explanation
from custinfo.reports.credit_report_words import CreditWords, rounded
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page

STEPS = {"better": 1, "worse": -1}
"""One rating better, and one worse."""


def card(page: Page, decision: DecisionView | None, told: Explanation | None) -> list[Block]:
    """The explanation of the decision in force; nothing where there is none."""
    if decision is None or told is None:
        return []
    words = CreditWords(page.language, decision.scheme, decision.decided_on)
    title = page.text("credit_desk.card.explained")
    parts: list[Block] = [{"type": "text", "text": _distances(page, told, words)}]
    if told.unknown:
        unknown = words.listed(words.indicator(code) for code in told.unknown)
        bounds = {"lowest": _share(told.lowest), "highest": _share(told.highest)}
        parts.append(blocks.banner(page.text("credit_desk.explained.unknown", indicators=unknown, **bounds)))
    # A column in which no rating would change anything says nothing
    steps = {name: step for name, step in STEPS.items() if any(one.instead - one.value == step for one in told.levers)}
    if rows := _rows(told, words, list(steps.values())):
        heads = [page.text("credit_paper.column.indicator")]
        heads += [page.text(f"credit_desk.column.{name}") for name in ("rating", "lost", *steps)]
        columns = [blocks.column(head, wide=n == 0, number=n in (1, 2)) for n, head in enumerate(heads)]
        parts.append(blocks.table(title, columns, rows))
    return [blocks.card(title, parts)]


def _distances(page: Page, told: Explanation, words: CreditWords) -> str:
    """How far the points are from the ends of their grade."""
    scored = told.scored
    if scored.points is None or scored.grade_of_points is None or told.margin is None:
        return page.text("credit_desk.explained.no_grade")
    facts = {"points": _share(scored.points), "grade": scored.grade_of_points, "margin": _share(told.margin)}
    said = page.text("credit_desk.explained.stands", **facts)
    if told.lacking is None:
        return said
    grades = words.card.grades
    better = grades.order[grades.rank(scored.grade_of_points) - 1]
    more = page.text("credit_desk.explained.lacking", lacking=_share(told.lacking), better=better)
    return said + ("" if page.language == "zh-CN" else " ") + more


def _rows(told: Explanation, words: CreditWords, steps: Sequence[int]) -> list[list[tuple[str, str]]]:
    """What lost points, the most first, then what lost none but holds the grade up: one row for each indicator."""
    lost = {one.indicator: one for one in told.lost}
    value = {one.indicator: one.value for one in told.lost} | {one.indicator: one.value for one in told.levers}
    grade = {(one.indicator, one.instead - one.value): one.grade for one in told.levers}
    return [
        [
            (words.indicator(code), ""),
            (str(value[code]), ""),
            (_share(lost[code].points) if code in lost else "—", ""),
            *((grade.get((code, step), "—"), "") for step in steps),
        ]
        for code in value
    ]


def _share(points: Fraction) -> str:
    """Hundredths of the share of full marks as a percentage."""
    return f"{rounded(points / 100, 1)}%"
