"""Every table and column of the lake says what it means, in both languages."""

import pytest

import custinfo
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.lake import describing
from tests.reports import sites


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = sites.site(tmp_path_factory.mktemp("describing") / "site")
    sites.publish(made)
    return made


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_and_every_column_has_its_words(place, language):
    opened = custinfo.open(place.lake)
    names = describing.table_names(opened)
    assert {"customers", "sales", "demands", "region"} <= set(names)
    assert [row[0] for row in opened.describe(language=language).rows] == list(names)
    for name in names:
        rows = opened.describe(name, language).rows
        assert [row[0] for row in rows] == list(describing.table(opened, name).columns)
        assert all(row[2].strip() for row in rows)


def test_it_is_shown_as_a_table_and_printed_as_text(place):
    opened = custinfo.open(place.lake)
    assert "<td" in opened._repr_html_() and "客户档案的每一个版本" in opened._repr_html_()
    assert "amount_fen  int64  Amount in fen" in repr(opened.describe("sales", "en"))


def test_another_name_is_refused_with_those_there_are(place):
    with pytest.raises(NotFound) as refused:
        custinfo.open(place.lake).describe("salse")
    assert "sales" in refused.value.text("en") and "salse" in refused.value.text("zh-CN")


def test_a_small_result_becomes_a_pandas_table_and_a_large_one_a_sentence(place):
    sales = custinfo.open(place.lake).sales
    assert len(custinfo.to_pandas(sales)) == len(sites.SALES)
    with pytest.raises(BadInput) as refused:
        describing.to_pandas(sales, most=3)
    assert f"{len(sites.SALES)}" in refused.value.text("en")
