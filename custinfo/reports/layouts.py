"""Layouts of reports (R148): taken from a report's tables, and printed blank with their number, version and hash."""

import json
from collections.abc import Mapping
from typing import Any

from custinfo.actions import report_layouts, statisticians
from custinfo.actions.report_layouts import Layout
from custinfo.domain import periods, report_definitions
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.reports import issuing, showing
from custinfo.reports.figures import Label
from custinfo.reports.register_paper import Sheet, SheetTable, render
from custinfo.store import Store

FREE_ROWS = 6
"""Lines that are left for rows which differ from period to period."""
WIDEST = 7
"""Columns that an upright page takes."""
FIXED = ("message", "indicator")
"""Sources of the labels of rows that stand in every period."""


def register(store: Store, actor: Person, name: str) -> str:
    """Register the layout of a report as it is in force; gives its id. Its tables are those of the last period that has
    ended, without figures. Raises as `report_layouts.register`, and as counting the figures does.
    """
    calendar = report_definitions.named(name).calendar
    kind = calendar.kind if calendar else periods.Month
    period = kind.of(statisticians.today(store)).plus(-1)
    tables = json.loads(issuing.figures_of(store.site, name, str(period), None).canonical())["tables"]
    return report_layouts.register(store, actor, name, [_bare(one) for one in tables])


def _bare(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without figures and without the rows that differ from period to period."""
    rows = [{"id": row["id"], "label": row["label"]} for row in table["rows"] if row["label"][0] in FIXED]
    free = FREE_ROWS if len(rows) < len(table["rows"]) else 0
    return {"id": table["id"], "title": table["title"], "columns": table["columns"], "rows": rows, "free": free}


def blank(store: Store, one: Layout, language: str) -> bytes:
    """The blank layout as it is printed: every table with its rows, lines to write on, and who signs."""

    def words(key: str, **facts: object) -> str:
        return text(f"registers_page.layout.{key}", language, **facts)

    facts = [
        (words("number"), f"{one.number} · {words('version')} {one.version}"),
        (words("in_force"), str(one.in_force_on)),
        ("SHA-256", one.sha256),
        (words("period"), "________________"),
        (words("unit"), "________________"),
    ]
    tables = [_table(table, language) for table in one.tables]
    signatures = [(words(name), "") for name in ("made_by", "checked_by", "issued_by", "date")]
    sheet = Sheet(
        one.titles[language], language, store.site.name, f"{one.number}-{one.version}", facts, tables, words("legend"),
        signatures, wide=any(len(table["columns"]) > WIDEST for table in one.tables),
    )  # fmt: skip
    return render(sheet, one.recorded_at)


def _table(table: Mapping[str, Any], language: str) -> SheetTable:
    columns = tuple(text(column["label"], language) for column in table["columns"])
    nothing = ("",) * (len(columns) - 1)
    # What differs comes first in the tables of reports, sums and what is not stated at the end
    labels = [""] * table["free"] + [showing.label(Label(*row["label"]), language) for row in table["rows"]]
    wide = tuple(place == 0 for place in range(len(columns)))
    rows = tuple((label or "\u00a0", *nothing) for label in labels)
    title = text(table["title"], language)
    return SheetTable(title, columns, rows, tuple(not one for one in wide), wide, blank=True)
