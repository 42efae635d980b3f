"""Two parties compared: the same in Python and in SQL, whichever comes first, and held back where rules say so."""

from dataclasses import replace
from datetime import date
from itertools import combinations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.duplicates import compare, keys_of, linkage, once, ranked, rule
from custinfo.classification.duplicates.comparisons import COMPARISONS, DIFFERENT, UNKNOWN
from custinfo.classification.duplicates.conditions import edits
from custinfo.classification.duplicates.model import FILE, DuplicatesRule
from custinfo.classification.duplicates.party import Party
from custinfo.classification.duplicates.prepared import Prepared, prepare
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, catalogue
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.febrl import persons

RULE = rule(date(2026, 11, 1))
COMPANIES = [party for party, _ in Maker(11).records(120)]
PERSONS = [party for party, _ in persons("1")][:80]
FIRM = Party(
    "1",
    "enterprise",
    "深圳市恒达科技有限公司",
    (),
    "91440300MA5DKTWXXP",
    ("13800138000",),
    "南山区科技路12号",
    "440305",
)
PERSON = Party("1", "individual", "单雄信", (), "", ("13800138000",), "南山区科技路12号", "440305", "1990-01-31")


def distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        following = [i]
        for j, b in enumerate(other, 1):
            following.append(min(row[j] + 1, following[-1] + 1, row[j - 1] + (a != b)))
        row = following
    return row[-1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text("abc", max_size=12), st.text("abc", max_size=12)), min_size=10, max_size=40))
def test_edits_are_levenshteins(pairs):
    assert [edits(one, other) for one, other in pairs] == [distance(one, other) for one, other in pairs]


@pytest.mark.parametrize(("kind", "parties"), [("enterprise", COMPANIES), ("individual", PERSONS)])
def test_python_and_sql_find_the_same_level(kind, parties):
    columns = [name for name in Prepared._fields if name not in ("id", "kind")]
    rows = linkage.table(parties).to_pyarrow()
    # By name, for the query below
    prepared = pa.Table.from_batches(list(linkage.prepared(rows, columns)))
    both = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in ["unique_id", *columns])
    ready = [prepare(party) for party in parties]
    with duckdb.connect() as connection:
        connection.register("parties", prepared)
        for comparison in COMPARISONS[kind]:
            cases = " ".join(f"WHEN {condition.sql()} THEN '{name}'" for name, condition in comparison.levels.items())
            found = connection.execute(
                f"SELECT unique_id_l, unique_id_r, CASE WHEN {comparison.unknown.sql()} THEN '{UNKNOWN}' {cases} "
                f"ELSE '{DIFFERENT}' END FROM (SELECT {both} FROM parties AS l JOIN parties AS r ON l.unique_id < r.unique_id)"
            ).fetchall()
            assert len(found) == len(parties) * (len(parties) - 1) // 2
            wrong = [(a, b) for a, b, level in found if comparison.level(ready[a], ready[b]) != level]
            assert not wrong, (comparison.name, [(ready[a], ready[b]) for a, b in wrong[:2]])


def test_it_does_not_matter_who_comes_first():
    for one, other in list(combinations(COMPANIES[:25] + PERSONS[:15], 2)):
        assert compare(one, other, RULE) == compare(other, one, RULE)


def test_the_same_firm_written_otherwise():
    other = replace(
        FIRM,
        id="2",
        name="恆達科技（深圳）有限責任公司",
        credit_code="",
        phones=("+86 138 0013 8000",),
        address="科技路十二号",
    )
    evidence = compare(FIRM, other, RULE)
    assert evidence.band == "automatic" and evidence.rule_version == RULE.version
    assert evidence.lines[0].weight == max(line.weight for line in evidence.lines)
    assert "名称：字号和行业相同" in evidence.texts(
        "zh-CN"
    ) and "Name: the same trade name and business" in evidence.texts("en")
    assert not any("Credit code" in line for line in evidence.texts("en"))  # what is unknown is not talked of


def test_a_differing_valid_code_is_a_veto_and_a_misprint_is_none():
    twin = replace(FIRM, id="2", credit_code="91440300625910Q85L")
    evidence = compare(FIRM, twin, RULE)
    assert evidence.band == "no" and evidence.held_back == ("duplicates.held_back.code",)
    misprint = replace(FIRM, id="2", credit_code="91440300MA5DKTXWXP")
    assert compare(FIRM, misprint, RULE).band != "no"


def test_a_branch_and_a_neighbour_and_a_sister_are_others():
    branch = replace(FIRM, id="2", name=f"{FIRM.name}广州分公司", credit_code="")
    assert compare(FIRM, branch, RULE).held_back == ("duplicates.held_back.branch",)
    assert compare(FIRM, branch, RULE).band == "no"
    neighbour = replace(FIRM, id="2", name="深圳市宏鑫餐饮有限公司", credit_code="")
    assert compare(FIRM, neighbour, RULE).held_back == ("duplicates.held_back.name",)
    sister = replace(FIRM, id="2", name="深圳市恒达餐饮有限公司", credit_code="")
    assert compare(FIRM, sister, RULE).band == "no"


def test_one_code_with_two_names_goes_to_a_person():
    renamed = replace(FIRM, id="2", name="深圳市宏鑫餐饮有限公司")
    assert compare(FIRM, renamed, RULE).band == "review"
    known = replace(renamed, other_names=(FIRM.name,))
    assert compare(FIRM, known, RULE).band == "automatic"


def test_a_namesake_in_another_town_is_another_firm():
    assert compare(FIRM, Party("2", "enterprise", "上海市恒达科技有限公司", region="310115"), RULE).band == "no"


def test_persons_of_one_household_are_not_one():
    same = replace(PERSON, id="2", name="單雄信", phones=("138 0013 8000",))
    assert compare(PERSON, same, RULE).band == "automatic"
    wife = replace(PERSON, id="2", name="李秀兰", birth_date="1991-05-02")
    assert compare(PERSON, wife, RULE).band == "no"
    son = replace(PERSON, id="2", name="单小宝", birth_date="2015-05-02")
    assert compare(PERSON, son, RULE).band == "no"
    numbered = replace(PERSON, id_number="11010519491231002X", birth_date="")
    other_number = replace(numbered, id="2", id_number="110105194912310038")
    assert compare(numbered, other_number, RULE).band == "no"
    assert compare(FIRM, PERSON, RULE).held_back == ("duplicates.held_back.kind",)


def test_candidates_come_likeliest_first_and_without_the_entry_itself():
    likely = replace(FIRM, id="3", credit_code="")
    possible = replace(FIRM, id="2", name="恒达", credit_code="", phones=(), address="")
    nobody = Party("4", "enterprise", "宏鑫餐饮", region="310115")
    twin = replace(likely, id="0")
    found = ranked(once(FIRM), map(once, [nobody, possible, twin, likely, FIRM]), RULE)
    assert [one for one, _ in found] == ["0", "3", "2"]
    assert ranked(once(FIRM), [], RULE) == []


@pytest.mark.parametrize("parties", [COMPANIES, PERSONS])
def test_who_is_left_out_of_the_candidates_is_whom_a_comparison_leaves_out(parties):
    for entry in parties[:12]:
        compared = {other.id: compare(entry, other, RULE) for other in parties if other.id != entry.id}
        found = dict(ranked(once(entry), map(once, parties), RULE))
        assert found == {name: evidence for name, evidence in compared.items() if evidence.band != "no"}


@pytest.mark.parametrize("parties", [COMPANIES, PERSONS])
def test_keys_are_words_without_repeats_and_the_same_every_time(parties):
    for party in parties:
        found = keys_of(once(party))
        assert found == keys_of(once(replace(party, id="another")))
        assert len(set(found.exact)) == len(found.exact) and len(set(found.grams)) == len(found.grams)
        assert all(0 < gram < 1 << 63 for gram in found.grams)
        assert all(key.partition(":")[2].strip("|") for key in found.exact)


def test_what_is_the_same_shares_a_key():
    written = [
        replace(FIRM, name="恆達科技（深圳）有限責任公司", credit_code="", phones=()),
        replace(FIRM, name="x", credit_code="", phones=("0086 138-0013-8000",)),
        replace(FIRM, name="x", credit_code=FIRM.credit_code.lower(), phones=()),
        replace(FIRM, name="深圳衡大餐饮", other_names=("恒达科技",), credit_code="", phones=()),
    ]
    mine = set(keys_of(once(FIRM)).exact)
    assert all(mine & set(keys_of(once(party)).exact) for party in written)
    assert keys_of(once(Party("1", "enterprise", ""))).exact == ()
    assert keys_of(once(Party("1", "individual", " "))).grams == ()


def test_every_level_and_reason_has_its_words():
    wanted = {f"duplicates.held_back.{name}" for name in ("kind", "code", "branch", "name", "cluster")}
    for comparisons in COMPARISONS.values():
        for comparison in comparisons:
            wanted.add(f"duplicates.comparison.{comparison.name}")
            wanted |= {f"duplicates.level.{comparison.name}.{level}" for level in (*comparison.names, UNKNOWN)}
    for language in LANGUAGES:
        assert wanted <= catalogue(language).keys()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("phone = { same = [0.75, 0.00001], different = [0.25, 0.99999] }\naddress", "address", "duplicates.levels"),
        ("form = { same", "form = { near = [0.5, 0.5], same", "duplicates.levels"),
        ("review_from = 0.5", "review_from = 0.999", "duplicates.bands"),
        ("most_alike = 40", "most_alike = 1", "classification.limit"),
        ("[0.93, 0.6]", "[0.93, 0.0]", "classification.limit"),
    ],
)
def test_a_rule_file_that_is_not_in_order_is_refused_in_words(tmp_path, old, new, key):
    text = (rules.FOLDER / FILE).read_text("utf-8")
    assert old in text
    (tmp_path / FILE).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as refused:
        rules.load(tmp_path / FILE, DuplicatesRule)
    assert refused.value.key == key
    assert all(FILE in refused.value.text(language) for language in LANGUAGES)
