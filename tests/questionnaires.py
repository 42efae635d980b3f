"""A small questionnaire in versions, for tests of what happens to forms and records over time."""

from custinfo.actions import forms
from custinfo.domain.people import SERVICE
from tests.factories import draft_of, submit

HEAD = (
    "| | type | name | label::中文 (zh-CN) | label::English (en) | required | relevant | constraint | calculation "
    "| choice_filter | bind::custinfo:level | bind::custinfo:soft_check | bind::custinfo:quota |"
)
NAME, AGE, COLOUR, PHONE = "/data/name", "/data/age", "/data/colour", "/data/phone"
ROWS = {
    "name": "| | text | name | 姓名 | Name | yes | | | | | | | |",
    "age": "| | integer | age | 年龄 | Age | | | . >= 0 | | | | . < 90 | |",
    "colour": "| | select_one colours | colour | 颜色 | Colour | | | | | | | | red=2 |",
    "phone": "| | text | phone | 电话 | Telephone | | | | | | 1 | | |",
    "adult": "| | calculate | adult | | | | | | ${age} >= 18 | | | | |",
    "why": "| | text | why | 为何 | Why | | ${colour} = 'red' | | | | | | |",
    "begin": "| | begin_repeat | child | 子女 | Child | | | | | | | | |",
    "nick": "| | text | nick | 小名 | Pet name | yes | | | | | | | |",
    "end": "| | end_repeat | | | | | | | | | | | |",
}
CHOICES = {
    "red": "| | colours | red | 红 | Red |",
    "blue": "| | colours | blue | 蓝 | Blue |",
    "green": "| | colours | green | 绿 | Green |",
}


def table(version, rows=None, choices=None, *, form_id="poll"):
    """The XLSForm with these rows; a value of None leaves a row out, another one stands in for it."""
    body = [row for row in (ROWS | (rows or {})).values() if row]
    listed = [row for row in (CHOICES | (choices or {})).values() if row]
    lines = [
        "| survey |",
        HEAD,
        *body,
        "| choices |",
        "| | list_name | name | label::中文 (zh-CN) | label::English (en) |",
        *listed,
        "| settings |",
        "| | form_title | form_id | version | default_language | namespaces |",
        f'| | 问卷 \\| Poll | {form_id} | {version} | 中文 (zh-CN) | custinfo="https://custinfo.org/xforms" |',
    ]
    return "\n".join(lines).encode()


def published(store, version="1", rows=None, choices=None):
    """Publish a version directly."""
    return forms.publish(store, SERVICE, f"poll-{version}.md", table(version, rows, choices))


def record(store, actor, answers, *, key, children=()):
    """A submitted questionnaire; gives its record id."""
    from custinfo.actions import drafts

    draft_id = draft_of(store, actor, "poll", answers)
    row = store.row("SELECT * FROM draft WHERE draft_id = ?", [draft_id])
    form = forms.load(store, "poll", row["form_version"])
    instance = {**drafts.instance_of(store, row), "child": [{"nick": nick} for nick in children]}
    session = forms.session(store, form, instance)
    drafts.save(store, actor, draft_id, session.instance, NAME, saves=row["saves"])
    return submit(store, actor, draft_id, key).record_id
