"""The financial statements that a customer's records accumulate (form `financial_statement`, R168).

A record is one or both statements of one period. A correction is a new version of the record, so what was said before
stays; of several records about the same period each part counts as it was filed last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from custinfo.access import visibility
from custinfo.actions import assignments, credit_access, credit_records
from custinfo.actions.credit_records import Filed
from custinfo.actions.delegations import today
from custinfo.classification.credit import financial_statements
from custinfo.classification.credit.early_warning import Ratio, Statement
from custinfo.classification.credit.financial_statements import BALANCE, INCOME, Part, Reported
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.periods import Quarter, Year
from custinfo.domain.sensitivity import Level
from custinfo.store import Store

FORM = credit_records.STATEMENT
PARTS = {"balance": BALANCE, "income": INCOME}


@dataclass(frozen=True)
class Behind:
    """A record behind a period: which, in how many versions, from where, whether audited (codes of the form)."""

    record_id: str
    version: int
    source: str
    audited: str


@dataclass(frozen=True)
class Series:
    """A customer's statements by period, the earliest first, each with its ratios (or why there are none) and the
    records behind it.
    """

    periods: tuple[tuple[Reported, Mapping[str, Ratio] | BadInput], ...]
    behind: Mapping[str, tuple[Behind, ...]]


def series(store: Store, actor: Person, customer_id: str) -> Series:
    """What is known today of a customer's years and quarters, of what the actor is cleared for. Raises NotAllowed, and
    NotFound out of scope. Audited.
    """
    credit_access.check(actor)
    assignments.check_in_scope(store, actor, customer_id)
    records = credit_records.filed(store, FORM, customer_id, secret=visibility.sees(actor, Level.SECRET))
    if records:  # that there are none tells nothing
        with store.act(actor.person_id, "credit.read", "customer", customer_id) as tx:
            tx.note(form=FORM)
    day, behind = today(store), dict[str, tuple[Behind, ...]]()
    for one in records:
        if (period := _period(one)) is not None and _counts(one, day):
            head = one.values["statement"]
            told = Behind(one.record_id, one.version, head.get("source", ""), head.get("audited", ""))
            behind[str(period)] = (*behind.get(str(period), ()), told)
    return Series(financial_statements.with_ratios(reported(records, day)), behind)


def reported(records: Sequence[Filed], day: date) -> tuple[Reported, ...]:
    """The periods that records of the form give, of what had been obtained by `day`; `records` have the one recorded
    last in front.
    """
    return financial_statements.reported([part for one in records if _counts(one, day) for part in _parts(one)])


def yearly(surveys: Sequence[Filed], records: Sequence[Filed], day: date) -> tuple[Statement, ...]:
    """The last years in a row, the earliest first: of statements, else of the newest credit survey."""
    told = credit_records.survey_years(surveys, day)
    return financial_statements.last_in_a_row(financial_statements.years(reported(records, day), told))


def _counts(one: Filed, day: date) -> bool:
    obtained = one.values.get("statement", {}).get("obtained_on", "")
    return bool(obtained) and date.fromisoformat(obtained[:10]) <= day


def _period(one: Filed) -> Year | Quarter | None:
    head = one.values.get("statement", {})
    if not head.get("year"):
        return None
    if head.get("period_kind") == "quarter":
        return Quarter(int(head["year"]), int(head["quarter"])) if head.get("quarter") else None
    return Year(int(head["year"]))


def _parts(one: Filed) -> Iterator[Part]:
    period = _period(one)
    if period is None:
        return
    for group, names in PARTS.items():
        given = one.values.get(group, {})
        if any(given.get(name) for name in names):
            figures = {name: money.fen(given[name]) if given.get(name) else None for name in names}
            yield Part(period, names, figures)
