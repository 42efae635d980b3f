"""When late reports count as repeatedly late (R161): so many of one department or person within so many months."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Rule
from custinfo.domain.periods import months_before

FILE = "late_reports.toml"


class LateReportsRule(Rule):
    """One version: `times` late reports that were due within `months` are repeated lateness."""

    times: Annotated[int, Field(ge=2, le=100)]
    months: Annotated[int, Field(ge=1, le=120)]


def rule(on: date, folder: Path = rules.FOLDER) -> LateReportsRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, LateReportsRule, folder)


def repeated(days: Sequence[date], rule: LateReportsRule) -> tuple[int, ...]:
    """Which of the late reports of one who answers make up a repetition that has just come to be; empty when none has.

    `days` are those on which they were due, oldest first, of the ones that no earlier repetition counted. The newest
    and those before it within the rule's months count: a day exactly so many months before the newest is outside. Of
    equal days the later in the sequence is the newer. Gives their places.
    """
    if not days:
        return ()
    since = months_before(days[-1], rule.months)
    within = tuple(place for place, day in enumerate(days) if day > since)
    return within if len(within) >= rule.times else ()
