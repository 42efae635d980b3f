"""What is written and read again is the same record, for the engine, in every format that can be read."""

import unicodedata
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain.text import FORBIDDEN
from custinfo.exchange import EXPORTS, rows
from custinfo.xforms import Form, from_xlsform
from tests.exchange.forms import ANSWERS, everyone, finished, stored, visit, without_meta

EXACT = ("csv_exact", "xlsx_exact", "xml", "jsonl")
SHOWN = [(name, labels) for name in ("csv", "xlsx") for labels in (False, True)]
CHOICES = """| choices |
| | list_name | name | label::中文 (zh-CN) | label::English (en) |
| | list | a | 甲 | A |
| | list | b | 乙，丙 | Both; one |
| | list | -99 | 不知道 | Unknown |
| | list | c/d | 甲 | A |
| settings |
| | form_id | version | default_language |
| | small | 1 | 中文 (zh-CN) |"""
CODES = ["a", "b", "-99", "c/d"]
TYPES = {
    "text": "text", "integer": "integer", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "dateTime",
    "geopoint": "geopoint", "one": "select_one list", "several": "select_multiple list", "rank": "rank list",
}  # fmt: skip
NAMES = ["q", "问题", "a-b", "a.b", "KEY", "start", "_key", "Latitude"]
LABELS = [
    ("名称", "Name"),
    ("名称", "Name"),
    ("甲/乙", "A/B"),
    ("第[2]项", "Item [2]"),
    ("KEY", "q"),
    ("=1+1", "_reason"),
]


@cache
def small_form(top: tuple[str, ...], group: tuple[str, ...], repeat: tuple[str, ...], inner: tuple[str, ...]) -> Form:
    """Questions of the same names in every place, so that paths have to tell them apart."""
    lines = ["| survey |", "| | type | name | label::中文 (zh-CN) | label::English (en) |"]

    def questions(kinds: tuple[str, ...], shift: int) -> None:
        for i, kind in enumerate(kinds):
            chinese, english = LABELS[(i + shift) % len(LABELS)]
            lines.append(f"| | {TYPES[kind]} | {NAMES[(i + shift) % len(NAMES)]} | {chinese} | {english} |")

    questions(top, len(top) + len(group))
    lines.append("| | begin_group | g | 组 | Group |")
    questions(group, 0)
    lines.append("| | text | last | 末 | Last |")
    lines.append("| | end_group | | | |")
    lines.append("| | begin_repeat | r | 复 | Repeat |")
    questions(repeat, 0)
    lines.append("| | begin_repeat | inner | 内 | Inner |")
    questions(inner, 1)
    lines.append("| | text | last | 末 | Last |")
    lines.append("| | end_repeat | | | |")
    lines.append("| | end_repeat | | | |")
    return from_xlsform("\n".join([*lines, CHOICES]).encode(), "small.md")


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r", ""))


texts = st.one_of(
    st.sampled_from(["=1+1", "'=x", "''=x", "+8613800", "@a", "-5", "_x000D_", "a;b", 'say "x"', "甲，乙", "1/2", "TRUE", "0755",
                     "a\nb", "\ttab", "&lt;", "]]>", "𠮷", "1e5", "007", "null"]),
    st.text(min_size=1, max_size=12).map(_clean).filter(lambda t: bool(t.strip()) and not FORBIDDEN.search(t)),
)  # fmt: skip


def values(kind: str, shown: bool) -> st.SearchStrategy[str]:
    days = st.dates(min_value=date(1901, 1, 1)).map(str)
    clocks = st.times().map(lambda t: t.isoformat("seconds"))
    match kind:
        case "text":
            return texts.map(str.strip) if shown else texts
        case "integer":
            return st.integers(-(10**14), 10**14).map(str)
        case "decimal":
            plain = st.integers(-(10**6), 10**6).map(lambda n: f"{n / 8:.15g}")
            return plain if shown else st.one_of(plain, st.sampled_from(["5.0", "0.10", ".5", "123456789012345678.25"]))
        case "date":
            return days
        case "time":
            return clocks if shown else clocks.map(lambda t: f"{t}.000+08:00")
        case "dateTime":
            moments = st.tuples(days, clocks).map("T".join)
            return moments if shown else moments.map(lambda t: f"{t}.000+08:00")
        case "geopoint":
            return st.tuples(st.integers(-89, 89), st.integers(-180, 180)).map(lambda p: f"{p[0]}.5 {p[1]} 0 0")
        case "one":
            return st.sampled_from(CODES)
        case "rank":
            return st.permutations(CODES).map(" ".join)
    return st.lists(st.sampled_from(CODES), min_size=1, unique=True).map(" ".join)


ALL = tuple(TYPES)
SPECS = [  # kinds of questions at the top, in the group, in the repeat, in the repeat inside it
    (ALL[:4], ALL[4:8], ALL[8:], ("text",)),
    ((), ("rank", "one", "several"), ("several", "one"), ("several", "text", "text", "date")),
    (("date", "text", "several"), ("text",) * 4, (), ()),
    (ALL[6:], ALL[:4], ("geopoint", "decimal"), ALL[3:7]),
]  # a few forms only: making one takes longer than anything else here


@st.composite
def filled(draw: st.DrawFn, shown: bool) -> tuple[Any, list[dict[str, Any]]]:
    top, group, repeat, inner = draw(st.sampled_from(SPECS))

    def answers(of: tuple[str, ...], shift: int) -> dict[str, Any]:
        found = {
            NAMES[(i + shift) % len(NAMES)]: draw(st.one_of(st.just(""), values(k, shown))) for i, k in enumerate(of)
        }
        return {name: text for name, text in found.items() if text.strip()}

    def record() -> dict[str, Any]:
        inside = [
            {
                **answers(repeat, 0),
                "inner": [{**answers(inner, 1), "last": "x"} for _ in range(draw(st.integers(0, 2)))],
            }
            for _ in range(draw(st.integers(0, 3)))
        ]
        return {**answers(top, len(top) + len(group)), "g": {**answers(group, 0), "last": "y"}, "r": inside}

    return (top, group, repeat, inner), [record() for _ in range(draw(st.integers(1, 3)))]


def again(form: Form, name: str, records: list[Any], labels: bool, language: str) -> list[Any]:
    content = EXPORTS[name].write(form, stored(form, *records), language, labels=labels, sees=everyone)
    parsed = rows.read(form, content, "file")
    assert parsed.problems == ()
    return [without_meta(finished(form, dict(record.answers))) for record in parsed.records]


@settings(deadline=None, max_examples=20)
@given(filled(shown=False))
def test_exact_formats_keep_every_character(made: Any) -> None:
    form, records = small_form(*made[0]), made[1]
    wanted = [without_meta(finished(form, one)) for one in records]
    for name in EXACT:
        assert again(form, name, records, False, "en") == wanted, name


@settings(deadline=None, max_examples=15)
@given(filled(shown=True), st.sampled_from(["zh-CN", "en"]))
def test_what_people_are_shown_is_read_as_what_it_was(made: Any, language: str) -> None:
    form, records = small_form(*made[0]), made[1]
    wanted = [without_meta(finished(form, one)) for one in records]
    for name, labels in SHOWN:
        assert again(form, name, records, labels, language) == wanted, (name, labels)


@pytest.mark.parametrize("name", EXACT)
def test_a_whole_record_comes_back(name: str) -> None:
    wanted = without_meta(finished(visit(), ANSWERS))
    assert again(visit(), name, [ANSWERS], False, "zh-CN") == [wanted]
    assert wanted["half"] == "6"


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_the_same_records_give_the_same_bytes(name: str) -> None:
    records = stored(visit(), ANSWERS, {})
    first = EXPORTS[name].write(visit(), records, "en", labels=True, sees=everyone)
    assert EXPORTS[name].write(visit(), iter(records), "en", labels=True, sees=everyone) == first
