"""Who follows a customer whom several people claim (R103): a decision on facts, with the reason for each of them.

1. Whose the customer is by assignment, when they were active within `active_days`.
2. Otherwise whoever else was active within `active_days`.
3. Otherwise, nobody having been active, whose it is by assignment.
4. Otherwise whoever has recorded it.

Among several of the same standing the first to record the customer follows it (who has not comes last), among those the
last to have been active. Claims equal even then are not decided here: a supervisor hands the customer to one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Rule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

FILE = "claims.toml"


class ClaimsRule(Rule):
    """One version: for so many days after the last contact a claim is an active one."""

    active_days: Annotated[int, Field(gt=0, le=3660)]


def rule(on: date, folder: Path = rules.FOLDER) -> ClaimsRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, ClaimsRule, folder)


class Standing(IntEnum):
    """What a claim rests on, the strongest first."""

    ASSIGNED_ACTIVE = 1
    ACTIVE = 2
    ASSIGNED = 3
    RECORDED = 4


@dataclass(frozen=True)
class Claim:
    """One person's claim: when they recorded the customer first (with a zone), whether it is assigned to them, and the
    day of their last contact with it. What there was not is None.
    """

    person_id: str
    recorded_at: datetime | None = None
    assigned: bool = False
    active_on: date | None = None


@dataclass(frozen=True)
class Ground:
    """Why a claimant follows the customer, or does not: the name of a reason."""

    person_id: str
    standing: Standing
    reason: str

    def label(self, language: str) -> str:
        """The reason in words."""
        return text(f"horizontal.claims.{self.reason}", language)


@dataclass(frozen=True)
class Decision:
    """Who follows the customer (None: a supervisor decides) and the ground for each claimant, the strongest first."""

    person_id: str | None
    grounds: tuple[Ground, ...]
    rule_version: int


def decide(claims: Sequence[Claim], on: date, rule: ClaimsRule) -> Decision:
    """Who follows the customer on the day `on`; the order of the claims does not matter.

    A claim that rests on nothing (not assigned, not active, not recorded) is no claim and is left out; without any,
    nobody follows the customer. A contact exactly `active_days` ago is active still. Raises BadInput for a person named
    twice, for two people to whom the customer is assigned, and for a contact after `on`.
    """
    _check(claims, on)
    standing = {claim.person_id: _standing(claim, on, rule) for claim in claims}
    ranked = sorted(
        ((_rank(claim, found), claim.person_id) for claim in claims if (found := standing[claim.person_id])),
    )
    if not ranked:
        return Decision(None, (), rule.version)
    best = ranked[0][0]
    tied = [person for rank, person in ranked if rank == best]
    winner = tied[0] if len(tied) == 1 else None
    grounds = [(person, Standing(rank[0]), _reason(rank, best, winner == person)) for rank, person in ranked]
    return Decision(winner, tuple(Ground(*ground) for ground in grounds), rule.version)


_Rank = tuple[int, bool, datetime, int]
_NEVER = datetime.max.replace(tzinfo=UTC)


def _rank(claim: Claim, standing: Standing) -> _Rank:
    """Smaller is stronger."""
    active = claim.active_on.toordinal() if claim.active_on else 0
    return (standing, claim.recorded_at is None, claim.recorded_at or _NEVER, -active)


def _standing(claim: Claim, on: date, rule: ClaimsRule) -> Standing | None:
    active = claim.active_on is not None and claim.active_on >= on - timedelta(days=rule.active_days)
    if active:
        return Standing.ASSIGNED_ACTIVE if claim.assigned else Standing.ACTIVE
    if claim.assigned:
        return Standing.ASSIGNED
    return Standing.RECORDED if claim.recorded_at else None


def _reason(rank: _Rank, best: _Rank, follows: bool) -> str:
    if follows:
        return f"follows_{Standing(rank[0]).name.lower()}"
    if rank == best:
        return "tie"
    if rank[0] != best[0]:
        return f"weaker_than_{Standing(best[0]).name.lower()}"
    return "recorded_later" if rank[1:3] != best[1:3] else "active_earlier"


def _check(claims: Sequence[Claim], on: date) -> None:
    people = [claim.person_id for claim in claims]
    twice = next((person for person in people if people.count(person) > 1), None)
    if twice is not None:
        raise BadInput("horizontal.claims.twice", person=twice)
    if sum(claim.assigned for claim in claims) > 1:
        raise BadInput("horizontal.claims.assigned_twice")
    ahead = next((claim for claim in claims if claim.active_on is not None and claim.active_on > on), None)
    if ahead is not None:
        raise BadInput("horizontal.claims.ahead", person=ahead.person_id, day=ahead.active_on, on=on)
