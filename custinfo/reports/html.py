"""The report as one HTML file that loads nothing: styles and charts stand in it, data is escaped."""

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from custinfo.reports import style
from custinfo.reports.document import Document

TEMPLATES = Path(__file__).parent / "templates"


def render(document: Document) -> bytes:
    """The page, UTF-8. The same document gives the same bytes."""
    return template("monthly.html.j2").render(d=document, style=style).encode()


def table(document: Document, table_id: str) -> str:
    """One table of the report, for a notebook."""
    (shown,) = (table for table in document.tables if table.id == table_id)
    return _part("table", shown)


def text(document: Document) -> str:
    """The report's text, for a notebook."""
    return _part("text", document)


def chart(document: Document, chart_id: str) -> str:
    """One chart of the report, for a notebook."""
    (shown,) = (chart for chart in document.charts if chart.id == chart_id)
    return _part("chart", shown)


def _part(macro: str, shown: object) -> str:
    return str(getattr(template("parts.html.j2").module, macro)(shown))


@cache
def template(name: str) -> jinja2.Template:
    """A template of this folder; data that it is filled with are escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Drawn by us from escaped data: the only markup that does not come from a template
    environment.filters["drawn"] = lambda chart: Markup(chart.svg)  # noqa: S704
    return environment.get_template(name)
