"""Reading forms: what is wrong with one is said, hostile ones do no harm."""

import io
import zipfile

import pytest

from custinfo.domain.messages import LANGUAGES, catalogue
from custinfo.xforms import FormError, Session, from_xlsform, load
from tests.xforms.forms import CUSTOMER, form, session, survey

HEAD = '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">'


def xform(instance: str, binds: str = "", body: str = "") -> str:
    model = f"<h:head><h:title>t</h:title><model><instance>{instance}</instance>{binds}</model></h:head>"
    return f"{HEAD}{model}<h:body>{body}</h:body></h:html>"


def problems(markdown: str) -> str:
    with pytest.raises(FormError) as caught:
        from_xlsform(markdown.encode(), "form.md")
    assert caught.value.text("zh-CN") != caught.value.text("en")
    return caught.value.text("en")


def test_what_pyxform_refuses_is_said() -> None:
    assert "nothing" in problems(survey("text | a | A | ${nothing} = 1 | | | |"))
    assert "fish" in problems(survey("fish | a | A | | | | |"))


def test_all_wrong_expressions_at_once() -> None:
    said = problems(
        survey("text | a | A | 1 + | | | |", "text | b | B | | nofunction(.) | | |", "text | c | C | | substr(.) | | |")
    )
    assert "survey, row 3, relevant" in said
    assert "nofunction()" in said
    assert "substr() takes 2 to 3 arguments, here it has 1" in said


def test_circles_are_named_as_a_path() -> None:
    said = problems(
        survey(
            "calculate | a | | | | ${b} + 1 | |",
            "calculate | b | | | | ${c} + 1 | |",
            "calculate | c | | | | ${a} + 1 | |",
        )
    )
    assert "/data/a → /data/c → /data/b → /data/a" in said or "→" in said
    assert "→" in problems(survey("calculate | a | | | | . + 1 | |"))


def test_relevance_may_wait_for_each_other() -> None:
    one = session(survey("integer | a | A | ${b} > 0 | | | |", "integer | b | B | ${a} > 0 | | | |"))
    assert not one.state("/data/a").relevant


BILLION = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9))
    + "]><x>&j;</x>"
)


@pytest.mark.parametrize(
    "data",
    [BILLION, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><x/>',
     "", "<x", "<x/>", "\0", "<x>" * 10_000, HEAD + "</h:html>", xform("<data>" + "<g>" * 100 + "</g>" * 100 + "</data>"), xform("")],
)  # fmt: skip
def test_hostile_xml(data: str) -> None:
    with pytest.raises(FormError):
        load(data)


def test_hostile_attachment() -> None:
    with pytest.raises(FormError):
        load(xform("<data id='f'/>", "").replace("</instance></model>", "</instance><instance id='x' src='jr://file/x.xml'/></model>"),
             {"x.xml": BILLION.encode()})  # fmt: skip


def test_files_that_are_no_form() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", b"0" * 210_000_000)
    macros = io.BytesIO()
    with zipfile.ZipFile(macros, "w") as archive:
        archive.writestr("xl/vbaProject.bin", b"")
    for data, name in ((bomb.getvalue(), "f.xlsx"), (macros.getvalue(), "f.xlsx"), (b"PK\x03\x04", "f.md"), (b"\xd0\xcf\x11\xe0", "f.xls"),
                       (b"x", "f.exe"), (b"", "f.md"), (b"\xff\xfe", "f.csv"), (b"x" * 21_000_000, "f.md")):  # fmt: skip
        with pytest.raises(FormError):
            from_xlsform(data, name)


def test_a_suffix_that_lies() -> None:
    assert from_xlsform(CUSTOMER.encode(), "form.xlsx").form_id == "customer"


def test_rules_that_fail_while_answering_stand_in_the_way() -> None:
    one = session(survey("text | a | A | | regex(., ${b}) | | |", "text | b | B | | | | |"))
    one.answer("/data/b", "(a*)*(?=b)")
    one.answer("/data/a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    violation = one.state("/data/a").violation
    assert violation is not None
    assert violation.key == "xforms.regex_runs_away"
    assert "(a*)*(?=b)" in violation.message("en")
    one.answer("/data/b", "a+")
    assert one.state("/data/a").violation is None


def test_running_totals_over_repeats() -> None:
    one = session(survey("begin_repeat | r | R | | | | |", "integer | n | N | | | | |",
                         "calculate | place | | | | position(..) | |", "end_repeat | | | | | | |",
                         "calculate | second | | | | indexed-repeat(${n}, ${r}, 2) | |"))  # fmt: skip
    one.add_repeat("/data/r")
    one.answer("/data/r[2]/n", "7")
    assert one.state("/data/second").value == "7"
    one.add_repeat("/data/r", 1)
    assert [one.state(f"/data/r[{i}]/place").value for i in (1, 2, 3)] == ["1", "2", "3"]
    assert one.state("/data/second").value == ""


def test_or_other_ranges_and_cascades() -> None:
    one = session(survey("select_one k or_other | k | K | | | | | |", "range | n | N | | | | | start=1 end=5 step=1",
                         "select_one c | c | C | | | | | |", columns="type | name | label | relevant | constraint | calculation | required | parameters",
                         choices="k | x | X |\nc | 1 | One |"))  # fmt: skip
    assert [d.ref for d in one.layout()] == ["/data/k", "/data/n", "/data/c"]
    one.answer("/data/k", "other")
    assert one.state("/data/k_other").relevant
    one.answer("/data/n", "9")
    violation = one.state("/data/n").violation
    assert violation is not None
    assert violation.rule == "type"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("int", ["0", "-3", "+12"], ["1.5", "１２", "1e3", "9" * 40, " 1"]), ("decimal", ["1", "-.5", "3."], ["1,5", "x", "NaN", "1" * 70]),
     ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00"]), ("time", ["08:30", "23:59:59.123+08:00"], ["24:00", "8"]),
     ("dateTime", ["2026-11-20T08:30:00.000+08:00", "2026-11-20T08:30"], ["2026-11-20", "2026-11-20 08:30"]),
     ("geopoint", ["39.9 116.4", "39.9 116.4 50 5"], ["91 0", "0 181", "0", "a b", "1 2 3 4 5"]), ("boolean", ["true", "0"], ["yes", ""]),
     ("barcode", ["6901234567892"], []), ("geotrace", ["0 0;1 1"], ["0 0"]), ("geoshape", ["0 0;0 1;1 1;0 0"], ["0 0;0 1;1 1;1 0"])],
)  # fmt: skip
def test_types(kind: str, good: list[str], bad: list[str]) -> None:
    one = Session(
        load(xform("<data id='f'><q/></data>", f'<bind nodeset="/data/q" type="{kind}"/>', '<input ref="/data/q"/>'))
    )
    for value in good:
        one.answer("/data/q", value)
        assert one.state("/data/q").violation is None, value
    for value in filter(None, bad):
        one.answer("/data/q", value)
        violation = one.state("/data/q").violation
        assert violation is not None, value
        assert (violation.rule, one.state("/data/q").value) == ("type", value)


def test_the_catalogues_say_the_same() -> None:
    ours = [{k for k in catalogue(language) if k.startswith("xforms.")} for language in LANGUAGES]
    assert ours[0] == ours[1]
    assert form(CUSTOMER).rules.problems == []
