"""Who may decide on a case of approval, as it stands: one rule for the decision, for the lists and for the buttons.

The rule reads plain facts and nothing else, so that its truth table can be gone through whole.
"""

from dataclasses import dataclass

from custinfo.access import visibility
from custinfo.domain.people import Person, Role
from custinfo.domain.procedures import Step
from custinfo.domain.sensitivity import Level

OWN, TWICE, NOT_THEIRS, CLEARANCE, STAND_IN = "own", "twice", "not_theirs", "clearance", "stand_in"


@dataclass(frozen=True)
class Standing:
    """A case at one of its steps. `authors` made or changed what is decided on; `decided` are all who decided in this
    round, and all for whom somebody did; `done` are the roles that decided at this step already.
    """

    step: Step
    level: Level
    department: str
    authors: frozenset[str]
    decided: frozenset[str]
    done: frozenset[Role] = frozenset()


def role_of(standing: Standing, person: Person) -> Role | None:
    """The role in which the person would decide at this step, or None."""
    if standing.step.own_department and person.department != standing.department:
        return None
    return next((role for role in standing.step.still(standing.done) if role in person.roles), None)


def refusal(standing: Standing, person: Person, instead_of: Person | None = None) -> str | None:
    """Why the person may not decide, for themselves or instead of somebody who delegated it; None when they may.

    Of the two, neither may have made what is decided on, and neither may have decided in this round: a delegate may do
    nothing that the delegator may not.
    """
    both = [person] if instead_of is None else [person, instead_of]
    if any(one.person_id in standing.authors for one in both):
        return OWN
    if any(one.person_id in standing.decided for one in both):
        return TWICE
    if role_of(standing, instead_of or person) is None:
        return NOT_THEIRS
    if instead_of is not None and not person.roles & {*standing.step.roles, *standing.step.stand_in}:
        return STAND_IN
    if not all(visibility.sees(one, standing.level) for one in both):
        return CLEARANCE
    return None
