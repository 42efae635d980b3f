"""Money, time, periods and text."""

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custinfo.domain import clock, money
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Month
from custinfo.domain.sensitivity import Level, level_of
from custinfo.domain.text import clean


@pytest.mark.parametrize(
    ("amount", "fen"),
    [("0", 0), ("1", 100), ("1.5", 150), ("1234.56", 123456), ("-3", -300), ("¥1,234.50", 123450), (" 7.05 ", 705)],
)
def test_fen_from_yuan(amount, fen):
    assert money.fen(amount) == fen


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "1.234",
        "1e3",
        "abc",
        "１２",
        "--1",
        "1.",
        ".5",
        "12,50",
        "1,2345",
        ",5",
        "1,,000",
        "99999999999999",
        "NaN",
        "0x10",
    ],
)
def test_an_amount_that_is_no_amount_is_refused(amount):
    with pytest.raises(BadInput):
        money.fen(amount)


@given(st.integers(-(10**14), 10**14))
def test_yuan_and_back_is_the_same_fen(fen):
    assert money.fen(money.yuan(fen)) == fen
    assert money.fen(money.show(fen).replace("¥", "")) == fen


def test_money_for_a_reader():
    assert money.show(123456789) == "¥1,234,567.89"
    assert money.show(-5) == "-¥0.05"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stored_moment_comes_back(moment):
    assert clock.parse(clock.stamp(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_stored_moments_sort_as_time_does(one, other):
    assert (clock.stamp(one) < clock.stamp(other)) == (one < other)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        clock.stamp(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        clock.parse("2026-01-01T00:00:00")


def test_time_is_shown_in_the_sites_zone():
    moment = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)
    assert clock.show(moment, timezone(timedelta(hours=8))) == "2026-11-01 00:30"


def test_months():
    month = Month.parse("2026-02")
    assert (month.first, month.last) == (date(2026, 2, 1), date(2026, 2, 28))
    assert str(month.plus(-2)) == "2025-12"
    assert str(month.plus(11)) == "2027-01"
    assert Month.of(date(2026, 2, 28)) == month


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "26-01", "2026-10-01", "0000-01", "二〇二六-十"])
def test_a_period_that_is_no_month_is_refused(text):
    with pytest.raises(BadInput):
        Month.parse(text)


@pytest.mark.parametrize("bad", ["\x00", "a\x1bb", "\u202egnp.exe", "\u2066x", "\ud800", "\ufffe", "\x7f", "\u061c"])
def test_characters_that_deceive_are_refused_with_their_place(bad):
    with pytest.raises(BadInput) as refused:
        clean("甲" + bad, max_length=100)
    assert refused.value.key == "text.character"
    assert "U+" in refused.value.text("zh-CN")


@pytest.mark.parametrize(
    "kept", ["宏远电子", "line\nline\tcell", "<img src=x onerror=alert(1)>", "=cmd|'/c calc'!A1", "𠮷野家", "👍"]
)
def test_text_that_only_looks_odd_is_kept_as_it_is(kept):
    assert clean(kept, max_length=100) == kept


def test_text_is_brought_to_nfc_and_never_cut():
    assert clean("e\u0301", max_length=1) == "\u00e9"
    assert clean("a\r\nb\rc", max_length=5) == "a\nb\nc"
    with pytest.raises(BadInput) as refused:
        clean("甲" * 50_000, max_length=200)
    assert refused.value.facts == {"length": 50_000, "limit": 200}


@given(st.text())
def test_cleaning_twice_is_cleaning_once(value):
    try:
        once = clean(value, max_length=10_000)
    except BadInput:
        return
    assert clean(once, max_length=10_000) == once
    assert unicodedata.is_normalized("NFC", once)


def test_a_field_without_a_level_is_internal():
    assert level_of(None) is Level.INTERNAL
    assert level_of("1") is Level.SECRET
    with pytest.raises(ValueError):
        level_of("0")
