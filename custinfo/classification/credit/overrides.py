"""Overrides of a credit grade: whether one is in order, and what the grade is on a day.

1. An override is about one assessment; a new assessment starts without it. It has a reason, is proposed by one
   person and approved by another who neither rated nor proposed, and ends: its last day is within the days of the
   grades' rule. Both persons are named; upper and lower case, and spaces around a name, make no other person.
2. Upwards it goes as many notches as the rule allows, and never above the ceiling that caps have set. Downwards it
   may go any number of notches: who learns of something bad need not wait for a rule.
3. An assessment without a grade has nothing to move.
4. Of several that are in force on a day the one approved last counts; of those of the same day the worst grade.

`rule` is the version of the grades by which the assessment was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from custinfo.classification.credit.grades import GradesRule
from custinfo.domain.errors import BadInput, CustinfoError, NotAllowed


@dataclass(frozen=True)
class Assessment:
    """What is overridden: a grade (None when there was too little information), its ceiling, and who rated."""

    assessment_id: str
    grade: str | None
    ceiling: str | None
    raters: frozenset[str]


@dataclass(frozen=True)
class Override:
    """A grade set by people. In force from the day of approval to `last_day`, both included; without `approved_by` and
    `approved_on` it is a proposal.
    """

    assessment_id: str
    grade: str
    reason: str
    proposed_by: str
    proposed_on: date
    last_day: date
    approved_by: str | None = None
    approved_on: date | None = None


@dataclass(frozen=True)
class GradeOn:
    """The grade on a day: of the assessment, or of the override that counts."""

    grade: str | None
    override: Override | None
    rule_version: int


def faults(override: Override, assessment: Assessment, rule: GradesRule) -> tuple[CustinfoError, ...]:
    """Everything that is not in order about a proposal, or an approved override; none when all is."""
    return (*_faults_of_grade(override, assessment, rule), *_faults_of_people(override, assessment, rule))


def check(override: Override, assessment: Assessment, rule: GradesRule) -> None:
    """Raises BadInput or NotAllowed with the first fault of a proposal or an approved override."""
    for fault in faults(override, assessment, rule):
        raise fault


def grade_on(day: date, assessment: Assessment, overrides: Sequence[Override], rule: GradesRule) -> GradeOn:
    """The grade on a day, with the override that counts. Proposals, overrides of other assessments, those not yet
    approved or past their last day, and those not in order by `rule` do not count.
    """
    in_force = [
        override
        for override in overrides
        if override.assessment_id == assessment.assessment_id
        and override.approved_on is not None
        and override.approved_on <= day <= override.last_day
        and not faults(override, assessment, rule)
    ]
    if not in_force:
        return GradeOn(assessment.grade, None, rule.version)

    def weight(override: Override) -> tuple[date, int, date, date, str, str]:
        # What decides, then the rest: the same one is named whatever order they come in
        approved_on = override.approved_on or date.min
        rest = (override.proposed_on, override.last_day, override.proposed_by, override.reason)
        return (approved_on, rule.rank(override.grade), *rest)

    counts = max(in_force, key=weight)
    return GradeOn(counts.grade, counts, rule.version)


def _faults_of_grade(override: Override, assessment: Assessment, rule: GradesRule) -> list[CustinfoError]:
    if assessment.grade is None:
        return [BadInput("credit_scorecards.override.no_grade")]
    for grade in (override.grade, assessment.grade):
        if grade not in rule.order:
            return [BadInput("credit_scorecards.grades.unknown", grade=grade, known=", ".join(rule.order))]
    if override.grade == assessment.grade:
        return [BadInput("credit_scorecards.override.same", grade=override.grade)]
    found: list[CustinfoError] = []
    notches = rule.rank(assessment.grade) - rule.rank(override.grade)
    if notches > rule.override.notches:
        found.append(BadInput("credit_scorecards.override.notches", notches=notches, most=rule.override.notches))
    ceiling = assessment.ceiling
    if ceiling is not None and rule.rank(override.grade) < rule.rank(ceiling):
        found.append(BadInput("credit_scorecards.override.ceiling", grade=override.grade, ceiling=ceiling))
    return found


def _faults_of_people(override: Override, assessment: Assessment, rule: GradesRule) -> list[CustinfoError]:
    found: list[CustinfoError] = []
    if override.assessment_id != assessment.assessment_id:
        found.append(BadInput("credit_scorecards.override.other_assessment"))
    if not override.reason.strip():
        found.append(BadInput("credit_scorecards.override.no_reason"))
    if not _person(override.proposed_by):
        found.append(BadInput("credit_scorecards.override.no_proposer"))
    days = (override.last_day - (override.approved_on or override.proposed_on)).days
    if not 0 <= days <= rule.override.days:
        facts = {"last_day": override.last_day, "most": rule.override.days}
        found.append(BadInput("credit_scorecards.override.last_day", **facts))
    if (override.approved_by is None) != (override.approved_on is None):
        found.append(BadInput("credit_scorecards.override.half_approved"))
    if override.approved_on is not None and override.approved_on < override.proposed_on:
        found.append(BadInput("credit_scorecards.override.approved_before", approved=override.approved_on))
    return [*found, *_faults_of_approver(override, assessment)]


def _faults_of_approver(override: Override, assessment: Assessment) -> list[CustinfoError]:
    if override.approved_by is None:
        return []
    approver = _person(override.approved_by)
    if not approver:
        return [BadInput("credit_scorecards.override.no_approver")]
    if approver in {_person(name) for name in (override.proposed_by, *assessment.raters)}:
        return [NotAllowed("credit_scorecards.override.second_person")]
    return []


def _person(name: str) -> str:
    return name.strip().casefold()
