"""The quarterly report (季报) with its analysis: held against the quarter before and the same one of last year."""

from functools import partial

from custinfo.reports import report
from custinfo.reports.parts import analysis
from custinfo.reports.parts.analysis import Analysis

INDICATORS = (
    "sales", "returns", "net_sales", "payments", "return_rate", "receivables", "collection_rate", "gross_profit",
    "gross_margin", "customers", "new_customers", "active_customers", "new_buyers", "lapsed_customers",
    "retention_rate", "repurchase_rate", "average_sale", "net_sales_per_customer", "top_share", "complaints",
    "satisfaction",
)  # fmt: skip
OF = Analysis(
    {"before": lambda period: period.plus(-1), "ago": lambda period: period.year_before()}, "ago", INDICATORS, steps=3
)
KIND = analysis.kind("quarterly", OF)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
