"""Back-test: every figure by hand or by brute force, and a logistic regression on the German credit data."""

import csv
import math
import statistics
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import ibis
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from custinfo.classification.credit import backtest
from custinfo.classification.credit.backtest import Count
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ORDER = ("A", "B", "C")


def groups(*rows: tuple[int, int]) -> list[Count]:
    """Counts of A, B, C …: customers and defaults."""
    return [Count(chr(65 + n), customers, defaults) for n, (customers, defaults) in enumerate(rows)]


def test_counts_leave_out_what_is_not_known() -> None:
    rows = [("A", True), ("A", False), ("A", None), (None, True), ("B", False)]
    graded = ibis.memtable(rows, schema={"grade": "string", "defaulted": "boolean"})
    table = backtest.counts(graded)
    found = sorted(table.to_pyarrow().to_pylist(), key=lambda row: row["grade"])
    assert found == [{"grade": "A", "customers": 2, "defaults": 1}, {"grade": "B", "customers": 1, "defaults": 0}]
    in_order = backtest.in_order([Count(**row) for row in reversed(found)], ORDER)
    assert in_order == (Count("A", 2, 1), Count("B", 1, 0), Count("C", 0, 0))


def test_rates_have_wilson_intervals() -> None:
    tenth, none, everybody, nobody = backtest.rates(groups((100, 10), (20, 0), (5, 5), (0, 0)))
    # Newcombe (1998), method 3: 10 of 100 is 0.0552 to 0.1744; 0 of 20 is 0 to 0.1611
    assert (tenth.rate, round(tenth.low or 0, 4), round(tenth.high or 0, 4)) == (0.1, 0.0552, 0.1744)
    assert (none.rate, none.low, round(none.high or 0, 4)) == (0.0, 0.0, 0.1611)
    assert (everybody.rate, everybody.high) == (1.0, 1.0)
    assert (nobody.rate, nobody.low, nobody.high) == (None, None, None)


def test_where_the_order_is_broken() -> None:
    assert backtest.breaks(groups((100, 1), (100, 1), (100, 5))) == ()  # equal is not broken
    chance, real = backtest.breaks(groups((50, 2), (50, 1), (100, 30), (0, 0), (100, 10)))
    assert (chance.better, chance.worse, chance.significant) == ("A", "B", False)
    assert chance.p == pytest.approx(0.5)  # C(50,2)C(50,1)/C(100,3) + C(50,3)/C(100,3)
    assert (real.better, real.worse, real.significant) == ("C", "E", True)
    assert (real.better_rate, real.worse_rate) == (0.3, 0.1)


def brute(rows: Sequence[Count]) -> tuple[float, float, float]:
    """AUC, the variance of DeLong and KS, customer by customer."""
    bad = [place for place, row in enumerate(rows) for _ in range(row.defaults)]
    good = [place for place, row in enumerate(rows) for _ in range(row.customers - row.defaults)]
    won = {(x, y): (x > y) + (x == y) / 2 for x, y in product(set(bad), set(good))}
    of_bad = [statistics.fmean(won[x, y] for y in good) for x in bad]
    of_good = [statistics.fmean(won[x, y] for x in bad) for y in good]
    variance = statistics.variance(of_bad) / len(bad) + statistics.variance(of_good) / len(good)
    ks = max(
        abs(sum(x <= at for x in bad) / len(bad) - sum(y <= at for y in good) / len(good)) for at in range(len(rows))
    )
    return statistics.fmean(of_bad), variance, ks


counted = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda pair: (sum(pair), pair[0])), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(counted)
def test_power_like_customer_by_customer(given: list[tuple[int, int]]) -> None:
    rows = groups(*given)
    bad = sum(row.defaults for row in rows)
    assume(bad >= 2 and sum(row.customers for row in rows) - bad >= 2)
    found = backtest.power(rows)
    auc, variance, ks = brute(rows)
    assert found.auc == pytest.approx(auc)
    assert found.gini == pytest.approx(2 * auc - 1)
    assert found.ks == pytest.approx(ks)
    if variance > 0:
        half = 1.959964 * math.sqrt(variance)
        assert found.low == pytest.approx(max(auc - half, 0), abs=1e-6)
        assert found.high == pytest.approx(min(auc + half, 1), abs=1e-6)
    else:
        assert (found.low, found.high) == (None, None)


def test_power_at_its_ends() -> None:
    assert backtest.power(groups((9, 0), (9, 9))) == backtest.Power(1.0, None, None, 1.0, 1.0)
    assert backtest.power(groups((9, 9), (9, 0))) == backtest.Power(0.0, None, None, -1.0, 1.0)
    nothing = backtest.power(groups((20, 5), (20, 5)))
    assert (nothing.auc, nothing.ks) == (0.5, 0.0)
    assert nothing.low is not None
    assert nothing.low < 0.5
    for all_in_one in (groups((20, 5)), groups((0, 0), (20, 5), (0, 0))):
        assert backtest.power(all_in_one) == backtest.Power(0.5, None, None, 0.0, 0.0)
    one = backtest.power(groups((9, 0), (9, 1)))
    assert (one.auc, one.low) == (pytest.approx(13 / 17), None)


def test_power_of_millions_keeps_its_digits() -> None:
    small, large = (backtest.power(groups((8 * n, n), (8 * n, 3 * n))) for n in (1_000, 1_000_000))
    assert large.auc == small.auc
    assert large.low is not None
    assert small.low is not None
    assert (large.auc - large.low) * math.sqrt(1000) == pytest.approx(small.auc - small.low, rel=1e-2)


def test_scores_are_grades_of_their_own() -> None:
    rows = backtest.by_score([0.2, 0.9, 0.9, 0.5], [True, False, True, False])
    assert [(row.customers, row.defaults) for row in rows] == [(2, 1), (1, 0), (1, 1)]
    assert backtest.by_score([-0.0, 0.0], [True, False])[0].customers == 2


def test_stability_by_hand() -> None:
    same = backtest.stability({"A": 50, "B": 50}, {"B": 7, "A": 7})
    assert (same.psi, same.verdict) == (0.0, "stable")
    moved = backtest.stability({"A": 50, "B": 50}, {"A": 70, "B": 30})
    assert moved.psi == pytest.approx(0.2 * math.log(1.4) - 0.2 * math.log(0.6))
    assert moved.verdict == "shifted"
    assert backtest.stability({"A": 50, "B": 50}, {"A": 90, "B": 10}).verdict == "broken"
    empty = backtest.stability({"A": 60, "B": 40, "C": 0}, {"A": 50, "B": 0, "C": 0, "D": 50})
    assert set(empty.parts) == {"A", "B", "D"}  # C is empty on both sides
    assert empty.parts["B"] == pytest.approx((0.005 - 0.4) * math.log(0.005 / 0.4))
    assert empty.parts["D"] == pytest.approx((0.5 - 0.005) * math.log(0.5 / 0.005))


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (lambda: backtest.in_order([Count("Z", 1, 0)], ORDER), "test_grade"),
        (lambda: backtest.in_order([Count("A", 1, 0), Count("A", 1, 0)], ORDER), "test_grade"),
        (lambda: backtest.in_order([Count("A", 1, 2)], ORDER), "test_count"),
        (lambda: backtest.power(groups((5, 0))), "test_one_outcome"),
        (lambda: backtest.power(groups((5, 5))), "test_one_outcome"),
        (lambda: backtest.power([]), "test_one_outcome"),
        (lambda: backtest.by_score([1.0], []), "test_lengths"),
        (lambda: backtest.by_score([math.nan], [True]), "test_score"),
        (lambda: backtest.stability({"A": 0}, {"A": 1}), "test_population"),
        (lambda: backtest.stability({"A": 2}, {"A": 3, "B": -1}), "test_population"),
    ],
)
def test_what_cannot_be_tested_is_refused(wrong, key) -> None:
    with pytest.raises(BadInput) as raised:
        wrong()
    assert raised.value.key == f"credit_use.{key}"
    assert all(raised.value.text(language) for language in ("zh-CN", "en"))


def test_verdicts_have_names() -> None:
    for language in ("zh-CN", "en"):
        assert len({text(f"credit_use.stability.{name}", language) for name in backtest.STABILITIES}) == 3


PROTECTED = {"status_and_sex", "age", "foreign_worker"}


@cache
def german() -> tuple[list[str], list[dict[str, str]]]:
    """The columns that tell, and the rows; `tests/data/german_credit.csv` says where they are from."""
    lines = (Path(__file__).parents[1] / "data" / "german_credit.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return [name for name in rows[0] if name != "outcome"], rows


def features(names: Sequence[str]) -> np.ndarray:
    """Numbers as they are, measured in standard deviations; one column for each code of the others."""
    _, rows = german()
    columns = []
    for name in names:
        values = [row[name] for row in rows]
        if values[0].isdigit():
            numbers = np.array(values, dtype=float)
            columns.append((numbers - numbers.mean()) / numbers.std())
        else:
            columns += [np.array(values) == code for code in sorted(set(values))]
    return np.column_stack(columns).astype(float)


def cross_validated(names: Sequence[str]) -> np.ndarray:
    """The chance of default of each row, by a model that has not seen its fold; ten folds, always the same."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    _, rows = german()
    defaulted = np.array([row["outcome"] == "2" for row in rows])
    folds = StratifiedKFold(10, shuffle=True, random_state=20261031)
    model = LogisticRegression(solver="newton-cholesky")
    # For so few rows, threads cost more than they save
    with threadpool_limits(1):
        return cross_val_predict(model, features(names), defaulted, cv=folds, method="predict_proba")[:, 1]


def test_german_credit_and_what_leaving_out_protected_attributes_costs() -> None:
    from sklearn.metrics import roc_auc_score

    names, rows = german()
    assert len(rows) == 1000
    defaulted = [row["outcome"] == "2" for row in rows]
    assert sum(defaulted) == 300
    risk = cross_validated(names)
    full = backtest.power(backtest.by_score((-risk).tolist(), defaulted))
    assert full.auc == pytest.approx(roc_auc_score(defaulted, risk), abs=1e-12)
    assert 0.77 <= full.auc <= 0.80
    fair = cross_validated([name for name in names if name not in PROTECTED])
    without = backtest.power(backtest.by_score((-fair).tolist(), defaulted))
    assert 0.77 <= without.auc <= 0.80
    assert 0 <= full.auc - without.auc <= 0.015, "leaving them out costs little"
    assert full.low is not None
    assert full.low < without.auc, "and lies within the error of the figure"


def test_german_credit_in_five_grades() -> None:
    names, rows = german()
    risk = cross_validated([name for name in names if name not in PROTECTED])
    grades = ["ABCDE"[min(int(place * 5 / 1000), 4)] for place in risk.argsort().argsort()]
    graded = ibis.memtable(
        [(grade, row["outcome"] == "2") for grade, row in zip(grades, rows, strict=True)],
        schema={"grade": "string", "defaulted": "boolean"},
    )
    counts = backtest.in_order((Count(**row) for row in backtest.counts(graded).to_pyarrow().to_pylist()), "ABCDE")
    assert [row.customers for row in counts] == [200] * 5
    assert backtest.breaks(counts) == ()
