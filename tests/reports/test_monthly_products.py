"""A rule that grades by some products, such as dining (R90): the monthly report says which, and counts no others."""

import json

import pytest

from custinfo import lake
from custinfo.classification import value_grade
from custinfo.classification.bands import Band
from custinfo.domain.periods import Month
from custinfo.reports import document
from custinfo.reports.kinds import monthly

BANDS = (
    Band(name="A", at_least=10_000_000), Band(name="B", at_least=1_000_000, below=10_000_000),
    Band(name="C", at_least=1, below=1_000_000),
)  # fmt: skip


@pytest.fixture
def of_dining(small_site, monkeypatch):
    """The figures of November where grades go by bands of the year's spending on dining."""
    shipped = value_grade.rule(Month(2026, 11).last)
    changed = {"method": "absolute", "a_percent": None, "b_percent": None, "band": BANDS, "products": ("餐饮", "宴会")}
    rule = shipped.model_copy(update=changed)
    rule.check()
    monkeypatch.setattr(value_grade, "rule", lambda *_: rule)
    opened = lake.open(small_site)
    return monthly.figures(opened, Month(2026, 11), small_site.zone)


def test_the_note_of_the_grades_names_the_products(of_dining, figures):
    told = {code: document._table(of_dining, of_dining.table("t4"), code).note for code in ("zh-CN", "en")}
    assert "只计以下商品：餐饮、宴会" in told["zh-CN"] and "of these products alone: 餐饮, 宴会" in told["en"]
    assert "products" not in document._table(figures, figures.table("t4"), "en").note
    assert json.loads(of_dining.canonical())["head"]["products"] == ["餐饮", "宴会"]
    assert "products" not in json.loads(figures.canonical())["head"]


def test_sales_of_other_products_do_not_count(of_dining):
    found = {row.id: row.cells[0] for row in of_dining.table("t4").rows}
    assert found == {"A": 0, "B": 0, "C": 0, "N": 8, "total": 8}, "nobody of the small site bought dining"
