"""Levels of intention: the rule that they stand in, what the A-card has of it, and which rules are refused."""

from datetime import date
from pathlib import Path

import pytest

from custinfo.actions import rule_lists
from custinfo.classification import intention_levels
from custinfo.classification.intention_levels import IntentionRule
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = intention_levels.rule(ON)
FORM = Path(__file__).parents[2] / "forms" / "intention_card.md"


def test_the_a_card_offers_the_levels_of_the_rule_and_has_none_of_its_own() -> None:
    name = "intention_level.csv"
    rows = [tuple(line.split(",")) for line in dict(rule_lists.of_day(ON))[name].decode().splitlines()[1:]]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("O", "0", ""), ("H", "7", "7"), ("A", "15", "15"), ("B", "30", "30"), ("C", "90", ""),
    ]  # fmt: skip
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
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(tmp_path: Path, changes: list[tuple[str, str]], key: str) -> None:
    assert refused(tmp_path, intention_levels.FILE, IntentionRule, *changes) == f"horizontal.intention.{key}"


def test_who_has_ordered_may_be_called_less_often() -> None:
    ordered = RULE.level[0].model_copy(update={"contact_days": 30})
    RULE.model_copy(update={"level": (ordered, *RULE.level[1:])}).check()
