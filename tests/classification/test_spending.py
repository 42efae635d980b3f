"""Gamma-Gamma: the published figures of the CDNOW sample, formulas against plain ones, values, and refusals."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import gamma

from custinfo.classification import lifetime, spending
from custinfo.classification.lifetime import BuyingModel
from custinfo.classification.spending import SpendingModel, Spent
from custinfo.domain.errors import BadInput

from . import cdnow

ON = date(2026, 10, 31)
SALES = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"})
SEEN = ibis.schema(
    {"customer_key": "string", "repeats": "int64", "recency_days": "int64", "age_days": "int64", "spend_fen": "int64"}
)
BUYING = BuyingModel(0.2426, 4.4135, 0.7929, 2.4258, (0.0, 0.0, 0.0, 0.0), 0.0, 7, 2357)
PAPER = SpendingModel(6.25, 3.74, 1544, (0.0, 0.0, 0.0), 0.0, 946, 0, 0.11)


def bought(repeats: Sequence[int], spend: Sequence[int]) -> Spent:
    return Spent(np.array(repeats, dtype=np.int64), np.array(spend, dtype=np.int64), 0)


def cdnow_spent() -> Spent:
    rows = [row for row in cdnow.rows() if row["repeats"] for _ in range(row["customers"])]
    return bought([row["repeats"] for row in rows], [row["spend_fen"] for row in rows])


def test_the_published_figures_of_cdnow() -> None:
    found = spending.fit(cdnow_spent())
    assert (found.p, found.q) == pytest.approx((6.25, 3.74), abs=0.01)
    assert found.gamma == pytest.approx(1544, abs=2)  # 15.44 dollars
    assert (found.customers, found.left_out) == (946, 0)
    assert found.correlation == pytest.approx(0.11, abs=0.005)
    assert found.mean_fen == pytest.approx(3520, abs=20)


def test_the_same_from_sales() -> None:
    seen = spending.summary(cdnow.sales(), cdnow.SPLIT)
    from_sales = spending.spent(seen)
    assert spending.fit(from_sales).gamma == pytest.approx(spending.fit(cdnow_spent()).gamma)
    assert from_sales.spend_fen.sum() == sum(row["spend_fen"] * row["customers"] for row in cdnow.rows())


def test_counted_by_hand() -> None:
    def day(ago: int) -> date:
        return ON - timedelta(days=ago)

    sales = [
        ("a", "sale", day(9), 1000), ("a", "sale", day(9), 50), ("a", "return", day(9), 40),  # the first day
        ("a", "return", day(12), 7),
        ("a", "sale", day(5), 300), ("a", "sale", day(5), 200), ("a", "sale", day(0), 100), ("a", "return", day(2), 60),
        ("a", "payment", day(1), 10**6), ("a", "sale", day(-1), 10**6),
        ("b", "sale", day(3), 10),
        ("c", "sale", day(3), 10), ("c", "sale", day(2), 10), ("c", "return", day(1), 10),
        ("d", "return", day(3), 10),
    ]  # fmt: skip
    table = spending.summary(ibis.memtable(sales, schema=SALES), ON)
    assert dict(table.schema()) == dict(SEEN)
    rows = {row["customer_key"]: (row["repeats"], row["spend_fen"]) for row in table.to_pyarrow().to_pylist()}
    assert rows == {"a": (2, 540), "b": (0, 0), "c": (1, 0)}
    known = spending.spent(table)
    assert (known.repeats.tolist(), known.spend_fen.tolist(), known.left_out) == ([2], [540], 1)


parameter = st.floats(0.2, 20)


@settings(max_examples=25, deadline=None)
@given(p=parameter, q=parameter, scale=parameter, x=st.integers(1, 40), mean=st.floats(0.1, 10))
def test_the_likelihood_is_the_integral_it_stands_for(p: float, q: float, scale: float, x: int, mean: float) -> None:
    at = spending._likelihood(np.array([float(x)]), np.array([mean]))
    value, slopes = at(np.array([p, q, scale]))
    log_rate = np.linspace(-80 / min(q, 1), 40, 100_001)
    inside = gamma.logpdf(mean, p * x, scale=np.exp(-log_rate) / x) + gamma.logpdf(np.exp(log_rate), q, scale=1 / scale)
    integral = logsumexp(inside + log_rate) + np.log(log_rate[1] - log_rate[0])  # of tiny numbers, so in logarithms
    assert value == pytest.approx(integral, rel=1e-6, abs=1e-6)
    steps = np.eye(3) * 1e-5
    start = np.array([p, q, scale])
    numeric = [(at(start + step)[0] - at(start - step)[0]) / 2e-5 for step in steps]
    assert slopes == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-4)


def test_the_expected_mean_lies_between_ones_own_and_everybodys() -> None:
    repeats, spend = np.array([0, 1, 10, 1000, 3]), np.array([0, 10_000, 100_000, 10_000_000, -5])
    expected = PAPER.expected(repeats, spend)
    assert expected[0] == pytest.approx(PAPER.mean_fen) == pytest.approx(6.25 * 1544 / 2.74)
    assert expected[0] < expected[1] < expected[2] < expected[3] < 10_000
    assert expected[1] == pytest.approx(6.25 * (1544 + 10_000) / (6.25 + 2.74))
    assert expected[3] == pytest.approx(10_000, rel=1e-2)
    assert expected[4] == expected[0], "of who returned all nothing is known"


def test_what_was_simulated_is_found_again_within_its_errors() -> None:
    random = np.random.default_rng(8)
    repeats = random.integers(1, 8, 3000)
    rate = random.gamma(4, 1 / 2000, 3000)
    spend = np.rint(random.gamma(3 * repeats, 1 / rate)).astype(np.int64)
    found = spending.fit(bought(repeats.tolist(), spend.tolist()))
    off = np.abs(np.array([found.p - 3, found.q - 4, found.gamma - 2000])) / np.array(found.errors)
    assert (off < 4).all()
    assert found.correlation == pytest.approx(0, abs=0.06)


def test_the_unit_of_money_changes_nothing_but_the_unit() -> None:
    fen = cdnow_spent()
    yuan = spending.fit(Spent(fen.repeats, fen.spend_fen * 100, 0))
    assert (yuan.p, yuan.q, yuan.gamma / 100) == pytest.approx(
        (spending.fit(fen).p, spending.fit(fen).q, spending.fit(fen).gamma)
    )


def table(rows: Sequence[tuple[str, int, int, int, int]]) -> ibis.Table:
    return ibis.memtable(list(rows), schema=SEEN)


def valued(rows: Sequence[tuple[str, int, int, int, int]], months: int, rate: float) -> dict[str, tuple[int, int]]:
    found = spending.values(table(rows), BUYING, PAPER, months, rate)
    assert [str(kind) for kind in found.schema().types] == ["string", "int64", "int64"]
    read = found.to_pyarrow().to_pylist()
    return {row["customer_key"]: (row["expected_mean_fen"], row["value_fen"]) for row in read}


ROWS = [("a", 0, 0, 270, 0), ("b", 2, 213, 272, 8000), ("c", 9, 260, 272, 10**9), ("d", 1, 7, 272, 0)]


def test_a_value_is_purchases_times_their_mean() -> None:
    found = valued(ROWS, 1, 0)
    assert sorted(found) == list("abcd")
    for key, *seen, spend in ROWS:
        one = [np.array([number]) for number in seen]
        mean = PAPER.expected(one[0], np.array([spend]))[0]
        purchases = BUYING.expected(*one, spending.MONTH)[0]
        assert found[key][0] == round(mean)
        assert found[key][1] == pytest.approx(mean * purchases, abs=0.51)


def test_each_month_is_discounted_at_its_end() -> None:
    one = [np.array([2]), np.array([213]), np.array([272])]
    bought = [BUYING.expected(*one, month * spending.MONTH)[0] for month in range(4)]
    worth = (bought[1] - bought[0]) / 1.1 + (bought[2] - bought[1]) / 1.21 + (bought[3] - bought[2]) / 1.331
    mean = PAPER.expected(one[0], np.array([8000]))[0]
    assert valued(ROWS, 3, 0.1)["b"][1] == pytest.approx(worth * mean, abs=0.51)


def test_the_order_of_rows_changes_nothing_and_without_rows_there_are_none() -> None:
    assert valued(ROWS, 12, 0.01) == valued(ROWS[::-1], 12, 0.01)
    assert valued([], 12, 0.01) == {}


def refused(key: str, what: BadInput) -> None:
    assert what.key == f"customer_value.{key}"
    assert len({what.text("zh-CN"), what.text("en")}) == 2


@pytest.mark.parametrize(
    ("months", "rate", "key"),
    [(0, 0.01, "months"), (121, 0.01, "months"), (12, -0.01, "rate"), (12, 1, "rate"), (12, float("nan"), "rate")],
)
def test_months_and_rates_that_cannot_be(months: int, rate: float, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        valued(ROWS, months, rate)
    refused(key, raised.value)


@pytest.mark.parametrize(
    ("seen", "key"),
    [
        (bought([], []), "few_spenders"),
        (bought([1] * 9, [5] * 9), "few_spenders"),
        (bought([2] * 100, [500] * 100), "no_maximum"),  # all spend the same
    ],
)
def test_what_cannot_be_fitted_is_refused(seen: Spent, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        spending.fit(seen)
    refused(key, raised.value)


def test_amounts_without_a_mean_are_refused() -> None:
    random = np.random.default_rng(1)
    repeats = random.integers(1, 5, 800)
    spend = np.ceil(random.gamma(3 * repeats, 100 / random.gamma(0.5, 1, 800))).astype(np.int64)
    with pytest.raises(BadInput) as raised:
        spending.fit(bought(repeats.tolist(), spend.tolist()))
    refused("no_mean", raised.value)


def test_everybody_buys_equally_often() -> None:
    random = np.random.default_rng(4)
    spend = np.ceil(random.gamma(3, 1 / random.gamma(4, 1 / 2000, 400))).astype(np.int64)
    found = spending.fit(bought([1] * 400, spend.tolist()))
    assert found.correlation is None


def test_from_sales_to_values() -> None:
    seen = spending.summary(cdnow.sales(), cdnow.SPLIT)
    buying = lifetime.fit(lifetime.observed(seen))
    found = spending.values(seen, buying, spending.fit(spending.spent(seen)), 12, 0.01)
    assert found.count().to_pyarrow().as_py() == 2357
    assert found.value_fen.min().to_pyarrow().as_py() >= 0
