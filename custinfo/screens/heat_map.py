"""A heat map of few cells, each with its number in it: two scales against each other, and cells that can be picked."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from custinfo.screens import explorer_charts
from custinfo.screens.explorer_view import Rows, View

FAINTEST, FULLEST = 0.12, 0.6
"""How strong a cell is: the number in it, which has the page's colour of texts, can be read on any, light or dark."""


def drawn(
    view: View, rows: Rows, *, title: str, across: tuple[str, Sequence[str]], up: tuple[str, Sequence[str]],
    tooltip: Sequence[tuple[str, str]], pick: str = "", width: int = 330, height: int = 230,
) -> Any:  # fmt: skip
    """A chart of `rows` with `x` and `y` (names on the two scales), `told` (what stands in the cell), `part` (0 to 1:
    how strong the cell is) and, for a panel whose pick is `pick`, `code`.

    `across` and `up` are the title of a scale and its names, from the left and from the top; `tooltip` has (field,
    title).
    """
    base = alt.Chart(explorer_charts.data(rows)).encode(
        x=alt.X("x:N", sort=list(across[1]), scale=_all(across[1]), title=across[0], axis=alt.Axis(labelAngle=0)),
        y=alt.Y("y:N", sort=list(up[1]), scale=_all(up[1]), title=up[0]),
        tooltip=explorer_charts.tooltip(*tooltip),
    )
    strength = alt.FillOpacity(
        "part:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[FAINTEST, FULLEST]), title=None
    )
    cells = base.mark_rect(color=explorer_charts.ACCENT, cursor="pointer" if pick else "default")
    cells = cells.encode(fillOpacity=strength)
    if pick:
        select = explorer_charts.points(view, pick)
        cells = cells.encode(opacity=explorer_charts.opacity(select)).add_params(select)
    numbers = base.mark_text(fontSize=12).encode(text="told:N")
    return alt.layer(cells, numbers, title=title, width=width, height=height)


def _all(names: Sequence[str]) -> Any:
    """A scale with all of its names, also those that no row has."""
    return alt.Scale(domain=list(names))
