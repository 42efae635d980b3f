"""The monthly report's charts, drawn from its tables as static SVG: the same figures give the same bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import escape
from typing import Any

import altair as alt
import vl_convert

from custinfo.domain.messages import text
from custinfo.reports import showing, style
from custinfo.reports.figures import Figures, Row, Table

VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
"""The Vega-Lite that Altair writes, as the converter names it."""

TOP_REGIONS = 10
FEN_PER_WAN = Decimal(1_000_000)
"""Fen in 10,000 yuan (万元)."""

WIDE = 610
HALF = 270
HEIGHT = 175


@dataclass(frozen=True)
class Chart:
    """A drawn chart: `svg` is a whole SVG element with its title and description in it for those who cannot see it."""

    id: str
    title: str
    description: str
    wide: bool
    svg: str


def draw(figures: Figures, language: str) -> tuple[Chart, ...]:
    """The three charts of the monthly report."""
    return _series(figures, language), _grades(figures, language), _regions(figures, language)


def _series(figures: Figures, language: str) -> Chart:
    table = figures.table("t6")
    roles = ["year_ago", *["other"] * (len(table.rows) - 2), "this_month"]
    values = [
        {"month": row.id, "net": float(Decimal(_count(table, row, "net")) / FEN_PER_WAN), "role": role}
        for row, role in zip(table.rows, roles, strict=True)
    ]
    colours = alt.Scale(domain=["year_ago", "other", "this_month"], range=[style.PALE, style.SOFT, style.ACCENT])
    chart = (
        _base(values, WIDE)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2, strokeWidth=1.5)
        .encode(
            x=alt.X("month:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=10)),
            y=alt.Y("net:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5)),
            color=alt.Color("role:N", scale=colours, legend=None),
            stroke=alt.condition("datum.role == 'year_ago'", alt.value(style.ACCENT), alt.value("transparent")),
        )
    )
    months = {
        "first": showing.label(table.rows[0].label, language),
        "last": showing.label(table.rows[-1].label, language),
    }
    return _drawn("c1", "series", chart, language, wide=True, **months)


def _grades(figures: Figures, language: str) -> Chart:
    table = figures.table("t4")
    values = _counts(table, table.rows[:-1], language)
    base = _base(values, HALF).encode(
        x=alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("customers:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5)),
    )
    bars = base.mark_bar(color=style.ACCENT, size=36, cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
    return _drawn("c2", "grade", bars + base.mark_text(dy=-7, color=style.INK).encode(text="shown:N"), language)


def _regions(figures: Figures, language: str) -> Chart:
    table = figures.table("t2")
    coded = [row for row in table.rows if row.label.source == "region"]
    values = _counts(table, coded[:TOP_REGIONS], language)
    base = _base(values, HALF - 50).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=110)),
        x=alt.X("customers:Q", title=None, axis=alt.Axis(format=",~f", tickCount=4)),
    )
    bars = base.mark_bar(color=style.ACCENT, cornerRadiusTopRight=2, cornerRadiusBottomRight=2)
    labels = base.mark_text(dx=4, align="left", color=style.INK).encode(text="shown:N")
    return _drawn("c3", "region", bars + labels, language)


def _counts(table: Table, rows: Sequence[Row], language: str) -> list[dict[str, object]]:
    return [
        {
            "name": showing.label(row.label, language),
            "customers": _count(table, row, "customers"),
            "shown": showing.number(_count(table, row, "customers"), "count"),
        }
        for row in rows
    ]


def _count(table: Table, row: Row, column: str) -> int:
    cell = table.cell(row.id, column)
    if not isinstance(cell, int):
        raise TypeError(f"{table.id}.{row.id}.{column} is not a number that can be drawn")
    return cell


def _base(values: list[dict[str, object]], width: int) -> alt.Chart:
    return alt.Chart({"values": values}).properties(width=width, height=HEIGHT)


def _drawn(chart_id: str, name: str, chart: Any, language: str, *, wide: bool = False, **facts: str) -> Chart:
    title = text(f"reports.chart.{name}_title", language)
    description = text(f"reports.chart.{name}_describe", language, **facts)
    return finished(chart_id, chart, title, description, wide=wide)


def finished(chart_id: str, chart: Any, title: str, description: str, *, wide: bool = False) -> Chart:
    """An Altair chart drawn in the look of all reports; `chart_id` is a word that no other chart of the page has."""
    svg = _own_ids(chart_id, _svg(_styled(chart).to_dict()))
    named = f'<svg role="img" aria-labelledby="{chart_id}-title {chart_id}-desc"'
    inside = (
        f'<title id="{chart_id}-title">{escape(title)}</title><desc id="{chart_id}-desc">{escape(description)}</desc>'
    )
    head, body = svg.removeprefix("<svg").split(">", 1)
    return Chart(chart_id, title, description, wide, f"{named}{head}>{inside}{body}")


def _own_ids(chart_id: str, svg: str) -> str:
    # The converter counts its clip paths on from chart to chart, as long as the process lives
    ids: dict[str, int] = {}

    def own(found: re.Match[str]) -> str:
        return f"{found[1]}{chart_id}-clip{ids.setdefault(found[2], len(ids))}"

    return re.sub(r'(id="|url\(#)(clip\d+)', own, svg)


def _styled(chart: Any) -> Any:
    return (
        chart.configure(font=style.FONTS, background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=style.INK, labelFontSize=11,
            gridColor=style.RULE, gridOpacity=0.6, domainColor=style.MUTED, ticks=False, labelPadding=6,
        )
        .configure_axisX(grid=False)
        .configure_text(font=style.FONTS, fontSize=11)
    )  # fmt: skip


def _svg(specification: dict[str, Any]) -> str:
    _fonts()
    # No base URL is allowed: a chart whose data or images stand elsewhere is not drawn
    svg: str = vl_convert.vegalite_to_svg(specification, vl_version=VERSION, allowed_base_urls=[])
    return svg


@cache
def _fonts() -> None:
    vl_convert.register_font_directory(str(style.FONT_FOLDER))
