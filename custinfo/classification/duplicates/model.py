"""The rule of duplicates: from which probability on what is done, and how much each comparison weighs.

A level has two numbers: `m`, how often it is met between two records of the same party, and `u`, between two of
different parties. Its weight is log2(m / u) bits (Fellegi and Sunter). What is unknown weighs nothing.
"""

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.duplicates.comparisons import COMPARISONS, UNKNOWN
from custinfo.classification.duplicates.party import Kind
from custinfo.classification.rules import Fault, Part, Rule

FILE = "duplicates.toml"

Share = Annotated[float, Field(gt=0, lt=1)]
Numbers = Annotated[list[Share], Field(min_length=2, max_length=2)]


class Model(Part):
    """How one kind of party is compared.

    `prior`: how likely two records are the same before anything is compared, when the data do not tell.
    `review_from`, `automatic_from`: from which probability on a pair is shown to people, or may be merged without them.
    `levels`: comparison → level → [m, u].
    """

    prior: Share
    review_from: Share
    automatic_from: Share
    levels: dict[str, dict[str, Numbers]]


class DuplicatesRule(Rule):
    """One version. `most_alike`: a key that more records share than this finds no candidates (an agent's telephone).
    `learn_from`: so many records are needed before the weights are learned from the data.
    """

    most_alike: Annotated[int, Field(ge=2)]
    learn_from: Annotated[int, Field(ge=1)]
    enterprise: Model
    individual: Model

    def check(self) -> None:
        """Raises Fault when a comparison or level is missing or unknown, or less is reviewed than merged."""
        for kind in COMPARISONS:
            model = self.model_of(kind)
            wanted = {comparison.name: set(comparison.names) for comparison in COMPARISONS[kind]}
            stated = {name: set(levels) for name, levels in model.levels.items()}
            if wanted != stated:
                names = sorted(name for name in wanted.keys() | stated.keys() if wanted.get(name) != stated.get(name))
                raise Fault("duplicates.levels", kind=kind, comparisons=", ".join(names))
            if model.review_from > model.automatic_from:
                raise Fault("duplicates.bands", kind=kind)

    def model_of(self, kind: Kind) -> Model:
        """The numbers for one kind of party."""
        return self.enterprise if kind == "enterprise" else self.individual


def rule(day: date, folder: Path = rules.FOLDER) -> DuplicatesRule:
    """The version in force on `day`. Raises BadInput when there is none, or the file is not in order."""
    return rules.on(day, FILE, DuplicatesRule, folder)


def weights(model: Model) -> Mapping[str, Mapping[str, float]]:
    """Comparison → level → bits."""
    return {
        comparison: {UNKNOWN: 0.0} | {level: math.log2(m / u) for level, (m, u) in levels.items()}
        for comparison, levels in model.levels.items()
    }


def probability(bits: float) -> float:
    """The probability that goes with odds of 2^bits to one."""
    return 1 / (1 + 2**-bits) if bits > -1000 else 0.0


def bits(share: float) -> float:
    """The odds of a probability, in bits."""
    return math.log2(share / (1 - share))
