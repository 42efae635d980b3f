"""Position of customers by volume and standing (R95): main, ordinary, scattered; the key ones among the main.

1. `none`: value grade N, net sales of the window are not above zero.
2. `main` (主力): a value grade among `main_grades`, and sales in at least `main_months` months of the window.
   `key_main` (重点主力) where the card's market position is among `key_standings` as well.
3. `scattered` (零散): another grade, and sales in fewer than `scattered_below_months` months.
4. `ordinary` (一般): everybody else; so also who bought much, but seldom.

A month counts with one sale above zero fen, whatever was returned. A window that does not begin with a month touches
one calendar month more than it is long. Who has no market position on the card is never `key_main`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Rule, Text
from custinfo.classification.value_grade import GRADES, window_start
from custinfo.domain import codelists

FILE = "market_position.toml"
POSITIONS = ("key_main", "main", "ordinary", "scattered", "none")
"""The highest first."""


class MarketPositionRule(Rule):
    """One version; `months` is the length of the window that ends on the day."""

    months: Annotated[int, Field(gt=0, le=120)]
    main_grades: Many[Text]
    main_months: Annotated[int, Field(gt=0)]
    scattered_below_months: Annotated[int, Field(gt=0)]
    key_standings: Many[Text]

    def check(self) -> None:
        """Raises Fault for grades that are not the highest ones, months out of order, and unknown standings."""
        # Were A left out and B in, a customer would fall by buying more
        if self.main_grades not in (GRADES[:1], GRADES[:2]):
            raise Fault("vertical.position.grades", found=", ".join(self.main_grades))
        if not self.scattered_below_months <= self.main_months <= self.months:
            months = {"scattered": self.scattered_below_months, "main": self.main_months, "window": self.months}
            raise Fault("vertical.position.months", **months)
        codes = codelists.load("market_position")
        for code in self.key_standings:
            if code not in codes:
                raise Fault("vertical.position.standing", code=code)


def rule(on: date, folder: Path = rules.FOLDER) -> MarketPositionRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, MarketPositionRule, folder)


def position(graded: ir.Table, sales: ir.Table, standings: ir.Table, on: date, rule: MarketPositionRule) -> ir.Table:
    """Exactly one position for each customer of `graded`, on the day `on`.

    `graded` is as `value_grade.grade` gives it for that day; `sales` as there; `standings` has `customer_key` (unique)
    and `market_position`, a code of the list of that name or NULL. Gives `customer_key`, `grade`, `months_bought`
    (int64), `market_position`, `position`, `rule_version`, `value_rule_version` (int32), in no order.
    """
    sold = sales.filter(
        sales.kind == "sale", sales.amount_fen > 0, sales.occurred_on.between(window_start(on, rule.months), on)
    )
    month = sold.occurred_on.year() * 12 + sold.occurred_on.month()
    months = sold.group_by(sold_key="customer_key").agg(bought=month.nunique().cast("int64"))
    standing = standings.select(standing_key="customer_key", market_position="market_position")
    known = graded.left_join(months, graded.customer_key == months.sold_key)
    known = known.left_join(standing, known.customer_key == standing.standing_key)
    known = known.select(
        "customer_key",
        "grade",
        "market_position",
        months_bought=known.bought.fill_null(0),
        value_rule_version=known.rule_version,
    )
    is_large = known.grade.isin(rule.main_grades)
    is_main = is_large & (known.months_bought >= rule.main_months)
    return known.mutate(
        position=ibis.cases(
            (known.grade == "N", "none"),
            (is_main & known.market_position.isin(rule.key_standings).fill_null(False), "key_main"),
            (is_main, "main"),
            (~is_large & (known.months_bought < rule.scattered_below_months), "scattered"),
            else_="ordinary",
        ),
        rule_version=ibis.literal(rule.version, "int32"),
    )
