"""The analyst's screen of credit grades: how many have which, whether the worse default more often, how they moved.

The back-test looks a year back: the grades of then against who defaulted since (`classification.credit.defaults`).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.classification.credit import backtest, defaults, grades
from custinfo.classification.credit.backtest import Count
from custinfo.classification.credit.defaults import ABSENT
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.lake.extracts import KEY
from custinfo.screens import explorer, explorer_charts, heat_map
from custinfo.screens.explorer_charts import ACCENT
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View

YEAR = timedelta(days=365)
NO_GRADE = "none"
"""In place of no grade, for filters and picks."""


def _prepare(view: View) -> Prepared:
    decisions = view.opened.table("credit_decisions")
    start = view.on - YEAR
    tested = defaults.outcomes(defaults.graded_on(decisions, start), view.opened.sales, start, view.on)
    now = view.opened.credit_grades
    outcome = tested.select(tested_key=tested[KEY], was="grade", defaulted="defaulted")
    joined = now.left_join(outcome, now[KEY] == outcome.tested_key).drop("tested_key")
    marked = joined.mutate(grade=joined.grade.fill_null(NO_GRADE))
    return Prepared({"now": marked.cache(), "tested": tested.cache()}, {grades.FILE: grades.rule(view.on).version})


def _order(view: View) -> tuple[str, ...]:
    return grades.rule(view.on).order


def _name(view: View, grade: str | None) -> str:
    if grade == ABSENT:
        return text("vertical.absent", view.language)
    return view.word("no_grade") if grade in (None, NO_GRADE) else str(grade)


def _chosen(view: View) -> ir.Table:
    found = view.tables["now"]
    for name in ("grade", "scheme"):
        if codes := view.codes(name):
            found = found.filter(found[name].isin(codes))
    return found


def _counts(view: View) -> tuple[Count, ...]:
    """How many had each grade a year ago and defaulted since, where that is known."""
    order = _order(view)
    rows = view.rows(backtest.counts(view.tables["tested"]))
    known = (Count(row["grade"], row["customers"], row["defaults"]) for row in rows if row["grade"] in order)
    return backtest.in_order(known, order)


def _too_few(view: View, counts: Sequence[Count]) -> str | None:
    """Why there is no back-test to show; None when there is one."""
    customers = sum(one.customers for one in counts)
    if view.is_few(customers):
        return view.word("few_tested", day=view.on - YEAR, told=view.told(customers))
    return None


def _summary(view: View) -> str:
    found = _chosen(view)
    row = view.rows(found.aggregate(customers=found.count(), limit_fen=found.limit_fen.sum().fill_null(0)))[0]
    few = view.is_few(row["customers"])
    limit = view.word("hidden") if few else money.show(int(row["limit_fen"]))
    said = [view.word("summary", customers=view.told(row["customers"]), limit=limit)]
    counts = _counts(view)
    said += [_too_few(view, counts) or _power(view, counts), _moved(view)]
    return ("" if view.language == "zh-CN" else " ").join(one for one in said if one)


def _power(view: View, counts: Sequence[Count]) -> str:
    """How well the grades told apart who defaulted, and where their order is broken."""
    try:
        power = backtest.power(counts)
    except BadInput as one_outcome:
        return one_outcome.text(view.language)
    interval = "" if power.low is None else view.word("interval", low=f"{power.low:.2f}", high=f"{power.high:.2f}")
    facts = {"auc": f"{power.auc:.2f}", "gini": f"{power.gini:.2f}", "ks": f"{power.ks:.2f}"}
    told = view.word("power", interval=interval, day=view.on - YEAR, **facts) + _power_of_points(view)
    shown = [one for one in counts if not view.is_few(one.customers)]
    broken = backtest.breaks(shown)
    if not broken:
        return told + view.word("in_order")
    pairs = "、".join(view.word("pair", better=one.better, worse=one.worse) for one in broken)
    return told + view.word("broken", pairs=pairs)


def _power_of_points(view: View) -> str:
    """The same of the points behind the grades: what cutting them into grades costs. Blank where it cannot be told."""
    tested = view.tables["tested"]
    rows = view.rows(tested.filter(tested.points.notnull(), tested.defaulted.notnull()).select("points", "defaulted"))
    if view.is_few(len(rows)):
        return ""
    try:
        power = backtest.power(backtest.by_score([row["points"] for row in rows], [row["defaulted"] for row in rows]))
    except BadInput:  # only of one outcome: said of the grades already
        return ""
    return view.word("power_points", auc=f"{power.auc:.2f}", gini=f"{power.gini:.2f}", ks=f"{power.ks:.2f}")


def _moved(view: View) -> str:
    """How far the grades of all moved within the year: PSI."""
    order = _order(view)
    now, before = (_by_grade(view, view.tables[name], order) for name in ("now", "tested"))
    if view.is_few(sum(now.values())) or view.is_few(sum(before.values())):
        return ""
    found = backtest.stability(before, now)
    verdict = text(f"credit_use.stability.{found.verdict}", view.language)
    return view.word("psi", psi=f"{found.psi:.2f}", verdict=verdict)


def _by_grade(view: View, table: ir.Table, order: Sequence[str]) -> dict[str, int]:
    rows = view.rows(table.group_by("grade").aggregate(customers=table.count()))
    return {row["grade"]: row["customers"] for row in rows if row["grade"] in order}


def _sizes(view: View) -> Any:
    found = view.tables["now"]
    rows = view.rows(found.group_by("grade").aggregate(customers=found.count()).order_by("grade"))
    if not rows:
        return view.word("nobody")
    counted = view.counted(rows)
    for row in counted:
        row |= {"code": row["grade"], "name": _name(view, row["grade"])}
    names = [_name(view, grade) for grade in (*_order(view), NO_GRADE)]
    select = explorer_charts.points(view, "grade_bar")
    return (
        alt.Chart(explorer_charts.data(counted), title=view.word("chart.sizes"), width=260, height=230)
        .mark_bar(color=ACCENT, cursor="pointer")
        .encode(
            x=alt.X("name:N", sort=names, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("shown:Q", title=view.word("chart.customers")),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.grade")), ("told", view.word("chart.customers"))
            ),
        )
        .add_params(select)
    )  # fmt: skip


def _rates(view: View) -> Any:
    """The rate of default of each grade with its interval; grades that too few had are left out."""
    counts = _counts(view)
    few = _too_few(view, counts)
    shown = [one for one in counts if not view.is_few(one.customers)]
    if few or not shown:
        return few or view.word("few_each", k=view.smallest_group)
    rows = [
        {
            "name": one.grade, "rate": one.rate, "low": one.low, "high": one.high, "told": view.told(one.customers),
            "share": f"{one.rate:.1%}", "between": f"{one.low:.1%} – {one.high:.1%}",
        }
        for one in backtest.rates(shown)
    ]  # fmt: skip
    percent = alt.Axis(format=".0%")
    base = alt.Chart(explorer_charts.data(rows)).encode(
        x=alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        tooltip=explorer_charts.tooltip(
            ("name", view.word("column.grade")), ("share", view.word("chart.rate")),
            ("between", view.word("chart.between")), ("told", view.word("chart.customers")),
        ),
    )  # fmt: skip
    lines = base.mark_rule(color=ACCENT, strokeWidth=2).encode(
        y=alt.Y("low:Q", title=view.word("chart.rate"), axis=percent), y2="high:Q"
    )
    points = base.mark_point(color=ACCENT, filled=True, size=80).encode(y=alt.Y("rate:Q", axis=percent))
    return alt.layer(lines, points, title=view.word("chart.backtest"), width=260, height=230)


def _matrix(view: View) -> Any:
    """From which grade to which, of those who had one a year ago or have one now."""
    before, after = view.tables["tested"], view.tables["now"]
    both = [one.filter(one.grade.isin(_order(view))).select(KEY, "grade") for one in (before, after)]
    rows = view.rows(defaults.moves(*both).order_by("from_grade", "to_grade"))
    if not rows:
        return view.word("nobody")
    found = view.counted(rows)
    for row, cell in zip(found, rows, strict=True):
        part = 0 if view.is_few(cell["customers"]) else cell["customers"] / cell["from_customers"]
        row |= {"x": _name(view, cell["to_grade"]), "y": _name(view, cell["from_grade"]), "part": part}
        row.pop("from_customers")
    names = [_name(view, grade) for grade in (*_order(view), ABSENT)]
    first, second = view.word("chart.before", day=view.on - YEAR), view.word("chart.after", day=view.on)
    told = [("y", first), ("x", second), ("told", view.word("chart.customers"))]
    return heat_map.drawn(
        view, found, title=view.word("chart.matrix"), across=(second, names), up=(first, names), tooltip=told
    )


def _list(view: View) -> ir.Table:
    found = _chosen(view)
    if picked := view.codes("grade_bar"):
        found = found.filter(found.grade.isin(picked))
    marks = ibis.cases((found.defaulted.isnull(), ""), (found.defaulted, "yes"), else_="no")
    return found.mutate(outcome=marks)


def _outcome(view: View, value: Any) -> str:
    return view.word(f"outcome.{value}") if value else "—"


def _fen(_view: View, amount: Any) -> str:
    return "—" if amount is None else money.show(amount)


def _percent(_view: View, points: Any) -> str:
    return "—" if points is None else f"{points / 100:.1f}%"


SCREEN = Screen(
    area="credit_analysis",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("grade", "column.grade", lambda view: [(_name(view, one), one) for one in (*_order(view), NO_GRADE)]),
        Filter("scheme", "column.scheme", lambda _: [(one.upper(), one) for one in ("5c", "5p", "6a")]),
    ],
    panels=[Panel(_sizes, pick="grade_bar"), Panel(_rates), Panel(_matrix)],
    listings=[
        Listing(
            "list",
            _list,
            [
                Column(KEY, "column.customer", lambda _, key: str(key)[:8]),
                Column("grade", "column.grade", _name),
                Column("was", "column.was", _name),
                Column("scheme", "column.scheme", lambda _, code: str(code).upper()),
                Column("points", "column.points", _percent, number=True),
                Column("limit_fen", "column.limit", _fen, number=True),
                Column("outcome", "column.outcome", _outcome),
                Column("rule_version", "column.rule", number=True),
            ],
            order="limit_fen",
            last=KEY,
        )
    ],
)

explore, show = explorer.doors(SCREEN)
