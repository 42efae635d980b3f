"""What every engine must give the same of: each public function of classification and statistics over Ibis tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custinfo.classification import (
    clusters,
    cross_region,
    data_quality,
    demand_matrix,
    evaluations,
    importance,
    income,
    industry,
    key_customers,
    lifetime,
    listed,
    market_position,
    ownership,
    product_sales,
    profit,
    region,
    relation,
    rfm,
    satisfaction,
    schemes,
    service,
    size,
    spending,
    territories,
    territory_rule,
    trade_grade,
    transitions,
    value_grade,
)
from custinfo.classification.clusters import fitting, models, profiles, sampling
from custinfo.classification.credit import (
    account_watch,
    backtest,
    decided,
    defaults,
    dunning,
    exposure,
    limits,
    payments,
    terms,
)
from custinfo.domain import codelists
from custinfo.domain.periods import Month, Quarter
from custinfo.domain.segments import Condition
from custinfo.lake import code_tables, engines
from custinfo.statistics import (
    change_of_sales,
    customers,
    demands,
    disclosure_lines,
    indicators,
    matches,
    numbering,
    quality,
    sales,
    segments,
    value,
    vintages,
    visits,
)
from custinfo.statistics import transitions as moved
from tests.classification.engine_data import DAY, EARLIER, MANY, tables
from tests.statistics import indicator_cases

Q2, Q3 = Quarter(2026, 2), Quarter(2026, 3)
FIRST = date(2025, 10, 1)
GRADES = ("A", "B", "C", "D", "E")
PARETO = value_grade.rule(DAY)
HELD = PARETO.model_copy(update={"hysteresis_percent": 5})
_BANDS = ({"name": "A", "at_least": MANY}, {"name": "B", "at_least": 200, "below": MANY},
          {"name": "C", "at_least": 1, "below": 200})  # fmt: skip
ABSOLUTE = value_grade.ValueGradeRule.model_validate(
    PARETO.model_dump() | {"method": "absolute", "a_percent": None, "b_percent": None, "band": _BANDS,
                           "products": ("茶",), "hysteresis_percent": 10}
)  # fmt: skip
QUALITY = data_quality.rule(date(2026, 11, 23))
CLUSTERS = clusters.rule(DAY).model_copy(update={"restarts": 1})
BUYING = lifetime.BuyingModel(0.24, 4.4, 0.79, 2.4, (0.0,) * 4, -1.0, 7, 10)
SPENDING = spending.SpendingModel(6.0, 4.0, 15_000.0, (0.0,) * 3, -1.0, 10, 0, None)
_BRANCHES = territory_rule.rule(DAY).branch
TERRITORY = territory_rule.rule(DAY).model_copy(update={"branch": (
    _BRANCHES[0].model_copy(update={"areas": ("north",)}), _BRANCHES[4].model_copy(update={"areas": ("南",)}),
)})  # fmt: skip
CROSSING = cross_region.rule(DAY)
CODE_LISTS = ("region", "industry", "kind_of_customer", "ownership", "enterprise_type")


class Data:
    """The tables of `engine_data` and what is stored of earlier work, as an engine reads them from `folder`."""

    def __init__(self, engine: engines.Engine, folder: Path, columns: Mapping[str, pa.Schema], parts: str) -> None:
        self._engine, self._folder, self._columns, self._parts = engine, folder, columns, parts

    def __getattr__(self, name: str) -> ir.Table:
        files = sorted(self._folder.glob(f"{name}{self._parts}.parquet"))
        table = self._engine.read(files, self._columns[name])
        self.__dict__[name] = table
        return table

    @cached_property
    def described(self) -> ir.Table:
        return segments.described(self.customers, self.graded, self.region, self.industry)

    @cached_property
    def model(self) -> models.Model:
        """Fitted on this engine's own reading."""
        return fitting.fit(sampling.draw(self.features, CLUSTERS), "kprototypes", 2, CLUSTERS)


Make = Callable[[Data], Any]


@dataclass(frozen=True)
class Case:
    """The result of a function; `in_order` where its rows stand in an order that it promises."""

    of: Callable[..., Any]
    make: Make
    kind: str = ""
    in_order: bool = False

    def __str__(self) -> str:
        return ".".join(filter(None, (self.of.__module__.removeprefix("custinfo."), self.of.__name__, self.kind)))


def given() -> Mapping[str, pa.Table]:
    """The rows that work begins with."""
    lists = {name: code_tables.as_table(codelists.load(name)) for name in CODE_LISTS}
    return {**tables(), **lists}


def _known(d: Data, quarter: Quarter) -> schemes.Known:
    previous = d.earlier if quarter == Q3 else None
    marks = importance.marks_on(d.mark_versions, quarter.last)
    return schemes.Known(quarter, d.customers, d.sales, d.service_events, previous, d.credit, marks)


def _classes(d: Data, quarter: Quarter) -> ir.Table:
    return schemes.classes(_known(d, quarter)).mutate(quarter=ibis.literal(str(quarter)))


def _changes(d: Data) -> ir.Table:
    by_the_old_rule = d.graded.mutate(grade=ibis.cases((d.graded.grade == "C", "B"), else_=d.graded.grade))
    by_the_new_rule = d.graded.mutate(rule_version=ibis.literal(2, "int32"))
    went = transitions.movements(d.sales, EARLIER, DAY, PARETO)
    # Some who are new, and some who are gone
    before = d.earlier.filter(d.earlier.customer_key > "K05")
    after = by_the_new_rule.filter(by_the_new_rule.customer_key < "K37")
    return transitions.changes(before, after, by_the_old_rule, went)


def _difference_of_sums(d: Data) -> ir.Table:
    rows = d.sales.mutate(recorded_at=d.sales.occurred_on.cast("timestamp"))
    moments = (datetime.combine(day, time()) for day in (EARLIER, DAY))
    amounts = {"fen": rows.amount_fen, "sold": ibis.cases((rows.kind == "sale", rows.amount_fen), else_=0)}
    return vintages.difference_of_sums(rows, ["customer_key"], amounts, *moments)


def _numbered(d: Data) -> ir.Table:
    found = numbering.numbered(d.customers.select("customer_key").distinct(), d.sales, ["amount_fen"])
    return found.named(found.sales.group_by("customer_key").aggregate(fen=found.sales.amount_fen.sum().cast("int64")))


def _pairs(d: Data) -> ir.Table:
    return matches.pairs(d.matches, d.customers.select("customer_key").filter(d.customers.customer_key < "K30"))


def _checked(d: Data) -> ir.Table:
    lists = data_quality.lists_of(QUALITY, lambda name: getattr(d, name))
    return data_quality.checked(d.customers, DAY, QUALITY, lists)


def _times(d: Data) -> ir.Table:
    versions = d.mark_versions.select("version", "recorded_at", demand_number="mark_id", stage="mark")
    return demands.times(versions, DAY)


def _agreed(d: Data) -> ir.Table:
    kinds = ibis.cases((d.customers.kind == "company", "net_30"), (d.customers.kind == "government", "no such"))
    return d.customers.select("customer_key", terms=kinds).distinct(on="customer_key")


def _traded(d: Data) -> ir.Table:
    return trade_grade.classify(d.graded, d.sales, _agreed(d), DAY, trade_grade.rule(DAY), terms.rule(DAY))


def _declared(d: Data) -> ir.Table:
    told = d.documents
    states = (("order", "agreed"), ("delivery", "agreed"), ("invoice", "found"), ("payment", "refused"))
    return told.select(
        "customer_key", "amount_fen", sale_number=told.document, delivered_on=told.occurred_on,
        use_branch=ibis.literal("south"), delivery_branch=ibis.literal("east"),
        state=ibis.cases(*((told.kind == kind, state) for kind, state in states), else_="waiting"),
    )  # fmt: skip


def _visits(d: Data) -> ir.Table:
    told = d.documents
    versions = told.select(
        customer_key=told.customer_key.nullif("K01"), visit_number=told.reference.fill_null(told.document),
        version=told.document.substr(1).cast("int32"), visited_on=told.occurred_on.cast("string"),
        accompanied=ibis.cases((told.kind == "order", "yes"), (told.kind == "invoice", "no")), result=told.kind,
        staff_key=told.kind.substr(0, 2),
    )  # fmt: skip
    return visits.within(versions, FIRST, DAY)


def _watched(d: Data) -> ir.Table:
    month, rule = Month(2026, 10), key_customers.rule(DAY)
    more = {"overdue": d.overdue, "complaints": d.service_events, "occasions": d.occasions}
    return key_customers.watched(month, d.earlier, d.graded, d.sales, rule, **more)


STORED: Mapping[str, tuple[Callable[..., Any], Make]] = {
    "earlier": (value_grade.grade_quarter, lambda d: value_grade.grade_quarter(d.customers, d.sales, Q2, HELD)),
    "graded": (value_grade.grade_quarter, lambda d: value_grade.grade_quarter(d.customers, d.sales, Q3, HELD, d.earlier)),
    "scored": (rfm.scores, lambda d: rfm.scores(d.customers, d.sales, DAY, rfm.rule(DAY))),
    "second": (schemes.classes, lambda d: _classes(d, Q2)),
    "third": (schemes.classes, lambda d: _classes(d, Q3)),
    "changed": (transitions.changes, _changes),
    "checked": (data_quality.checked, _checked),
    "prioritised": (
        demand_matrix.prioritise, lambda d: demand_matrix.prioritise(d.demands, demand_matrix.rule(DAY))
    ),
    "watched": (key_customers.watched, _watched),
    "seen": (spending.summary, lambda d: spending.summary(d.sales, DAY)),
}  # fmt: skip
"""What is kept, as gradings are kept in the lake, for later work to read; in the order in which it is made."""


def _gradings(d: Data) -> ir.Table:
    return d.second.union(d.third)


def _parts(d: Data) -> ir.Table:
    return d.sales.select(cell="kind", contributor="customer_key", value="amount_fen")


def _joined(d: Data) -> ir.Table:
    bought = segments.preferred_product(d.sales, FIRST, DAY)
    segment = d.scored.select("customer_key", code="segment")
    return segments.joined(d.described, {"product": bought, "rfm": segment})


def _assigned(d: Data) -> ir.Table:
    return models.assign(d.features, d.model)


def _conditions() -> tuple[Condition, ...]:
    return (Condition("product", codes=("茶", "")), Condition("net_fen", at_least=0, below=60 * MANY))


CLASSIFICATION: tuple[Case, ...] = (
    Case(value_grade.grade, lambda d: value_grade.grade(d.customers, d.sales, DAY, PARETO), "pareto"),
    Case(value_grade.grade, lambda d: value_grade.grade(d.customers, d.sales, DAY, ABSOLUTE), "absolute"),
    Case(
        value_grade.grade_quarter,
        lambda d: value_grade.grade_quarter(d.customers, d.sales, Q3, ABSOLUTE, d.earlier), "absolute",
    ),
    Case(value_grade.counted, lambda d: value_grade.counted(d.sales, ABSOLUTE)),
    Case(value_grade.ranked, lambda d: value_grade.ranked(d.graded, "sales_12m_fen")),
    Case(transitions.of_quarter, lambda d: transitions.of_quarter(_gradings(d), Q3)),
    Case(transitions.class_matrix, lambda d: transitions.class_matrix(_gradings(d), "importance", Q2, Q3)),
    Case(transitions.matrix, lambda d: transitions.matrix(d.earlier, d.graded)),
    Case(transitions.movements, lambda d: transitions.movements(d.sales, EARLIER, DAY, PARETO)),
    Case(importance.check_credit, lambda d: importance.check_credit(d.credit, importance.rule(DAY))),
    Case(
        importance.level,
        lambda d: importance.level(
            d.graded, d.credit, importance.marks_on(d.mark_versions, DAY), importance.rule(DAY)
        ),
    ),
    Case(importance.marks_on, lambda d: importance.marks_on(d.mark_versions, DAY)),
    Case(
        market_position.position,
        lambda d: market_position.position(d.graded, d.sales, d.customers, DAY, market_position.rule(DAY)),
    ),
    Case(trade_grade.classify, _traded),
    Case(demand_matrix.ordered, lambda d: demand_matrix.ordered(d.prioritised), in_order=True),
    Case(key_customers.ordered, lambda d: key_customers.ordered(d.watched), in_order=True),
    Case(product_sales.classify, lambda d: product_sales.classify(d.sales, DAY, product_sales.rule(DAY))),
    Case(ownership.classify, lambda d: ownership.classify(d.customers, "ownership", codelists.load("enterprise_type"))),
    Case(
        ownership.of_card,
        lambda d: ownership.of_card(d.customers, codelists.load("ownership"), codelists.load("enterprise_type")),
    ),
    Case(listed.classify, lambda d: listed.classify(d.customers, "kind", codelists.load("kind_of_customer"))),
    Case(
        listed.look_up,
        lambda d: listed.look_up(
            d.customers, "kind", listed.facts(codelists.load("kind_of_customer"), {"name": lambda code: code.name})
        ),
    ),
    Case(size.classify, lambda d: size.classify(d.customers, codelists.load("industry"), size.rule(DAY))),
    Case(industry.classify, lambda d: industry.classify(d.customers, codelists.load("industry"))),
    Case(region.classify, lambda d: region.classify(d.customers, codelists.load("region"), DAY)),
    Case(
        income.by_income,
        lambda d: income.by_income(
            d.customers, d.customers.rename(year="income_year"), 2026, income.income_rule(2026)
        ),
    ),
    Case(income.by_age, lambda d: income.by_age(d.customers, DAY, income.age_rule(DAY))),
    Case(
        relation.classify,
        lambda d: relation.classify(
            d.customers, d.sales, DAY, relation.old_new_rule(DAY), relation.lifecycle_rule(DAY)
        ),
    ),
    Case(service.classify, lambda d: service.classify(d.customers, d.sales, d.demands, DAY, service.rule(DAY))),
    Case(evaluations.in_force, lambda d: evaluations.in_force(d.evaluations, DAY)),
    Case(evaluations.spread, lambda d: evaluations.spread(evaluations.in_force(d.evaluations, DAY))),
    Case(evaluations.by_department, lambda d: evaluations.by_department(evaluations.in_force(d.evaluations, DAY))),
    Case(satisfaction.latest, lambda d: satisfaction.latest(d.surveyed, d.survey_reviews)),
    Case(territories.assign, lambda d: territories.assign(d.customers, "region", TERRITORY)),
    Case(territories.sellers, lambda d: territories.sellers(d.sales, TERRITORY)),
    Case(cross_region.commission, lambda d: cross_region.commission(_declared(d), d.sales, DAY, CROSSING)),
    Case(
        cross_region.undeclared,
        lambda d: cross_region.undeclared(d.sales, d.customers, _declared(d), FIRST, DAY, TERRITORY, CROSSING),
    ),
    Case(
        profit.contribution, lambda d: profit.contribution(d.sales, "area", FIRST, DAY), in_order=True
    ),
    Case(profit.parts, lambda d: profit.parts(d.sales, "customer_key", FIRST, DAY)),
    Case(
        profit.together,
        lambda d: profit.together(profit.parts(d.sales, "area", FIRST, DAY).mutate(half=ibis._.code.right(1)), "half"),
        in_order=True,
    ),
    Case(lifetime.summary, lambda d: lifetime.summary(d.sales, DAY)),
    Case(lifetime.observed, lambda d: lifetime.observed(d.seen)),
    Case(lifetime.scores, lambda d: lifetime.scores(d.seen, BUYING, 90)),
    Case(spending.spent, lambda d: spending.spent(d.seen)),
    Case(spending.values, lambda d: spending.values(d.seen, BUYING, SPENDING, 3, 0.01)),
    Case(sampling.draw, lambda d: sampling.draw(d.features, CLUSTERS)),
    Case(sampling.by_chance, lambda d: sampling.by_chance(d.features, 25), in_order=True),
    Case(models.assign, _assigned),
    Case(models.placed, lambda d: models.placed(d.features, d.model)),
    Case(profiles.numbers, lambda d: profiles.numbers(d.features, _assigned(d), d.model, 3), in_order=True),
    Case(
        profiles.commonest, lambda d: profiles.commonest(d.features, _assigned(d), "section", 3), in_order=True
    ),
)  # fmt: skip

CREDIT: tuple[Case, ...] = (
    Case(payments.sold, lambda d: payments.sold(d.sales)),
    Case(payments.given, lambda d: payments.given(d.sales)),
    Case(payments.by_terms, lambda d: payments.by_terms(d.sales, _agreed(d), DAY, terms.rule(DAY))),
    Case(payments.settled, lambda d: payments.settled(d.invoices, d.paid, DAY)),
    Case(payments.behaviour, lambda d: payments.behaviour(d.customers, d.invoices, d.paid, FIRST, DAY)),
    Case(exposure.committed, lambda d: exposure.committed(d.orders, DAY)),
    Case(dunning.worklist, lambda d: dunning.worklist(d.items, dunning.rule(DAY), GRADES)),
    Case(
        account_watch.signs,
        lambda d: account_watch.signs(d.customers, d.sales, d.invoices, d.paid, DAY, account_watch.rule(DAY)),
    ),
    Case(limits.limits, lambda d: limits.limits(d.accounts, limits.rule(DAY, GRADES))),
    Case(terms.dated, lambda d: terms.dated(d.deliveries, DAY, terms.rule(DAY))),
    Case(decided.in_force, lambda d: decided.in_force(d.decisions, DAY)),
    Case(defaults.graded_on, lambda d: defaults.graded_on(d.decisions, EARLIER)),
    Case(defaults.outcomes, lambda d: defaults.outcomes(d.rated, d.sales, EARLIER, DAY)),
    Case(defaults.moves, lambda d: defaults.moves(d.rated, defaults.graded_on(d.decisions, DAY).drop_null("grade"))),
    Case(backtest.counts, lambda d: backtest.counts(d.judged)),
)

STATISTICS: tuple[Case, ...] = (
    Case(
        change_of_sales.by_customers,
        lambda d: change_of_sales.by_customers(d.sales, Month(2026, 8), Month(2026, 9)), in_order=True,
    ),
    Case(change_of_sales.states, lambda d: change_of_sales.states(d.sales, Month(2026, 8), Month(2026, 9))),
    Case(change_of_sales.by_code, lambda d: change_of_sales.by_code(d.sales, "product", Q3), in_order=True),
    Case(change_of_sales.sold, lambda d: change_of_sales.sold(change_of_sales.by_code(d.sales, "area", Q3))),
    Case(change_of_sales.amounts, lambda d: change_of_sales.amounts(change_of_sales.by_code(d.sales, "area", Q2))),
    Case(indicators.counted, lambda d: indicator_cases.every(d, _gradings(d))),
    Case(customers.composition, lambda d: customers.composition(
        d.customers, "region", d.region.select("code", group="province")
    )),
    Case(customers.grouped, lambda d: customers.grouped(
        d.customers, "region", d.region.select("code", group="province")
    )),
    Case(customers.by_grade, lambda d: customers.by_grade(d.graded)),
    Case(disclosure_lines.cells, lambda d: disclosure_lines.cells(_parts(d))),
    Case(disclosure_lines.held, lambda d: disclosure_lines.held(_parts(d))),
    Case(disclosure_lines.largest, lambda d: disclosure_lines.largest(disclosure_lines.held(_parts(d)), 3), in_order=True),
    Case(disclosure_lines.buckets, lambda d: disclosure_lines.buckets(disclosure_lines.held(_parts(d))), in_order=True),
    Case(demands.matrix, lambda d: demands.matrix(d.prioritised), in_order=True),
    Case(demands.by_stage, lambda d: demands.by_stage(d.prioritised, d.demands), in_order=True),
    Case(demands.times, _times),
    Case(demands.assessed, lambda d: demands.assessed(d.prioritised)),
    Case(visits.within, _visits),
    Case(visits.counted, lambda d: visits.counted(_visits(d), ["staff_key"])),
    Case(visits.of_customers, lambda d: visits.of_customers(d.customers.select("customer_key").distinct(), _visits(d))),
    Case(quality.by_field, lambda d: quality.by_field(d.checked, QUALITY.names), in_order=True),
    Case(quality.totals, lambda d: quality.totals(d.checked)),
    Case(quality.by, lambda d: quality.by(d.checked, "kind", 5), in_order=True),
    Case(quality.ages, lambda d: quality.ages(d.checked, DAY), in_order=True),
    Case(quality.over_time, lambda d: quality.over_time(d.checked, QUALITY.names, [EARLIER, DAY]), in_order=True),
    Case(quality.to_mend, lambda d: quality.to_mend(d.checked, "kind", overdue=True), in_order=True),
    Case(sales.by_month, lambda d: sales.by_month(d.sales, Month(2025, 1), Month(2026, 9)), in_order=True),
    Case(sales.series, lambda d: sales.series(d.sales, Month(2026, 9)), in_order=True),
    Case(segments.described, lambda d: d.described),
    Case(segments.joined, _joined),
    Case(segments.preferred_product, lambda d: segments.preferred_product(d.sales, FIRST, DAY)),
    Case(segments.picked, lambda d: segments.picked(d.described, {"province": ("350000", ""), "grade": ()})),
    Case(segments.matching, lambda d: segments.matching(_joined(d), _conditions())),
    Case(segments.between, lambda d: segments.between(d.described, 2.25, 15.0)),
    Case(segments.spread, lambda d: segments.spread(d.described), in_order=True),
    Case(segments.by, lambda d: segments.by(d.described, "province"), in_order=True),
    Case(moved.closed, lambda d: moved.closed(d.sales, DAY, 4)),
    Case(moved.sizes, lambda d: moved.sizes({Q2: d.earlier, Q3: d.graded}), in_order=True),
    Case(moved.by_reason, lambda d: moved.by_reason(d.changed), in_order=True),
    Case(moved.went, lambda d: moved.went(d.changed, from_grade="A", reasons=transitions.REASONS[:3])),
    Case(moved.listed, lambda d: moved.listed(d.changed), in_order=True),
    Case(value.grid, lambda d: value.grid(d.scored), in_order=True),
    Case(value.segments, lambda d: value.segments(d.scored), in_order=True),
    Case(value.alive_by_expected, lambda d: value.alive_by_expected(lifetime.scores(d.seen, BUYING, 90)), in_order=True),
    Case(
        value.concentration,
        lambda d: value.concentration(d.graded.select("customer_key", fen="sales_12m_fen")), in_order=True,
    ),
    Case(
        vintages.difference,
        lambda d: vintages.difference(d.earlier, d.graded, ["customer_key"], ["grade", "sales_12m_fen"]),
    ),
    Case(vintages.difference_of_sums, _difference_of_sums),
    Case(numbering.numbered, _numbered),
    Case(matches.pairs, _pairs),
    Case(matches.totals, lambda d: matches.totals(_pairs(d))),
    Case(matches.by_class, lambda d: matches.by_class(_pairs(d)), in_order=True),
    Case(matches.by_evidence, lambda d: matches.by_evidence(_pairs(d)), in_order=True),
    Case(matches.by_month, lambda d: matches.by_month(_pairs(d)), in_order=True),
    Case(matches.waiting, lambda d: matches.waiting(_pairs(d), DAY), in_order=True),
)  # fmt: skip

CASES = (
    *(Case(of, make, f"stored as {name}") for name, (of, make) in STORED.items()), *CLASSIFICATION, *CREDIT, *STATISTICS
)  # fmt: skip

LEFT_OUT = {
    "classification.data_quality.lists_of": "it chooses columns of code lists: see the case of data_quality.checked",
    "classification.listed.facts": "it makes a table of a code list: see the cases of who looks up in it",
    "classification.duplicates.databases.of": "it gives no rows, but where to work",
    "classification.duplicates.linkage.table": "it makes a table of people's parties",
    "classification.duplicates.linkage.find": "compared by itself: duplicates/test_linkage_on_spark.py",
    "classification.lifetime.calibrate": "it reads counts of lifetime.summary and fits; see lifetime.observed",
    **dict.fromkeys(
        (
            f"statistics.surveys.{name}"
            for name in ("of_branches", "studies", "units", "questions", "forms", "returned")
        ),
        "they read rows into objects: compared by themselves in tests/lake/test_engines.py",
    ),
}
"""Functions over tables without a case, and why."""
