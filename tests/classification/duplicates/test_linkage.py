"""Duplicates of a whole table: how well they are found, and that the same rows give the same result."""

import random
from collections import Counter
from datetime import date
from itertools import combinations

import pytest

from custinfo.classification.duplicates import compare, linkage, rule
from custinfo.classification.duplicates.party import Party
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.febrl import persons
from tests.classification.duplicates.other_companies import OtherMaker

RULE = rule(date(2026, 11, 1))
LEARNING = RULE.model_copy(update={"learn_from": 1_000})
RECORDS = 2_000


@pytest.fixture(scope="module")
def companies():
    return dict(Maker(404).records(RECORDS))


@pytest.fixture(scope="module")
def found(companies):
    """Learned from the data, as for a large set."""
    return linkage.find(linkage.table(companies), LEARNING)


def f1(pairs, truth):
    right = sum(truth[one] == truth[other] for one, other in pairs)
    every = sum(count * (count - 1) // 2 for count in Counter(truth.values()).values())
    return 2 * right / (len(pairs) + every)


def clustered(found):
    clusters = {}
    for row in found.clusters.to_pyarrow().to_pylist():
        clusters.setdefault(row["cluster"], []).append(row["id"])
    return clusters


def pairs_within(found):
    return [pair for members in clustered(found).values() for pair in combinations(sorted(members), 2)]


def test_corrupted_companies_are_found_per_pair_and_per_cluster(companies, found):
    truth = {party.id: company for party, company in companies.items()}
    rows = found.pairs.to_pyarrow().to_pylist()
    assert f1([(row["left"], row["right"]) for row in rows], truth) >= 0.97
    assert f1(pairs_within(found), truth) >= 0.97
    automatic = [(row["left"], row["right"]) for row in rows if row["band"] == "automatic"]
    right = sum(truth[one] == truth[other] for one, other in automatic)
    assert right >= 0.995 * len(automatic) and len(automatic) > 0.7 * len(rows)


def test_companies_of_another_shape_are_found_too():
    """Rare characters, businesses of no list, agents' telephones, missing codes: nothing is made for one generator."""
    made = dict(OtherMaker(505).records(RECORDS))
    found = linkage.find(linkage.table(made), LEARNING)
    truth = {party.id: company for party, company in made.items()}
    rows = found.pairs.to_pyarrow().to_pylist()
    assert f1([(row["left"], row["right"]) for row in rows], truth) >= 0.95
    assert f1(pairs_within(found), truth) >= 0.95
    automatic = [(row["left"], row["right"]) for row in rows if row["band"] == "automatic"]
    assert sum(truth[one] == truth[other] for one, other in automatic) >= 0.995 * len(automatic) > 0


def test_pairs_say_why_and_belong_to_their_cluster(companies, found):
    rows = found.pairs.to_pyarrow().to_pylist()
    cluster = {row["id"]: row["cluster"] for row in found.clusters.to_pyarrow().to_pylist()}
    assert rows == sorted(rows, key=lambda row: (row["left"], row["right"]))
    for row in rows:
        assert row["left"] < row["right"] and row["band"] in ("automatic", "review")
        assert row["probability"] >= RULE.enterprise.review_from and row["rule_version"] == RULE.version
        assert len(row["lines"]) == 7 and not (row["band"] == "automatic" and row["held_back"])
        together = cluster.get(row["left"]) == cluster.get(row["right"]) is not None
        assert row["cluster"] == (cluster[row["left"]] if together else None)
        assert together != ("duplicates.held_back.cluster" in row["held_back"])


def test_no_cluster_holds_two_valid_codes(companies, found):
    by_id = {party.id: party for party in companies}
    for name, members in clustered(found).items():
        assert name == min(members) and len(members) > 1
        for one, other in combinations(members, 2):
            assert "duplicates.held_back.code" not in compare(by_id[one], by_id[other], RULE).held_back


def test_the_same_rows_in_another_order_give_the_same(companies):
    rows, learning = list(companies)[:400], RULE.model_copy(update={"learn_from": 100})
    first = linkage.find(linkage.table(rows), learning)
    random.Random(3).shuffle(rows)
    again = linkage.find(linkage.table(rows), learning)
    assert first.models == again.models and first.models["enterprise"].levels != RULE.enterprise.levels
    assert again.pairs.to_pyarrow().equals(first.pairs.to_pyarrow())
    assert again.clusters.to_pyarrow().equals(first.clusters.to_pyarrow())


@pytest.mark.parametrize(
    ("files", "by_pair", "by_cluster"),
    [(["1"], 0.99, 0.99), (["2"], 0.98, 0.99), (["3"], 0.965, 0.98), (["4a", "4b"], 0.99, 0.99)],
    ids=["febrl-1", "febrl-2", "febrl-3", "febrl-4"],
)
def test_persons_of_febrl_are_found(files, by_pair, by_cluster):
    """The four sets of Febrl, by the figures that docs/adr/0015-duplicates.md tells."""
    truth = {party.id: person for party, person in persons(*files)}
    found = linkage.find(linkage.table(party for party, _ in persons(*files)), RULE)
    pairs = [(row["left"], row["right"]) for row in found.pairs.to_pyarrow().to_pylist()]
    assert f1(pairs, truth) >= by_pair and f1(pairs_within(found), truth) >= by_cluster
    assert found.models.keys() == {"individual"}


@pytest.mark.parametrize(
    "parties",
    [
        [],
        [Party("1", "enterprise", "恒达科技")],
        [Party("1", "enterprise", "恒达科技"), Party("2", "individual", "恒达科技")],
        [Party("1", "enterprise", ""), Party("2", "enterprise", "")],
        [Party("1", "enterprise", "恒达科技"), Party("2", "enterprise", "宏鑫餐饮")],
    ],
)
def test_where_nothing_is_alike_nothing_is_found(parties):
    found = linkage.find(linkage.table(parties), RULE)
    assert found.pairs.count().to_pyarrow().as_py() == found.clusters.count().to_pyarrow().as_py() == 0


def test_a_number_that_many_share_brings_nobody_together():
    agent = [
        Party(f"{n:03}", "enterprise", f"{chr(0x4E00 + 7 * n)}{chr(0x5100 + 11 * n)}商贸", phones=("0755-82345678",))
        for n in range(60)
    ]
    found = linkage.find(linkage.table(agent), RULE)
    assert found.pairs.count().to_pyarrow().as_py() == 0
