"""How many records, told to somebody who may not read each of them (statistical disclosure control).

Who designs a rule chooses what it asks of every record: exact counts of a rule made for the purpose would tell other
people's answers one by one. So what one may not read is counted in bands of `BAND`, and the lowest begins with none.
"""

from dataclasses import dataclass

BAND = 5


@dataclass(frozen=True, slots=True)
class Number:
    """How many: exactly, when `least` is `most`; else somewhere between them, both included."""

    least: int
    most: int

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least}–{self.most}"


NONE = Number(0, 0)


def counted(named: int, others: int, *, exact: bool) -> Number:
    """`named` records that the reader may read, and `others`, told in a band unless the reader may read all records."""
    if exact:
        return Number(named + others, named + others)
    least = named + others // BAND * BAND
    return Number(least, least + BAND - 1)
