"""The analyst's screen of clusters: groups that are found in the data, how far to trust them, what sets each apart, and
whether one can be kept as a segment (R105, R167).
"""

from dataclasses import replace
from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.actions import segment_customers
from custinfo.classification import clusters
from custinfo.domain import money
from custinfo.lake.extracts import KEY
from custinfo.screens import clusters_kept, explorer, explorer_charts, heat_map, segments
from custinfo.screens.clusters_found import (
    CATEGORIES,
    NUMBERS,
    PARTS,
    Tables,
    asked,
    features,
    group_name,
    outcome,
    picked,
    profile,
    tables,
    told_number,
)
from custinfo.screens.clusters_work import JUDGED, Worker
from custinfo.screens.explorer_charts import ACCENT, REST
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View

BEGINS = "4"
"""Groups that are looked for at first."""
HEIGHT = 230
STRONG = 2
"""Standard deviations from the mean of all at which a cell is drawn at its strongest."""


def _prepare(view: View) -> Prepared:
    found, rule = segment_customers.everybody(view.opened, view.on), clusters.rule(view.on)
    return Prepared(Tables(found, Worker(rule)), {**found.rules, clusters.FILE: rule.version})


def _summary(view: View) -> str:
    found, wanted, rule = outcome(view), asked(view), tables(view).worker.rule
    names = [view.word(f"feature.{name}") for name in features(wanted)]
    of = view.told(tables(view).buyers)
    words = [view.word("made", method=view.word(f"method.{wanted.method}"), features=view.word("joined").join(names))]
    words.append(view.word("drawn", most=f"{_fitted(wanted.method, rule):,}", of=of, seed=rule.seed))
    if found.refused is not None:
        return " ".join([*words, found.refused.text(view.language)])
    if found.model is None:
        return " ".join([*words, view.word("working")])
    if found.stability is not None:
        told = view.word(f"verdict_all.{found.stability.verdict}", rand=f"{found.stability.rand:.2f}")
        return " ".join([*words, told])
    if found.judging_refused is not None:
        return " ".join([*words, found.judging_refused.text(view.language)])
    return " ".join([*words, view.word("judging", judged=f"{JUDGED:,}")])


def _fitted(method: str, rule: clusters.ClusterRule) -> int:
    return rule.sample if method == "kmeans" else rule.slow_sample


def _waiting(view: View) -> str:
    """The sentence while there is no model."""
    refused = outcome(view).refused
    return view.word("working") if refused is None else refused.text(view.language)


def _sizes(view: View) -> Any:
    rows = profile(view)
    if rows is None:
        return _waiting(view)
    found = view.counted([{"code": str(row["cluster"]), "customers": row["customers"]} for row in rows])
    for row in found:
        row["name"] = group_name(view, int(row["code"]))
    select = explorer_charts.points(view, "group")
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.sizes"), width=260, height=HEIGHT)
        .mark_bar(color=ACCENT, cursor="pointer")
        .encode(
            y=alt.Y("name:N", sort=None, title=None),
            x=alt.X("shown:Q", title=view.word("chart.customers"), axis=alt.Axis(tickCount=5)),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.group")), ("told", view.word("chart.customers"))
            ),
        )
        .add_params(select)
    )


def _apart(view: View) -> Any:
    rows = profile(view)
    if rows is None:
        return _waiting(view)
    shown = [row for row in rows if not view.is_few(row["customers"])]
    if not shown:
        return view.word("all_small", k=view.smallest_group)
    names = {name: view.word(f"short.{name}") for name in NUMBERS}
    found = [
        {"x": names[name], "y": group_name(view, row["cluster"]), "told": f"{row['apart'][name]:+z.1f}",
         "part": min(abs(row["apart"][name]) / STRONG, 1.0), "mean": told_number(name, row[name])}
        for row in shown for name in NUMBERS if row["apart"][name] is not None
    ]  # fmt: skip
    groups = [group_name(view, row["cluster"]) for row in shown]
    told = [("y", view.word("column.group")), ("x", view.word("column.feature")), ("mean", view.word("column.mean"))]
    return heat_map.drawn(
        view, found, title=view.word("chart.apart"), across=(view.word("chart.deviations"), list(names.values())),
        up=(view.word("column.group"), groups), tooltip=told, width=360, height=HEIGHT,
    )  # fmt: skip


def _figures(view: View) -> Any:
    found = outcome(view)
    if found.choice is None:
        refused = found.refused or found.judging_refused
        return refused.text(view.language) if refused else view.word("judging", judged=f"{JUDGED:,}")
    kind = "silhouette" if asked(view).method != "latent" else "bic"
    rows = [
        {"count": one.count, "figure": getattr(one, kind), "told": f"{getattr(one, kind):,.3f}",
         "mark": view.word("chart.best" if one.count == found.choice.best else "chart.other")}
        for one in found.choice.figures
    ]  # fmt: skip
    base = alt.Chart(explorer_charts.data(rows), title=view.word(f"chart.{kind}"), width=260, height=HEIGHT).encode(
        x=alt.X("count:O", title=view.word("chart.count"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("figure:Q", title=view.word(f"chart.{kind}_axis"), scale=alt.Scale(zero=kind == "silhouette")),
        tooltip=explorer_charts.tooltip(
            ("count", view.word("chart.count")), ("told", view.word(f"chart.{kind}_axis"))
        ),
    )  # fmt: skip
    marks = [view.word("chart.best"), view.word("chart.other")]
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        color=alt.Color(
            "mark:N", title=None, scale=explorer_charts.categories(marks, ("#c07a12", ACCENT)),
            legend=alt.Legend(orient="bottom"),
        )
    )  # fmt: skip
    return alt.layer(base.mark_line(color=REST), points)


def _groups(view: View) -> ir.Table | str:
    rows = profile(view)
    if rows is None:
        return _waiting(view)
    stability, schema = outcome(view).stability, dict.fromkeys(PARTS, "int64")
    schema |= {"jaccard": "float64", "codes": "string"}
    listed = [
        [
            *(None if view.is_few(row["customers"]) and name not in ("cluster", "customers") else row[name]
              for name in PARTS),
            None if stability is None else stability.jaccard[row["cluster"] - 1], row["codes"],
        ]
        for row in rows
    ]  # fmt: skip
    return ibis.memtable(listed, schema=schema)


def _jaccard(view: View, jaccard: float | None) -> str:
    stability = outcome(view).stability
    if jaccard is None or stability is None:
        return "—"
    verdict = stability.verdicts[stability.jaccard.index(jaccard)]
    return view.word(f"verdict.{verdict}", jaccard=f"{jaccard:.2f}")


def _list(view: View) -> ir.Table | str:
    model = outcome(view).model
    if model is None:
        return _waiting(view)
    rows = tables(view).placed(asked(view), model)
    rows = rows.filter(rows.cluster.notnull())
    groups = picked(view)
    return rows.filter(rows.cluster.isin(groups)) if groups else rows


def _told(name: str) -> Column:
    return Column(name, f"feature.{name}", lambda _, value: told_number(name, value), number=True)


def _code(name: str) -> Column:
    def shown(view: View, code: str) -> str:
        return segments.label(replace(view, area="segments"), name, code)

    return Column(name, f"feature.{name}", shown)


SCREEN = Screen(
    area="found_groups",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("method", "filter.method", lambda v: [(v.word(f"method.{n}"), n) for n in clusters.METHODS], many=False),
        Filter(
            "count", "filter.count",
            lambda view: [(str(n), str(n)) for n in range(2, tables(view).worker.rule.most_clusters + 1)],
            many=False, begins=BEGINS,
        ),
        Filter("numbers", "filter.numbers", lambda view: [(view.word(f"feature.{name}"), name) for name in NUMBERS]),
        Filter("categories", "filter.categories", lambda view: [(view.word(f"feature.{n}"), n) for n in CATEGORIES]),
    ],
    panels=[Panel(_sizes, pick="group"), Panel(_apart), Panel(_figures)],
    listings=[
        Listing(
            "groups", _groups,
            [
                Column("cluster", "column.group", group_name),
                Column("customers", "chart.customers", lambda view, n: view.told(n), number=True),
                Column("net_fen", "column.net", lambda _, fen: "—" if fen is None else money.show(fen), number=True),
                *(_told(name) for name in NUMBERS),
                Column("jaccard", "column.stability", _jaccard),
                Column("codes", "column.codes", sort=False),
            ],
            order="customers", last="cluster", about_customers=False,
        ),
        Listing(
            "conditions", clusters_kept.conditions_said, [Column("cluster", "column.group")],
            order="cluster", last="cluster", about_customers=False,
        ),
        Listing(
            "list", _list,
            [
                Column(KEY, "column.customer", lambda _, key: str(key)[:8]),
                Column("cluster", "column.group", group_name),
                *(_told(name) for name in NUMBERS),
                *(_code(name) for name in ("ownership", "province", "section", "lifecycle")),
            ],
            order="monetary_fen", last=KEY,
        ),
    ],
    beside=lambda running: clusters_kept.Keeping(running).widgets,
)  # fmt: skip

explore, show = explorer.doors(SCREEN)
