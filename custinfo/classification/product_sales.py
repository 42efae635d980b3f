"""How products sell (R107), in five classes, from sales and returns within a window that ends on a day.

1. `return` (退货): something came back, and at least `return_percent` of the amount that was sold.
2. `stop` (中止经销): nothing was sold within the window.
3. The others stand in descending order of net sales (sales less returns); with the sum of all positive net sales before
   and in all, as value grades are made: `best` (特别畅销) within the first `best_percent`, `good` (销路尚佳) within
   `good_percent`, `slow` (不甚畅销) after that. Equal net sales are in one class; the largest is always `best`.

A product is classed that had a sale or a return within `known_months`. A row without a product does not count. Sales of
0 fen are no sales. Whatever else sells, selling more of a product never puts it into a lower class.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Rule
from custinfo.classification.value_grade import ranked, window_start
from custinfo.domain.sums import total_fen

FILE = "product_sales.toml"
CLASSES = ("best", "good", "slow", "stop", "return")
"""The highest first."""


class ProductSalesRule(Rule):
    """One version: the window, for how long a product is known, and the shares."""

    months: Annotated[int, Field(gt=0, le=120)]
    known_months: Annotated[int, Field(gt=0, le=120)]
    best_percent: Annotated[int, Field(gt=0)]
    good_percent: Annotated[int, Field(le=100)]
    return_percent: Annotated[int, Field(gt=0, le=100)]

    def check(self) -> None:
        """Raises Fault when a product is forgotten before the window ends, or good does not end below best."""
        if self.known_months < self.months:
            raise Fault("vertical.product.months", window=self.months, known=self.known_months)
        if self.best_percent >= self.good_percent:
            raise Fault("vertical.product.shares", best=self.best_percent, good=self.good_percent)


def rule(on: date, folder: Path = rules.FOLDER) -> ProductSalesRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, ProductSalesRule, folder)


def classify(sales: ir.Table, on: date, rule: ProductSalesRule) -> ir.Table:
    """Exactly one class for each product that is known on the day `on`.

    `sales` has `product`, `kind`, `occurred_on`, `amount_fen`. Gives `product`, `sold_fen`, `returned_fen`, `net_fen`
    (int64, within the window), `selling`, `rule_version` (int32), in no order.
    """
    rows = sales.filter(
        sales["product"].notnull(),
        sales.kind.isin(("sale", "return")),
        sales.occurred_on.between(window_start(on, rule.known_months), on),
    )
    recent = rows.occurred_on >= window_start(on, rule.months)
    sold, returned = (
        total_fen(ibis.cases((recent & (rows.kind == kind), rows.amount_fen), else_=0)) for kind in ("sale", "return")
    )
    products = rows.group_by("product").agg(sold_fen=sold, returned_fen=returned)
    products = ranked(products.mutate(net_fen=products.sold_fen - products.returned_fen), "net_fen")
    came_back = products.returned_fen * 100 >= products.sold_fen * rule.return_percent
    return products.select(
        "product",
        "sold_fen",
        "returned_fen",
        "net_fen",
        selling=ibis.cases(
            ((products.returned_fen > 0) & came_back, "return"),
            (products.sold_fen == 0, "stop"),
            (products.before * 100 < products.total * rule.best_percent, "best"),
            (products.before * 100 < products.total * rule.good_percent, "good"),
            else_="slow",
        ),
        rule_version=ibis.literal(rule.version, "int32"),
    )
