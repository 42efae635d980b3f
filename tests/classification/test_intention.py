"""Levels of intention: which it is, by when to call again, and agreement with the A-card."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.actions import rule_lists
from custinfo.classification import intention
from custinfo.classification.intention import IntentionRule
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = intention.rule(ON)
FORM = Path(__file__).parents[2] / "forms" / "intention_card.md"

Followed = tuple[str, date | None, bool]


def after(days: int) -> date:
    return ON + timedelta(days=days)


def judged(demands: list[tuple[str | None, bool | None, date | None]]) -> list[str]:
    rows = [(f"d{place:03}", *demand) for place, demand in enumerate(demands)]
    schema = {"demand_key": "string", "outcome": "string", "ordered": "boolean", "expected_on": "date"}
    table = intention.judge(ibis.memtable(rows, schema=schema), ON, RULE).to_pyarrow().sort_by("demand_key")
    assert table["demand_key"].to_pylist() == [key for key, *_ in rows]
    assert set(table["rule_version"].to_pylist()) <= {RULE.version}
    return [str(level) for level in table["level"].to_pylist()]


def followed(demands: list[tuple[str | None, str | None, date | None]]) -> list[Followed]:
    rows = [(f"d{place:03}", *demand) for place, demand in enumerate(demands)]
    schema = {"demand_key": "string", "outcome": "string", "level": "string", "last_contact_on": "date"}
    table = intention.follow_up(ibis.memtable(rows, schema=schema), ON, RULE).to_pyarrow().sort_by("demand_key")
    assert table["demand_key"].to_pylist() == [key for key, *_ in rows]
    return [(row["level"], row["contact_by"], row["overdue"]) for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("outcome", "ordered", "expected_on", "level"),
    [
        ("open", True, None, "O"),
        ("open", True, after(90), "O"),
        ("open", False, after(-3), "H"),
        ("open", False, ON, "H"),
        ("open", False, after(7), "H"),
        ("open", False, after(8), "A"),
        ("open", False, after(15), "A"),
        ("open", False, after(16), "B"),
        (None, None, after(30), "B"),
        ("open", False, after(31), "C"),
        ("open", False, after(3000), "C"),
        ("open", False, None, "undecided"),
        ("open", None, None, "undecided"),
        ("sold", True, ON, "closed"),
        ("lost", None, None, "closed"),
    ],
)
def test_the_level(outcome: str | None, ordered: bool | None, expected_on: date | None, level: str) -> None:
    assert judged([(outcome, ordered, expected_on)]) == [level]


def test_the_next_contact() -> None:
    assert followed(
        [
            ("open", "O", ON),
            ("open", "O", after(-1)),
            ("open", "H", after(-7)),
            ("open", "H", after(-8)),
            ("open", "A", date(2026, 10, 20)),
            ("open", "B", date(2026, 10, 1)),
            ("open", "C", date(2024, 2, 28)),
            ("open", "Z", after(-7)),
            (None, None, after(-8)),
            ("open", "H", None),
            ("sold", "H", date(2020, 1, 1)),
            ("lost", None, None),
        ]
    ) == [
        ("O", ON, False),
        ("O", after(-1), True),
        ("H", ON, False),
        ("H", after(-1), True),
        ("A", date(2026, 11, 4), False),
        ("B", ON, False),
        ("C", date(2024, 5, 28), True),
        ("undecided", ON, False),
        ("undecided", after(-1), True),
        ("H", ON, False),
        ("closed", None, False),
        ("closed", None, False),
    ]


outcomes = st.sampled_from([None, "open", "sold", "lost"])


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(outcomes, st.booleans() | st.none(), st.none() | st.integers(-30, 200).map(after))))
def test_exactly_one_level_and_a_day_for_each_that_is_open(
    demands: list[tuple[str | None, bool | None, date | None]],
) -> None:
    levels = judged(demands)
    assert len(levels) == len(demands)
    assert set(levels) <= {*"OHABC", "undecided", "closed"}
    due = followed([(outcome, level, after(-9)) for (outcome, *_), level in zip(demands, levels, strict=True)])
    assert [level for level, *_ in due] == levels
    assert [day is None for _, day, _ in due] == [outcome in ("sold", "lost") for outcome, *_ in demands]


def test_a_nearer_order_is_never_called_later() -> None:
    days = {one.name: one.contact_days for one in RULE.level}
    spans = [days[level] for level in judged([("open", False, after(ahead)) for ahead in range(0, 120, 5)])]
    assert spans == sorted(spans)


def test_the_a_card_offers_the_levels_of_the_rule_and_has_none_of_its_own() -> None:
    name = "intention_level.csv"
    rows = [tuple(line.split(",")) for line in dict(rule_lists.of_day(ON))[name].decode().splitlines()[1:]]
    assert [(row[0], int(row[3])) for row in rows] == [(one.name, one.contact_days) for one in RULE.level]
    card = FORM.read_text("utf-8")
    assert f"select_one_from_file {name}" in card
    assert not [line for line in card.splitlines() if line.startswith("| | level |")]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ([("orders_within = 7\n", "")], "ends"),
        ([("contact_days = 90", "contact_days = 90\norders_within = 90")], "ends"),
        ([("orders_within = 15", "orders_within = 7")], "order"),
        ([("contact_days = 15", "contact_days = 6")], "contact"),
        ([('name = "A"', 'name = "H"')], "names"),
        ([('name = "A"', 'name = "closed"')], "names"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(tmp_path: Path, changes: list[tuple[str, str]], key: str) -> None:
    assert refused(tmp_path, intention.FILE, IntentionRule, *changes) == f"horizontal.intention.{key}"


def test_who_has_ordered_may_be_called_less_often() -> None:
    ordered = RULE.level[0].model_copy(update={"contact_days": 30})
    RULE.model_copy(update={"level": (ordered, *RULE.level[1:])}).check()
    for language in LANGUAGES:
        assert text("horizontal.intention.undecided", language) != text("horizontal.intention.closed", language)
