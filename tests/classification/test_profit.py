"""Profit contribution: worked by hand, like plain Python, and nothing invented where a cost is not known."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import profit

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
IN = date(2026, 2, 2)
LINES = ibis.schema(
    {"kind": "string", "occurred_on": "date", "area": "string", "amount_fen": "int64", "cost_fen": "int64"}
)

Line = tuple[str, date, str | None, int, int | None]


def contributed(lines: Sequence[Line]) -> list[dict[str, Any]]:
    table = ibis.memtable(list(lines), schema=LINES)
    return profit.contribution(table, "area", FIRST, LAST).to_pyarrow().to_pylist()


def row(code: str, turnover: int, cost: int, uncosted: int, totals: tuple[int, int]) -> dict[str, Any]:
    return {
        "code": code,
        "turnover_fen": turnover,
        "cost_fen": cost,
        "profit_fen": turnover - cost,
        "uncosted_fen": uncosted,
        "total_turnover_fen": totals[0],
        "total_profit_fen": totals[1],
    }


def test_worked_by_hand() -> None:
    lines: list[Line] = [
        ("sale", IN, "east", 1000, 600), ("sale", FIRST, "east", 500, 300), ("return", LAST, "east", 200, 120),
        ("payment", IN, "east", 10**9, 10**9),
        ("sale", date(2025, 12, 31), "east", 10**9, 1), ("sale", date(2026, 4, 1), "east", 10**9, 1),
        ("sale", IN, "west", 400, 700),  # a loss
        ("sale", IN, "north", 900, None), ("return", IN, "north", 100, None),  # cost not known
        ("sale", IN, "north", 100, 0),  # known to be nothing
        ("sale", IN, None, 150, 50), ("sale", IN, "", 1, 1),
        ("return", IN, "south", 30, 30),
    ]  # fmt: skip
    totals = (1300 + 400 + 100 + 151 - 30, 520 - 300 + 100 + 100 + 0)
    assert contributed(lines) == [
        row("east", 1300, 780, 0, totals),
        row("", 151, 51, 0, totals),
        row("north", 100, 0, 800, totals),
        row("south", -30, -30, 0, totals),
        row("west", 400, 700, 0, totals),
    ]


def test_nothing_sold() -> None:
    assert contributed([]) == []
    assert contributed([("payment", IN, "east", 5, 5)]) == []


def test_every_fen_counts() -> None:
    big = 9 * 10**17
    found = contributed([("sale", IN, "a", big, big - 1), ("sale", IN, "b", big - 1, big)])
    assert [one["profit_fen"] for one in found] == [1, -1]
    assert found[0]["total_turnover_fen"] == 2 * big - 1


def test_types(tmp_path: Path) -> None:
    table = profit.contribution(ibis.memtable([("sale", IN, "a", 3, 2)], schema=LINES), "area", FIRST, LAST)
    table.to_parquet(tmp_path / "profit.parquet")
    assert [str(field.type) for field in pq.read_schema(tmp_path / "profit.parquet")] == ["string"] + ["int64"] * 6


lines = st.lists(
    st.tuples(
        st.sampled_from(["sale", "sale", "return", "payment"]),
        st.sampled_from([FIRST, IN, LAST, date(2026, 4, 1)]),
        st.sampled_from(["a", "b", "", None]),
        st.integers(0, 10**13),
        st.one_of(st.none(), st.integers(0, 10**13)),
    ),
    max_size=30,
)


@settings(max_examples=10, deadline=None)
@given(lines=lines, data=st.data())
def test_like_plain_python_in_any_order(lines: list[Line], data: st.DataObject) -> None:
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for kind, day, area, amount, cost in lines:
        if day <= LAST and kind != "payment":
            sign = 1 if kind == "sale" else -1
            group = groups[area or ""]
            if cost is None:
                group[2] += sign * amount
            else:
                group[0] += sign * amount
                group[1] += sign * cost
    totals = sum(turnover for turnover, _, _ in groups.values()), sum(t - c for t, c, _ in groups.values())
    expected = [row(code, *figures, totals) for code, figures in groups.items()]
    expected.sort(key=lambda one: (-one["profit_fen"], one["code"]))
    assert contributed(data.draw(st.permutations(lines))) == expected
    assert sum(one["profit_fen"] for one in expected) == totals[1]
