"""Estimates from survey samples, with the errors that follow from how the sample was drawn. The one door to `svy`.

A `SurveyDesign` names the columns that say how a sample was drawn; a `SurveySample` binds a table to it and gives
totals, means, proportions and ratios, for all or by domain, each with its standard error, interval and degrees of
freedom. Its weights can be made to agree with known figures of the population (post-stratified, raked, calibrated), and
errors can be taken from replicate weights. Every one of these returns a new sample.

Standard errors are linearised (Taylor) unless the sample has replicate weights; those of adjusted weights take the
adjustment into account. Clusters are numbered within their stratum. A blank leaves the estimate and not the design.
The variance of an estimate over few clusters has few degrees of freedom: clusters less strata, of those that hold
members of the domain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from custinfo.domain.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import svy

Replication = Literal["jackknife", "bootstrap", "balanced"]
Controls = Mapping[str, Mapping[str, float]]

LEVEL = 0.95
_ROW, _WEIGHT, _ADJUSTED = "custinfo_row", "custinfo_weight", "custinfo_adjusted"
_RAKED_WITHIN = 1e-11
_ROUNDS = 1000
_NOISE = 1e-8
"""A standard error below this share of its scale is the arithmetic's noise: the estimate is known exactly."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """The columns that say how a sample was drawn; None for what it did not have.

    `weight`: how many units of the population a row stands for, all 1 when left out. `strata`; `cluster`: the unit that
    was drawn first, a row when left out; `second_stage`: the unit drawn within it. `population`: how many first units
    the stratum has (finite population); `second_population`: how many second units the cluster has.
    `lone_cluster`: what becomes of a stratum with one cluster: `refuse`, or `center` on the mean of all (R's adjust).
    """

    weight: str | None = None
    strata: str | None = None
    cluster: str | None = None
    second_stage: str | None = None
    population: str | None = None
    second_population: str | None = None
    lone_cluster: Literal["refuse", "center"] = "refuse"

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are named."""
        named = (self.weight, self.strata, self.cluster, self.second_stage, self.population, self.second_population)
        return tuple(name for name in named if name is not None)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure of the population. `key` holds the domain, and after it the category where there is one.

    `low` and `high` are the 95 % interval by Student's t (for proportions on the logit scale); `n` are the rows behind
    it. `standard_error` is 0 for what is known exactly.
    """

    key: tuple[str, ...]
    value: float
    standard_error: float
    low: float
    high: float
    degrees_of_freedom: float
    n: int


class SurveySample:
    """A table with its design. Raises BadInput for a table that the design does not fit."""

    def __init__(self, table: "pd.DataFrame", design: SurveyDesign) -> None:
        import polars  # with svy some seconds of import: not where kernels are forked
        import svy

        _check(table, design)
        data = polars.from_pandas(table).with_row_index(_ROW)
        if design.weight is None:
            data = data.with_columns(polars.lit(1.0).alias(_WEIGHT))
        size: Any = design.population
        if design.second_population is not None:
            size = svy.PopSize(psu=str(design.population), ssu=design.second_population)
        known = svy.Design(
            stratum=design.strata, psu=design.cluster or _ROW, ssu=design.second_stage, pop_size=size,
            wgt=design.weight or _WEIGHT, singleton=None if design.lone_cluster == "refuse" else "center",
        )  # fmt: skip
        self.design = design
        self._sample: svy.Sample = _asked(lambda: svy.Sample(data, known))
        self._replicated = False

    @property
    def _data(self) -> "pl.DataFrame":
        return cast("pl.DataFrame", self._sample.data)  # made from one, never lazy

    @property
    def _weight(self) -> str:
        return str(self._sample.design.wgt)

    # Estimates

    def total(self, of: str, by: Sequence[str] = ()) -> tuple[Estimate, ...]:
        """The total of a column of numbers, one estimate for each domain in ascending order of its key."""
        return self._estimates("total", of, by=by)

    def mean(self, of: str, by: Sequence[str] = ()) -> tuple[Estimate, ...]:
        """The mean of a column of numbers."""
        return self._estimates("mean", of, by=by)

    def proportions(self, of: str, by: Sequence[str] = ()) -> tuple[Estimate, ...]:
        """The share of each category of a column; the category stands last in the key."""
        return self._estimates("prop", of, by=by, categories=of)

    def ratio(self, of: str, to: str, by: Sequence[str] = ()) -> tuple[Estimate, ...]:
        """The total of a column over the total of another."""
        return self._estimates("ratio", of, to, by=by)

    def _estimates(self, what: str, *columns: str, by: Sequence[str], categories: str = "") -> tuple[Estimate, ...]:
        data = self._data
        for name in (*columns, *by):
            if name not in data.columns:
                raise BadInput("estimation.no_column", column=name)
        if any(data[name].drop_nulls().is_empty() for name in columns):
            raise BadInput("estimation.nothing_answered", column=columns[0])
        found = _asked(
            lambda: getattr(self._sample.estimation, what)(
                *columns, by=tuple(by) or None, drop_nulls=True, alpha=1 - LEVEL,
                method="replication" if self._replicated else "taylor",
            )
        )  # fmt: skip
        rows = found.to_polars().iter_rows(named=True)
        scale = max(1.0, float(data[self._weight].sum())) if what == "total" else 1.0
        named = (*by, categories) if categories else tuple(by)
        return tuple(sorted((_estimate(row, named, scale) for row in rows), key=lambda one: one.key))

    # Weights

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of each row, in the table's order."""
        return tuple(self._data.sort(_ROW)[self._weight].to_list())

    def post_stratified(self, column: str, population: Mapping[str, float]) -> "SurveySample":
        """Weights that add up to the population of each category of a column."""
        self._known(column, population)
        return self._adjusted("poststratify", controls=dict(population), cells=column)

    def raked(self, margins: Controls) -> "SurveySample":
        """Weights that add up to the population of each category of several columns, in turn until all do."""
        for column, population in margins.items():
            self._known(column, population)
        totals = [sum(population.values()) for population in margins.values()]
        if not totals or max(totals) - min(totals) > _NOISE * max(totals):
            raise BadInput("estimation.margins_differ", low=min(totals, default=0), high=max(totals, default=0))
        controls = {column: dict(population) for column, population in margins.items()}
        return self._adjusted("rake", controls=controls, tol=_RAKED_WITHIN, max_iter=_ROUNDS)

    def calibrated(self, categories: Controls, totals: Mapping[str, float]) -> "SurveySample":
        """Weights by generalised regression (GREG): they reproduce the population of each category, and the totals of
        columns of numbers. A weight may come out below zero; `weights` shows it.
        """
        import svy

        for column, population in categories.items():
            self._known(column, population)
        for column in totals:
            self._full(column)
        controls: dict[Any, Any] = {svy.Cat(column): dict(known) for column, known in categories.items()}
        return self._adjusted("calibrate", controls=controls | dict(totals))

    def replicated(self, by: Replication, *, replicates: int = 500, seed: int = 1) -> "SurveySample":
        """The same sample with replicate weights, from which every error is then taken.

        `jackknife` leaves out one cluster at a time; the finite population of the first stage is taken into account.
        `bootstrap` (Rao and Wu) draws `replicates` times by `seed`; `balanced` (BRR) takes halves of pairs of clusters.
        These two know no finite population: their errors are a little too large. To be made before weights are
        adjusted, so that the replicates are adjusted too.
        """
        weighting = self._sample.weighting
        if by == "jackknife":
            sample = _asked(weighting.create_jk_wgts)
            sample = self._corrected(sample)
        elif by == "bootstrap":
            freedom = self._sample.n_psus - (self._sample.n_strata or 1)
            sample = _with(_asked(lambda: weighting.create_bs_wgts(n_reps=replicates, rstate=seed)), df=float(freedom))
        else:
            sample = _asked(lambda: weighting.create_brr_wgts(rstate=seed))
        return self._next(sample, replicated=True)

    def _corrected(self, sample: "svy.Sample") -> "svy.Sample":
        """As R's jackknife, which knows a finite population (svy's does not): what was not drawn counts."""
        if self.design.population is None:
            return sample
        data, replicas = cast("pl.DataFrame", sample.data), sample.design.rep_wgts
        assert replicas is not None  # just made
        strata = data[self.design.strata].to_list() if self.design.strata else [""] * len(data)
        clusters = list(zip(strata, data[self.design.cluster or _ROW].to_list(), strict=True))
        drawn: dict[object, int] = {}
        for stratum, _ in set(clusters):
            drawn[stratum] = drawn.get(stratum, 0) + 1
        population = dict(zip(strata, data[self.design.population].to_list(), strict=True))
        coefficients = []
        for number, coefficient in enumerate(sample.rep_coefs.values(), 1):
            left_out = int((data[f"{replicas.prefix}{number}"] == 0).arg_max() or 0)
            stratum = strata[left_out]
            coefficients.append(float(coefficient) * (1 - drawn[stratum] / population[stratum]))
        return _with(sample, rep_coefs=tuple(coefficients))

    def _adjusted(self, how: str, **facts: object) -> "SurveySample":
        name = _ADJUSTED
        while name in self._data.columns:
            name += "_"
        return self._next(
            _asked(lambda: getattr(self._sample.weighting, how)(wgt_name=name, **facts)), replicated=self._replicated
        )

    def _next(self, sample: "svy.Sample", *, replicated: bool) -> "SurveySample":
        made = object.__new__(SurveySample)
        made.design, made._sample, made._replicated = self.design, sample, replicated
        return made

    def _known(self, column: str, population: Mapping[str, float]) -> None:
        """Raises BadInput unless the population is known of exactly the categories that are there, and above zero."""
        self._full(column)
        found = {str(code) for code in self._data[column].unique().to_list()}
        if odd := sorted(found ^ population.keys()):
            raise BadInput("estimation.categories_differ", column=column, categories=", ".join(odd))
        if empty := sorted(code for code, size in population.items() if not size > 0):
            raise BadInput("estimation.empty_population", column=column, categories=", ".join(empty))

    def _full(self, column: str) -> None:
        if column not in self._data.columns:
            raise BadInput("estimation.no_column", column=column)
        if blanks := self._data[column].null_count():
            raise BadInput("estimation.blank_auxiliary", column=column, rows=blanks)


def _with(sample: "svy.Sample", **changes: object) -> "svy.Sample":
    import msgspec  # svy keeps its designs in it

    replicas = sample.design.rep_wgts
    assert replicas is not None  # just made
    return sample.update_design(rep_wgts=msgspec.structs.replace(replicas, **changes))


def _estimate(row: Mapping[str, Any], named: Sequence[str], scale: float) -> Estimate:
    value, error = float(row["est"]), float(row["se"])
    exact = error <= _NOISE * max(abs(value), scale)
    low, high = (value, value) if exact else (float(row["lci"]), float(row["uci"]))
    key = tuple(str(row[name]) for name in named)
    return Estimate(key, value, 0.0 if exact else error, low, high, float(row["df"]), int(row["n"]))


def _asked(question: Callable[[], T]) -> T:
    """What svy says; BadInput in our words for what it refuses."""
    from svy.errors import SvyError

    try:
        return question()
    except SvyError as refused:
        key = "lone_cluster" if "SINGLETON" in str(refused.code) else "refused"
        raise BadInput(f"estimation.{key}", kind=str(refused.code)) from None


def _check(table: "pd.DataFrame", design: SurveyDesign) -> None:
    for column in design.columns:
        if column not in table.columns:
            raise BadInput("estimation.no_column", column=column)
        if blanks := int(table[column].isna().sum()):
            raise BadInput("estimation.blank_design", column=column, rows=blanks)
    if table.empty:
        raise BadInput("estimation.no_rows")
    if design.weight is not None:
        weights = table[design.weight].astype(float)
        if wrong := int((~(weights > 0) | (weights == float("inf"))).sum()):
            raise BadInput("estimation.weights", column=design.weight, rows=wrong)
    if design.second_population is not None and (design.population is None or design.second_stage is None):
        raise BadInput("estimation.second_stage")
    if design.population is not None:
        _check_population(table, design, design.population)


def _check_population(table: "pd.DataFrame", design: SurveyDesign, population: str) -> None:
    """Each stratum has one size, and not fewer units than were drawn from it."""
    strata = table[design.strata].astype(str) if design.strata else table[population].astype(str).map(lambda _: "")
    clusters = table[design.cluster] if design.cluster else table.index.to_series()
    for stratum, rows in table.groupby(strata, sort=True):
        sizes = rows[population].unique()
        if len(sizes) > 1:
            raise BadInput("estimation.several_sizes", column=population, stratum=stratum)
        drawn = clusters.loc[rows.index].nunique()
        if float(sizes[0]) < drawn:
            raise BadInput("estimation.too_small", stratum=stratum, size=sizes[0], drawn=drawn)
