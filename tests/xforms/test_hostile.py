"""What wants to harm the engine gets a sentence, for work that does not grow with the bomb."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from custinfo.domain.errors import BadInput
from custinfo.xforms import FormError, RefusedAnswer, Session, Unfinished, engine, load
from tests.work import calls_counted
from tests.xforms.forms import customer

FORM = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
    'xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>t</h:title><model><instance><data id="x" version="1">{data}'
    "</data></instance>{model}</model></h:head><h:body>{body}</h:body></h:html>"
)
INPUT = '<input ref="/data/a"><label>a</label></input>'


def xform(data: str = "<a/>", model: str = "", body: str = INPUT) -> str:
    return FORM.format(data=data, model=model, body=body)


def bind(**rules: str) -> str:
    said = " ".join(f"{kind}={json.dumps(text)}" for kind, text in rules.items())
    return f'<bind nodeset="/data/a" {said}/>'


def entities(depth: int) -> str:
    lines = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, depth))
    return f'<!DOCTYPE bomb [<!ENTITY l0 "lol">{lines}]>'


BOMBS: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "billion laughs in text": (lambda: entities(10) + xform("<a>&l9;</a>"), "xml_doctype"),
    "billion laughs in an attribute": (lambda: entities(10) + xform(model=bind(calculate="&l9;")), "xml_doctype"),
    "billion laughs in UTF-16": (lambda: (entities(10) + xform("<a>&l9;</a>")).encode("utf-16"), "xml_doctype"),
    "external document type": (lambda: '<!DOCTYPE x SYSTEM "http://example.com/x.dtd">' + xform(), "xml_doctype"),
    "external entity": (lambda: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + xform("<a>&e;</a>"), "xml_doctype"),
    "undeclared entity": (lambda: xform("<a>&e;</a>"), "xml_syntax"),
    "no XML": (lambda: b"\x00\xff\xfe", "xml_syntax"),
    "cut off": (lambda: xform()[:-9], "xml_syntax"),
    "an attribute of nine megabytes": (lambda: xform(model=bind(calculate="1" * 9_000_000)), "xml_attribute"),
    "an expression of a megabyte": (lambda: xform(model=bind(calculate="1+" * 95_000 + "1")), "expression_too_long"),
    "brackets 10,000 deep": (lambda: xform(model=bind(calculate="(" * 10_000 + "1" + ")" * 10_000)), "expression_too_deep"),
    "elements 10,000 deep": (lambda: xform("<a>" * 10_000 + "</a>" * 10_000), "xml_syntax"),
    "elements 200 deep": (lambda: xform("<a>" * 200 + "</a>" * 200), "form_too_deep"),
    "groups 200 deep": (lambda: xform(body="<group>" * 200 + "</group>" * 200), "form_too_deep"),
    "a million places": (lambda: xform("<a/>" * 1_000_000), "form_too_many_places"),
    "a file of 21 megabytes": (lambda: xform(" " * 21_000_000), "form_too_large"),
    "a pattern that never ends": (lambda: xform(model=bind(constraint="regex(., '(a*)*(?=b)')")), "regex_runs_away"),
    "a pattern that is none": (lambda: xform(model=bind(constraint="regex(., '(a')")), "regex_wrong"),
    "Python": (lambda: xform(model=bind(calculate="__import__('os')")), "unknown_function"),
    "an event that never happens": (
        lambda: xform(model='<setvalue ref="/data/a" event="load" value="1"/>'), "unknown_event"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_form_is_refused_with_a_sentence(name: str) -> None:
    make, key = BOMBS[name]
    data = make()
    with calls_counted(200_000), pytest.raises(FormError) as refused:
        load(data)
    assert key in [k.removeprefix("xforms.") for k, _ in refused.value.problems]
    for language in ("zh-CN", "en"):
        said = refused.value.text(language)
        assert len(said) < 1000
        assert "Error" not in said
        assert "{" not in said.split("(")[0]


def test_texts_that_double_do_not_fill_the_memory() -> None:
    names = [f"b{i}" for i in range(60)]
    binds = [
        f'<bind nodeset="/data/{b}" calculate="concat(/data/{a}, /data/{a})"/>'
        for a, b in zip(["a", *names], names, strict=False)
    ]
    form = load(xform("<a>0123456789</a>" + "".join(f"<{n}/>" for n in names), "".join(binds)))
    with calls_counted(20_000):
        session = Session(form)
    with pytest.raises(Unfinished, match="."):
        session.finish()
    assert max(len(n.value) for n in session.nodes()) <= 1_000_000


def test_rules_that_walk_the_whole_form_again_and_again_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SETTLE_LIMIT", 50_000)
    repeat = '<repeat nodeset="/data/r"><input ref="/data/r/n"><label>n</label></input></repeat>'
    rule = '<bind nodeset="/data/r/n" type="int" constraint="count(//n[. &gt; 0]) + sum(//*[. = 1]) &gt; -1"/>'
    form = load(xform("<r><n>1</n></r>" * 200, rule, repeat))
    with calls_counted(1_000_000):
        session = Session(form)
    problems = {p.key for p in session.problems()}
    assert problems == {"xforms.too_many_steps"}
    with pytest.raises(Unfinished):
        session.finish()


def test_a_long_answer_meets_a_pattern_with_countless_ways() -> None:
    form = load(xform(model=bind(constraint="regex(., '(a+)+b')")))
    session = Session(form)
    with calls_counted(30_000):
        session.answer("/data/a", "a" * 9_999)
    state = session.state("/data/a").violation
    assert state is not None
    assert state.rule == "constraint"


@pytest.mark.parametrize(
    ("ref", "value"),
    [("/data/none", "x"), ("/data", "x"), ("/", "x"), ("", "x"), ("x" * 5000, "x"), ("/data/who/title[9999999999]", "x"),
     ("/data/total", "7"), ("/data/meta/instanceID", "x"), ("/data/who/staff", "7"), ("/data/who/kind", "zoo"),
     ("/data/who/title", "x" * 10_000_000), ("/data/who/title", "a\x00b"), ("/data/who/title", 7), (7, "x"),
     ("/data/contact[0]/phone", "1"), ("/data/contact[2]/phone", "1"), ("/data/also", "person zoo")],
)  # fmt: skip
def test_an_answer_that_a_browser_may_not_send_changes_nothing(ref: Any, value: Any) -> None:
    session = customer()
    before = json.dumps(session.instance)
    with calls_counted(500), pytest.raises(RefusedAnswer):
        session.answer(ref, value)
    assert json.dumps(session.instance) == before


@pytest.mark.parametrize(
    "draft", [{"who": "x"}, {"nobody": "x"}, {"contact": {"phone": "1"}}, {"contact": ["1"]}, {"who": {"title": ["x"]}},
              {"contact": [{}] * 10_001}, {"who": {"title": 7}}, {"who": {"title": {"x": "y"}}}]
)  # fmt: skip
def test_a_draft_of_a_shape_that_the_form_does_not_have_is_refused(draft: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        customer(draft)


@pytest.mark.parametrize(
    "data", [b"name\n\x00a", b"\xff\xfe\x00\x81\x82", b"{", b'{"features": [1]}', b"{}", b"[" * 100_000]
)
@pytest.mark.parametrize("name", ["list.csv", "list.geojson", "list.xml"])
def test_an_attachment_that_cannot_be_read_is_named(name: str, data: bytes) -> None:
    model = f'<instance id="list" src="jr://file/{name}"/>'
    if name.endswith(".csv") and data[0] not in (0xFF,):
        load(xform(model=model), {name: data})  # any text is a table of some kind
        return
    with pytest.raises(FormError) as refused:
        load(xform(model=model), {name: data})
    assert name in refused.value.text("en")
    assert "Error" not in refused.value.text("en")


def test_values_of_another_version_do_not_harm_last_saved() -> None:
    read = '<setvalue ref="/data/a" event="odk-instance-first-load" value="instance(\'__last-saved\')/data/a"/>'
    form = load(xform(model='<instance id="__last-saved" src="jr://instance/last-saved"/>' + read))
    for odd in ({"a": ["x", "y"]}, {"a": {"b": "c"}}, {"gone": "x"}, {"a": 7}, {}):
        assert Session(form, last_saved=odd).state("/data/a").value == ""
    assert Session(form, last_saved={"a": "x", "gone": "y"}).state("/data/a").value == "x"
    assert Session(form).state("/data/a").value == ""
