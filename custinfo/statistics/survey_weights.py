"""Weights of a study's respondents, and a record of how each was come by (R75, step 6).

1. *Base weight*: the inverse of the probability with which a unit was drawn.
2. *Non-response*: within each stratum those who answered stand for those who did not (`responses.for_nonresponse`);
   units outside of the survey count for nobody. Where a stratum has no answer at all, the whole sample is one class.
   A stratum of the frame of which nobody was drawn is named with those without an answer.
3. *Raking*, if it is asked for: known margins of the population (`estimation`), with categories of few respondents
   counted as one.

Errors follow the design: strata of one respondent are put together with others, clusters stay, and a finite population
is taken into account where nothing was drawn in clusters.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from custinfo.domain.errors import BadInput
from custinfo.statistics.banner_data import Numbers, Places, Sampled, unweighted
from custinfo.statistics.responses import WeightingClass, for_nonresponse
from custinfo.statistics.surveys import ANSWERED, NOT_ELIGIBLE, Study, Unit

Basis = Literal["none", "quota", "strata", "sample"]
"""By which classes weights were adjusted: not at all (no study, a quota sample), by stratum, or all as one."""
LEAST = 5
"""A category of a margin with fewer respondents is counted with the others that have too few."""
OTHERS = "*"


@dataclass(frozen=True, eq=False)
class Weighting:
    """How respondents are weighted, and why so.

    `sampled` has weights, strata, clusters and the finite population, in the order of `respondents`. `empty` are the
    strata of the frame without any answer, drawn or not, `margins` those that were raked to, `unused` those that could
    not be.
    """

    respondents: tuple[str, ...]
    sampled: Sampled
    basis: Basis
    classes: tuple[WeightingClass, ...] = ()
    empty: tuple[str, ...] = ()
    margins: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def effective(self) -> float:
        """The effective base (Kish): how many equal weights these are worth; 0 for nobody."""
        weights = self.sampled.weights
        return float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0

    @property
    def design_effect(self) -> float | None:
        """What unequal weights cost (Kish): respondents over the effective base; None for nobody."""
        return len(self.respondents) / self.effective if self.respondents else None


def plain(respondents: Sequence[str], basis: Basis = "none") -> Weighting:
    """Everybody counts once."""
    return Weighting(tuple(respondents), unweighted(len(respondents)), basis)


def of_study(study: Study, drawn: Sequence[Unit], there: Collection[str]) -> Weighting:
    """The weights of a study. `there` are the respondents whose answers are known: who answered and is not there counts
    as one who did not. Raises BadInput for a base weight that is not above zero.
    """
    eligible = [unit for unit in drawn if unit.disposition != NOT_ELIGIBLE]
    answered = [unit.disposition in ANSWERED and unit.respondent in there for unit in eligible]
    came = [unit for unit, did in zip(eligible, answered, strict=True) if did]
    names = [unit.respondent or "" for unit in came]
    weights = [unit.base_weight for unit in eligible if unit.base_weight is not None]
    if len(weights) < len(eligible):
        return plain(names, "quota")
    if wrong := sum(not 0 < weight < float("inf") for weight in weights):
        raise BadInput("survey_tables.wrong_weights", study=study.study, units=wrong)
    strata = [unit.stratum for unit in eligible]
    silent = set(strata) - {unit.stratum for unit in came}
    undrawn = {name for name, size in study.strata.items() if size} - {unit.stratum for unit in drawn}
    empty = tuple(sorted(silent | undrawn))
    if not came:
        return Weighting((), unweighted(0), "strata", empty=empty)
    adjusted, classes = for_nonresponse(weights, [OTHERS] * len(strata) if silent else strata, answered)
    kept = np.array([weight for weight, did in zip(adjusted, answered, strict=True) if did])
    sampled = _design(study, came, kept)
    return Weighting(tuple(names), sampled, "sample" if silent else "strata", classes, empty)


def _design(study: Study, came: Sequence[Unit], weights: Numbers) -> Sampled:
    """Strata, clusters and the finite population of those who answered."""
    clustered = any(unit.cluster for unit in came)
    _, clusters = np.unique([unit.cluster for unit in came], return_inverse=True)
    firsts = [unit.cluster if clustered else str(place) for place, unit in enumerate(came)]
    together = _collapsed([unit.stratum for unit in came], firsts)
    names, strata = np.unique([together[unit.stratum] for unit in came], return_inverse=True)
    population = None
    frame = study.strata
    if not clustered and all(unit.stratum in frame for unit in came):
        sizes = Counter[str]()
        for stratum, name in together.items():
            sizes[name] += frame[stratum]
        counted = np.array([float(sizes[name]) for name in names])[strata]
        # More answers than the frame had units: customers were merged since, and there is nothing to correct by
        population = counted if (counted >= np.bincount(strata)[strata]).all() else None
    return Sampled(weights, _places(strata), _places(clusters) if clustered else None, population)


def _places(found: object) -> Places:
    return np.asarray(found, dtype=np.int64)


def _collapsed(strata: Sequence[str], firsts: Sequence[str]) -> dict[str, str]:
    """Which stratum each counts as: those with one first unit are put together, one left over with the smallest."""
    drawn = {name: len({first for one, first in zip(strata, firsts, strict=True) if one == name})
             for name in sorted(set(strata))}  # fmt: skip
    lone = [name for name, count in drawn.items() if count < 2]
    if len(lone) == 1 and len(drawn) > 1:
        lone.append(min((name for name in drawn if name not in lone), key=lambda name: (drawn[name], name)))
    return {name: OTHERS if name in lone else name for name in drawn}


def raked(weighting: Weighting, margins: Mapping[str, tuple[Sequence[str], Mapping[str, int]]]) -> Weighting:
    """The weights made to agree with margins of the population: for each its category of every respondent (blank for
    not known) and how many there are of each. Weights keep their sum. A margin of which one category is left over
    is not used.
    """
    total = float(weighting.sampled.weights.sum())
    usable: dict[str, tuple[list[str], dict[str, float]]] = {}
    for name, (of, population) in margins.items():
        found = _margin(of, population)
        if found is not None:
            usable[name] = found
    unused = tuple(name for name in margins if name not in usable)
    if not usable:
        return Weighting(weighting.respondents, weighting.sampled, weighting.basis, weighting.classes, weighting.empty,
                         unused=unused)  # fmt: skip
    old = weighting.sampled
    weights = _raked(old.weights, usable, total)
    sampled = Sampled(np.array(weights), old.strata, old.clusters, old.population)
    return Weighting(weighting.respondents, sampled, weighting.basis, weighting.classes, weighting.empty,
                     tuple(usable), unused)  # fmt: skip


def _raked(
    weights: Numbers, usable: Mapping[str, tuple[Sequence[str], Mapping[str, float]]], total: float
) -> tuple[float, ...]:
    import pandas as pd  # with svy some seconds of import: only where it is asked for

    from custinfo.statistics.estimation import SurveyDesign, SurveySample

    table = pd.DataFrame({"weight": weights} | {name: list(of) for name, (of, _) in usable.items()})
    controls = {name: {code: share * total for code, share in shares.items()} for name, (_, shares) in usable.items()}
    return SurveySample(table, SurveyDesign(weight="weight")).raked(controls).weights


def _margin(of: Sequence[str], population: Mapping[str, int]) -> tuple[list[str], dict[str, float]] | None:
    """The categories as they are raked by and their shares of the population; None where there is nothing to rake."""
    counted = Counter(of)
    kept = {code for code, size in population.items() if size > 0 and counted[code] >= LEAST}
    shares = dict.fromkeys(sorted(kept), 0.0)
    whole = float(sum(population.values()))
    others = 0.0
    for code, size in population.items():
        if code in kept:
            shares[code] += size / whole
        else:
            others += size / whole
    rest = sum(count for code, count in counted.items() if code not in kept)
    if (rest > 0) != (others > 0) or len(kept) + (rest > 0) < 2:
        return None
    if rest:
        shares[OTHERS] = others
    return [code if code in kept else OTHERS for code in of], shares
