"""Back-test of credit grades: did those who were graded worse default more often?

Everything starts from counts: how many customers a grade had, and how many of them defaulted. A grade that nobody had
is shown with a rate and an interval of None, and breaks no order.

- Rates have Wilson intervals of 95 %.
- The order is broken where a better grade has a strictly higher rate than the next worse one that anybody had. Whether
  that may be chance is the one-sided Fisher test of the two grades.
- AUC is the chance that of two customers, one who defaulted and one who did not, the former was graded worse; two in
  the same grade count half. Its interval of 95 % is that of DeLong, DeLong and Clarke-Pearson (1988), cut off at 0 and
  1. It is None with fewer than two customers on either side, and where the variance is zero whatever the number: the
  grades separate them wholly (AUC 0 or 1), or all have one grade. Gini = 2 AUC - 1.
- KS is the largest distance between the cumulative shares of the two, over all grades.
- PSI = sum of (actual - expected) ln(actual / expected) over shares. A class that is empty on both sides is left out;
  one that is empty on one side counts there as half a customer, the other shares staying as they are.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import ibis.expr.types as ir

from custinfo.domain.errors import BadInput

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
PSI_SHIFT, PSI_BREAK = 0.10, 0.25
"""From where on a population counts as shifted, and as another one: what is customary for scorecards."""

STABILITIES = ("stable", "shifted", "broken")


@dataclass(frozen=True)
class Count:
    """How many customers had a grade, and how many of them defaulted."""

    grade: str
    customers: int
    defaults: int


@dataclass(frozen=True)
class Rate:
    """The rate of default of a grade, with its Wilson interval; all None when nobody had the grade."""

    grade: str
    customers: int
    defaults: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Break:
    """A better grade that defaulted more often than the next worse one; `p` is that of Fisher's one-sided test."""

    better: str
    worse: str
    better_rate: float
    worse_rate: float
    p: float
    significant: bool


@dataclass(frozen=True)
class Power:
    """How well grades tell apart who defaults. `low` and `high` bound the AUC; None where no interval can be given."""

    auc: float
    low: float | None
    high: float | None
    gini: float
    ks: float


@dataclass(frozen=True)
class Stability:
    """How far a population moved: PSI, the part of each class in it, and one of STABILITIES."""

    psi: float
    parts: Mapping[str, float]
    verdict: str


def counts(graded: ir.Table) -> ir.Table:
    """`grade`, `customers`, `defaults` (int64) of `graded`, which has `grade` and `defaulted` (boolean), in no order.

    Without those who have no grade, and those of whom it is not known whether they defaulted (NULL).
    """
    known = graded.filter(graded.grade.notnull(), graded.defaulted.notnull())
    return known.group_by("grade").aggregate(
        customers=known.count().cast("int64"), defaults=known.defaulted.ifelse(1, 0).sum().cast("int64")
    )


def in_order(rows: Iterable[Count], order: Sequence[str]) -> tuple[Count, ...]:
    """One count for each grade of `order`, best first; zero for a grade that nobody had.

    Raises BadInput for a grade that `order` lacks or that stands twice, and for more defaults than customers.
    """
    found: dict[str, Count] = {}
    for row in rows:
        if row.grade not in order or row.grade in found:
            raise BadInput("credit_use.test_grade", grade=row.grade, grades="、".join(order))
        if not 0 <= row.defaults <= row.customers:
            raise BadInput("credit_use.test_count", grade=row.grade, customers=row.customers, defaults=row.defaults)
        found[row.grade] = row
    return tuple(found.get(grade, Count(grade, 0, 0)) for grade in order)


def rates(rows: Iterable[Count]) -> tuple[Rate, ...]:
    """The rate of default of each grade, in the order given."""
    return tuple(_rate(row) for row in rows)


def breaks(rows: Iterable[Count]) -> tuple[Break, ...]:
    """Where the order of grades, best first, is broken."""
    from scipy.stats import fisher_exact  # a second that only tests need

    had = [row for row in rows if row.customers]
    found = []
    for better, worse in pairwise(had):
        if better.defaults * worse.customers > worse.defaults * better.customers:
            table = [[row.defaults, row.customers - row.defaults] for row in (better, worse)]
            p = float(fisher_exact(table, alternative="greater").pvalue)
            shares = [row.defaults / row.customers for row in (better, worse)]
            found.append(Break(better.grade, worse.grade, shares[0], shares[1], p, p < SIGNIFICANT))
    return tuple(found)


def by_score(scores: Sequence[float], defaulted: Sequence[bool]) -> tuple[Count, ...]:
    """Each score as a grade of its own, the highest (safest) first, for `power`.

    Raises BadInput for lists of different length and for a score that is not a number.
    """
    if len(scores) != len(defaulted):
        raise BadInput("credit_use.test_lengths", scores=len(scores), outcomes=len(defaulted))
    if any(math.isnan(score) for score in scores):
        raise BadInput("credit_use.test_score")
    customers: dict[float, int] = {}
    defaults: dict[float, int] = {}
    for score, outcome in zip(scores, defaulted, strict=True):
        customers[score] = customers.get(score, 0) + 1
        defaults[score] = defaults.get(score, 0) + bool(outcome)
    return tuple(Count(repr(score), customers[score], defaults[score]) for score in sorted(customers, reverse=True))


def power(rows: Sequence[Count]) -> Power:
    """How well the grades, best first, tell apart who defaults.

    Raises BadInput when nobody defaulted or everybody did: then there is nothing to tell apart.
    """
    bad = sum(row.defaults for row in rows)
    good = sum(row.customers - row.defaults for row in rows)
    if not bad or not good:
        raise BadInput("credit_use.test_one_outcome", customers=bad + good, defaults=bad)
    # Twice the number of pairs, so that a half stays a whole number: of each who defaulted, those graded better
    twice, squares_bad, squares_good, gap = 0, 0, 0, 0
    good_before = bad_before = 0
    for row in rows:
        here_bad, here_good = row.defaults, row.customers - row.defaults
        better, worse = 2 * good_before + here_good, 2 * (bad - bad_before) - here_bad
        twice += here_bad * better
        squares_bad += here_bad * better * better
        squares_good += here_good * worse * worse
        good_before, bad_before = good_before + here_good, bad_before + here_bad
        gap = max(gap, abs(good_before * bad - bad_before * good))
    auc = twice / (2 * bad * good)
    low, high = _delong(twice, squares_bad, squares_good, bad, good)
    return Power(auc, low, high, 2 * auc - 1, gap / (bad * good))


def stability(expected: Mapping[str, int], actual: Mapping[str, int]) -> Stability:
    """PSI between two populations, as customers by class. Raises BadInput for an empty one or a count below zero."""
    for counted in (expected, actual):
        if any(number < 0 for number in counted.values()) or not sum(counted.values()):
            raise BadInput("credit_use.test_population", customers=sum(counted.values()))
    parts = {}
    for name in sorted({*expected, *actual}):
        before, after = expected.get(name, 0), actual.get(name, 0)
        if before or after:
            share = [(number or 0.5) / sum(of.values()) for number, of in ((before, expected), (after, actual))]
            parts[name] = (share[1] - share[0]) * math.log(share[1] / share[0])
    psi = math.fsum(parts.values())
    place = (psi >= PSI_SHIFT) + (psi >= PSI_BREAK)
    return Stability(psi, parts, STABILITIES[place])


def _rate(row: Count) -> Rate:
    from scipy.stats import binomtest

    if not row.customers:
        return Rate(row.grade, 0, 0, None, None, None)
    interval = binomtest(row.defaults, row.customers).proportion_ci(CONFIDENCE, method="wilson")
    rate = row.defaults / row.customers
    return Rate(row.grade, row.customers, row.defaults, rate, float(interval.low), float(interval.high))


def _delong(
    twice: int, squares_bad: int, squares_good: int, bad: int, good: int
) -> tuple[float, float] | tuple[None, None]:
    """From sums over customers of twice their number of pairs won (`twice`), and of its squares on both sides."""
    from scipy.stats import norm

    # Whole numbers up to here: a variance as a difference of large sums would lose its digits as floats
    spread_bad, spread_good = bad * squares_bad - twice * twice, good * squares_good - twice * twice
    if bad < 2 or good < 2 or spread_bad == spread_good == 0:
        return None, None
    of_bad = spread_bad / (4 * bad * (bad - 1) * good * good)
    of_good = spread_good / (4 * good * (good - 1) * bad * bad)
    half = float(norm.ppf((1 + CONFIDENCE) / 2)) * math.sqrt(of_bad / bad + of_good / good)
    auc = twice / (2 * bad * good)
    return max(auc - half, 0.0), min(auc + half, 1.0)
