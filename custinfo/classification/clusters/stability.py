"""Whether clusters are in the data or in the sample: would another sample have given the same? (Hennig 2007)

As many customers are drawn with replacement as there are, clusters are fitted on them anew, and each cluster is held
against the new one most like it: shared customers over all customers of the two (Jaccard), the mean over all samples.
0.75 and more is stable, below 0.6 there is no such cluster. The adjusted Rand index compares the clusters as a whole: 1
is the same, 0 is chance. That clusters are stable does not say that they are of use.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters import ClusterRule, fitting, models
from custinfo.classification.clusters.models import Model
from custinfo.classification.clusters.sampling import Sample
from custinfo.domain.errors import BadInput

RESTARTS = 3
Verdict = Literal["stable", "doubtful", "not_stable"]


@dataclass(frozen=True)
class Stability:
    """`jaccard` by cluster, the first first, and `rand`: means over `samples`; `verdicts` by cluster, and of all the
    clusters: that of the worst.
    """

    jaccard: tuple[float, ...]
    rand: float
    samples: int
    verdicts: tuple[Verdict, ...]
    verdict: Verdict


def measured(sample: Sample, model: Model, rule: ClusterRule) -> Stability:
    """The stability of a model on the sample that it was fitted on, or one like it. Seeded: always the same."""
    from sklearn.metrics import adjusted_rand_score  # type: ignore[import-untyped]

    sample = fitting.among(sample, model.method, rule)
    drawing = np.random.default_rng(rule.seed)
    before = models.labels(sample, model)
    shared, rand = [], []
    for _ in range(rule.bootstraps):
        places = np.sort(drawing.integers(0, len(sample), len(sample)))
        try:
            again = fitting.fit(sample.only(places), model.method, len(model.clusters), rule, restarts=RESTARTS)
        except BadInput:
            continue  # too few different customers were drawn to make so many clusters
        drawn = np.unique(places)
        old, new = before[drawn], models.labels(sample, again)[drawn]
        shared.append([_best(old == number, new) for number in range(len(model.clusters))])
        rand.append(adjusted_rand_score(old, new))
    if not shared:
        raise BadInput("clusters.alike", count=len(model.clusters))
    jaccard = tuple(round(float(value), 4) for value in np.mean(shared, axis=0))
    verdicts = tuple(_verdict(value, rule) for value in jaccard)
    worst = _verdict(min(jaccard), rule)
    return Stability(jaccard, round(float(np.mean(rand)), 4), len(shared), verdicts, worst)


def _best(inside: NDArray[np.bool_], new: NDArray[np.int64]) -> float:
    """The Jaccard index of a cluster and the new one most like it; 0 when none of its customers was drawn."""
    if not inside.any():
        return 0.0
    return max(float((inside & (new == one)).sum() / (inside | (new == one)).sum()) for one in np.unique(new))


def _verdict(jaccard: float, rule: ClusterRule) -> Verdict:
    if 100 * jaccard >= rule.stable_percent:
        return "stable"
    return "doubtful" if 100 * jaccard >= rule.unstable_percent else "not_stable"
