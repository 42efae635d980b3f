"""Levels of secrecy (保密级别, R217): 1 the most sensitive personal and business facts, 2 ordinary ones, 3 public."""

from enum import IntEnum


class Level(IntEnum):
    """The level of a field or record; a field that states none is of level 2."""

    SECRET = 1
    INTERNAL = 2
    PUBLIC = 3


def level_of(stated: str | None) -> Level:
    """The level that a form's `custinfo:level` column states. Raises ValueError for anything but 1, 2, 3 or nothing."""
    return Level(int(stated)) if stated else Level.INTERNAL
