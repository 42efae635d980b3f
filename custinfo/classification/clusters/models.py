"""A fitted model as plain data, and who belongs where by it: by numpy for a sample, by Ibis for everybody, the same."""

from dataclasses import dataclass
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters.sampling import NOT_STATED, Sample, Scaling

DIGITS = 9
"""Decimals by which distances are compared: engines differ in the last bits of a logarithm."""
UNSEEN = 1e-6
"""The share of a class that is taken to have a value which nobody of the sample had."""


@dataclass(frozen=True)
class Cluster:
    """One cluster: the mean of its scaled numbers, the commonest code of each category (k-prototypes), and for latent
    classes its share and, for each category, the share of each code.
    """

    centre: tuple[float, ...] = ()
    modes: tuple[str, ...] = ()
    share: float = 0.0
    chances: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Model:
    """Clusters 1, 2, 3 …, the largest of the sample first; `gamma` is what a differing category weighs beside the
    squared distance of the numbers. `sizes` are customers of the sample.
    """

    method: str
    scalings: tuple[Scaling, ...]
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    clusters: tuple[Cluster, ...]
    sizes: tuple[int, ...]
    gamma: float
    seed: int
    rule_version: int

    def small(self, smallest_group: int) -> tuple[int, ...]:
        """The numbers of clusters with fewer customers than may be told of, a single person's among them: they are
        outliers to look at, and no segment.
        """
        return tuple(number for number, size in enumerate(self.sizes, start=1) if size < smallest_group)


def assign(table: ir.Table, model: Model) -> ir.Table:
    """The cluster of each customer: `customer_key`, `cluster` (int32, from 1), `rule_version` (int32).

    `table` has a unique `customer_key` and the model's features. Of clusters equally near, the first counts.
    """
    found = placed(table, model)
    return found.select("customer_key", "cluster", rule_version=ibis.literal(model.rule_version, "int32"))


def placed(table: ir.Table, model: Model) -> ir.Table:
    """`table` with `cluster`, as for `assign`."""
    away = [_away(table, model, cluster).round(DIGITS) for cluster in model.clusters]
    measured = table.mutate(**{f"away_{n}": one for n, one in enumerate(away, start=1)})
    columns = [measured[f"away_{n}"] for n in range(1, len(away) + 1)]
    nearest = ibis.least(*columns) if len(columns) > 1 else columns[0]
    place = ibis.cases(*((column == nearest, n) for n, column in enumerate(columns, start=1)), else_=1)
    return measured.select(*table.columns, cluster=place.cast("int32"))


def labels(sample: Sample, model: Model) -> NDArray[np.int64]:
    """The cluster of each customer of the sample, counted from 0, as `assign` gives it."""
    away = np.column_stack([_measured(sample, model, cluster) for cluster in model.clusters])
    return np.asarray(np.argmin(np.round(away, DIGITS), axis=1))


def _away(table: ir.Table, model: Model, cluster: Cluster) -> ir.NumericValue:
    """How far each row is from a cluster: squared distance, or for latent classes how unlikely it is."""
    terms: list[ir.NumericValue] = []
    for scaling, centre in zip(model.scalings, cluster.centre, strict=False):
        apart = _scale(table[scaling.name], scaling) - centre
        terms.append(apart * apart)
    for (name, _), mode in zip(model.categories, cluster.modes, strict=False):
        terms.append(ibis.cases((_category(table, name) == mode, 0.0), else_=model.gamma))
    for (name, listed), chances in zip(model.categories, cluster.chances, strict=False):
        known = _category(table, name)
        unlikely = [(known == code, _unlikely(chance)) for code, chance in zip(listed, chances, strict=True)]
        terms.append(ibis.cases(*unlikely, else_=_unlikely(0.0)))
    if cluster.chances:
        terms.append(ibis.literal(_unlikely(cluster.share)))
    return reduce(add, terms)


def _scale(column: ir.Column, scaling: Scaling) -> ir.NumericValue:
    value = column.cast("float64")
    # Asked first: the greater of NULL and 0 is 0 to the engines
    unknown = value.isnull() | value.isnan()
    if scaling.log:
        value = (ibis.greatest(value, 0.0) + 1.0).ln()
    return ibis.cases((unknown, 0.0), else_=(value - scaling.centre) / scaling.spread)


def _category(table: ir.Table, name: str) -> ir.StringValue:
    return table[name].cast("string").fill_null(NOT_STATED)


def _measured(sample: Sample, model: Model, cluster: Cluster) -> NDArray[np.float64]:
    away = np.zeros(len(sample))
    if cluster.centre:
        away += ((sample.numbers - np.array(cluster.centre)) ** 2).sum(axis=1)
    for column, (name, mode) in enumerate(zip(sample.categories, cluster.modes, strict=False)):
        place = sample.categories[name].index(mode) if mode in sample.categories[name] else -1
        away += np.where(sample.codes[:, column] == place, 0.0, model.gamma)
    for column, chances in enumerate(cluster.chances):
        away += np.array([_unlikely(chance) for chance in chances])[sample.codes[:, column]]
    return away + (_unlikely(cluster.share) if cluster.chances else 0.0)


def _unlikely(chance: float) -> float:
    # DuckDB reads a number with a point as a DECIMAL of 18 digits: with more decimals than are compared, two of them
    # have no type together
    return round(float(-np.log(max(chance, UNSEEN))), DIGITS) + 0.0
