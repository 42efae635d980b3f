"""RFM: scores worked by hand, their properties, the shipped segments, and the rule file's refusals."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rfm, rules, value_grade
from custinfo.classification.rfm import RfmRule
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
RULE = rfm.rule(ON)
SALES = ibis.schema({"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"})

Movement = tuple[str, str, date, int]


def day(ago: int) -> date:
    return ON - timedelta(days=ago)


def table(customers: Sequence[str], sales: Sequence[Movement], rule: RfmRule = RULE) -> ibis.Table:
    known = ibis.memtable([(key,) for key in customers], schema={"customer_key": "string"})
    return rfm.scores(known, ibis.memtable(list(sales), schema=SALES), ON, rule)


def scored(
    customers: Sequence[str], sales: Sequence[Movement], rule: RfmRule = RULE
) -> dict[str, tuple[int | None, int, int, int, int, int, str]]:
    rows = table(customers, sales, rule).to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in rows) == sorted(customers), "segments partition the customers"
    assert {row["rule_version"] for row in rows} <= {rule.version}
    names = ("recency_days", "frequency", "monetary_fen", "r", "f", "m", "segment")
    return {row["customer_key"]: tuple(row[name] for name in names) for row in rows}


def reference(customers: Sequence[str], sales: Sequence[Movement], rule: RfmRule) -> dict[str, Any]:
    """The docstring's rule in plain Python, a customer at a time."""
    first = value_grade.window_start(ON, rule.months)
    days: dict[str, set[date]] = {key: set() for key in customers}
    money = dict.fromkeys(customers, 0)
    for key, kind, when, amount in sales:
        if key in money and first <= when <= ON and kind in ("sale", "return"):
            money[key] += amount if kind == "sale" else -amount
            days[key] |= {when} if kind == "sale" else set()
    buyers = [key for key in customers if days[key]]
    silence = {key: (ON - max(days[key])).days for key in buyers}

    def score(values: dict[str, int], key: str) -> int:
        worse = sum(values[other] < values[key] for other in buyers)
        equal = sum(values[other] == values[key] for other in buyers)
        return 1 + int(Fraction(5 * (2 * worse + equal), 2 * len(buyers)))

    found: dict[str, Any] = {key: (None, 0, money[key], 0, 0, 0, "none") for key in customers}
    for key in buyers:
        r = score({other: -silence[other] for other in buyers}, key)
        f, m = score({other: len(days[other]) for other in buyers}, key), score(money, key)
        found[key] = (silence[key], len(days[key]), money[key], r, f, m, rule.segment_of()[r, f, m])
    return found


def test_worked_by_hand() -> None:
    sales = [
        # five buyers: recency 0, 10, 10, 10, 300; frequency 3, 1, 1, 1, 2; money 500, 400, 400, 30, -70
        ("a", "sale", day(0), 100), ("a", "sale", day(0), 100), ("a", "sale", day(1), 200), ("a", "sale", day(2), 100),
        ("b", "sale", day(10), 400), ("b", "payment", day(0), 10**9),
        ("c", "sale", day(10), 500), ("c", "return", day(0), 100),
        ("d", "sale", day(10), 30), ("d", "sale", day(365), 10**9), ("d", "sale", day(-1), 10**9),
        ("e", "sale", day(300), 20), ("e", "sale", day(301), 10), ("e", "return", day(3), 100),
        ("f", "return", day(3), 5), ("g", "payment", day(3), 5),
        ("stranger", "sale", day(0), 10**9),
    ]  # fmt: skip
    assert scored("abcdefgh", sales) == {
        # r: e 1st of 5, b c d the middle three, a the best; f: three with one purchase around the 2nd place
        "a": (0, 3, 500, 5, 5, 5, "champions"),
        "b": (10, 1, 400, 3, 2, 4, "big_spenders"),
        "c": (10, 1, 400, 3, 2, 4, "big_spenders"),
        "d": (10, 1, 30, 3, 2, 2, "need_attention"),
        "e": (300, 2, -70, 1, 4, 1, "at_risk"),
        "f": (None, 0, -5, 0, 0, 0, "none"),
        "g": (None, 0, 0, 0, 0, 0, "none"),
        "h": (None, 0, 0, 0, 0, 0, "none"),
    }


def test_ten_different_customers_fill_the_quintiles() -> None:
    found = scored("abcdefghij", [(key, "sale", day(n), 100 - n) for n, key in enumerate("abcdefghij")])
    assert [found[key][3] for key in "abcdefghij"] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert [found[key][5] for key in "abcdefghij"] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert {found[key][4] for key in found} == {3}, "all bought once"


def test_where_many_are_equal() -> None:
    # Seven of ten bought once, three twice: the middle of the seven is at 35 %, of the three at 85 %
    twice = [(key, "sale", day(1), 5) for key in "hij"]
    found = scored("abcdefghij", [(key, "sale", day(0), 5) for key in "abcdefghij"] + twice)
    assert [found[key][4] for key in "abcdefghij"] == [2] * 7 + [5] * 3


def test_the_window() -> None:
    first = value_grade.window_start(ON, 12)
    found = scored("ab", [("a", "sale", first, 5), ("b", "sale", first - timedelta(days=1), 5)])
    assert found["a"][:3] == ((ON - first).days, 1, 5)
    assert found["b"][6] == "none"


def test_nobody_and_nothing() -> None:
    assert scored([], [("a", "sale", ON, 1)]) == {}
    assert scored("ab", [])["b"] == (None, 0, 0, 0, 0, 0, "none")
    assert scored("a", [("a", "sale", ON, 0)])["a"] == (0, 1, 0, 3, 3, 3, "need_attention")


def test_types(tmp_path: Path) -> None:
    result = table("ab", [("a", "sale", ON, 1)])
    result.to_parquet(tmp_path / "rfm.parquet")
    written = pq.read_schema(tmp_path / "rfm.parquet")
    assert [(field.name, str(field.type)) for field in written] == [
        ("customer_key", "string"), ("recency_days", "int64"), ("frequency", "int64"), ("monetary_fen", "int64"),
        ("r", "int32"), ("f", "int32"), ("m", "int32"), ("segment", "string"), ("rule_version", "int32"),
    ]  # fmt: skip


movements = st.tuples(
    st.sampled_from("abcdefgh"),
    st.sampled_from(["sale", "sale", "sale", "payment", "return"]),
    st.one_of(st.integers(-3, 6), st.integers(0, 400)).map(day),
    st.one_of(st.integers(0, 5), st.integers(0, 10**13)),
)


@cache
def compiled() -> tuple[ibis.BaseBackend, str]:
    """The query over two tables: to compile it anew for every example would take most of the time."""
    engine = ibis.duckdb.connect(threads=1)
    engine.create_table("customers", schema=ibis.schema({"customer_key": "string"}))
    engine.create_table("sales", schema=SALES)
    return engine, str(ibis.to_sql(rfm.scores(engine.table("customers"), engine.table("sales"), ON, RULE)))


def quickly(customers: Sequence[str], sales: Sequence[Movement]) -> dict[str, Any]:
    engine, query = compiled()
    cursor = engine.raw_sql("DELETE FROM customers; DELETE FROM sales")
    cursor.execute("INSERT INTO customers SELECT unnest(?)", [list(customers)])
    if sales:
        columns = [list(column) for column in zip(*sales, strict=True)]
        cursor.execute("INSERT INTO sales SELECT unnest(?), unnest(?), unnest(?), unnest(?)", columns)
    return {row[0]: row[1:-1] for row in cursor.execute(query).fetchall()}


@settings(max_examples=20, deadline=None)
@given(sales=st.lists(movements, max_size=40), data=st.data())
def test_like_plain_python_in_any_order(sales: list[Movement], data: st.DataObject) -> None:
    expected = reference("abcdefg", sales, RULE)
    assert quickly("abcdefg", sales) == expected
    assert quickly("gfedcba", data.draw(st.permutations(sales))) == expected


@settings(max_examples=20, deadline=None)
@given(sales=st.lists(movements, min_size=1, max_size=30), ago=st.integers(0, 60), amount=st.integers(0, 100))
def test_one_sale_more_never_lowers_a_score(sales: list[Movement], ago: int, amount: int) -> None:
    key = sales[0][0]
    before = quickly("abcdefgh", sales)[key]
    after = quickly("abcdefgh", [*sales, (key, "sale", day(ago), amount)])[key]
    if before[1]:  # who had not bought was in no quintile
        assert after[3] >= before[3] and after[4] >= before[4] and after[5] >= before[5]
    assert after[3] > 0


def test_the_shipped_rule() -> None:
    assert (RULE.version, RULE.months) == (1, 12)
    assert len(RULE.segment_of()) == 125
    assert RULE.segment_of()[5, 5, 5] == "champions"
    assert RULE.segment_of()[1, 1, 1] == "lost"
    for language in ("zh-CN", "en"):
        names = {segment.name(language) for segment in RULE.segments} | {text("customer_value.rfm.none", language)}
        assert len(names) == len(RULE.segments) + 1
        assert len({segment.strategy(language) for segment in RULE.segments}) == len(RULE.segments)
    with pytest.raises(BadInput) as raised:
        rfm.rule(date(2019, 12, 31))
    assert raised.value.key == "classification.no_rule"


def test_a_rule_of_one_segment() -> None:
    whole = rfm.Segment(
        code="all",
        zh="全部",
        en="All",
        strategy_zh="-",
        strategy_en="-",
        blocks=[{"r": [1, 5], "f": [1, 5], "m": [1, 5]}],
    )
    rule = RULE.model_copy(update={"segments": (whole,)})
    rule.check()
    found = scored("ab", [("a", "sale", ON, 1)], rule)
    assert (found["a"][6], found["b"][6]) == ("all", "none")


HEAD = """
[[version]]
version = 1
effective_from = 2024-01-01
reason = "r"
approved_by = "p"
months = 12
"""


def segment(code: str, *blocks: str) -> str:
    inside = ", ".join(f"{{ {block} }}" for block in blocks)
    names = 'zh = "甲"\nen = "x"\nstrategy_zh = "乙"\nstrategy_en = "y"'
    return f'\n[[version.segments]]\ncode = "{code}"\n{names}\nblocks = [{inside}]\n'


HIGH = segment("high", "r = [3, 5], f = [1, 5], m = [1, 5]")
LOW = segment("low", "r = [1, 2], f = [1, 4], m = [1, 5]", "r = [1, 2], f = [5, 5], m = [1, 5]")


def test_a_small_rule_that_is_in_order(tmp_path: Path) -> None:
    (tmp_path / rfm.FILE).write_text(HEAD + HIGH + LOW, "utf-8")
    assert rfm.rule(ON, tmp_path).segment_of()[2, 5, 1] == "low"


@pytest.mark.parametrize(
    ("content", "key", "named"),
    [
        (HEAD, "classification.missing_entry", "segments"),
        (HEAD + "segments = []", "classification.wrong_entry", "segments"),
        (HEAD + HIGH, "customer_value.hole", "r=1, f=1, m=1"),
        (HEAD + HIGH + LOW.replace("[5, 5]", "[4, 5]"), "customer_value.overlap", "r=1, f=4, m=1"),
        (HEAD + HIGH + LOW.replace("[1, 2]", "[1, 3]"), "customer_value.overlap", "r=3, f=1, m=1"),
        (HEAD + HIGH + LOW.replace("[1, 4]", "[1, 3]"), "customer_value.hole", "r=1, f=4, m=1"),
        (HEAD + HIGH + LOW.replace("[1, 4]", "[4, 1]"), "customer_value.upside_down", "low"),
        (HEAD + HIGH + LOW.replace('"low"', '"high"'), "customer_value.segment_code", "high"),
        (HEAD + HIGH + LOW.replace('"low"', '"none"'), "customer_value.segment_code", "none"),
        (HEAD + HIGH + LOW.replace('"low"', '"Low"'), "classification.wrong_entry", "code"),
        (HEAD + HIGH + LOW.replace("[1, 4]", "[0, 4]"), "classification.limit", "≥ 1"),
        (HEAD + HIGH + LOW.replace("[5, 5]", "[5, 6]"), "classification.limit", "≤ 5"),
        (HEAD + HIGH + LOW.replace("[5, 5]", "[5]"), "classification.missing_entry", "f"),
        (HEAD + HIGH + LOW.replace("[5, 5]", "[5, 5.0]"), "classification.wrong_entry", "f"),
        (HEAD + HIGH + LOW.replace('zh = "甲"', 'zh = ""'), "classification.wrong_entry", "zh"),
        (HEAD.replace("12", "0") + HIGH + LOW, "classification.limit", "months"),
        (HEAD + HIGH + LOW.replace("m =", "x ="), "classification", "blocks"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, content: str, key: str, named: str) -> None:
    file = tmp_path / rfm.FILE
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, RfmRule)
    assert raised.value.key.startswith(key)
    assert named in raised.value.text("en")
    assert rfm.FILE in raised.value.text("zh-CN")
