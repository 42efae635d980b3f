"""The weekly report (周报): held against the week before and the same week of last year, with the month to date."""

from functools import partial

from custinfo.reports import report
from custinfo.reports.parts import short

KIND = short.kind("weekly", {"before": lambda period: period.plus(-1), "ago": lambda period: period.year_before()})
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
