"""The form `credit_rating`, written from the rule files: each indicator with what the ratings 1 to 5 look like.

`custinfo credit form > forms/credit_rating.md` writes it; a test holds the file against the rules. When rules change,
raise VERSION: what was rated by the earlier text stays with the version of the form that had it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from custinfo.classification import rules
from custinfo.classification.credit import grades, scorecards
from custinfo.classification.credit.grades import GradesRule
from custinfo.classification.credit.scorecards import CardRule, Indicator, IndicatorsRule
from custinfo.classification.words import Words

FORM = "credit_rating"
VERSION = "2026112201"
NO_INFORMATION = "none"
RATINGS = (5, 4, 3, 2, 1)

HEAD = (
    "type", "name", "label::中文 (zh-CN)", "label::English (en)", "hint::中文 (zh-CN)", "hint::English (en)",
    "required", "relevant", "constraint", "constraint_message::中文 (zh-CN)", "constraint_message::English (en)",
    "default", "appearance", "bind::custinfo:max_length", "bind::custinfo:about",
)  # fmt: skip
NOT_LATER = {
    "constraint": ". <= ${rated_on}",
    "constraint_message::中文 (zh-CN)": "不能晚于评分日期。请核对。",
    "constraint_message::English (en)": "It cannot be later than the day of the rating. Check it.",
}


def table(folder: Path = rules.FOLDER) -> str:
    """The form as an XLSForm table in Markdown, from the newest version of each rule file."""
    cards = {one: rules.load(folder / f"credit_{one}.toml", CardRule)[-1] for one in scorecards.SCHEMES}
    indicators = rules.load(folder / scorecards.INDICATORS, IndicatorsRule)[-1].indicator
    graded = rules.load(folder / grades.FILE, GradesRule)[-1]
    lines = ["| survey |", line(HEAD)]
    lines += [line([one.get(name, "") for name in HEAD]) for one in _survey(cards, indicators)]
    lines += ["| choices |", line(("list_name", "name", "label::中文 (zh-CN)", "label::English (en)"))]
    lines += [line(choice) for choice in _choices(cards, indicators, graded)]
    lines += ["| settings |", line(("form_title", "form_id", "version", "default_language", "namespaces"))]
    title, namespace = r"信用评分 \| Credit rating", 'custinfo="https://custinfo.org/xforms"'
    lines.append(line((title, FORM, VERSION, "中文 (zh-CN)", namespace)))
    return "\n".join(lines) + "\n"


def _survey(cards: dict[str, CardRule], indicators: Sequence[Indicator]) -> Iterator[dict[str, str]]:
    yield from _opening()
    for indicator in indicators:
        used_by = [scheme for scheme, card in cards.items() if indicator.code in card.shares()]
        if used_by:
            yield from rated(indicator, " or ".join(f"${{scheme}} = '{scheme}'" for scheme in used_by))
    yield from _findings()


def _opening() -> Iterator[dict[str, str]]:
    yield row("begin_group", "rating", "评分", "The rating")
    hint = {"hint::中文 (zh-CN)": "如 C000123", "hint::English (en)": "Such as C000123"}
    about = {"bind::custinfo:max_length": "20", "bind::custinfo:about": "customers"}
    yield row("text", "customer_number", "客户编号", "Customer number", required="yes", **hint, **about)
    yield row("select_one scheme", "scheme", "评分卡", "Scorecard", required="yes", default="5c")
    yield row(
        "date", "rated_on", "评分日期", "Rated on", required="yes", default="today()",
        **{**NOT_LATER, "constraint": ". <= today()", "constraint_message::中文 (zh-CN)": "日期不能晚于今天。请核对。",
           "constraint_message::English (en)": "The date cannot be later than today. Check it."},
    )  # fmt: skip
    yield row(
        "note", "rule_of_rating", "请独立评分，不与另一位评分人商量；没有资料的选“没有资料”，不要猜 3 分。",
        "Rate by yourself, without asking the other rater. Where there is no information say so, and do not guess a 3.",
    )  # fmt: skip
    yield {"type": "end_group"}


def rated(indicator: Indicator, asked: str = "") -> Iterator[dict[str, str]]:
    """The questions about an indicator: its rating, and evidence for it. `asked` is when, as an expression."""
    code = indicator.code
    known = {"relevant": f"${{{code}_rating}} != '' and ${{{code}_rating}} != '{NO_INFORMATION}'", "required": "yes"}
    hint = {"hint::中文 (zh-CN)": indicator.evidence.zh, "hint::English (en)": indicator.evidence.en}
    zh, en = indicator.title.zh, indicator.title.en
    yield row("begin_group", code, zh, en, relevant=asked)
    yield row(f"select_one rating_{code}", f"{code}_rating", zh, en, required="yes", **hint)
    long = {"bind::custinfo:max_length": "500", "appearance": "multiline"}
    yield row("text", f"{code}_basis", f"{zh}：依据", f"{en}: evidence", **known, **long)
    short = {"bind::custinfo:max_length": "200"}
    yield row("text", f"{code}_source", f"{zh}：资料来源", f"{en}: source", **known, **short)
    yield row("date", f"{code}_on", f"{zh}：资料日期", f"{en}: day of the evidence", **known, **NOT_LATER)
    yield {"type": "end_group"}


def _findings() -> Iterator[dict[str, str]]:
    found = {"relevant": "${findings} != ''", "required": "yes"}
    yield row("begin_group", "found", "查实的事项", "Findings")
    hint = {
        "hint::中文 (zh-CN)": "有则选；每项都有自己的等级上限",
        "hint::English (en)": "Choose what was found; each caps the grade",
    }
    yield row("select_multiple finding", "findings", "查实的事项", "What was found", **hint)
    short = {"bind::custinfo:max_length": "200"}
    yield row("text", "findings_source", "查实事项的资料来源", "Source of the findings", **found, **short)
    yield row("date", "findings_on", "查实日期", "Found on", **found, **NOT_LATER)
    yield {"type": "end_group"}


def _choices(
    cards: dict[str, CardRule], indicators: Sequence[Indicator], graded: GradesRule
) -> Iterator[tuple[str, str, str, str]]:
    for scheme, card in cards.items():
        yield "scheme", scheme, card.title.zh, card.title.en
    used = {code for card in cards.values() for code in card.shares()}
    for indicator in (one for one in indicators if one.code in used):
        yield from anchors(indicator)
    for finding in graded.finding:
        yield "finding", finding.code, finding.title.zh, finding.title.en


def anchors(indicator: Indicator) -> Iterator[tuple[str, str, str, str]]:
    """The choices of its rating, the best first: what each looks like."""
    name = f"rating_{indicator.code}"
    for rating in RATINGS:
        anchor: Words = indicator.anchors[rating - 1]
        yield name, str(rating), f"{rating} 分：{anchor.zh}", f"{rating}: {anchor.en}"
    yield name, NO_INFORMATION, "没有资料", "No information"


def row(type_: str, name: str, zh: str, en: str, **more: str) -> dict[str, str]:
    """A question by the columns of HEAD."""
    return {"type": type_, "name": name, "label::中文 (zh-CN)": zh, "label::English (en)": en, **more}


def line(cells: Sequence[str]) -> str:
    """A line of a table in Markdown."""
    return "| | " + " | ".join(cells) + " |"
