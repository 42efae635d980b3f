"""Properties of entities that a column of the lake takes as a number or a day: whether their text can be read so."""

from collections.abc import Callable, Mapping
from datetime import date

from custinfo.domain import customer, money
from custinfo.domain.errors import BadInput

_LARGEST = 2**31
"""What a column for whole numbers holds; amounts are bounded by `money.fen`."""

READ: Mapping[str, Mapping[str, Callable[[str], object]]] = {
    "customers": dict(customer.PROPERTIES.values()),
    "cross_region_sales": {"amount": money.fen, "delivered_on": date.fromisoformat},
}
"""By dataset: the properties that are read, and how. The others reach the lake as the text that they are."""


def unreadable(dataset: str, properties: Mapping[str, str]) -> list[str]:
    """The properties that no column of the lake could take: one such would stop every later publication, so a record
    that states any must not be recorded. A blank one is nothing to read.
    """
    return [
        name
        for name, read in READ.get(dataset, {}).items()
        if (text := properties.get(name, "")) and not _readable(read, text)
    ]


def _readable(read: Callable[[str], object], text: str) -> bool:
    try:
        value = read(text)
    except (ValueError, BadInput):
        return False
    return read is not int or (isinstance(value, int) and abs(value) < _LARGEST)
