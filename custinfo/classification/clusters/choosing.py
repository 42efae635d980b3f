"""How many clusters: a figure for each number of them, by which people choose. It advises, it does not decide."""

from dataclasses import dataclass

import numpy as np

from custinfo.classification.clusters import ClusterRule, fitting, models
from custinfo.classification.clusters.sampling import Sample
from custinfo.domain.errors import BadInput

MOST_COMPARED = 2000
"""Customers that each is compared with for the silhouette, which costs the square of them."""


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
    found = [_figure(drawn, method, count, rule) for count in range(2, most + 1)]
    if method == "latent":
        return Choice(tuple(found), min(found, key=lambda one: (one.bic or 0.0, one.count)).count)
    return Choice(tuple(found), min(found, key=lambda one: (-(one.silhouette or 0.0), one.count)).count)


def _figure(drawn: Sample, method: str, count: int, rule: ClusterRule) -> Figure:
    if method == "latent":
        bic = float(fitting.latent_model(drawn, count, rule, rule.restarts).bic(drawn.codes))
        return Figure(count, None, round(bic, 3))
    return Figure(count, _silhouette(drawn, fitting.fit(drawn, method, count, rule)), None)


def _silhouette(sample: Sample, model: models.Model) -> float:
    """Over the first customers of the sample; with k-prototypes, by the distance that it uses."""
    from sklearn.metrics import silhouette_score  # type: ignore[import-untyped]

    few = sample.only(np.arange(min(len(sample), MOST_COMPARED)))
    where = models.labels(few, model)
    if len(np.unique(where)) < 2:
        return 0.0
    apart = ((few.numbers[:, None, :] - few.numbers[None, :, :]) ** 2).sum(axis=2)
    if model.method == "kprototypes":
        apart += model.gamma * (few.codes[:, None, :] != few.codes[None, :, :]).sum(axis=2)
    return round(float(silhouette_score(np.sqrt(apart), where, metric="precomputed")), 4)
