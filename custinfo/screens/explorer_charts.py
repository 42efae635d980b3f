"""The charts of analysts' screens: one look, light and dark, and selections that the screen understands.

A chart is sent the few sums that it draws, computed in the lake's engine; its texts get their colour from
`explorer.css`, whatever the theme of the page.
"""

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from custinfo.reports import style
from custinfo.screens.explorer_view import Rows, View
from custinfo.screens.live import address_of

COLOURS = ("#23878c", "#c07a12", "#6f7fd0", "#b9587e", "#6f8f3a", "#7d898c")
"""For categories: each stands out from paper and from a dark page by more than 3 to 1."""
ACCENT, REST = COLOURS[0], COLOURS[-1]

EMBED = {"actions": False, "ast": True, "renderer": "svg"}
"""`ast`: expressions are interpreted, so that a page may forbid scripts to be made from text. A drawing of SVG, unlike
a canvas, takes the colours of its texts from a style sheet.
"""
FADED = 0.35


def data(rows: Rows) -> Any:
    """Rows as a chart's data."""
    return alt.InlineData(rows)


def points(view: View, name: str) -> Any:
    """The selection of single marks by their field `code`, for a panel whose `pick` is `name`."""
    chosen = [{"code": one} for one in view.own if isinstance(one, str)]
    return alt.selection_point(name=name, fields=["code"], value=chosen or alt.Undefined)


def brush(view: View, name: str, axis: Literal["x", "y"] = "x") -> Any:
    """The selection of a range along an axis, for a panel whose `pick` is `name`."""
    ends = view.range_of(view.own)
    return alt.selection_interval(name=name, encodings=[axis], value=alt.Undefined if ends is None else {axis: ends})


def opacity(selection: Any = None) -> Any:
    """What is not picked fades, and so does what stands for a number too small to be shown."""
    solid = alt.condition(alt.datum.few, alt.value(FADED), alt.value(1))
    if selection is None:
        return solid
    return alt.condition(selection, alt.value(1), alt.value(FADED))


def tooltip(*fields: tuple[str, str]) -> list[Any]:
    """Tooltips of (field, title)."""
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in fields]


def categories(names: Sequence[str], colours: Sequence[str] = COLOURS) -> Any:
    """The scale that gives each of these names its colour, in order."""
    return alt.Scale(domain=list(names), range=[colours[n % len(colours)] for n in range(len(names))])


def framed(chart: Any) -> Any:
    """The chart in our look."""
    font = f"{style.FONT}, sans-serif"
    return (
        chart.configure(font=font, background="transparent")
        .configure_view(stroke=None)
        .configure_title(anchor="start", fontSize=14, fontWeight=600)
        .configure_axis(labelFontSize=12, titleFontSize=12, gridOpacity=0.25)
    )


def widget(chart: Any) -> Any:
    """The chart as a widget that reports what is picked in it."""
    if address := address_of("charts"):
        # A page takes scripts from its server alone, and its browser keeps this one for the next page
        alt.JupyterChart._esm = address
    else:
        # From the package, not from a network
        alt.JupyterChart.enable_offline()
    return alt.JupyterChart(framed(chart), embed_options=EMBED)
