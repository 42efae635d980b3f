"""Which columns of a banner differ: letters of the columns that a figure is significantly higher than.

Two-sided t tests on the difference of two columns, by its linearised standard error (which knows overlapping columns,
weights, strata and clusters) and the design's degrees of freedom. Nothing is tested against a column whose base is too
small. Where both columns have no spread at all (0 % against 100 %), the pooled share gives the error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from custinfo.domain.errors import BadInput
from custinfo.statistics.banner_data import Numbers
from custinfo.statistics.banner_sums import Pairs, Sums

_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Significance:
    """How columns are compared; printed beneath a table, for letters mean nothing without it.

    `levels` of confidence: letters are capital at the first and small at the second. `correction` by Holm is made over
    all comparisons of a row within one banner point. Bases (unweighted) below `suppress_below` are not compared, those
    below `mark_below` are marked.
    """

    levels: tuple[float, ...] = (0.95,)
    correction: Literal["none", "holm"] = "none"
    suppress_below: int = 30
    mark_below: int = 100

    def __post_init__(self) -> None:
        falling = tuple(sorted(set(self.levels), reverse=True))
        if not 1 <= len(self.levels) <= 2 or self.levels != falling or not all(0.5 <= one < 1 for one in self.levels):
            raise BadInput("banner.levels", found=", ".join(map(str, self.levels)))
        if not 0 <= self.suppress_below <= self.mark_below:
            raise BadInput("banner.bases", suppress=self.suppress_below, mark=self.mark_below)


def letter(place: int) -> str:
    """The letter of a column by its place: A … Z, AA, AB …"""
    first, last = divmod(place, 26)
    return (letter(first - 1) if first else "") + chr(ord("A") + last)


def p_values(sums: Sums, pairs: Pairs, *, shares: bool, suppress_below: int) -> Numbers:
    """P × K: how likely such a difference is when there is none; nan where nothing is compared."""
    if not pairs:
        return np.zeros((0, sums.means.shape[1]))
    a, b = np.array(pairs, dtype=np.int64).T
    difference = sums.means[a] - sums.means[b]
    variance = sums.variances[a] + sums.variances[b] - 2 * sums.covariances
    if shares:
        whole = sums.weighted_base[a] + sums.weighted_base[b]
        with np.errstate(divide="ignore", invalid="ignore"):
            pooled = (sums.weighted[a] + sums.weighted[b]) / whole[:, None]
            other = pooled * (1 - pooled) * (1 / sums.effective_base[a] + 1 / sums.effective_base[b])[:, None]
        spreadless = (sums.variances[a] <= _NOISE) & (sums.variances[b] <= _NOISE)
        variance = np.where(spreadless, other, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(difference) / np.sqrt(np.maximum(variance, 0))
        found = 2 * stats.t.sf(t, sums.freedom[:, None])
    same = np.abs(difference) <= _NOISE
    found = np.where(same, 1.0, found)
    small = (sums.base[a] < suppress_below) | (sums.base[b] < suppress_below) | ~(sums.freedom >= 1)
    found[small] = np.nan
    return np.asarray(found, dtype=np.float64)


def holm(p: Numbers) -> Numbers:
    """Holm's adjustment of one row's comparisons (nan stays nan): the smallest times their number, and so on."""
    adjusted = p.copy()
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * steps), 1)
    return adjusted


def letters(
    sums: Sums, pairs: Pairs, groups: Sequence[int], names: Mapping[int, str], settings: Significance, *, shares: bool
) -> list[list[str]]:
    """The letters in each cell, C lists of K: those of columns that this one is significantly higher than.

    `groups` is the banner point of each pair, within which Holm corrects; `names` the letter of each column.
    """
    found = p_values(sums, pairs, shares=shares, suppress_below=settings.suppress_below)
    if settings.correction == "holm":
        members = np.array(groups)
        for group in set(groups):
            rows = np.flatnonzero(members == group)
            for kind in range(found.shape[1]):
                found[rows, kind] = holm(found[rows, kind])
    columns, kinds = sums.means.shape
    made = [["" for _ in range(kinds)] for _ in range(columns)]
    for pair, kind in np.argwhere(found < 1 - settings.levels[-1]):
        a, b = pairs[pair]
        higher, lower = (a, b) if sums.means[a, kind] > sums.means[b, kind] else (b, a)
        name = names[lower]
        sure = found[pair, kind] < 1 - settings.levels[0]
        made[higher][kind] += name if sure else name.lower()
    return made
