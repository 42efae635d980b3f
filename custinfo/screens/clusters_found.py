"""What the screen of clusters reads: what is asked for, what came of it, who is in which group, what each is like."""

from collections.abc import Mapping
from dataclasses import replace
from math import log1p
from typing import Any

import ibis
import ibis.expr.types as ir

from custinfo.actions.segment_customers import Everybody
from custinfo.classification.clusters import METHODS, ClusterRule, Number, models, sampling
from custinfo.classification.clusters.models import Model
from custinfo.classification.clusters.sampling import Sample
from custinfo.domain import money
from custinfo.domain.sums import total_fen
from custinfo.screens import segments
from custinfo.screens.clusters_work import Asked, Outcome, Worker
from custinfo.screens.explorer_view import Rows, View

NUMBERS = ("recency_days", "frequency", "monetary_fen", "average_fen")
"""Numeric features; all spread over powers of ten."""
CATEGORIES = ("ownership", "province", "section", "kind", "lifecycle", "age", "product", "grade")
PARTS = ("cluster", "customers", "net_fen", *NUMBERS)
CODES_TOLD = 4
LIFT = 1.2
"""How much commoner a code is in a group than among all before it is told."""


class Tables(dict[str, ir.Table]):
    """The tables of the screen: `everybody`, one row for each customer, as of `segment_customers.described`, whose
    NUMBERS are NULL of who bought nothing in the window. Clusters are made of the others, fitted on those `drawn`.
    """

    def __init__(self, found: Everybody, worker: Worker) -> None:
        super().__init__({"everybody": found.table, "drawn": found.drawn})
        self.found, self.worker, self.buyers = found, worker, found.buyers
        self._placed: dict[Asked, ir.Table] = {}
        self.profiles: dict[Asked, Rows] = {}

    def draw(self, wanted: Asked, rule: ClusterRule) -> Sample:
        """The sample, by the rule with the features that are wanted."""
        numbers = tuple(Number(name=name, scale="log") for name in wanted.numbers)
        features = rule.model_copy(update={"numbers": numbers, "categories": wanted.categories})
        return sampling.draw(self["drawn"], features)

    def placed(self, wanted: Asked, model: Model) -> ir.Table:
        """`everybody` with `cluster`, NULL of who bought nothing; worked out once for a model."""
        if wanted not in self._placed:
            found = models.placed(self["everybody"], model)
            bought = found.frequency.notnull()
            self._placed[wanted] = found.mutate(cluster=ibis.cases((bought, found.cluster))).cache()
        return self._placed[wanted]


def tables(view: View) -> Tables:
    """The screen's tables as what they are."""
    found = view.tables
    assert isinstance(found, Tables)
    return found


def asked(view: View) -> Asked:
    """What is chosen; features that nobody marked are the rule's. A method has none of the kind that it takes no notice
    of, so that two choices that come to the same are worked out once.
    """
    rule = tables(view).worker.rule
    method = next(iter(view.codes("method")), METHODS[0])
    numbers = view.codes("numbers") or tuple(one.name for one in rule.numbers)
    categories = view.codes("categories") or rule.categories
    count = int(next(iter(view.codes("count")), "2"))
    # The sample has a feature of each kind at least; what the method does not look at is no part of what it finds
    if method == "kmeans":
        categories = rule.categories[:1]
    if method == "latent":
        numbers = (rule.numbers[0].name,)
    return Asked(method, count, tuple(numbers), tuple(categories))


def features(wanted: Asked) -> tuple[str, ...]:
    """The features that the method looks at."""
    numbers = () if wanted.method == "latent" else wanted.numbers
    return (*numbers, *(() if wanted.method == "kmeans" else wanted.categories))


def outcome(view: View) -> Outcome:
    """What is known by now of what is chosen; begins to work it out."""
    found, wanted = tables(view), asked(view)
    return found.worker.outcome(wanted, lambda rule: found.draw(wanted, rule))


def picked(view: View) -> list[int]:
    """The groups that are picked in the chart."""
    return [int(code) for code in view.codes("group") if code.isdigit()]


def group_name(view: View, number: Any) -> str:
    """The name of a group."""
    return view.word("group", number=number)


def told_number(name: str, value: Any) -> str:
    """A number by its feature, as people read it."""
    if value is None:
        return "—"
    return money.show(int(value)) if name.endswith("_fen") else f"{value:,}"


def profile(view: View) -> Rows | None:
    """What each group is like, by number: PARTS (`net_fen` is the sum, NUMBERS are rounded means), `apart`: how many
    standard deviations the group's mean of each number is from that of all, on the scale on which they are compared,
    and `codes`, a sentence of what is commoner in it; nothing but the size of groups of too few. None before there is a
    model.
    """
    model, wanted = outcome(view).model, asked(view)
    if model is None:
        return None
    known = tables(view).profiles
    if wanted not in known:
        known[wanted] = _profiled(view, tables(view).placed(wanted, model))
    return [row | {"codes": _codes_said(view, row["commoner"])} for row in known[wanted]]


def _profiled(view: View, placed: ir.Table) -> Rows:
    bought = placed.filter(placed.cluster.notnull())
    scaled = {f"{name}_log": (ibis.greatest(bought[name].cast("float64"), 0.0) + 1).ln() for name in NUMBERS}
    logs = bought.mutate(**scaled)
    means = {name: logs[name].mean().round(0).cast("int64") for name in NUMBERS}
    centres = {f"{name}_log": logs[f"{name}_log"].mean().round(6) for name in NUMBERS}
    spreads = {f"{name}_spread": logs[f"{name}_log"].std(how="pop").round(6) for name in NUMBERS}
    counted = logs.group_by("cluster").agg(customers=logs.count(), net_fen=total_fen(logs.net_fen), **means, **centres)
    rows = view.rows(counted.order_by("cluster"))
    everybody = view.rows(logs.aggregate(**centres, **spreads))[0]
    commoner = _commoner(view, bought, {row["cluster"]: row["customers"] for row in rows})
    return [
        {name: row[name] for name in PARTS}
        | {"apart": {name: _deviations(row, everybody, name) for name in NUMBERS}}
        | {"commoner": [] if view.is_few(row["customers"]) else commoner[row["cluster"]]}
        for row in rows
    ]


def _deviations(row: Mapping[str, Any], everybody: Mapping[str, Any], name: str) -> float | None:
    spread = everybody[f"{name}_spread"]
    return (row[f"{name}_log"] - everybody[f"{name}_log"]) / spread if spread else None


Commoner = tuple[float, str, str, float, float]
"""How many times as common it is as among all, the category, the code, its share in the group and among all."""


def _commoner(view: View, bought: ir.Table, sizes: Mapping[int, int]) -> Mapping[int, list[Commoner]]:
    found: dict[int, list[Commoner]] = {cluster: [] for cluster in sizes}
    total = sum(sizes.values())
    for name in CATEGORIES:
        rows = view.rows(bought.group_by("cluster", code=bought[name]).agg(customers=bought.count()))
        overall: dict[str, int] = {}
        for row in rows:
            overall[row["code"]] = overall.get(row["code"], 0) + row["customers"]
        for row in rows:
            share, usual = row["customers"] / sizes[row["cluster"]], overall[row["code"]] / total
            if row["code"] and not view.is_few(row["customers"]) and share >= LIFT * usual:
                found[row["cluster"]].append((share / usual, name, row["code"], share, usual))
    # What is both commoner and common says more than a code of a few
    return {
        cluster: sorted(several, key=lambda one: (-one[3] * log1p(one[0]), one[1], one[2]))[:CODES_TOLD]
        for cluster, several in found.items()
    }


def _codes_said(view: View, commoner: list[Commoner]) -> str:
    if not commoner:
        return view.word("nothing_apart")
    at_segments = replace(view, area="segments")
    return view.word("between").join(
        view.word(
            "commoner", feature=view.word(f"feature.{name}"), code=segments.label(at_segments, name, code),
            share=f"{share:.0%}", usual=f"{usual:.0%}",
        )
        for _, name, code, share, usual in commoner
    )  # fmt: skip
