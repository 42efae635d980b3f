"""Industries rolled up to section and division."""

import ibis
import pytest

from custinfo.classification import industry
from custinfo.domain import codelists

INDUSTRIES = codelists.load("industry")
LEVELS = ("section", "division", "group", "class")


def rolled(rows: dict[str, str | None]) -> dict[str, tuple[str | None, ...]]:
    customers = ibis.memtable(list(rows.items()), schema={"customer_key": "string", "industry": "string"})
    result = industry.classify(customers, INDUSTRIES).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in result) == sorted(rows)
    assert {row["edition"] for row in result} == {INDUSTRIES.edition}
    return {row["customer_key"]: tuple(row[name] for name in (*LEVELS, "reason")) for row in result}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("6210", ("H", "62", "621", "6210", None)),
        ("651", ("I", "65", "651", None, None)),
        ("52", ("F", "52", None, None, None)),
        ("C", ("C", None, None, None, None)),
        ("6298", (None, None, None, None, "unknown_code")),
        ("c", (None, None, None, None, "unknown_code")),
        (None, (None, None, None, None, "missing")),
        ("", (None, None, None, None, "missing")),
    ],
)
def test_rolled_up(code: str | None, expected: tuple[str | None, ...]) -> None:
    assert rolled({"c": code}) == {"c": expected}


def test_every_code_is_its_own_at_its_level_and_has_a_section() -> None:
    found = rolled({row.code: row.code for row in INDUSTRIES.rows})
    for row in INDUSTRIES.rows:
        levels = dict(zip(LEVELS, found[row.code], strict=False))
        assert levels[row.level] == row.code
        assert levels["section"] is not None
        assert found[row.code][-1] is None
