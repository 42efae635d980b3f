"""Old, new, future; past, present, future; prospect, active, lapsed: by the days of sales."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import relation
from custinfo.classification.relation import LifecycleRule
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
OLD_NEW = relation.old_new_rule(ON)
LIFECYCLE = relation.lifecycle_rule(ON)

Sale = tuple[str, str, date]
Classes = tuple[str, str, str]


def classes(customers: str, sales: list[Sale], on: date = ON) -> dict[str, Classes]:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    sold = ibis.memtable(sales, schema={"customer_key": "string", "kind": "string", "occurred_on": "date"})
    rows = relation.classify(known, sold, on, OLD_NEW, LIFECYCLE).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "nobody is dropped, nobody is there twice"
    assert {(row["old_new_version"], row["lifecycle_version"]) for row in rows} <= {(1, 1)}
    return {row["customer_key"]: (row["time_series"], row["dealings"], row["lifecycle"]) for row in rows}


def ago(days: int) -> date:
    return ON - timedelta(days=days)


def test_worked_by_hand() -> None:
    sales = [
        ("a", "sale", ON),
        ("b", "sale", ago(180)),
        ("c", "sale", ago(181)),
        ("d", "sale", ago(365)),
        ("e", "sale", ago(366)),
        ("f", "sale", ago(3000)),
        ("f", "sale", ago(1)),
        ("g", "payment", ago(1)),
        ("g", "return", ago(1)),
        ("h", "sale", ON + timedelta(days=1)),
        ("i", "sale", ago(400)),
        ("i", "return", ago(2)),
        ("stranger", "sale", ON),
    ]
    assert classes("abcdefghij", sales) == {
        "a": ("new", "present", "active"),
        "b": ("new", "present", "active"),
        "c": ("new", "past", "active"),
        "d": ("new", "past", "active"),
        "e": ("old", "past", "lapsed"),
        "f": ("old", "present", "active"),
        "g": ("future", "future", "prospect"),
        "h": ("future", "future", "prospect"),
        "i": ("old", "past", "lapsed"),
        "j": ("future", "future", "prospect"),
    }


def test_dealings_that_broke_off_are_past_and_come_back() -> None:
    sales = [("a", "sale", ago(2000))]
    assert classes("a", sales)["a"] == ("old", "past", "lapsed")
    assert classes("a", sales, on=ago(2000))["a"] == ("new", "present", "active"), "as of then"
    assert classes("a", sales, on=ago(2001))["a"] == ("future", "future", "prospect")
    assert classes("a", [*sales, ("a", "sale", ago(3))])["a"] == ("old", "present", "active")


movements = st.tuples(
    st.sampled_from("abcdefg"),
    st.sampled_from(["sale", "sale", "return", "payment"]),
    st.integers(-5, 800).map(ago),
)


@settings(max_examples=5, deadline=None)
@given(sales=st.lists(movements, max_size=25), data=st.data())
def test_a_partition_that_fits_together_in_any_order(sales: list[Sale], data: st.DataObject) -> None:
    found = classes("abcdef", sales)
    for key, (series, dealings, lifecycle) in found.items():
        days = [day for who, kind, day in sales if who == key and kind == "sale" and day <= ON]
        assert (series == "future") == (dealings == "future") == (lifecycle == "prospect") == (not days)
        if days:
            assert series == ("new" if (ON - min(days)).days <= 365 else "old")
            assert dealings == ("present" if (ON - max(days)).days <= 180 else "past")
            assert lifecycle == ("active" if (ON - max(days)).days <= 365 else "lapsed")
    assert classes("fedcba", data.draw(st.permutations(sales))) == found


def test_nobody_has_lapsed_and_is_dealt_with(tmp_path: Path) -> None:
    change = ("present_days = 180", "present_days = 366")
    assert refused(tmp_path, relation.LIFECYCLE_FILE, LifecycleRule, change) == "horizontal.relation.order"


def test_days_are_above_zero(tmp_path: Path) -> None:
    change = ("present_days = 180", "present_days = 0")
    assert refused(tmp_path, relation.LIFECYCLE_FILE, LifecycleRule, change) == "classification.limit"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_a_name(language: str) -> None:
    kinds = {"time_series": relation.TIME_SERIES, "dealings": relation.DEALINGS, "lifecycle": relation.LIFECYCLE}
    for kind, names in kinds.items():
        assert len({text(f"horizontal.relation.{kind}.{name}", language) for name in names}) == 3
