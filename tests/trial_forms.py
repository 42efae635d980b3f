"""A long form and small ones, as XLSForm tables: what a page is tried out on."""

HEAD = "| survey |\n| | type | name | label::中文 (zh-CN) | label::English (en) | required | relevant | bind::custinfo:soft_check | bind::custinfo:quota | readonly |\n"
TAIL = """| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | yn | yes | 是 | Yes |
| | yn | no | 否 | No |
| settings |
| | form_title | form_id | version | default_language | namespaces | style |
| | {title} | {form_id} | 2026112201 | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" | {style} |
"""


def table(form_id, rows, *, title="试用 \\| Trial", style=""):
    """A form of these rows: (type, name, Chinese, English, required, relevant, soft check, quota, readonly)."""
    lines = ("| | " + " | ".join([*row, *[""] * (9 - len(row))]) + " |" for row in rows)
    return HEAD + "\n".join(lines) + "\n" + TAIL.format(title=title, form_id=form_id, style=style)


def long_form(sections=25, each=20):
    """Sections of questions; each has a question that is asked only when the one before says so."""
    rows = []
    for s in range(1, sections + 1):
        rows.append(("begin_group", f"s{s}", f"第 {s} 部分", f"Part {s}"))
        for q in range(1, each + 1):
            name, words = f"q{s}_{q}", (f"{s}.{q} 题", f"Question {s}.{q}")
            if q % 5 == 1:
                rows.append(("select_one yn", name, *words, "yes" if q == 1 else ""))
            elif q % 5 == 2:
                rows.append(("text", name, *words, "yes", f"${{q{s}_{q - 1}}} = 'yes'"))
            else:
                rows.append(("integer" if q % 5 == 3 else "text", name, *words))
        rows.append(("end_group", "", "", ""))
    return table("long_form", rows, title="长问卷 \\| Long questionnaire")


def short_form():
    """One of each thing that stands beside the questions: a soft check, a quota, a repeat, a read-only question."""
    return table(
        "short_form",
        [
            ("text", "name", "姓名", "Name", "yes"),
            ("integer", "age", "年龄", "Age", "", "", ". < 90"),
            ("select_one yn", "smokes", "吸烟吗？", "Do you smoke?", "", "", "", "yes=1"),
            ("text", "brand", "品牌", "Brand", "yes", "${smokes} = 'yes'"),
            ("begin_repeat", "visit", "拜访", "Visits"),
            ("text", "place", "地点", "Place"),
            ("end_repeat", "", "", ""),
            ("text", "office", "经办部门", "Office", "", "", "", "", "yes"),
        ],
    )
