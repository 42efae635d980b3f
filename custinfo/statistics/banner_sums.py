"""Sums, means and their errors for every column of a banner at once.

With w the weights, I_c who is in column c, y a row's values (1 or 0 for a category) and m_c = Σ w I_c y / Σ w I_c, the
error is linearised: u_ic = w_i I_ic (y_i − m_c) / Σ w I_c is summed within the units that were drawn first, and the
variance is that of these sums between the units of a stratum, over strata, less what a finite population takes away.
Two columns that share respondents, clusters or strata are correlated; their covariance is made in the same way, so that
a comparison is right whether columns overlap or not. Domains keep the whole design, as in `estimation`.

Clusters are few and their sums are made one by one; where every respondent was drawn alone the squares are summed
directly, which needs no array as long as the sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from custinfo.domain.errors import BadInput
from custinfo.statistics.banner_data import Chosen, Numbers, Places, Sampled

Pairs = Sequence[tuple[int, int]]

_NOISE = 1e-15
"""A variance below this share of the squared mean is what the arithmetic leaves of zero."""


@dataclass(frozen=True, eq=False)
class Sums:
    """For C columns, K rows and P pairs of columns: all arrays of floats, nan where there is nothing to divide by.

    `counts` (C × K) unweighted, `weighted` (C × K), `means` (C × K), `variances` (C × K), `covariances` (P × K); bases
    (C): `base` unweighted, `weighted_base`, `effective_base` (Kish); `freedom` (P) degrees of freedom of a comparison.
    `deviations` (C × K) are standard deviations within the columns.
    """

    counts: Numbers
    weighted: Numbers
    means: Numbers
    variances: Numbers
    covariances: Numbers
    deviations: Numbers
    base: Numbers
    weighted_base: Numbers
    effective_base: Numbers
    freedom: Numbers


class Columns:
    """The columns of a banner over a sample, made ready once for all its tables.

    `members` is C × n; `pairs` are the columns that will be compared. Raises BadInput for a stratum of which one unit
    alone was drawn: there is no variance within it.
    """

    def __init__(self, members: Chosen, sampled: Sampled, pairs: Pairs) -> None:
        self.pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._clustered = sampled.clusters is not None
        unit_of, self._stratum_of = _units(sampled)
        drawn = np.bincount(self._stratum_of).astype(np.float64)
        if (drawn == 1).any():
            raise BadInput("banner.lone_unit", strata=int((drawn == 1).sum()))
        self._drawn, self._by_stratum = drawn, drawn / (drawn - 1) * _left_over(sampled, drawn)
        rows, places = np.nonzero(members)
        size = len(members), members.shape[1]
        weights = sampled.weights
        self._ones = sparse.csr_matrix((np.ones(len(rows)), (rows, places)), shape=size)
        self._squares = sparse.csr_matrix((weights[places] ** 2, (rows, places)), shape=size)
        spread = weights**2 * self._by_stratum[self._stratum_of[unit_of]]
        self._spread = sparse.csr_matrix((spread[places], (rows, places)), shape=size)
        first, second = self.pairs.T
        self._shared = [i for i, (a, b) in enumerate(pairs) if (members[a] & members[b]).any()]
        both = members[first[self._shared]] & members[second[self._shared]]
        self._both = sparse.csr_matrix(both.astype(np.float64))
        self._both_spread = sparse.csr_matrix(both * spread)
        groups = unit_of if self._clustered else self._stratum_of[unit_of]
        self._group_count = int(groups.max(initial=-1)) + 1
        self._grouped = sparse.csr_matrix(
            (weights[places], (groups[places] * size[0] + rows, places)), shape=(self._group_count * size[0], size[1])
        )

    def counts(self, who: Chosen) -> Numbers:
        """How many of them are in each column."""
        return np.asarray(self._ones @ who.astype(np.float64)) if who.any() else np.zeros(self._ones.shape[0])

    def sums(self, values: Numbers, answered: Chosen, *, binary: bool) -> Sums:
        """The sums of K rows of values (n × K; 0 where not answered). `binary`: all are 0 or 1."""
        base = answered[:, None].astype(np.float64)
        rows = np.hstack([values, base]) if binary else np.hstack([values, values**2, base])
        kinds = values.shape[1]
        groups = (self._grouped @ rows).reshape(self._group_count, -1, rows.shape[1])
        made = groups.sum(axis=0)
        counted = self._ones @ (rows if binary else base)
        whole = made[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            means = made[:, :kinds] / whole[:, None]
            effective = whole**2 / (self._squares @ base)[:, 0]
            squares = made[:, :kinds] if binary else made[:, kinds:-1]
            n = counted[:, -1:]
            deviations = np.sqrt(np.maximum(squares / whole[:, None] - means**2, 0) * n / (n - 1))
            variances, covariances, present = self._errors(rows, groups, means, whole, binary)
            variances[variances < _NOISE * np.maximum(means**2, 1)] = 0
        counts = counted[:, :kinds] if binary else np.repeat(n, kinds, axis=1)
        return Sums(
            counts, made[:, :kinds], means, variances, covariances, deviations,
            counted[:, -1], whole, effective, self._freedom(counted[:, -1], base, present),
        )  # fmt: skip

    def _errors(
        self, rows: Numbers, groups: Numbers, means: Numbers, whole: Numbers, binary: bool
    ) -> tuple[Numbers, Numbers, Chosen]:
        """Variances (C × K), covariances (P × K), and which groups (clusters, or strata) are in which column."""
        a, b = self.pairs.T
        kinds = means.shape[1]
        present = groups[:, :, -1] > 0
        scores = np.nan_to_num((groups[:, :, :kinds] - means * groups[:, :, -1:]) / whole[:, None])
        if self._clustered:
            return *self._between(scores, a, b), present
        # A respondent alone: squares directly, less the part that lies between strata
        variances = _squared(self._spread @ rows, kinds, means, means, binary) / whole[:, None] ** 2
        covariances = np.zeros((len(a), kinds))
        if self._shared:
            first, second = a[self._shared], b[self._shared]
            shared = _squared(self._both_spread @ rows, kinds, means[first], means[second], binary)
            covariances[self._shared] = shared / (whole[first] * whole[second])[:, None]
        share = (self._by_stratum / self._drawn)[:, None, None]
        variances -= (share * scores**2).sum(axis=0)
        covariances -= (share * scores[:, a] * scores[:, b]).sum(axis=0)
        return variances, covariances, present

    def _between(self, scores: Numbers, a: Places, b: Places) -> tuple[Numbers, Numbers]:
        """Between the clusters of a stratum, over strata."""
        order = np.argsort(self._stratum_of, kind="stable")
        starts = np.searchsorted(self._stratum_of[order], np.arange(len(self._drawn)))
        centre = np.add.reduceat(scores[order], starts, axis=0) / self._drawn[:, None, None]
        apart = (scores - centre[self._stratum_of]) * np.sqrt(self._by_stratum)[self._stratum_of][:, None, None]
        covariances = np.zeros((len(a), scores.shape[2]))
        for pair, (first, second) in enumerate(zip(a, b, strict=True)):
            covariances[pair] = (apart[:, first] * apart[:, second]).sum(axis=0)
        return (apart**2).sum(axis=0), covariances

    def _freedom(self, counted: Numbers, base: Numbers, present: Chosen) -> Numbers:
        """Units less strata, of those that hold members of either column."""
        a, b = self.pairs.T
        either = present[:, a] | present[:, b]
        if self._clustered:
            strata = np.zeros((len(self._drawn), len(a)), dtype=np.bool_)
            np.logical_or.at(strata, self._stratum_of, either)
            return np.asarray(either.sum(axis=0) - strata.sum(axis=0), dtype=np.float64)
        units = counted[a] + counted[b]
        if self._shared:
            units[self._shared] -= (self._both @ base)[:, 0]
        return np.asarray(units - either.sum(axis=0), dtype=np.float64)


def _squared(rows: Numbers, kinds: int, first: Numbers, second: Numbers, binary: bool) -> Numbers:
    """Σ q (y − m) (y − m'), from the sums of q y, q y² and q."""
    plain, base = rows[:, :kinds], rows[:, -1:]
    squares = plain if binary else rows[:, kinds:-1]
    return np.asarray(squares - (first + second) * plain + first * second * base)


def _units(sampled: Sampled) -> tuple[Places, Places]:
    """The unit that each respondent was drawn with, numbered over all strata, and the stratum of each unit."""
    n = len(sampled.weights)
    strata = sampled.strata if sampled.strata is not None else np.zeros(n, dtype=np.int64)
    _, strata = np.unique(strata, return_inverse=True)
    if sampled.clusters is None:
        return np.arange(n), strata
    _, clusters = np.unique(sampled.clusters, return_inverse=True)
    units, unit_of = np.unique(strata * (int(clusters.max(initial=0)) + 1) + clusters, return_inverse=True)
    stratum_of = np.zeros(len(units), dtype=np.int64)
    stratum_of[unit_of] = strata
    return unit_of, stratum_of


def _left_over(sampled: Sampled, drawn: Numbers) -> Numbers:
    """The share of each stratum's units that was not drawn; 1 without a finite population."""
    if sampled.population is None:
        return np.ones_like(drawn)
    strata = sampled.strata if sampled.strata is not None else np.zeros(len(sampled.weights), dtype=np.int64)
    _, first = np.unique(strata, return_index=True)
    population = sampled.population[first]
    if (population < drawn).any():
        raise BadInput("banner.population")
    return np.asarray(1 - drawn / population)
