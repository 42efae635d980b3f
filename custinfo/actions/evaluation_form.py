"""The form `customer_evaluation`, written from the rule files: each item with what the ratings 1 to 5 look like (R166).

`python -m custinfo.actions.evaluation_form > forms/customer_evaluation.md` writes it; a test holds the file against
the rules. When rules change, raise VERSION: what was rated by the earlier text stays with the form that had it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from custinfo.actions.credit_rating_form import HEAD, anchors, line, rated, row
from custinfo.classification import rules
from custinfo.classification.credit.scorecards import CardRule, Indicator, IndicatorsRule
from custinfo.classification.evaluation import FILE, ITEMS

FORM = "customer_evaluation"
VERSION = "2026112301"
HEAD_GROUP = "evaluation"


def table(folder: Path = rules.FOLDER) -> str:
    """The form as an XLSForm table in Markdown, from the newest version of each rule file."""
    known = {one.code: one for one in rules.load(folder / ITEMS, IndicatorsRule)[-1].indicator}
    items = [known[code] for code in rules.load(folder / FILE, CardRule)[-1].shares()]
    lines = ["| survey |", line(HEAD), *(line([one.get(name, "") for name in HEAD]) for one in _survey(items))]
    lines += ["| choices |", line(("list_name", "name", "label::中文 (zh-CN)", "label::English (en)"))]
    lines += [line(choice) for item in items for choice in anchors(item)]
    lines += ["| settings |", line(("form_title", "form_id", "version", "default_language", "namespaces"))]
    title, namespace = r"客户评价 \| Evaluation of a customer", 'custinfo="https://custinfo.org/xforms"'
    lines.append(line((title, FORM, VERSION, "中文 (zh-CN)", namespace)))
    return "\n".join(lines) + "\n"


def _survey(items: list[Indicator]) -> Iterator[dict[str, str]]:
    yield row("begin_group", HEAD_GROUP, "评价", "The evaluation")
    hint = {"hint::中文 (zh-CN)": "如 C000123", "hint::English (en)": "Such as C000123"}
    about = {"bind::custinfo:max_length": "20", "bind::custinfo:about": "customers"}
    yield row("text", "customer_number", "客户编号", "Customer number", required="yes", **hint, **about)
    yield row(
        "date", "rated_on", "评价日期", "Evaluated on", required="yes", default="today()",
        **{"constraint": ". <= today()", "constraint_message::中文 (zh-CN)": "日期不能晚于今天。请核对。",
           "constraint_message::English (en)": "The date cannot be later than today. Check it."},
    )  # fmt: skip
    yield row(
        "note", "rule_of_rating",
        "每项按所列标准评 1–5 分并写明依据；没有资料的选“没有资料”，不要猜 3 分。需要时由两人分别评价。",
        "Rate each item from 1 to 5 by what is listed, with evidence. Where there is no information say so, and do not "
        "guess a 3. Where wanted, two people evaluate, each by themselves.",
    )  # fmt: skip
    yield {"type": "end_group"}
    for item in items:
        yield from rated(item)


if __name__ == "__main__":
    sys.stdout.write(table())
