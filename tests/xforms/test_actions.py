"""What happens by itself in a form: actions, preloads, orders, calculations that a person overwrites."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from custinfo.xforms import RefusedAnswer, Session, Unfinished, load
from tests.xforms.forms import NOW

FORM = (
    '<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" '
    'xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms">'
    '<h:head><h:title>t</h:title><model><instance><data id="x" version="1">{data}</data></instance>{model}</model></h:head>'
    "<h:body>{body}</h:body></h:html>"
)
LIST = (
    '<instance id="list"><root>'
    + "".join(
        f"<item><name>{n}</name><label>{n.upper()}</label><group>{g}</group></item>"
        for n, g in ("a1", "b1", "c2", "d2")
    )
    + "</root></instance>"
)


def opened(
    data: str, model: str = "", body: str = "", instance: dict[str, object] | None = None, **options: Any
) -> Session:
    options.setdefault("clock", lambda: NOW)
    return Session(load(FORM.format(data=data, model=model, body=body)), instance, random=Random(1), **options)


def asked(*refs: str, inside: str = "") -> str:
    return "".join(f'<input ref="/data/{ref}"><label>{ref}</label>{inside}</input>' for ref in refs)


def changed(ref: str, value: str) -> str:
    return f'<setvalue event="xforms-value-changed" ref="/data/{ref}" value="{value}"/>'


def value(session: Session, ref: str) -> str:
    return session.state(f"/data/{ref}").value


def test_a_preload_takes_the_place_of_a_default_and_stays_when_opened_again() -> None:
    model = (
        '<bind nodeset="/data/id" jr:preload="uid"/><bind nodeset="/data/day" jr:preload="date" jr:preloadParams="today"/>'
        '<bind nodeset="/data/start" jr:preload="timestamp" jr:preloadParams="start"/>'
        '<bind nodeset="/data/device" jr:preload="property" jr:preloadParams="deviceid"/>'
        '<bind nodeset="/data/mail" jr:preload="property" jr:preloadParams="email"/>'
    )
    data = "<id>x</id><day>x</day><start>x</start><device>x</device><mail>x</mail>"
    session = opened(data, model, properties={"deviceid": "tablet 7"})
    assert value(session, "id").startswith("uuid:")
    assert [value(session, r) for r in ("day", "device", "mail")] == ["2026-11-20", "tablet 7", "x"]
    assert value(session, "start") == "2026-11-20T09:30:00.000+08:00"
    again = opened(data, model, instance=session.instance, clock=lambda: NOW + timedelta(days=1))
    assert again.instance == session.instance


def test_the_end_of_the_interview_is_noted_when_it_is_finished_and_not_again_later() -> None:
    model = '<bind nodeset="/data/end" type="dateTime" jr:preload="timestamp" jr:preloadParams="end"/>'
    moment = [NOW]
    session = opened("<a/><end/>", model, asked("a"), clock=lambda: moment[0])
    assert value(session, "end") == ""
    session.answer("/data/a", "x")
    moment[0] += timedelta(minutes=5)
    record = session.finish()
    assert record.values["end"] == "2026-11-20T09:35:00.000+08:00"
    later = opened("<a/><end/>", model, asked("a"), dict(record.values), clock=lambda: NOW + timedelta(days=3))
    assert later.finish().values["end"] == record.values["end"]


def test_the_old_name_of_the_first_load_event_still_works() -> None:
    model = '<setvalue event="xforms-ready" ref="/data/a" value="1 + 1"/>'
    session = opened("<a/>", model, asked("a"))
    assert value(session, "a") == "2"
    session.answer("/data/a", "5")
    assert value(opened("<a/>", model, asked("a"), session.instance), "a") == "5"


def test_a_change_of_a_calculated_value_sets_off_its_actions_but_opening_does_not() -> None:
    model = '<bind nodeset="/data/b" type="int" calculate="/data/a * 2"/>'
    body = asked("a", "c") + asked("b", inside=changed("c", "concat('was ', /data/b)"))
    session = opened("<a>1</a><b/><c/>", model, body)
    assert (value(session, "b"), value(session, "c")) == ("2", "")
    changes = session.answer("/data/a", "4")
    assert (value(session, "b"), value(session, "c")) == ("8", "was 8")
    assert "/data/c" in changes
    assert value(opened("<a>1</a><b/><c/>", model, body, session.instance), "c") == "was 8"


def test_actions_that_set_each_other_off_come_to_an_end() -> None:
    body = asked("a", inside=changed("b", "/data/a + 1")) + asked("b", inside=changed("a", "/data/b + 1"))
    session = opened("<a>0</a><b>0</b>", "", body)
    session.answer("/data/a", "1")
    assert 2 <= int(value(session, "b")) < 1000


def test_a_person_may_overwrite_a_calculation_until_what_it_reads_changes() -> None:
    model = '<bind nodeset="/data/b" type="int" calculate="/data/a * 3"/><bind nodeset="/data/c" type="int" calculate="/data/b + 1"/>'
    session = opened("<a>2</a><b/><c/>", model, asked("a", "b"))
    session.answer("/data/b", "10")
    assert (value(session, "b"), value(session, "c")) == ("10", "11")
    assert session.finish().values["b"] == "10"
    with pytest.raises(RefusedAnswer):
        session.answer("/data/c", "1")  # it is not drawn
    session.answer("/data/a", "4")
    assert (value(session, "b"), value(session, "c")) == ("12", "13")
    session.answer("/data/b", "10")
    assert value(opened("<a>2</a><b/><c/>", model, asked("a", "b"), session.instance), "b") == "12"


def test_overwriting_a_calculation_does_not_get_round_a_rule() -> None:
    model = '<bind nodeset="/data/b" type="int" calculate="/data/a * 3" constraint=". &lt; 100"/>'
    session = opened("<a>50</a><b/>", model, asked("a", "b"))
    session.answer("/data/b", "10")
    assert session.problems() == []
    with pytest.raises(Unfinished) as refused:
        session.finish()
    assert [p.ref for p in refused.value.problems] == ["/data/b"]


def test_a_read_only_calculation_takes_no_answer() -> None:
    session = opened("<a/><b/>", '<bind nodeset="/data/b" calculate="1" readonly="true()"/>', asked("a", "b"))
    with pytest.raises(RefusedAnswer):
        session.answer("/data/b", "2")


def test_choices_of_several_are_kept_in_the_order_of_the_list_and_once() -> None:
    body = '<select ref="/data/a"><itemset nodeset="instance(\'list\')/root/item"><value ref="name"/><label ref="label"/></itemset></select>'
    session = opened("<a/>", LIST, body)
    session.answer("/data/a", "d a c a")
    assert value(session, "a") == "a c d"


def test_an_order_holds_all_choices_and_follows_the_list() -> None:
    nodeset = "instance('list')/root/item[group = /data/g or /data/g = '']"
    rank = f'<odk:rank ref="/data/a"><itemset nodeset="{nodeset}"><value ref="name"/><label ref="label"/></itemset></odk:rank>'
    session = opened("<g>2</g><a/>", LIST, asked("g") + rank)
    session.answer("/data/a", "d c")
    assert value(session, "a") == "d c"
    session.answer("/data/g", "")
    assert value(session, "a") == "d c a b"
    session.answer("/data/g", "1")
    assert value(session, "a") == "a b"
    session.answer("/data/g", "3")
    assert value(session, "a") == ""
    session.answer("/data/g", "2")
    assert value(session, "a") == "d c"
    assert session.finish().values["a"] == "d c"
    session.answer("/data/a", "c")
    problem = session.state("/data/a").violation
    assert problem is not None
    assert problem.key == "xforms.rank_incomplete"


def test_attributes_are_read_and_set_where_a_form_speaks_of_them() -> None:
    model = (
        '<bind nodeset="/data/b" calculate="concat(/data/a/@unit, \'/\', /data/a/@set)"/>'
        '<setvalue event="odk-instance-first-load" ref="/data/a/@set" value="6 + 1"/>'
    )
    session = opened('<a unit="kg" set="" other="1"/><b/>', model, asked("a"))
    assert value(session, "b") == "kg/7"
    assert session.instance["a"] == {"": "", "@unit": "kg", "@set": "7"}


def test_what_is_not_drawn_is_never_missing() -> None:
    model = '<bind nodeset="/data/b" calculate="/data/a" required="true()"/><bind nodeset="/data/a" required="/data/c = 1"/>'
    session = opened("<a/><b/><c/>", model, asked("a", "c"))
    assert session.finish().values == {}
    session.answer("/data/c", "1")
    assert [p.ref for p in session.problems()] == ["/data/a"]


def test_geojson_values_are_written_as_expressions_write_them() -> None:
    table = b"""{"features": [{"id": 67, "properties": {"n": 1.0, "t": true, "z": null, "s": "x"},
        "geometry": {"type": "Point", "coordinates": [104.0, 0.5]}}]}"""
    names = ("id", "n", "t", "z", "s", "geometry")
    binds = "".join(f'<bind nodeset="/data/{n}" calculate="instance(\'l\')/root/item[id = 67]/{n}"/>' for n in names)
    form = FORM.format(
        data="".join(f"<{n}/>" for n in names), model='<instance id="l" src="jr://file/l.geojson"/>' + binds, body=""
    )
    session = Session(load(form, {"l.geojson": table}))
    assert [value(session, n) for n in names] == ["67", "1", "true", "", "x", "0.5 104 0 0"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_attachments_of_every_make_of_csv(mark: str, end: str) -> None:
    table = end.join(mark.join(row) for row in (("name", "label"), ("a", "甲"), ("b", "乙"))).encode("utf-8-sig")
    model = "<instance id=\"l\" src=\"jr://file-csv/l.csv\"/><bind nodeset=\"/data/a\" calculate=\"pulldata('l', 'label', 'name', 'b')\"/>"
    assert value(Session(load(FORM.format(data="<a/>", model=model, body=""), {"l.csv": table})), "a") == "乙"
