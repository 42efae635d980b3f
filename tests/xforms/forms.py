"""Forms under test: written as Markdown tables, compiled once."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any

from custinfo.xforms import Form, Session, from_xlsform
from custinfo.xforms.xpath import Context, Focus, Node, Value, compile_expression

BEIJING = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=BEIJING)

REGIONS = """name,label,label_en,level,parent
44,广东,Guangdong,province,
45,广西,Guangxi,province,
4403,深圳,Shenzhen,prefecture,44
4401,广州,Guangzhou,prefecture,44
4501,南宁,Nanning,prefecture,45
""".encode()

CUSTOMER = """
| survey | | | | | | | | | | | | | | | | | |
| | type | name | label::中文 (zh-CN) | label::English (en) | required | required_message::中文 (zh-CN) | required_message::English (en) | relevant | constraint | constraint_message::中文 (zh-CN) | constraint_message::English (en) | calculation | choice_filter | appearance | bind::custinfo:format | bind::custinfo:level | bind::custinfo:max_length | bind::custinfo:soft_check | bind::custinfo:soft_check_message | save_to |
| | begin_group | who | 客户 | Customer | | | | | | | | | | field-list | | | | | | |
| | text | title | 名称 | Name | yes | 请填写客户名称 | Name the customer | | | | | | | | | 2 | 20 | | | title |
| | select_one kind | kind | 类型 | Kind | yes | | | | | | | | | minimal | | | | | | kind |
| | integer | staff | 员工人数 | Staff | ${kind} = 'company' | | | ${kind} = 'company' | . > 0 and . < 1000000 | ${title}的人数不对 | Staff of ${title} is wrong | | | | | | | . < 10000 | 人数很多 | staff |
| | end_group | | | | | | | | | | | | | | | | | | | |
| | select_one_from_file region.csv | province | 省 | Province | | | | | | | | | level = 'province' | | | | | | | |
| | select_one_from_file region.csv | city | 市 | City | | | | | | | | | level = 'prefecture' and parent = ${province} | | | | | | | city |
| | begin_repeat | contact | 联系人 | Contact | | | | | | | | | | | | | | | | |
| | text | phone | 电话 | Phone of ${title} | | | | | | | | | | | phone | 1 | | | | |
| | decimal | share | 份额 | Share | | | | | . >= 0 and . <= 100 | | | | | | | | | | | |
| | calculate | double | | | | | | | | | | ${share} * 2 | | | | | | | | |
| | end_repeat | | | | | | | | | | | | | | | | | | | |
| | calculate | total | | | | | | | | | | sum(${share}) | | | | | | | | |
| | select_multiple kind | also | 也是 | Also | | | | | not(selected(., ${kind})) | | | | | | | | | | | |
| | text | why | 原因 | Why | | | | selected(${also}, 'shop') | | | | | | | | | | | | |
| | note | done | 谢谢 ${title} | Thanks ${title} | | | | | | | | | | | | | | | | |
| choices | | | |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | kind | company | 公司 | Company |
| | kind | person | 个人 | Person |
| | kind | shop | 商店 | Shop |
| settings | | | | | |
| | form_id | version | form_title | default_language | namespaces |
| | customer | 3 | 客户卡 | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" |
| entities | | |
| | list_name | label |
| | customers | ${title} |
"""


def phone(value: str) -> str | None:
    return None if value.isdigit() and len(value) >= 7 else "identifiers.phone"


@cache
def form(markdown: str) -> Form:
    return from_xlsform(markdown.strip().encode(), "form.md", {"region.csv": REGIONS})


def session(markdown: str, instance: Mapping[str, object] | None = None, **options: Any) -> Session:
    options.setdefault("clock", lambda: NOW)
    options.setdefault("random", Random(7))
    return Session(form(markdown), instance, formats={"phone": phone}, **options)


def customer(instance: Mapping[str, object] | None = None, **options: Any) -> Session:
    return session(CUSTOMER, instance, **options)


def survey(
    *rows: str, choices: str = "", columns: str = "type | name | label | relevant | constraint | calculation | required"
) -> str:
    """A small form of one sheet, and perhaps choices."""
    lines = ["| survey |", f"| | {columns} |", *(f"| | {row} |" for row in rows)]
    if choices:
        lines += [
            "| choices |",
            "| | list_name | name | label | parent |",
            *(f"| | {row} |" for row in choices.splitlines()),
        ]
    return "\n".join(lines)


def evaluate(expression: str, *, zone: timezone = BEIJING, language: str = "", **values: str) -> Value:
    """An expression over `/data/<name>`, from the context of `/data/a`."""
    top, data = Node(kind="root"), Node("data")
    top.append(data)
    for name, value in {"a": "", **values}.items():
        data.append(Node(name, value))
    context = Context(now=lambda: NOW, zone=zone, random=Random(3), language=language, root=top)
    return compile_expression(expression).evaluate(Focus(context, data.children[0]))
