"""A year of birth is no birthday: who agrees in it, in the name and in a telephone is shown to people, never merged."""

from dataclasses import replace
from datetime import date

import pytest

from custinfo.classification.duplicates import compare, contacts, keys_of, linkage, once, rule
from custinfo.classification.duplicates.party import Party
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.febrl import persons

RULE = rule(date(2026, 11, 1))
LEARNING = RULE.model_copy(update={"learn_from": 100})
WANG = Party("1", "individual", "王伟", (), "", ("13800000001",), "科技路12号创新大厦A座301室", "440305", "1985-03-09")
YEAR = replace(WANG, birth_date="1985")
SWITCHBOARD = ("0755-88880000",)
NEIGHBOUR = replace(YEAR, id="2", name="王薇", phones=("13900000002",), address="科技路12号创新大厦B座1707室")


def line(one, other):
    """What is said of the birthdays of the two."""
    return next(each for each in compare(one, other, RULE).lines if each.comparison == "birth")


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("1985-03-09", "19850309", "same"),
        ("1985", "1985", "year"),
        ("1985", "1985-03-09", "year"),
        ("1985-03-09", "1985-03-08", "letter"),
        ("1985-03-09", "1985-11-20", "different"),
        ("1985", "1986", "different"),
        ("1985", "1986-03-09", "different"),
        ("1985", "", "unknown"),
    ],
)
def test_what_two_dates_say(one, other, wanted):
    pair = replace(WANG, birth_date=one), replace(WANG, id="2", birth_date=other)
    assert line(*pair).level == line(*reversed(pair)).level == wanted


def test_an_identity_number_says_the_day_where_the_card_says_the_year():
    numbered = replace(YEAR, birth_date="1949", id_number="11010519491231002X")
    assert line(numbered, replace(WANG, id="2", birth_date="1949-12-31")).level == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (YEAR, NEIGHBOUR),  # sounds the same, the same road and number, other rooms, other mobiles
        (replace(YEAR, address="", phones=SWITCHBOARD), replace(NEIGHBOUR, address="", phones=SWITCHBOARD)),
        (YEAR, replace(YEAR, id="2")),  # everything agrees, but nobody said the day
        (WANG, replace(YEAR, id="2")),
    ],
)
def test_two_who_share_a_year_go_to_a_person(one, other):
    evidence = compare(one, other, RULE)
    assert evidence.band == "review"
    assert "Date of birth: the same year, of which no more is known" in evidence.texts("en")
    assert "出生日期：出生年份相同（未填具体日期）" in evidence.texts("zh-CN")
    (pair,) = linkage.find(linkage.table([one, other]), RULE).pairs.to_pyarrow().to_pylist()
    assert pair["band"] == "review"


def test_with_the_whole_birthday_they_are_merged_by_rule_as_before():
    assert compare(WANG, replace(WANG, id="2", name="王薇"), RULE).band == "automatic"


def test_a_year_weighs_what_it_tells():
    """Of strangers every sixtieth has it: about 6 bits, where a birthday has 13."""
    assert 5.5 < line(WANG, replace(YEAR, id="2")).weight < 6.1
    assert 12.5 < line(WANG, replace(WANG, id="2")).weight < 13.5


def test_who_states_the_day_and_who_states_the_year_share_a_key():
    known = [keys_of(once(replace(one, phones=(), address="", region=""))).exact for one in (WANG, YEAR)]
    assert "born:wangwei|1985" in set(known[0]) & set(known[1])
    assert "born:wangwei|19850309" in set(known[0]) - set(known[1])


def test_a_large_set_of_years_learns_that_they_are_years():
    """Febrl's persons as the shipped card has them: years alone, no number. Nobody is merged, whatever is learned."""
    known = [replace(party, birth_date=party.birth_date[:4], id_number="") for party, _ in persons("1")][:400]
    found = linkage.find(linkage.table(known), LEARNING)
    year, same = (found.models["individual"].levels["birth"][name] for name in ("year", "same"))
    assert year[0] / year[1] < 70 < same[0] / same[1]
    bands = found.pairs.to_pyarrow()["band"].to_pylist()
    assert bands and set(bands) == {"review"}


def test_a_large_set_without_a_number_in_common_is_learned_from_all_the_same():
    """As every site's own: no two customers have one credit code, and the individual card asks for no number."""
    codes, firms = set(), []
    for party, _ in Maker(404).records(300):
        code = contacts.code(party.credit_code)
        firms.append(replace(party, credit_code="" if code in codes else code))
        codes.add(code)
    found = linkage.find(linkage.table(firms), LEARNING)
    assert found.pairs.count().to_pyarrow().as_py() > 50
    assert found.models["enterprise"].levels["phone"] != RULE.enterprise.levels["phone"]
