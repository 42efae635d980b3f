"""Conditions on two prepared parties that read the same in Python and in SQL.

A condition is written once: `holds` decides it for two `Prepared`, `sql` writes it for the columns `name_l`, `name_r`
in which unknown is NULL (as DuckDB reads it: `databases` writes it for others). Both give the same; a condition on
something unknown does not hold. Edits are of ASCII text alone, where DuckDB, which counts bytes, counts right.
"""

from dataclasses import dataclass
from typing import Protocol

from custinfo.classification.duplicates.prepared import Prepared


class Condition(Protocol):
    """Whether something holds of a pair."""

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """For two parties. Symmetric."""

    def sql(self) -> str:
        """The same as an expression over the columns of both."""


@dataclass(frozen=True)
class Unknown(Condition):
    """One of the two, or both, do not have it."""

    column: str

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        return not getattr(a, self.column) or not getattr(b, self.column)

    def sql(self) -> str:
        """Of the columns of both."""
        return f"({self.column}_l IS NULL OR {self.column}_r IS NULL)"


@dataclass(frozen=True)
class Same(Condition):
    """Both have it, and it is equal."""

    column: str

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        return bool(getattr(a, self.column)) and getattr(a, self.column) == getattr(b, self.column)

    def sql(self) -> str:
        """Of the columns of both."""
        return f"{self.column}_l = {self.column}_r"


@dataclass(frozen=True)
class Alike(Condition):
    """Equal, or unknown of both."""

    column: str

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        return bool(getattr(a, self.column) == getattr(b, self.column))

    def sql(self) -> str:
        """Of the columns of both."""
        return f"coalesce({self.column}_l, '') = coalesce({self.column}_r, '')"


@dataclass(frozen=True)
class Crossed(Condition):
    """What is the one's first is the other's second, and the other way round."""

    first: str
    second: str

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        mine, yours = (
            (getattr(a, self.first), getattr(a, self.second)),
            (getattr(b, self.second), getattr(b, self.first)),
        )
        return all(mine) and mine == yours

    def sql(self) -> str:
        """Of the columns of both."""
        return f"({self.first}_l = {self.second}_r AND {self.second}_l = {self.first}_r)"


@dataclass(frozen=True)
class Edits(Condition):
    """At most so many characters are to be changed, put in or left out; both have at least `length` of them."""

    column: str
    most: int
    length: int

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        one, other = getattr(a, self.column), getattr(b, self.column)
        long_enough = min(len(one), len(other)) >= self.length
        return long_enough and abs(len(one) - len(other)) <= self.most and edits(one, other) <= self.most

    def sql(self) -> str:
        """Of the columns of both."""
        left, right = f"{self.column}_l", f"{self.column}_r"
        # Cut into one piece more than there may be edits, one piece is untouched: looked for first, as edits take long
        size = self.length // (self.most + 1)
        pieces = [f"contains({right}, substr({left}, {1 + size * at}, {size}))" for at in range(self.most + 1)]
        return (
            f"(least(length({left}), length({right})) >= {self.length} "
            f"AND abs(length({left}) - length({right})) <= {self.most} AND ({' OR '.join(pieces)}) "
            f"AND levenshtein({left}, {right}) <= {self.most})"
        )


@dataclass(frozen=True)
class Begins(Condition):
    """One begins with the other, which has at least `length` characters."""

    column: str
    length: int

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        short, long = sorted((getattr(a, self.column), getattr(b, self.column)), key=len)
        return len(short) >= self.length and long.startswith(short)

    def sql(self) -> str:
        """Of the columns of both."""
        left, right = f"{self.column}_l", f"{self.column}_r"
        least = f"least(length({left}), length({right}))"
        return f"((starts_with({left}, {right}) OR starts_with({right}, {left})) AND {least} >= {self.length})"


@dataclass(frozen=True)
class Within(Condition):
    """One stands somewhere within the other, and has at least `length` characters."""

    column: str
    length: int

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        short, long = sorted((getattr(a, self.column), getattr(b, self.column)), key=len)
        return len(short) >= self.length and short in long

    def sql(self) -> str:
        """Of the columns of both."""
        left, right = f"{self.column}_l", f"{self.column}_r"
        least = f"least(length({left}), length({right}))"
        return f"((contains({left}, {right}) OR contains({right}, {left})) AND {least} >= {self.length})"


@dataclass(frozen=True)
class Shares(Condition):
    """Two lists have so many in common, and these are at least `percent` of the shorter list."""

    column: str
    least: int = 1
    percent: int = 0

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        one, other = getattr(a, self.column), getattr(b, self.column)
        common = len(set(one) & set(other))
        return common >= self.least and common * 100 >= self.percent * min(len(one), len(other))

    def sql(self) -> str:
        """Of the columns of both."""
        left, right = f"{self.column}_l", f"{self.column}_r"
        common = f"array_length(array_intersect({left}, {right}))"
        if self.least == 1 and not self.percent:
            return f"list_has_any({left}, {right})"
        shorter = f"least(array_length({left}), array_length({right}))"
        return f"({shorter} >= {self.least} AND {common} >= greatest({self.least}, {self.percent} * {shorter} / 100))"


@dataclass(frozen=True)
class All(Condition):
    """Each holds."""

    conditions: tuple[Condition, ...]

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        return all(condition.holds(a, b) for condition in self.conditions)

    def sql(self) -> str:
        """Of the columns of both."""
        return "(" + " AND ".join(condition.sql() for condition in self.conditions) + ")"


@dataclass(frozen=True)
class Some(Condition):
    """At least one holds."""

    conditions: tuple[Condition, ...]

    def holds(self, a: Prepared, b: Prepared) -> bool:
        """Of two parties."""
        return any(condition.holds(a, b) for condition in self.conditions)

    def sql(self) -> str:
        """Of the columns of both."""
        return "(" + " OR ".join(condition.sql() for condition in self.conditions) + ")"


def edits(one: str, other: str) -> int:
    """Levenshtein's distance, by the bits of Myers' method: one step for each character of `other`."""
    if one == other:
        return 0
    if not one or not other:
        return len(one) or len(other)
    where: dict[str, int] = {}
    for place, character in enumerate(one):
        where[character] = where.get(character, 0) | 1 << place
    every, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    plus, minus, distance = every, 0, len(one)
    for character in other:
        match = where.get(character, 0)
        down = (((match & plus) + plus) ^ plus) | match | minus
        up_plus, up_minus = minus | ~(down | plus), plus & down
        if up_plus & last:
            distance += 1
        elif up_minus & last:
            distance -= 1
        up_plus, up_minus = (up_plus << 1 | 1) & every, (up_minus << 1) & every
        plus, minus = (up_minus | ~(down | up_plus)) & every, up_plus & down & every
    return distance
