"""No number in the text but from a cell, in both languages, whatever the figures."""

import dataclasses
import re
import unicodedata

import pytest

from custinfo.domain import messages
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import text
from custinfo.reports.figures import Row
from custinfo.reports.kinds import monthly

TEMPLATES = sorted(key for key in messages.catalogue("en") if re.match(r"(reports|report_\w+)\.text\.", key))


def with_net(figures, *, this, last, ago, change_share=None, year_share=None):
    """The figures with other net sales."""
    tables = list(figures.tables)
    sales = figures.table("t5")
    cells = (this, last, this - last, change_share, ago, this - ago, year_share)
    rows = tuple(Row(row.id, row.label, cells) if row.id == "net" else row for row in sales.rows)
    tables[4] = dataclasses.replace(sales, rows=rows)
    return dataclasses.replace(figures, tables=tuple(tables))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_what_its_cell_shows_and_nothing_else_is_a_number(figures, language):
    for sentence in text.sentences(monthly.facts(figures), figures, language):
        unbound = list(sentence.text)
        for binding in sentence.bindings:
            source = text.Source(binding.address, binding.form)
            assert sentence.text[binding.start : binding.end] == text.shown(figures, source, language)
            unbound[binding.start : binding.end] = " " * (binding.end - binding.start)
        assert not [c for c in unbound if unicodedata.category(c).startswith("N")]


def test_the_languages_say_the_same(figures):
    chinese, english = (text.sentences(monthly.facts(figures), figures, language) for language in LANGUAGES)
    assert [sorted(b.address for b in s.bindings) for s in chinese] == [
        sorted(b.address for b in s.bindings) for s in english
    ]
    numbers = re.compile(r"[\d.,]*\d")
    for one, other in zip(chinese, english, strict=True):
        cells = [b for b in one.bindings if not b.address.endswith(".label") and b.address != text.PERIOD]
        for binding in cells:
            assert numbers.search(one.text[binding.start : binding.end])[0] in other.text


def test_the_text_of_the_small_site(figures):
    said = [sentence.text for sentence in text.sentences(monthly.facts(figures), figures, "zh-CN")]
    assert said[0] == "截至数据截止时刻，共登记客户 8 家。"
    assert "按地区看，广东省最多，有 3 家，占 37.5%。" in said
    assert "净销售额比上月增长 ¥950,000.00（1900.0%）。" in said
    assert "净销售额比去年同月增长 ¥200,000.00（25.0%）。" in said


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_template_holds_a_digit(name, language):
    text.template(name, language)


@pytest.mark.parametrize("digit", ["8", "８", "⑧", "Ⅷ", "¾"])
def test_a_template_with_a_digit_is_refused(monkeypatch, digit):
    changed = {
        **messages.catalogue("en"),
        "reports.text.net": f"Net sales of {{period}} were {{net}}, some {digit} more.",
    }
    monkeypatch.setattr(text, "catalogue", lambda _language: changed)
    with pytest.raises(ValueError, match="holds a digit"):
        text.template("reports.text.net", "en")


@pytest.mark.parametrize(
    ("net", "month", "year"),
    [
        (
            {"this": 90, "last": 100, "ago": 0, "change_share": -10},
            "fell by ¥0.10 (10%) on the month before",
            "had ¥0.00: there is no percentage",
        ),
        (
            {"this": 100, "last": 100, "ago": 100, "change_share": 0, "year_share": 0},
            "the same as in the month before",
            "the same as in the same month",
        ),
        (
            {"this": -100, "last": 0, "ago": -200},
            "fell by ¥1.00 on the month before, which had ¥0.00",
            "rose by ¥1.00 on the same month a year ago, which had -¥2.00",
        ),
        ({"this": 0, "last": 0, "ago": 0}, "the same as in the month before", "the same as in the same month"),
    ],
)
def test_growth_decline_unchanged_and_nothing_to_compare_with(figures, net, month, year):
    found = with_net(figures, **net)
    said = " ".join(sentence.text for sentence in text.sentences(monthly.facts(found), found, "en"))
    assert month in said
    assert year in said
    assert "None" not in said
    assert "—" not in said


def test_a_period_that_had_not_ended_says_so(figures):
    partial = dataclasses.replace(figures, complete=False)
    assert "partial figures" in text.sentences(monthly.facts(partial), partial, "en")[-1].text
