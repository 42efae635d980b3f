"""The answers of a survey as arrays: what banner tables are made of.

Respondents are rows 0 … n − 1 in every array. An answer that is not there says why: BLANK (asked, and nothing was
said) or NOT_ASKED (the form did not come to it). That somebody does not know, or refuses, is an answer: a category
that is `missing`, counted among the answers and left out of means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
Chosen: TypeAlias = NDArray[np.bool_]
Labels: TypeAlias = Mapping[str, str]
Kind = Literal["single", "multiple", "scale", "recommend", "number"]

BLANK, NOT_ASKED = -1, -2


@dataclass(frozen=True, slots=True)
class Category:
    """A choice: its code, labels by language, its value in means (None for none), and whether it is no opinion."""

    code: str
    labels: Labels
    factor: float | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Net:
    """Categories counted as one: a respondent who chose several of them counts once."""

    code: str
    labels: Labels
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question. `single` and `multiple` have categories; a `scale` is a single choice whose factors make means;
    `recommend` is a scale of 0 to 10 whose score is that of promoters less that of detractors; `number` has none.
    """

    name: str
    labels: Labels
    kind: Kind
    categories: tuple[Category, ...] = ()
    nets: tuple[Net, ...] = ()

    @property
    def places(self) -> dict[str, int]:
        """The place of each category by its code."""
        return {one.code: place for place, one in enumerate(self.categories)}


@dataclass(frozen=True, eq=False)
class Answers:
    """What was answered to a question: `places` of categories (one choice), `chosen` (n × categories) or `numbers`
    (nan without one). `state` is 0 where there is an answer, else BLANK or NOT_ASKED.
    """

    question: Question
    state: NDArray[np.int8]
    places: Places | None = None
    chosen: Chosen | None = None
    numbers: Numbers | None = None

    @property
    def answered(self) -> Chosen:
        """Who answered."""
        return np.asarray(self.state == 0)


Said: TypeAlias = str | None
"""A code, codes with spaces between, or a number as text; blank when asked in vain, None when not asked."""


def single(question: Question, said: Sequence[Said]) -> Answers:
    """Answers of a single choice (or a scale) from codes. Raises BadInput for a code that is not the question's."""
    places: dict[Said, int] = {"": BLANK, None: NOT_ASKED}
    places.update(question.places)
    try:
        found = np.fromiter((places[one] for one in said), dtype=np.int64, count=len(said))
    except KeyError as odd:
        raise BadInput("banner.no_category", question=question.name, found=odd.args[0]) from None
    return Answers(question, np.minimum(found, 0).astype(np.int8), places=found)


def multiple(question: Question, said: Sequence[Said]) -> Answers:
    """Answers where several may be chosen, from codes with spaces between them."""
    places = question.places
    chosen = np.zeros((len(said), len(places)), dtype=np.bool_)
    state = np.zeros(len(said), dtype=np.int8)
    for row, one in enumerate(said):
        if not one:
            state[row] = NOT_ASKED if one is None else BLANK
            continue
        for code in one.split():
            if code not in places:
                raise BadInput("banner.no_category", question=question.name, found=code)
            chosen[row, places[code]] = True
    return Answers(question, state, chosen=chosen)


def number(question: Question, said: Sequence[Said]) -> Answers:
    """Answers of numbers, from texts. Raises BadInput for what is no finite number."""
    try:
        numbers = np.array([float(one) if one else np.nan for one in said], dtype=np.float64)
    except ValueError:
        raise BadInput("banner.no_number", question=question.name) from None
    state = np.array([0 if one else NOT_ASKED if one is None else BLANK for one in said], dtype=np.int8)
    if not np.isfinite(numbers[state == 0]).all():
        raise BadInput("banner.no_number", question=question.name)
    return Answers(question, state, numbers=numbers)


def answers(question: Question, said: Sequence[Said]) -> Answers:
    """The answers to a question of any kind."""
    match question.kind:
        case "multiple":
            return multiple(question, said)
        case "number":
            return number(question, said)
        case _:
            return single(question, said)


@dataclass(frozen=True, eq=False)
class Sampled:
    """How the respondents were drawn: weights, and numbers from 0 on for strata and clusters.

    `population` says how many first units the stratum of each respondent has; None is no finite population.
    """

    weights: Numbers
    strata: Places | None = None
    clusters: Places | None = None
    population: Numbers | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weights) & (self.weights > 0)).all():
            raise BadInput("banner.weights")
        parts = (self.strata, self.clusters, self.population)
        if any(one is not None and one.shape != self.weights.shape for one in parts):
            raise BadInput("banner.lengths")


def unweighted(respondents: int) -> Sampled:
    """A simple random sample: everybody counts once."""
    return Sampled(np.ones(respondents, dtype=np.float64))


def scale_nets(categories: Sequence[Category], labels: Mapping[str, Labels], boxes: int = 2) -> tuple[Net, ...]:
    """The nets of a scale: the `boxes` categories of the highest factors (`top`) and of the lowest (`bottom`)."""
    ordered = sorted((one for one in categories if one.factor is not None and not one.missing), key=_factor)
    if len(ordered) < 2 * boxes:
        return ()
    parts = {"top": ordered[-boxes:], "bottom": ordered[:boxes]}
    return tuple(Net(code, labels[code], tuple(one.code for one in part)) for code, part in parts.items())


def recommendation(categories: Sequence[Category], labels: Mapping[str, Labels]) -> tuple[Net, ...]:
    """Promoters (9, 10), passives (7, 8) and detractors (0 to 6), by the factor of the categories."""
    parts = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}
    known = [one for one in categories if one.factor is not None and not one.missing]
    return tuple(
        Net(code, labels[code], tuple(one.code for one in known if low <= _factor(one) <= high))
        for code, (low, high) in parts.items()
    )


def nets_of(kind: Kind, categories: Sequence[Category]) -> tuple[Net, ...]:
    """The nets that a question of that kind has, in our own words: those of a scale, or of a recommendation."""
    if kind == "scale":
        return scale_nets(categories, _words("top", "bottom"))
    return recommendation(categories, _words("promoters", "passives", "detractors")) if kind == "recommend" else ()


def _words(*names: str) -> dict[str, Labels]:
    return {name: {one: text(f"banner.{name}", one) for one in LANGUAGES} for name in names}


def _factor(category: Category) -> float:
    assert category.factor is not None
    return category.factor
