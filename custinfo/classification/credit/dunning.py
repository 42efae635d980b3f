"""Dunning: which step an overdue item is at, what is done next, what pauses it, and the facts of the letter.

Each level begins at so many days overdue, for amounts from so many fen. By its days and amount an item is *owed*
the highest level whose both bounds it reaches; it is *given* at most one level more than it has had, and not before
`interval_days` have passed since the last, so that nobody is threatened who was never reminded. A disputed part
does not count: what is left of the item is dunned, and an item disputed whole is paused for as long as the dispute
is open. A promise to pay pauses an item up to and with its day, at most `promise_days` after it was given; of more
than `promises` promises on one item the later ones pause nothing. When the promised day has passed, dunning goes on
where it stood. Whoever has a pause of both kinds is shown the dispute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, get_args

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit.terms import overdue_days
from custinfo.classification.credit.wording import SpokenBadInput, Yuan
from custinfo.classification.rules import Fault, Many, Part, Rule
from custinfo.domain.errors import BadInput

FILE = "dunning.toml"

Action = Literal["remind", "call", "letter", "visit", "stop_delivery", "legal"]
ACTIONS: tuple[str, ...] = get_args(Action)
"""What is done, from the mildest to the gravest."""
LONGEST_DAYS = 3660
"""Ten years: a longer time is a slip of the pen, and the calendar ends somewhere."""
PAUSES = ("dispute", "promise", "interval")


class Level(Part):
    """One level: from how many days overdue, for which amounts, what is done."""

    from_days: Annotated[int, Field(gt=0, le=LONGEST_DAYS)]
    from_fen: Annotated[int, Field(gt=0)]
    action: Action


class DunningRule(Rule):
    """One version: `level` holds them from the mildest on; level 1 is the first of them."""

    interval_days: Annotated[int, Field(gt=0, le=LONGEST_DAYS)]
    promise_days: Annotated[int, Field(gt=0, le=LONGEST_DAYS)]
    promises: Annotated[int, Field(ge=0)]
    level: Many[Level]

    def check(self) -> None:
        """Raises Fault for a level that does not begin after the one before it, asks for a smaller amount, or does
        what is not graver than what the one before it does.
        """
        for number, (before, after) in enumerate(pairwise(self.level), start=2):
            if after.from_days <= before.from_days:
                raise Fault("credit_use.level_days", level=number, days=after.from_days, before=before.from_days)
            if after.from_fen < before.from_fen:
                raise Fault("credit_use.level_amount", level=number, amount=after.from_fen, before=before.from_fen)
            if ACTIONS.index(after.action) <= ACTIONS.index(before.action):
                raise Fault("credit_use.level_action", level=number, action=after.action, before=before.action)


@dataclass(frozen=True)
class Promise:
    """A promise to pay by `until`, given on `given_on`."""

    given_on: date
    until: date


@dataclass(frozen=True)
class Item:
    """An open item: what is left of an invoice, what of it is disputed, and what was done so far.

    `last_level` is the highest level that it was given, on `last_on` (0 and None: none yet). Amounts in fen.
    """

    document: str
    due_on: date
    open_fen: int
    disputed_fen: int = 0
    promises: tuple[Promise, ...] = ()
    last_level: int = 0
    last_on: date | None = None


@dataclass(frozen=True)
class Step:
    """Where an item stands on a day.

    `owed_level` is the level by days and amount (0: none), `level` and `action` what is given now (0 and None:
    nothing), `paused_by` one of PAUSES, and `next_on` the first day on which that pause can be over (None: not by a
    day).
    """

    document: str
    overdue_days: int
    dunned_fen: int
    owed_level: int
    level: int
    action: str | None
    paused_by: str | None
    next_on: date | None


@dataclass(frozen=True)
class Letter:
    """The facts of one letter to a customer: the highest level of its items, and every item that is dunned in it."""

    level: int
    action: str
    total_fen: int
    oldest_days: int
    items: tuple[Step, ...]
    rule_version: int


def rule(on: date, folder: Path = rules.FOLDER) -> DunningRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, DunningRule, folder)


def owed_level(days: int, amount_fen: int, rule: DunningRule) -> int:
    """The level by days overdue and amount: the highest whose both bounds are reached, 0 for none."""
    reached = [
        number
        for number, level in enumerate(rule.level, start=1)
        if days >= level.from_days and amount_fen >= level.from_fen
    ]
    return max(reached, default=0)


def step(item: Item, day: date, rule: DunningRule) -> Step:
    """Where an item stands on `day`, and what is done next.

    Raises BadInput for an item that is not open, of which more is disputed than there is, or that was given a level
    that the rule does not have.
    """
    _check(item, rule)
    days = overdue_days(item.due_on, day)
    amount = item.open_fen - item.disputed_fen
    owed = owed_level(days, amount, rule)
    paused_by, next_on = _pause(item, day, days, owed, rule)
    # At the highest level that it is owed, an item is asked again after each interval
    level = 0 if paused_by else min(owed, item.last_level + 1)
    action = rule.level[level - 1].action if level else None
    return Step(item.document, days, amount, owed, level, action, paused_by, next_on)


def letter(items: Iterable[Item], day: date, rule: DunningRule) -> Letter | None:
    """One letter for all items of a customer that are given a level on `day`; None when there are none.

    Its items stand from the longest overdue on, then by number.
    """
    steps = [step(item, day, rule) for item in items]
    given = sorted((one for one in steps if one.level), key=lambda one: (-one.overdue_days, one.document))
    if not given:
        return None
    level = max(one.level for one in given)
    return Letter(
        level=level,
        action=rule.level[level - 1].action,
        total_fen=sum(one.dunned_fen for one in given),
        oldest_days=given[0].overdue_days,
        items=tuple(given),
        rule_version=rule.version,
    )


def worklist(items: ir.Table, rule: DunningRule, order: Sequence[str]) -> ir.Table:
    """Whom to collect from first: overdue items with `owed_level`, `place` (1 first) and `rule_version`.

    `items` has `customer_key`, `document` (unique), `grade` (may be NULL), `overdue_days`, `dunned_fen` (int64);
    `order` is the grades, best first. Items that are owed no level are left out. The order is: the higher level,
    the worse grade (none or an unknown one before all), more days, more fen, then the number.
    """
    reached = [
        ((items.overdue_days >= level.from_days) & (items.dunned_fen >= level.from_fen), number)
        for number, level in reversed(list(enumerate(rule.level, start=1)))
    ]
    worse = ibis.cases(*((items.grade == grade, rank) for rank, grade in enumerate(order)), else_=len(order))
    owed = items.mutate(owed_level=ibis.cases(*reached, else_=0).cast("int32"), worse=worse)
    listed = owed.filter(owed.owed_level > 0)
    first = ibis.window(
        order_by=[
            listed.owed_level.desc(),
            listed.worse.desc(),
            listed.overdue_days.desc(),
            listed.dunned_fen.desc(),
            listed.document.asc(),
        ]
    )
    return listed.mutate(
        place=(ibis.row_number().over(first) + 1).cast("int64"), rule_version=ibis.literal(rule.version, "int32")
    ).drop("worse")


def _pause(item: Item, day: date, days: int, owed: int, rule: DunningRule) -> tuple[str | None, date | None]:
    if days and item.disputed_fen == item.open_fen:
        return "dispute", None
    if not owed:
        return None, None
    counted = sorted(item.promises, key=lambda promise: (promise.given_on, promise.until))[: rule.promises]
    ends = [
        min(promise.until, promise.given_on + timedelta(days=rule.promise_days))
        for promise in counted
        if promise.given_on <= day
    ]
    if ends and max(ends) >= day:
        return "promise", max(ends) + timedelta(days=1)
    if item.last_on is not None and (day - item.last_on).days < rule.interval_days:
        return "interval", item.last_on + timedelta(days=rule.interval_days)
    return None, None


def _check(item: Item, rule: DunningRule) -> None:
    if item.open_fen <= 0:
        raise SpokenBadInput("credit_use.not_open", document=item.document, amount=Yuan(item.open_fen))
    if not 0 <= item.disputed_fen <= item.open_fen:
        amounts = {"amount": Yuan(item.disputed_fen), "open_amount": Yuan(item.open_fen)}
        raise SpokenBadInput("credit_use.disputed", document=item.document, **amounts)
    if not 0 <= item.last_level <= len(rule.level):
        raise BadInput("credit_use.last_level", document=item.document, level=item.last_level, most=len(rule.level))
