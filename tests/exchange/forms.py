"""A form with every kind of question, and records of it."""

from functools import cache
from typing import Any

from custinfo.exchange import StoredRecord
from custinfo.xforms import Form, Session, from_xlsform
from tests.xforms.forms import NOW, form

VISIT = """
| survey | | | | | | | | |
| | type | name | label::中文 (zh-CN) | label::English (en) | calculation | choice_filter | bind::custinfo:level | readonly |
| | start | begun | | | | | | |
| | text | title | 名称 | Name | | | | |
| | begin_group | talk | 谈话 | Talk | | | | |
| | integer | staff | 人数 | Staff | | | 3 | |
| | decimal | sales | 销售额 | Sales | | | 1 | |
| | date | day | 日期 | Day | | | | |
| | time | at | 时间 | At | | | | |
| | dateTime | moment | 时刻 | Moment | | | | |
| | geopoint | place | 地点 | Place | | | | |
| | select_one pleased | pleased | 满意 | Pleased | | | | |
| | select_one channel | channel | 渠道 | Channel | | | | |
| | select_multiple wish | wishes | 希望 | Wishes | | | | |
| | rank wish | order | 次序 | Order | | | | |
| | end_group | | | | | | | |
| | select_one_from_file area.csv | province | 省 | Province | | parent = '' | | |
| | select_one_from_file area.csv | city | 市 | City | | parent = ${province} | | |
| | begin_repeat | contact | 联系人 | Contact | | | | |
| | text | title | 姓名 | Person | | | 1 | |
| | text | post | 职务 | Post | | | | |
| | begin_repeat | call | 电话 | Call | | | | |
| | text | number | 号码 | Number | | | | |
| | end_repeat | | | | | | | |
| | end_repeat | | | | | | | |
| | calculate | double | | | ${sales} * 2 | | | |
| | calculate | half | | | ${staff} div 2 | | | |
| | note | thanks | 谢谢 | Thanks | | | | |
| choices | | | |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | pleased | 1 | 不满意 | Not pleased |
| | pleased | 2 | 满意 | Pleased |
| | pleased | -98 | 拒答 | Refused |
| | pleased | -99 | 不知道 | Does not know |
| | channel | visit | 走访 | Visit |
| | channel | phone | 电话；传真 | Phone; fax |
| | wish | price | 价格 | Price |
| | wish | speed | 速度 | Speed |
| | wish | other | 其他; 另说 | Other; else |
| settings | | | | | | |
| | form_id | version | form_title | default_language | namespaces | instance_name |
| | visit | 7 | 走访记录 | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" | concat('V ', ${sales}) |
"""

AREAS = "name,label,label_en,parent\n44,广东,Guangdong,\n11,北京,Beijing,\n4403,深圳,Shenzhen,44\n4401,市辖区,District,44\n1101,市辖区,District,11\n".encode()

ANSWERS: dict[str, Any] = {
    "title": "甲公司，“一”厂",
    "talk": {
        "staff": "12",
        "sales": "1234.50",
        "day": "2026-11-20",
        "at": "09:30:00.000+08:00",
        "moment": "2026-11-20T09:30:00.000+08:00",
        "place": "22.5 114.05 10 5",
        "pleased": "-99",
        "channel": "phone",
        "wishes": "speed other",
        "order": "speed price other",
    },
    "province": "44",
    "city": "4401",
    "contact": [
        {"title": "张三", "post": "厂长", "call": [{"number": "075512345678"}, {"number": "+86 755 1"}]},
        {"title": "李四"},
    ],
}


def everyone(level: int) -> bool:
    return True


def cleared(level: int) -> bool:
    """Sees internal and public questions, not the secret ones."""
    return level >= 2


@cache
def visit() -> Form:
    return from_xlsform(VISIT.strip().encode(), "visit.md", {"area.csv": AREAS})


def finished(of: Form, answers: dict[str, Any]) -> dict[str, Any]:
    """The values of the record that the engine makes of answers."""
    return dict(Session(of, answers, clock=lambda: NOW, formats={"phone": lambda _: None}).finish().values)


def stored(of: Form, *answers: dict[str, Any], **about: Any) -> list[StoredRecord]:
    known = {"state": "submitted", "recorded_at": "2026-11-20T09:40:00.000+08:00", "recorded_by": "P-1", **about}
    return [
        StoredRecord(f"R-{i}", 1, of.form_id, of.version, values=finished(of, one), interviewed_at=None, **known)
        for i, one in enumerate(answers, 1)
    ]


def without_meta(values: Any) -> Any:
    return {k: v for k, v in values.items() if k != "meta" and not k.startswith("@")}


__all__ = ["ANSWERS", "VISIT", "cleared", "everyone", "finished", "form", "stored", "visit", "without_meta"]
