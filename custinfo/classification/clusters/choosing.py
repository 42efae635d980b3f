"""How many clusters: a figure for each number of them, by which people choose. It advises, it does not decide."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters import ClusterRule, fitting, models
from custinfo.classification.clusters.sampling import Sample
from custinfo.domain.errors import BadInput

MOST_COMPARED = 2000
"""The first customers of the sample, each compared with each for the silhouette: it costs the square of them."""

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """One number of clusters. `silhouette` is from -1 to 1, more is better; None for latent classes. `bic` is less
    where a model says more with fewer numbers; None for the others.
    """

    count: int
    silhouette: float | None
    bic: float | None


@dataclass(frozen=True)
class Choice:
    """The figures by number of clusters, and the number that they speak for: of equal ones the smaller."""

    figures: tuple[Figure, ...]
    best: int


def figures(sample: Sample, method: str, rule: ClusterRule) -> Choice:
    """Figures for 2 up to `rule.most_clusters` clusters; raises BadInput as `fitting.fit` does for 2."""
    drawn = fitting.among(sample, method, rule)
    most = min(rule.most_clusters, fitting.different(drawn, method))
    if most < 2:
        raise BadInput("clusters.alike", count=2)
    few = drawn.only(np.arange(min(len(drawn), MOST_COMPARED)))
    apart = None if method == "latent" else _apart(few, method)
    found = [_figure(drawn, few, apart, method, count, rule) for count in range(2, most + 1)]
    if apart is None:
        return Choice(tuple(found), min(found, key=lambda one: (one.bic or 0.0, one.count)).count)
    return Choice(tuple(found), min(found, key=lambda one: (-(one.silhouette or 0.0), one.count)).count)


def _apart(few: Sample, method: str) -> Distances:
    """How far each is from each; with k-prototypes, by the distance that it uses."""
    from scipy.spatial.distance import cdist

    squared = cdist(few.numbers, few.numbers, "sqeuclidean")
    if method == "kprototypes":
        for codes in few.codes.T:
            squared += fitting.GAMMA * (codes[:, None] != codes[None, :])
    return np.asarray(np.sqrt(squared))


def _figure(drawn: Sample, few: Sample, apart: Distances | None, method: str, count: int, rule: ClusterRule) -> Figure:
    if apart is None:
        bic = float(fitting.latent_model(drawn, count, rule, rule.restarts).bic(drawn.codes))
        return Figure(count, None, round(bic, 3))
    return Figure(count, _silhouette(few, apart, fitting.fit(drawn, method, count, rule)), None)


def _silhouette(few: Sample, apart: Distances, model: models.Model) -> float:
    from sklearn.metrics import silhouette_score  # type: ignore[import-untyped]

    where = models.labels(few, model)
    if len(np.unique(where)) < 2:
        return 0.0
    return round(float(silhouette_score(apart, where, metric="precomputed")), 4)
