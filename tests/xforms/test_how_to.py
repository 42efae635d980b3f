"""docs/how-to/design-a-form.md: its example is a form without a mistake, and what it says about it is so."""

import re
from pathlib import Path

import pytest

from custinfo.actions import forms
from custinfo.xforms import Session, Unfinished
from custinfo.xforms.appearances import known
from custinfo.xforms.design import question_types
from custinfo.xforms.xpath import LIBRARIES
from custinfo.xforms.xpath.registry import FUNCTIONS

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "design-a-form.md").read_text("utf-8")
SHEET = re.compile(r"^Sheet `(\w+)`: .*?\n\n((?:\|.*\n)+)", re.MULTILINE)


def example() -> str:
    """The tables of the example as one form file."""
    part = TEXT[: TEXT.index("## 2.")]
    return "\n".join(
        f"| {name} |\n" + "".join(f"| {row}\n" for row in table.splitlines()) for name, table in SHEET.findall(part)
    )


@pytest.fixture(scope="module")
def checked():
    return forms.check("shop_visit.md", example().encode())


def test_the_example_is_a_form_without_a_mistake(checked):
    assert [f.text("en") for f in (*checked.errors, *checked.warnings)] == []
    assert checked.form.form_id == "shop_visit"
    assert checked.form.languages == ("zh-CN", "en")
    assert dict(checked.form.quotas) == {"/data/shop/kind": {"chain": 50, "single": 100}}


def test_the_mistake_that_it_shows_is_answered_as_it_says():
    said = re.search(r"^Error: (.*)$", TEXT, re.MULTILINE)[1]
    (error,) = forms.check("shop_visit.md", example().replace("${kind} = 'chain'", "${knid} = 'chain'").encode()).errors
    # the rows of the document are lines of a file here; in Excel `chain_name` stands in row 7
    assert error.text("en").partition(", relevant")[2] == said.partition(", relevant")[2]


def test_the_example_does_what_it_says(checked):
    session = Session(checked.form, None, formats=forms.FORMATS)
    session.answer("/data/shop/kind", "single")
    assert not session.state("/data/shop/chain_name").relevant
    session.answer("/data/shop/kind", "chain")
    assert session.state("/data/shop/chain_name").relevant
    session.answer("/data/shop/province", "440000")
    assert "440300" in {value for value, _ in session.state("/data/shop/city").choices}
    session.answer("/data/visit/product[1]/price", "2.5")
    session.answer("/data/visit/product[1]/sold", "4")
    session.add_repeat("/data/visit/product")
    session.answer("/data/visit/product[2]/price", "3")
    assert session.state("/data/visit/total").value == "10"
    assert "10" in session.state("/data/visit/total_shown").label
    session.answer("/data/visit/seen", "poster nothing")
    with pytest.raises(Unfinished) as caught:
        session.finish()
    assert {p.ref for p in caught.value.problems} >= {
        "/data/shop/shop_name",
        "/data/visit/seen",
        "/data/visit/visited_on",
    }


def cells(section: str) -> set[str]:
    part = TEXT[TEXT.index(f"\n## {section}\n") :].split("\n## ", 2)[1]
    return {word for span in re.findall(r"`([^`]+)`", part) for word in span.split()}


def test_every_type_and_function_that_it_names_exists():
    assert LIBRARIES
    assert {name for name in cells("Functions") if name not in FUNCTIONS} == set()
    named = {w for w in cells("Question types") if w.islower() and w.isascii() and "=" not in w}
    ours = {"calculation", "signature", "draw", "or_other"}
    assert {
        w for w in named - ours if question_types.parse(f"{w} x.csv" if w.startswith(("select", "rank")) else w) is None
    } == set()
    assert {"signature", "draw"} <= known("image")
    assert set(question_types.TYPES) - cells("Question types") == {
        "xml-external", "csv-external", "phonenumber", "email", "start-geopoint", "background-audio", "background-geopoint",
    }  # fmt: skip
