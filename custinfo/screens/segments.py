"""The analyst's screen of segments: pick customers by what is known of them, see how their sales spread, read the list.

Everything is counted in the lake's engine; a browser is sent sums and one page of rows, whatever the lake's size.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import ibis
import ibis.expr.types as ir
import ipywidgets as widgets

from custinfo import lake
from custinfo.actions import lake as published
from custinfo.classification import value_grade
from custinfo.domain import codelists, money
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.reports import places, style
from custinfo.screens import showing
from custinfo.screens.context import Page
from custinfo.statistics import segments
from custinfo.store.site import Site

ROWS = 50
PLACES = 12
LISTS = {"ownership": "ownership", "province": "region", "section": "industry"}
LANGUAGE_NAMES = (("中文", "zh-CN"), ("English", "en"))
EMBED = {"actions": False, "ast": True}
"""`ast`: expressions are interpreted, so that a page may forbid scripts to be made from text."""
GRADE_COLOURS = {"A": style.ACCENT, "B": "#4f9396", "C": style.SOFT}


def explore(home: Path | None = None, language: str = DEFAULT_LANGUAGE) -> widgets.Widget:
    """The screen for the site in `home`, else the one that CUSTINFO_HOME names. Without a lake it says so in words."""
    try:
        site = Site.load(home or places.home())
        return Segments(site, lake.open(site), language).widget
    except CustinfoError as fault:
        return widgets.HTML(f"<p role='alert'>{escape(fault.text(language))}</p>")


def show() -> None:
    """The screen as a page of the workbench, for the people who may read the lake."""
    showing.show(_page)


def _page(opened: Page) -> widgets.Widget:
    def may_read() -> None:
        published.check_may_read(opened.alive().person)

    may_read()
    found = lake.open(opened.site)
    published.looked_at(opened.store, opened.alive().person, found.version)
    return Segments(opened.site, found, opened.language, may_read).widget


class Segments:
    """The screen: filters above, the linked charts, the list. State is what the widgets hold.

    On a page of the workbench, `may_read` is asked anew at every choice and raises when the person may read the lake no
    longer. In a notebook there is none: the file system decides, and the screen has its own switch of languages.
    """

    def __init__(
        self, site: Site, opened: lake.Lake, language: str, may_read: Callable[[], None] | None = None
    ) -> None:
        self._site = site
        self._may_read = may_read
        self._lake = opened
        self._language = language
        on = opened.as_of.astimezone(site.zone).date()
        grades = value_grade.grade(opened.customers, opened.sales, on, value_grade.rule(on))
        # Graded once: every choice after this reads a table in the engine's memory
        self._all = segments.described(opened.customers, grades, opened.region, opened.industry).cache()
        self._range: tuple[float, float] | None = None
        self._places: list[str] = []
        self._switch = widgets.ToggleButtons(options=LANGUAGE_NAMES, value=language)
        self._switch.observe(self._translate, "value")
        self._chart = alt.JupyterChart(self._charts(self._all), embed_options=EMBED)
        self._summary = widgets.HTML()
        self._list = widgets.HTML()
        self.widget = widgets.VBox()
        self._draw()

    def _word(self, key: str, **facts: object) -> str:
        return text(f"segments.{key}", self._language, **facts)

    def _label(self, dimension: str, code: str) -> str:
        if code == segments.NOT_STATED:
            return self._word("not_stated")
        if dimension == "grade":
            return self._word(f"grade.{code}")
        codes = codelists.load(LISTS[dimension])
        return codes.label(code, self._language) if code in codes else code

    def _translate(self, change: Mapping[str, Any]) -> None:
        picked = {name: chooser.value for name, chooser in self._filters.items()}
        self._language = change["new"]
        self._draw()
        for name, value in picked.items():
            self._filters[name].value = value

    def _draw(self) -> None:
        """Everything anew, in the present language."""
        self._filters = {name: self._filter(name) for name in segments.DIMENSIONS}
        clear = widgets.Button(description=self._word("clear"))
        clear.on_click(self._clear)
        filters = widgets.HBox(list(self._filters.values()), layout=widgets.Layout(flex_flow="row wrap"))
        self.widget.children = (
            widgets.HTML(self._heading()), *([] if self._may_read else [self._switch]),
            filters, clear, self._summary, self._chart, self._list,
        )  # fmt: skip
        self._filtered()

    def _heading(self) -> str:
        demo = f" <strong style='color:{style.WARN}'>{escape(self._word('demo'))}</strong>" if self._site.demo else ""
        as_of = f"{self._lake.as_of.astimezone(self._site.zone):%Y-%m-%d %H:%M}"
        facts = self._word("facts", version=self._lake.version, as_of=as_of)
        title = escape(self._word("title"))
        return (
            f"<h1 style='color:{style.ACCENT};font-size:1.5rem;line-height:1.3;margin:0'>{title}{demo}</h1>"
            f"<p style='color:{style.MUTED};line-height:1.5;margin:0'>{escape(self._site.name)} · {escape(facts)}</p>"
        )

    def _filter(self, dimension: str) -> widgets.SelectMultiple:
        codes = [row["code"] for row in _rows(segments.by(self._all, dimension))]
        if dimension in ("grade", "section"):
            codes.sort(key=lambda code: (code == segments.NOT_STATED, code))
        chooser = widgets.SelectMultiple(
            options=[(self._label(dimension, code), code) for code in codes],
            description=self._word(f"by.{dimension}"),
            rows=5,
            layout=widgets.Layout(width="300px"),
        )
        chooser.observe(self._filtered, "value")
        return chooser

    def _clear(self, _button: object) -> None:
        for chooser in self._filters.values():
            chooser.value = ()
        self._filtered()

    def _chosen(self) -> ir.Table:
        return segments.picked(self._all, {name: chooser.value for name, chooser in self._filters.items()})

    def _filtered(self, _change: object = None) -> None:
        # Before anything is counted: what is put into a widget is at the browser
        if not self._allowed():
            return
        self._range, self._places = None, []
        self._chart.chart = self._charts(self._chosen())
        # A new chart has new selections
        self._chart.selections.observe(self._brushed, "brush")
        self._chart.selections.observe(self._pointed, "places")
        self._tell()

    def _brushed(self, change: Mapping[str, Any]) -> None:
        ends = change["new"].value.get("magnitude")
        usable = isinstance(ends, Sequence) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
        self._range = (min(ends), max(ends)) if usable else None
        self._show()

    def _pointed(self, change: Mapping[str, Any]) -> None:
        points = change["new"].value or []
        self._places = [point["code"] for point in points if isinstance(point.get("code"), str)]
        self._show()

    def _show(self) -> None:
        if self._allowed():
            self._tell()

    def _allowed(self) -> bool:
        """Whether the person may still read the lake; if not, the reason stands in the screen's place."""
        try:
            if self._may_read:
                self._may_read()
        except CustinfoError as refused:
            self.widget.children = (widgets.HTML(f"<p role='alert'>{escape(refused.text(self._language))}</p>"),)
            return False
        return True

    def _tell(self) -> None:
        """The list and its sums, of what filters and charts have picked."""
        table = segments.picked(self._chosen(), {"province": self._places})
        if self._range is not None:
            table = segments.between(table, *self._range)
        sums = _rows(table.aggregate(customers=table.count(), net_fen=table.net_fen.sum().coalesce(0).cast("int64")))[0]
        net = money.show(sums["net_fen"])
        said = self._word("summary", customers=f"{sums['customers']:,}", net=net, shown=min(ROWS, sums["customers"]))
        self._summary.value = f"<p style='line-height:1.5;margin:.3rem 0' aria-live='polite'>{escape(said)}</p>"
        self._list.value = self._page(_rows(table.order_by(ibis.desc("net_fen"), "customer_key").limit(ROWS)))

    def _page(self, rows: Sequence[Mapping[str, Any]]) -> str:
        heads = ("customer", *(f"by.{name}" for name in segments.DIMENSIONS), "net")
        head = "".join(f"<th scope='col' style='{_cell(name)}'>{escape(self._word(name))}</th>" for name in heads)
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in rows)
        table = "<table style='border-collapse:collapse;font-variant-numeric:tabular-nums;line-height:1.5'>"
        return (
            f"<div style='overflow-x:auto'>{table}<thead style='color:{style.ACCENT};background:{style.PALE}'>"
            f"<tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _row(self, row: Mapping[str, Any]) -> str:
        cells = {"customer": row["customer_key"][:8]}
        cells |= {name: self._label(name, row[name]) for name in segments.DIMENSIONS}
        cells["net"] = money.show(row["net_fen"])
        return "".join(f"<td style='{_cell(name)}'>{escape(value)}</td>" for name, value in cells.items())

    def _charts(self, table: ir.Table) -> Any:
        both = alt.hconcat(self._spread(table), self._provinces(table)).resolve_scale(color="independent")
        return both.configure(font=f"{style.FONT}, sans-serif", background="transparent").configure_view(stroke=None)

    def _spread(self, table: ir.Table) -> Any:
        values = [
            row | {"end": row["magnitude"] + 1 / segments.STEPS, "name": self._label("grade", row["grade"])}
            for row in _rows(segments.spread(table))
        ]
        names = [self._label("grade", grade) for grade in GRADE_COLOURS]
        yuan = alt.Axis(labelExpr="format(pow(10, datum.value), ',.0f')", values=list(range(12)))
        return (
            alt.Chart(alt.InlineData(values), title=self._word("chart.spread"), width=420, height=220)
            .mark_bar(stroke="white", strokeWidth=0.5)
            .encode(
                x=alt.X("magnitude:Q", bin="binned", title=self._word("chart.yuan"), axis=yuan),
                x2="end",
                y=alt.Y("customers:Q", title=None),
                color=alt.Color(
                    "name:N", title=None, sort=names, scale=alt.Scale(domain=names, range=list(GRADE_COLOURS.values()))
                ),
                tooltip=[alt.Tooltip("name:N", title=self._word("by.grade")), _counted(self._word("chart.customers"))],
            )
            .add_params(alt.selection_interval(name="brush", encodings=["x"]))
        )

    def _provinces(self, table: ir.Table) -> Any:
        values = [
            {"code": row["code"], "name": self._label("province", row["code"]), "customers": row["customers"]}
            for row in _rows(segments.by(table, "province").limit(PLACES))
        ]
        point = alt.selection_point(name="places", fields=["code"])
        return (
            alt.Chart(alt.InlineData(values), title=self._word("chart.places"), width=260, height=220)
            .mark_bar(color=style.ACCENT, cursor="pointer")
            .encode(
                y=alt.Y("name:N", sort=None, title=None),
                x=alt.X("customers:Q", title=None),
                opacity=alt.condition(point, alt.value(1), alt.value(0.35)),
                tooltip=[
                    alt.Tooltip("name:N", title=self._word("by.province")),
                    _counted(self._word("chart.customers")),
                ],
            )
            .add_params(point)
        )


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _cell(name: str) -> str:
    side = "right" if name == "net" else "left"
    return f"text-align:{side};padding:.25rem .8rem;border-bottom:1px solid {style.RULE}"


def _counted(title: str) -> alt.Tooltip:
    return alt.Tooltip("customers:Q", title=title, format=",")


# Scripts from the package, not from a network
alt.JupyterChart.enable_offline()
