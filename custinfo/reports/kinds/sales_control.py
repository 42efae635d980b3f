"""Sales control (营业管理报表): targets and their checkpoints, visits, sales across regions, how products sell."""

from collections.abc import Iterator
from datetime import timedelta, tzinfo
from functools import partial

from custinfo import lake
from custinfo.classification import cross_region, product_sales, sales_checkpoints, territory_rule
from custinfo.domain import working_days
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Figures
from custinfo.reports.kind import Kind
from custinfo.reports.parts import crossing, members, planning, selling, targets, visiting
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.parts.targets import AREA
from custinfo.reports.text import Fact
from custinfo.statistics import visits

RULES = {
    "territories": territory_rule.rule, "cross_region": cross_region.rule,
    "sales_checkpoints": sales_checkpoints.rule, "product_sales": product_sales.rule,
}  # fmt: skip


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """Everything by the rules of the period's last day. Raises BadInput for a period that had not begun."""
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    territory, commission = territory_rule.rule(period.last), cross_region.rule(period.last)
    points, products = sales_checkpoints.rule(period.last), product_sales.rule(period.last)
    until = day - timedelta(days=1)
    known = planning.plans(found, period)
    parts = targets.parts(period, known, given, territory)
    held = [(one, targets.held(one, period, points, until)) for one in parts]
    made = visits.within(found.table("visits"), period.first, period.last)
    quarter, graded = visiting.graded_quarter(found.gradings, period)
    judged, unknown = crossing.counted(
        crossing.declared(found.table("cross_region_sales")), found.sales, found.customers, period, until, territory,
        commission,
    )  # fmt: skip
    classed = product_sales.classify(found.sales, period.last, products)
    tables = (
        targets.targets_table("t1", parts),
        targets.checkpoints_table("t2", held[0][1]),
        targets.reached_table("t3", held),
        visiting.department_table("t4", made, period, until),
        visiting.staff_table("t5", made, period, until),
        visiting.left_out_table("t6", graded, found.customers, made, territory, quarter),
        crossing.states_table("t7", judged, unknown, period),
        crossing.branches_table("t8", judged, unknown, period, territory),
        *selling.tables("t9", "t10", classed),
        crossing.holes_table("t11", found.customers, territory),
    )
    head: dict[str, int | str] = {"months": products.months, "days": commission.match_days}
    head |= {"dead_days": commission.dead_days}
    if without := working_days.load().of(period).weekdays_only:
        head["weekday_years"] = ", ".join(map(str, without))
    if targets.late(known):
        head["late_plans"] = 1
    if any(row.id not in (TOTAL, "none") for row in tables[0].rows):
        head["areas"] = 1
    versions = {name: rule(period.last).version for name, rule in RULES.items()}
    return Figures(period, found.as_of, found.version, day > period.last, tables, versions, head)


def facts(figures: Figures) -> Iterator[Fact]:
    """Targets and checkpoints, visits, sales across regions, products; each says so where there is nothing."""
    yield from targets.facts(figures, "t1", "t3")
    yield from visiting.facts(figures, "t4", "t6")
    yield from crossing.facts(figures, "t7", "t11")
    yield from selling.facts(figures, "t9")
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


DRAWINGS = (
    Drawing("c1", "t1", ("actual",), "column", f"{AREA}.chart.targets", wide=True),
    Drawing("c2", "t4", ("visits",), "bar", f"{AREA}.chart.visits"),
    Drawing("c3", "t9", ("products",), "bar", f"{AREA}.chart.selling", messages=True),
)
KIND = Kind("sales_control", figures, facts, DRAWINGS, tuple(RULES.values()))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
