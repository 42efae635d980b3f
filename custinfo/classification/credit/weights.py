"""Weights from judgements in pairs: Saaty's analytic hierarchy process.

1. Each pair of things is judged once: which matters more, and how many times as much, 1 to 9. They fill a square matrix
   with ones on the diagonal and the reciprocal of each judgement across it.
2. The weights are its principal eigenvector, summing to 1, found by power iteration until the bounds of Collatz and
   Wielandt for lambda max differ by one part in 10^13 at most. Plain Python floats: the same bytes on every machine,
   and nothing that starts threads is imported.
3. CI = (lambda max - n) / (n - 1). CR = CI / RI, with RI of the same n: what Saaty found on average in matrices filled
   at random (T. L. Saaty, The Analytic Hierarchy Process, McGraw-Hill 1980, 1 to 15 things; his 1.48 for 12 is kept).
   One or two things cannot contradict one another: CR is 0.
4. Judgements with CR above 0.1 are refused. Named are those that fit the others least: where a(i, j) * w(j) / w(i) is
   furthest from 1. Among three things all three judgements are equally far off, and all are named.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from custinfo.domain.errors import BadInput

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Saaty's average CI of random matrices, by the number of things from 1 on."""

HIGHEST_RATIO = 0.1
STRONGEST = 9
_SPREAD = 1e-13
_NEAR = 1e-9

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Doubt:
    """A judgement that fits the others badly: `more` was said to matter `given` times as much as `less`; `fitting`
    times would go with the weights that all judgements give together.
    """

    more: str
    less: str
    given: float
    fitting: float


@dataclass(frozen=True)
class Weights:
    """What judgements in pairs come to. `weights` sum to 1, by name in the order given; `doubts` come worst first, none
    for judgements that agree perfectly.
    """

    weights: Mapping[str, float]
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    doubts: tuple[Doubt, ...]

    @property
    def consistent(self) -> bool:
        """Whether the ratio is at most 0.1."""
        return self.consistency_ratio <= HIGHEST_RATIO


def matrix(names: Sequence[str], judgements: Mapping[tuple[str, str], int]) -> Matrix:
    """The square matrix of judgements `(more, less) -> times`, times from 1 to 9.

    Raises BadInput for a pair that is missing, judged twice, of one thing with itself or of a name not in `names`.
    """
    place = {name: position for position, name in enumerate(names)}
    rows = [[1.0] * len(names) for _ in names]
    judged = set()
    for (more, less), times in judgements.items():
        if more not in place or less not in place or more == less:
            raise BadInput("credit_scorecards.weights.unknown_pair", more=more, less=less)
        pair = frozenset((more, less))
        if pair in judged:
            raise BadInput("credit_scorecards.weights.pair_twice", more=more, less=less)
        judged.add(pair)
        if not 1 <= times <= STRONGEST:
            raise BadInput("credit_scorecards.weights.scale", more=more, less=less, given=times)
        rows[place[more]][place[less]] = float(times)
        rows[place[less]][place[more]] = 1 / times
    for more, less in combinations(names, 2):
        if frozenset((more, less)) not in judged:
            raise BadInput("credit_scorecards.weights.pair_missing", more=more, less=less)
    return tuple(map(tuple, rows))


def check(names: Sequence[str], rows: Sequence[Sequence[float | Fraction]]) -> Matrix:
    """A matrix from elsewhere as one of floats.

    Raises BadInput when it is not square of that size, has more than 15 things or none, names one twice, holds a number
    outside of 1/9 to 9, does not have ones on its diagonal, or two numbers across it that are not each other's
    reciprocal (to one part in 10^9: 1/3 written as 0.33 is refused).
    """
    size = len(names)
    if not 1 <= size <= len(RANDOM_INDEX) or len(set(names)) != size:
        raise BadInput("credit_scorecards.weights.size", found=size, most=len(RANDOM_INDEX))
    if len(rows) != size or any(len(row) != size for row in rows):
        raise BadInput("credit_scorecards.weights.not_square", size=size)
    numbers = tuple(tuple(float(number) for number in row) for row in rows)
    for i, more in enumerate(names):
        for j, less in enumerate(names):
            if not 1 / STRONGEST - _NEAR <= numbers[i][j] <= STRONGEST + _NEAR:
                raise BadInput("credit_scorecards.weights.scale", more=more, less=less, given=f"{numbers[i][j]:g}")
            # On the diagonal this asks for a one: within the scale only 1 is its own reciprocal
            if abs(numbers[i][j] * numbers[j][i] - 1) > _NEAR:
                facts = {"given": f"{numbers[i][j]:g}", "across": f"{numbers[j][i]:g}"}
                raise BadInput("credit_scorecards.weights.not_reciprocal", more=more, less=less, **facts)
    return numbers


def derive(names: Sequence[str], rows: Sequence[Sequence[float | Fraction]]) -> Weights:
    """The weights that judgements come to, consistent or not. Raises BadInput as `check` does."""
    numbers = check(names, rows)
    size = len(names)
    vector, lambda_max = _principal(numbers)
    index = max(0.0, (lambda_max - size) / (size - 1)) if size > 1 else 0.0
    ratio = index / RANDOM_INDEX[size - 1] if size > 2 else 0.0
    weights = dict(zip(names, vector, strict=True))
    return Weights(weights, lambda_max, index, ratio, _doubts(names, numbers, vector))


def accept(names: Sequence[str], rows: Sequence[Sequence[float | Fraction]]) -> Weights:
    """The weights of judgements that do not contradict one another.

    Raises BadInput as `check` does, and for a consistency ratio above 0.1, naming what fits worst.
    """
    found = derive(names, rows)
    if not found.consistent:
        raise BadInput("credit_scorecards.weights.inconsistent", **inconsistency(found))
    return found


def inconsistency(found: Weights) -> dict[str, str]:
    """The facts of the message about judgements that contradict one another: the ratio, and those that fit worst."""
    worst = _distance(found.doubts[0])
    named = [doubt for doubt in found.doubts if math.isclose(_distance(doubt), worst, rel_tol=1e-6)]
    told = "; ".join(f"{d.more} : {d.less} = {d.given:g} (≈ {d.fitting:.1f})" for d in named)
    return {"ratio": f"{found.consistency_ratio:.4f}", "highest": f"{HIGHEST_RATIO:g}", "judgements": told}


def whole(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Weights as whole numbers that sum to `total` exactly: rounded down, and what is left goes to the largest
    remainders, of equal ones to the first.
    """
    shares = {name: weight * total / math.fsum(weights.values()) for name, weight in weights.items()}
    parts = {name: math.floor(share) for name, share in shares.items()}
    # Remainders that differ by less than a float can tell are equal
    by_remainder = sorted(shares, key=lambda name: -round(shares[name] - parts[name], 9))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def _principal(rows: Matrix) -> tuple[tuple[float, ...], float]:
    vector = [1 / len(rows)] * len(rows)
    while True:
        product = [math.fsum(map(float.__mul__, row, vector)) for row in rows]
        bounds = [after / before for after, before in zip(product, vector, strict=True)]
        total = math.fsum(product)
        vector = [number / total for number in product]
        if max(bounds) - min(bounds) <= _SPREAD * max(bounds):
            return tuple(vector), (max(bounds) + min(bounds)) / 2


def _doubts(names: Sequence[str], rows: Matrix, vector: Sequence[float]) -> tuple[Doubt, ...]:
    doubts = []
    for i, j in combinations(range(len(names)), 2):
        more, less = (i, j) if rows[i][j] >= 1 else (j, i)
        doubts.append(Doubt(names[more], names[less], rows[more][less], vector[more] / vector[less]))
    off = [doubt for doubt in doubts if _distance(doubt) > _NEAR]
    return tuple(sorted(off, key=lambda doubt: -round(_distance(doubt), 9)))


def _distance(doubt: Doubt) -> float:
    """How far from 1 the judgement's ratio to what would fit is, the same whichever way it is read."""
    return abs(math.log(doubt.given / doubt.fitting))
