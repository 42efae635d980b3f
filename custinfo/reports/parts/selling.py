"""How products sell (商品销路五级, R107): the five classes, and the products that are to be stopped or sent back."""

from collections.abc import Iterator

import ibis.expr.types as ir

from custinfo.classification.product_sales import CLASSES
from custinfo.reports.figures import Figures, Label, Row, Table
from custinfo.reports.parts import members
from custinfo.reports.parts.making import TOTAL, row_id
from custinfo.reports.parts.targets import AREA, columns, message
from custinfo.reports.text import PERIOD, Fact, Source
from custinfo.statistics import rounding

SUMS = ("sold_fen", "returned_fen", "net_fen")
BY_CLASS = columns(products="count", share="percent", sold="fen", returned="fen", net="fen")
LISTED = columns(sold="fen", returned="fen", net="fen")
ACTED_ON = ("stop", "return")
MOST = 20
"""How many products are listed at the utmost of each class that something is done about."""


def tables(classes_id: str, listed_id: str, classed: ir.Table) -> tuple[Table, Table]:
    """The classes that `product_sales.classify` found; and each product to stop or send back, most returned first."""
    found = classed.order_by("product").to_pyarrow().to_pylist()
    numbers = [sum(one["selling"] == name for one in found) for name in CLASSES]
    shares = rounding.column(numbers)
    rows = []
    for name, many, share in zip(CLASSES, numbers, shares, strict=True):
        sums = (sum(one[what] for one in found if one["selling"] == name) for what in SUMS)
        rows.append(Row(name, message(f"selling_{name}"), (many, share, *sums)))
    whole = (sum(one[what] for one in found) for what in SUMS)
    rows.append(Row(TOTAL, members.message(TOTAL), (len(found), members.whole(shares), *whole)))
    listed = []
    for name in ACTED_ON:
        of_class = sorted((o for o in found if o["selling"] == name), key=lambda o: (-o["returned_fen"], o["product"]))
        listed += [
            Row(f"{name}-{row_id(one['product'])}", Label("plain", one["product"]), tuple(one[what] for what in SUMS))
            for one in of_class[:MOST]
        ]
    return (
        members.table(classes_id, AREA, "selling", BY_CLASS, rows, "class"),
        members.table(listed_id, AREA, "acted_on", LISTED, listed, "product"),
    )


def facts(figures: Figures, classes_id: str) -> Iterator[Fact]:
    """How many products sell best, and how many are to be stopped or sent back; or that nothing was sold."""
    table = figures.table(classes_id)
    if not table.cell(TOTAL, "products"):
        yield Fact(f"{AREA}.text.no_products", {PERIOD: Source(PERIOD)})
        return
    named = {"products": Source(f"{classes_id}.total.products"), "months": Source("months")}
    named |= {name: Source(f"{classes_id}.{name}.products") for name in ("best", *ACTED_ON)}
    yield Fact(f"{AREA}.text.selling", named)
