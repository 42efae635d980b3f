"""Two customers side by side, as far as the person who compares them may see their cards."""

from dataclasses import dataclass

from custinfo.access import permissions
from custinfo.actions import assignments, customers, duplicates, entities
from custinfo.actions.customers import Shown
from custinfo.actions.duplicates import Pair
from custinfo.domain import masking
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store


@dataclass(frozen=True)
class Compared:
    """A question that at least one of the two cards answers; what is of level 1 is masked. `differs`: not the same."""

    ref: str
    label: str
    low: str
    high: str
    differs: bool


@dataclass(frozen=True)
class SideBySide:
    """The two cards of a pair. `same_form`: they are cards of one kind, so that the two can be merged."""

    pair: Pair
    rows: list[Compared]
    same_form: bool


def side_by_side(store: Store, actor: Person, low_id: str, high_id: str, language: str) -> SideBySide:
    """A pair that waits, with both cards; that they were read is on the audit log. Raises NotFound, NotAllowed."""
    permissions.check(actor, "customer.read")
    pair = duplicates.pair_of(store, actor, low_id, high_id)
    told = [_shown(store, actor, one.entity_id, language) for one in (pair.low, pair.high)]
    refs = {**dict.fromkeys(told[0]), **dict.fromkeys(told[1])}
    rows = [_row(ref, told[0].get(ref), told[1].get(ref)) for ref in refs]
    return SideBySide(pair, rows, pair.low.form_id == pair.high.form_id)


def _shown(store: Store, actor: Person, customer_id: str, language: str) -> dict[str, tuple[Shown, str]]:
    """The answered questions that the actor may see, each with its text as it is shown."""
    assignments.check_in_scope(store, actor, customer_id)
    current = entities.current(store, customer_id)
    with store.act(actor.person_id, "customer.read", "customer", customer_id, why="duplicate"):
        pass
    secret = current["level"] == Level.SECRET
    return {
        field.ref: (field, masking.masked(field.text) if secret or field.masked else field.text)
        for section in customers.plain_sections(store, actor, current, language)
        for field in section.fields
    }


def _row(ref: str, low: tuple[Shown, str] | None, high: tuple[Shown, str] | None) -> Compared:
    either = low or high
    assert either is not None
    plain = [one[0].text if one else "" for one in (low, high)]
    first, second = (one[1] if one else "" for one in (low, high))
    return Compared(ref, either[0].label, first, second, plain[0] != plain[1])
