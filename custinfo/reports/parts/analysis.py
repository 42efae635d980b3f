"""The analysis of a period (分析报告): indicators side by side, plan and actual, what made the change, the trend.

Reports of a month, a quarter and a year are analyses; each says in an `Analysis` what it is held against.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from custinfo import lake
from custinfo.domain.periods import Month, Period
from custinfo.reports import indicator_sources, parameters
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Figures
from custinfo.reports.kind import Kind
from custinfo.reports.makeup import Makeup
from custinfo.reports.parts import compared, contributions, makeup_analysis, planning, trend
from custinfo.reports.parts.making import AREA, fact
from custinfo.reports.text import Fact, Source

PERIODS, INDICATORS, PLAN, PLAN_MET, PLAN_PARTS, SO_FAR = "t1", "t2", "t3", "t4", "t5", "t6"
MADE_BY = {"customers": "t7", "product": "t8", "region": "t9", "section": "t10", "effects": "t11"}
SERIES, OUTLOOK = "t12", "t13"
DIMENSIONS = ("area", "channel", "product_line", "product", "province", "section", "ownership")
"""By what parts of the company are planned, in the order in which they are shown."""


@dataclass(frozen=True)
class Analysis:
    """What a period is held against: `others` by name, in the order of the columns; the change is explained against the
    one that `explained` names. `indicators` have net_sales, sales and returns. `steps` is how many months are forecast.
    """

    others: Mapping[str, Callable[[Period], Period]]
    explained: str
    indicators: tuple[str, ...]
    steps: int


def kind(name: str, of: Analysis) -> Kind:
    """The kind of report of that name."""
    return Kind(
        name,
        lambda tables, period, zone: figures(of, tables, period, zone),
        lambda found: facts(of, found),
        DRAWINGS,
        makeup=lambda tables, found, zone: makeup(of, tables, found, zone),
    )


def figures(of: Analysis, tables: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Every number of an analysis, from what the lake knew. Raises BadInput for a period that had not begun."""
    day = parameters.check_begun(period, tables.as_of, zone)
    given = indicator_sources.given(tables, zone)
    others = {name: which(period) for name, which in of.others.items()}
    counted = compared.count(given, of.indicators, {compared.NOW: period, **others})
    months = trend.months(tables.sales, Month.of(period.last))
    known = planning.plans(tables, period)
    made = contributions.Change(tables, others[of.explained], period)
    whole = trend.ended(months, day)
    outlook, head = trend.outlook_table(OUTLOOK, whole, of.steps)
    years = compared.weekday_years(counted)
    found = (
        compared.periods_table(PERIODS, counted),
        compared.indicators_table(INDICATORS, of.indicators, counted),
        *planning.indicators_tables(PLAN, PLAN_MET, known, period, given),
        planning.parts_table(PLAN_PARTS, known, period, given, tables, DIMENSIONS),
        planning.accumulated_table(SO_FAR, known, period, months),
        contributions.customers_table(MADE_BY["customers"], made),
        *(contributions.segments_table(MADE_BY[name], made, name) for name in ("product", "region", "section")),
        contributions.effects_table(MADE_BY["effects"], made),
        trend.series_table(SERIES, whole),
        outlook,
    )
    used = {row.id for row in found[2].rows}
    late = any(one[0] in used and one[2] == "" for one in known.late)
    return Figures(
        period, tables.as_of, tables.version, day > period.last, found,
        head={
            "definitions": counted.versions, "late_plans": int(late), **head,
            **({"weekday_years": years} if years else {}),
        },
    )  # fmt: skip


def makeup(of: Analysis, tables: lake.Lake, found: Figures, zone: tzinfo) -> Makeup:
    """What the cells of an analysis are made of."""
    ids = {
        "periods": PERIODS, "indicators": INDICATORS, "plan": PLAN, "plan_met": PLAN_MET, "plan_parts": PLAN_PARTS,
        "so_far": SO_FAR, "series": SERIES, "outlook": OUTLOOK, **MADE_BY,
    }  # fmt: skip
    others = {name: which(found.period) for name, which in of.others.items()}
    return makeup_analysis.Of(tables, found, zone, others, ids).made(of.explained)


def facts(of: Analysis, found: Figures) -> Iterator[Fact]:
    """What an analysis says, in order, in no language: the figures, the plan, the reasons, what is not ordinary."""
    yield from compared.facts(found, PERIODS, INDICATORS)
    yield from planning.facts(found, PLAN, PLAN_MET, SO_FAR)
    yield from _reasons(of, found)
    yield from trend.facts(found, SERIES, OUTLOOK, found.period)
    if not found.complete:
        yield Fact("reports.text.provisional", {})


def _reasons(of: Analysis, found: Figures) -> Iterator[Fact]:
    versus = Source(f"{PERIODS}.{of.explained}.label")
    total = found.table(MADE_BY["customers"]).row("total")
    if not total.cells[0]:
        yield fact("no_dealings", versus=versus)
        return
    missed = _missed(found)
    if missed is not None:
        yield fact("reasons_missed" if missed else "reasons_met", versus=versus)
    fell = (total.cells[3] or 0) < 0
    yield from contributions.facts(found, MADE_BY, versus, losses_first=fell if missed is None else missed)


def _missed(found: Figures) -> bool | None:
    """Whether the plan of net sales was missed; None where there is none."""
    rows, missed = [row.id for row in found.table(PLAN).rows], found.table(PLAN_MET).cell("missed", "indicators")
    if planning.NET not in rows or missed is None:
        return None
    return rows.index(planning.NET) < missed


DRAWINGS = (
    Drawing("c1", SERIES, ("net", "lower", "upper"), "line", f"{AREA}.chart.series", wide=True),
    Drawing("c2", MADE_BY["product"], ("change",), "bar", f"{AREA}.chart.product"),
    Drawing("c3", MADE_BY["region"], ("change",), "bar", f"{AREA}.chart.region"),
)
