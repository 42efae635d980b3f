"""Dunning: levels by days and amount, one step at a time, what pauses, the letter's facts and whom to collect from."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import dunning
from custinfo.classification.credit.dunning import DunningRule, Item, Promise
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = dunning.rule(ON)
SHIPPED = (rules.FOLDER / dunning.FILE).read_text("utf-8")
LARGE = 10_000_000


def ago(days: int) -> date:
    return ON - timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "amount", "level"),
    [
        (0, LARGE, 0),
        (1, 0, 0),
        (1, 1, 1),
        (6, LARGE, 1),
        (7, LARGE, 2),
        (7, 9_999, 1),
        (44, 500_000, 4),
        (45, 500_000, 5),
        (400, 499_999, 3),  # a small amount stops at the letter
        (400, 2_000_000, 6),
    ],
)
def test_levels_by_days_and_amount(days: int, amount: int, level: int) -> None:
    assert dunning.owed_level(days, amount, RULE) == level


def test_one_step_at_a_time() -> None:
    item = Item("I1", ago(60), LARGE)
    first = dunning.step(item, ON, RULE)
    assert (first.owed_level, first.level, first.action, first.paused_by) == (5, 1, "remind", None)
    second = dunning.step(Item("I1", ago(60), LARGE, last_level=1, last_on=ago(5)), ON, RULE)
    assert (second.level, second.action) == (2, "call")
    early = dunning.step(Item("I1", ago(60), LARGE, last_level=1, last_on=ago(4)), ON, RULE)
    assert (early.level, early.paused_by, early.next_on) == (0, "interval", ON + timedelta(days=1))
    again = dunning.step(Item("I1", ago(60), LARGE, last_level=5, last_on=ago(9)), ON, RULE)
    assert (again.level, again.action) == (5, "stop_delivery")  # the highest it is owed, once more


def test_what_is_not_overdue_is_left_alone() -> None:
    for item in (Item("I1", ON, LARGE), Item("I1", ON, LARGE, disputed_fen=LARGE)):
        found = dunning.step(item, ON, RULE)
        assert (found.overdue_days, found.level, found.action, found.paused_by) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("promises", "paused_until"),
    [
        ([Promise(ago(2), ON)], ON),  # the promised day itself
        ([Promise(ago(2), ago(1))], None),  # broken
        ([Promise(ago(2), ON + timedelta(days=40))], ago(2) + timedelta(days=14)),  # not for longer than the rule lets
        ([Promise(ago(15), ON + timedelta(days=40))], None),
        ([Promise(ON + timedelta(days=1), ON + timedelta(days=5))], None),  # not given yet
        ([Promise(ago(9), ago(6)), Promise(ago(5), ON)], ON),
        ([Promise(ago(9), ago(6)), Promise(ago(5), ago(3)), Promise(ago(2), ON)], None),  # the third counts no more
        ([Promise(ago(2), ON), Promise(ago(9), ago(6)), Promise(ago(5), ago(3))], None),  # whatever their order
    ],
)
def test_promises_pause(promises: list[Promise], paused_until: date | None) -> None:
    found = dunning.step(Item("I1", ago(60), LARGE, promises=tuple(promises)), ON, RULE)
    assert (found.paused_by == "promise") is (paused_until is not None)
    assert found.next_on == (None if paused_until is None else paused_until + timedelta(days=1))
    assert found.level == (1 if paused_until is None else 0)


def test_disputes_pause_what_is_disputed() -> None:
    whole = dunning.step(Item("I1", ago(60), LARGE, disputed_fen=LARGE, promises=(Promise(ago(1), ON),)), ON, RULE)
    assert (whole.paused_by, whole.next_on, whole.level, whole.dunned_fen) == ("dispute", None, 0, 0)
    part = dunning.step(Item("I1", ago(60), LARGE, disputed_fen=LARGE - 10_000), ON, RULE)
    assert (part.paused_by, part.dunned_fen, part.owed_level, part.level) == (None, 10_000, 2, 1)


def test_the_letter_has_what_is_dunned() -> None:
    items = [
        Item("I2", ago(8), 20_000, last_level=1, last_on=ago(6)),
        Item("I1", ago(40), 30_000),
        Item("I3", ago(40), 50_000, disputed_fen=50_000),
        Item("I4", ON, 70_000),
    ]
    found = dunning.letter(items, ON, RULE)
    assert found is not None
    assert (found.level, found.action, found.total_fen, found.oldest_days) == (2, "call", 50_000, 40)
    assert [one.document for one in found.items] == ["I1", "I2"]
    assert found.rule_version == RULE.version
    assert dunning.letter(items[2:], ON, RULE) is None
    assert dunning.letter([], ON, RULE) is None


@given(st.integers(0, 200), st.integers(1, LARGE), st.integers(0, 50), st.integers(0, LARGE))
def test_longer_or_larger_is_never_owed_less(days: int, amount: int, later: int, more: int) -> None:
    level = dunning.owed_level(days, amount, RULE)
    assert level <= dunning.owed_level(days + later, amount + more, RULE) <= len(RULE.level)


ITEMS = ibis.schema(
    {
        "customer_key": "string",
        "document": "string",
        "grade": "string",
        "overdue_days": "int64",
        "dunned_fen": "int64",
    }
)
ORDER = ("A", "B", "C")
overdue = st.tuples(
    st.sampled_from(["A", "C", None, "Z"]), st.sampled_from([0, 1, 7, 8, 100]), st.sampled_from([1, 10_000, LARGE])
)


@settings(max_examples=2, deadline=None)
@given(st.lists(overdue, min_size=10, max_size=40), st.data())
def test_the_worklist_like_plain_python(given: list[tuple[str | None, int, int]], data: st.DataObject) -> None:
    rows = [("c", f"I{n}", *row) for n, row in enumerate(given)]
    table = dunning.worklist(ibis.memtable(data.draw(st.permutations(rows)), schema=ITEMS), RULE, ORDER)
    found = sorted(table.to_pyarrow().to_pylist(), key=lambda row: row["place"])

    def key(row: tuple[str, str, str | None, int, int]) -> tuple[int, int, int, int, str]:
        _, document, grade, days, amount = row
        worse = ORDER.index(grade) if grade in ORDER else len(ORDER)
        return -dunning.owed_level(days, amount, RULE), -worse, -days, -amount, document

    expected = [row for row in sorted(rows, key=key) if dunning.owed_level(row[3], row[4], RULE)]
    assert [row["document"] for row in found] == [row[1] for row in expected]
    assert [row["place"] for row in found] == list(range(1, len(expected) + 1))
    assert [row["owed_level"] for row in found] == [dunning.owed_level(row[3], row[4], RULE) for row in expected]


@pytest.mark.parametrize(
    ("item", "key"),
    [
        (Item("I7", ON, 0), "credit_use.not_open"),
        (Item("I7", ON, 5, disputed_fen=6), "credit_use.disputed"),
        (Item("I7", ON, 5, disputed_fen=-1), "credit_use.disputed"),
        (Item("I7", ON, 5, last_level=7), "credit_use.last_level"),
    ],
)
def test_items_out_of_order_are_refused(item: Item, key: str) -> None:
    with pytest.raises(BadInput) as raised:
        dunning.step(item, ON, RULE)
    assert raised.value.key == key
    assert all("I7" in raised.value.text(language) for language in ("zh-CN", "en"))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("from_days = 15", "from_days = 7", "credit_use.level_days"),
        ("from_fen = 50000\n", "from_fen = 9999\n", "credit_use.level_amount"),
        ("from_days = 1\n", "from_days = 0\n", "classification.limit"),
        ("interval_days = 5", "interval_days = 0", "classification.limit"),
        ('action = "visit"', 'action = "shout"', "classification.wrong_entry"),
        ("promises = 2\n", "", "classification.missing_entry"),
        ('action = "visit"', 'action = "call"', "credit_use.level_action"),
        ("from_days = 90", "from_days = 9999999999", "classification.limit"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / dunning.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, DunningRule)
    assert raised.value.key == key
    assert all(dunning.FILE in raised.value.text(language) for language in ("zh-CN", "en"))


def test_actions_and_pauses_have_names() -> None:
    for language in ("zh-CN", "en"):
        assert len({text(f"credit_use.action.{name}", language) for name in dunning.ACTIONS}) == len(dunning.ACTIONS)
        assert len({text(f"credit_use.pause.{name}", language) for name in dunning.PAUSES}) == len(dunning.PAUSES)
