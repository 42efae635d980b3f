"""The customers that clusters are fitted on: drawn the same each time, their features brought to one scale.

A lake's `customer_key` is a keyed hash: the customers whose keys end in the smallest digits are as good as drawn at
random, and the same on every engine and in whatever order the rows come. Not those whose keys begin so: where many
branches are read together, a key begins with its branch. A number that is NULL counts as the sample's mean; a category
that is NULL is a category of its own, as is the empty text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from custinfo.classification.clusters import ClusterRule
from custinfo.domain.errors import BadInput

NOT_STATED = ""
FEWEST = 30
"""Below so many customers whatever is found is chance."""
KEY_END = 8

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Scaling:
    """How a number is scaled: the natural logarithm of 1 + the value, 0 for those below zero (`log`), or the value
    itself; less `centre`, divided by `spread` (mean and standard deviation of the sample).
    """

    name: str
    log: bool
    centre: float
    spread: float


@dataclass(frozen=True)
class Sample:
    """The customers drawn, by the ends of their keys: `numbers` scaled, one column for each of `scalings`; `codes` the
    places of their categories in `categories`, which holds for each feature its values in order.
    """

    keys: tuple[str, ...]
    scalings: tuple[Scaling, ...]
    numbers: Numbers
    categories: Mapping[str, tuple[str, ...]]
    codes: Codes

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, places: NDArray[np.int64]) -> "Sample":
        """The customers at these places, some of them perhaps several times."""
        keys = tuple(self.keys[place] for place in places)
        return Sample(keys, self.scalings, self.numbers[places], self.categories, self.codes[places])


def draw(table: ir.Table, rule: ClusterRule, most: int | None = None) -> Sample:
    """At most `rule.sample` customers, or `most`, of `table`: a unique `customer_key` and the rule's features.

    Raises BadInput when a feature is missing, when there are fewer than FEWEST customers, or when all of them have the
    same value in a number: then it tells nobody apart.
    """
    names = [*(one.name for one in rule.numbers), *rule.categories]
    for name in names:
        if name not in table.columns:
            raise BadInput("clusters.no_feature", name=name)
    drawn = by_chance(table.select("customer_key", *names), most or rule.sample)
    columns: Mapping[str, list[Any]] = drawn.to_pyarrow().to_pydict()
    keys = tuple(columns["customer_key"])
    if len(keys) < FEWEST:
        raise BadInput("clusters.few", least=FEWEST)
    scaled = [_scaled(one.name, columns[one.name], log=one.scale == "log") for one in rule.numbers]
    listed = {name: tuple(sorted({value or NOT_STATED for value in columns[name]})) for name in rule.categories}
    codes = [_codes(columns[name], listed[name]) for name in rule.categories]
    return Sample(
        keys, tuple(one for one, _ in scaled), np.column_stack([values for _, values in scaled]), listed,
        np.column_stack(codes),
    )  # fmt: skip


def by_chance(table: ir.Table, most: int) -> ir.Table:
    """At most so many customers of `table`, by the ends of its unique `customer_key`: the same each time."""
    return table.order_by(table.customer_key.right(KEY_END), "customer_key").limit(most)


def _scaled(name: str, values: Sequence[float | None], *, log: bool) -> tuple[Scaling, Numbers]:
    found = np.array([np.nan if value is None else float(value) for value in values])
    if log:
        found = np.log(1 + np.maximum(found, 0))
    known = found[~np.isnan(found)]
    centre, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
    if not len(known) or known.min() == known.max():
        raise BadInput("clusters.same", name=name)
    return Scaling(name, log, centre, spread), np.nan_to_num((found - centre) / spread, nan=0.0)


def _codes(values: Sequence[str | None], listed: Sequence[str]) -> Codes:
    places = {value: place for place, value in enumerate(listed)}
    return np.array([places[value or NOT_STATED] for value in values], dtype=np.int64)
