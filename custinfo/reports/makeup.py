"""What the cells of a report are made of: what each tells of customers, as disclosure control has to know it.

A cell shows a sum over customers, or is reckoned from such sums, or tells of no customer. What nobody described is
shown to nobody outside. Sums are named by what they mean, not by where they stand: measure, period, part. So the same
sum in two tables, two issues or two reports is one, and months, quarters and years stand in their relations.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Period
from custinfo.reports.figures import Cell
from custinfo.statistics import disclosure_lines
from custinfo.statistics.disclosure_table import Key, TableCell

BETWEEN = "|"
"""Between the three parts of a sum's name, as a column of lines has it."""
REST = "~rest"
AT_ONCE = 16
"""Tables of lines in one query: many are read faster together, and too many cannot be compiled."""
NOBODY = TableCell(0, ())


def named(measure: str, period: Period, part: str = "") -> Key:
    """The name of a sum: `net_sales`, `2026-Q3`, `province:440000`; the part is blank for all customers."""
    return measure, str(period), part


@dataclass(frozen=True)
class Sum:
    """The cell shows this sum."""

    key: Key


@dataclass(frozen=True)
class Reckoned:
    """The cell is reckoned from sums and from what is no secret; it is shown where all of them are.

    `how` reckons it from what is shown of them, where that is not their exact value (counts are rounded) or where the
    cell inside rests on more than these.
    """

    keys: tuple[Key, ...]
    how: Callable[[Sequence[int]], Cell] | None = None


FREE = Reckoned(())
"""Tells of no customer: a plan, a working day."""
Shows = Sum | Reckoned


@dataclass(frozen=True)
class Makeup:
    """The sums of a report and what its cells, by address, show of them.

    `absent` sums stand in no cell and take part in relations: readers may have them from another report. `known` are
    those that are plain from outside. `ranked` tables stand in the order of a column, or of what it is not to be seen
    in (a blank one).
    """

    cells: Mapping[Key, TableCell]
    relations: tuple[tuple[Key, tuple[Key, ...]], ...]
    shows: Mapping[str, Shows]
    absent: frozenset[Key] = frozenset()
    known: frozenset[Key] = frozenset()
    ranked: Mapping[str, str] = field(default_factory=dict)


class Making:
    """A makeup while it is put together. What is named and has no line is zero."""

    def __init__(self) -> None:
        self.shows: dict[str, Shows] = {}
        self.ranked: dict[str, str] = {}
        self._lines: list[ir.Table] = []
        self._relations: list[tuple[Key, list[Key], bool]] = []
        self._absent: set[Key] = set()
        self._cells: dict[Key, TableCell] = {}

    def count(self, lines: ir.Table) -> None:
        """All lines of some sums: `cell` (the name, with BETWEEN), `contributor`, `value`."""
        self._lines.append(lines.select("cell", "contributor", value=lines.value.cast("int64")))

    def counted(self) -> Mapping[Key, TableCell]:
        """What the lines given so far add up to; each is read once."""
        while self._lines:
            lines = reduce(lambda one, other: one.union(other), self._lines[:AT_ONCE])
            for name, cell in disclosure_lines.cells(lines).items():
                measure, period, part = name.split(BETWEEN, 2)
                self._cells[measure, period, part] = cell
            del self._lines[:AT_ONCE]
        return self._cells

    def adds_up(self, total: Key, parts: Iterable[Key], *, rest: bool = False) -> None:
        """The parts are the total. `rest`: but for something small that is plain from outside, such as nothing."""
        self._relations.append((total, list(parts), rest))

    def absent(self, keys: Iterable[Key]) -> None:
        """Sums that no cell of this report shows."""
        self._absent |= set(keys)

    def made(self) -> Makeup:
        """All of it."""
        found = self.counted()
        cells: dict[Key, TableCell] = {}
        known: set[Key] = set()
        relations: list[tuple[Key, tuple[Key, ...]]] = []
        for place, (total, parts, rest) in enumerate(self._relations):
            for key in (total, *parts):
                cells.setdefault(key, found.get(key, NOBODY))
            if rest:
                left = (*total[:2], f"{total[2]}{REST}{place}")
                cells[left] = TableCell(cells[total].value - sum(cells[key].value for key in parts), ())
                known.add(left)
                relations.append((total, (*parts, left)))
            else:
                relations.append((total, tuple(parts)))
        for one in self.shows.values():
            for key in (one.key,) if isinstance(one, Sum) else one.keys:
                cells.setdefault(key, found.get(key, NOBODY))
        absent = frozenset(self._absent & cells.keys())
        return Makeup(cells, tuple(relations), self.shows, absent, frozenset(known), self.ranked)


def literal(*of: str) -> ir.StringValue:
    """A name, or the beginning of one, for a column of lines."""
    return ibis.literal(BETWEEN.join(of))
