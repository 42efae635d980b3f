"""The rule of checkpoints within a month (R123): by which day how many percent of its target are to be sold."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule

FILE = "sales_checkpoints.toml"


class Checkpoint(Part):
    """Up to and with `day` of the month `percent` of its target."""

    day: Annotated[int, Field(ge=1, le=31)]
    percent: Annotated[int, Field(gt=0, le=100)]


class SalesCheckpointsRule(Rule):
    """One version."""

    checkpoint: Many[Checkpoint]

    def check(self) -> None:
        """Raises Fault unless days and shares rise, and the last day of every month has all of the target."""
        for before, after in pairwise(self.checkpoint):
            if before.day >= after.day or before.percent >= after.percent:
                raise Fault("sales_control.rule.rising", day=after.day)
        if (self.checkpoint[-1].day, self.checkpoint[-1].percent) != (31, 100):
            raise Fault("sales_control.rule.whole")


def rule(on: date, folder: Path = rules.FOLDER) -> SalesCheckpointsRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, SalesCheckpointsRule, folder)
