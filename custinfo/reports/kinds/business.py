"""The analysis of business (经营情况分析, R165): sales, returns, receivables, collection, profit, of a month."""

from functools import partial

from custinfo.reports import report
from custinfo.reports.parts import analysis
from custinfo.reports.parts.analysis import Analysis

INDICATORS = (
    "sales", "returns", "net_sales", "return_rate", "gross_profit", "gross_margin", "payments", "receivables",
    "collection_rate", "average_sale", "frequency", "net_sales_per_customer", "active_customers", "new_buyers",
    "lapsed_customers", "repurchase_rate", "retention_rate", "top_share",
)  # fmt: skip
OF = Analysis(
    {"before": lambda period: period.plus(-1), "ago": lambda period: period.year_before()}, "before", INDICATORS,
    steps=3,
)  # fmt: skip
KIND = analysis.kind("business", OF)
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
