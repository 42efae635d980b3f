"""k-prototypes (Huang 1998): clusters over numbers and categories together, each told by the means of its numbers and
its commonest categories.

Written here, on numpy: the library for it is maintained no more and fails to begin on customers who are much alike
(docs/adr/0016-clusters.md).
"""

import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters.sampling import Codes, Numbers

_STEPS = 100


def fit(numbers: Numbers, codes: Codes, count: int, *, gamma: float, seed: int, restarts: int) -> NDArray[np.int64]:
    """The cluster of each row, counted from 0, in no order of size: the best of `restarts` seeded runs.

    Rows are numbers (scaled) and places of codes; a differing code weighs `gamma` beside the squared distance of the
    numbers. There are at least `count` different rows. Of runs, rows or codes that are equally good the first counts.
    """
    drawing = np.random.default_rng(seed)
    runs = [_run(numbers, codes, _begin(numbers, codes, count, gamma, drawing), gamma) for _ in range(restarts)]
    return min(runs, key=lambda run: round(run[1], 9))[0]


def _begin(numbers: Numbers, codes: Codes, count: int, gamma: float, drawing: np.random.Generator) -> NDArray[np.int64]:
    """Rows to begin with: one at random, then each the likelier the farther it is from those before (k-means++)."""
    chosen = [int(drawing.integers(len(numbers)))]
    away = _away(numbers, codes, numbers[chosen], codes[chosen], gamma)[:, 0]
    while len(chosen) < count:
        chosen.append(int(drawing.choice(len(numbers), p=away / away.sum())))
        away = np.minimum(away, _away(numbers, codes, numbers[chosen[-1:]], codes[chosen[-1:]], gamma)[:, 0])
    return np.array(chosen)


def _run(numbers: Numbers, codes: Codes, begin: NDArray[np.int64], gamma: float) -> tuple[NDArray[np.int64], float]:
    means, modes = numbers[begin].copy(), codes[begin].copy()
    where = np.full(len(numbers), -1)
    for _ in range(_STEPS):
        away = _away(numbers, codes, means, modes, gamma)
        nearest = away.argmin(axis=1)
        for number in range(len(begin)):
            if not (nearest == number).any():  # nobody is left in it: it begins anew at who is farthest from all
                farthest = int(away[np.arange(len(nearest)), nearest].argmax())
                nearest[farthest] = number
        if (nearest == where).all():
            break
        where = nearest
        for number in range(len(begin)):
            inside = where == number
            means[number] = numbers[inside].mean(axis=0)
            modes[number] = [np.bincount(column).argmax() for column in codes[inside].T]
    return where, float(away[np.arange(len(where)), where].sum())


def _away(numbers: Numbers, codes: Codes, means: Numbers, modes: Codes, gamma: float) -> NDArray[np.float64]:
    """How far each row is from each prototype."""
    from scipy.spatial.distance import cdist

    differing = np.rint(cdist(codes, modes, "hamming") * codes.shape[1])  # what it gives is a share of the columns
    return np.asarray(cdist(numbers, means, "sqeuclidean") + gamma * differing)
