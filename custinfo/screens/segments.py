"""The analyst's screen of segments: pick customers by what is known of them, see how their sales spread, read the list,
keep what was picked as a definition.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Any

import altair as alt
import ibis.expr.types as ir

from custinfo.actions import segment_customers
from custinfo.classification import rfm, satisfaction
from custinfo.domain import codelists, money
from custinfo.domain.segments import AMOUNT
from custinfo.screens import explorer, explorer_charts, segments_kept
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Rows, Screen, View
from custinfo.statistics import segments

PLACES = 12
MOST_OPTIONS = 200
LISTS = {"ownership": "ownership", "province": "region", "section": "industry", "kind": "kind_of_customer"}
GRADES = ("A", "B", "C", "N")
IN_ORDER = {"grade": GRADES, "lifecycle": ("active", "lapsed", "prospect"), "satisfaction": satisfaction.SCALE}


def _prepare(view: View) -> Prepared:
    made = segment_customers.everybody(view.opened, view.on)
    return Prepared({"customers": made.table}, made.rules)


@lru_cache(maxsize=8)
def _groups_on(day: date) -> Mapping[str, rfm.Segment]:
    """The groups of the rule in force on a day: read once, and not for every row."""
    return {one.code: one for one in rfm.rule(day).segments}


def label(view: View, dimension: str, code: str) -> str:
    """The name of a class, in the view's language; a code that no list has stands for itself."""
    if code == segments.NOT_STATED:
        return view.word("not_stated")
    if dimension in IN_ORDER:
        return view.word(f"{dimension}.{code}") if code in IN_ORDER[dimension] else code
    if dimension == "rfm":
        return _groups_on(view.on)[code].name(view.language) if code in _groups_on(view.on) else view.word("rfm_none")
    if dimension in LISTS:
        codes = codelists.load(LISTS[dimension])
        return codes.label(code, view.language) if code in codes else code
    return code


def _options(dimension: str, view: View) -> Sequence[tuple[str, str]]:
    counted = segments.by(view.tables["customers"], dimension).limit(MOST_OPTIONS)
    codes = [row["code"] for row in view.rows(counted)]
    # What was opened may name a code that no customer has today: left out, the condition would be lost without a word
    codes += [code for code in view.codes(dimension) if code not in codes]
    order = IN_ORDER.get(dimension, ())
    if order or dimension in ("section", "age"):
        places = {code: place for place, code in enumerate(order)}
        codes.sort(key=lambda code: (code == segments.NOT_STATED, places.get(code, 0), code))
    return [(label(view, dimension, code), code) for code in codes]


def chosen(view: View) -> ir.Table:
    """What filters and charts have picked."""
    table = view.tables["customers"]
    names = (*segments.DIMENSIONS, *(name for name in segments.MORE if name in table.columns))
    table = segments.picked(table, {name: view.codes(name) for name in names})
    table = segments.picked(table, {"province": view.codes("places")})
    table = segments.picked(table, {"rfm": view.codes("groups")})
    exact, drawn = view.range(AMOUNT), view.range("amounts")
    if exact is not None:
        table = table.filter(table.net_fen >= int(exact[0]), table.net_fen < int(exact[1]))
    return table if drawn is None else segments.between(table, *drawn)


def _summary(view: View) -> str:
    table = chosen(view)
    sums = view.rows(table.aggregate(customers=table.count(), net_fen=table.net_fen.sum().coalesce(0).cast("int64")))[0]
    if view.is_few(sums["customers"]):
        return view.word("few", customers=view.told(sums["customers"]))
    words = view.word("summary", customers=view.told(sums["customers"]), net=money.show(sums["net_fen"]))
    exact = segments_kept.amount(view, view.choices.get(AMOUNT, ()))
    return f"{words} {view.word('exact', amount=exact)}" if exact else words


def _spread(view: View) -> Any:
    """Customers by class of net sales and grade."""
    step = 1 / segments.STEPS
    counted = view.rows(segments.spread(chosen(view)))
    if words := view.too_few(counted):
        return words
    values = [
        row | {"end": row["magnitude"] + step, "name": label(view, "grade", row["grade"])}
        for row in view.counted(counted)
    ]
    names = [label(view, "grade", grade) for grade in GRADES[:3]]
    lowest, highest = min(row["magnitude"] for row in values), max(row["end"] for row in values)
    ticks = list(range(math.floor(lowest), math.ceil(highest) + 1))
    yuan = alt.Axis(labelExpr="format(pow(10, datum.value), ',.0f')", values=ticks, labelOverlap=True)
    colour = alt.Color(
        "name:N", title=None, sort=names, scale=explorer_charts.categories(names), legend=alt.Legend(orient="top")
    )
    chart = alt.Chart(explorer_charts.data(values), title=view.word("chart.spread"), width=350, height=220)
    return (
        chart.mark_bar()
        .encode(
            x=alt.X("magnitude:Q", bin="binned", title=view.word("chart.yuan"), axis=yuan),
            x2="end",
            y=alt.Y("shown:Q", title=view.word("chart.customers")),
            color=colour,
            opacity=explorer_charts.opacity(),
            tooltip=explorer_charts.tooltip(("name", view.word("by.grade")), ("told", view.word("chart.customers"))),
        )
        .add_params(explorer_charts.brush(view, "amounts"))
    )


def _bars(dimension: str, pick: str, view: View) -> Any:
    """The largest classes of a dimension."""
    counted: Rows = view.rows(segments.by(chosen(view), dimension).limit(PLACES))
    if words := view.too_few(counted):
        return words
    values = [row | {"name": label(view, dimension, row["code"])} for row in view.counted(counted)]
    for row in values:
        del row["net_fen"]  # of few customers, it would tell of them
    point = explorer_charts.points(view, pick)
    chart = alt.Chart(explorer_charts.data(values), title=view.word(f"chart.{pick}"), width=170, height=220)
    return (
        chart.mark_bar(color=explorer_charts.ACCENT, cursor="pointer")
        .encode(
            y=alt.Y("name:N", sort=None, title=None),
            x=alt.X("shown:Q", title=view.word("chart.customers")),
            opacity=explorer_charts.opacity(point),
            tooltip=explorer_charts.tooltip(
                ("name", view.word(f"by.{dimension}")), ("told", view.word("chart.customers"))
            ),
        )
        .add_params(point)
    )


def _strategy(view: View, code: str) -> str:
    known = _groups_on(view.on)
    return known[code].strategy(view.language) if code in known else "—"


def _groups(view: View) -> ir.Table:
    """The groups by recency, frequency and money among what is chosen, that have enough customers to be told of."""
    counted = segments.by(chosen(view), "rfm")
    return counted.filter(counted.customers >= view.smallest_group)


def _column(dimension: str) -> Column:
    return Column(dimension, f"by.{dimension}", lambda view, code: label(view, dimension, code))


def _money(_view: View, fen: int) -> str:
    return money.show(fen)


def _key(_view: View, key: str) -> str:
    return key[:8]


SCREEN = Screen(
    area="segments",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter(name, f"by.{name}", partial(_options, name))
        for name in (
            "ownership",
            "province",
            "section",
            "kind",
            "grade",
            "rfm",
            "lifecycle",
            "product",
            "age",
            "satisfaction",
        )
    ],
    panels=[
        Panel(_spread, pick="amounts"),
        Panel(partial(_bars, "province", "places"), pick="places"),
        Panel(partial(_bars, "rfm", "groups"), pick="groups"),
    ],
    listings=[
        Listing(
            "groups",
            _groups,
            [
                Column("code", "by.rfm", lambda view, code: label(view, "rfm", code)),
                Column("customers", "chart.customers", number=True),
                Column("net_fen", "net", _money, number=True),
                Column("code", "strategy", _strategy, sort=False),
            ],
            order="net_fen",
            last="code",
            about_customers=False,
        ),
        Listing(
            "list",
            chosen,
            [
                Column("customer_key", "customer", _key),
                *(_column(name) for name in ("ownership", "province", "section", "grade", "rfm", "product")),
                Column("net_fen", "net", _money, number=True),
            ],
            order="net_fen",
            last="customer_key",
        ),
    ],
    beside=lambda running: segments_kept.Kept(running, label).widgets,
)

explore, show = explorer.doors(SCREEN)
