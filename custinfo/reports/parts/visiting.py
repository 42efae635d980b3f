"""Visits of a period by department and by member of staff, under a pseudonym; the best customers left out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from custinfo.classification import territories, transitions
from custinfo.classification.territory_rule import OUTSIDE, TerritoriesRule
from custinfo.domain import working_days
from custinfo.domain.periods import Period, Quarter
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL, cell, fact, one_decimal, row_id
from custinfo.reports.parts.targets import AREA, branch_label, columns, message
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import visits
from custinfo.statistics.no_figure import NoFigure, percent, ratio

BY_DEPARTMENT = columns(
    visits="count", visited="count", accompanied="count", accompanied_share="percent", staff="count", per_day="number"
)  # fmt: skip
BY_STAFF = BY_DEPARTMENT[:4] + BY_DEPARTMENT[5:]
LEFT_OUT = columns(grade_a="count", visited="count", not_visited="count", not_visited_share="percent")
Counts = Mapping[str, int | str]


def department_table(table_id: str, made: ir.Table, period: Period, until: date) -> Table:
    """The visits that `visits.within` found, by the department of who went; the total has each customer once."""
    days = _working(period, until)
    rows = [
        Row(row_id(str(one["department"])) if one["department"] else "none", _department(one), _cells(one, days))
        for one in sorted(_counted(made, ["department"]), key=lambda one: str(one["department"]))
    ]
    whole = _counted(made.mutate(whole=ibis.literal("")), ["whole"])
    empty: Counts = {"visits": 0, "customers": 0, "accompanied": 0, "staff": 0}
    rows.append(Row(TOTAL, members.message(TOTAL), _cells(whole[0] if whole else empty, days)))
    return members.table(table_id, AREA, "departments", BY_DEPARTMENT, rows, "department")


def staff_table(table_id: str, made: ir.Table, period: Period, until: date) -> Table:
    """The same by member of staff: who made most visits of a department first."""
    days = _working(period, until)
    found = _counted(made, ["department", "staff_key"])
    found.sort(key=lambda one: (str(one["department"]), -int(one["visits"]), str(one["staff_key"])))
    rows = []
    for one in found:
        cells = _cells(one, days)
        name = Label("plain", f"{one['department']} · {one['staff_key']}".removeprefix(" · "))
        rows.append(Row(row_id(f"{one['staff_key']}-{one['department']}"), name, (*cells[:4], cells[5])))
    return members.table(table_id, AREA, "staff", BY_STAFF, rows, "staff")


def graded_quarter(gradings: ir.Table, period: Period) -> tuple[Quarter, ir.Table]:
    """The last quarter that was over when the period ended, and the value grades that were kept for it."""
    quarter = Quarter.of(period.last)
    if quarter.last > period.last:
        quarter = quarter.plus(-1)
    return quarter, transitions.of_quarter(gradings, quarter)


def left_out_table(table_id: str, graded: ir.Table, customers: ir.Table, made: ir.Table,
                   territory: TerritoriesRule, quarter: Quarter) -> Table:  # fmt: skip
    """Customers of grade A, by the branch whose territory they are in: how many were visited, and how many were not.

    The last row is all of them, called by the quarter that they were graded for.
    """
    best = graded.filter(graded.grade == "A").select("customer_key")
    places = customers.select(of_key="customer_key", region="region")
    known = territories.assign(best.left_join(places, [("customer_key", "of_key")]), "region", territory)
    known = visits.of_customers(known.select("customer_key", "branch"), made)
    counted = known.group_by("branch").aggregate(
        grade_a=known.count().cast("int64"), visited=known.count(where=known.visits > 0).cast("int64")
    )
    found = {row["branch"] or "": (row["grade_a"], row["visited"]) for row in counted.to_pyarrow().to_pylist()}
    labels = {one.name: branch_label(one) for one in territory.branch}
    labels |= {OUTSIDE: message("no_branch"), "": members.message("not_stated")}
    rows = [Row(code or "not_stated", label, _left(*found[code])) for code, label in labels.items() if code in found]
    whole = sum(one for one, _ in found.values()), sum(one for _, one in found.values())
    rows.append(Row(TOTAL, Label("period", str(quarter)), _left(*whole)))
    return members.table(table_id, AREA, "left_out", LEFT_OUT, rows, "branch")


def facts(figures: Figures, departments: str, left_out: str) -> Iterator[Fact]:
    """How many visits there were, and which of the best customers nobody visited; or that there is nothing to tell."""
    if figures.table(departments).cell(TOTAL, "visits"):
        names = ("visits", "visited", "accompanied", "staff")
        said = {name: Source(f"{departments}.total.{name}") for name in names}
        yield Fact(f"{AREA}.text.visits", {PERIOD: Source(PERIOD), **said})
        if figures.table(departments).cell(TOTAL, "per_day") is not None:
            yield Fact(f"{AREA}.text.per_day", {"per_day": Source(f"{departments}.total.per_day")})
        if "weekday_years" in figures.head:
            yield fact("weekday_years", years=Source("weekday_years"))
    else:
        yield Fact(f"{AREA}.text.no_visits", {PERIOD: Source(PERIOD)})
    table, quarter = figures.table(left_out), Source(f"{left_out}.total.label")
    if not table.cell(TOTAL, "grade_a"):
        yield Fact(f"{AREA}.text.no_grade_a", {"quarter": quarter})
    elif table.cell(TOTAL, "not_visited"):
        said = {name: Source(f"{left_out}.total.{name}") for name in ("grade_a", "not_visited")}
        yield Fact(f"{AREA}.text.left_out", {"quarter": quarter, **said})
    else:
        yield Fact(f"{AREA}.text.all_visited", {"quarter": quarter, "grade_a": Source(f"{left_out}.total.grade_a")})


def _working(period: Period, until: date) -> int:
    """The working days of the period that are over."""
    return working_days.load().count(period.first, min(until, period.last)).working


def _counted(made: ir.Table, by: Sequence[str]) -> list[Counts]:
    rows: list[Counts] = visits.counted(made, by).to_pyarrow().to_pylist()
    return rows


def _department(one: Counts) -> Label:
    return Label("plain", str(one["department"])) if one["department"] else members.message("not_stated")


def _cells(one: Counts, days: int) -> tuple[Cell, ...]:
    made, came = int(one["visits"]), int(one["accompanied"])
    per_day = ratio(made, days)
    return (
        made, int(one["customers"]), came, cell(ratio(came, made), "percent"), int(one["staff"]),
        None if isinstance(per_day, NoFigure) else one_decimal(per_day),
    )  # fmt: skip


def _left(grade_a: int, visited: int) -> tuple[Cell, ...]:
    share = ratio(grade_a - visited, grade_a)
    return grade_a, visited, grade_a - visited, None if isinstance(share, NoFigure) else percent(share)
