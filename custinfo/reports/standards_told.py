"""The national standards that a report's indicators rest on, for its head: units of measurement, classifications."""

from custinfo.domain.messages import text
from custinfo.reports.figures import Figures
from custinfo.statistics import indicators, standards


def told(figures: Figures, language: str) -> str:
    """The standards of every indicator that the report shows, each once; blank for a report without indicators."""
    known = standards.load()
    shown = [
        indicators.get(row.label.value)
        for table in figures.tables for row in table.rows if row.label.source == "indicator"
    ]  # fmt: skip
    units = (known.unit[one.unit] for one in shown)
    measured = [f"{one.name(language)} ({one.code}, {one.standard})" for one in units]
    classes = [known.classification[name] for one in shown for name in one.classified_by]
    classed = [f"{one.name(language)} ({one.brief})" for one in classes]
    return text("reports.between", language).join(dict.fromkeys(measured + classed))
