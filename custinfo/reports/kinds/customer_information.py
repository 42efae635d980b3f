"""Customer information by department (客户信息统计表、分析表、分析报告, R163): each one's indicators.

The statistics tables are those of the departments that answer for the indicators; the analysis tables tell customers
apart, by what they said of us (R167) and how they are evaluated (R166) too; the analysis
report is what people write to them, without which it is not put forward.
"""

from collections.abc import Callable, Iterator
from datetime import date, tzinfo
from functools import partial

from custinfo import lake
from custinfo.classification import evaluation, relation, value_grade
from custinfo.classification.rules import Rule
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Figures, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import compared, evaluated, members, satisfied
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import indicators
from custinfo.statistics.sources import Given

AREA = "report_customer_information"
DEPARTMENTS = {"service": "客户服务部", "sales": "销售部", "finance": "财务部", "information": "信息管理员"}
"""The tables, and how the owner of an indicator begins that stands in each; every other owner's are in `others`."""
OTHERS = "others"
PROPERTIES = ("customer_type", "province")
BY_RULES: dict[str, Callable[[date], Rule]] = {
    "value_grade": value_grade.rule, "old_new": relation.old_new_rule, "lifecycle": relation.lifecycle_rule,
    "evaluation": lambda day: evaluation.card(day).rule,
}  # fmt: skip
"""The rules that classes of customers and evaluations rest on."""


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """The indicators of every department beside the period before and a year ago, then who the customers are.

    Raises BadInput for a period that had not begun.
    """
    day, given = parameters.check_begun(period, found.as_of, zone), indicator_sources.given(found, zone)
    parts = [_statistics(name, ids, period, given) for name, ids in _owned().items() if ids]
    for name in PROPERTIES:
        rows = members.by_property(name, period, found, given)
        parts.append(members.table(name, AREA, name, members.MEMBERS, rows, name))
    parts += [*satisfied.tables(AREA, found, period, zone), *evaluated.tables(AREA, found, period, zone)]
    versions = {name: rule(period.last).version for name, rule in BY_RULES.items()}
    return Figures(period, found.as_of, found.version, day > period.last, tuple(parts), versions)


def _owned() -> dict[str, list[str]]:
    """The indicators of each department, in the order of the rule file."""
    found: dict[str, list[str]] = {name: [] for name in (*DEPARTMENTS, OTHERS)}
    for one in indicators.load().values():
        owner = next((name for name, begins in DEPARTMENTS.items() if one.owner.startswith(begins)), OTHERS)
        found[owner].append(one.id)
    return found


def _statistics(name: str, ids: list[str], period: Period, given: Given) -> Table:
    made = compared.overview(name, ids, period, given)
    return Table(name, f"{AREA}.title.{name}", f"{AREA}.note.statistics", made.columns, made.rows)


def facts(figures: Figures) -> Iterator[Fact]:
    """Customers and net sales of the period, and how many of them changed."""
    if not figures.table("service").cell("customers", "now"):
        yield Fact(f"{AREA}.text.nobody", {PERIOD: Source(PERIOD)})
    else:
        named = {"customers": "service.customers.now", "new": "service.new_customers.now", "net": "sales.net_sales.now"}
        yield Fact(f"{AREA}.text.all", {PERIOD: Source(PERIOD), **{name: Source(at) for name, at in named.items()}})
        yield from (_moved(figures, other) for other in ("before", "ago"))
        yield from satisfied.facts(AREA, figures.table("satisfaction_lifecycle"))
        yield from evaluated.facts(AREA, figures.table("evaluation"))
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


def _moved(figures: Figures, other: str) -> Fact:
    change = figures.table("sales").cell("net_sales", f"{other}_change") or 0
    said = "same" if not change else "more" if change > 0 else "less"
    sources = {} if not change else {"change": Source(f"sales.net_sales.{other}_change", "size")}
    return Fact(f"{AREA}.text.{said}_{other}", sources)


DRAWINGS = (
    Drawing("c1", "customer_type", ("customers",), "column", f"{AREA}.chart.customer_type", messages=True),
    Drawing("c2", "province", ("net",), "bar", f"{AREA}.chart.province", most=10),
)
KIND = Kind("customer_information", figures, facts, DRAWINGS, tuple(BY_RULES.values()))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
