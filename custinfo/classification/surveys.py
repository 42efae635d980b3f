"""Surveys by rule: which are regular (R81), when somebody is reminded, how long a question takes (R72)."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Many, Part, Rule

FILE = "surveys.toml"


class Regular(Part):
    """A survey that is carried out regularly: a study of the `form` is begun within `months` of the last one."""

    form: rules.Text
    months: Annotated[int, Field(ge=1, le=60)]


class Seconds(Part):
    """How long a question takes to answer by its kind: one `choice`, several `choices`, or `words` and numbers."""

    choice: Annotated[int, Field(ge=1, le=600)]
    choices: Annotated[int, Field(ge=1, le=600)]
    words: Annotated[int, Field(ge=1, le=600)]


class SurveysRule(Rule):
    """One version: reminders `after_days` days without an answer, regular surveys told `notice_days` ahead."""

    after_days: Annotated[int, Field(ge=1, le=90)]
    notice_days: Annotated[int, Field(ge=0, le=365)]
    seconds: Seconds
    regular: Many[Regular]

    def minutes(self, kinds: list[str]) -> float:
        """How long a form takes whose questions have controls of these kinds, in minutes with one decimal."""
        each = {"select1": self.seconds.choice, "select": self.seconds.choices, "rank": self.seconds.choices}
        return round(sum(each.get(kind, self.seconds.words) for kind in kinds) / 60, 1)


def rule(on: date, folder: Path = rules.FOLDER) -> SurveysRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, SurveysRule, folder)
