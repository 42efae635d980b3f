"""Data quality of customers' cards (R181): what is missing, impossible, stated of the wrong type of customer, overdue.

1. Every field of the rule has one *state* for each card: `missing` when it is expected and blank, and does not follow
   from another field either (the ownership from the registered type of a firm); `invalid` when its
   code is not on the list, its number below the least possible one, or what it `follows` has another class of it;
   `misplaced` when it is stated of a type of
   customer that has no such field; `ok` when it is expected and none of these; NULL when it is neither expected nor
   stated. A type that is blank or not known has the fields that all types have.
2. A card is *overdue* when `months` have gone by since the day on which it was last recorded: on the same day of the
   month, or on the last day of a month that is too short. On that day itself it is overdue.
3. `faults` is the number of fields that are neither ok nor NULL; being overdue is none of them.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated, Literal

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain.periods import months_before

FILE = "data_quality.toml"
OK, MISSING, INVALID, MISPLACED = "ok", "missing", "invalid", "misplaced"
FAULTS = (MISSING, INVALID, MISPLACED)
_BESIDE = "_said_"
_LISTED, _FOLLOWED, _CLASS = (f"{_BESIDE}{what}_" for what in ("listed", "followed", "class"))
STATE = "state_"
"""Before a field's name: the column with its state."""


class Expected(Part):
    """A field of the card: a column, the types of customer that have it, and what it may hold. `follows` is a column
    with codes of the list of the same name, of which a column called as the field says the class that each code has.
    """

    name: Text
    of: Many[Literal["enterprise", "individual"]] | None = None
    codes: Text | None = None
    lowest: Annotated[int, Field(ge=0)] | None = None
    follows: Text | None = None


class DataQualityRule(Rule):
    """One version: what is expected of a card, and after how many months it is overdue."""

    months: Annotated[int, Field(gt=0, le=120)]
    field: Many[Expected]

    def check(self) -> None:
        """Raises Fault for a field that is there twice, and for one of both codes and numbers."""
        names = [field.name for field in self.field]
        for field in self.field:
            if names.count(field.name) > 1:
                raise Fault("quality.field_twice", name=field.name)
            if field.codes is not None and field.lowest is not None:
                raise Fault("quality.field_both", name=field.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, in the rule's order."""
        return tuple(field.name for field in self.field)


def rule(on: date, folder: Path = rules.FOLDER) -> DataQualityRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, DataQualityRule, folder)


def overdue_until(on: date, months: int) -> date:
    """The last day on which a card can have been recorded to be overdue on the day `on`."""
    # A card of the 31st is overdue on the last day of a shorter month
    return months_before(on, months)


def lists_of(rule: DataQualityRule, codes: Callable[[str], ir.Table]) -> dict[str, ir.Table]:
    """The lists that the rule names, from `codes`, which gives a list as a table: `code` (unique), and of a list that a
    field follows a column called as the field.
    """
    found = {field.codes: codes(field.codes).select("code") for field in rule.field if field.codes}
    followed = {field.follows: codes(field.follows).select("code", field.name) for field in rule.field if field.follows}
    return {**found, **followed}


def checked(cards: ir.Table, on: date, rule: DataQualityRule, lists: Mapping[str, ir.Table]) -> ir.Table:
    """`cards` with `state_<field>` for each field of the rule, `faults` (int64), `overdue`, `rule_version` (int32).

    `cards` has `customer_type`, `recorded_at` and the rule's fields: customers, or versions of them. `lists` are those
    of `lists_of`. Raises KeyError when a field or a list is missing.
    """
    cards = _with_listed(cards, rule, lists)
    states = {STATE + field.name: _state(cards, field) for field in rule.field}
    beside = [name for name in cards.columns if name.startswith(_BESIDE)]
    known = cards.mutate(**states).drop(*beside)
    is_fault = [known[name].isin(FAULTS).fill_null(False).cast("int64") for name in states]
    last = ibis.literal(overdue_until(on, rule.months))
    return known.mutate(
        faults=reduce(add, is_fault),
        overdue=known.recorded_at.date() <= last,
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _with_listed(cards: ir.Table, rule: DataQualityRule, lists: Mapping[str, ir.Table]) -> ir.Table:
    """`cards` with what the lists say beside each field: its code where the list has it, the class that it follows."""
    for field in rule.field:
        if field.codes is not None:
            name = _LISTED + field.name
            cards = cards.left_join(lists[field.codes].select(**{name: "code"}), [(field.name, name)])
        if field.follows is not None:
            names = {_FOLLOWED + field.name: "code", _CLASS + field.name: field.name}
            told = lists[field.follows].select(**names)
            told = told.mutate(**{_CLASS + field.name: told[_CLASS + field.name].nullif("")})
            cards = cards.left_join(told, [(field.follows, _FOLLOWED + field.name)])
    return cards


def _state(cards: ir.Table, field: Expected) -> ir.StringValue:
    value = cards[field.name]
    blank = value.isnull()
    if isinstance(value, ir.StringValue):
        blank = blank | (value == "")
    expected = ibis.literal(True)
    if field.of is not None:
        expected = cards.customer_type.isin(field.of).fill_null(False)
    wrong: ir.BooleanValue = ibis.literal(False)
    if field.codes is not None:
        wrong = cards[_LISTED + field.name].isnull()
    elif field.lowest is not None:
        wrong = value < field.lowest
    known: ir.BooleanValue = ibis.literal(False)
    if field.follows is not None:
        known = cards[_CLASS + field.name].notnull()
        wrong = wrong | (known & (value != cards[_CLASS + field.name])).fill_null(False)
    return ibis.cases(
        (blank & expected & known, OK),
        (blank & expected, MISSING),
        (blank, ibis.null("string")),
        (~expected, MISPLACED),
        (wrong, INVALID),
        else_=OK,
    )
