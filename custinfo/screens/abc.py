"""The analyst's screen of grades A, B, C: how they moved from one quarter to another, who moved, and why (R91).

The quarter before, the half-year or the year before: what the meetings on customers' buying look at.
"""

from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir

from custinfo.actions import graded_quarters
from custinfo.actions.graded_quarters import ARROW, SHOWN, Quarters
from custinfo.classification import transitions, value_grade
from custinfo.classification.transitions import ABSENT
from custinfo.classification.value_grade import GRADES
from custinfo.domain import money
from custinfo.domain.messages import text
from custinfo.domain.periods import Quarter
from custinfo.lake.extracts import KEY
from custinfo.screens import explorer, explorer_charts, heat_map
from custinfo.screens.explorer_charts import ACCENT, REST
from custinfo.screens.explorer_view import Column, Filter, Listing, Panel, Prepared, Screen, View
from custinfo.statistics import transitions as figures

QUARTERS = "quarters"
PLACES = (*GRADES, ABSENT)
COLOURS = {"A": ACCENT, "B": "#c07a12", "C": "#6f7fd0", "N": REST}
_FACTS = (
    *("reason", "direction", "old_rule_grade", "from_rule", "to_rule"),
    *("change_fen", "returns_change_fen", "corrected_fen", "largest_left_fen", "others_change_fen"),
)
"""What the sentence of a change is made of."""


def _prepare(view: View) -> Prepared:
    tables = graded_quarters.closed(view.opened, view.on)
    found = tables.quarters
    # Its rows are the quarters that can be chosen
    tables[QUARTERS] = ibis.memtable([(str(one),) for one in found], schema={"quarter": "string"})
    return Prepared(tables, {value_grade.FILE: tables.rule(found[0]).version} if found else {})


def _quarters(view: View) -> list[Quarter]:
    return [Quarter.parse(row["quarter"]) for row in view.rows(view.tables[QUARTERS])]


def _ends(view: View) -> tuple[Quarter, Quarter] | None:
    """The quarter that is held against and the one that is looked at; None when the first is not there."""
    chosen, span = view.codes("quarter"), view.codes("span")
    if not chosen:
        return None
    second = Quarter.parse(chosen[0])
    first = second.plus(-figures.SPANS[span[0] if span else "quarter"])
    return (first, second) if first in _quarters(view) else None


def _grade(view: View, grade: str) -> str:
    if grade == ABSENT:
        return text("vertical.absent", view.language)
    return text(f"classification.value_grade.{grade}", view.language)


def _none(view: View) -> str:
    """Why there is nothing to draw."""
    if not _quarters(view):
        return view.word("no_quarter")
    return view.word("no_earlier", first=_quarters(view)[-1])


def _changed(view: View) -> ir.Table | None:
    """Who changed, of those that filters and picks have chosen."""
    ends = _ends(view)
    if ends is None:
        return None
    found = view.tables[f"{ends[0]}{ARROW}{ends[1]}"]
    reasons = view.codes("reason")
    ways = [way.partition(ARROW) for way in view.codes("way")]
    if ways:
        went = [(found.from_grade == first) & (found.to_grade == second) for first, _, second in ways]
        found = found.filter(ibis.or_(*went))
    if directions := view.codes("direction"):
        found = found.filter(found.direction.isin(directions))
    return figures.went(found, reasons=reasons)


def _summary(view: View) -> str:
    changed = _changed(view)
    ends = _ends(view)
    if changed is None or ends is None:
        return _none(view)
    row = view.rows(
        changed.aggregate(
            customers=changed.count(),
            up=(changed.direction == "up").sum().fill_null(0),
            down=(changed.direction == "down").sum().fill_null(0),
        )
    )[0]
    told = {name: view.told(row[name]) for name in ("customers", "up", "down")}
    return view.word("summary", first=ends[0], second=ends[1], **told)


def _amount(view: View, few: bool, fen: int) -> str:
    """What customers have together; of few customers, it would tell of them."""
    return view.word("hidden") if few else money.show(fen)


def _sizes(view: View) -> Any:
    tables, chosen = view.tables, _ends(view) or ()
    assert isinstance(tables, Quarters)
    # To grade a quarter takes a second for every ten million sales: what nobody stored or chose is left out
    known = sorted({*chosen, *(one for one in _quarters(view)[:SHOWN] if tables.is_stored(one))})
    if not known:
        return _none(view)
    found = view.counted(view.rows(figures.sizes({quarter: view.tables[str(quarter)] for quarter in known})))
    for row in found:
        net = _amount(view, row["few"], row.pop("net_fen"))
        row |= {"name": _grade(view, row["grade"]), "net": net, "place": row.pop("grade")}
    names = [_grade(view, grade) for grade in GRADES]
    scale = explorer_charts.categories(names, list(COLOURS.values()))
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.sizes"), width=300, height=230)
        .mark_bar()
        .encode(
            x=alt.X("quarter:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("shown:Q", title=view.word("chart.customers")),
            color=alt.Color("name:N", title=None, sort=names, scale=scale, legend=alt.Legend(orient="bottom")),
            order=alt.Order("place:N"),
            opacity=explorer_charts.opacity(),
            tooltip=explorer_charts.tooltip(
                ("quarter", view.word("column.quarter")), ("name", view.word("column.grade")),
                ("told", view.word("chart.customers")), ("net", view.word("chart.net")),
            ),
        )
    )  # fmt: skip


def _matrix(view: View) -> Any:
    ends = _ends(view)
    if ends is None:
        return _none(view)
    cells = transitions.matrix(view.tables[str(ends[0])], view.tables[str(ends[1])])
    rows = view.rows(cells.order_by("from_grade", "to_grade"))
    found = view.counted(rows)
    for row, cell in zip(found, rows, strict=True):
        few = view.is_few(cell["customers"])
        part = 0 if few else cell["customers"] / cell["from_customers"]
        row |= {
            "x": _grade(view, cell["to_grade"]), "y": _grade(view, cell["from_grade"]), "part": part,
            "code": f"{cell['from_grade']}{ARROW}{cell['to_grade']}",
            "share": view.word("hidden") if few else f"{part:.1%}",
        }  # fmt: skip
        for name in ("from_customers", "before_fen", "after_fen"):
            row.pop(name)
    first, second = (view.word(f"chart.{name}", quarter=end) for name, end in zip(("from", "to"), ends, strict=True))
    names = [_grade(view, grade) for grade in PLACES]
    told = [("y", first), ("x", second), ("told", view.word("chart.customers")), ("share", view.word("chart.share"))]
    return heat_map.drawn(
        view,
        found,
        title=view.word("chart.matrix"),
        across=(second, names),
        up=(first, names),
        tooltip=told,
        pick="way",
    )


def _reasons(view: View) -> Any:
    changed = _changed(view)
    if changed is None:
        return _none(view)
    found = view.counted(view.rows(figures.by_reason(changed)))
    if not found:
        return view.word("nobody")
    for row in found:
        row |= {
            "code": row["reason"], "name": view.word(f"reason.{row['reason']}"),
            "way": view.word(f"direction.{row['direction'] or 'other'}"),
            "change": _amount(view, row["few"], row.pop("change_fen")),
        }  # fmt: skip
    ways = [view.word(f"direction.{one}") for one in ("up", "down", "other")]
    select = explorer_charts.points(view, "reason")
    return (
        alt.Chart(explorer_charts.data(found), title=view.word("chart.reasons"), width=260, height=230)
        .mark_bar(cursor="pointer", size=18)
        .encode(
            y=alt.Y("name:N", sort="-x", title=None, axis=alt.Axis(labelLimit=220)),
            x=alt.X("shown:Q", title=view.word("chart.customers")),
            color=alt.Color(
                "way:N", title=None, sort=ways, legend=alt.Legend(orient="bottom"),
                scale=explorer_charts.categories(ways, (ACCENT, "#b9587e", REST)),
            ),
            opacity=explorer_charts.opacity(select),
            tooltip=explorer_charts.tooltip(
                ("name", view.word("column.why")), ("way", view.word("column.direction")),
                ("told", view.word("chart.customers")), ("change", view.word("column.change")),
            ),
        )
        .add_params(select)
    )  # fmt: skip


def _list(view: View) -> ir.Table:
    changed = _changed(view)
    if changed is None:
        # Nothing can be compared: a list without rows, of the columns that it would have
        return ibis.memtable([], schema=dict.fromkeys((KEY, "from_grade", "to_grade", "size", "why", *_FEN), "string"))
    why = ibis.struct({name: changed[name] for name in _FACTS})
    return changed.select(KEY, "from_grade", "to_grade", *_FEN, size=changed.change_fen.abs(), why=why)


_FEN = ("before_fen", "after_fen", "change_fen")


def _why(view: View, facts: Any) -> str:
    return transitions.sentence(facts, view.language)


def _fen(_view: View, fen: Any) -> str:
    return money.show(fen)


SCREEN = Screen(
    area="abc",
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("quarter", "filter.quarter", lambda view: [(str(one), str(one)) for one in _quarters(view)], many=False),
        Filter(
            "span", "filter.span", lambda view: [(view.word(f"span.{one}"), one) for one in figures.SPANS], many=False
        ),
        Filter(
            "direction", "filter.direction", lambda view: [(view.word(f"direction.{n}"), n) for n in ("up", "down")]
        ),
    ],
    panels=[Panel(_sizes), Panel(_matrix, pick="way"), Panel(_reasons, pick="reason")],
    listings=[
        Listing(
            "list",
            _list,
            [
                Column(KEY, "column.customer", lambda _, key: str(key)[:8]),
                Column("from_grade", "column.from", _grade),
                Column("to_grade", "column.to", _grade),
                Column("before_fen", "column.before", _fen, number=True),
                Column("after_fen", "column.after", _fen, number=True),
                Column("change_fen", "column.change", _fen, number=True),
                Column("size", "column.size", _fen, number=True),
                Column("why", "column.why", _why),
            ],
            order="size",
            last=KEY,
        )
    ],
)

explore, show = explorer.doors(SCREEN)
