"""The analyst's screen of data quality (R181): which fields of cards are missing, impossible or misplaced, which cards
are overdue, in which groups, and since when; and the list of cards to mend.
"""

from typing import Any

import altair as alt
import ibis.expr.types as ir

from custinfo.actions import checked_cards
from custinfo.classification import data_quality
from custinfo.classification.data_quality import FAULTS, STATE
from custinfo.domain import codelists
from custinfo.lake.extracts import KEY
from custinfo.screens import explorer, explorer_charts
from custinfo.screens.explorer_charts import ACCENT, REST
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View
from custinfo.statistics import quality as figures

DIMENSIONS = ("customer_type", "province", "section", "kind", "ownership")
LISTS = {"province": "region", "section": "industry", "kind": "kind_of_customer", "ownership": "ownership"}
GROUPS = 15
"""Groups that are drawn, those with the most faults."""
COLOURS = {"missing": "#c07a12", "invalid": "#b9587e", "misplaced": "#6f7fd0", "ok": ACCENT}
HEIGHT, THICK = 240, 13


def _prepare(view: View) -> Prepared:
    found = checked_cards.checked(view.opened, view.on)
    return Prepared(found.tables, {data_quality.FILE: data_quality.rule(view.on).version})


def _fields(view: View) -> tuple[str, ...]:
    columns = view.tables["cards"].columns
    return tuple(name.removeprefix(STATE) for name in columns if name.startswith(STATE))


def _dimensions(view: View) -> list[str]:
    columns = view.tables["cards"].columns
    return [name for name in (*DIMENSIONS, "branch") if name in columns]


def _dimension(view: View) -> str:
    return next(iter(view.codes("by")), DIMENSIONS[0])


def _label(view: View, code: str | None) -> str:
    """The name of a group by the present dimension."""
    dimension = _dimension(view)
    if code is None:
        return view.word("small_groups", k=view.smallest_group)
    if not code:
        return view.word("not_stated")
    if dimension == "customer_type" and code in ("enterprise", "individual"):
        return view.word(f"customer_type.{code}")
    codes = codelists.load(LISTS[dimension]) if dimension in LISTS else None
    return codes.label(code, view.language) if codes is not None and code in codes else code


def _chosen(view: View) -> ir.Table:
    """The cards of the groups that are chosen."""
    cards = view.tables["cards"]
    groups = view.codes("group")
    return cards.filter(cards[_dimension(view)].fill_null("").isin(groups)) if groups else cards


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "—"


def _summary(view: View) -> str:
    row = view.rows(figures.totals(_chosen(view)))[0]
    if view.is_few(row["cards"]):
        return view.word("few", k=view.smallest_group)
    cards = row["cards"]
    return view.word(
        "summary", cards=f"{cards:,}", faulty=view.told(row["faulty"]), faulty_share=_told_share(view, row, "faulty"),
        overdue=view.told(row["overdue"]), overdue_share=_told_share(view, row, "overdue"),
    )  # fmt: skip


def _told_share(view: View, row: dict[str, Any], name: str) -> str:
    return view.word("little") if view.is_few(row[name]) else _share(row[name], row["cards"])


def _by_field(view: View) -> Any:
    rows = view.rows(figures.by_field(_chosen(view), _fields(view)))
    long = [
        {"code": row["field"], "name": view.word(f"field.{row['field']}"), "state": view.word(f"state.{state}"),
         "place": place, "customers": row[state]}
        for row in rows for place, state in enumerate(COLOURS) if row[state]
    ]  # fmt: skip
    if not long:
        return view.word("nothing")
    names = [view.word(f"state.{state}") for state in COLOURS]
    select = explorer_charts.points(view, "field")
    return (
        alt.Chart(explorer_charts.data(view.counted(long)), title=view.word("chart.fields"), width=360, height=HEIGHT)
        .mark_bar(cursor="pointer")
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=180)),
            x=alt.X("shown:Q", stack="normalize", title=view.word("chart.share"), axis=alt.Axis(format="%")),
            color=alt.Color(
                "state:N", title=None, sort=names, legend=alt.Legend(orient="bottom"),
                scale=explorer_charts.categories(names, list(COLOURS.values())),
            ),
            order=alt.Order("place:Q"),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.field")), ("state", view.word("column.state")),
                ("told", view.word("chart.cards")),
            ),
        )
        .add_params(select)
    )  # fmt: skip


def _by_group(view: View) -> Any:
    rows = view.rows(figures.by(_chosen(view), _dimension(view), view.smallest_group).limit(GROUPS))
    found = []
    for row in rows:
        hidden = view.is_few(row["cards"])
        faulty = view.is_few(row["faulty"])
        part = min(row["cards"], view.smallest_group - 1) if faulty else row["faulty"]
        if not hidden:
            found.append({
                "code": row["code"], "name": _label(view, row["code"]), "part": part / row["cards"], "few": faulty,
                "faulty": view.told(row["faulty"]), "cards": view.told(row["cards"]),
                "overdue": view.told(row["overdue"]),
            })  # fmt: skip
    if not found:
        return view.word("nothing")
    told = [(name, view.word(f"chart.{name}")) for name in ("cards", "faulty", "overdue")]
    select = explorer_charts.points(view, "group")
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.groups"), width=280, height=HEIGHT)
        .mark_bar(color="#b9587e", cursor="pointer", size=THICK)
        .encode(
            y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=160)),
            x=alt.X("part:Q", title=view.word("chart.faulty_share"), axis=alt.Axis(format="%")),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(("name", view.word("column.group")), *told),
        )
        .add_params(select)
    )


def _over_time(view: View) -> Any:
    rows = [row for row in view.rows(view.tables["months"].order_by("day")) if not view.is_few(row["cards"])]
    found = [
        {"day": str(row["day"]), "part": row["ok"] / row["expected"], "share": _share(row["ok"], row["expected"]),
         "cards": f"{row['cards']:,}"}
        for row in rows if row["expected"]
    ]  # fmt: skip
    if len(found) < 2:
        return view.word("one_day")
    told = [
        ("day", view.word("chart.day")),
        ("share", view.word("chart.ok_share")),
        ("cards", view.word("chart.cards")),
    ]
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.time"), width=360, height=HEIGHT)
        .mark_line(point=True, color=ACCENT)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%Y-%m", labelAngle=-40)),
            y=alt.Y(
                "part:Q", title=view.word("chart.ok_share"), axis=alt.Axis(format="%"), scale=alt.Scale(zero=False)
            ),
            tooltip=explorer_charts.tooltip(*told),
        )
    )


def _ages(view: View) -> Any:
    rows = view.counted(view.rows(figures.ages(_chosen(view), view.on).drop("overdue")), "cards")
    if not rows:
        return view.word("nothing")
    months = data_quality.rule(view.on).months
    names = [_age(view, place) for place in range(len(figures.AGES) + 1)]
    for row in rows:
        place = row.pop("age_class")
        row["name"] = names[place]
    return (
        alt.Chart(explorer_charts.data(rows), title=view.word("chart.ages", months=months), width=280, height=HEIGHT)
        .mark_bar(color=REST)
        .encode(
            x=alt.X("name:N", sort=names, scale=alt.Scale(domain=names), title=None, axis=alt.Axis(labelAngle=-30)),
            y=alt.Y("shown:Q", title=view.word("chart.cards")),
            opacity=explorer_charts.opacity(),
            tooltip=explorer_charts.tooltip(("name", view.word("chart.age")), ("told", view.word("chart.cards"))),
        )
    )


def _age(view: View, place: int) -> str:
    bounds = (0, *figures.AGES)
    if place == len(figures.AGES):
        return view.word("age.last", months=bounds[place])
    return view.word("age.within", months=bounds[place], until=bounds[place + 1])


def _list(view: View) -> ir.Table:
    cards = _chosen(view)
    field, state = next(iter(view.codes("field")), ""), next(iter(view.codes("state")), "")
    found = figures.to_mend(cards, field, state if state in FAULTS else "", overdue=state == "overdue")
    # All that is wrong with a card in one column: `region invalid;staff missing`
    wrong = [cards[STATE + name].isin(FAULTS).fill_null(False) for name in _fields(view)]
    said = [
        one.ifelse(cards[STATE + name].concat(f" {name};"), "").fill_null("")
        for one, name in zip(wrong, _fields(view), strict=True)
    ]
    text = said[0]
    for more in said[1:]:
        text = text.concat(more)
    return found.mutate(wrong=text)


def _wrong(view: View, said: str) -> str:
    pairs = [one.split(" ") for one in said.split(";") if one]
    return view.word("joined").join(
        view.word("wrong", field=view.word(f"field.{name}"), state=view.word(f"state.{state}")) for state, name in pairs
    )


def _day(_view: View, moment: Any) -> str:
    return str(moment.date())


def _yes(view: View, overdue: bool) -> str:
    return view.word("state.overdue") if overdue else ""


SCREEN = Screen(
    area="quality",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("by", "filter.by", lambda view: [(view.word(f"by.{n}"), n) for n in _dimensions(view)], many=False),
        Filter(
            "state",
            "filter.state",
            lambda view: [(view.word(f"state.{n}"), n) for n in ("any", *FAULTS, "overdue")],
            many=False,
        ),
    ],
    panels=[Panel(_by_field, pick="field"), Panel(_by_group, pick="group"), Panel(_over_time), Panel(_ages)],
    listings=[
        Listing(
            "list",
            _list,
            [
                Column(KEY, "column.customer", lambda _, key: str(key)[:8]),
                Column("faults", "column.faults", number=True),
                Column("wrong", "column.wrong", _wrong),
                Column("recorded_at", "column.recorded", _day),
                Column("overdue", "state.overdue", _yes),
            ],
            order="faults",
            last=KEY,
        )
    ],
)

explore, show = explorer.doors(SCREEN)
