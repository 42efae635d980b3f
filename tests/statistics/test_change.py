"""What changed and which part each segment made: worked examples, real sales of a year, and that nothing is lost."""

import csv
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Month, Year
from custinfo.statistics import change_of_sales, no_figure
from custinfo.statistics.apportioning import apportioned
from custinfo.statistics.change import compared, contributions
from custinfo.statistics.no_figure import NoFigure, percent, rounded
from custinfo.statistics.price_volume_mix import Sold, decomposed

FILE = Path(__file__).parent / "data" / "pizzaplace_2015.csv"
ROWS = list(csv.DictReader(FILE.read_text("utf-8").splitlines()))


def pizzas(month):
    return {row["type"]: Sold(int(row["quantity"]), int(row["amount_fen"])) for row in ROWS if row["month"] == month}


def amounts(month):
    return {code: sold.amount_fen for code, sold in pizzas(month).items()}


def test_pizzaplace_december_against_november():
    found = contributions(amounts("2015-11"), amounts("2015-12"))
    assert (found.change, found.growth) == (-569_420, Decimal("-8.1"))
    assert found.segment("supreme").change == -211_430
    assert [one.code for one in found.segments] == ["veggie", "classic", "chicken", "supreme"]
    assert [str(one.points) for one in found.segments] == ["-1.0", "-1.7", "-2.4", "-3.0"]
    with pytest.raises(KeyError):
        found.segment("none")


def test_pizzaplace_by_price_volume_and_mix():
    found = decomposed(pizzas("2015-11"), pizzas("2015-12"))
    assert found.whole.change_fen == -569_420
    assert (found.whole.volume_fen, found.whole.mix_fen, found.whole.price_fen) == (-545_225, -8_455, -15_740)
    assert found.whole.other_fen == 0


def test_segments_that_come_and_go():
    found = contributions({"old": 40, "kept": 60}, {"kept": 60, "new": 30})
    assert [(one.code, one.change, str(one.points)) for one in found.segments] == [
        ("new", 30, "30.0"), ("kept", 0, "0.0"), ("old", -40, "-40.0"),
    ]  # fmt: skip
    assert (found.change, str(found.growth)) == (-10, "-10.0")


@pytest.mark.parametrize(("base", "reason"), [(0, "zero_base"), (-10, "negative_base")])
def test_a_base_of_zero_or_below_has_changes_and_no_percentages(base, reason):
    found = contributions({"a": base}, {"a": 5})
    assert (found.change, found.growth.reason, found.segments[0].points.reason) == (5 - base, reason, reason)
    assert contributions({}, {}).growth.reason == "zero_base"


AMOUNTS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(-(10**12), 10**15), max_size=7)


@settings(max_examples=25, deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_contributions_add_up_as_they_are_and_as_they_are_shown(before, now):
    found = contributions(before, now)
    assert sum(one.change for one in found.segments) == found.change == sum(now.values()) - sum(before.values())
    if isinstance(found.growth, NoFigure):
        assert sum(before.values()) <= 0
    else:
        assert sum(one.points for one in found.segments) == found.growth
        for one in found.segments:
            assert abs(Fraction(one.points) - Fraction(one.change * 100, found.before)) < Fraction(2, 10)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.fractions(-1000, 1000, max_denominator=97), max_size=9))
def test_apportioned_parts_add_up_and_none_is_off_by_one(parts):
    total = rounded(sum(parts, Fraction(0)))
    found = apportioned(parts, total)
    assert sum(found) == total
    assert all(abs(whole - part) <= 1 for whole, part in zip(found, parts, strict=True))
    with pytest.raises(ValueError, match="add up"):
        apportioned(parts, total + 2)


def test_price_volume_and_mix_worked_by_hand():
    # Twice as many at the same price: all volume
    assert decomposed({"a": Sold(10, 1000)}, {"a": Sold(20, 2000)}).whole.volume_fen == 1000
    # The same at a higher price: all price
    assert decomposed({"a": Sold(10, 1000)}, {"a": Sold(10, 1300)}).whole.price_fen == 300
    # As many, dear ones instead of cheap ones: all mix
    found = decomposed({"a": Sold(10, 1000), "b": Sold(10, 3000)}, {"a": Sold(5, 500), "b": Sold(15, 4500)})
    assert (found.whole.change_fen, found.whole.mix_fen) == (1000, 1000)
    # Price and volume of one product: each takes its half of what they make together
    both = decomposed({"a": Sold(10, 1000)}, {"a": Sold(20, 2200)}).whole
    assert (both.volume_fen, both.mix_fen, both.price_fen) == (1050, 0, 150)


def test_a_new_product_has_no_price_effect_and_one_without_pieces_stands_apart():
    found = decomposed({"a": Sold(10, 1000)}, {"a": Sold(10, 1000), "new": Sold(5, 900), "service": Sold(None, 77)})
    assert (found.products["new"].price_fen, found.products["new"].change_fen) == (0, 900)
    assert found.products["service"].other_fen == found.whole.other_fen == 77
    taken_back = decomposed({"a": Sold(10, 1000), "b": Sold(0, -5)}, {"a": Sold(10, 1000)})
    assert taken_back.whole.other_fen == 5


@pytest.mark.parametrize("before", [{}, {"a": Sold(None, 100)}, {"a": Sold(-1, -100)}])
def test_without_quantities_there_is_a_sentence(before):
    found = decomposed(before, {"a": Sold(10, 1000)})
    assert found == NoFigure("no_quantity")
    assert all(found.text(language) for language in LANGUAGES)


SOLD = st.builds(Sold, st.none() | st.integers(-5, 10**6), st.integers(-(10**9), 10**12))


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcde"), SOLD, max_size=5),
    st.dictionaries(st.sampled_from("abcde"), SOLD, max_size=5),
)
def test_effects_leave_no_fen_over_and_turn_round(before, now):
    before, now = before | {"sure": Sold(3, 1000)}, now | {"sure": Sold(7, 999)}
    found, turned = decomposed(before, now), decomposed(now, before)
    change = sum(one.amount_fen for one in now.values()) - sum(one.amount_fen for one in before.values())
    for one in (found.whole, *found.products.values()):
        assert one.change_fen == one.volume_fen + one.mix_fen + one.price_fen + one.other_fen
    assert found.whole.change_fen == change
    for code, one in found.products.items():
        assert abs(one.price_fen + turned.products[code].price_fen) <= 1


COLUMNS = {"customer_key": "string", "kind": "string", "occurred_on": "date", "product": "string",
           "quantity": "int64", "amount_fen": "int64"}  # fmt: skip


def sales(*rows):
    return ibis.memtable([dict(zip(COLUMNS, row, strict=True)) for row in rows], schema=COLUMNS)


TRADE = sales(
    ("kept", "sale", "2026-09-30", "茶", 2, 100), ("kept", "sale", "2026-10-01", "茶", 3, 150),
    ("kept", "return", "2026-10-31", "茶", 1, 50), ("lost", "sale", "2026-09-01", "酒", 1, 70),
    ("new", "sale", "2026-10-15", None, 1, 40), ("back", "sale", "2025-10-15", "茶", 1, 10),
    ("back", "sale", "2026-10-15", "酒", None, 30), ("payer", "payment", "2026-10-15", None, None, 999),
    ("later", "sale", "2026-11-01", "茶", 1, 999), ("long gone", "sale", "2024-01-01", "茶", 1, 999),
)  # fmt: skip


def test_customers_won_lost_and_kept_worked_by_hand():
    found = change_of_sales.by_customers(TRADE, Month(2026, 9), Month(2026, 10)).to_pyarrow().to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("new", 1, 0, 40, 40), ("back", 1, 0, 30, 30), ("kept", 1, 100, 100, 0), ("lost", 1, 70, 0, -70),
    ]  # fmt: skip
    # A year apart: who bought in between is back, too
    apart = change_of_sales.by_customers(TRADE, Month(2025, 10), Month(2026, 10)).to_pyarrow().to_pylist()
    assert [(row["state"], row["customers"], row["change_fen"]) for row in apart] == [
        ("new", 1, 40), ("back", 1, 100), ("kept", 1, 20), ("lost", 0, 0),
    ]  # fmt: skip
    nobody = change_of_sales.by_customers(TRADE, Month(2020, 1), Month(2020, 2)).to_pyarrow().to_pylist()
    assert [(row["state"], row["customers"], row["change_fen"]) for row in nobody] == [
        (state, 0, 0) for state in change_of_sales.STATES
    ]


def test_products_of_a_period_worked_by_hand():
    counted = change_of_sales.by_code(TRADE, "product", Month(2026, 10))
    assert change_of_sales.sold(counted) == {"": Sold(1, 40), "茶": Sold(2, 100), "酒": Sold(None, 30)}
    assert change_of_sales.amounts(counted) == {"": 40, "茶": 100, "酒": 30}


LINES = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"), st.sampled_from(("sale", "return", "payment")),
        st.dates(Year(2025).first, Year(2026).last).map(str), st.sampled_from(("茶", "酒", None)),
        st.none() | st.integers(0, 9), st.integers(0, 10**12),
    ), max_size=12,
)  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(LINES)
def test_customers_and_products_tell_the_same_change(rows):
    before, now = Month(2026, 3), Month(2026, 4)
    rows += [("F", "sale", "2026-03-31", "茶", 1, 5), ("F", "sale", "2026-04-01", "茶", 1, 6)]
    table = sales(*rows)
    by_customers = change_of_sales.by_customers(table, before, now).to_pyarrow().to_pylist()
    products = [change_of_sales.by_code(table, "product", period) for period in (before, now)]
    found = contributions(*map(change_of_sales.amounts, products))
    assert sum(row["change_fen"] for row in by_customers) == found.change
    effects = decomposed(*map(change_of_sales.sold, products))
    assert isinstance(effects, NoFigure) or effects.whole.change_fen == found.change


def test_what_is_no_figure_is_not_compared():
    assert compared(NoFigure("nothing"), 1).reason == compared(1, NoFigure("nothing")).reason == "nothing"


@pytest.mark.parametrize(
    ("share", "shown"), [(Fraction(1, 8), "12.5"), (Fraction(-1, 8), "-12.5"), (Fraction(1, 2000), "0.1"),
                         (Fraction(-1, 2000), "-0.1"), (Fraction(0), "0.0"), (Fraction(1, 3), "33.3")],
)  # fmt: skip
def test_percentages_are_rounded_half_away_from_zero(share, shown):
    assert str(percent(share)) == shown


def test_every_reason_has_its_sentence_in_both_languages():
    facts = dict.fromkeys(("period", "points", "least", "source", "dimension", "quarter", "first"), "x")
    for reason in no_figure.Reason.__args__:
        texts = {NoFigure(reason, facts).text(language) for language in LANGUAGES}
        assert len(texts) == 2
