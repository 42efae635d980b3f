"""What an attacker can compute: linear programs over the sums of a table (scipy's HiGHS).

The attacker knows every cell that is shown, every relation, and that no value is below zero. For the cells that are
suppressed, the values that are compatible with that knowledge make a polytope; a cell's interval is its extent there.
Work is done in differences from the true values: each suppressed cell may go down by its value at most, and up without
bound. A cell of zero or below is taken to be known from below: it goes up only.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse import csgraph

from custinfo.statistics.disclosure_table import TOTAL, AdditiveTable, Key

_MOVED = 1e-7
_FREE = 1e-3
"""The cost of moving what is suppressed already: next to nothing, but the shortest way is taken."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What can be computed of a cell: from `low` to `high`, None when there is no upper end."""

    low: float
    high: float | None


class Attack:
    """The relations of a table as a matrix, for any choice of suppressed cells; `known` ones are never uncertain."""

    def __init__(self, table: AdditiveTable, known: frozenset[Key] = frozenset()) -> None:
        self._keys = sorted(table.cells)
        self._place = {key: place for place, key in enumerate(self._keys)}
        self._values = np.array([table.cells[key].value for key in self._keys], dtype=np.float64)
        # Nobody's zero is taken for known: that nobody is in a cell is often plain from outside
        nobody = {key for key, cell in table.cells.items() if cell.value == 0 and cell.count == 0}
        self._fixed = np.array([key in nobody or key in known for key in self._keys])
        self._costs = np.array([self._cost(key, value) for key, value in zip(self._keys, self._values, strict=True)])
        rows, columns, entries = [], [], []
        for number, (total, parts) in enumerate(table.relations):
            rows += [number] * (len(parts) + 1)
            columns += [self._place[total], *(self._place[part] for part in parts)]
            entries += [-1.0, *(1.0 for _ in parts)]
        size = len(table.relations), len(self._keys)
        self._relations = sparse.csr_matrix((entries, (rows, columns)), shape=size)

    def _cost(self, key: Key, value: float) -> float:
        """What a reader loses by it: more for more figures, much more for a total."""
        return (1 + log2(1 + abs(value))) * 4.0 ** sum(category == TOTAL for category in key)

    def interval(self, key: Key, hidden: Collection[Key], *, knows: Key | None = None) -> Interval:
        """The extent of a cell when `hidden` is suppressed, for one who knows the cell `knows` besides."""
        down, up = (self._reach(key, hidden, sign, knows) for sign in (-1, 1))
        value = float(self._values[self._place[key]])
        return Interval(value - (down or 0.0), None if up is None else value + up)

    def _reach(self, key: Key, hidden: Collection[Key], sign: int, knows: Key | None) -> float | None:
        """How far the cell can go up (1) or down (−1); None for without end."""
        free = self._free(hidden, knows)
        place = self._place[key]
        if not free[place]:
            return 0.0
        places = np.flatnonzero(free)
        target = np.zeros(len(places))
        target[int(np.searchsorted(places, place))] = -sign
        # The solver's tolerance is absolute, figures in fen are large
        unit = max(1.0, abs(self._values[place]))
        values = np.maximum(self._values[places], 0.0) / unit
        bounds: list[tuple[float, float | None]] = [(-value, None) for value in values]
        equations, zeros = self._equations(places)
        found = optimize.linprog(target, A_eq=equations, b_eq=zeros, bounds=bounds, method="highs")
        return None if found.status == 3 else -float(found.fun) * unit

    def way(
        self, key: Key, far: float, hidden: Collection[Key], *, knows: Key | None = None, only_hidden: bool = False
    ) -> frozenset[Key] | None:
        """The cells that move when `key` goes as far as that (down when negative) and all sums hold, in the cheapest
        way: what is hidden moves freely, other cells at what a reader loses by them, or not at all with `only_hidden`.

        Hiding these cells is enough for the interval to reach so far. None when there is no way.
        """
        free = self._free(hidden if only_hidden else self._keys, knows)
        own = self._place[key]
        if not free[own]:
            return None
        if only_hidden:
            labels = self._labels(free)
            free &= labels == labels[own]
        places = np.flatnonzero(free)
        if len(places) == 1 and not self._relations[:, [own]].nnz:
            return frozenset({key})  # in no sum at all: nothing holds it
        costs = self._costs[places].copy()
        costs[np.isin(places, [self._place[one] for one in hidden])] = _FREE
        equations, zeros = self._equations(places)
        # Up and down apart, so that the cost is that of the distance
        both = sparse.hstack([equations, -equations])
        values = np.maximum(self._values[places], 0.0) / abs(far)
        bounds: list[tuple[float, float | None]] = [(0.0, None)] * len(places)
        bounds += [(0.0, value) for value in values]
        at = int(np.searchsorted(places, own))
        bounds[at], bounds[len(places) + at] = ((1, 1), (0, 0)) if far > 0 else ((0, 0), (1, 1))
        found = optimize.linprog(np.tile(costs, 2), A_eq=both, b_eq=zeros, bounds=bounds, method="highs")
        if found.status != 0:
            return None
        up, down = np.split(found.x, 2)
        return frozenset(self._keys[place] for place in places[np.abs(up - down) > _MOVED]) | {key}

    def groups(self, hidden: Collection[Key]) -> dict[Key, int]:
        """The hidden cells by groups that sums connect: what is known of one group tells nothing of another."""
        labels = self._labels(self._free(hidden, None))
        return {key: int(labels[self._place[key]]) for key in hidden}

    def _labels(self, free: NDArray[np.bool_]) -> NDArray[np.int32]:
        rows = self._relations @ sparse.diags(free.astype(np.float64))
        _, labels = csgraph.connected_components(abs(rows.T) @ abs(rows), directed=False)
        return np.asarray(labels)

    def _free(self, hidden: Collection[Key], knows: Key | None) -> NDArray[np.bool_]:
        free = np.zeros(len(self._keys), dtype=np.bool_)
        free[[self._place[one] for one in hidden if one != knows]] = True
        return np.asarray(free & ~self._fixed)

    def _equations(self, places: NDArray[np.int64]) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
        rows = self._relations[:, places]
        used = np.flatnonzero(np.diff(rows.indptr))
        return rows[used], np.zeros(len(used))
