"""The credit archive (信用档案) of a customer: who they are by their card, how they deal and pay.

Figures that the scorecards have a measure for stand with the rating that the anchors give them; raters see it and rate
for themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from custinfo.actions import customers, entities, sealing
from custinfo.actions.credit_views import AccountView, Standing
from custinfo.actions.customers import Shown
from custinfo.classification.credit import scorecards
from custinfo.classification.credit.scorecards import Measure
from custinfo.domain import masking
from custinfo.domain.clock import stamp
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store

QUESTIONS = (
    "name", "kind", "ownership", "enterprise_type", "legal_representative", "principal", "credit_code",
    "registered_capital", "registration_qualification", "established_on", "address", "registered_address", "phone",
    "fax",
)  # fmt: skip
"""What of the card belongs to the archive, in this order: questions of the cards of customers, by name."""
INDICATORS = ("paid_in_time", "dealing_frequency", "debt_ratio", "liquidity", "years_in_business")
"""Indicators whose figures the program knows itself."""


@dataclass(frozen=True)
class Rated:
    """A figure with what the anchors make of it: `figure` in units of the indicator's measure, `rating` 1 to 5."""

    indicator: str
    figure: int
    rating: int


@dataclass(frozen=True)
class Archive:
    """What the card says, masked where the reader is to ask for it (`Shown.masked`), and the rated figures."""

    card: tuple[Shown, ...]
    rated: tuple[Rated, ...]


def find(
    store: Store, actor: Person, standing: Standing, language: str, as_of: datetime | None = None
) -> Archive:  # fmt: skip
    """The archive of the customer of a standing, for who may read that: the card as known at `as_of`, or now."""
    row = store.row(
        "SELECT entity_version.*, said.level FROM entity_version LEFT JOIN record_now_level AS said USING (record_id) "
        "WHERE entity_id = ? AND recorded_at <= ? ORDER BY version DESC LIMIT 1",
        [standing.customer_id, stamp(as_of) if as_of else "9999"],
    )
    if row is None:
        return Archive((), _rated(standing, None))
    version = entities.as_card(store, sealing.opened_entity(store, row))
    sections = customers.plain_sections(store, actor, version, language)
    answers = {one.ref.rpartition("/")[2]: one for section in sections for one in section.fields if "[" not in one.ref}
    founded = answers.get("established_on")
    rated = _rated(standing, date.fromisoformat(founded.text[:10]) if founded else None)
    card = (answers[name] for name in QUESTIONS if name in answers)
    return Archive(tuple(_masked(one, row["level"] == Level.SECRET) for one in card), rated)


def _masked(one: Shown, whole: bool) -> Shown:
    return replace(one, text=masking.masked(one.text), kind="text", masked=True) if one.masked or whole else one


def _rated(standing: Standing, founded: date | None) -> tuple[Rated, ...]:
    known = scorecards.indicators(standing.day)
    figures = dict(_figures(standing, founded))
    found = []
    for code in INDICATORS:
        measure = known[code].measure if code in known else None
        if measure is not None and code in figures:
            figure = _whole(figures[code], measure)
            found.append(Rated(code, figure, measure.rating(figure)))
    return tuple(found)


def _whole(figure: Fraction, measure: Measure) -> int:
    """A figure that does not quite reach a cut stays on the worse side of it."""
    return figure.__floor__() if measure.rising else figure.__ceil__()


def _figures(standing: Standing, founded: date | None) -> Iterator[tuple[str, Fraction]]:
    """The figures that are known, in the units of their measures."""
    account: AccountView | None = standing.account
    if account is not None:
        yield "dealing_frequency", Fraction(account.months_bought)
        if account.due_fen:
            yield "paid_in_time", Fraction(account.in_time_fen * 10_000, account.due_fen)
    for code, ratio, units in (("debt_ratio", "debt_ratio", 10_000), ("liquidity", "current_ratio", 100)):
        known = standing.ratios.get(ratio)
        if known is not None and known.value is not None:
            yield code, known.value * units
    if founded is not None and founded <= standing.day:
        day = standing.day
        not_yet = (day.month, day.day) < (founded.month, founded.day)
        yield "years_in_business", Fraction(day.year - founded.year - not_yet)
