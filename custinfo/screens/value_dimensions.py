"""What profit and net sales can be split by: what a line of sales says, and what is known of the customer."""

import ibis.expr.types as ir

from custinfo.classification import rfm
from custinfo.domain import codelists
from custinfo.domain.messages import text
from custinfo.lake.extracts import KEY
from custinfo.screens.explorer_view import View

OF_LINES = ("product_line", "product", "area", "channel", "branch")
OF_CUSTOMERS = ("segment", "customer_type", "province", "section", "kind", "ownership")
LISTS = {"province": "region", "section": "industry", "kind": "kind_of_customer", "ownership": "ownership"}
SMALL = "…"
"""The group of all groups with too few customers to be told of."""


def dimensions(view: View) -> list[str]:
    """The dimensions that this lake has."""
    return [*OF_CUSTOMERS, *(name for name in OF_LINES if name in view.tables["window"].columns)]


def chosen(view: View) -> str:
    """The dimension that is chosen."""
    return next(iter(view.codes("by")), OF_CUSTOMERS[0])


def grouped(view: View, sold: ir.Table) -> ir.Table:
    """Rows about customers with the column `group`: the code of the chosen dimension, blank where it is not known.

    Groups of fewer customers than the lake's smallest group are one, SMALL; when that has too few as well, their rows
    are left out. A dimension OF_CUSTOMERS needs one row for each customer, with the dimension's column.
    """
    name = chosen(view)
    known = sold.mutate(group=sold[name].fill_null(""))
    theirs = known.count() if name in OF_CUSTOMERS else known[KEY].nunique()
    sizes = known.group_by("group").agg(customers=theirs)
    large = sizes.filter(sizes.customers >= view.smallest_group).select(large="group")
    merged = known.left_join(large, known["group"] == large.large)
    merged = merged.mutate(group=merged.large.fill_null(SMALL)).drop("large")
    rest = merged.filter(merged["group"] == SMALL)
    found = view.rows(rest.aggregate(customers=rest[KEY].nunique()))[0]["customers"]
    return merged.filter(merged["group"] != SMALL) if view.is_few(found) else merged


def segment_name(view: View, code: str) -> str:
    """The name of an RFM segment."""
    if code == rfm.NO_SALES:
        return text("customer_value.rfm.none", view.language)
    return {one.code: one.name(view.language) for one in rfm.rule(view.on).segments}.get(code, code)


def label(view: View, code: str) -> str:
    """The name of a group of `grouped`."""
    name = chosen(view)
    if code == SMALL:
        return view.word("small_groups", k=view.smallest_group)
    if not code:
        return view.word("not_stated")
    if name == "segment":
        return segment_name(view, code)
    if name == "customer_type" and code in ("enterprise", "individual"):
        return view.word(f"customer_type.{code}")
    codes = codelists.load(LISTS[name]) if name in LISTS else None
    return codes.label(code, view.language) if codes is not None and code in codes else code
