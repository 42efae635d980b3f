"""Disclosure control: which cells of a table may not be shown, so that nobody's figure can be read or computed from it.

1. *Unsafe* cells (`unsafe`): fewer contributors than the threshold; the n largest hold more than k per cent
   (dominance); or the second largest could reckon the largest to within p per cent (p % rule: what the others hold is
   less than p per cent of the largest). In a count, where everybody adds one, only the threshold matters. A cell of
   nobody is not unsafe.
2. *Secondary* suppression (`protect`): other cells are taken out until an attacker who knows every cell that is shown,
   that all sums hold, and that nothing is below zero, can compute no unsafe cell to within its protection. Totals stay
   true. What is not needed is put back.
3. The *audit* (`audit`, in `disclosure_audit`) computes what such an attacker can, by linear programming, for any
   table, however it was made.

A contributor who is alone in a suppressed cell knows that cell: the attack is made with that knowledge too. A cell of
nobody is never taken out: it would hide nothing. What earlier issues gave away counts as known
(`known`).

Contributors may be below zero (who returned more than they bought): the rules then go by what they hold, signs left
aside; a zero made of opposite figures tells each of two what the other's is. A cell of zero or below is attacked by one
who knows that it does not lie below its true value.
"""

from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from math import ceil
from typing import Literal, Protocol

from custinfo.statistics.disclosure_audit import Attack, Interval
from custinfo.statistics.disclosure_table import AdditiveTable, Key, TableCell

Reason = Literal["threshold", "dominance", "p_percent"]


class ReleaseRule(Protocol):
    """What a release class asks for; read from `data/rules/disclosure.toml`. None leaves a rule out.

    `protection_percent`: how far, of its own value, the interval of a suppressed cell must reach to either side.
    """

    @property
    def threshold(self) -> int:
        """Fewer contributors are unsafe."""

    @property
    def dominance_n(self) -> int | None:
        """How many are counted as dominant."""

    @property
    def dominance_percent(self) -> int | None:
        """What share they may hold."""

    @property
    def p_percent(self) -> int | None:
        """How closely nobody may reckon another's figure."""

    @property
    def protection_percent(self) -> int:
        """How far an interval must reach."""


@dataclass(frozen=True, eq=False)
class Protected:
    """Which cells may not be shown: those unsafe in themselves and why, and those taken out to protect them.

    `exposed` are unsafe cells that cannot be protected, because earlier issues gave away what would have to be hidden.
    `absent` are cells that take part in the sums and are not in the table that is shown.
    """

    table: AdditiveTable
    unsafe: Mapping[Key, Reason]
    secondary: frozenset[Key]
    exposed: tuple[Key, ...]
    absent: frozenset[Key] = frozenset()

    @property
    def suppressed(self) -> frozenset[Key]:
        """All cells that may not be shown."""
        return self.secondary | self.unsafe.keys() | self.absent

    def needed(self, rule: ReleaseRule) -> dict[Key, int]:
        """How far the interval of each unsafe cell must reach."""
        return {key: protection(self.table.cells[key], rule) for key in sorted(self.unsafe)}

    @property
    def shown(self) -> dict[Key, int | None]:
        """What may be shown: the true value, None for a suppressed cell."""
        hidden = self.suppressed
        return {key: None if key in hidden else cell.value for key, cell in self.table.cells.items()}


def unsafe(table: AdditiveTable, rule: ReleaseRule) -> dict[Key, Reason]:
    """The cells that would tell somebody's figure, with the first rule that says so."""
    found = ((key, _reason(cell, rule)) for key, cell in table.cells.items())
    return {key: reason for key, reason in found if reason is not None}


def is_unsafe(cell: TableCell, rule: ReleaseRule) -> bool:
    """Whether one cell would tell somebody's figure."""
    return _reason(cell, rule) is not None


def _reason(cell: TableCell, rule: ReleaseRule) -> Reason | None:
    if cell.value == 0 and cell.count == 0:
        return None
    if cell.count < rule.threshold:
        return "threshold"
    if is_count(cell):
        return None
    values = _held(cell)
    if rule.dominance_n is not None and rule.dominance_percent is not None:
        largest = sum(values[: rule.dominance_n])
        if 100 * largest > rule.dominance_percent * cell.held:
            return "dominance"
    if rule.p_percent is not None and 100 * (sum(values[2:]) + cell.rest) < rule.p_percent * values[0]:
        return "p_percent"
    return None


def is_count(cell: TableCell) -> bool:
    """Whether everybody adds one, and there is no figure of anybody's to be reckoned."""
    return {value for _, value in cell.contributors} == {1} and cell.rest == cell.others


def _held(cell: TableCell) -> list[int]:
    """What the largest hold, from the largest down, signs left aside."""
    return [abs(value) for _, value in cell.contributors]


def protection(cell: TableCell, rule: ReleaseRule) -> int:
    """How far an attacker's interval of an unsafe cell must reach beyond its value, at least 1: its declared per cent,
    what the p % rule lacks, and for counts so far that the threshold lies within it.
    """
    needed = ceil(cell.held * rule.protection_percent / 100)
    values = _held(cell)
    if is_count(cell):
        needed = max(needed, rule.threshold - cell.value)
    elif rule.p_percent is not None and values:
        needed = max(needed, ceil(rule.p_percent * values[0] / 100) - sum(values[2:]) - cell.rest)
    return max(1, needed)


def protect(
    table: AdditiveTable, rule: ReleaseRule, *, known: Collection[Key] = (), absent: Collection[Key] = ()
) -> Protected:
    """The cells that must be taken out. `known` is what readers have from elsewhere, whatever is shown here. The same
    table gives the same cells.

    `absent` cells take part in the sums and are not shown anyhow: unsafe ones are protected like all others.
    """
    reasons = unsafe(table, rule)
    needed = Protected(table, reasons, frozenset(), ()).needed(rule)
    defence = _Defence(table, Attack(table, frozenset(known)), needed, frozenset(absent))
    hidden, exposed = defence.covered()
    chosen = hidden - needed.keys() - set(absent)
    for key in sorted(chosen, key=lambda one: (-table.cells[one].value, one)):
        if defence.holds(hidden - {key}, exposed):
            hidden.discard(key)
    secondary = frozenset(hidden - needed.keys() - set(absent))
    return Protected(table, reasons, secondary, tuple(sorted(exposed)), frozenset(absent))


class _Insiders:
    """Who knows a suppressed cell because it is theirs alone, by the cell that they may attack with it."""

    def __init__(self, table: AdditiveTable, attack: Attack, hidden: Collection[Key]) -> None:
        self._cells, self._groups = table.cells, attack.groups(hidden)
        self._alone: dict[int, list[Key]] = {}
        for one in sorted(hidden):
            if table.cells[one].count == 1:
                self._alone.setdefault(self._groups[one], []).append(one)

    def of(self, key: Key) -> list[Key]:
        """Not where the cell too is that contributor's alone, nor where no sums lead from the one to the other."""
        own = [name for name, _ in self._cells[key].contributors]
        there = self._alone.get(self._groups[key], ())
        return [one for one in there if own != [self._cells[one].contributors[0][0]]]


def _ends(table: AdditiveTable, key: Key, needed: int, insider: Key | None) -> list[int]:
    """How far the interval must reach, up and down: not below zero, nor below what an insider put in."""
    cell = table.cells[key]
    name = None if insider is None else table.cells[insider].contributors[0][0]
    own = 0 if name is None else dict(cell.contributors).get(name, 0)
    down = min(needed, cell.value, cell.value - own)
    return [needed, -down] if down > 0 else [needed]


class _Defence:
    """The unsafe cells with what they need, and the ways found so far in which each could be otherwise.

    A way whose cells are all hidden proves that its cell withstands, whatever else is hidden, and against every insider
    whose cell is not on it: most questions are answered without another linear program.
    """

    def __init__(
        self, table: AdditiveTable, attack: Attack, needed: Mapping[Key, int], absent: frozenset[Key]
    ) -> None:  # fmt: skip
        self._table, self._attack, self._absent = table, attack, absent
        # The largest needs first: their ways serve the small ones
        self._order = sorted(needed, key=lambda key: (-needed[key], key))
        self._needed = needed
        self._ways: dict[tuple[Key, int], list[frozenset[Key]]] = {}

    def covered(self) -> tuple[set[Key], set[Key]]:
        """What must be hidden until every unsafe cell withstands, and the cells for which nothing helps.

        A cell that is added may have a contributor who knows it: rounds go on until one adds nothing.
        """
        hidden, exposed = {*self._order, *self._absent}, set[Key]()
        while True:
            before = len(hidden)
            for key, far, insider in self._questions(hidden):
                if key in exposed or self._proved(key, far, hidden, insider):
                    continue
                way = self._attack.way(key, far, hidden, knows=insider)
                if way is None:
                    exposed.add(key)
                else:
                    self._ways.setdefault((key, far), []).append(way)
                    hidden |= way
            if len(hidden) == before:
                return hidden, exposed

    def holds(self, hidden: Set[Key], exposed: Collection[Key]) -> bool:
        """Whether every cell that can be protected withstands when these are hidden."""
        return next(self.open(hidden, exposed), None) is None

    def open(self, hidden: Set[Key], exposed: Collection[Key] = ()) -> Iterator[Key]:
        """The cells, but for the exposed ones, that do not withstand when these are hidden."""
        found = set(exposed)
        for key, far, insider in self._questions(hidden):
            if key in found or self._proved(key, far, hidden, insider):
                continue
            way = self._attack.way(key, far, hidden, knows=insider, only_hidden=True)
            if way is None:
                found.add(key)
                yield key
            else:
                self._ways.setdefault((key, far), []).append(way)

    def _questions(self, hidden: Set[Key]) -> list[tuple[Key, int, Key | None]]:
        insiders = _Insiders(self._table, self._attack, hidden)
        return [
            (key, far, insider)
            for key in self._order
            for insider in (None, *insiders.of(key))
            for far in _ends(self._table, key, self._needed[key], insider)
        ]

    def _proved(self, key: Key, far: int, hidden: Set[Key], insider: Key | None) -> bool:
        return any(insider not in way and way <= hidden for way in self._ways.get((key, far), ()))


def audit(protected: Protected, *, known: Collection[Key] = ()) -> dict[Key, Interval]:
    """What a reader who has nothing but the shown cells (and `known`) can compute of each suppressed cell."""
    attack = Attack(protected.table, frozenset(known))
    return {key: attack.interval(key, protected.suppressed) for key in sorted(protected.suppressed)}


def too_narrow(protected: Protected, rule: ReleaseRule, *, known: Collection[Key] = ()) -> tuple[Key, ...]:
    """The unsafe cells whose interval is narrower than their protection: none, where `protect` made the table."""
    attack = Attack(protected.table, frozenset(known))
    defence = _Defence(protected.table, attack, protected.needed(rule), protected.absent)
    return tuple(sorted(defence.open(protected.suppressed)))
