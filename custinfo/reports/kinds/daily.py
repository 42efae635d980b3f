"""The daily report (日报): held against the day before and the same weekday a year ago, with the month to date."""

from functools import partial

from custinfo.reports import report
from custinfo.reports.parts import short

DAYS_OF_52_WEEKS = 364
KIND = short.kind(
    "daily", {"before": lambda period: period.plus(-1), "ago": lambda period: period.plus(-DAYS_OF_52_WEEKS)}
)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
