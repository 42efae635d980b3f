"""Indicators (R164): what each is called, means, is counted from, who answers for it, in versions; and its figures.

`data/rules/indicators.toml` is the one place. The tables of reports and `docs/indicators.md` are made from it. A figure
is counted by a formula of `formulas.py` that the file names; no expression is ever evaluated.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import ibis.expr.types as ir
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from custinfo.domain import indicator_definitions
from custinfo.domain.errors import BadInput, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.periods import Period
from custinfo.statistics import standards
from custinfo.statistics.formulas import FORMULAS
from custinfo.statistics.no_figure import Figure, NoFigure, ratio, rounded
from custinfo.statistics.sources import NOT_STATED, By, Data, Given, Missing

FILE = indicator_definitions.FILE

Unit = Literal["count", "fen", "percent", "times", "days", "points"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False, min_length=1)]
"""A list that is not empty; TOML has lists where Python keeps tuples."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Definition(_Part):
    """One version of what an indicator means, in force from its day on until the next one's."""

    version: int
    effective_from: date
    zh: Text
    en: Text
    formula: Text
    parameters: dict[str, int | Text | Many[Text]] = Field(default_factory=dict)
    reason: Text
    approved_by: Text


class Indicator(_Part):
    """An indicator. `over_periods`: whether the figures of the months add up to the year's; `over_segments`: whether
    those of groups of customers add up to the whole. Its units and classifications are those of `standards.toml`.

    `better` says which way is good; `neither` of a figure that is only told.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    zh: Text
    en: Text
    unit: Unit
    statistical_unit: Text
    classified_by: Annotated[tuple[Text, ...], Field(strict=False)]
    sources: Many[Text]
    owner: Text
    better: Literal["more", "less", "neither"]
    over_periods: bool
    over_segments: bool
    definition: Many[Definition]

    def on(self, day: date) -> Definition | None:
        """The definition in force on `day`; None before the first."""
        return next((one for one in reversed(self.definition) if one.effective_from <= day), None)

    def name(self, language: str) -> str:
        """What it is called in `language`."""
        return self.en if language == "en" else self.zh


def load(file: Path | None = None) -> Mapping[str, Indicator]:
    """Every indicator by id, in the order of the file as it stands at this moment, however long a process runs. Raises
    BadInput, naming the place, for a file out of order.
    """
    return checked(indicator_definitions.raw(file), (file or FILE).name)


@lru_cache(maxsize=8)
def checked(given: bytes, name: str = FILE.name) -> Mapping[str, Indicator]:
    """The same of the bytes of a file, which are understood once."""
    found: dict[str, Indicator] = {}
    for place, table in enumerate(indicator_definitions.parsed(given, name)["indicator"], start=1):
        indicator_id = str(table.get("id", place))
        if indicator_id in found:
            raise BadInput("statistics.indicators.twice", file=name, indicator=indicator_id)
        found[indicator_id] = _indicator(name, indicator_id, table)
    return found


def _indicator(file: str, indicator_id: str, table: dict[str, Any]) -> Indicator:
    place = {"file": file, "indicator": indicator_id}
    try:
        found = Indicator.model_validate(table)
    except ValidationError as wrong:
        name = ".".join(map(str, wrong.errors()[0]["loc"]))
        raise BadInput("statistics.indicators.wrong", **place, name=name) from None
    numbered = [one.version for one in found.definition] == list(range(1, len(found.definition) + 1))
    late = [after.version for one, after in pairwise(found.definition) if after.effective_from <= one.effective_from]
    if late or not numbered:
        raise BadInput("statistics.indicators.versions", **place, version=late[0] if late else 1)
    for one in found.definition:
        _check_formula(place, found, one)
    _check_standards(place, found)
    return found


def _check_standards(place: Mapping[str, str], indicator: Indicator) -> None:
    known = standards.load()
    for name, names, there in (
        ("unit", [indicator.unit], known.unit.keys()),
        ("statistical_unit", [indicator.statistical_unit], known.statistical_unit.keys()),
        ("classified_by", indicator.classified_by, known.classification.keys()),
    ):
        if not set(names) <= there:
            raise BadInput("statistics.indicators.wrong", **place, name=name)


def _check_formula(place: Mapping[str, str], indicator: Indicator, definition: Definition) -> None:
    formula = FORMULAS.get(definition.formula)
    if formula is None:
        raise BadInput("statistics.indicators.formula", **place, formula=definition.formula)
    if indicator.sources != formula.sources:
        sources = ", ".join(formula.sources)
        raise BadInput("statistics.indicators.sources", **place, formula=definition.formula, sources=sources)
    if set(definition.parameters) != set(formula.parameters):
        raise BadInput("statistics.indicators.wrong", **place, name="definition.parameters")


def get(indicator_id: str, file: Path | None = None) -> Indicator:
    """The indicator of that id. Raises NotFound."""
    try:
        return load(file)[indicator_id]
    except KeyError:
        raise NotFound("statistics.indicators.unknown", indicator=indicator_id[:40]) from None


_NOTED: ContextVar[dict[str, int] | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[Mapping[str, int]]:
    """Notes which indicators are computed within it, each with the version of its definition the first time: what the
    figures of a report rest on, whatever kind of report it is.
    """
    found: dict[str, int] = {}
    token = _NOTED.set(found)
    try:
        yield found
    finally:
        _NOTED.reset(token)


def note(indicator_id: str, period: Period, formula: str) -> None:
    """Notes an indicator that a report does not `compute` but counts itself, many periods at once, as `formula` does.

    Raises WrongState when the definition in force on the period's last day counts by another formula, or by parameters:
    the report would go on showing what nobody approved under that name.
    """
    indicator = get(indicator_id)
    definition = indicator.on(period.last)
    _note(indicator_id, definition)
    if definition is not None and (definition.formula != formula or definition.parameters):
        raise counted_otherwise(indicator_id, definition.version)


def counted_otherwise(indicator_id: str, version: int) -> WrongState:
    """That a report cannot show what this version of a definition counts."""
    names = {code: get(indicator_id).name(code) for code in LANGUAGES}
    return WrongState("statistics.indicators.counted_otherwise", indicator=names, version=version)


def _note(indicator_id: str, definition: Definition | None) -> None:
    if (counted_so_far := _NOTED.get()) is not None:
        counted_so_far.setdefault(indicator_id, definition.version if definition else 0)


@dataclass(frozen=True)
class Value:
    """A figure of an indicator for a period, by its definition `version`; `code` is NOT_STATED for the whole.

    `figure` is in whole fen or a count, else an exact fraction of `numerator` and `denominator` (1/8 for 12.5 %).
    """

    indicator: str
    version: int
    period: Period
    by: str
    code: str
    figure: Figure
    numerator: int | None = None
    denominator: int | None = None


def compute(
    indicator_id: str, period: Period, given: Given, by: By | None = None, file: Path | None = None
) -> tuple[Value, ...]:
    """The figures of an indicator for a period, by the definition in force on its last day.

    Without `by` exactly one; with it one for each code that there is anything of, in the order of codes. Of nothing, a
    sum or a count is 0, a ratio is NoFigure. Whatever cannot be counted is one value whose figure says why. Raises
    NotFound for an unknown indicator.
    """
    indicator = get(indicator_id, file)
    definition = indicator.on(period.last)
    name = by.name if by else ""
    _note(indicator_id, definition)
    if definition is None:
        why = NoFigure("not_in_force", {"first": indicator.definition[0].effective_from})
        return (Value(indicator_id, 0, period, name, NOT_STATED, why),)
    try:
        table = counted(definition, period, given, by)
        rows = table.order_by("code").to_pyarrow().to_pylist()
    except Missing as missing:
        return (Value(indicator_id, definition.version, period, name, NOT_STATED, missing.figure),)
    is_ratio = "denominator" in table.columns
    if not rows and by is None:
        rows = [{"code": NOT_STATED, "numerator": 0, "denominator": None}]
    return tuple(_value(indicator, definition, period, name, row, is_ratio) for row in rows)


def counted(definition: Definition, period: Period, given: Given, by: By | None = None) -> ir.Table:
    """What the formula of a definition counts: `code`, `numerator` and, of a ratio, `denominator` (int64), in no order.

    Raises Missing, with the reason, when a source is not there or cannot be told apart so.
    """
    formula = FORMULAS[definition.formula]
    if by is not None and by.customers is None and not formula.by_lines:
        raise Missing(NoFigure("no_dimension", {"dimension": by.name, "source": formula.sources[0]}))
    return formula.function(Data(given, period, by, definition.parameters))


def _value(
    indicator: Indicator, definition: Definition, period: Period, by: str, row: Mapping[str, Any], is_ratio: bool
) -> Value:
    numerator, denominator = row["numerator"], row.get("denominator")
    if not is_ratio:
        figure: Figure = numerator
    elif denominator is None:
        figure = NoFigure("nothing")
    else:
        figure = _in_unit(ratio(numerator, denominator), indicator.unit)
    return Value(indicator.id, definition.version, period, by, row["code"], figure, numerator, denominator)


def _in_unit(found: Fraction | NoFigure, unit: Unit) -> Figure:
    return rounded(found) if unit == "fen" and not isinstance(found, NoFigure) else found
