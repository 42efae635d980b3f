"""Ownership from the registered type: both standards, every code, and what cannot be told."""

import ibis
import pytest

from custinfo.classification import ownership
from custinfo.domain import codelists

Found = dict[str, tuple[str | None, str, str | None]]


def classes(name: str, rows: dict[str, str | None]) -> Found:
    customers = ibis.memtable(list(rows.items()), schema={"customer_key": "string", "type": "string"})
    types = codelists.load(name)
    result = ownership.classify(customers, "type", types).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in result) == sorted(rows)
    assert {row["edition"] for row in result} == {types.edition}
    return {row["customer_key"]: (row["code"], row["ownership"], row["reason"]) for row in result}


@pytest.mark.parametrize(
    ("name", "code", "expected", "reason"),
    [
        ("enterprise_type", "111", "state", None),
        ("enterprise_type", "112", "joint_stock", None),
        ("enterprise_type", "132", "collective", None),
        ("enterprise_type", "400", "collective", None),
        ("enterprise_type", "500", "individual", None),
        ("enterprise_type", "330", "joint_venture", None),
        ("enterprise_type", "110", "unclassified", "heading"),
        ("enterprise_type", "900", "unclassified", "residual"),
        ("economic_type", "110", "state", None),
        ("economic_type", "142", "collective", None),
        ("economic_type", "143", "joint_venture", None),
        ("economic_type", "175", "individual", None),
        ("economic_type", "173", "joint_stock", None),
        ("economic_type", "310", "joint_venture", None),
        ("economic_type", "170", "unclassified", "heading"),
        ("economic_type", "179", "unclassified", "residual"),
        ("economic_type", "111", "unclassified", "unknown_code"),  # of the other standard
    ],
)
def test_types_of_both_standards(name: str, code: str, expected: str, reason: str | None) -> None:
    assert classes(name, {"c": code}) == {"c": (code, expected, reason)}


@pytest.mark.parametrize(("name", "rows"), [("enterprise_type", 29), ("economic_type", 34)])
def test_every_code_has_one_class_or_a_reason(name: str, rows: int) -> None:
    codes = {row.code: row.code for row in codelists.load(name).rows}
    found = classes(name, dict(codes))
    assert len(found) == rows
    for code, (recorded, kind, reason) in found.items():
        assert recorded == code
        assert kind in ownership.CLASSES
        assert (kind == "unclassified") == (reason in ownership.REASONS)
    assert {kind for _, kind, _ in found.values()} == set(ownership.CLASSES), "all five occur"


def test_without_a_type() -> None:
    assert classes("economic_type", {"a": None, "b": ""}) == dict.fromkeys("ab", (None, "unclassified", "missing"))
