"""The demand matrix: both methods worked by hand, the order of the list, rule files out of order."""

from datetime import date
from itertools import product
from pathlib import Path
from random import Random

import ibis
import pytest

from custinfo.classification import demand_matrix, rules
from custinfo.classification.demand_matrix import CRITERIA, DemandMatrixRule
from tests.classification.spoiling import refused

RULE = demand_matrix.rule(date(2026, 10, 31))
DEMANDS = {"demand_number": "string"} | dict.fromkeys(CRITERIA, "int32")

Ratings = tuple[int | None, int | None, int | None]


def listed(demands: dict[str, Ratings], rule: DemandMatrixRule = RULE) -> list[dict[str, object]]:
    rows = [(number, *ratings) for number, ratings in demands.items()]
    Random(len(rows)).shuffle(rows)
    table = demand_matrix.prioritise(ibis.memtable(rows, schema=DEMANDS), rule)
    found: list[dict[str, object]] = demand_matrix.ordered(table).to_pyarrow().to_pylist()
    assert sorted(str(row["demand_number"]) for row in found) == sorted(demands), "priorities partition the demands"
    return found


def test_the_product_worked_by_hand() -> None:
    demands: dict[str, Ratings] = {
        "D1": (5, 5, 5),
        "D2": (4, 4, 4),
        "D3": (3, 3, 3),
        "D4": (5, 5, 1),
        "D5": (2, 2, 2),
        "D6": (1, 7, 1),
        "D7": (7, 1, 1),
        "D8": (1, 1, 1),
        "D9": (5, None, 5),
        "D10": (0, 5, 5),
    }
    found = [(row["demand_number"], row["score"], row["priority"]) for row in listed(demands)]
    assert found == [
        ("D1", 125, "P1"),
        ("D2", 64, "P1"),
        ("D3", 27, "P2"),
        ("D4", 25, "P3"),
        ("D5", 8, "P3"),
        ("D8", 1, "P4"),
        # without a score: by urgency, importance and feasibility; what is missing stands last
        ("D6", None, "not_assessed"),
        ("D10", None, "not_assessed"),
        ("D7", None, "not_assessed"),
        ("D9", None, "not_assessed"),
    ]
    assert {row["rule_version"] for row in listed(demands)} == {1}


def test_equal_scores_stand_by_urgency_importance_feasibility_and_number() -> None:
    demands: dict[str, Ratings] = {
        "D000009": (2, 5, 1),
        "D000001": (5, 2, 1),
        "D000002": (5, 1, 2),
        "D000005": (1, 5, 2),
        "D000004": (2, 5, 1),
        "D000003": (2, 1, 5),
    }
    assert [row["demand_number"] for row in listed(demands)] == [
        "D000004",
        "D000009",
        "D000005",
        "D000001",
        "D000002",
        "D000003",
    ]


WEIGHTED = (
    ('method = "product"', 'method = "weighted"'),
    ('title = { zh = "重要性"', 'weight = 50\ntitle = { zh = "重要性"'),
    ('title = { zh = "紧迫性"', 'weight = 30\ntitle = { zh = "紧迫性"'),
    ('title = { zh = "可行性"', 'weight = 20\ntitle = { zh = "可行性"'),
    ("at_least = 64", "at_least = 400"),
    ("at_least = 27\nbelow = 64", "at_least = 300\nbelow = 400"),
    ("at_least = 8\nbelow = 27", "at_least = 200\nbelow = 300"),
    ("at_least = 1\nbelow = 8", "at_least = 100\nbelow = 200"),
)


def weighted(folder: Path) -> DemandMatrixRule:
    content = (rules.FOLDER / demand_matrix.FILE).read_text("utf-8")
    for old, new in WEIGHTED:
        assert content.count(old) == 1
        content = content.replace(old, new)
    (folder / demand_matrix.FILE).write_text(content, "utf-8")
    return demand_matrix.rule(date(2026, 10, 31), folder)


def test_weights_worked_by_hand(tmp_path: Path) -> None:
    # 50 % of importance, 30 % of urgency, 20 % of feasibility
    demands: dict[str, Ratings] = {"D1": (5, 4, 1), "D2": (4, 4, 4), "D3": (3, 5, 4), "D4": (1, 1, 1), "D5": (2, 2, 1)}
    found = [(row["demand_number"], row["score"], row["priority"]) for row in listed(demands, weighted(tmp_path))]
    assert found == [
        ("D2", 400, "P1"),
        ("D1", 390, "P2"),
        ("D3", 380, "P2"),
        ("D5", 180, "P4"),
        ("D4", 100, "P4"),
    ]


@pytest.mark.parametrize("method", ["product", "weighted"])
def test_every_rating_has_a_priority_and_a_higher_one_never_lowers_it(tmp_path: Path, method: str) -> None:
    rule = RULE if method == "product" else weighted(tmp_path)
    demands: dict[str, Ratings] = {f"{i}{u}{f}": (i, u, f) for i, u, f in product(range(1, 6), repeat=3)}
    names = [priority.name for priority in rule.priority]
    rank = {str(row["demand_number"]): names.index(str(row["priority"])) for row in listed(demands, rule)}
    for i, u, f in product(range(1, 6), repeat=3):
        for higher in ((i + 1, u, f), (i, u + 1, f), (i, u, f + 1)):
            if max(higher) <= 5:
                assert rank["".join(map(str, higher))] <= rank[f"{i}{u}{f}"]


def test_every_rating_says_what_it_means_in_both_languages() -> None:
    for criterion in RULE.criterion:
        for language in ("zh-CN", "en"):
            assert len({anchor.text(language) for anchor in criterion.anchors}) == 5


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ((('name = "urgency"', 'name = "importance"'),), "vertical.demand.criteria"),
        ((('title = { zh = "重要性"', 'weight = 50\ntitle = { zh = "重要性"'),), "vertical.demand.no_weights"),
        (WEIGHTED[:3], "vertical.demand.weights"),
        ((*WEIGHTED[:3], (WEIGHTED[3][0], WEIGHTED[3][1].replace("20", "21"))), "vertical.demand.weights"),
        ((("at_least = 64", "at_least = 126"), ("below = 64", "below = 126")), "vertical.demand.unreachable"),
        ((("below = 64", "below = 60"),), "vertical.band_hole"),
        ((("below = 64", "below = 65"),), "vertical.band_overlap"),
        ((("at_least = 1\n", "at_least = 2\n"),), "vertical.band_bottom"),
        ((('name = "P4"', 'name = "not_assessed"'),), "vertical.band_twice"),
        ((('method = "product"', 'method = "sum"'),), "classification.wrong_entry"),
    ],
)
def test_a_rule_out_of_order_is_refused(tmp_path: Path, changes: tuple[tuple[str, str], ...], key: str) -> None:
    assert refused(tmp_path, demand_matrix.FILE, DemandMatrixRule, *changes) == key
