"""The charts of reports, drawn from their tables as static SVG: the same figures give the same bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from custinfo.domain.messages import text
from custinfo.reports import showing, style
from custinfo.reports.figures import Figures, Row, Table

if TYPE_CHECKING:
    import altair as alt

FEN_PER_WAN = Decimal(1_000_000)
"""Fen in 10,000 yuan (万元)."""

WIDE = 610
HALF = 270
HEIGHT = 175
DIGIT = 7
"""How wide a digit beside a bar may be, in pixels; a Chinese sign is twice as wide."""
WIDE_SIGNS = 0x2E80
"""The first sign of Chinese."""
NAMES = 110
"""How wide the names beside bars may be, in pixels; of a wide chart up to a third of it."""
LABELLED = 8
"""So many columns at most bear their number."""
TOTAL = "total"


@dataclass(frozen=True)
class Chart:
    """A drawn chart: `svg` is a whole SVG element with its title and description in it for those who cannot see it."""

    id: str
    title: str
    description: str
    wide: bool
    svg: str


Form = Literal["column", "bar", "line"]


@dataclass(frozen=True)
class Drawing:
    """A chart as a kind of report declares it, drawn on the page and, native, in the spreadsheet.

    `columns` of `table` are drawn (of several only in the form `line`), fen in 10,000 yuan; `key` is that of its words:
    `<key>_title`, `<key>_describe` (which may name {first} and {last}). Rows without codes (totals, not stated) are
    left out unless `messages` are what is drawn; `most` is how many rows at the utmost. `compared`: the rows are
    periods, the last one is reported and the first one is the same a year ago.
    """

    id: str
    table: str
    columns: tuple[str, ...]
    form: Form
    key: str
    wide: bool = False
    messages: bool = False
    compared: bool = False
    most: int = 0


def drawn_rows(drawing: Drawing, table: Table) -> list[Row]:
    """The rows of the table that are drawn: those of a series all, else without total and other groups."""
    rows = [row for row in table.rows if row.id != TOTAL and (drawing.messages or row.label.source != "message")]
    return rows[: drawing.most] if drawing.most else rows


def draw(drawings: Sequence[Drawing], figures: Figures, language: str) -> tuple[Chart, ...]:
    """The charts of a report; one without anything to draw is left out."""
    return tuple(
        _drawn(one, table, rows, language)
        for one in drawings
        if (table := figures.table(one.table)) and (rows := drawn_rows(one, table))
        and len(withheld(one, figures)) < len(rows) * len(one.columns)
    )  # fmt: skip


def withheld(drawing: Drawing, figures: Figures) -> list[str]:
    """The cells that it would draw and that are not told, by address."""
    rows = drawn_rows(drawing, figures.table(drawing.table))
    drawn = (f"{drawing.table}.{row.id}.{column}" for row in rows for column in drawing.columns)
    return [address for address in drawn if address in figures.withheld]


def _drawn(drawing: Drawing, table: Table, rows: Sequence[Row], language: str) -> Chart:
    width = WIDE if drawing.wide else HALF
    form = {"column": _columns, "bar": _bars, "line": _lines}[drawing.form]
    ends = {"first": showing.label(rows[0].label, language), "last": showing.label(rows[-1].label, language)}
    title, description = (text(f"{drawing.key}_{what}", language, **ends) for what in ("title", "describe"))
    chart = form(drawing, table, _values(drawing, table, rows, language), width)
    return finished(drawing.id, chart, title, description, wide=drawing.wide)


def _values(drawing: Drawing, table: Table, rows: Sequence[Row], language: str) -> list[dict[str, object]]:
    """A value for each row and column that has a number: its name, the number, how it is shown, its part."""
    found: list[dict[str, object]] = []
    for place, row in enumerate(rows):
        role = "other"
        if drawing.compared and place in (0, len(rows) - 1):
            role = "this" if place else "year_ago"
        for name in drawing.columns:
            column, cell = table.column(name), table.cell(row.id, name)
            if cell is not None:
                kind = row.kind_in(column)
                number = float(Decimal(cell) / FEN_PER_WAN) if kind == "fen" else float(cell)
                found.append({
                    # A period is written short, as its id: thirteen names do not fit under an axis
                    "name": row.id if row.label.source in ("month", "period") else showing.label(row.label, language),
                    "number": number, "foot": max(number, 0.0),
                    "shown": showing.number(cell, kind), "role": role, "series": text(column.label_key, language),
                })  # fmt: skip
    return found


def _columns(drawing: Drawing, _table: Table, values: list[dict[str, object]], width: int) -> Any:
    import altair as alt

    base = _base(values, width).encode(
        x=alt.X("name:N", sort=None, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=10)),
        y=alt.Y("number:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5)),
    )
    bar: dict[str, Any] = {"cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
    if drawing.compared:
        colours = alt.Scale(domain=["year_ago", "other", "this"], range=[style.PALE, style.SOFT, style.ACCENT])
        return base.mark_bar(strokeWidth=1.5, **bar).encode(
            color=alt.Color("role:N", scale=colours, legend=None),
            stroke=alt.condition("datum.role == 'year_ago'", alt.value(style.ACCENT), alt.value("transparent")),
        )
    if len(values) > LABELLED:
        return base.mark_bar(color=style.ACCENT, **bar)
    labels = base.mark_text(dy=-7, color=style.INK).encode(text="shown:N")
    return base.mark_bar(color=style.ACCENT, size=36, **bar) + labels


def _bars(_drawing: Drawing, _table: Table, values: list[dict[str, object]], width: int) -> Any:
    import altair as alt

    longest = max((len(str(one["shown"])) for one in values), default=0)
    names = max((sum(1 if ord(sign) < WIDE_SIGNS else 2 for sign in str(one["name"])) for one in values), default=0)
    limit = max(NAMES, min(names * DIGIT, width // 3))
    base = _base(values, width - 8 - DIGIT * longest - (limit - NAMES)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=limit)),
        x=alt.X("number:Q", title=None, axis=alt.Axis(format=",~f", tickCount=4)),
    )
    bars = base.mark_bar(color=style.ACCENT, cornerRadiusTopRight=2, cornerRadiusBottomRight=2)
    # A number stands beside its bar: of one that goes to the left, beside its foot
    foot = alt.X("foot:Q", title=None)
    return bars + base.mark_text(dx=4, align="left", color=style.INK).encode(text="shown:N", x=foot)


def _lines(drawing: Drawing, table: Table, values: list[dict[str, object]], width: int) -> Any:
    import altair as alt

    several = len(drawing.columns) > 1
    colours = alt.Scale(range=[style.ACCENT, style.MUTED, style.WARN, style.SOFT])
    legend = alt.Legend(title=None, orient="top") if several else None
    order = [row.id for row in table.rows]
    return _base(values, width).mark_line(point=True, strokeWidth=2).encode(
        x=alt.X("name:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=10)),
        y=alt.Y("number:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5), scale=alt.Scale(zero=False)),
        color=alt.Color("series:N", scale=colours, sort=None, legend=legend),
    )  # fmt: skip


def _base(values: list[dict[str, object]], width: int) -> "alt.Chart":
    import altair as alt  # half a second, which a page that only reads figures does not wait for

    return alt.Chart({"values": values}).properties(width=width, height=HEIGHT)


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
    import altair as alt
    import vl_convert

    _fonts()
    # The Vega-Lite that Altair writes, as the converter names it
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    # No base URL is allowed: a chart whose data or images stand elsewhere is not drawn
    svg: str = vl_convert.vegalite_to_svg(specification, vl_version=version, allowed_base_urls=[])
    return svg


@cache
def _fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(style.FONT_FOLDER))
