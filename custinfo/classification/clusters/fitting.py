"""Fitting: k-means by scikit-learn, latent classes by StepMix, k-prototypes by our own (docs/adr/0016-clusters.md).

Every fit is seeded, over customers in the order of the sample: the same rows give the same clusters.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters import METHODS, ClusterRule, prototypes
from custinfo.classification.clusters.models import Cluster, Model
from custinfo.classification.clusters.sampling import Sample
from custinfo.domain.errors import BadInput

GAMMA = 0.5
"""What a differing category weighs: half the mean spread of the numbers, which are scaled to a spread of one."""
_LATENT_STEPS = 300


def fit(sample: Sample, method: str, count: int, rule: ClusterRule, *, restarts: int | None = None) -> Model:
    """`count` clusters of the sample by one of METHODS, numbered by size, the largest first; equal ones by their means.

    A method that is slow takes the first `rule.slow_sample` customers. Raises BadInput for another method, for fewer
    than 2 or more clusters than the rule allows, and for more clusters than there are different customers.
    """
    if method not in METHODS:
        raise BadInput("clusters.method", method=method[:40], methods=", ".join(METHODS))
    if not 2 <= count <= rule.most_clusters:
        raise BadInput("clusters.count", count=count, most=rule.most_clusters)
    sample = among(sample, method, rule)
    if different(sample, method) < count:
        raise BadInput("clusters.alike", count=count)
    found = _FITS[method](sample, count, rule, restarts or rule.restarts)
    return _model(sample, method, found, count, rule)


def among(sample: Sample, method: str, rule: ClusterRule) -> Sample:
    """The customers of the sample that a method is fitted on: of a slow one the first `rule.slow_sample`."""
    return sample if method == "kmeans" else sample.only(np.arange(min(len(sample), rule.slow_sample)))


def different(sample: Sample, method: str) -> int:
    """How many customers of the sample differ in what the method looks at."""
    numbers, codes = method != "latent", method != "kmeans"
    rows = [*([sample.numbers] if numbers else []), *([sample.codes.astype(np.float64)] if codes else [])]
    return len(np.unique(np.column_stack(rows), axis=0))


def _kmeans(sample: Sample, count: int, rule: ClusterRule, restarts: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    made = KMeans(n_clusters=count, n_init=restarts, random_state=rule.seed, algorithm="lloyd")
    # Threads of a fit wait for each other by turning in place: where other programs have the processors, for minutes.
    # One alone also adds up in the same order on every machine
    with threadpool_limits(1, user_api="openmp"):
        return np.asarray(made.fit_predict(sample.numbers), dtype=np.int64)


def _kprototypes(sample: Sample, count: int, rule: ClusterRule, restarts: int) -> NDArray[np.int64]:
    return prototypes.fit(sample.numbers, sample.codes, count, gamma=GAMMA, seed=rule.seed, restarts=restarts)


def _latent(sample: Sample, count: int, rule: ClusterRule, restarts: int) -> NDArray[np.int64]:
    return np.asarray(latent_model(sample, count, rule, restarts).predict(sample.codes), dtype=np.int64)


def latent_model(sample: Sample, count: int, rule: ClusterRule, restarts: int) -> Any:
    """The fitted latent classes as StepMix gives them: for their BIC too."""
    from stepmix import StepMix  # type: ignore[import-untyped]

    made = StepMix(
        n_components=count, measurement="categorical", n_init=restarts, random_state=rule.seed,
        max_iter=_LATENT_STEPS, verbose=0, progress_bar=0,
    )  # fmt: skip
    return made.fit(sample.codes)


_FITS = {"kmeans": _kmeans, "kprototypes": _kprototypes, "latent": _latent}


def _model(sample: Sample, method: str, found: NDArray[np.int64], count: int, rule: ClusterRule) -> Model:
    """The clusters as data. Of latent classes the shares are those among who is most likely in a class."""
    names = list(sample.categories)
    clusters = []
    for number in range(count):
        inside = found == number
        size = int(inside.sum())
        if not size:
            continue
        counts = [
            np.bincount(sample.codes[inside, column], minlength=len(sample.categories[name]))
            for column, name in enumerate(names)
        ]
        centre = tuple(float(value) for value in sample.numbers[inside].mean(axis=0))
        modes = tuple(sample.categories[name][int(n.argmax())] for name, n in zip(names, counts, strict=True))
        chances = tuple(tuple(float(one) / size for one in n) for n in counts)
        made = {
            "kmeans": Cluster(centre=centre),
            "kprototypes": Cluster(centre=centre, modes=modes),
            "latent": Cluster(share=size / len(sample), chances=chances),
        }[method]
        clusters.append((-size, centre, modes, made))
    clusters.sort(key=lambda one: one[:3])
    return Model(
        method, sample.scalings, tuple(sample.categories.items()), tuple(one[3] for one in clusters),
        tuple(-one[0] for one in clusters), GAMMA, rule.seed, rule.version,
    )  # fmt: skip
