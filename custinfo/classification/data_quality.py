"""Data quality of customers' cards (R181): what is missing, impossible, stated of the wrong type of customer, overdue.

1. Every field of the rule has one *state* for each card: `missing` when it is expected and blank; `invalid` when its
   code is not on the list, or its number below the least possible one; `misplaced` when it is stated of a type of
   customer that has no such field; `ok` when it is expected and none of these; NULL when it is neither expected nor
   stated. A type that is blank or not known has the fields that all types have.
2. A card is *overdue* when `months` have gone by since the day on which it was last recorded: on the same day of the
   month, or on the last day of a month that is too short. On that day itself it is overdue.
3. `faults` is the number of fields that are neither ok nor NULL; being overdue is none of them.
"""

from collections.abc import Mapping
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
STATE = "state_"
"""Before a field's name: the column with its state."""


class Expected(Part):
    """A field of the card: a column, the types of customer that have it, and what it may hold."""

    name: Text
    of: Many[Literal["enterprise", "individual"]] | None = None
    codes: Text | None = None
    lowest: Annotated[int, Field(ge=0)] | None = None


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


def checked(cards: ir.Table, on: date, rule: DataQualityRule, lists: Mapping[str, ir.Table]) -> ir.Table:
    """`cards` with `state_<field>` for each field of the rule, `faults` (int64), `overdue`, `rule_version` (int32).

    `cards` has `customer_type`, `recorded_at` and the rule's fields: customers, or versions of them. `lists` has each
    code list that the rule names: a table with a unique `code`. Raises KeyError when a field or a list is missing.
    """
    cards = _with_listed(cards, rule, lists)
    states = {STATE + field.name: _state(cards, field) for field in rule.field}
    known = cards.mutate(**states).drop(*(f"_{field.name}" for field in rule.field if field.codes))
    is_fault = [known[name].isin(FAULTS).fill_null(False).cast("int64") for name in states]
    last = ibis.literal(overdue_until(on, rule.months))
    return known.mutate(
        faults=reduce(add, is_fault),
        overdue=known.recorded_at.date() <= last,
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _with_listed(cards: ir.Table, rule: DataQualityRule, lists: Mapping[str, ir.Table]) -> ir.Table:
    """`cards` with `_<field>` for each field of a list: the code, where the list has it."""
    for field in rule.field:
        if field.codes is not None:
            listed = lists[field.codes].select(**{f"_{field.name}": "code"})
            cards = cards.left_join(listed, [(field.name, f"_{field.name}")])
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
        wrong = cards[f"_{field.name}"].isnull()
    elif field.lowest is not None:
        wrong = value < field.lowest
    return ibis.cases(
        (blank & expected, MISSING),
        (blank, ibis.null("string")),
        (~expected, MISPLACED),
        (wrong, INVALID),
        else_=OK,
    )
