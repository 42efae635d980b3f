"""The analyst's screen of customers' demands (R62): importance × urgency × feasibility, priority, how far they are.

A demand is looked up on the workbench by its number; the lake has nothing of what it says.
"""

from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.classification import demand_matrix
from custinfo.classification.demand_matrix import CRITERIA, HIGHEST, NOT_ASSESSED
from custinfo.screens import explorer, explorer_charts, heat_map
from custinfo.screens.explorer_charts import COLOURS, REST
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View
from custinfo.statistics import demands as figures

NUMBER = "demand_number"
SCORES = tuple(str(score) for score in range(1, HIGHEST + 1))
STAGES = ("collected", "analysed", "in_progress", "evaluated", "answered", "declined", "open", "sold", "lost")
KINDS = ("need", "intention")
HEIGHT, THICK = 230, 26
WHOLE = alt.Axis(labelExpr="datum.value % 1 ? '' : datum.label")
"""Numbers of demands: between two whole ones there is none."""


def _prepare(view: View) -> Prepared:
    versions = view.opened.table("demands")
    newest = ibis.row_number().over(group_by=versions[NUMBER], order_by=versions.version.desc())
    demands = versions.mutate(_place=newest).filter(lambda t: t["_place"] == 0).drop("_place")
    rule = demand_matrix.rule(view.on)
    rated = demand_matrix.prioritise(demands, rule).drop(*CRITERIA).rename(rated_number=NUMBER)
    known = demands.join(rated, [(NUMBER, "rated_number")]).drop("rated_number")
    known = known.join(figures.times(versions, view.on).rename(timed=NUMBER), [(NUMBER, "timed")]).drop("timed")
    return Prepared({"demands": known.cache()}, {demand_matrix.FILE: rule.version})


def _chosen(view: View) -> ir.Table:
    """The demands that filters and picks have chosen."""
    found = view.tables["demands"]
    for name in ("kind", "stage", "priority"):
        if codes := view.codes(name):
            found = found.filter(found[name].fill_null("").isin(codes))
    cells = [one.partition("-") for one in view.codes("cell")]
    if cells:
        at = [(found.importance == int(one)) & (found.urgency == int(other)) for one, _, other in cells]
        found = found.filter(ibis.or_(*at), found.score.notnull())
    return found


def _priorities(view: View) -> list[tuple[str, str]]:
    rule = demand_matrix.rule(view.on)
    named = [(f"{one.name} {one.title.text(view.language)}", one.name) for one in rule.priority]
    return [*named, (view.word("not_assessed"), NOT_ASSESSED)]


def _priority(view: View, code: str) -> str:
    return {name: label for label, name in _priorities(view)}.get(code, code)


def _stage(view: View, code: str | None) -> str:
    if not code:
        return view.word("stage.none")
    return view.word(f"stage.{code}") if code in STAGES else code


def _summary(view: View) -> str:
    row = view.rows(figures.assessed(_chosen(view)))[0]
    if not row["demands"]:
        return view.word("none_yet" if not view.choices or not _any(view) else "nothing")
    waiting = row["demands"] - row["assessed"]
    return view.word("summary", demands=f"{row['demands']:,}", assessed=f"{row['assessed']:,}", waiting=f"{waiting:,}")


def _any(view: View) -> bool:
    """Whether there is a demand at all."""
    return bool(view.rows(figures.assessed(view.tables["demands"]))[0]["demands"])


def _matrix(view: View) -> Any:
    rows = view.rows(figures.matrix(_chosen(view)))
    if not rows:
        return view.word("nothing_rated")
    found = [
        {"x": str(row["urgency"]), "y": str(row["importance"]), "code": f"{row['importance']}-{row['urgency']}",
         "told": f"{row['demands']:,}", "easy": f"{row['easy']:,}", "score": str(row["highest_score"]),
         "part": row["highest_score"] / HIGHEST**3 if row["highest_score"] <= HIGHEST**3 else 1}
        for row in rows
    ]  # fmt: skip
    titles = {one.name: one.title.text(view.language) for one in demand_matrix.rule(view.on).criterion}
    told = [("y", titles["importance"]), ("x", titles["urgency"]), ("told", view.word("chart.demands"))]
    told += [("easy", view.word("chart.easy")), ("score", view.word("chart.score"))]
    return heat_map.drawn(
        view, found, title=view.word("chart.matrix"), across=(titles["urgency"], SCORES),
        up=(titles["importance"], SCORES[::-1]), tooltip=told, pick="cell",
    )  # fmt: skip


def _stages(view: View) -> Any:
    chosen = _chosen(view)
    rows = view.rows(figures.by_stage(chosen, chosen))
    if not rows:
        return view.word("nothing")
    order = ["", *STAGES]
    stages = {row["stage"] for row in rows}
    present = [code for code in order if code in stages] + sorted(stages - set(order))
    found = [
        {"name": row["priority"] if row["priority"] != NOT_ASSESSED else view.word("not_assessed"),
         "stage": _stage(view, row["stage"]), "place": present.index(row["stage"]), "demands": row["demands"],
         "told": f"{row['demands']:,}"}
        for row in rows
    ]  # fmt: skip
    names = [_stage(view, code) for code in present]
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.stages"), width=360, height=HEIGHT)
        .mark_bar(size=THICK)
        .encode(
            y=alt.Y("name:N", title=None),
            x=alt.X("demands:Q", title=view.word("chart.demands"), axis=WHOLE),
            color=alt.Color(
                "stage:N", title=None, sort=names, legend=alt.Legend(orient="bottom", columns=4),
                scale=explorer_charts.categories(names, (REST, *COLOURS)),
            ),
            order=alt.Order("place:Q"),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.priority")), ("stage", view.word("column.stage")),
                ("told", view.word("chart.demands")),
            ),
        )
    )  # fmt: skip


def _customer(_view: View, key: Any) -> str:
    return str(key)[:8] if key else "—"


def _day(_view: View, moment: Any) -> str:
    return str(moment.date())


def _kind(view: View, code: str) -> str:
    return view.word(f"kind.{code}") if code in KINDS else code


SCREEN = Screen(
    area="demands",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("kind", "column.kind", lambda view: [(_kind(view, one), one) for one in KINDS]),
        Filter("stage", "column.stage", lambda view: [(_stage(view, one), one) for one in STAGES]),
        Filter("priority", "column.priority", _priorities),
    ],
    panels=[Panel(_matrix, pick="cell"), Panel(_stages)],
    listings=[
        Listing(
            "list",
            _chosen,
            [
                Column(NUMBER, "column.number"),
                Column("score", "column.score", number=True),
                Column("priority", "column.priority", _priority),
                *(Column(name, f"column.{name}", number=True) for name in CRITERIA),
                Column("stage", "column.stage", _stage),
                Column("days_in_stage", "column.days_in_stage", number=True),
                Column("days_in_all", "column.days_in_all", number=True),
                Column("kind", "column.kind", _kind),
                Column("customer_key", "column.customer", _customer),
                Column("recorded_at", "column.recorded", _day),
            ],
            order="score",
            last=NUMBER,
            about_customers=False,
        )
    ],
)

explore, show = explorer.doors(SCREEN)
