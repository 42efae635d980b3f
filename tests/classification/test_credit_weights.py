"""Weights by AHP: Saaty's examples, the eigenvector against numpy's, and what is refused."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import weights
from custinfo.domain.errors import BadInput

NAMES = ("a", "b", "c")
THIRD = Fraction(1, 3)

# T. L. Saaty, How to make a decision, European Journal of Operational Research 48 (1990): buying a house
HOUSE = ("size", "transport", "neighbourhood", "age", "yard", "modern", "condition", "financing")
HOUSE_ROWS = [
    "1 5 3 7 6 6 1/3 1/4",
    "1/5 1 1/3 5 3 3 1/5 1/7",
    "1/3 3 1 6 3 4 6 1/5",
    "1/7 1/5 1/6 1 1/3 1/4 1/7 1/8",
    "1/6 1/3 1/3 3 1 1/2 1/5 1/6",
    "1/6 1/3 1/4 4 2 1 1/5 1/6",
    "3 5 1/6 7 5 5 1 1/2",
    "4 7 5 8 6 6 2 1",
]
HOUSE_MATRIX = [[Fraction(number) for number in row.split()] for row in HOUSE_ROWS]


def test_three_things_by_saaty() -> None:
    found = weights.accept(NAMES, [[1, 3, 5], [THIRD, 1, 3], [Fraction(1, 5), THIRD, 1]])
    # Of a 3 × 3 matrix lambda max is 1 + k + 1/k, with k the cube root of a(1,3) / (a(1,2) * a(2,3))
    k = (5 / 9) ** (1 / 3)
    assert found.lambda_max == pytest.approx(1 + k + 1 / k, abs=1e-12)
    assert round(found.lambda_max, 4) == 3.0385
    assert round(found.consistency_index, 4) == 0.0193
    assert round(found.consistency_ratio, 4) == 0.0332
    assert [round(weight, 4) for weight in found.weights.values()] == [0.6370, 0.2583, 0.1047]
    assert found.consistent


def test_saaty_buys_a_house() -> None:
    found = weights.derive(HOUSE, HOUSE_MATRIX)
    assert [round(weight, 3) for weight in found.weights.values()] == [
        0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333
    ]  # fmt: skip
    assert round(found.lambda_max, 3) == 9.669
    assert round(found.consistency_index, 3) == 0.238
    assert round(found.consistency_ratio, 3) == 0.169
    with pytest.raises(BadInput) as raised:
        weights.accept(HOUSE, HOUSE_MATRIX)
    assert raised.value.key == "credit_scorecards.weights.inconsistent"
    # Saaty, too, names the neighbourhood against the condition as the one to think over
    assert (found.doubts[0].more, found.doubts[0].less, found.doubts[0].given) == ("neighbourhood", "condition", 6.0)
    assert 1 < found.doubts[0].fitting < 1.2
    for language in ("zh-CN", "en"):
        assert "neighbourhood : condition = 6 (≈ 1.1)" in raised.value.text(language)
        assert "0.169" in raised.value.text(language)


def test_among_three_all_judgements_are_named_when_they_contradict() -> None:
    judged = {("a", "b"): 5, ("b", "c"): 5, ("c", "a"): 5}
    with pytest.raises(BadInput) as raised:
        weights.accept(NAMES, weights.matrix(NAMES, judged))
    assert str(raised.value.facts["judgements"]).count(";") == 2
    assert len(weights.derive(NAMES, weights.matrix(NAMES, judged)).doubts) == 3


def test_perfect_agreement_one_thing_and_two() -> None:
    perfect = weights.derive(NAMES, weights.matrix(NAMES, {("a", "b"): 2, ("b", "c"): 3, ("a", "c"): 6}))
    assert perfect.doubts == ()
    assert perfect.consistency_ratio == pytest.approx(0, abs=1e-12)
    assert list(perfect.weights.values()) == pytest.approx([0.6, 0.3, 0.1])
    assert weights.derive(["a"], [[1]]).weights == {"a": 1.0}
    two = weights.derive(["a", "b"], [[1, 9], [Fraction(1, 9), 1]])
    assert list(two.weights.values()) == pytest.approx([0.9, 0.1])
    assert (two.consistency_ratio, two.doubts) == (0.0, ())


def matrices(size: int) -> st.SearchStrategy[list[list[float]]]:
    pairs = list(combinations(range(size), 2))

    def filled(numbers: list[int]) -> list[list[float]]:
        rows = [[1.0] * size for _ in range(size)]
        for (i, j), number in zip(pairs, numbers, strict=True):
            rows[i][j] = float(number) if number > 0 else -1 / (number - 1)
            rows[j][i] = 1 / rows[i][j]
        return rows

    return st.lists(st.integers(-8, 9).filter(bool), min_size=len(pairs), max_size=len(pairs)).map(filled)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 15).flatmap(matrices))
def test_like_numpys_eigenvector(rows: list[list[float]]) -> None:
    names = [str(number) for number in range(len(rows))]
    found = weights.derive(names, rows)
    values, vectors = np.linalg.eig(np.array(rows))
    largest = int(np.argmax(values.real))
    vector = np.abs(vectors[:, largest].real)
    assert found.lambda_max == pytest.approx(values[largest].real, rel=1e-9)
    assert list(found.weights.values()) == pytest.approx(list(vector / vector.sum()), rel=1e-7)
    assert math.fsum(found.weights.values()) == pytest.approx(1)
    assert found.lambda_max >= len(rows) - 1e-9


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.floats(1e-6, 1), min_size=1, max_size=15), total=st.integers(1, 10000))
def test_whole_weights_sum_to_the_whole(parts: list[float], total: int) -> None:
    given_ = {str(place): part for place, part in enumerate(parts)}
    whole = weights.whole(given_, total)
    assert sum(whole.values()) == total
    assert list(whole) == list(given_)
    assert all(abs(whole[name] - given_[name] * total / math.fsum(parts)) < 1 for name in whole)


def test_what_is_left_goes_to_the_first_of_equal_remainders() -> None:
    assert weights.whole({"a": 1, "b": 1, "c": 1}, 100) == {"a": 34, "b": 33, "c": 33}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([[1, 3], [THIRD, 1]], "not_square"),
        ([[1, 3, 5], [THIRD, 1], [1, 1, 1]], "not_square"),
        ([[1, 3, 5], [0.33, 1, 3], [0.2, THIRD, 1]], "not_reciprocal"),
        ([[2, 3, 5], [THIRD, 1, 3], [0.2, THIRD, 1]], "not_reciprocal"),
        ([[1, 0, 5], [0, 1, 3], [0.2, THIRD, 1]], "scale"),
        ([[1, -3, 5], [-THIRD, 1, 3], [0.2, THIRD, 1]], "scale"),
        ([[1, 10, 5], [0.1, 1, 3], [0.2, THIRD, 1]], "scale"),
        ([[1, math.nan, 5], [math.nan, 1, 3], [0.2, THIRD, 1]], "scale"),
        ([[1, math.inf, 5], [0, 1, 3], [0.2, THIRD, 1]], "scale"),
    ],
)
def test_a_matrix_out_of_order_is_refused(rows: list[list[float]], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        weights.check(NAMES, rows)
    assert raised.value.key == f"credit_scorecards.weights.{key}"
    assert raised.value.text("zh-CN") != raised.value.text("en")


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple(str(number) for number in range(16))])
def test_nothing_twice_the_same_or_too_many(names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as raised:
        weights.check(names, [[1] * len(names)] * len(names))
    assert raised.value.key == "credit_scorecards.weights.size"


@pytest.mark.parametrize(
    ("judged", "key"),
    [
        ({("a", "b"): 2, ("b", "c"): 2}, "pair_missing"),
        ({("a", "b"): 2, ("b", "a"): 2, ("b", "c"): 2, ("a", "c"): 2}, "pair_twice"),
        ({("a", "a"): 1, ("a", "b"): 2, ("b", "c"): 2, ("a", "c"): 2}, "unknown_pair"),
        ({("a", "d"): 1, ("a", "b"): 2, ("b", "c"): 2, ("a", "c"): 2}, "unknown_pair"),
        ({("a", "b"): 10, ("b", "c"): 2, ("a", "c"): 2}, "scale"),
        ({("a", "b"): 0, ("b", "c"): 2, ("a", "c"): 2}, "scale"),
    ],
)
def test_judgements_out_of_order_are_refused(judged: dict[tuple[str, str], int], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        weights.matrix(NAMES, judged)
    assert raised.value.key == f"credit_scorecards.weights.{key}"
    assert raised.value.text("zh-CN") != raised.value.text("en")
