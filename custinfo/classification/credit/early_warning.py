"""Early warning from a customer's financial statements: which figures crossed a threshold, and which grew worse.

Figures are whole fen of one year; None where the statement does not give them, which is never taken for zero. A
ratio is an exact fraction, or has a reason why there is none (UNKNOWN). Each ratio is held against two thresholds
of the rule, `watch` and `alarm`, and against its own value of the year before: worse by `worse_by` or more is a
deterioration.

| ratio | is | worse when |
|---|---|---|
| `debt_ratio` | liabilities / assets | higher |
| `gearing` | liabilities / equity (the capital structure) | higher |
| `current_ratio` | current assets / current liabilities | lower |
| `quick_ratio` | (current assets - inventories) / current liabilities | lower |
| `interest_cover` | operating profit (before interest and tax) / interest | lower |
| `receivable_days` | receivables * 365 / revenue | higher |
| `return_on_assets` | net profit / assets | lower |
| `profit_growth` | net profit less last year's / last year's | lower |
| `equity_growth` | equity less last year's / last year's (the capital) | lower |

Written down here, since every book does it its own way: with equity of zero or less there is no gearing and no
growth of equity; the warning `negative_equity` stands for them. No interest is no burden: there is no cover then,
and no warning. No current liabilities: likewise. Growth has no meaning from a profit of zero or less. A net loss is
a warning of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit.wording import Named, SpokenBadInput, Yuan
from custinfo.classification.rules import Fault, Many, Part, Rule
from custinfo.domain.errors import BadInput

FILE = "early_warning.toml"

FIGURES = (
    "revenue",
    "operating_profit",
    "interest",
    "net_profit",
    "assets",
    "current_assets",
    "inventories",
    "receivables",
    "liabilities",
    "current_liabilities",
)
RatioName = Literal[
    "debt_ratio",
    "gearing",
    "receivable_days",
    "current_ratio",
    "quick_ratio",
    "interest_cover",
    "return_on_assets",
    "profit_growth",
    "equity_growth",
]
RATIOS: tuple[str, ...] = get_args(RatioName)
HIGHER_IS_WORSE = ("debt_ratio", "gearing", "receivable_days")
UNKNOWN = ("missing", "zero_denominator", "negative_equity", "no_profit_before")
SIGNALS = ("alarm", "watch", "deterioration", "negative_equity", "loss", "missing")
"""From the gravest on; where two stand for one ratio, only the first of `alarm` and `watch` does."""

DAYS_OF_A_YEAR = 365
WHOLE = 10_000
"""A ratio of 1, in basis points."""


class Threshold(Part):
    """When a ratio warns; all in basis points of the ratio (10 000 = 1, one day is 10 000 too)."""

    ratio: RatioName
    watch: int
    alarm: int
    worse_by: Annotated[int, Field(gt=0)]


class EarlyWarningRule(Rule):
    """One version: a threshold for each of RATIOS, each once."""

    threshold: Many[Threshold]

    def check(self) -> None:
        """Raises Fault for a ratio that is missing or stands twice, an alarm that comes before its watch, and bounds
        that the ratio cannot have: a debt ratio outside of 0 to 100 %, or one of HIGHER_IS_WORSE at or below 0.
        """
        named: list[str] = [threshold.ratio for threshold in self.threshold]
        wrong = next((ratio for ratio in RATIOS if named.count(ratio) != 1), None)
        if wrong:
            raise Fault("credit_use.ratio_once", ratio=wrong, times=named.count(wrong))
        for one in self.threshold:
            if one.alarm == one.watch or (one.alarm > one.watch) is (one.ratio not in HIGHER_IS_WORSE):
                raise Fault("credit_use.alarm_first", ratio=one.ratio, watch=one.watch, alarm=one.alarm)
            most = WHOLE if one.ratio == "debt_ratio" else None
            bounds = (one.watch, one.alarm)
            if one.ratio in HIGHER_IS_WORSE and (min(bounds) <= 0 or (most is not None and max(bounds) > most)):
                raise Fault("credit_use.bound", ratio=one.ratio, watch=one.watch, alarm=one.alarm)


@dataclass(frozen=True)
class Statement:
    """One year's figures, in fen; None: not known. Equity is assets less liabilities."""

    year: int
    revenue: int | None = None
    operating_profit: int | None = None
    interest: int | None = None
    net_profit: int | None = None
    assets: int | None = None
    current_assets: int | None = None
    inventories: int | None = None
    receivables: int | None = None
    liabilities: int | None = None
    current_liabilities: int | None = None

    @property
    def equity(self) -> int | None:
        """Assets less liabilities; None when one of them is not known."""
        return None if self.assets is None or self.liabilities is None else self.assets - self.liabilities


@dataclass(frozen=True)
class Ratio:
    """A ratio as an exact fraction, or None and why (one of UNKNOWN)."""

    value: Fraction | None
    unknown: str | None = None


@dataclass(frozen=True)
class Signal:
    """What is pointed out: `kind` is one of SIGNALS; `about` a ratio, or a figure of the statement.

    `value` and `before` are the ratio this year and last, as fractions; `limit` the threshold that was crossed, or by
    how much it may grow worse. For `negative_equity` and `loss` they are amounts in fen.
    """

    kind: str
    about: str
    value: Fraction | None
    before: Fraction | None
    limit: Fraction | None
    rule_version: int


def capital(years: Sequence[Statement]) -> int | None:
    """The equity of the last year that tells it, in fen; None where none does."""
    return next((one.equity for one in reversed(years) if one.equity is not None), None)


def rule(on: date, folder: Path = rules.FOLDER) -> EarlyWarningRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, EarlyWarningRule, folder)


def ratios(this: Statement, before: Statement | None = None) -> Mapping[str, Ratio]:
    """Every one of RATIOS for a year; `before` is the year before, or None.

    Raises BadInput for figures that contradict themselves, and for a year before that is not the one before.
    """
    _check(this)
    if before is not None:
        _check(before)
        if before.year != this.year - 1:
            raise BadInput("credit_use.year_before", year=this.year, before=before.year)
    quick = None if this.inventories is None or this.current_assets is None else this.current_assets - this.inventories
    year_of_receivables = None if this.receivables is None else this.receivables * DAYS_OF_A_YEAR
    return {
        "debt_ratio": _ratio(this.liabilities, this.assets),
        "gearing": _of_equity(this.liabilities, this.equity),
        "receivable_days": _ratio(year_of_receivables, this.revenue),
        "current_ratio": _ratio(this.current_assets, this.current_liabilities),
        "quick_ratio": _ratio(quick, this.current_liabilities),
        "interest_cover": _ratio(this.operating_profit, this.interest),
        "return_on_assets": _ratio(this.net_profit, this.assets),
        "profit_growth": _profit_growth(this, before),
        "equity_growth": _equity_growth(this, before),
    }


def signals(years: Sequence[Statement], rule: EarlyWarningRule) -> tuple[Signal, ...]:
    """What to point out in the last of `years` (years in a row, at least one), from the gravest kind on, then in the
    order of the rule.

    Figures that the statement lacks are pointed out too (`missing`): what is not said may be what is bad, and of what
    the last year does not say, the signals of the year before stand. The growth of the year before needs the year
    before that. Raises BadInput as `ratios` does, and for no years.
    """
    if not years:
        raise BadInput("credit_use.no_statement")
    found = _of_last(years, rule)
    if len(years) > 1:
        now = ratios(years[-1], years[-2])
        stood = (one for one in _of_last(years[:-1], rule) if one.kind != "missing")
        found += [one for one in stood if _unsaid(one.about, years[-1], now)]
    return tuple(sorted(found, key=lambda signal: SIGNALS.index(signal.kind)))


def _of_last(years: Sequence[Statement], rule: EarlyWarningRule) -> list[Signal]:
    with_before = [(this, before) for this, before in zip(years, [None, *years[:-1]], strict=True)]
    this, before = with_before[-1]
    now = ratios(this, before)
    then = ratios(*with_before[-2]) if before is not None else {}
    found = list(_plain(this, before, rule.version))
    for threshold in rule.threshold:
        found += _crossed(threshold, now[threshold.ratio], then.get(threshold.ratio), rule.version)
    lacking = (name for name in FIGURES if getattr(this, name) is None)
    return [*found, *(Signal("missing", name, None, None, None, rule.version) for name in lacking)]


def _unsaid(about: str, this: Statement, now: Mapping[str, Ratio]) -> bool:
    """Whether a year lacks the figures for a ratio, or for equity or net profit."""
    return now[about].unknown == "missing" if about in now else getattr(this, about) is None


def _crossed(threshold: Threshold, now: Ratio, then: Ratio | None, version: int) -> list[Signal]:
    if now.value is None:
        return []
    # With its sign turned, a ratio that is worse when lower is worse when higher
    sign = 1 if threshold.ratio in HIGHER_IS_WORSE else -1
    before = None if then is None else then.value
    found = []
    for kind, points in (("alarm", threshold.alarm), ("watch", threshold.watch)):
        limit = Fraction(points, 10_000)
        if sign * now.value >= sign * limit:
            found.append(Signal(kind, threshold.ratio, now.value, before, limit, version))
            break
    worse_by = Fraction(threshold.worse_by, 10_000)
    if before is not None and sign * (now.value - before) >= worse_by:
        found.append(Signal("deterioration", threshold.ratio, now.value, before, worse_by, version))
    return found


def _plain(this: Statement, before: Statement | None, version: int) -> list[Signal]:
    found = []
    for kind, about in (("negative_equity", "equity"), ("loss", "net_profit")):
        amount, earlier = (
            None if of is None or getattr(of, about) is None else Fraction(getattr(of, about)) for of in (this, before)
        )
        # No equity left is no better than less than none; a profit of zero is no loss
        if amount is not None and (amount < 0 or (kind == "negative_equity" and amount == 0)):
            found.append(Signal(kind, about, amount, earlier, Fraction(0), version))
    return found


def _ratio(numerator: int | None, denominator: int | None) -> Ratio:
    if numerator is None or denominator is None:
        return Ratio(None, "missing")
    return Ratio(Fraction(numerator, denominator)) if denominator else Ratio(None, "zero_denominator")


def _of_equity(numerator: int | None, equity: int | None) -> Ratio:
    if numerator is None or equity is None:
        return Ratio(None, "missing")
    return Ratio(Fraction(numerator, equity)) if equity > 0 else Ratio(None, "negative_equity")


def _profit_growth(this: Statement, before: Statement | None) -> Ratio:
    if before is None or this.net_profit is None or before.net_profit is None:
        return Ratio(None, "missing")
    if before.net_profit <= 0:
        return Ratio(None, "no_profit_before")
    return Ratio(Fraction(this.net_profit - before.net_profit, before.net_profit))


def _equity_growth(this: Statement, before: Statement | None) -> Ratio:
    if before is None or this.equity is None or before.equity is None:
        return Ratio(None, "missing")
    if this.equity <= 0 or before.equity <= 0:
        return Ratio(None, "negative_equity")
    return Ratio(Fraction(this.equity - before.equity, before.equity))


def _check(statement: Statement) -> None:
    for name in FIGURES:
        amount = getattr(statement, name)
        if amount is not None and amount < 0 and name not in ("operating_profit", "net_profit"):
            facts = {"figure": Named(f"credit_use.figure.{name}"), "amount": Yuan(amount)}
            raise SpokenBadInput("credit_use.below_zero", year=statement.year, **facts)
    for part, whole in PARTS:
        less, more = getattr(statement, part), getattr(statement, whole)
        if less is not None and more is not None and less > more:
            names = {"part": Named(f"credit_use.figure.{part}"), "whole": Named(f"credit_use.figure.{whole}")}
            amounts = {"less": Yuan(less), "more": Yuan(more)}
            raise SpokenBadInput("credit_use.part", year=statement.year, **names, **amounts)


PARTS = (
    ("current_assets", "assets"),
    ("inventories", "current_assets"),
    ("receivables", "assets"),
    ("current_liabilities", "liabilities"),
)
"""Figures that are part of another one, and cannot be larger."""
