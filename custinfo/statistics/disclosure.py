"""Disclosure control: which cells of a table may not be shown, so that nobody's figure can be read or computed from it.

1. *Unsafe* cells (`unsafe`): fewer contributors than the threshold; the n largest hold more than k per cent
   (dominance); or the second largest could reckon the largest to within p per cent (p % rule: what the others hold is
   less than p per cent of the largest). In a count, where everybody adds one, only the threshold matters. Zero is not
   unsafe.
2. *Secondary* suppression (`protect`): other cells are taken out until an attacker who knows every cell that is shown,
   that all sums hold, and that nothing is below zero, can compute no unsafe cell to within its protection. Totals stay
   true. What is not needed is put back.
3. The *audit* (`audit`, in `disclosure_audit`) computes what such an attacker can, by linear programming, for any
   table, however it was made.

A contributor who is alone in a suppressed cell knows that cell: the attack is made with that knowledge too. A cell of
value zero is never taken out: it would hide nothing. What earlier issues gave away counts as known
(`disclosure_issues`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal, Protocol

from custinfo.statistics.disclosure_audit import Attack, Interval
from custinfo.statistics.disclosure_table import AdditiveTable, Key, TableCell

Reason = Literal["threshold", "dominance", "p_percent", "issues"]


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
    """

    table: AdditiveTable
    unsafe: Mapping[Key, Reason]
    secondary: frozenset[Key]
    exposed: tuple[Key, ...]

    @property
    def suppressed(self) -> frozenset[Key]:
        """All cells that may not be shown."""
        return self.secondary | self.unsafe.keys()

    @property
    def shown(self) -> dict[Key, int | None]:
        """What may be shown: the true value, None for a suppressed cell."""
        hidden = self.suppressed
        return {key: None if key in hidden else cell.value for key, cell in self.table.cells.items()}


def unsafe(table: AdditiveTable, rule: ReleaseRule) -> dict[Key, Reason]:
    """The cells that would tell somebody's figure, with the first rule that says so."""
    found = ((key, _reason(cell, rule)) for key, cell in table.cells.items())
    return {key: reason for key, reason in found if reason is not None}


def _reason(cell: TableCell, rule: ReleaseRule) -> Reason | None:
    if cell.value == 0:
        return None
    if cell.count < rule.threshold:
        return "threshold"
    values = [value for _, value in cell.contributors]
    if _all_alike(values):
        return None
    if rule.dominance_n is not None and rule.dominance_percent is not None:
        largest = sum(values[: rule.dominance_n])
        if 100 * largest > rule.dominance_percent * cell.value:
            return "dominance"
    if rule.p_percent is not None and 100 * sum(values[2:]) < rule.p_percent * values[0]:
        return "p_percent"
    return None


def _all_alike(values: list[int]) -> bool:
    """A count: everybody adds one, and there is no figure of anybody's to be reckoned."""
    return values[0] == values[-1] == 1


def protection(cell: TableCell, rule: ReleaseRule) -> int:
    """How far an attacker's interval of an unsafe cell must reach beyond its value, at least 1: its declared per cent,
    what the p % rule lacks, and for counts so far that the threshold lies within it.
    """
    needed = ceil(cell.value * rule.protection_percent / 100)
    values = [value for _, value in cell.contributors]
    if _all_alike(values):
        needed = max(needed, rule.threshold - cell.value)
    elif rule.p_percent is not None:
        needed = max(needed, ceil(rule.p_percent * values[0] / 100) - sum(values[2:]))
    return max(1, needed)


def protect(
    table: AdditiveTable, rule: ReleaseRule, *, also: Mapping[Key, Reason] | None = None,
    known: Collection[Key] = (),
) -> Protected:  # fmt: skip
    """The cells that must be taken out. `also` are unsafe for reasons outside of this table, `known` is what readers
    have from elsewhere, whatever is shown here. The same table gives the same cells.
    """
    reasons = {**(also or {}), **unsafe(table, rule)}
    needed = {key: protection(table.cells[key], rule) for key in sorted(reasons)}
    defence = _Defence(table, Attack(table, frozenset(known)), needed)
    hidden, exposed = defence.covered()
    for key in sorted(hidden - needed.keys(), key=lambda one: (-table.cells[one].value, one)):
        if defence.holds(hidden - {key}, exposed):
            hidden.discard(key)
    return Protected(table, reasons, frozenset(hidden - needed.keys()), tuple(sorted(exposed)))


def _insiders(table: AdditiveTable, hidden: Iterable[Key], key: Key) -> list[Key]:
    """Suppressed cells of one contributor alone, who knows them; not where the cell too is that contributor's alone."""
    own = [name for name, _ in table.cells[key].contributors]
    alone = [one for one in hidden if table.cells[one].count == 1]
    return sorted(one for one in alone if own != [table.cells[one].contributors[0][0]])


def _ends(table: AdditiveTable, key: Key, needed: int, insider: Key | None) -> list[int]:
    """How far the interval must reach, up and down: not below zero, nor below what an insider put in."""
    cell = table.cells[key]
    name = None if insider is None else table.cells[insider].contributors[0][0]
    down = min(needed, cell.value - dict(cell.contributors).get(name or "", 0))
    return [needed, -down] if down else [needed]


class _Defence:
    """The unsafe cells with what they need, and the ways found so far in which each could be otherwise.

    A way whose cells are all hidden proves that its cell withstands, whatever else is hidden, and against every insider
    whose cell is not on it: most questions are answered without another linear program.
    """

    def __init__(self, table: AdditiveTable, attack: Attack, needed: Mapping[Key, int]) -> None:
        self._table, self._attack = table, attack
        # The largest needs first: their ways serve the small ones
        self._order = sorted(needed, key=lambda key: (-needed[key], key))
        self._needed = needed
        self._ways: dict[tuple[Key, int], list[frozenset[Key]]] = {}

    def covered(self) -> tuple[set[Key], set[Key]]:
        """What must be hidden until every unsafe cell withstands, and the cells for which nothing helps.

        A cell that is added may have a contributor who knows it: rounds go on until one adds nothing.
        """
        hidden, exposed = set(self._order), set[Key]()
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

    def holds(self, hidden: Collection[Key], exposed: Collection[Key]) -> bool:
        """Whether every cell that can be protected withstands when these are hidden."""
        for key, far, insider in self._questions(hidden):
            if key in exposed or self._proved(key, far, hidden, insider):
                continue
            way = self._attack.way(key, far, hidden, knows=insider, only_hidden=True)
            if way is None:
                return False
            self._ways.setdefault((key, far), []).append(way)
        return True

    def _questions(self, hidden: Collection[Key]) -> list[tuple[Key, int, Key | None]]:
        return [
            (key, far, insider)
            for key in self._order
            for insider in (None, *_insiders(self._table, hidden, key))
            for far in _ends(self._table, key, self._needed[key], insider)
        ]

    def _proved(self, key: Key, far: int, hidden: Collection[Key], insider: Key | None) -> bool:
        return any(insider not in way and way <= set(hidden) for way in self._ways.get((key, far), ()))


def audit(protected: Protected, *, known: Collection[Key] = ()) -> dict[Key, Interval]:
    """What a reader who has nothing but the shown cells (and `known`) can compute of each suppressed cell."""
    attack = Attack(protected.table, frozenset(known))
    return {key: attack.interval(key, protected.suppressed) for key in sorted(protected.suppressed)}


def too_narrow(protected: Protected, rule: ReleaseRule, *, known: Collection[Key] = ()) -> tuple[Key, ...]:
    """The unsafe cells whose interval is narrower than their protection: none, where `protect` made the table."""
    attack = Attack(protected.table, frozenset(known))
    hidden = protected.suppressed
    need = {key: protection(protected.table.cells[key], rule) for key in protected.unsafe}
    return tuple(
        key
        for key in sorted(need)
        if not all(
            attack.reaches(key, far, hidden, knows=insider)
            for insider in (None, *_insiders(protected.table, hidden, key))
            for far in _ends(protected.table, key, need[key], insider)
        )
    )
