"""Credit grades: points to grade, the order of grades, and the findings that cap a grade whatever the points.

Points are hundredths of the share of full marks: 10000 when every indicator is rated 5, 2000 when every one is rated 1.
A grade begins at its `from_points`, that number included, and ends below the next better one's: since only the lower
ends are written down, every number of points has exactly one grade. Points are compared as exact fractions.
"""

from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.words import Words
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput

STANDINGS = "credit_standing"
FILE = "credit_grades.toml"
FULL = 10000
"""Points when every indicator is rated 5."""


class Grade(Part):
    """A grade: from how many points on, what it means, and the standing (code list `credit_standing`) it answers to."""

    code: Text
    from_points: Annotated[int, Field(ge=0, le=FULL)]
    title: Words
    meaning: Words
    standing: Text


class FindingRule(Part):
    """A fact about a customer that caps the grade whatever the points, such as standing on the courts' list of
    dishonest persons. `at_most` is the best grade left; `fields` are answers of forms that tell it.
    """

    code: Text
    title: Words
    at_most: Text
    fields: Annotated[tuple[Text, ...], Field(strict=False)] = ()


class OverrideRule(Part):
    """How far people may depart from a grade: `notches` upwards at most, for `days` at most."""

    notches: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(gt=0, le=366)]


class GradesRule(Rule):
    """One version of the grades, best first."""

    grade: Many[Grade]
    finding: Annotated[tuple[FindingRule, ...], Field(strict=False)] = ()
    override: OverrideRule

    def check(self) -> None:
        """Raises Fault for a grade or finding named twice, grades that overlap, points without a grade, a finding that
        leads to no grade or to the best one, which is no cap, and a standing that the code list lacks.
        """
        codes = self.order
        for code in (*codes, *(finding.code for finding in self.finding)):
            if (*codes, *(finding.code for finding in self.finding)).count(code) > 1:
                raise Fault("credit_scorecards.grades.twice", code=code)
        for better, worse in pairwise(self.grade):
            if worse.from_points >= better.from_points:
                facts = {"better_from": better.from_points, "worse_from": worse.from_points}
                raise Fault("credit_scorecards.grades.overlap", better=better.code, worse=worse.code, **facts)
        if self.grade[-1].from_points:
            raise Fault("credit_scorecards.grades.hole", worst=codes[-1], points=self.grade[-1].from_points)
        for finding in self.finding:
            if finding.at_most not in codes:
                raise Fault("credit_scorecards.grades.no_such_grade", code=finding.code, grade=finding.at_most)
            if finding.at_most == codes[0]:
                raise Fault("credit_scorecards.grades.no_cap", code=finding.code, grade=finding.at_most)
        listed = {code.code for code in codelists.load(STANDINGS).rows}
        for grade in self.grade:
            if grade.standing not in listed:
                named = {"grade": grade.code, "standing": grade.standing, "codelist": STANDINGS}
                raise Fault("credit_scorecards.grades.standing", **named)

    @property
    def order(self) -> tuple[str, ...]:
        """The codes of the grades, best first."""
        return tuple(grade.code for grade in self.grade)

    def of(self, points: Fraction) -> str:
        """The grade of so many points, 0 to 10000. Raises BadInput for points outside of that."""
        if not 0 <= points <= FULL:
            raise BadInput("credit_scorecards.grades.points", points=float(points), full=FULL)
        return next(grade.code for grade in self.grade if points >= grade.from_points)

    def rank(self, code: str) -> int:
        """0 for the best grade, and one more for each notch below it. Raises BadInput for a grade that there is not."""
        if code not in self.order:
            raise BadInput("credit_scorecards.grades.unknown", grade=code, known=", ".join(self.order))
        return self.order.index(code)

    def worst(self, *codes: str) -> str:
        """The worst of these grades."""
        return max(codes, key=self.rank)


def rule(on: date, folder: Path = rules.FOLDER) -> GradesRule:
    """The grades in force on that day. Raises BadInput when there were none yet."""
    return rules.on(on, FILE, GradesRule, folder)
