"""Corrections of issued figures (统计数字订正): three grades by how soon the error was found, and what changes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TypeAlias

from custinfo.domain.errors import BadInput, WrongState

Plain: TypeAlias = int | str | None
"""A cell as `figures.json` has it: counts and fen are integers, percentages texts such as "12.5"."""

VERBAL, NOTE, SLIP = GRADES = ("verbal", "note", "slip")
"""Said and logged on the day of release; noted in the report of the day after; a written slip at any time."""
SOURCE, BY_HAND, LATE = CAUSES = ("source", "hand", "late")
"""An error in the data was mended; what stood in the report was wrong though the data were right; nobody erred, data
came in after the report was made: a planned revision, which is counted apart from errors.
"""
LATEST_DAYS = {VERBAL: 0, NOTE: 1}
"""Days after its release until which a lesser grade is enough."""


@dataclass(frozen=True)
class Change:
    """One cell, by its address: what was issued and what is right. None where there is no such number."""

    address: str
    old: Plain
    new: Plain


def check(grade: str, cause: str, changes: Sequence[Change], released_on: date, today: date) -> None:
    """Raises BadInput for an unknown grade or cause, no change, one cell twice or a planned revision that is no slip;
    WrongState when it is too late for the grade.
    """
    if grade not in GRADES or cause not in CAUSES:
        raise BadInput("corrections.unknown_grade", given=f"{grade}, {cause}"[:40])
    addresses = [one.address for one in changes]
    if not changes or len(set(addresses)) < len(addresses) or any(one.old == one.new for one in changes):
        raise BadInput("corrections.nothing")
    if cause == LATE and grade != SLIP:
        raise BadInput("corrections.late_by_slip")
    if grade in LATEST_DAYS and (today - released_on).days > LATEST_DAYS[grade]:
        raise WrongState("corrections.too_late", day=released_on)


def to_json(changes: Sequence[Change]) -> str:
    """Canonical: by address."""
    ordered = sorted(changes, key=lambda one: one.address)
    return json.dumps([asdict(one) for one in ordered], ensure_ascii=False, sort_keys=True)


def from_json(content: str) -> tuple[Change, ...]:
    """What `to_json` wrote."""
    return tuple(Change(**one) for one in json.loads(content))
