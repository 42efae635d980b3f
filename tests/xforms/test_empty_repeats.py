"""Repeats without rounds: whether a first one is asked for, and the heading over all of them."""

import pytest

from custinfo.xforms import Drawn, RefusedAnswer, Session, from_xlsform
from custinfo.xforms import load as load_form
from tests.xforms.forms import session, survey

NESTED = survey(
    "text | town | Town | | | | |",
    "begin_repeat | shop | Shops of ${town} | ${town} != 'none' | | | |",
    "text | owner | Owner | | | | |",
    "begin_repeat | visit | Visits of ${owner} in ${town} | ${owner} != '' | | | |",
    "text | by | By | | | | |",
    "end_repeat | | | | | | |",
    "end_repeat | | | | | | |",
)


def repeats(one: Session) -> dict[str, Drawn]:
    return {d.ref: d for top in one.layout() for d in top.walk() if d.kind == "repeat"}


def without_visits() -> Session:
    """A shop whose visits were all taken away."""
    one = session(NESTED)
    one.answer("/data/shop[1]/owner", "Li")
    one.remove_repeat("/data/shop[1]/visit[1]")
    return one


def test_a_first_round_is_asked_for_while_the_repeat_is_relevant() -> None:
    one = without_visits()
    assert "/data/shop[1]/visit" in repeats(one)
    changes = one.answer("/data/shop[1]/owner", "")
    assert changes.structure
    assert "/data/shop[1]/visit" not in repeats(one)
    with pytest.raises(RefusedAnswer) as refused:
        one.add_repeat("/data/shop[1]/visit")
    assert refused.value.key == "xforms.refused_hidden"
    assert one.answer("/data/shop[1]/owner", "Wang").structure
    one.add_repeat("/data/shop[1]/visit")
    assert one.state("/data/shop[1]/visit[1]/by").relevant


def test_a_round_whose_repeat_starts_without_rounds_evaluates_it_at_once() -> None:
    """As in XForms that give a template and no round: a new shop has no visit, and asks for none yet."""
    one = Session(load_form(TEMPLATES.encode()), {"shop": []})
    one.add_repeat("/data/shop")
    assert list(repeats(one)) == ["/data/shop"]
    one.answer("/data/shop[1]/owner", "Li")
    assert list(repeats(one)) == ["/data/shop", "/data/shop[1]/visit"]


def test_a_draft_without_rounds_opens_as_it_was() -> None:
    one = without_visits()
    one.answer("/data/shop[1]/owner", "")
    again = session(NESTED, one.instance)
    assert list(repeats(again)) == ["/data/shop"]


def test_another_round_of_a_hidden_repeat_is_refused() -> None:
    one = session(NESTED)
    one.answer("/data/town", "none")
    with pytest.raises(RefusedAnswer):
        one.add_repeat("/data/shop")
    one.remove_repeat("/data/shop[1]")
    assert repeats(one) == {}


def test_headings_of_repeats_follow_the_answers_in_them() -> None:
    one = session(NESTED)
    assert any(ref.startswith("/data/shop[1]") for ref in one.answer("/data/town", "Bath"))
    assert "/data/shop[1]/visit[1]" in one.answer("/data/shop[1]/owner", "Li")
    headings = {ref: repeat.label for ref, repeat in repeats(one).items()}
    assert headings == {"/data/shop": "Shops of Bath", "/data/shop[1]/visit": "Visits of Li in Bath"}


def test_a_heading_without_rounds_below_is_told_too() -> None:
    one = without_visits()
    one.answer("/data/shop[1]/owner", "Wang")
    assert one.answer("/data/town", "York").structure
    assert repeats(one)["/data/shop[1]/visit"].label == "Visits of Wang in York"


def test_a_faulty_heading_of_a_repeat_is_a_fault_of_the_form() -> None:
    broken = NESTED.replace("Shops of ${town}", "Shops of ${towns}")
    with pytest.raises(Exception, match="towns"):
        from_xlsform(broken.encode(), "form.md")


TEMPLATES = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>shops</h:title><model><instance>
<data id="shops"><shop jr:template=""><owner/><visit jr:template=""><by/></visit></shop></data></instance>
<bind nodeset="/data/shop/owner" type="string"/><bind nodeset="/data/shop/visit" relevant="../owner != ''"/>
<bind nodeset="/data/shop/visit/by" type="string"/></model></h:head><h:body><group ref="/data/shop"><label>Shops</label>
<repeat nodeset="/data/shop"><input ref="/data/shop/owner"><label>Owner</label></input>
<group ref="/data/shop/visit"><label>Visits</label><repeat nodeset="/data/shop/visit">
<input ref="/data/shop/visit/by"><label>By</label></input></repeat></group></repeat></group></h:body></h:html>"""
