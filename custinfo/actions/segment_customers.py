"""The customers of a lake, with everything that segments and clusters pick them by, as of a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo import lake
from custinfo.classification import clusters, income, relation, rfm, satisfaction, value_grade
from custinfo.classification.clusters import sampling
from custinfo.domain.segments import Conditions, Figures
from custinfo.lake import prepared
from custinfo.lake.prepared import Made, Recipe
from custinfo.statistics import segments

TABLES = ("customer_versions", "sales", "survey_answers", "survey_reviews")
RULES = (value_grade.FILE, rfm.FILE, relation.OLD_NEW_FILE, relation.LIFECYCLE_FILE, income.AGE_FILE)


@dataclass(frozen=True)
class Described:
    """`table` as of `segments.described` and `joined`, one row for each customer, held by the engine, with the numbers
    of recent dealings: `recency_days`, `frequency`, `monetary_fen` as `rfm.scores` gives them, and `average_fen` (a
    purchase's, rounded down), all int64 and NULL of who bought nothing in the window. `rules` are the versions of the
    rule files that its classes were made with.
    """

    table: ir.Table
    rules: Mapping[str, int]


@dataclass(frozen=True)
class Everybody(Described):
    """The same, and what clusters are found in: `drawn`, some of those who bought, and how many `buyers` there are."""

    drawn: ir.Table
    buyers: int


def described(opened: lake.Tables, on: date) -> Described:
    """Every customer of the lake as of the day `on`, by the rules in force on that day.

    Raises BadInput when a rule was not in force yet.
    """
    customers, sales = opened.customers, opened.sales
    grading, scoring = value_grade.rule(on), rfm.rule(on)
    of_days = relation.old_new_rule(on), relation.lifecycle_rule(on)
    grades = value_grade.grade(customers, sales, on, grading)
    scores = rfm.scores(customers, sales, on, scoring).cache()
    aging = income.age_rule(on)
    ages = income.by_age(customers, on, aging).filter(ibis._.age_band != income.UNKNOWN)
    stages = relation.classify(customers, sales, on, *of_days)
    classes = {
        "kind": customers.select("customer_key", code=customers["kind"]),
        "rfm": scores.select("customer_key", code=scores.segment),
        "lifecycle": stages.select("customer_key", code=stages.lifecycle),
        "age": ages.select("customer_key", code=ages.age_band),
        "satisfaction": satisfaction.latest(opened.table("survey_answers"), opened.table("survey_reviews")),
        "product": segments.preferred_product(sales, value_grade.window_start(on, grading.months), on),
    }
    rules = {value_grade.FILE: grading.version, rfm.FILE: scoring.version, relation.LIFECYCLE_FILE: of_days[1].version}
    rules[income.AGE_FILE] = aging.version
    basic = segments.described(customers, grades, opened.region, opened.industry)
    measured = segments.joined(basic, classes).left_join(_measured(scores), [("customer_key", "measured_key")])
    # Held: every question after this reads a table in the engine's memory
    return Described(measured.drop("measured_key").cache(), rules)


def _measured(scores: ir.Table) -> ir.Table:
    bought = scores.filter(scores.frequency > 0)
    average = (bought.monetary_fen.cast("float64") / bought.frequency).floor().cast("int64")
    return bought.select("recency_days", "frequency", "monetary_fen", measured_key="customer_key", average_fen=average)


def everybody(opened: lake.Tables, on: date) -> Everybody:
    """As `described`, from where it was kept if it was. Raises as it does."""
    found = prepared.prepared(opened, RECIPE, on)
    return Everybody(found.tables["customers"], found.said["rules"], found.tables["drawn"], found.said["buyers"])


def _make(opened: lake.Tables, on: date) -> Made:
    made = described(opened, on)
    bought = made.table.filter(made.table.frequency.notnull())
    drawn = sampling.by_chance(bought, clusters.rule(on).sample)
    buyers = int(bought.count().to_pyarrow().as_py())
    return Made({"customers": made.table, "drawn": drawn}, {"rules": dict(made.rules), "buyers": buyers})


RECIPE = Recipe("customers", (*RULES, clusters.FILE), _make, TABLES)


def figures(opened: lake.Tables, described: ir.Table, conditions: Conditions, on: date) -> Figures:
    """How a segment stands among the customers of `described`: without numbers when it has fewer customers than the
    lake's smallest group, none included. Raises BadInput for a dimension that the lake does not know.
    """
    inside = segments.matching(described, conditions)
    sums = inside.aggregate(customers=inside.count(), net_fen=inside.net_fen.sum().coalesce(0).cast("int64"))
    found = sums.to_pyarrow().to_pylist()[0]
    version = opened.version if isinstance(opened, lake.Lake) else 0
    if found["customers"] < opened.smallest_group:
        return Figures(None, None, version, on.isoformat())
    return Figures(found["customers"], found["net_fen"], version, on.isoformat())


def evaluate(opened: lake.Tables, conditions: Conditions, on: date) -> tuple[Figures, Mapping[str, int]]:
    """How a segment stood on the day `on`, and the versions of the rules by which: open the lake as of that day.

    The same lake, day and definition give the same for ever. Raises as `described` and `figures` do.
    """
    made = described(opened, on)
    return figures(opened, made.table, conditions, on), made.rules
