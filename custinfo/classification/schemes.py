"""All classes of all customers at the end of a quarter, in one table: what is kept as the grading of the quarter.

Every scheme of SCHEMES partitions the customers: each customer has exactly one class of each, and what is not known is
a class of its own (`unclassified`, `unknown`, `none`, N). What a scheme means stands in its own module.

Every class says what it was made by: by a rule file (`rule_version`), by a code list (`code_edition`), or by both, as
the size of an enterprise is, whose limits are a rule's and whose categories follow the industries of a list.

`reason` is a code, NULL where the class speaks for itself: `held` of a value grade that the hysteresis kept; the row of
the decision table that decides the importance; why somebody is watched (the gravest of the reasons); why a code gives
no class; of ownership, that it follows from the registered type or contradicts it (`ownership.of_card`). `figure` is
the number that a class rests on: net sales in fen for the value grade, the scores as r·100 + f·10 + m for the RFM
segment, the points for the level of service and the trade grade, months with sales for the market position.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from pathlib import Path

import ibis
import ibis.expr.types as ir

from custinfo.classification import (
    importance,
    income,
    industry,
    key_customers,
    listed,
    market_position,
    ownership,
    region,
    relation,
    rfm,
    rules,
    service,
    size,
    trade_grade,
    transitions,
    value_grade,
)
from custinfo.classification.credit import grades, terms
from custinfo.classification.listed import UNCLASSIFIED
from custinfo.domain import codelists
from custinfo.domain.codelists import CodeList
from custinfo.domain.periods import Month, Quarter

NO_GRADE = importance.NOT_ASSESSED
WATCHED, NOT_WATCHED = "watched", "not_watched"
CARD = {
    "ownership": "string", "kind": "string", "location_type": "string", "market_position": "string",
    "region": "string", "industry": "string", "staff": "int64", "revenue_fen": "int64", "assets_fen": "int64",
    "income_fen": "int64", "income_year": "int64", "birth_year": "int64", "enterprise_type": "string",
}  # fmt: skip
"""Columns of customers that classes come from; one that a customers' table lacks is not known of anybody."""


@dataclass(frozen=True)
class Known:
    """What is known at the end of a quarter.

    `customers` has a unique `customer_key` and columns of CARD; `sales` and `service_events` are the lake's. `previous`
    are the value grades of the quarter before as `transitions.of_quarter` gives them, None where it was not graded.
    `credit` has `customer_key` (unique), `grade`, `rule_version`; `terms` has `customer_key` (unique) and `terms`, a
    code of `payment_terms`; `marks` has `customer_key`, `mark`. Rule files are those of `folder`, in force on the last
    day of the quarter; `code_list` gives the code lists that the customers' codes were taken from, which are those of
    the lake's version, not the ones that are shipped today.
    """

    quarter: Quarter
    customers: ir.Table
    sales: ir.Table
    service_events: ir.Table
    previous: ir.Table | None = None
    credit: ir.Table | None = None
    marks: ir.Table | None = None
    terms: ir.Table | None = None
    folder: Path = rules.FOLDER
    code_list: Callable[[str], CodeList] = codelists.load

    @cached_property
    def agreed_terms(self) -> ir.Table:
        """`terms`, or no row."""
        return _no_row({"customer_key": "string", "terms": "string"}) if self.terms is None else self.terms

    @cached_property
    def payments_known(self) -> bool:
        """Whether a single payment by anybody is in the data: without, nobody is said to pay late."""
        paid = self.sales.filter(self.sales.kind == "payment", self.sales.occurred_on <= self.on)
        return bool(paid.limit(1).count().to_pyarrow().as_py())

    @property
    def on(self) -> date:
        """The last day of the quarter."""
        return self.quarter.last

    @cached_property
    def cards(self) -> ir.Table:
        """The customers with all columns of CARD, in the engine's memory: most schemes read them."""
        own = self.customers
        columns = {
            name: own[name].cast(kind) if name in own.columns else ibis.null(kind) for name, kind in CARD.items()
        }
        return own.select("customer_key", **columns).cache()

    @cached_property
    def value_grades(self) -> ir.Table:
        """The grades of the quarter (`value_grade.grade_quarter`), in the engine's memory."""
        rule = value_grade.rule(self.on, self.folder)
        return value_grade.grade_quarter(self.cards, self.sales, self.quarter, rule, self.previous).cache()

    @cached_property
    def relations(self) -> ir.Table:
        """`relation.classify`, in the engine's memory."""
        of_time, of_life = (
            relation.old_new_rule(self.on, self.folder),
            relation.lifecycle_rule(self.on, self.folder),
        )
        return relation.classify(self.cards, self.sales, self.on, of_time, of_life).cache()

    @cached_property
    def credit_grades(self) -> ir.Table:
        """`credit`, or no row."""
        columns = {"customer_key": "string", "grade": "string", "rule_version": "int32"}
        return _no_row(columns) if self.credit is None else self.credit

    @cached_property
    def strategic_marks(self) -> ir.Table:
        """`marks`, or no row."""
        return _no_row({"customer_key": "string", "mark": "string"}) if self.marks is None else self.marks


def _no_row(columns: dict[str, str]) -> ir.Table:
    return ibis.memtable([], schema=columns)


def classes(known: Known) -> ir.Table:
    """Every customer's class of every scheme: `customer_key`, `scheme`, `class`, `reason`, `figure` (int64),
    `rule_version` (int32), `code_edition`, never both NULL; no two rows share the first two. In no order.

    Raises BadInput when there was no rule yet on the last day of the quarter.
    """
    parts = [make(known).mutate(scheme=ibis.literal(name)) for name, make in SCHEMES.items()]
    return reduce(lambda one, other: one.union(other), (part.select(COLUMNS) for part in parts))


COLUMNS = ("customer_key", "scheme", "class", "reason", "figure", "rule_version", "code_edition")


def _rows(
    table: ir.Table, column: str, *, reason: ir.Value | None = None, figure: ir.Value | None = None,
    rule_version: ir.Value | None = None, code_edition: ir.Value | None = None,
) -> ir.Table:  # fmt: skip
    """The columns of a scheme, of the same types in each; what is not given is NULL."""
    cells = {"reason": reason, "figure": figure, "rule_version": rule_version, "code_edition": code_edition}
    kinds = {"reason": "string", "figure": "int64", "rule_version": "int32", "code_edition": "string"}
    given = {name: ibis.null(kinds[name]) if cell is None else cell.cast(kinds[name]) for name, cell in cells.items()}
    return table.select("customer_key", **{"class": table[column].cast("string")}, **given)


def _value_grade(known: Known) -> ir.Table:
    graded = known.value_grades
    held = ibis.cases((graded.held, transitions.HELD))
    return _rows(graded, "grade", reason=held, figure=graded.sales_12m_fen, rule_version=graded.rule_version)


def _trade_grade(known: Known) -> ir.Table:
    rule, due = trade_grade.rule(known.on, known.folder), terms.rule(known.on, known.folder)
    found = trade_grade.classify(
        known.value_grades, known.sales, known.agreed_terms, known.on, rule, due, payments_known=known.payments_known
    )
    return _rows(found, "trade_grade", reason=found.held_by, figure=found.points, rule_version=found.rule_version)


def _rfm(known: Known) -> ir.Table:
    scored = rfm.scores(known.cards, known.sales, known.on, rfm.rule(known.on, known.folder))
    scores = scored.r.cast("int64") * 100 + scored.f * 10 + scored.m
    return _rows(scored, "segment", figure=scores, rule_version=scored.rule_version)


def _of_relation(column: str, version: str) -> Callable[[Known], ir.Table]:
    return lambda known: _rows(known.relations, column, rule_version=known.relations[version])


def _market_position(known: Known) -> ir.Table:
    rule = market_position.rule(known.on, known.folder)
    standings = known.cards.select("customer_key", "market_position")
    found = market_position.position(known.value_grades, known.sales, standings, known.on, rule)
    return _rows(found, "position", figure=found.months_bought, rule_version=found.rule_version)


def _importance(known: Known) -> ir.Table:
    rule = importance.rule(known.on, known.folder)
    found = importance.level(known.value_grades, known.credit_grades, known.strategic_marks, rule)
    return _rows(found, "level", reason=found.decided_by, rule_version=found.rule_version)


def _credit_grade(known: Known) -> ir.Table:
    graded = known.credit_grades
    graded = graded.select(graded_key=graded.customer_key, grade=graded.grade, by=graded.rule_version)
    found = known.cards.select("customer_key").left_join(graded, [("customer_key", "graded_key")])
    # Who has no grade has none by the rule of that day
    by = found.by.fill_null(grades.rule(known.on, known.folder).version)
    return _rows(found.mutate(grade=found.grade.fill_null(NO_GRADE)), "grade", rule_version=by)


def _service_level(known: Known) -> ir.Table:
    events = known.service_events
    asked = events.select("customer_key", occurred_on=events.occurred_at.date())
    rule = service.rule(known.on, known.folder)
    found = service.classify(known.cards, known.sales, asked, known.on, rule)
    return _rows(found, "service_level", figure=found.points, rule_version=found.rule_version)


def _listed(column: str, name: str) -> Callable[[Known], ir.Table]:
    def make(known: Known) -> ir.Table:
        found = listed.classify(known.cards, column, known.code_list(name))
        return _rows(found, "class", reason=found.reason, code_edition=found.edition)

    return make


def _ownership(known: Known) -> ir.Table:
    found = ownership.of_card(known.cards, known.code_list("ownership"), known.code_list("enterprise_type"))
    return _rows(found, "ownership", reason=found.reason, code_edition=found.edition)


def _region(known: Known) -> ir.Table:
    found = region.classify(known.cards, known.code_list("region"), known.on)
    found = found.mutate(province=found.province.fill_null(UNCLASSIFIED))
    return _rows(found, "province", reason=found.reason, code_edition=found.edition)


def _industry(known: Known) -> ir.Table:
    found = industry.classify(known.cards, known.code_list("industry"))
    found = found.mutate(section=found.section.fill_null(UNCLASSIFIED))
    return _rows(found, "section", reason=found.reason, code_edition=found.edition)


def _size(known: Known) -> ir.Table:
    industries = known.code_list("industry")
    found = size.classify(known.cards, industries, size.rule(known.on, known.folder))
    edition = ibis.literal(industries.edition)
    return _rows(found, "size", reason=found.reason, rule_version=found.rule_version, code_edition=edition)


def _income_band(known: Known) -> ir.Table:
    rule = income.income_rule(known.on.year, known.folder)
    # The newest card's figure, of whichever year up to now; a card that names no year means the present one
    cards = known.cards.filter((known.cards.income_year <= known.on.year).fill_null(True))
    stated = cards.select("customer_key", "income_fen", year=ibis.literal(known.on.year))
    found = income.by_income(known.cards, stated, known.on.year, rule)
    return _rows(found, "income_band", rule_version=found.rule_version)


def _age_band(known: Known) -> ir.Table:
    found = income.by_age(known.cards, known.on, income.age_rule(known.on, known.folder))
    return _rows(found, "age_band", rule_version=found.rule_version)


def _watch(known: Known) -> ir.Table:
    """The list of the month after the quarter: who is on it, and the gravest reason."""
    rule = key_customers.rule(known.on, known.folder)
    now = known.value_grades
    before = now.filter(ibis.literal(False)) if known.previous is None else known.previous
    on_it = key_customers.watched(Month.of(known.on).plus(1), before, now, known.sales, rule)
    gravity = ibis.cases(*((on_it.reason == name, place) for place, name in enumerate(key_customers.REASONS)), else_=99)
    gravest = on_it.group_by(watched_key="customer_key").agg(gravity=gravity.min())
    found = known.cards.select("customer_key").left_join(gravest, [("customer_key", "watched_key")])
    reason = ibis.cases(*((found.gravity == place, name) for place, name in enumerate(key_customers.REASONS)))
    found = found.mutate(watch=ibis.cases((found.gravity.isnull(), NOT_WATCHED), else_=WATCHED), reason=reason)
    return _rows(found, "watch", reason=found.reason, rule_version=ibis.literal(rule.version))


SCHEMES: Mapping[str, Callable[[Known], ir.Table]] = {
    "value_grade": _value_grade,
    "trade_grade": _trade_grade,
    "rfm_segment": _rfm,
    "time_series": _of_relation("time_series", "old_new_version"),
    "dealings": _of_relation("dealings", "lifecycle_version"),
    "lifecycle": _of_relation("lifecycle", "lifecycle_version"),
    "market_position": _market_position,
    "importance": _importance,
    "credit_grade": _credit_grade,
    "service_level": _service_level,
    "watch": _watch,
    "ownership": _ownership,
    "kind": _listed("kind", "kind_of_customer"),
    "location": _listed("location_type", "location_type"),
    "region": _region,
    "industry": _industry,
    "size": _size,
    "income_band": _income_band,
    "age_band": _age_band,
}
"""Every scheme by its name. `region` is the province, `industry` the section."""
