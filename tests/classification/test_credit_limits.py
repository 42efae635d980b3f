"""Credit limits: worked by hand, the table like the single one, and the rule file's refusals."""

from datetime import date
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import grades, limits
from custinfo.classification.credit.limits import CreditLimitRule
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text

ON = date(2026, 10, 31)
ORDER = grades.rule(ON).order
RULE = limits.rule(ON, ORDER)
CUSTOMERS = ibis.schema({"customer_key": "string", "grade": "string", "capital_fen": "int64", "sales_fen": "int64"})

YUAN = 100
SHIPPED = (rules.FOLDER / limits.FILE).read_text("utf-8")
UNGRADED = SHIPPED[SHIPPED.index("[version.ungraded]") :].rstrip().removesuffix("]")


@pytest.mark.parametrize(
    ("grade", "capital", "sales", "expected", "basis"),
    [
        ("A", 1_000_000, 400_000, 120_000, "sales"),  # 20 % of capital 200,000; 30 % of sales 120,000
        ("A", 500_000, 400_000, 100_000, "capital"),
        ("A", 10**9, 10**9, 5_000_000, "cap"),
        ("B", 1_234_567, None, 123_000, "capital"),  # 123,456.70 down to whole thousands
        ("B", None, 1_000_000, 200_000, "sales"),
        ("B", None, None, 20_000, "unproven"),
        ("B", None, 0, 20_000, "unproven"),  # nothing sold yet is no share of zero
        ("B", None, -5, 20_000, "unproven"),
        ("C", 0, 1_000_000, 0, "capital"),  # no capital left is known, and is zero
        ("C", -1, 1_000_000, 0, "capital"),
        ("E", 10**8, 10**8, 0, "capital"),
        (None, 10**8, 10**8, 0, "capital"),
        ("Z", None, None, 0, "cap"),
    ],
)
def test_worked_by_hand(grade: str | None, capital: int | None, sales: int | None, expected: int, basis: str) -> None:
    in_fen = [None if amount is None else amount * YUAN for amount in (capital, sales)]
    found = limits.limit(grade, in_fen[0], in_fen[1], RULE)
    assert (found.limit_fen, found.basis) == (expected * YUAN, basis)
    assert found.rule_version == RULE.version


def test_dealings_grow_with_good_credit_and_shrink_with_bad() -> None:
    planned = [limits.limit(grade, None, 100_000, RULE).planned_sales_fen for grade in ORDER]
    assert planned == [120_000, 110_000, 100_000, 50_000, 0]
    assert limits.limit("A", None, None, RULE).planned_sales_fen is None


amounts = st.one_of(st.none(), st.sampled_from([-(10**9), -1, 0, 10**15]), st.integers(0, 10_000_000_00))
rows = st.lists(st.tuples(st.sampled_from([*ORDER, None, "Z"]), amounts, amounts), min_size=30, max_size=60)


@settings(max_examples=4, deadline=None)
@given(rows)
def test_the_table_says_what_the_single_one_says(given: list[tuple[str | None, int | None, int | None]]) -> None:
    customers = ibis.memtable([(f"c{n}", *row) for n, row in enumerate(given)], schema=CUSTOMERS)
    table = limits.limits(customers, RULE)
    found = {row["customer_key"]: row for row in table.to_pyarrow().to_pylist()}
    assert len(found) == len(given)
    for n, row in enumerate(given):
        one = limits.limit(*row, RULE)
        assert found[f"c{n}"] == {
            "customer_key": f"c{n}",
            "limit_fen": one.limit_fen,
            "basis": one.basis,
            "planned_sales_fen": one.planned_sales_fen,
            "security": one.security,
            "rule_version": RULE.version,
        }
    assert str(table.schema()["limit_fen"]).startswith("int64")
    assert str(table.schema()["rule_version"]) == "int32"


@given(st.sampled_from(range(4)), amounts, amounts)
def test_a_worse_grade_is_never_granted_more(place: int, capital: int | None, sales: int | None) -> None:
    better, worse = (limits.limit(grade, capital, sales, RULE) for grade in ORDER[place : place + 2])
    assert worse.limit_fen <= better.limit_fen
    assert 0 <= worse.limit_fen <= RULE.policy(ORDER[place + 1]).cap_fen
    assert worse.limit_fen % RULE.rounded_down_to_fen == 0


def test_terms_are_those_of_the_code_list() -> None:
    known = {code.code for code in codelists.load("payment_terms").rows}
    assert {terms for policy in (*RULE.grade, RULE.ungraded) for terms in policy.terms} <= known


def test_grades_are_those_that_are_given() -> None:
    with pytest.raises(BadInput) as raised:
        limits.rule(ON, ("A", "B"))
    assert raised.value.key == "credit_use.other_grades"
    assert "A, B" in raised.value.text("en")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('grade = "B"', 'grade = "A"', "credit_use.grade_twice"),
        ("cap_fen = 200000000", "cap_fen = 500000001", "credit_use.more_for_worse"),
        ("capital_basis_points = 1000", "capital_basis_points = 2001", "credit_use.more_for_worse"),
        ("planned_sales_basis_points = 5000", "planned_sales_basis_points = 10001", "credit_use.more_for_worse"),
        ('security = "collateral"', 'security = "none"', "credit_use.more_for_worse"),
        ('["net_60", "net_30", "cash_on_delivery"', '["net_60", "instalments", "net_30"', "credit_use.terms_for_worse"),
        ('["net_90", "net_60", "net_30"', '["net_90", "net_60"', "credit_use.terms_for_worse"),
        (
            'terms = ["prepaid"]\n\n[version.ungraded]',
            'terms = ["net_30"]\n[version.ungraded]',
            "credit_use.terms_for_worse",
        ),
        (UNGRADED, UNGRADED + ', "cash_on_delivery"', "credit_use.terms_for_worse"),
        ('["net_90", ', '["net_120", ', "credit_use.terms_not_listed"),
        (UNGRADED, UNGRADED + ', "Prepaid"', "credit_use.terms_not_listed"),
        ("blocked_overdue_days = 30", "blocked_overdue_days = 1", "credit_use.overdue"),
        ("rounded_down_to_fen = 100000", "rounded_down_to_fen = 0", "classification.limit"),
        ("capital_basis_points = 1000", "capital_basis_points = 10001", "classification.limit"),
        ('security = "guarantee"', 'security = "pledge"', "classification.wrong_entry"),
        ('terms = ["cash_on_delivery", "prepaid"]', "terms = []", "classification.wrong_entry"),
        ("cap_fen = 10000000\n", "", "classification.missing_entry"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / limits.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, CreditLimitRule)
    assert raised.value.key == key
    assert all(limits.FILE in raised.value.text(language) for language in ("zh-CN", "en"))


def test_what_is_demanded_and_what_a_limit_rests_on_have_names() -> None:
    for language in ("zh-CN", "en"):
        for security in limits.SECURITIES:
            assert text(f"credit_use.security.{security}", language)
        for basis in limits.BASES:
            assert text(f"credit_use.basis.{basis}", language)
