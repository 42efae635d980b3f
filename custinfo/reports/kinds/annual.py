"""The annual report (年报) with its analysis: held against the year before."""

from functools import partial

from custinfo.reports import report
from custinfo.reports.kinds.quarterly import INDICATORS
from custinfo.reports.parts import analysis
from custinfo.reports.parts.analysis import Analysis

OF = Analysis({"before": lambda period: period.plus(-1)}, "before", INDICATORS, steps=12)
KIND = analysis.kind("annual", OF)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
