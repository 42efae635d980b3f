"""How people evaluate a customer (form `customer_evaluation`, R166): who rated what, and what it comes to together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, credit_records
from custinfo.actions.credit_rating_form import NO_INFORMATION
from custinfo.actions.credit_records import Filed
from custinfo.actions.delegations import today
from custinfo.actions.evaluation_form import FORM, HEAD_GROUP
from custinfo.classification import evaluation
from custinfo.classification.credit import raters
from custinfo.classification.credit.raters import Difference
from custinfo.classification.evaluation import Card, Evaluated
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store

TOGETHER = timedelta(days=180)
"""Two people's ratings are of one evaluation when they lie no further apart."""


@dataclass(frozen=True)
class Rated:
    """What one person said last: `ratings` by item, None for "no information"."""

    record_id: str
    version: int
    person_id: str
    name: str
    rated_on: date
    ratings: Mapping[str, int | None]


@dataclass(frozen=True)
class Evaluation:
    """An evaluation: by whom, and what it comes to; None while ratings are `apart` and have to be talked over. `before`
    is what it came to a year earlier, None without one.
    """

    card: Card
    rated: tuple[Rated, ...]
    found: Evaluated | None
    apart: tuple[Difference[str], ...]
    before: Evaluated | None

    @property
    def on(self) -> date:
        """The day of the newest rating."""
        return max(one.rated_on for one in self.rated)


def may(actor: Person) -> bool:
    """Whether somebody may read evaluations: they are of level 2."""
    return permissions.may(actor, "record.read") and visibility.sees(actor, Level.INTERNAL)


def read(store: Store, actor: Person, customer_id: str) -> Evaluation | None:
    """The evaluation of a customer as it counts today, of what the actor is cleared for; None where nobody evaluated.
    Audited. Raises NotAllowed without the permission `record.read` or clearance for level 2, NotFound out of scope.
    """
    permissions.check(actor, "record.read")
    if not may(actor):
        raise NotAllowed("evaluation.not_cleared")
    assignments.check_in_scope(store, actor, customer_id)
    records = credit_records.filed(store, FORM, customer_id, secret=visibility.sees(actor, Level.SECRET))
    if records:  # that there are none tells nothing
        with store.act(actor.person_id, "customer.evaluation", "customer", customer_id):
            pass
    return of(records, today(store))


def of(records: Sequence[Filed], day: date) -> Evaluation | None:
    """What records of the form, the one recorded last in front, come to on a day."""
    found = _counts(records, day)
    if not found:
        return None
    card = evaluation.card(found[0].rated_on)
    given = [_of_card(one, card) for one in found]
    apart = raters.to_talk_over(given[0], given[-1])
    year_ago = _counts(records, max(one.rated_on for one in found) - timedelta(days=365))
    return Evaluation(card, found, None if apart else evaluation.evaluate(card, given), apart, _earlier(year_ago))


def _earlier(rated: tuple[Rated, ...]) -> Evaluated | None:
    if not rated:
        return None
    card = evaluation.card(rated[0].rated_on)
    given = [_of_card(one, card) for one in rated]
    return None if raters.to_talk_over(given[0], given[-1]) else evaluation.evaluate(card, given)


def _of_card(one: Rated, card: Card) -> Mapping[str, int | None]:
    return {code: rating for code, rating in one.ratings.items() if code in card.items}


def _counts(records: Sequence[Filed], day: date) -> tuple[Rated, ...]:
    """The newest person's ratings up to a day, and those of one more person from about the same time. A record that
    several people wrote at is nobody's own.
    """
    by_person: dict[str, Rated] = {}
    for record in records:
        one = _rated(record)
        if one is not None and one.rated_on <= day and not record.several_hands:
            known = by_person.get(one.person_id)
            if known is None or one.rated_on > known.rated_on:
                by_person[one.person_id] = one
    newest = sorted(by_person.values(), key=lambda one: one.rated_on, reverse=True)
    return tuple(one for one in newest[:2] if newest[0].rated_on - one.rated_on <= TOGETHER)


def rated_on(record: Filed) -> date | None:
    """The day that a record of the form rates."""
    given = record.values.get(HEAD_GROUP, {}).get("rated_on", "")
    return date.fromisoformat(given[:10]) if given else None


def _rated(record: Filed) -> Rated | None:
    day = rated_on(record)
    if day is None:
        return None
    said = {
        code: group.get(f"{code}_rating", "") for code, group in record.values.items() if isinstance(group, Mapping)
    }
    ratings = {code: None if one == NO_INFORMATION else int(one) for code, one in said.items() if one}
    return Rated(
        record.record_id, record.version, record.person_id, record.name, day, ratings
    )  # fmt: skip
