"""The rule of the levels of intention (R102): which there are, and by when a customer of each is called again.

`data/rules/intention.toml` is the one place where they stand: the A-card offers its levels with their days, says which
goes with the day on which the customer expects to order, and the due list asks it by when somebody is called.
"""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Part, Rule, Text

FILE = "intention.toml"


class Level(Part):
    """A level: `orders_within` so many days (none for who has ordered, nor for the last, which takes all the rest)."""

    name: Text
    zh: Text
    en: Text
    orders_within: Annotated[int, Field(gt=0)] | None = None
    contact_days: Annotated[int, Field(ge=0, le=366)]


class IntentionRule(Rule):
    """One version. The first level is that of who has ordered; the others go from the nearest order to the farthest."""

    undecided_contact_days: Annotated[int, Field(ge=0, le=366)]
    level: Annotated[tuple[Level, ...], Field(strict=False, min_length=3)]

    def check(self) -> None:
        """Raises Fault unless, from level to level after the first, the days to the order rise and those to the contact
        do not fall, and every one but the last has an end.
        """
        ordered, *between, last = self.level
        ends = [one.orders_within for one in between]
        if ordered.orders_within is not None or last.orders_within is not None or None in ends:
            raise Fault("horizontal.intention.ends")
        if any(near >= far for near, far in pairwise([end for end in ends if end is not None])):
            raise Fault("horizontal.intention.order")
        if any(near.contact_days > far.contact_days for near, far in pairwise(self.level[1:])):
            raise Fault("horizontal.intention.contact")
        if len({one.name for one in self.level}) < len(self.level):
            raise Fault("horizontal.intention.names")


def rule(on: date, folder: Path = rules.FOLDER) -> IntentionRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, IntentionRule, folder)
