"""What needs attention in a customer's standing, in sentences."""

from collections.abc import Iterator
from datetime import timedelta

from custinfo.actions.credit_views import RaterView, Standing
from custinfo.classification.credit.scorecards import Scorecard
from custinfo.classification.credit.wording import Listed, Named, SpokenBadInput, Yuan
from custinfo.domain.errors import CustinfoError

SOON = timedelta(days=14)
"""What ends within so many days is pointed out."""


def notes(found: Standing, card: Scorecard) -> tuple[CustinfoError, ...]:
    """The sentences, the gravest things first."""
    return (*_of_money(found), *_of_decision(found), *_of_overrides(found), *_of_raters(found, card))


def _of_money(found: Standing) -> Iterator[CustinfoError]:
    if found.account is None:
        yield SpokenBadInput("credit.note.no_lake")
    elif found.over_fen:
        amounts = {"exposure": Yuan(found.account.exposure_fen), "limit": Yuan(found.limit.limit_fen)}
        yield SpokenBadInput("credit.note.over_limit", over=Yuan(found.over_fen), **amounts)
    if found.lacks:
        lacking = tuple(Named(f"credit_use.proof.{one.kind}") for one in found.lacks)
        yield SpokenBadInput("credit.note.gate", lacking=Listed(lacking))


def _of_decision(found: Standing) -> Iterator[CustinfoError]:
    if any(one.state == "changed" for one in found.history):
        yield SpokenBadInput("credit.note.changed")
    if found.pending is not None:
        yield SpokenBadInput("credit.note.pending", version=found.pending.version)
    if found.decision is None:
        yield SpokenBadInput("credit.note.no_decision")
    elif found.decision.review_on <= found.day:
        yield SpokenBadInput("credit.note.review", day=found.decision.review_on)


def _of_overrides(found: Standing) -> Iterator[CustinfoError]:
    for one in found.overrides:
        facts = {"grade": one.grade, "day": one.last_day}
        if one.state in ("expired", "proposed"):
            yield SpokenBadInput(f"credit.note.override_{one.state}", **facts)
        elif one.state == "in_force" and one.last_day - SOON <= found.day:
            yield SpokenBadInput("credit.note.override_ends", **facts)
        elif one.state == "not_in_order":
            yield SpokenBadInput("credit.note.override_wrong", grade=one.grade, fault=one.faults[0])


def _of_raters(found: Standing, card: Scorecard) -> Iterator[CustinfoError]:
    if len(found.raters) < 2:
        yield SpokenBadInput("credit.two_raters", rated=len(found.raters), scheme=found.scheme.upper())
    if found.apart:
        titles = Listed(tuple(card.indicators[one.of].title for one in found.apart))
        first, second = found.raters
        yield SpokenBadInput("credit.talk_over", first=first.name, second=second.name, indicators=titles)
    for rater in found.raters:
        yield from _stale(rater, card)


def _stale(rater: RaterView, card: Scorecard) -> Iterator[CustinfoError]:
    if rater.stale:
        titles = Listed(tuple(card.indicators[code].title for code in rater.stale))
        yield SpokenBadInput("credit.note.stale", name=rater.name, day=rater.rated_on, indicators=titles)
