"""People by yearly income (R87) and by age (R98)."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Rule

INCOME_FILE, AGE_FILE = "income_band.toml", "age_band.toml"
BANDS = ("high", "middle", "low", "unknown")
UNKNOWN = "unknown"

_FEN_OF_A_YUAN = 100
_OLDEST = 130


class IncomeRule(Rule):
    """One version of the bands, in yuan a year for a household: middle from, and high from, so much. Whole thousands:
    the lake knows incomes no finer.
    """

    middle_from_yuan: Annotated[int, Field(gt=0, multiple_of=1000)]
    high_from_yuan: Annotated[int, Field(gt=0, multiple_of=1000)]

    def check(self) -> None:
        """Raises Fault when high does not begin above middle."""
        if self.high_from_yuan <= self.middle_from_yuan:
            raise Fault("horizontal.income.order", middle=self.middle_from_yuan, high=self.high_from_yuan)


class AgeRule(Rule):
    """One version of the bands: the age at which each but the first begins."""

    from_ages: Many[int]

    def check(self) -> None:
        """Raises Fault unless the ages rise, from one year on and within a life."""
        rising = list(self.from_ages) == sorted(set(self.from_ages))
        if not rising or self.from_ages[0] <= 0 or self.from_ages[-1] >= _OLDEST:
            raise Fault("horizontal.income.ages")

    def bands(self) -> tuple[str, ...]:
        """The names of the bands, the youngest first: `0-17`, `18-29`, … `60+`."""
        starts = (0, *self.from_ages)
        return (*(f"{first}-{after - 1}" for first, after in pairwise(starts)), f"{starts[-1]}+")


def income_rule(year: int, folder: Path = rules.FOLDER) -> IncomeRule:
    """The rule for the incomes of a year: the one in force on its last day. Raises BadInput when there was none yet."""
    return rules.on(date(year, 12, 31), INCOME_FILE, IncomeRule, folder)


def age_rule(on: date, folder: Path = rules.FOLDER) -> AgeRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, AGE_FILE, AgeRule, folder)


def by_income(customers: ir.Table, incomes: ir.Table, year: int, rule: IncomeRule) -> ir.Table:
    """Exactly one income band for each of `customers`, for that year.

    `customers` has a unique `customer_key`; `incomes` has `customer_key`, `year` and `income_fen` (fen, int64, NULL for
    not stated). Gives `customer_key`, `income_fen`, `income_band`, `rule_version` (int32). Below `middle_from_yuan` is
    low, zero and less included; from there on middle; from `high_from_yuan` on high; without a figure for the year
    `unknown`. Several figures for one customer and year: the highest counts.
    """
    that_year = incomes.filter(incomes.year == year)
    stated = that_year.group_by("customer_key").aggregate(income_fen=that_year.income_fen.max())
    known = customers.select("customer_key").left_join(stated, "customer_key").select("customer_key", "income_fen")
    band = ibis.cases(
        (known.income_fen.isnull(), UNKNOWN),
        (known.income_fen >= rule.high_from_yuan * _FEN_OF_A_YUAN, "high"),
        (known.income_fen >= rule.middle_from_yuan * _FEN_OF_A_YUAN, "middle"),
        else_="low",
    )
    return known.mutate(income_band=band, rule_version=ibis.literal(rule.version, "int32"))


def by_age(customers: ir.Table, on: date, rule: AgeRule) -> ir.Table:
    """Exactly one age band for each of `customers`, in the year of `on`.

    `customers` has a unique `customer_key` and `birth_year` (int). The age is the difference of the years, as on the
    card. Gives `customer_key`, `age_band`, `rule_version` (int32). Without a year, with one after `on`, or 130 years
    and more before it, the band is `unknown`. The age itself is not given: a band tells less of a person.
    """
    age = ibis.literal(on.year) - customers.birth_year.cast("int64")
    bands = list(zip((*rule.from_ages[::-1], 0), rule.bands()[::-1], strict=True))
    return customers.select(
        "customer_key",
        age_band=ibis.cases(
            (age.isnull() | (age < 0) | (age >= _OLDEST), UNKNOWN), *((age >= first, band) for first, band in bands)
        ),
        rule_version=ibis.literal(rule.version, "int32"),
    )
