"""A/B/C and transitions (客户等级与升降): the stored grades of a quarter beside those of the quarter before."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from functools import partial

from custinfo import lake
from custinfo.classification import transitions, value_grade
from custinfo.classification.value_grade import GRADES
from custinfo.domain.periods import Period, Quarter
from custinfo.reports import parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import Cell, Figures, Label, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import customers, rounding

AREA = "report_grades"
NEW, GONE, HELD = "new", "gone", "held"
SIZES = members.columns(
    customers="count", share="percent", customers_before="count", change="count", net="fen", net_share="percent"
)  # fmt: skip
MOVES = members.columns(to_A="count", to_B="count", to_C="count", to_N="count", to_gone="count", customers="count")
SUMMARY = members.columns(customers="count", share="percent")
Sizes = Mapping[str, Mapping[str, int]]
Ways = Mapping[tuple[str, str], int]


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """The value grades as they were kept for a quarter, not worked out anew: what people saw stands."""
    day, quarter = parameters.check_begun(period, found.as_of, zone), Quarter.of(period.last)
    rule = value_grade.rule(period.last)
    after, before = (transitions.of_quarter(found.gradings, one) for one in (quarter, quarter.plus(-1)))
    now, was = (
        {row["grade"]: row for row in customers.by_grade(one).to_pyarrow().to_pylist()} for one in (after, before)
    )
    ways = {
        (row["from_grade"], row["to_grade"]): row["customers"]
        for row in transitions.matrix(before, after).to_pyarrow().to_pylist()
    }
    held = after.filter(after.held.fill_null(False)).count().to_pyarrow().as_py()
    parts = _sizes(now, was), _moves(ways), _summary(ways, held)
    rules, head = {"value_grade": rule.version}, {"months": rule.months}
    return Figures(period, found.as_of, found.version, day > period.last, parts, rules, head)


def _grade(name: str) -> Label:
    return Label("message", f"reports.row.grade_{name}")


def _own(name: str) -> Label:
    return Label("message", f"{AREA}.row.{name}")


def _sizes(now: Sizes, before: Sizes) -> Table:
    def of(sizes: Sizes, grade: str, what: str) -> int:
        return sizes[grade][what] if grade in sizes else 0

    numbers, was = ([of(one, grade, "customers") for grade in GRADES] for one in (now, before))
    amounts = [of(now, grade, "sales_fen") for grade in GRADES]
    shares = rounding.column(numbers)
    parts: list[Cell] = [*rounding.column(amounts)] if min(amounts) >= 0 else [None] * len(GRADES)
    rows = [
        Row(grade, _grade(grade), (n, share, earlier, n - earlier, amount, part))
        for grade, n, share, earlier, amount, part in zip(GRADES, numbers, shares, was, amounts, parts, strict=True)
    ]
    total = sum(numbers), members.whole(shares), sum(was), sum(numbers) - sum(was), sum(amounts), members.whole(parts)
    rows.append(Row(TOTAL, members.message(TOTAL), total))
    return members.table("t1", AREA, "sizes", SIZES, rows, "grade")


def _moves(ways: Ways) -> Table:
    """Who went from which grade to which; those who are new stand in a row, those who are gone in a column."""
    ends = (*GRADES, transitions.ABSENT)
    rows = []
    for start in ends:
        counts = [ways.get((start, end), 0) for end in ends]
        name = (start, _grade(start)) if start in GRADES else (NEW, _own(NEW))
        rows.append(Row(*name, (*counts, sum(counts))))
    sums = [sum(ways.get((start, end), 0) for start in ends) for end in ends]
    rows.append(Row(TOTAL, members.message(TOTAL), (*sums, sum(sums))))
    return members.table("t2", AREA, "moves", MOVES, rows, "grade")


def _summary(ways: Ways, held: int) -> Table:
    """How many rose, fell, stayed, came and went; and how many grades were held by the margin of the rule."""
    place = {grade: number for number, grade in enumerate(GRADES)}
    counts = dict.fromkeys(("up", "down", "same", NEW, GONE), 0)
    for (start, end), many in ways.items():
        if transitions.ABSENT in (start, end):
            counts[NEW if start == transitions.ABSENT else GONE] += many
        else:
            step = place[start] - place[end]
            counts["up" if step > 0 else "down" if step < 0 else "same"] += many
    shares = rounding.column([*counts.values()])
    rows = [Row(name, _own(name), (many, share)) for (name, many), share in zip(counts.items(), shares, strict=True)]
    rows.append(Row(TOTAL, members.message(TOTAL), (sum(counts.values()), members.whole(shares))))
    rows.append(Row(HELD, _own(HELD), (held, None)))
    return members.table("t3", AREA, "summary", SUMMARY, rows, "count")


def facts(figures: Figures) -> Iterator[Fact]:
    """How many stand where, how many rose and fell; or that the quarter was not graded."""
    sizes = figures.table("t1")
    if not sizes.cell(TOTAL, "customers"):
        yield Fact(f"{AREA}.text.not_graded", {PERIOD: Source(PERIOD)})
        return
    named = {"customers": "t1.total.customers", "a": "t1.A.customers", "share": "t1.A.share", "months": "months"}
    yield Fact(f"{AREA}.text.sizes", {PERIOD: Source(PERIOD), **{name: Source(at) for name, at in named.items()}})
    if sizes.cell("A", "net_share") is not None:
        yield Fact(f"{AREA}.text.share_of_a", {"share": Source("t1.A.net_share")})
    if not sizes.cell(TOTAL, "customers_before"):
        yield Fact(f"{AREA}.text.no_quarter_before", {})
        return
    yield Fact(f"{AREA}.text.moves", {name: Source(f"t3.{name}.customers") for name in ("up", "down", NEW, GONE)})
    if figures.table("t3").cell(HELD, "customers"):
        yield Fact(f"{AREA}.text.held", {"held": Source(f"t3.{HELD}.customers")})


DRAWINGS = (
    Drawing("c1", "t1", ("customers",), "column", f"{AREA}.chart.sizes", messages=True),
    Drawing("c2", "t3", ("customers",), "bar", f"{AREA}.chart.moves", messages=True, most=5),
)
KIND = Kind("grades", figures, facts, DRAWINGS, (value_grade.rule,))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
