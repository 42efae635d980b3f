"""Grades by dealings: worked by hand, paying sooner and returning less never lowers one, rule files out of order."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import trade_grade
from custinfo.classification.credit import terms
from custinfo.classification.trade_grade import TradeGradeRule
from custinfo.domain.messages import LANGUAGES, text
from tests.classification.spoiling import refused

ON = date(2026, 10, 31)
RULE = trade_grade.rule(ON)
DUE = terms.rule(ON)
GRADED = {"customer_key": "string", "sales_12m_fen": "int64", "grade": "string", "rule_version": "int32"}
SALES = {"customer_key": "string", "kind": "string", "occurred_on": "date", "amount_fen": "int64"}
SOLD_ON = date(2026, 3, 2)
DUE_ON = terms.due_on(SOLD_ON, "net_30", DUE)

Row = tuple[str, str, date, int]


def found(
    grades: dict[str, str], rows: list[Row], *, known: bool = True, agreed_on: str | None = "net_30"
) -> dict[str, dict[str, object]]:
    graded = ibis.memtable([(key, 0, grade, 1) for key, grade in grades.items()], schema=GRADED)
    agreed = ibis.memtable([(key, agreed_on) for key in grades], schema={"customer_key": "string", "terms": "string"})
    sales = ibis.memtable(rows, schema=SALES)
    table = trade_grade.classify(graded, sales, agreed, ON, RULE, DUE, payments_known=known)
    told = table.to_pyarrow().to_pylist()
    assert sorted(row["customer_key"] for row in told) == sorted(grades), "grades partition the customers"
    assert {row["rule_version"] for row in told} == {RULE.version}
    return {row["customer_key"]: row for row in told}


def one(rows: list[Row], grade: str = "A", *, known: bool = True) -> tuple[object, ...]:
    row = found({"c": grade}, rows, known=known)["c"]
    return row["trade_grade"], row["points"], row["held_by"]


def dealt(*, sold: int = 1000, returned: int = 0, paid_on: date | None = DUE_ON, paid: int = 1000) -> list[Row]:
    rows: list[Row] = [("c", "sale", SOLD_ON, sold)]
    if returned:
        rows.append(("c", "return", SOLD_ON, returned))
    if paid_on is not None:
        rows.append(("c", "payment", paid_on, paid))
    return rows


BY_HAND: list[tuple[list[Row], str, tuple[object, ...]]] = [
    (dealt(), "A", ("A", 100, None)),  # on the due day is in time
    (dealt(paid_on=DUE_ON + timedelta(days=1)), "A", ("B", 75, "payment")),  # nothing in time, if by one day
    (dealt(paid_on=None), "A", ("B", 75, "payment")),
    (dealt(), "B", ("B", 82, None)),  # (60 · 70 + 15 · 100 + 25 · 100) : 100
    (dealt(), "C", ("B", 64, None)),
    (dealt(paid_on=None), "C", ("C", 39, "payment")),
    (dealt(sold=1000, returned=30, paid=970), "A", ("A", 100, None)),  # 3 % is within the limit
    (dealt(sold=1000, returned=31, paid=969), "A", ("A", 94, "goods")),
    (dealt(sold=1000, returned=101, paid=899), "A", ("A", 85, "goods")),
    (dealt(), "N", ("N", None, None)),
    ([("c", "sale", ON, 1000)], "A", ("A", 100, None)),  # nothing fell due yet: by sales and goods alone
    ([("c", "sale", ON, 1000)], "B", ("B", 76, None)),  # (60 · 70 + 15 · 100) : 75
    # 80 % in time is 60 points, though 2 days on average would be 100
    ([*dealt(paid=800), ("c", "payment", DUE_ON + timedelta(days=10), 200)], "A", ("A", 90, "payment")),
    # 96 % in time is 100 points, but 4 days beyond terms on average are 60
    ([*dealt(paid=960), ("c", "payment", DUE_ON + timedelta(days=100), 40)], "A", ("A", 90, "payment")),
    # returned and never sold is all returned: (60 · 40) : 75
    ([("c", "return", SOLD_ON, 1)], "C", ("C", 32, "goods")),
    # what lies outside of the window counts for nothing
    (
        [*dealt(), ("c", "return", ON + timedelta(days=1), 900), ("c", "sale", date(2025, 8, 1), 0)],
        "A",
        ("A", 100, None),
    ),
    ([*dealt(), ("c", "sale", ON + timedelta(days=1), 10**15)], "A", ("A", 100, None)),
]


def test_worked_by_hand() -> None:
    rows = [(f"c{place:02d}", *rest) for place, (told, _, _) in enumerate(BY_HAND) for _, *rest in told]
    graded = found({f"c{place:02d}": grade for place, (_, grade, _) in enumerate(BY_HAND)}, rows)  # type: ignore[arg-type]
    told = [(row["trade_grade"], row["points"], row["held_by"]) for _, row in sorted(graded.items())]
    assert told == [expected for *_, expected in BY_HAND]


def test_who_has_no_terms_or_some_that_the_rule_does_not_name_is_held_to_ours() -> None:
    ours = terms.due_on(SOLD_ON, None, DUE)
    for days, held in ((0, None), (1, "payment")):
        rows = dealt(paid_on=ours + timedelta(days=days))
        for code in (None, "net_1000"):
            assert found({"c": "A"}, rows, agreed_on=code)["c"]["held_by"] == held, (code, days)
        assert found({"c": "A"}, rows)["c"]["held_by"] is None


def test_without_any_payment_in_the_data_nobody_pays_late() -> None:
    assert one(dealt(paid_on=None), known=False) == ("A", 100, None)


moves = st.tuples(
    st.sampled_from(["sale", "payment", "return"]), st.integers(0, 300), st.integers(1, 10**15)
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.lists(moves, min_size=1, max_size=8), st.integers(0, 300))
def test_paying_sooner_or_a_better_value_grade_never_lowers_a_grade(
    rows: list[tuple[str, int, int]], back: int
) -> None:
    paid = {"later": back, "sooner": back + 40}
    made = [
        (f"{name}{grade}", kind, ON - timedelta(days=days), fen)
        for name, since in paid.items() for grade in "CBA" for kind, days, fen in [*rows, ("payment", since, 10**6)]
    ]  # fmt: skip
    graded = found({f"{name}{grade}": grade for name in paid for grade in "CBA"}, made)
    points = {key: row["points"] for key, row in graded.items()}
    later, sooner = ([points[f"{name}{grade}"] for grade in "CBA"] for name in paid)
    assert later == sorted(later) and sooner == sorted(sooner)  # type: ignore[type-var]
    assert all(one <= other for one, other in zip(later, sooner, strict=True))  # type: ignore[operator]
    assert all(0 <= one <= 100 for one in (*later, *sooner))  # type: ignore[operator]


alike = st.tuples(st.sampled_from(["sale", "payment", "return"]), st.integers(0, 300), st.integers(1, 20))
more = st.tuples(st.lists(alike, max_size=8), st.integers(0, 300), st.integers(0, 30), st.integers(1, 20))


def due_by(day: date, rows: list[tuple[str, date, int]]) -> int:
    """The fen of goods that are due on the day or before."""
    return sum(fen for kind, on, fen in rows if kind == "sale" and terms.due_on(on, "net_30", DUE) <= day)


@settings(max_examples=8, deadline=None)
@given(st.lists(more, min_size=25, max_size=25))
def test_more_sales_that_are_paid_in_time_never_lower_a_grade(
    customers: list[tuple[list[tuple[str, int, int]], int, int, int]],
) -> None:
    """In time is by the account: payments settle what was due first, so nothing else is overdue when the goods are."""
    made: list[Row] = []
    for number, (told, back, after, fen) in enumerate(customers):
        rows = [(kind, ON - timedelta(days=days), amount) for kind, days, amount in told]
        sold_on = ON - timedelta(days=back)
        paid_on = sold_on + timedelta(days=after)
        settled = sum(amount for kind, on, amount in rows if kind != "sale" and on <= paid_on)
        rows.append(("payment", paid_on, max(0, due_by(terms.due_on(sold_on, "net_30", DUE), rows) - settled)))
        more = [("sale", sold_on, fen), ("payment", paid_on, fen)]
        made += [(f"{name}{number:02d}{grade}", *row) for name, all_of in (("before", rows), ("more", [*rows, *more]))
                 for grade in "CBA" for row in all_of]  # fmt: skip
    keys = [f"{number:02d}{grade}" for number in range(len(customers)) for grade in "CBA"]
    graded = found({f"{name}{key}": key[-1] for name in ("before", "more") for key in keys}, made)
    for key in keys:
        before, after_it = graded[f"before{key}"], graded[f"more{key}"]
        assert before["points"] <= after_it["points"], key  # type: ignore[operator]
        assert before["trade_grade"] >= after_it["trade_grade"], key  # type: ignore[operator]


@pytest.mark.parametrize(
    ("more", "grade"),
    [
        ([("c", "sale", SOLD_ON, 1000)], ("B", 75, "payment")),  # not paid: half of it in time
        ([("c", "sale", SOLD_ON, 1000), ("c", "payment", DUE_ON, 1000)], ("A", 100, None)),
        ([("c", "sale", SOLD_ON, 1000), ("c", "payment", DUE_ON + timedelta(days=1), 1000)], ("B", 82, "payment")),
    ],
)
def test_sales_that_are_not_paid_in_time_do(more: list[Row], grade: tuple[object, ...]) -> None:
    assert one(dealt()) == ("A", 100, None)
    assert one([*dealt(), *more]) == grade


def test_what_is_paid_for_new_goods_settles_older_ones_that_are_open() -> None:
    august, september = date(2026, 8, 3), date(2026, 9, 3)
    due_on, later = (terms.due_on(day, "net_30", DUE) for day in (august, september))
    assert (due_on, later) == (date(2026, 9, 30), date(2026, 10, 30))
    rows: list[Row] = [("c", "sale", august, 1000), ("c", "payment", due_on, 800)]
    assert one(rows) == ("A", 90, "payment")  # 80 % in time, 6.2 days beyond terms on average
    more: list[Row] = [("c", "sale", september, 200), ("c", "payment", later, 200)]
    assert one([*rows, *more]) == ("B", 82, "payment")  # still 800, of 1200: two thirds


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ([("sales = 60, goods", "sales = 50, goods")], "trade_grade.weights"),
        ([("goods = 15, ", "")], "trade_grade.weights"),
        ([("A = 100, B = 70, C = 40", "A = 70, B = 100, C = 40")], "trade_grade.sales_points"),
        ([("B = 70, ", "")], "trade_grade.sales_points"),
        ([("limit = 10\npoints = 60", "limit = 2\npoints = 60")], "trade_grade.scale"),
        ([("limit = 0\npoints = 0", "limit = 1\npoints = 0")], "trade_grade.scale"),
        ([("limit = 30\npoints = 30", "limit = 30\npoints = 60")], "trade_grade.scale"),
        ([("at_least = 60\nbelow = 85", "at_least = 60\nbelow = 84")], "vertical.band_hole"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, changes: list[tuple[str, str]], key: str) -> None:
    assert refused(tmp_path, trade_grade.FILE, TradeGradeRule, *changes) == key


def test_every_grade_has_a_name() -> None:
    for language in LANGUAGES:
        assert all(text(f"trade_grade.class.{grade}", language) for grade in "ABCN")
