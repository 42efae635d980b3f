"""How products sell: worked by hand, against plain Python, more sales never lower a class, rule files."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import product_sales
from custinfo.classification.product_sales import CLASSES, ProductSalesRule
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = product_sales.rule(ON)
SALES = {"product": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}

Sale = tuple[str | None, str, date, int]


def classified(sales: list[Sale]) -> dict[str, tuple[int, int, str]]:
    rows = product_sales.classify(ibis.memtable(sales, schema=SALES), ON, RULE).to_pyarrow().to_pylist()
    assert len({row["product"] for row in rows}) == len(rows), "classes partition the products"
    assert all(row["net_fen"] == row["sold_fen"] - row["returned_fen"] for row in rows)
    return {row["product"]: (row["sold_fen"], row["returned_fen"], row["selling"]) for row in rows}


def test_worked_by_hand() -> None:
    # Net sales of all: 1000 fen; before b stand 400, before c and d 700, before e 900
    sales: list[Sale] = [
        ("a", "sale", ON, 450),
        ("a", "return", ON, 50),
        ("b", "sale", date(2026, 8, 1), 300),  # the first day of the window
        ("c", "sale", ON, 100),
        ("d", "sale", ON, 100),
        ("back", "sale", ON, 143),
        ("back", "return", ON, 43),  # 30.07 %
        ("kept", "sale", ON, 0),
        ("old", "sale", date(2026, 7, 31), 9000),
        ("old", "return", date(2026, 7, 31), 9000),
        ("only_back", "return", ON, 1),
        ("first_day", "sale", date(2025, 11, 1), 1),
        ("forgotten", "sale", date(2025, 10, 31), 1),
        ("later", "sale", date(2026, 11, 1), 1),
        ("paid", "payment", ON, 1),
        (None, "sale", ON, 10**9),
    ]
    assert classified(sales) == {
        "a": (450, 50, "best"),
        "b": (300, 0, "best"),
        "c": (100, 0, "good"),
        "d": (100, 0, "good"),
        "back": (143, 43, "return"),
        "kept": (0, 0, "stop"),
        "old": (0, 0, "stop"),
        "only_back": (0, 1, "return"),
        "first_day": (0, 0, "stop"),
    }
    # 43 of 144 is 29.86 %: not yet. Its net sales are now 101, so 700 of 1001 stand before it, and 801 before c and d
    found = classified([*sales, ("back", "sale", ON, 1)])
    assert [found[name][2] for name in ("back", "c", "d")] == ["good", "slow", "slow"]


def reference(sales: list[Sale]) -> dict[str, str]:
    """The docstring's rule in plain Python, for sales within the window."""
    products = sorted({product for product, *_ in sales if product is not None})
    sold, back = (
        {p: sum(fen for q, k, _, fen in sales if q == p and k == kind) for p in products} for kind in ("sale", "return")
    )
    net = {p: sold[p] - back[p] for p in products}
    total = sum(fen for fen in net.values() if fen > 0)

    def selling(product: str) -> str:
        before = sum(fen for fen in net.values() if fen > net[product])
        if back[product] and back[product] * 100 >= RULE.return_percent * sold[product]:
            return "return"
        if not sold[product]:
            return "stop"
        shares = (("best", RULE.best_percent), ("good", RULE.good_percent))
        return next((name for name, share in shares if before * 100 < share * total), "slow")

    return {product: selling(product) for product in products}


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_like_plain_python_and_more_sales_never_lower_a_class(seed: int) -> None:
    random = Random(seed)
    sales: list[Sale] = []
    for number in range(60):
        for _ in range(random.randrange(1, 4)):
            kind = random.choice(["sale", "sale", "sale", "return"])
            day = ON - timedelta(days=random.randrange(80))
            sales.append((f"{number:02d}", kind, day, random.choice([0, 10, 20, 100, random.randrange(500)])))
    random.shuffle(sales)
    before = classified(sales)
    assert {product: selling for product, (_, _, selling) in before.items()} == reference(sales)
    product = random.choice(sorted(before))
    after = classified([*sales, (product, "sale", ON, random.choice([1, 100, 10**6]))])
    assert CLASSES.index(after[product][2]) <= CLASSES.index(before[product][2])


def test_no_sales_at_all_and_types() -> None:
    assert classified([]) == {}
    schema = product_sales.classify(ibis.memtable([], schema=SALES), ON, RULE).schema()
    assert [str(kind) for kind in schema.types] == ["string", "int64", "int64", "int64", "string", "int32"]


def test_every_class_has_a_name() -> None:
    for language in LANGUAGES:
        assert len({text(f"vertical.product.{name}", language) for name in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("\nknown_months = 12", "\nknown_months = 2", "vertical.product.months"),
        ("\nbest_percent = 50", "\nbest_percent = 80", "vertical.product.shares"),
        ("\nreturn_percent = 30", "\nreturn_percent = 0", "classification.limit"),
        ("\ngood_percent = 80", "\ngood_percent = 101", "classification.limit"),
        ("\nmonths = 3", "\nmonths = 3\nweeks = 3", "classification.unknown_entry"),
    ],
)
def test_a_rule_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert refused(tmp_path, product_sales.FILE, ProductSalesRule, (old, new)) == key
