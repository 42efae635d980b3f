"""The analyst's screen of matching (R177): how many pairs of customers may be one, by how sure they are and by what
speaks for them, what became of them, and how long they wait.

Nobody is named: pairs are looked at and decided on the clerks' page *Possible duplicates*.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.domain.messages import text
from custinfo.screens import explorer, explorer_charts
from custinfo.screens.explorer_charts import ACCENT, COLOURS, REST
from custinfo.screens.explorer_view import Filter, Panel, Prepared, Rows, Screen, View
from custinfo.statistics import matches as figures

SOURCES = ("page", "import", "batch", "by_hand")
STATES: Mapping[str, str] = {
    "merged_by_rule": "#6f8f3a", "merged": ACCENT, "different": "#c07a12", "undone": "#b9587e", "waiting": "#6f7fd0",
    "later": "#9a6fb0", "elsewhere": REST,
}  # fmt: skip
"""What became of a pair, in the order in which it is drawn, and its colour."""
OUTCOMES: Mapping[str, str] = {"same": ACCENT, "different": "#c07a12", "open": REST}
HEIGHT = 230
TOLD = "pairs"
WHOLE = alt.Axis(labelExpr="datum.value % 1 ? '' : datum.label")
"""Numbers of pairs: between two whole ones there is none."""


def _prepare(view: View) -> Prepared:
    return Prepared({"pairs": figures.pairs(view.opened.table("matches"), view.opened.customers).cache()})


def _chosen(view: View) -> ir.Table:
    """The pairs that filters and picks have chosen."""
    found = view.tables["pairs"]
    for name, column in (("class", "class"), ("class_bar", "class"), ("state", "state"), ("source", "source")):
        if codes := view.codes(name):
            found = found.filter(found[column].fill_null("").isin(codes))
    if codes := view.codes("evidence"):
        said = found.evidence.split(" ")
        found = found.filter(ibis.or_(*(said.contains("" if one == "none" else one) for one in codes)))
    return found


def _summary(view: View) -> str:
    if not view.rows(figures.totals(view.tables["pairs"]))[0]["pairs"]:
        return view.word("none_yet")
    row = view.rows(figures.totals(_chosen(view)))[0]
    if view.is_few(row["pairs"]):
        return view.word("few", k=view.smallest_group)
    told = {name: view.told(row[f"of_{name}"]) for name in ("merged", "merged_by_rule", "different")}
    waiting = view.told(sum(row[f"of_{name}"] for name in figures.WAITING))
    said = view.word("summary", pairs=view.told(row["pairs"]), waiting=waiting, **told)
    return said + _quality(view, row)


def _quality(view: View, row: Mapping[str, int]) -> str:
    """How often people said `same`, and how often merges were taken back, where enough were decided to tell."""
    same, decided = row["of_merged"], row["of_merged"] + row["of_different"]
    parts = []
    if not view.is_few(same) and not view.is_few(decided - same):
        parts.append(view.word("of_people", decided=f"{decided:,}", share=f"{same / decided:.1%}"))
    if not view.is_few(row["by_rule"]):
        parts.append(view.word("of_rule", merged=f"{row['by_rule']:,}", undone=view.told(row["rule_undone"])))
    return "".join(parts)


def _too_few(view: View, rows: Rows, key: str = "few") -> str:
    """The sentence in place of a chart whose rows count too few pairs together, none included; else blank."""
    return view.word(key, k=view.smallest_group) if view.is_few(sum(row[TOLD] for row in rows)) else ""


def _bars(
    view: View, rows: Rows, *, names: Sequence[str], parts: Sequence[tuple[str, str]], title: str, pick: str
) -> Any:  # fmt: skip
    """Bars of equal length, each cut into its parts: `rows` have `code`, `name`, `part` and a number of pairs.

    `parts` are the labels with their colours, in order.
    """
    if too_few := _too_few(view, rows):
        return too_few
    select = explorer_charts.points(view, pick)
    labels = [label for label, _ in parts]
    present = [one for one in parts if one[0] in {row["part"] for row in rows}]
    placed = [row | {"place": labels.index(row["part"])} for row in rows]
    return (
        alt.Chart(explorer_charts.data(view.counted(placed, TOLD)), title=view.word(title), width=360, height=HEIGHT)
        .mark_bar(cursor="pointer")
        .encode(
            y=alt.Y("name:N", sort=list(names), title=None, axis=alt.Axis(labelLimit=180)),
            x=alt.X("shown:Q", stack="normalize", title=view.word("chart.share"), axis=alt.Axis(format="%")),
            color=alt.Color(
                "part:N", title=None, sort=[label for label, _ in present],
                legend=alt.Legend(orient="bottom", columns=3, labelLimit=200),
                scale=explorer_charts.categories([one for one, _ in present], [one for _, one in present]),
            ),
            order=alt.Order("place:Q"),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.group")), ("part", view.word("column.state")),
                ("told", view.word("chart.pairs")),
            ),
        )
        .add_params(select)
    )  # fmt: skip


def _by_class(view: View) -> Any:
    rows = [
        {"code": row["class"], "name": view.word(f"class.{row['class']}"),
         "part": view.word(f"state.{row['state']}"), TOLD: row[TOLD]}
        for row in view.rows(figures.by_class(_chosen(view)))
    ]  # fmt: skip
    parts = [(view.word(f"state.{state}"), colour) for state, colour in STATES.items()]
    names = [view.word(f"class.{one}") for one in figures.CLASSES]
    return _bars(view, rows, names=names, parts=parts, title="chart.classes", pick="class_bar")


def _comparison(view: View, code: str) -> str:
    """The name of a comparison, as on the page where pairs are decided."""
    return text(f"duplicates.comparison.{code}", view.language) if code else view.word("no_evidence")


def _by_evidence(view: View) -> Any:
    chosen = _chosen(view)
    # A pair counts for each comparison that speaks for it: their sum says nothing of how many pairs there are
    if too_few := _too_few(view, view.rows(figures.totals(chosen))):
        return too_few
    found = view.rows(figures.by_evidence(chosen))
    rows = [
        {"code": row["comparison"] or "none", "name": _comparison(view, row["comparison"]),
         "part": view.word(f"outcome.{row['outcome']}"), TOLD: row[TOLD]}
        for row in found
    ]  # fmt: skip
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["name"]] = counted.get(row["name"], 0) + row[TOLD]
    parts = [(view.word(f"outcome.{one}"), colour) for one, colour in OUTCOMES.items()]
    names = sorted(counted, key=lambda name: (-counted[name], name))
    return _bars(view, rows, names=names, parts=parts, title="chart.evidence", pick="evidence")


def _over_time(view: View) -> Any:
    found = view.rows(figures.by_month(_chosen(view)))
    if too_few := _too_few(view, found):
        return too_few
    present = {row["class"] for row in found}
    colours = {view.word(f"class.{one}"): COLOURS[n] for n, one in enumerate(figures.CLASSES) if one in present}
    rows = [
        {"month": str(row["month"])[:7], "name": view.word(f"class.{row['class']}"),
         "place": figures.CLASSES.index(row["class"]), TOLD: row[TOLD]}
        for row in found
    ]  # fmt: skip
    return (
        alt.Chart(
            explorer_charts.data(view.counted(rows, TOLD)), title=view.word("chart.time"), width=360, height=HEIGHT
        )
        .mark_bar()
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("shown:Q", title=view.word("chart.pairs"), axis=WHOLE),
            color=alt.Color(
                "name:N", title=None, sort=list(colours),
                scale=explorer_charts.categories(list(colours), list(colours.values())),
                legend=alt.Legend(orient="bottom", columns=2, labelLimit=200),
            ),
            order=alt.Order("place:Q"),
            opacity=explorer_charts.opacity(),
            tooltip=explorer_charts.tooltip(
                ("month", view.word("column.month")), ("name", view.word("filter.class")),
                ("told", view.word("chart.pairs")),
            ),
        )
    )  # fmt: skip


def _waiting(view: View) -> Any:
    rows = view.rows(figures.waiting(_chosen(view), view.on))
    if too_few := _too_few(view, rows, "few_waiting"):
        return too_few
    names = [_age(view, place) for place in range(len(figures.AGES) + 1)]
    found = [{"name": names[row["age_class"]], TOLD: row[TOLD]} for row in rows]
    return (
        alt.Chart(
            explorer_charts.data(view.counted(found, TOLD)), title=view.word("chart.waiting"), width=280, height=HEIGHT
        )
        .mark_bar(color=STATES["waiting"])
        .encode(
            x=alt.X("name:N", sort=names, scale=alt.Scale(domain=names), title=None, axis=alt.Axis(labelAngle=-30)),
            y=alt.Y("shown:Q", title=view.word("chart.pairs"), axis=WHOLE),
            opacity=explorer_charts.opacity(),
            tooltip=explorer_charts.tooltip(("name", view.word("chart.age")), ("told", view.word("chart.pairs"))),
        )
    )


def _age(view: View, place: int) -> str:
    bounds = (0, *figures.AGES)
    if place == len(figures.AGES):
        return view.word("age.last", days=bounds[place])
    return view.word("age.within", days=bounds[place], until=bounds[place + 1])


SCREEN = Screen(
    area="matches",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("class", "filter.class", lambda view: [(view.word(f"class.{one}"), one) for one in figures.CLASSES]),
        Filter("state", "filter.state", lambda view: [(view.word(f"state.{one}"), one) for one in STATES]),
        Filter("source", "filter.source", lambda view: [(view.word(f"source.{one}"), one) for one in SOURCES]),
    ],
    panels=[
        Panel(_by_class, pick="class_bar"),
        Panel(_by_evidence, pick="evidence"),
        Panel(_over_time),
        Panel(_waiting),
    ],
)

explore, show = explorer.doors(SCREEN)
