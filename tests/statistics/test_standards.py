"""Every indicator says what it counts, how it is measured and by what it is classed, each with its standard (R74)."""

import pytest

from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.reports import standards_told
from custinfo.reports.figures import Column, Figures, Label, Row, Table
from custinfo.statistics import indicators, standards

KNOWN = standards.load()
CODES = {"count": "C62", "fen": "CNY", "percent": "P1", "times": "C62", "days": "DAY", "points": "C62"}
"""GB/T 17295-2008 and, of money, GB/T 12406-2022."""


def test_units_have_the_codes_of_the_standards():
    assert {name: one.code for name, one in KNOWN.unit.items()} == CODES
    assert KNOWN.unit["days"].standard.startswith("GB 3100-1993")


@pytest.mark.parametrize("one", indicators.load().values(), ids=lambda one: one.id)
def test_an_indicator_names_its_units_and_classifications(one):
    assert one.statistical_unit in KNOWN.statistical_unit
    assert KNOWN.unit[one.unit].standard
    assert all(KNOWN.classification[name].cited for name in one.classified_by)


def test_classifications_are_those_of_the_code_lists_with_their_editions():
    assert KNOWN.classification["region"].cited.startswith("GB/T 2260, 2026")
    assert KNOWN.classification["industry"].cited == f"GB/T 4754, {codelists.load('industry').edition}"
    assert "2017" in KNOWN.classification["size"].cited, "the size classes of the NBS of 2017"
    assert KNOWN.format["date"].standard == "GB/T 7408.1-2023"


@pytest.mark.parametrize("name", ["unit", "statistical_unit", "classified_by"])
def test_an_indicator_that_names_none_that_there_is_is_refused(name, tmp_path):
    said = indicators.FILE.read_text("utf-8")
    old = {"unit": '\nunit = "fen"', "statistical_unit": '"transaction"', "classified_by": '["region"'}[name]
    new = {"unit": '\nunit = "mu"', "statistical_unit": '"household"', "classified_by": '["blood_group"'}[name]
    file = tmp_path / "indicators.toml"
    file.write_text(said.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as refused:
        indicators.load(file)
    assert name in refused.value.text("en")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('list = "industry"', 'list = "naics"'),
        ('rule = "size"', 'rule = "no_such_rule"'),
        ('code = "DAY"', ""),
        ("[unit.days]", "[unit.days"),
        ('list = "region"', 'list = "region"\nrule = "size"'),
    ],
)
def test_standards_out_of_order_are_refused_with_their_place(old, new, tmp_path):
    file = tmp_path / "standards.toml"
    file.write_text(standards.FILE.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as refused:
        standards.load(file)
    assert "standards.toml" in refused.value.text("en")


def test_a_report_names_the_standards_of_the_indicators_that_it_shows():
    rows = tuple(Row(name, Label("indicator", name), (1,), "count") for name in ("net_sales", "agreement"))
    columns = (Column("label", "-", "text"), Column("now", "-", "row"))
    figures = Figures(None, None, 1, True, (Table("t1", "-", "-", columns, rows),))
    said = standards_told.told(figures, "zh-CN")
    assert "元 (CNY, GB/T 12406-2022)" in said and "% (P1, GB 3101-1993; GB/T 17295-2008)" in said
    assert said.count("GB/T 4754") == 1
    assert standards_told.told(Figures(None, None, 1, True, ()), "en") == ""
