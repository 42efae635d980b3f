"""The analyst's screen of customer value: RFM segments and their strategy, who still buys, what profit comes from whom.

BG/NBD says who still buys and how often, Gamma-Gamma for how much; both are held against what was bought since (R106,
R165, R167, R171).
"""

from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.actions import value_models
from custinfo.classification import profit, rfm, value_grade
from custinfo.classification.lifetime import Calibration
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.lake.extracts import KEY
from custinfo.screens import explorer, explorer_charts, heat_map
from custinfo.screens.explorer_charts import ACCENT, REST
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View
from custinfo.screens.value_dimensions import OF_LINES, dimensions, grouped, label, segment_name
from custinfo.screens.value_dimensions import chosen as dimension
from custinfo.statistics import value as figures

SCORES = ("1", "2", "3", "4", "5")
GROUPS = 15
"""Groups that are drawn, those that add the most."""
HEIGHT = 230


class Tables(dict[str, ir.Table]):
    """The tables of the screen, and the models that they were made with."""

    def __init__(self, models: value_models.Models, found: dict[str, ir.Table]) -> None:
        super().__init__(found)
        self.models = models


def _prepare(view: View) -> Prepared:
    models = value_models.made(view.opened, view.on)
    months = rfm.rule(view.on).months
    first = value_grade.window_start(view.on, months)
    sold = view.opened.sales
    window = sold.filter(sold.kind.isin(("sale", "return")), sold.occurred_on.between(first, view.on))
    tables = Tables(models, {"scored": models.scored, "window": window})
    return Prepared(tables, {rfm.FILE: rfm.rule(view.on).version})


def _models(view: View) -> value_models.Models:
    tables = view.tables
    assert isinstance(tables, Tables)
    return tables.models


def _chosen(view: View) -> ir.Table:
    """The customers of the segments that are chosen or picked."""
    scored = view.tables["scored"]
    if segments := view.codes("segment"):
        scored = scored.filter(scored.segment.isin(segments))
    cells = [one.partition("-") for one in view.codes("cell")]
    if cells:
        scored = scored.filter(ibis.or_(*((scored.r == int(r)) & (scored.f == int(f)) for r, _, f in cells)))
    return scored


def _strategy(view: View, code: str) -> str:
    return {one.code: one.strategy(view.language) for one in rfm.rule(view.on).segments}.get(code, "—")


def _summary(view: View) -> str:
    chosen = _chosen(view)
    sums = chosen.aggregate(
        customers=chosen.count(),
        net_fen=chosen.monetary_fen.sum().fill_null(0).cast("int64"),
        value_fen=chosen.value_fen.sum().cast("int64"),
    )
    row = view.rows(sums)[0]
    if view.is_few(row["customers"]):
        return view.word("few", k=view.smallest_group)
    facts = {"customers": view.told(row["customers"]), "net": money.show(row["net_fen"])}
    if row["value_fen"] is None:
        models = _models(view)
        why = [one.text(view.language) for one in (models.buying, models.spending) if isinstance(one, BadInput)]
        return " ".join([view.word("summary", **facts), *dict.fromkeys(why)])
    return view.word("summary_value", value=money.show(row["value_fen"]), months=value_models.MONTHS, **facts)


def _grid(view: View) -> Any:
    rows = view.rows(figures.grid(_chosen(view)))
    if not rows:
        return view.word("nothing")
    most = max(row["customers"] for row in rows)
    found = view.counted(rows)
    for row, cell in zip(found, rows, strict=True):
        net = view.word("hidden") if row["few"] else money.show(row["monetary_fen"])
        row |= {"x": str(cell["r"]), "y": str(cell["f"]), "code": f"{cell['r']}-{cell['f']}", "net": net}
        row |= {"part": 0 if row["few"] else cell["customers"] / most}
        del row["monetary_fen"]
    return heat_map.drawn(
        view, found, title=view.word("chart.grid"), across=(view.word("chart.recency"), SCORES),
        up=(view.word("chart.frequency"), SCORES[::-1]), pick="cell", width=300,
        tooltip=[("x", view.word("chart.recency")), ("y", view.word("chart.frequency")),
                 ("told", view.word("chart.customers")), ("net", view.word("column.net"))],
    )  # fmt: skip


def _alive(view: View) -> Any:
    buying = _models(view).buying
    if isinstance(buying, BadInput):
        return buying.text(view.language)
    chosen = _chosen(view)
    rows = view.rows(figures.alive_by_expected(chosen.filter(chosen.alive.notnull())))
    if not rows:
        return view.word("nothing")
    most = max(row["customers"] for row in rows)
    classes = [_class(view, place) for place in range(len(figures.EXPECTED) + 1)]
    tenths = [f"{10 * tenth}–{10 * tenth + 10} %" for tenth in range(figures.TENTHS)]
    found = view.counted(rows)
    for row, cell in zip(found, rows, strict=True):
        row |= {"x": classes[cell["expected_class"]], "y": tenths[cell["alive_tenth"]]}
        row |= {"part": 0 if row["few"] else cell["customers"] / most}
    days = view.word("chart.expected", days=value_models.DAYS)
    return heat_map.drawn(
        view, found, title=view.word("chart.alive"), across=(days, classes),
        up=(view.word("column.alive"), tenths[::-1]), width=320,
        tooltip=[("y", view.word("column.alive")), ("x", days), ("told", view.word("chart.customers"))],
    )  # fmt: skip


def _class(view: View, place: int) -> str:
    bounds = (0, *figures.EXPECTED)
    if place == len(figures.EXPECTED):
        return view.word("class.last", low=f"{bounds[place]:g}")
    return view.word("class.within", low=f"{bounds[place]:g}", high=f"{bounds[place + 1]:g}")


def _calibration(view: View) -> Any:
    judged = _models(view).calibration
    if isinstance(judged, BadInput):
        return judged.text(view.language)
    series = {"actual": view.word("chart.actual"), "foretold": view.word("chart.foretold")}
    found = [
        {"name": str(one.repeats), "series": series[name], "each": each, "told": f"{each:.2f}",
         "customers": view.told(one.customers)}
        for one in judged.groups if not view.is_few(one.customers)
        for name, each in (("actual", one.actual / one.customers), ("foretold", one.expected / one.customers))
    ]  # fmt: skip
    if not found:
        return view.word("nothing")
    title = view.word("chart.calibration", days=judged.days, error=f"{judged.error:.2f}")
    return (
        alt.Chart(explorer_charts.data(found), title=title, width=320, height=HEIGHT)
        .mark_line(point=True)
        .encode(
            x=alt.X("name:O", title=view.word("chart.repeats"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("each:Q", title=view.word("chart.each")),
            color=alt.Color(
                "series:N", title=None, legend=alt.Legend(orient="bottom"),
                scale=explorer_charts.categories(list(series.values())),
            ),
            strokeDash=alt.StrokeDash("series:N", legend=None, sort=list(series.values())),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("chart.repeats")), ("series", view.word("chart.purchases")),
                ("told", view.word("chart.each")), ("customers", view.word("chart.customers")),
            ),
        )
    )  # fmt: skip


def _contributions(view: View) -> ir.Table:
    """What each group of the chosen dimension adds, of the customers that are chosen."""
    if dimension(view) in OF_LINES:
        lines = view.tables["window"]
        if view.codes("segment") or view.codes("cell"):
            lines = lines.semi_join(_chosen(view), KEY)
        first = value_grade.window_start(view.on, rfm.rule(view.on).months)
        found = profit.contribution(grouped(view, lines), "group", first, view.on)
    else:
        dealt = _chosen(view).filter(lambda one: one.turnover_fen.notnull())
        found = profit.together(grouped(view, dealt), "group")
    return found.mutate(net_fen=found.turnover_fen + found.uncosted_fen)


def _groups(view: View) -> Any:
    found = _contributions(view)
    rows = view.rows(found.order_by(ibis.desc("profit_fen"), ibis.desc("net_fen"), "code").limit(GROUPS))
    if not rows:
        return view.word("nothing")
    costed = any(row["cost_fen"] for row in rows)
    shown = "profit_fen" if costed else "net_fen"
    drawn = [
        {"name": label(view, row["code"]), "yuan": row[shown] / 100, "profit": money.show(row["profit_fen"]),
         "net": money.show(row["net_fen"]), "uncosted": money.show(row["uncosted_fen"])}
        for row in rows
    ]  # fmt: skip
    title = view.word("chart.profit" if costed else "chart.net")
    return (
        alt.Chart(explorer_charts.data(drawn), title=title, width=300, height=HEIGHT)
        .mark_bar(color=ACCENT)
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=160)),
            x=alt.X("yuan:Q", title=view.word("chart.yuan"), axis=alt.Axis(format="~s", tickCount=5)),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.group")), ("profit", view.word("column.profit")),
                ("net", view.word("column.net")), ("uncosted", view.word("column.uncosted")),
            ),
        )
    )  # fmt: skip


def _pareto(view: View) -> Any:
    chosen = _chosen(view)
    if view.is_few(view.rows(chosen.aggregate(customers=chosen.count()))[0]["customers"]):
        return view.word("few", k=view.smallest_group)
    rows = view.rows(figures.concentration(chosen.select(KEY, fen=chosen.monetary_fen)))
    if not rows or rows[-1]["total_fen"] <= 0:
        return view.word("nothing")
    found = [
        {"customers": row["rank"] / row["customers"], "part": row["sum_fen"] / row["total_fen"],
         "told": f"{row['rank'] / row['customers']:.0%}", "share": f"{row['sum_fen'] / row['total_fen']:.1%}"}
        for row in rows if row["rank"] >= view.smallest_group
    ]  # fmt: skip
    base = alt.Chart(explorer_charts.data(found), title=view.word("chart.pareto"), width=300, height=HEIGHT)
    axis = alt.Axis(format="%")
    return base.mark_area(color=REST, opacity=0.35, line={"color": ACCENT}).encode(
        x=alt.X("customers:Q", title=view.word("chart.of_customers"), axis=axis),
        y=alt.Y("part:Q", title=view.word("chart.of_net"), axis=axis),
        tooltip=explorer_charts.tooltip(
            ("told", view.word("chart.of_customers")), ("share", view.word("chart.of_net"))
        ),
    )


def _segments(view: View) -> ir.Table:
    found = figures.segments(_chosen(view))
    return found.mutate(strategy=found.segment)


def _parameters(view: View) -> ir.Table:
    models = _models(view)
    rows: list[tuple[str, str, float | None, float | None]] = []
    if not isinstance(models.buying, BadInput):
        names = ("r", "alpha", "a", "b")
        for name, error in zip(names, models.buying.errors, strict=True):
            rows.append(("buying", name, getattr(models.buying, name), error))
        rows.append(("buying", "customers", float(models.buying.customers), None))
    if not isinstance(models.spending, BadInput):
        for name, error in zip(("p", "q", "gamma"), models.spending.errors, strict=True):
            rows.append(("spending", name, getattr(models.spending, name), error))
        rows += [
            ("spending", "mean_fen", models.spending.mean_fen, None),
            ("spending", "correlation", models.spending.correlation, None),
            ("spending", "customers", float(models.spending.customers), None),
        ]
    if isinstance(models.calibration, Calibration):
        rows.append(("calibration", "error", models.calibration.error, None))
    # Read from the first on, though lists begin with the highest
    numbered = [(*row, -place, f"{row[0]} {row[1]}") for place, row in enumerate(rows, start=1)]
    schema = {
        "model": "string",
        "name": "string",
        "found": "float64",
        "error": "float64",
        "place": "int64",
        "id": "string",
    }
    return ibis.memtable(numbered, schema=schema)


def _list(view: View) -> ir.Table:
    return _chosen(view)


def _fen(_view: View, fen: Any) -> str:
    return "—" if fen is None else money.show(fen)


def _number(_view: View, number: Any) -> str:
    return "—" if number is None else f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"


def _percent(_view: View, part: Any) -> str:
    return "—" if part is None else f"{part:.0%}"


SCREEN = Screen(
    area="value",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter(
            "segment",
            "column.segment",
            lambda view: [(one.name(view.language), one.code) for one in rfm.rule(view.on).segments]
            + [(segment_name(view, rfm.NO_SALES), rfm.NO_SALES)],
        ),
        Filter("by", "filter.by", lambda view: [(view.word(f"by.{n}"), n) for n in dimensions(view)], many=False),
    ],
    panels=[
        Panel(_grid, pick="cell"), Panel(_alive), Panel(_calibration), Panel(_groups), Panel(_pareto),
    ],
    listings=[
        Listing(
            "segments",
            _segments,
            [
                Column("segment", "column.segment", segment_name),
                Column("customers", "chart.customers", lambda view, n: view.told(n), number=True),
                Column("strategy", "column.strategy", _strategy),
            ],
            order="customers",
            last="segment",
            about_customers=False,
        ),
        Listing(
            "list",
            _list,
            [
                Column(KEY, "column.customer", lambda _, key: str(key)[:8]),
                Column("segment", "column.segment", segment_name),
                Column("recency_days", "column.recency", number=True),
                Column("frequency", "column.frequency", number=True),
                Column("monetary_fen", "column.net", _fen, number=True),
                Column("alive", "column.alive", _percent, number=True),
                Column("expected", "column.expected", _number, number=True),
                Column("value_fen", "column.value", _fen, number=True),
            ],
            order="value_fen",
            last=KEY,
        ),
        Listing(
            "parameters",
            _parameters,
            [
                Column("place", "column.place", lambda _, place: str(-place)),
                Column("model", "column.model", lambda view, name: view.word(f"model.{name}")),
                Column("name", "column.parameter", lambda view, name: view.word(f"parameter.{name}")),
                Column("found", "column.found", _number, number=True),
                Column("error", "column.error", _number, number=True),
            ],
            order="place",
            last="id",
            about_customers=False,
        ),
    ],
)  # fmt: skip

explore, show = explorer.doors(SCREEN)
