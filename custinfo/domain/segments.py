"""What a segment of customers is: conditions over declared dimensions. Data alone: nothing in a definition is run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from custinfo.domain.errors import BadInput
from custinfo.domain.text import clean

CODED = ("ownership", "province", "section", "kind", "grade", "rfm", "lifecycle", "product", "age", "satisfaction")
"""Dimensions of which a condition names the codes that are wanted; "" is a customer of whom it is not known."""
AMOUNT = "net_fen"
"""Net sales in the grading window, in fen: a condition names a range."""
MOST_CODES, LONGEST_CODE = 200, 200
LARGEST_FEN = 10**17


@dataclass(frozen=True)
class Condition:
    """One dimension, and what is wanted of it: one of `codes`; or an amount from `at_least` to below `below`."""

    dimension: str
    codes: tuple[str, ...] = ()
    at_least: int | None = None
    below: int | None = None


Conditions = tuple[Condition, ...]
"""All of them hold for a customer of the segment. There is at least one, and none twice of a dimension."""


@dataclass(frozen=True)
class Figures:
    """How a segment stood: customers and their net sales in fen, of a version of the lake as of a day. Both are None
    when there were too few customers to be told of.
    """

    customers: int | None
    net_fen: int | None
    lake_version: int
    on: str


def check(conditions: Sequence[Condition]) -> Conditions:
    """The conditions, codes in order and each once. Raises BadInput for what is no definition."""
    if not conditions:
        raise BadInput("kept.no_conditions")
    names = [one.dimension for one in conditions]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("kept.dimension_twice", dimension=name[:40])
    return tuple(_checked(one) for one in sorted(conditions, key=lambda one: one.dimension))


def _checked(one: Condition) -> Condition:
    if one.dimension in CODED and one.codes and (one.at_least, one.below) == (None, None):
        if len(one.codes) > MOST_CODES:
            raise BadInput("kept.many_codes", dimension=one.dimension, most=MOST_CODES)
        codes = {clean(code, max_length=LONGEST_CODE) for code in one.codes}
        return Condition(one.dimension, tuple(sorted(codes)))
    if one.dimension == AMOUNT and not one.codes and (one.at_least, one.below) != (None, None):
        ends = [end for end in (one.at_least, one.below) if end is not None]
        if any(type(end) is not int or abs(end) > LARGEST_FEN for end in ends) or ends != sorted(set(ends)):
            raise BadInput("kept.range_wrong")
        return one
    raise BadInput("kept.condition_wrong", dimension=one.dimension[:40])


def as_json(conditions: Conditions) -> str:
    """The text by which they are stored: one for the same conditions, whatever their order was."""
    told = [
        {"dimension": one.dimension, "codes": list(one.codes)}
        if one.codes
        else {"dimension": one.dimension, "at_least": one.at_least, "below": one.below}
        for one in check(conditions)
    ]
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> Conditions:
    """What `as_json` wrote. Raises BadInput for anything else."""
    try:
        found = json.loads(text)
        return check([_condition(one) for one in found])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput("kept.unreadable") from None


def _condition(said: dict[str, Any]) -> Condition:
    codes = said.get("codes", [])
    if set(said) - {"dimension", "codes", "at_least", "below"} or not isinstance(codes, list):
        raise ValueError(said)
    if not isinstance(said["dimension"], str) or not all(isinstance(code, str) for code in codes):
        raise ValueError(said)
    return Condition(said["dimension"], tuple(codes), said.get("at_least"), said.get("below"))
