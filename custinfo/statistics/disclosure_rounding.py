"""Rounding tables to a base, so that small differences tell nothing.

Controlled rounding keeps every sum: each cell goes to the multiple of the base just below or just above it, and a cell
that is a multiple already stays (zero stays zero). Of all such tables the one nearest to the true figures is taken.
Plain rounding takes every cell for itself, totals too: nearer, but the sums do not hold.
"""

import numpy as np
from scipy import optimize, sparse

from custinfo.domain.errors import BadInput
from custinfo.statistics.disclosure import Protected
from custinfo.statistics.disclosure_table import AdditiveTable, Key


def plain(table: AdditiveTable, base: int) -> dict[Key, int]:
    """Each cell at its nearest multiple, half upwards. Raises BadInput for a base below 2."""
    _check(base)
    return {key: (2 * cell.value + base) // (2 * base) * base for key, cell in table.cells.items()}


def controlled(table: AdditiveTable, base: int) -> dict[Key, int]:
    """The nearest table of multiples in which all sums hold. Ties are broken by the cells' order.

    There always is one for tables of two dimensions; for others BadInput is raised when there is none.
    """
    _check(base)
    keys = sorted(table.cells)
    values = np.array([table.cells[key].value for key in keys], dtype=np.int64)
    rest = values % base
    place = {key: number for number, key in enumerate(keys)}
    rows, columns, signs, needed = [], [], [], []
    for number, (total, parts) in enumerate(table.relations):
        way = [place[total], *(place[part] for part in parts)]
        rows += [number] * len(way)
        columns += way
        signs += [-1, *(1 for _ in parts)]
        needed.append(
            sum(int(values[one] // base) * sign for one, sign in zip(way, [-1] + [1] * len(parts), strict=True))
        )
    matrix = sparse.csr_matrix((signs, (rows, columns)), shape=(len(needed), len(keys)))
    # Going up costs what is left to go up, less what going down would have cost; a hair by place breaks ties
    costs = base - 2 * rest + np.arange(len(keys)) / (2 * len(keys) + 1)
    found = optimize.milp(
        costs, integrality=np.ones(len(keys)), bounds=optimize.Bounds(0, (rest > 0).astype(float)),
        constraints=optimize.LinearConstraint(matrix, [-one for one in needed], [-one for one in needed]),
    )  # fmt: skip
    if found.x is None:
        raise BadInput("disclosure.cannot_round", base=base)
    up = np.rint(found.x).astype(np.int64)
    return {key: int((values[number] // base + up[number]) * base) for key, number in place.items()}


def released(protected: Protected, base: int) -> dict[Key, int | None]:
    """What is given out of a protected table: controlled rounding where the base is above 1, None for what is hidden.

    Rounded as a whole before cells are taken out, so that the sums of what is shown hold too.
    """
    figures = controlled(protected.table, base) if base > 1 else {k: c.value for k, c in protected.table.cells.items()}
    return {key: None if key in protected.suppressed else figure for key, figure in figures.items()}


def _check(base: int) -> None:
    if base < 2:
        raise BadInput("disclosure.base", base=base)
