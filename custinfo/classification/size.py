"""Size of enterprises (NBS 2017, 统计上大中小微型企业划分办法): large, medium, small, micro by industry.

Each category of industries has lower limits of large, medium and small for one or two of three figures: people
employed, operating revenue, total assets. A firm is large, medium or small when every figure of its category reaches
that limit; otherwise it goes one size down. It is micro as soon as one figure is below the limit of small.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import reduce
from operator import and_, or_
from pathlib import Path

import ibis
import ibis.expr.types as ir

from custinfo.classification import rules
from custinfo.classification.listed import look_up
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain import codelists
from custinfo.domain.codelists import CodeList

FILE = "size.toml"
NOT_COVERED = "not_covered"
SIZES = ("large", "medium", "small", "micro", NOT_COVERED, "unknown")
REASONS = ("missing", "unknown_code", "too_coarse", "missing_figures")

_FEN_OF_10000_YUAN = 1_000_000
_COLUMNS = {
    "staff": ("staff", 1),
    "revenue": ("revenue_fen", _FEN_OF_10000_YUAN),
    "assets": ("assets_fen", _FEN_OF_10000_YUAN),
}
"""For each figure the customers' column, and how many of its units one unit of the rule is."""
_PLACES = ("large", "medium", "small")


class Category(Part):
    """Industries that share their limits: `codes` of GB/T 4754, limits of large, medium, small; 万元 for money."""

    name: Text
    codes: Many[Text]
    staff: Many[int] | None = None
    revenue: Many[int] | None = None
    assets: Many[int] | None = None

    def limits(self) -> dict[str, tuple[int, ...]]:
        """The figures that count, each with its three limits."""
        named = {"staff": self.staff, "revenue": self.revenue, "assets": self.assets}
        return {figure: limits for figure, limits in named.items() if limits is not None}


class SizeRule(Rule):
    """One version of the method. `not_covered` are the industries to which it does not apply."""

    category: Many[Category]
    not_covered: Many[Text]

    def check(self) -> None:
        """Raises Fault unless limits fall from large to small, and each industry is in one place exactly."""
        for one in self.category:
            if not one.limits():
                raise Fault("horizontal.size.no_limits", category=one.name)
            for figure, limits in one.limits().items():
                if len(limits) != len(_PLACES) or list(limits) != sorted(set(limits), reverse=True) or limits[-1] <= 0:
                    raise Fault("horizontal.size.limits", category=one.name, figure=figure)
        names = [one.name for one in self.category]
        for name in names:
            if names.count(name) > 1 or name == NOT_COVERED:
                raise Fault("horizontal.size.category_twice", category=name)
        _check_codes(list(self.named()), codelists.load("industry"))

    def named(self) -> Iterator[tuple[str, str]]:
        """Every code that the rule names, with its category or `not_covered`."""
        for one in self.category:
            yield from ((code, one.name) for code in one.codes)
        yield from ((code, NOT_COVERED) for code in self.not_covered)


def rule(on: date, folder: Path = rules.FOLDER) -> SizeRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, SizeRule, folder)


def _check_codes(named: list[tuple[str, str]], industries: CodeList) -> None:
    seen: set[str] = set()
    for code, _ in named:
        if code not in industries:
            raise Fault("horizontal.size.unknown_code", code=code)
        if code in seen:
            raise Fault("horizontal.size.code_twice", code=code)
        seen.add(code)
    for code, _ in named:
        over = next((entry for entry in _upwards(industries, industries.get(code).parent) if entry in seen), None)
        if over is not None:
            raise Fault("horizontal.size.code_within", code=code, over=over)
    for row in industries.rows:
        if not industries.children(row.code) and not seen.intersection(_upwards(industries, row.code)):
            raise Fault("horizontal.size.hole", code=row.code)


def _upwards(industries: CodeList, code: str) -> Iterator[str]:
    while code:
        yield code
        code = industries.get(code).parent


def category_of(rule: SizeRule, industries: CodeList) -> dict[str, str | None]:
    """For every code of GB/T 4754 its category, `not_covered`, or None where its lower codes differ."""
    named = dict(rule.named())
    return {
        row.code: next((named[code] for code in _upwards(industries, row.code) if code in named), None)
        for row in industries.rows
    }


def classify(customers: ir.Table, industries: CodeList, rule: SizeRule) -> ir.Table:
    """Exactly one size for each of `customers`.

    `customers` has a unique `customer_key`, `industry` (a code of GB/T 4754), `staff` (people), `revenue_fen` and
    `assets_fen` (fen, int64). Gives `customer_key`, `code` (the industry), `category`, `size`, `reason`,
    `rule_version` (int32). A figure that reaches a limit exactly has reached it; zero is a figure. NULL and figures
    below zero are missing. What is missing is never taken for micro: the size is then `unknown`, reason
    `missing_figures`, unless another figure of the category is below the limit of small, which alone makes a firm
    micro. Without an industry, with one that the list lacks, or with one of a level too high to tell the category, it
    is `unknown` too (`missing`, `unknown_code`, `too_coarse`). Outside of the method it is `not_covered`.
    """
    found = look_up(customers, "industry", _limits(rule, industries))
    figures = {column: customers[column].cast("int64") for column, _ in _COLUMNS.values()}
    firms = found.join(customers.select("customer_key", **figures), "customer_key")
    sized = firms.mutate(
        size=_size(firms),
        reason=ibis.coalesce(firms.reason, ibis.cases((firms.category.isnull(), "too_coarse"))),
    )
    return sized.select(
        "customer_key",
        "code",
        "category",
        "size",
        reason=ibis.coalesce(sized.reason, ibis.cases((sized["size"] == "unknown", "missing_figures"))),
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _size(firms: ir.Table) -> ir.StringValue:
    """A figure without limits in the category never stands in the way of a size; one that is missing reaches none."""

    def wanted(figure: str) -> ir.BooleanValue:
        return firms[f"{figure}_small"].notnull()

    def known(figure: str) -> ir.BooleanValue:
        return (firms[_COLUMNS[figure][0]] >= 0).fill_null(False)

    def reaches(figure: str, place: str) -> ir.BooleanValue:
        return (firms[_COLUMNS[figure][0]] >= firms[f"{figure}_{place}"]).fill_null(False)

    below_small = reduce(or_, (wanted(one) & known(one) & ~reaches(one, "small") for one in _COLUMNS))
    sizes = ((reduce(and_, (~wanted(one) | reaches(one, place) for one in _COLUMNS)), place) for place in _PLACES)
    return ibis.cases(
        (firms.category.isnull(), "unknown"),
        (firms.category == NOT_COVERED, NOT_COVERED),
        (below_small, "micro"),
        *sizes,
        else_="unknown",
    )


def _limits(rule: SizeRule, industries: CodeList) -> ir.Table:
    """Every code of the list with its category and the limits in people and fen; NULL for a figure that counts not."""
    limits: Mapping[str | None, dict[str, tuple[int, ...]]] = {one.name: one.limits() for one in rule.category}
    columns = [(figure, place) for figure in _COLUMNS for place in range(len(_PLACES))]

    def row(code: str, category: str | None) -> tuple[str | int, ...]:
        own = limits.get(category, {})
        return (
            code,
            category or "",
            *(own[figure][place] * _COLUMNS[figure][1] if figure in own else 0 for figure, place in columns),
        )

    schema = {"listed": "string", "category": "string"}
    schema |= {f"{figure}_{_PLACES[place]}": "int64" for figure, place in columns}
    rows = [row(code, category) for code, category in category_of(rule, industries).items()]
    # As in `listed.facts`, nothing is NULL on the way to an engine; no limit is zero
    table = ibis.memtable(rows, schema=ibis.schema(schema))
    figures = {name: table[name].nullif(0) for name in schema if name not in ("listed", "category")}
    return table.mutate(category=table.category.nullif(""), **figures)
