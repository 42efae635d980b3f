"""Addresses and every other text of a card are read whatever stands there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.duplicates import keys_of, once
from custinfo.classification.duplicates.addresses import _number, address
from custinfo.classification.duplicates.party import Party

NUMERAL = st.text("〇零一二五九十百千", min_size=1, max_size=8) | st.text("一十百", min_size=3, max_size=6)
TEXT = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("一十百〇号楼室路街公司有限()（）分店-0123456789aXx@.\n")),
    max_size=30,
)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("十", "10"), ("十二", "12"), ("二十", "20"), ("二十一", "21"), ("一〇三", "103"), ("百", "100"),
        ("一百", "100"), ("一百零八", "108"), ("三百五十六", "356"), ("二百一十", "210"), ("九百九十九", "999"),
    ],
)  # fmt: skip
def test_numerals_are_read(written, wanted):
    assert _number(written) == wanted
    assert address(f"中山路{written}号") == address(f"中山路{wanted}号")


@pytest.mark.parametrize("written", ["一百十十", "三百五十六十", "百十百", "十十", "二十一三", "百百"])
def test_what_is_no_numeral_stays_as_it_was_written(written):
    assert _number(written) == written
    assert "zhongshanlu" in address(f"中山路{written}号").words


@settings(max_examples=150, deadline=None)
@given(NUMERAL)
def test_any_characters_of_numerals_are_an_address(numeral):
    assert address(f"中山路{numeral}号").words


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["enterprise", "individual"]), st.lists(TEXT, min_size=8, max_size=8))
def test_any_texts_are_a_party_with_keys(kind, said):
    name, other, code, phone, where, region, born, number = said
    party = Party("1", kind, name, (other,), code, (phone,), where, region, born, number)
    ready = once(party)
    assert once(party) == ready and all(0 < gram < 1 << 63 for gram in keys_of(ready).grams)
