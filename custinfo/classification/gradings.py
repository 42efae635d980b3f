"""When a quarter may be graded by itself: so many days after its end, while its data are still on their way."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Rule
from custinfo.domain.periods import Quarter

FILE = "gradings.toml"


class GradingsRule(Rule):
    """One version: `wait_days` whole days are over before a quarter is graded."""

    wait_days: Annotated[int, Field(ge=0, le=90)]


def rule(on: date, folder: Path = rules.FOLDER) -> GradingsRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, GradingsRule, folder)


def first_day(quarter: Quarter, rule: GradingsRule) -> date:
    """The first day on which the quarter may be graded by itself: with 15 days to wait, the 16th after its end."""
    return quarter.last + timedelta(days=rule.wait_days + 1)
