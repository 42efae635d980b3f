"""Duplicates looked for on Spark are those that DuckDB finds, for the same reasons."""

import random
from datetime import date

import pytest

from custinfo.classification.duplicates import linkage, rule
from custinfo.lake import engines
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.febrl import persons
from tests.engines import spark

RECORDS = 250
LEARNING = rule(date(2026, 11, 1)).model_copy(update={"learn_from": RECORDS})
"""Companies enough to learn from; of persons the rule's own numbers."""


def found_by(engine, parties):
    """As a search by command does it."""
    comparing = engines.start(engine)
    return comparing.guarded(linkage.find)(comparing.hold(linkage.records(parties)), LEARNING)


def test_the_same_pairs_weights_and_clusters_on_spark_in_another_order():
    parties = [party for party, _ in Maker(404).records(RECORDS)] + [party for party, _ in persons("1")][:50]
    here = found_by(engines.DUCKDB, parties)
    random.Random(5).shuffle(parties)
    there = found_by(spark(), parties)

    learned, again = here.models["enterprise"].levels, there.models["enterprise"].levels
    assert learned != LEARNING.enterprise.levels
    # Sums of floating point in another order: the numbers are kept to four digits, weights to a hundredth of a bit
    assert {name: list(levels) for name, levels in again.items()} == {
        name: list(levels) for name, levels in learned.items()
    }
    for name, levels in learned.items():
        for level, numbers in levels.items():
            assert again[name][level] == pytest.approx(numbers, rel=1e-3)
    assert there.models["individual"] == here.models["individual"]

    pairs, others = here.pairs.to_pyarrow().to_pylist(), there.pairs.to_pyarrow().to_pylist()
    kinds = {pair["left"].startswith("rec") for pair in pairs}
    assert kinds == {True, False} and {pair["band"] for pair in pairs} == {"automatic", "review"}
    for pair, other in zip(pairs, others, strict=True):
        assert other.pop("probability") == pytest.approx(pair.pop("probability"), abs=1e-5)
        weights, again_weights = ({line["comparison"]: line for line in one.pop("lines")} for one in (pair, other))
        for comparison, line in weights.items():
            assert again_weights[comparison]["level"] == line["level"]
            assert again_weights[comparison]["weight"] == pytest.approx(line["weight"], abs=0.011)
        assert other == pair
    assert there.clusters.to_pyarrow().equals(here.clusters.to_pyarrow())
