"""A list of an analysts' screen: one page at a time, sorted in the lake's engine, for enough customers alone."""

import base64
import csv
from collections.abc import Callable, Mapping
from html import escape
from io import StringIO
from typing import Any

import ibis
import ibis.expr.types as ir
import ipywidgets as widgets
import pyarrow as pa

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.exchange import grids
from custinfo.lake.extracts import KEY
from custinfo.screens.explorer_view import Column, Listing, Running, View

ROWS = 25
MOST_HANDED_OUT = 50_000
"""Rows: what a browser is sent at once. More are for a notebook."""
Write = Callable[[pa.Table], bytes]
HandOut = Callable[[View, ir.Table, Write], bytes]
"""Takes the rows of a list and how they are written; gives the file, if it may leave."""


class ListView:
    """One list. `tell` draws its first page; its buttons turn pages; `hand_out` gives the rows that may be taken."""

    def __init__(self, listing: Listing, running: Running, hand_out: HandOut) -> None:
        self._listing, self._running, self._hand_out = listing, running, hand_out
        self._offset, self._total = 0, 0
        view = running.view()
        orders = [
            (f"{view.word(column.label)} {arrow}", (column.name, descending))
            for column in listing.columns
            if column.sort
            for arrow, descending in (("↓", True), ("↑", False))
        ]
        self._order = widgets.Dropdown(
            options=orders, value=(listing.order, True), description=_word(view, "sort"), layout={"width": "auto"}
        )
        self._back, self._on, self._take = (
            widgets.Button(description=_word(view, key)) for key in ("previous", "next", "take")
        )
        self._where, self._table, self._file = (widgets.HTML() for _ in range(3))
        self._order.observe(lambda _: running.answer(lambda: self._turn(0)), "value")
        self._back.on_click(lambda _: running.answer(lambda: self._turn(self._offset - ROWS)))
        self._on.on_click(lambda _: running.answer(lambda: self._turn(self._offset + ROWS)))
        self._take.on_click(lambda _: running.answer(self._give))
        tools = [self._order, self._back, self._on, self._where]
        tools += [self._take, self._file] if listing.about_customers else []
        self._tools = widgets.HBox(tools)
        self._tools.add_class("ci-explorer-tools")
        title = widgets.HTML(f"<h2>{escape(view.word(listing.label))}</h2>")
        self.widget = widgets.VBox([title, self._tools, self._table])

    def tell(self) -> None:
        """Draw the first page of what is chosen now."""
        self._file.value = ""
        view = self._running.view()
        rows = self._listing.rows(view)
        if isinstance(rows, str):
            self._say_instead(rows)
            return
        self._rows = rows
        counts = {"rows": self._rows.count()}
        # A list that ends its order with the customer has each of them once: to count them apart takes far longer
        several = self._listing.about_customers and self._listing.last != KEY
        if several:
            counts["customers"] = self._rows[KEY].nunique()
        found = view.rows(self._rows.aggregate(**counts))[0]
        self._total = found["rows"]
        hidden = self._listing.about_customers and view.is_few(found["customers" if several else "rows"])
        if hidden or not self._total:
            key = "too_few" if self._listing.about_customers else "nothing"
            self._say_instead(_word(view, key, k=view.smallest_group))
        else:
            self._tools.layout.display = None
            for one in (self._back, self._on):
                one.layout.display = None if self._total > ROWS else "none"
            self._turn(0)

    def _say_instead(self, words: str) -> None:
        self._total, self._where.value = 0, ""
        self._tools.layout.display = "none"
        self._table.value = f"<p class='ci-explorer-empty'>{escape(words)}</p>"

    def _turn(self, offset: int) -> None:
        """Show the page from that row on."""
        view = self._running.view()
        self._offset = max(0, min(offset, (self._total - 1) // ROWS * ROWS))
        last = min(self._offset + ROWS, self._total)
        where = _word(view, "rows", first=f"{self._offset + 1:,}", last=f"{last:,}", total=f"{self._total:,}")
        self._where.value = f"<span aria-live='polite'>{escape(where)}</span>"
        self._back.disabled, self._on.disabled = self._offset == 0, last == self._total
        self._table.value = self._page(view, view.rows(self._sorted().limit(ROWS, offset=self._offset)))

    def _sorted(self) -> ir.Table:
        name, descending = self._order.value
        # Where nothing is known stands at the end, whichever way and on whichever engine
        first = ibis.desc(name, nulls_first=False) if descending else ibis.asc(name, nulls_first=False)
        return self._rows.order_by(first, *([] if name == self._listing.last else [self._listing.last]))

    def _page(self, view: View, rows: list[dict[str, Any]]) -> str:
        name, descending = self._order.value
        heads = "".join(
            f"<th scope='col'{_side(column)}{_sorting(column.sort and column.name == name, descending)}>"
            f"{escape(view.word(column.label))}</th>"
            for column in self._listing.columns
        )
        body = "".join(f"<tr>{self._cells(view, row)}</tr>" for row in rows)
        caption = f"<caption>{escape(view.word(self._listing.label))}</caption>"
        return (
            f"<div class='ci-explorer-table' tabindex='0'><table>{caption}<thead><tr>{heads}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )

    def _cells(self, view: View, row: Mapping[str, Any]) -> str:
        columns = self._listing.columns
        return "".join(f"<td{_side(column)}>{escape(column.show(view, row[column.name]))}</td>" for column in columns)

    def _give(self) -> None:
        view = self._running.view()
        if self._total > MOST_HANDED_OUT:
            raise BadInput("explorer.too_many", most=f"{MOST_HANDED_OUT:,}")
        names = [column.name for column in self._listing.columns]
        wanted = self._sorted().select(*dict.fromkeys((KEY, *names)))
        file = self._hand_out(view, wanted, lambda rows: as_csv(view, self._listing, rows))
        made = base64.b64encode(file).decode()
        # Of our own making, base64: nothing in it ends the attribute
        self._file.value = (
            f"<a download='{view.area}.csv' href='data:text/csv;base64,{made}'>{escape(_word(view, 'keep'))}</a>"
        )


def as_csv(view: View, listing: Listing, rows: pa.Table) -> bytes:
    """The rows as they are shown, with whole keys, for a spreadsheet: no text in it is taken for a formula. Below them
    a sentence about each branch whose data are missing.
    """
    written = StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    columns = listing.columns
    lines.writerow([KEY, *(view.word(column.label) for column in columns if column.name != KEY)])
    for row in rows.to_pylist():
        shown = [column.show(view, row[column.name]) for column in columns if column.name != KEY]
        lines.writerow([grids.safe(one) for one in (row[KEY], *shown)])
    for late in view.opened.late:
        lines.writerow([grids.safe(late.text(view.language, view.place.zone))])
    return written.getvalue().encode("utf-8-sig")


def _word(view: View, key: str, **facts: object) -> str:
    return text(f"explorer.{key}", view.language, **facts)


def _side(column: Column) -> str:
    return " class='ci-explorer-number'" if column.number else ""


def _sorting(here: bool, descending: bool) -> str:
    return f" aria-sort='{'descending' if descending else 'ascending'}'" if here else ""
