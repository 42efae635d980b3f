"""What a column shows of a row: the same in workbooks and in files for statisticians."""

from collections.abc import Callable

from custinfo.exchange.fields import Field
from custinfo.exchange.records import Row


def answer(field: Field) -> Callable[[Row], str]:
    """The answer as it is stored."""
    return lambda row: row.answers.get(field.ref, "")


def point_part(field: Field, part: int) -> Callable[[Row], str]:
    """One of the four numbers of a place, from 0: latitude, longitude, altitude, accuracy."""
    return lambda row: (row.answers.get(field.ref, "").split() + [""] * 4)[part]


def chosen(field: Field, value: str) -> Callable[[Row], str]:
    """`1` or `0` for a choice; blank when the question was not answered."""

    def text(row: Row) -> str:
        given = row.answers.get(field.ref, "").split()
        return "" if not given else str(int(value in given))

    return text
