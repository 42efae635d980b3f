"""By when a customer's demand goes on (R62): a day for each stage that something has to follow.

The stages are those of the machine `domain.machines.DEMAND`. One that only leads to being taken up again is an end:
nothing is due there.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain import machines

FILE = "demand_stages.toml"
TAKE_UP = "take_up"
OPEN = tuple(stage for stage, steps in machines.DEMAND.items() if stage and set(steps) != {TAKE_UP})
"""The stages of a demand that waits for a next step, in the order of the machine."""


class Stage(Part):
    """A stage: within so many days of the last step the next is due."""

    name: Text
    days: Annotated[int, Field(ge=0, le=366)]


class DemandStagesRule(Rule):
    """One version: the deadline of every open stage, in the order of the machine."""

    stage: Many[Stage]

    def check(self) -> None:
        """Raises Fault unless exactly the open stages are there, in their order."""
        if tuple(stage.name for stage in self.stage) != OPEN:
            raise Fault("demand_steps.rule_stages", expected=", ".join(OPEN))


def rule(on: date, folder: Path = rules.FOLDER) -> DemandStagesRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, DemandStagesRule, folder)


def due_on(stage: str, since: date, planned: date | None, rule: DemandStagesRule) -> date | None:
    """By when a demand in `stage` goes on, whose last step was on the day `since`; None where nothing has to follow.

    `planned` is the day that people set themselves: it counts where it is the earlier one.
    """
    days = {one.name: one.days for one in rule.stage}.get(stage)
    if days is None:
        return None
    latest = since + timedelta(days=days)
    return latest if planned is None else min(latest, planned)
