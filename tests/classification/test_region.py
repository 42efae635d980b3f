"""Regions: rolled up from every level, and in force on a day."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import pytest

from custinfo.classification import region
from custinfo.domain import codelists
from custinfo.domain.codelists import CodeList

REGIONS = codelists.load("region")
ON = date(2026, 10, 31)
Place = tuple[str | None, str | None, str | None, str | None]


def places(rows: Mapping[str, str | None], regions: CodeList = REGIONS, on: date = ON) -> dict[str, Place]:
    customers = ibis.memtable(list(rows.items()), schema={"customer_key": "string", "region": "string"})
    result = region.classify(customers, regions, on).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in result) == sorted(rows)
    assert all(row["code"] == (rows[row["customer_key"]] or None) for row in result)
    return {row["customer_key"]: (row["province"], row["prefecture"], row["county"], row["reason"]) for row in result}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("440304", ("440000", "440300", "440304", None)),
        ("440300", ("440000", "440300", None, None)),
        ("440000", ("440000", None, None, None)),
        ("441900", ("440000", "441900", None, None)),  # Dongguan has no counties
        ("500229", ("500000", "500200", "500229", None)),
        ("419001", ("410000", "419000", "419001", None)),
        ("710000", ("710000", None, None, None)),
        ("440399", (None, None, None, "unknown_code")),
        ("44030", (None, None, None, "unknown_code")),
        ("", (None, None, None, "missing")),
        (None, (None, None, None, "missing")),
    ],
)
def test_rolled_up(code: str | None, expected: Place) -> None:
    assert places({"c": code}) == {"c": expected}


def test_the_whole_list_rolls_up_to_itself() -> None:
    found = places({row.code: row.code for row in REGIONS.rows})
    for row in REGIONS.rows:
        levels = dict(zip(("province", "prefecture", "county"), found[row.code], strict=False))
        assert levels[row.level] == row.code
        assert levels["province"] == row.code[:2] + "0000"
    late = {code for code, (*_, reason) in found.items() if reason}
    assert late == {row.code for row in REGIONS.rows if row.is_abolished}, "all others are in force on a day of today"


def test_before_a_code_was_in_force() -> None:
    (first,) = (row for row in REGIONS.rows if row.code == "653132")
    day = date.fromisoformat(first.extra["valid_from"])
    before = day.replace(year=day.year - 1)
    assert places({"c": "653132"}, on=day)["c"][3] is None
    assert places({"c": "653132"}, on=before) == {"c": ("650000", "653100", "653132", "not_in_force")}


@pytest.mark.parametrize(
    ("code", "above", "last"),
    [
        ("110103", ("110000", "110100"), "2009-12-31"),  # 崇文区
        ("110228", ("110000", "110200"), "2014-12-31"),  # 密云县
        ("371202", ("370000", "371200"), "2017-12-31"),  # 莱城区, whose prefecture went with it
        ("431121", ("430000", "431100"), "2021-02-19"),  # 祁阳县
        ("500105", ("500000", "500100"), "2024-12-31"),  # 江北区
        ("460025", ("460000", None), "2000-12-31"),  # 定安县, directly under Hainan
        ("510222", ("510000", "510200"), "1993-12-31"),  # 巴县, then of Sichuan
    ],
)
def test_after_a_code_was_abolished(code: str, above: tuple[str, str | None], last: str) -> None:
    day = date.fromisoformat(last)
    assert places({"c": code}, on=day) == {"c": (*above, code, None)}
    assert places({"c": code}, on=day + timedelta(days=1)) == {"c": (*above, code, "not_in_force")}


def test_from_the_first_day_of_a_code_to_the_last() -> None:
    # 巢湖市, a prefecture from 1999 to 2010
    days = {
        date(1998, 12, 31): "not_in_force",
        date(1999, 1, 1): None,
        date(2010, 12, 31): None,
        date(2011, 1, 1): "not_in_force",
    }
    for day, reason in days.items():
        assert places({"c": "341400"}, on=day) == {"c": ("340000", "341400", None, reason)}, day
