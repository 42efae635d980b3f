"""Quarters and half-years: their days, their neighbours, what is refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custinfo.domain.errors import BadInput
from custinfo.domain.periods import HalfYear, Quarter


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Quarter(2026, 1), date(2026, 1, 1), date(2026, 3, 31)),
        (Quarter(2026, 3), date(2026, 7, 1), date(2026, 9, 30)),
        (HalfYear(2024, 1), date(2024, 1, 1), date(2024, 6, 30)),
        (HalfYear(2024, 2), date(2024, 7, 1), date(2024, 12, 31)),
    ],
)
def test_first_and_last_day(period: Quarter | HalfYear, first: date, last: date) -> None:
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("kind", [Quarter, HalfYear])
@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)), many=st.integers(-9, 9))
def test_a_period_holds_its_days_and_borders_on_the_next(kind: type[Quarter | HalfYear], day: date, many: int) -> None:
    period = kind.of(day)
    assert period.first <= day <= period.last
    assert kind.parse(str(period)) == period
    assert period.plus(1).first == period.last + timedelta(days=1)
    assert period.plus(many).plus(-many) == period
    assert (period.plus(many) > period) == (many > 0)


def test_as_written() -> None:
    assert (str(Quarter(2026, 3)), str(HalfYear(2026, 2))) == ("2026-Q3", "2026-H2")


@pytest.mark.parametrize("given", ["2026-Q0", "2026-Q5", "2026-H1", "2026Q1", "0000-Q1", "２０２６-Q1", "", "2026-Q1 "])
def test_no_quarter(given: str) -> None:
    with pytest.raises(BadInput) as raised:
        Quarter.parse(given)
    assert raised.value.key == "periods.quarter"
    for language in ("zh-CN", "en"):
        assert given in raised.value.text(language)


@pytest.mark.parametrize("given", ["2026-H0", "2026-H3", "2026-Q1"])
def test_no_half_year(given: str) -> None:
    with pytest.raises(BadInput) as raised:
        HalfYear.parse(given)
    assert raised.value.key == "periods.half_year"
