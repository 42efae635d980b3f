"""BG/NBD: the published figures of the CDNOW sample, the formulas against plain ones, and what cannot be fitted."""

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import beta, betaln, gamma

from custinfo.classification import lifetime
from custinfo.classification.lifetime import BuyingModel, Observed
from custinfo.domain.errors import BadInput

from . import cdnow

ON = date(2026, 10, 31)
SALES = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date"})


def seen(rows: Sequence[tuple[int, int, int, int]]) -> Observed:
    return Observed(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


def cdnow_seen() -> Observed:
    return seen([(row["repeats"], row["recency_days"], row["age_days"], row["customers"]) for row in cdnow.rows()])


def model(r: float, alpha: float, a: float, b: float, unit_days: int = 1) -> BuyingModel:
    return BuyingModel(r, alpha, a, b, (0.0, 0.0, 0.0, 0.0), 0.0, unit_days, 0)


PAPER = model(0.243, 4.414, 0.793, 2.426, unit_days=7)


def test_the_published_figures_of_cdnow() -> None:
    found = lifetime.fit(cdnow_seen())
    assert (found.r, found.alpha) == pytest.approx((0.2426, 4.4135), abs=2e-4)
    assert (found.a, found.b) == pytest.approx((0.7929, 2.4258), abs=2e-4)
    assert found.log_likelihood == pytest.approx(-9582.429, abs=0.005)
    assert found.customers == 2357


def test_cdnow_from_sales_to_the_forecast_of_39_weeks() -> None:
    judged = lifetime.calibrate(cdnow.sales(), cdnow.SPLIT, cdnow.END)
    assert judged.model == lifetime.fit(lifetime.observed(lifetime.summary(cdnow.sales(), cdnow.SPLIT)))
    assert judged.model.log_likelihood == pytest.approx(-9582.429, abs=0.005)
    assert (judged.days, judged.customers, judged.actual) == (273, 2357, 1882)
    assert judged.error == pytest.approx(0.7855, abs=1e-4)
    assert [group.repeats for group in judged.groups] == list(range(8))
    assert [group.customers for group in judged.groups] == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert sum(group.actual for group in judged.groups) == 1882
    assert sum(group.expected for group in judged.groups) == pytest.approx(judged.expected)
    # Who bought more often is expected to buy more, and does
    for later in ([group.expected / group.customers for group in judged.groups],
                  [group.actual / group.customers for group in judged.groups]):  # fmt: skip
        assert later[0] < later[1] < later[3] < later[5] < later[7]


def test_the_customer_whom_the_paper_works_out() -> None:
    # Fader, Hardie and Lee: x = 2, t_x = 30.43, T = 38.86 weeks: 1.226 purchases in 39 weeks
    one = np.array([2]), np.array([213]), np.array([272])
    assert PAPER.expected(*one, 273)[0] == pytest.approx(1.226, abs=0.002)


def test_counted_by_hand() -> None:
    def day(ago: int) -> date:
        return ON - timedelta(days=ago)

    sales = [
        ("a", "sale", day(100)), ("a", "sale", day(100)), ("a", "sale", day(30)), ("a", "sale", day(0)),
        ("a", "return", day(50)), ("a", "payment", day(120)), ("a", "sale", day(-1)),
        ("b", "sale", day(7)),
        ("c", "return", day(7)), ("c", "payment", day(7)),
        ("d", "sale", day(-1)),
    ]  # fmt: skip
    table = lifetime.summary(ibis.memtable(sales, schema=SALES), ON)
    assert [str(kind) for kind in table.schema().types] == ["string", "int64", "int64", "int64"]
    rows = {row.pop("customer_key"): row for row in table.to_pyarrow().to_pylist()}
    assert rows == {
        "a": {"repeats": 2, "recency_days": 100, "age_days": 100},
        "b": {"repeats": 0, "recency_days": 0, "age_days": 7},
    }


def test_customers_who_are_alike_are_one_row_whatever_their_order() -> None:
    rows = [("x", 0, 0, 9), ("y", 1, 5, 9), ("z", 0, 0, 9), ("w", 0, 0, 8)]
    for order in (rows, rows[::-1]):
        table = ibis.memtable(order, columns=["customer_key", "repeats", "recency_days", "age_days"])
        counted = lifetime.observed(table)
        assert np.stack([counted.repeats, counted.recency_days, counted.age_days, counted.customers]).T.tolist() == [
            [0, 0, 8, 1],
            [0, 0, 9, 2],
            [1, 5, 9, 1],
        ]


parameter = st.floats(0.05, 20)


@settings(max_examples=25, deadline=None)
@given(parameters=st.tuples(parameter, parameter, parameter, parameter), x=st.integers(0, 6), data=st.data())
def test_the_likelihood_is_equation_6_of_the_paper(
    parameters: tuple[float, float, float, float], x: int, data: st.DataObject
) -> None:
    age = data.draw(st.integers(x + 1, 40))
    last = data.draw(st.integers(x, age)) if x else 0
    r, alpha, a, b = parameters
    plain = beta(a, b + x) / beta(a, b) * gamma(r + x) * alpha**r / gamma(r) / (alpha + age) ** (r + x)
    if x:
        gone = beta(a + 1, b + x - 1) / beta(a, b) * gamma(r + x) * alpha**r / gamma(r)
        plain += gone / (alpha + last) ** (r + x)
    at = lifetime._likelihood(seen([(x, last, age, 3)]), 1.0)
    value, slopes = at(np.array(parameters))
    assert value == pytest.approx(3 * np.log(plain), rel=1e-9, abs=1e-9)
    steps = np.eye(4) * 1e-5
    numeric = [(at(np.array(parameters) + step)[0] - at(np.array(parameters) - step)[0]) / 2e-5 for step in steps]
    assert slopes == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-4)


def by_quadrature(which: BuyingModel, x: int, age: int, days: float) -> float:
    """What a living customer buys, over what we know of the probability of staying away, by numerical integration."""
    a, b = which.a, which.b + x
    middle, width = np.log(a / b), np.sqrt(1 / a + 1 / b)
    y = np.linspace(middle - 10 * width - 40 / a, middle + 10 * width + 40 / b, 200_001)  # log odds
    stays_away, comes_back = -np.logaddexp(0, -y), -np.logaddexp(0, y)
    p = np.maximum(np.exp(stays_away), 1e-300)
    bought = -np.expm1(-(which.r + x) * np.log1p(p * days / (which.alpha + age))) / p
    return float(np.sum(np.exp(a * stays_away + b * comes_back - betaln(a, b)) * bought) * (y[1] - y[0]))


@settings(max_examples=25, deadline=None)
@given(
    parameters=st.tuples(st.floats(0.05, 50), st.floats(0.05, 50), st.floats(0.05, 30), st.floats(0.05, 50)),
    x=st.sampled_from([0, 1, 5, 60, 1500]),
    age=st.integers(0, 60),
    days=st.sampled_from([0.5, 10, 100]),
)
def test_purchases_to_come_like_numerical_integration(
    parameters: tuple[float, float, float, float], x: int, age: int, days: float
) -> None:
    which = model(*parameters)
    found = which.while_alive(np.array([x]), np.array([age]), days)[0]
    assert found == pytest.approx(by_quadrature(which, x, age, days), rel=1e-6)


@pytest.mark.parametrize(("a", "b"), [(1, 3), (1 + 1e-9, 2), (0.25, 0.75), (0.5, 0.5 + 1e-7)])
@pytest.mark.parametrize("x", [0, 1, 40])
def test_where_the_formula_divides_by_zero(a: float, b: float, x: int) -> None:
    which = model(0.8, 9, a, b)
    found = which.while_alive(np.array([x]), np.array([50]), 90)[0]
    assert found == pytest.approx(by_quadrature(which, x, 50, 90), rel=1e-6)


@pytest.mark.parametrize(
    ("parameters", "x", "age", "days"),
    [((279.1, 0.8627, 220.4, 0.03218), 3, 3, 100), ((90.9, 0.0117, 45, 0.7), 200, 9, 100)],
)
def test_where_both_hypergeometric_forms_overflow(
    parameters: tuple[float, float, float, float], x: int, age: int, days: int
) -> None:
    which = model(*parameters)
    found = which.while_alive(np.array([x]), np.array([age]), days)[0]
    assert found == pytest.approx(by_quadrature(which, x, age, days), rel=1e-6)


def test_alive() -> None:
    repeats, recency, age = np.array([0, 2, 2, 2, 5000]), np.array([0, 0, 7, 70, 70]), np.array([700, 70, 70, 70, 7000])
    alive = PAPER.alive(repeats, recency, age)
    assert alive[0] == 1
    by_hand = 1 / (1 + 0.793 / (2.426 + 1) * ((4.414 + 10) / (4.414 + 1)) ** 2.243)
    assert alive[2] == pytest.approx(by_hand)
    assert alive[1] < alive[2] < alive[3] < 1
    assert 0 <= alive[4] < 1e-9


@settings(max_examples=30, deadline=None)
@given(
    parameters=st.tuples(parameter, parameter, parameter, parameter),
    x=st.integers(0, 200),
    last=st.integers(1, 500),
    more=st.integers(0, 500),
)
def test_longer_silence_means_less_and_longer_time_means_more(
    parameters: tuple[float, float, float, float], x: int, last: int, more: int
) -> None:
    which = model(*parameters)
    repeats, recency = np.array([x, x]), np.array([last, last]) * (x > 0)
    age = np.array([last, last + more])
    alive = which.alive(repeats, recency, age)
    assert 0 <= alive[1] <= alive[0] <= 1
    assume(alive[0] > 1e-6)
    soon, late = which.expected(repeats, recency, age, 30), which.expected(repeats, recency, age, 60)
    assert (soon >= -1e-12).all() and (late >= soon * (1 - 1e-9)).all()
    assert soon[1] <= soon[0] * (1 + 1e-9)


def test_a_new_customer() -> None:
    assert PAPER.expected_of_new(0) == 0
    # r / alpha purchases a week, as long as hardly anybody has left
    assert PAPER.expected_of_new(0.07) == pytest.approx(0.243 / 4.414 * 0.01, rel=1e-2)
    assert PAPER.expected_of_new(364) > PAPER.expected_of_new(182) > 0


def simulated(
    customers: int, r: float, alpha: float, a: float, b: float, days: int, seed: int = 5
) -> Observed:  # fmt: skip
    random = np.random.default_rng(seed)
    rows = []
    for rate, leaves in zip(random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers), strict=True):
        time, bought = 0.0, []
        while (time := time + max(1, random.exponential(1 / max(rate, 1e-9)))) <= days:
            bought.append(int(time))
            if random.random() < leaves:
                break
        different = set(bought)
        rows.append((len(different), max(different, default=0), days, 1))
    return seen(rows)


def test_what_was_simulated_is_found_again_within_its_errors() -> None:
    found = lifetime.fit(simulated(3000, 1.5, 60, 1.2, 5, 500), unit_days=1)
    off = np.abs(np.array([found.r - 1.5, found.alpha - 60, found.a - 1.2, found.b - 5])) / np.array(found.errors)
    assert (off < 4).all()
    assert found.errors[0] < 0.2


def test_standard_errors_shrink_with_the_root_of_the_customers() -> None:
    once = cdnow_seen()
    one, four = (
        lifetime.fit(Observed(once.repeats, once.recency_days, once.age_days, once.customers * n)) for n in (1, 4)
    )
    assert (four.r, four.b) == pytest.approx((one.r, one.b), rel=1e-5)
    assert np.array(one.errors) == pytest.approx(2 * np.array(four.errors), rel=1e-3)


def test_the_unit_of_time_changes_nothing_but_the_unit() -> None:
    weeks, days = lifetime.fit(cdnow_seen()), lifetime.fit(cdnow_seen(), unit_days=1)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b))
    assert (days.alpha, days.errors[1]) == pytest.approx((7 * weeks.alpha, 7 * weeks.errors[1]))
    one = np.array([3]), np.array([90]), np.array([200])
    assert days.expected(*one, 50) == pytest.approx(weeks.expected(*one, 50))


def test_scores_are_those_of_every_customer() -> None:
    rows = [(f"{n}", n % 3, 10 * (n % 3), 40 + n % 2) for n in range(12)]
    table = ibis.memtable(rows, columns=["customer_key", "repeats", "recency_days", "age_days"])
    scored = {row["customer_key"]: row for row in lifetime.scores(table, PAPER, 90).to_pyarrow().to_pylist()}
    assert len(scored) == 12
    for key, x, last, age in rows:
        one = np.array([x]), np.array([last]), np.array([age])
        assert scored[key]["alive"] == pytest.approx(PAPER.alive(*one)[0], abs=1e-6)
        assert scored[key]["expected"] == pytest.approx(PAPER.expected(*one, 90)[0], abs=1e-6)
        assert (scored[key]["repeats"], scored[key]["recency_days"], scored[key]["age_days"]) == (x, last, age)


def refused(key: str, what: object) -> None:
    assert isinstance(what, BadInput)
    assert what.key == f"customer_value.{key}"
    assert len({what.text("zh-CN"), what.text("en")}) == 2


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([(1, 5, 9, 49)], "few_customers"),
        ([(0, 0, 9, 1000)], "few_repeats"),
        ([(0, 0, 0, 1000)], "few_repeats"),
        ([(0, 0, 9, 1000), (1, 5, 9, 9)], "few_repeats"),
        ([(10, 100, 100, 1000)], "no_maximum"),  # all alike
        ([(1, 1, 1, 100)], "no_maximum"),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows: list[tuple[int, int, int, int]], key: str) -> None:
    with pytest.raises(BadInput) as raised:
        lifetime.fit(seen(rows))
    refused(key, raised.value)


def test_nobody_ever_stays_away() -> None:
    random = np.random.default_rng(2)
    rows = [(int(x), 400, 400, 1) for x in 1 + random.poisson(random.gamma(2, 5, 500))]
    with pytest.raises(BadInput) as raised:
        lifetime.fit(seen(rows))
    refused("no_maximum", raised.value)


@pytest.mark.parametrize(
    "row", [(-1, 0, 9, 1), (1, 0, 9, 1), (0, 3, 9, 1), (1, 10, 9, 1), (1, -3, 9, 1), (0, 0, -1, 1), (1, 3, 9, 0)]
)
def test_impossible_customers(row: tuple[int, int, int, int]) -> None:
    with pytest.raises(BadInput) as raised:
        seen([(0, 0, 5, 100), row])
    refused("impossible", raised.value)


def test_a_forecast_needs_days_to_be_judged_on() -> None:
    with pytest.raises(BadInput) as raised:
        lifetime.calibrate(cdnow.sales(), ON, ON)
    refused("no_holdout", raised.value)
    assert str(ON) in raised.value.text("zh-CN")


def test_nobody_at_all() -> None:
    nobody = ibis.memtable([], schema=SALES)
    with pytest.raises(BadInput) as raised:
        lifetime.fit(lifetime.observed(lifetime.summary(nobody, ON)))
    refused("few_customers", raised.value)
    assert lifetime.scores(lifetime.summary(nobody, ON), PAPER, 30).to_pyarrow().num_rows == 0
