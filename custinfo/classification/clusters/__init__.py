"""Clusters: groups of customers that are found in the data, not declared; with figures that say how far to trust them.

A model is fitted on a sample and is plain data afterwards (`models.Model`): an Ibis expression assigns everybody.

    rule = clusters.rule(day)
    drawn = sampling.draw(table, rule)              # `table` has customer_key and the rule's features
    model = fitting.fit(drawn, "kmeans", 4, rule)
    models.assign(table, model)                     # customer_key, cluster, rule_version: for a million customers
    choosing.figures(drawn, "kmeans", rule)         # how many clusters: silhouette, or BIC
    stability.measured(drawn, model, rule)          # would another sample have given the same clusters?
    profiles.numbers(table, assigned, model, 5)     # what each cluster is like, of 5 customers and more
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Part, Rule, Text

FILE = "clusters.toml"
METHODS = ("kmeans", "kprototypes", "latent")
"""k-means over numbers; k-prototypes over numbers and categories; latent classes over categories."""


class Number(Part):
    """A numeric feature: `log` for one that is spread over powers of ten, such as money, else `plain`."""

    name: Text
    scale: Literal["plain", "log"]


class ClusterRule(Rule):
    """One version: what clusters are made of, and how they are judged.

    `sample` customers are fitted on (`slow_sample` for the methods that are slow), from `restarts` starts with `seed`;
    `bootstraps` samples judge the stability; a cluster is stable from `stable_percent` on, no cluster below
    `unstable_percent` (mean Jaccard).
    """

    numbers: Annotated[tuple[Number, ...], Field(strict=False, min_length=1)]
    categories: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    sample: Annotated[int, Field(ge=100, le=200_000)]
    slow_sample: Annotated[int, Field(ge=100, le=20_000)]
    most_clusters: Annotated[int, Field(ge=2, le=20)]
    restarts: Annotated[int, Field(ge=1, le=50)]
    bootstraps: Annotated[int, Field(ge=5, le=200)]
    stable_percent: Annotated[int, Field(gt=0, lt=100)]
    unstable_percent: Annotated[int, Field(gt=0, lt=100)]

    def check(self) -> None:
        """Raises Fault for a feature that is named twice, and limits of stability the wrong way round."""
        names = [*(one.name for one in self.numbers), *self.categories]
        for name in names:
            if names.count(name) > 1:
                raise Fault("clusters.feature_twice", name=name)
        if self.unstable_percent >= self.stable_percent:
            raise Fault("clusters.limits", stable=self.stable_percent, unstable=self.unstable_percent)


def rule(on: date, folder: Path = rules.FOLDER) -> ClusterRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, ClusterRule, folder)
