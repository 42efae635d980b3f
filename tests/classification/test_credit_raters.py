"""Two raters: kappa against published figures and a numeric derivative; degenerate tables; what to talk over."""

import math
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import raters
from custinfo.classification.credit.raters import Note, Weighting
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

# A. Agresti, Categorical Data Analysis: husbands' and wives' answers; kappa and its standard error as R's vcd gives them
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]


def of_table(table: Sequence[Sequence[int]]) -> tuple[dict[int, int | None], dict[int, int | None]]:
    first: dict[int, int | None] = {}
    second: dict[int, int | None] = {}
    for one, row in enumerate(table, 1):
        for other, count in enumerate(row, 1):
            for _ in range(count):
                first[len(first)], second[len(second)] = one, other
    return first, second


@pytest.mark.parametrize(
    ("weighting", "kappa", "error"), [(Weighting.EQUAL, 0.1293, 0.06860), (Weighting.LINEAR, 0.2374, 0.07832)]
)
def test_published_figures(weighting: Weighting, kappa: float, error: float) -> None:
    found = raters.agreement(*of_table(COUPLES), weighting)
    assert found.kappa is not None and round(float(found.kappa), 4) == kappa
    assert found.standard_error == pytest.approx(error, abs=5e-6)
    assert (found.compared, found.equal, found.notes) == (91, 33, ())
    assert found.low is not None and found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.959964 * error, abs=1e-4)


def test_worked_by_hand() -> None:
    first = dict(zip("abcdefghij", [1, 1, 2, 2, 3, 3, 4, 4, 5, 5], strict=True))
    second = dict(zip("abcdefghij", [1, 2, 2, 2, 3, 4, 4, 4, 5, 3], strict=True))
    found = raters.agreement(first, second)
    # Equal: a c d e g h i = 7 of 10; by chance .2 of each of the second one's shares
    assert (found.equal, found.observed, found.expected) == (7, Fraction(7, 10), Fraction(1, 5))
    assert found.kappa == Fraction(5, 8)
    assert found.notes == (Note.FEW,)
    quadratic = raters.agreement(first, second, Weighting.QUADRATIC)
    # Squared steps: 1 + 1 + 4 = 6, of 16 times 10
    assert quadratic.observed == 1 - Fraction(6, 160)


numbers = st.dictionaries(st.integers(0, 40), st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=40)


@settings(max_examples=20, deadline=None)
@given(pairs=numbers, weighting=st.sampled_from(Weighting))
def test_kappa_by_what_is_lost_and_its_error_by_numeric_derivative(
    pairs: dict[int, tuple[int, int]], weighting: Weighting
) -> None:
    first, second = ({of: pair[side] for of, pair in pairs.items()} for side in (0, 1))
    found = raters.agreement(first, second, weighting)
    assume(found.kappa is not None)
    # The delta method: the variance of the gradient over the cells, by the number of pairs
    shares = {(a, b): 0.0 for a in range(1, 6) for b in range(1, 6)}
    for pair in pairs.values():
        shares[pair] += 1 / len(pairs)
    assert found.kappa is not None and float(found.kappa) == pytest.approx(kappa_of(shares, weighting), abs=1e-9)
    step = 1e-6
    gradient = {
        cell: (kappa_of(shares | {cell: shares[cell] + step}, weighting) - kappa_of(shares, weighting)) / step
        for cell in shares
    }
    mean = sum(shares[cell] * gradient[cell] for cell in shares)
    variance = sum(shares[cell] * (gradient[cell] - mean) ** 2 for cell in shares) / len(pairs)
    assert found.standard_error == pytest.approx(math.sqrt(variance), abs=1e-3)


def kappa_of(cells: dict[tuple[int, int], float], weighting: Weighting) -> float:
    """Kappa of any positive cells, their sum taken out: the function whose gradient is taken."""
    total = sum(cells.values())
    apart = {cell: abs(cell[0] - cell[1]) / 4 for cell in cells}
    lost = {
        cell: {Weighting.EQUAL: float(apart[cell] > 0), Weighting.LINEAR: apart[cell]}.get(weighting, apart[cell] ** 2)
        for cell in cells
    }
    rows = {a: sum(cells[a, b] for b in range(1, 6)) / total for a in range(1, 6)}
    columns = {b: sum(cells[a, b] for a in range(1, 6)) / total for b in range(1, 6)}
    observed = sum(lost[cell] * share / total for cell, share in cells.items())
    expected = sum(lost[a, b] * rows[a] * columns[b] for a, b in cells)
    return 1 - observed / expected


@settings(max_examples=50, deadline=None)
@given(pairs=numbers, weighting=st.sampled_from(Weighting))
def test_it_does_not_matter_who_is_first_nor_in_which_order(
    pairs: dict[int, tuple[int, int]], weighting: Weighting
) -> None:
    first, second = ({of: pair[side] for of, pair in pairs.items()} for side in (0, 1))
    there = raters.agreement(first, second, weighting)
    assert raters.agreement(second, first, weighting) == there
    assert raters.agreement(dict(reversed(first.items())), second, weighting) == there
    if there.kappa is not None and there.low is not None and there.high is not None:
        assert -1 <= there.low <= float(there.kappa) <= there.high <= 1


@pytest.mark.parametrize(
    ("first", "second", "kappa", "notes"),
    [
        ({}, {}, None, {Note.NOTHING_COMPARED}),
        ({"a": 3}, {"b": 3}, None, {Note.NOTHING_COMPARED}),
        ({"a": None}, {"a": 3}, None, {Note.NOTHING_COMPARED}),
        ({"a": 3, "b": 3}, {"a": 3, "b": 3}, None, {Note.ONE_RATING}),
        ({"a": 3, "b": 3}, {"a": 3, "b": 4}, 0, {Note.ONE_RATER_CONSTANT, Note.FEW}),
        ({"a": 3, "b": 3}, {"a": 4, "b": 4}, 0, {Note.ONE_RATER_CONSTANT, Note.FEW}),
        ({"a": 3, "b": 4}, {"a": 3, "b": 4}, 1, {Note.NO_DISAGREEMENT, Note.FEW}),
        ({"a": 3, "b": 4}, {"a": 4, "b": 3}, -1, {Note.FEW}),
    ],
)
def test_tables_that_say_little(
    first: dict[str, int | None], second: dict[str, int | None], kappa: int | None, notes: set[Note]
) -> None:
    found = raters.agreement(first, second)
    assert (found.kappa, set(found.notes)) == (kappa, notes)
    assert (found.kappa is None) == (found.standard_error is None) == (found.low is None) == (found.high is None)
    if Note.NO_DISAGREEMENT in notes:
        assert found.standard_error == 0


def test_every_note_is_said_in_both_languages() -> None:
    for language in ("zh-CN", "en"):
        assert len({text(f"credit_scorecards.kappa.{note}", language) for note in Note}) == len(Note)


def test_what_must_be_talked_over() -> None:
    first = {"a": 5, "b": 1, "c": 3, "d": None, "e": 2, "f": 4}
    second = {"a": 3, "b": 4, "c": 4, "d": 2, "f": 2, "g": 1}
    assert [(d.of, d.first, d.second, d.steps) for d in raters.to_talk_over(first, second)] == [
        ("b", 1, 4, 3),
        ("a", 5, 3, 2),
        ("f", 4, 2, 2),
    ]
    assert [(d.of, d.first, d.second) for d in raters.one_sided(first, second)] == [
        ("e", 2, None),
        ("d", None, 2),
        ("g", None, 1),
    ]
    found = raters.agreement(first, second)
    assert (found.compared, found.left_out) == (4, 3)


@pytest.mark.parametrize("bad", [0, 6, -1, True, 3.0, "3"])
def test_only_whole_numbers_from_1_to_5(bad: int) -> None:
    for compare in (raters.agreement, raters.to_talk_over, raters.one_sided):
        with pytest.raises(BadInput) as raised:
            compare({"a": 3}, {"a": bad})
        assert raised.value.key == "credit_scorecards.score.not_a_rating"
