"""The rows of the survey report's tables. Words stand in `report_survey.toml`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from custinfo.domain.messages import LANGUAGES, spoken, text
from custinfo.reports.figures import NAMED, Cell, Column, Kind, Label, Row
from custinfo.reports.parts.making import one_decimal, row_id
from custinfo.reports.parts.survey_results import Result, main_figure
from custinfo.statistics.banner_data import Labels
from custinfo.statistics.no_figure import percent
from custinfo.statistics.responses import is_valid, rates, returns
from custinfo.statistics.survey_tables import BASE, SafeTable
from custinfo.statistics.surveys import ANSWERED, UNHEARD, Unit

AREA = "report_survey"
CHANNELS = ("web", "email", "phone", "paper", "face_to_face", "")
Z = 1.959964
"""The quantile of the normal distribution at 97.5 %."""


def columns(**kinds: Kind) -> tuple[Column, ...]:
    """Columns that are headed by the report's own words."""
    return tuple(Column(name, f"{AREA}.column.{name}", kind) for name, kind in kinds.items())


RESPONSE = columns(
    frame="count", wanted="count", drawn="count", sent="count", returned="count", valid="count", return_rate="percent",
    valid_rate="percent", response_rate="percent",
)  # fmt: skip
BY_CHANNEL = columns(sent="count", valid="count", share="percent")
WEIGHTS = columns(
    respondents="count", classes="count", empty="count", effective="number", design_effect="percent", hidden="count"
)
SHARES = columns(respondents="count", share="percent", low="percent", high="percent")
SCORES = columns(respondents="count", figure="row", low="row", high="row")
CHANGE = columns(now="row", before="row", change="row", low="row", high="row")
TYPES = ("enterprise", "individual")
GRADES = ("A", "B", "C", "N")
AREAS = tuple("12345678")
_ROW: Kind = "row"
BY_KIND = columns(total=_ROW, **dict.fromkeys((*TYPES, *(f"grade_{one}" for one in GRADES)), _ROW))
BY_AREA = columns(total=_ROW, **dict.fromkeys((f"area_{one}" for one in AREAS), _ROW))
PLACES: Mapping[str, Mapping[str, str]] = {
    "customer_type": {code: code for code in TYPES},
    "value_grade": {code: f"grade_{code}" for code in GRADES},
    "area": {code: f"area_{code}" for code in AREAS},
}
"""The column of each category of a property."""


def response(result: Result) -> Row:
    """How many the frame has, were wanted, drawn, asked, came back and are valid; and the rates."""
    units = result.taken.units
    sent = sum(unit.disposition != "" for unit in units)
    back = sum(unit.disposition in ANSWERED for unit in units)
    found = returns(sent, back, len(_valid(result, units)))
    aapor = rates([unit.disposition or UNHEARD for unit in units])  # type: ignore[misc]  # as the register writes them
    sizes = result.study.frame_units, result.study.wanted, len(units), sent, back, found.valid
    shares = found.return_rate, found.valid_rate, None if aapor.rr2 is None else percent(aapor.rr2)
    return Row(result.study.study, _study(result), (*sizes, *shares))


def _valid(result: Result, units: Sequence[Unit]) -> list[Unit]:
    """Those whose questionnaires are valid, as the register of the study has them too: answers that are not there were
    rejected.
    """
    there = set(result.taken.returned.respondents)
    return [unit for unit in units if is_valid(unit.disposition, rejected=unit.respondent not in there)]


def by_channel(result: Result) -> Iterator[Row]:
    """Of what was handed out by each channel, what is valid."""
    for channel in CHANNELS:
        asked = [unit for unit in result.taken.units if unit.disposition and unit.channel == channel]
        if asked:
            came = len(_valid(result, asked))
            name = channel or "unknown"
            label = _named(result, {one: text(f"{AREA}.channel.{name}", one) for one in LANGUAGES})
            yield Row(f"{result.study.study}-{name}", label, (len(asked), came, percent(Fraction(came, len(asked)))))


def weights(result: Result) -> Row:
    """What the weights rest on and what they cost."""
    weighting = result.weighting
    effect = weighting.design_effect
    return Row(result.study.study, _study(result), (
        len(weighting.respondents), len(weighting.classes), len(weighting.empty),
        one_decimal(_exact(weighting.effective)), None if effect is None else percent(_exact(effect)), result.hidden,
    ))  # fmt: skip


def shares(result: Result) -> Iterator[Row]:
    """Every choice and net of each closed question with its interval; of numbers nothing."""
    for table in result.tables:
        for row in table.table.rows:
            if row.kind in ("category", "net"):
                value, estimate = result.shown(table, row.code), result.estimate(table, row.code)
                low, high = (None, None) if estimate is None else (estimate.low, estimate.high)
                cells = (_count(table, row.code), _percent(value), _percent(low), _percent(high))
                yield Row(_id(result, table, row.code), _named(result, table.question.labels, row.labels), cells)


def scores(result: Result) -> Iterator[Row]:
    """Each question that one figure says: top box, recommendation, mean."""
    for table in result.tables:
        if code := main_figure(table):
            estimate, kind = result.estimate(table, code), _kind(code)
            low, high = (None, None) if estimate is None else (estimate.low, estimate.high)
            figures = (_cell(one, kind) for one in (result.shown(table, code), low, high))
            label = _named(result, table.question.labels, _words(code))
            yield Row(_id(result, table, code), label, (_count(table, BASE), *figures), kind)


def banner(result: Result, columns: tuple[Column, ...], *properties: str) -> Iterator[Row]:
    """One of the two banner tables: the bases, then every question by groups of respondents."""
    for n, table in enumerate(result.tables):
        places = dict(_places(table, properties))
        if n == 0:
            first = max(result.tables, key=lambda one: one.table.bases[0].unweighted)
            cells = [_base(first, dict(_places(first, properties)).get(one.id)) for one in columns]
            yield Row(f"{result.study.study}-base", _named(result, _words("base")), tuple(cells), "count")
        for row in table.table.rows:
            kind: Kind = "percent" if row.kind in ("category", "net") else "number"
            plain = row.kind == "category" and main_figure(table)
            if not plain and row.code != "bottom" and (row.kind != "mean" or main_figure(table) == "mean"):
                shown = (None if (place := places.get(one.id)) is None else result.shown(table, row.code, place)
                         for one in columns)  # fmt: skip
                label = _named(result, table.question.labels, row.labels)
                yield Row(_id(result, table, row.code), label, tuple(_cell(one, kind) for one in shown), kind)


def change(now: Result, before: Result) -> Iterator[Row]:
    """The main figures against those of the previous study of the same form, the difference with its interval."""
    earlier = {table.question.name: table for table in before.tables}
    for table in now.tables:
        code, other = main_figure(table), earlier.get(table.question.name)
        if not code or other is None or main_figure(other) != code:
            continue
        figures = now.shown(table, code), before.shown(other, code)
        errors = now.estimate(table, code), before.estimate(other, code)
        ends: tuple[float | None, float | None] = (None, None)
        kind = _kind(code)
        difference = None if figures[0] is None or figures[1] is None else figures[0] - figures[1]
        if difference is not None and errors[0] is not None and errors[1] is not None:
            reach = Z * (errors[0].standard_error ** 2 + errors[1].standard_error ** 2) ** 0.5
            ends = difference - reach, difference + reach
        label = _named(now, table.question.labels, _words(code))
        cells = [_cell(one, kind) for one in (*figures, difference, *ends)]
        yield Row(_id(now, table, code), label, tuple(cells), kind)


def _places(table: SafeTable, properties: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Where the columns of the report stand in a table: the total first, then its points in the order of POINTS."""
    yield "total", 0
    for place, column in enumerate(table.table.columns):
        for name in properties:
            for code, called in PLACES[name].items():
                if column.point >= 0 and column.heads[-1] == {
                    one: text(f"survey_tables.{name}.{code}", one) for one in LANGUAGES
                }:
                    yield called, place


def _base(table: SafeTable, place: int | None) -> Cell:
    if place is None or not table.shown(BASE, place):
        return None
    return table.table.bases[place].unweighted


def _count(table: SafeTable, code: str) -> Cell:
    if not table.shown(code, 0):
        return None
    row = next((one for one in table.table.rows if one.code == code), None)
    return table.table.bases[0].unweighted if row is None else row.cells[0].count


def _kind(code: str) -> Kind:
    return "percent" if code == "top" else "number"


def _cell(value: float | None, kind: Kind) -> Cell:
    return _percent(value) if kind == "percent" else None if value is None else one_decimal(_exact(value))


def _percent(value: float | None) -> Decimal | None:
    return None if value is None else percent(_exact(value))


def _exact(value: float) -> Fraction:
    """A float to where its noise begins: a half that is one stays one."""
    return Fraction(round(value * 10**9), 10**9)


def _id(result: Result, table: SafeTable, code: str) -> str:
    return row_id(f"{result.study.study}-{table.question.name}-{code}")


def _study(result: Result) -> Label:
    study = result.study
    said = f"{study.study} {study.title}"
    return Label(NAMED, study.study, dict.fromkeys(LANGUAGES, said))


def _named(result: Result, *labels: Labels) -> Label:
    """A row of a study: its number beside those of others, the question, the choice."""
    first = [result.study.study] if result.named else []
    said = {one: " · ".join([*first, *(spoken(part, one) for part in labels)]) for one in LANGUAGES}
    return Label(NAMED, result.study.study, said)


def _words(name: str) -> Labels:
    key = f"{AREA}.row.base" if name == "base" else f"banner.{name}"
    return {one: text(key, one) for one in LANGUAGES}
