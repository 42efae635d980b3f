"""Classes that are the codes of a flat list: kind of customer, location, ownership as chosen."""

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import listed
from custinfo.domain import codelists

LISTS = {"kind_of_customer": 5, "location_type": 4, "ownership": 5}


def classes(name: str, rows: dict[str, str | None]) -> dict[str, tuple[str | None, str, str | None]]:
    customers = ibis.memtable(list(rows.items()), schema={"customer_key": "string", "chosen": "string"})
    result = listed.classify(customers, "chosen", codelists.load(name)).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in result) == sorted(rows), "exactly one class each"
    assert {row["edition"] for row in result} <= {codelists.load(name).edition}
    return {row["customer_key"]: (row["code"], row["class"], row["reason"]) for row in result}


@pytest.mark.parametrize("name", LISTS)
def test_every_code_of_the_list_is_a_class(name: str) -> None:
    codes = [row.code for row in codelists.load(name).rows]
    assert len(codes) == LISTS[name]
    assert classes(name, {code: code for code in codes}) == {code: (code, code, None) for code in codes}


def test_what_is_not_known_is_named() -> None:
    found = classes("location_type", {"a": None, "b": "", "c": "seaside", "d": "residential"})
    assert found == {
        "a": (None, "unclassified", "missing"),
        "b": (None, "unclassified", "missing"),
        "c": ("seaside", "unclassified", "unknown_code"),
        "d": ("residential", "residential", None),
    }


@settings(max_examples=10, deadline=None)
@given(
    chosen=st.dictionaries(
        st.text("abcdef", min_size=1), st.none() | st.sampled_from(["", "partner", "consumer", "no such code"])
    ),
)
def test_a_partition_whatever_the_codes(chosen: dict[str, str | None]) -> None:
    found = classes("kind_of_customer", chosen)
    assert all((reason is None) == (kind in ("partner", "consumer")) for _, kind, reason in found.values())
