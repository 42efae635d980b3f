"""Terms of payment: days worked by hand, the table like the single one, bills and their discount."""

from datetime import date, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custinfo.classification import rules
from custinfo.classification.credit import terms
from custinfo.classification.credit.terms import PaymentTermsRule
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput

ON = date(2026, 10, 31)
RULE = terms.rule(ON)
SHIPPED = (rules.FOLDER / terms.FILE).read_text("utf-8")
DELIVERIES = ibis.schema({"document": "string", "delivered_on": "date", "terms": "string", "agreed_due_on": "date"})


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("delivered", "code", "due"),
    [
        ("2026-10-01", None, "2026-11-10"),
        ("2026-10-31", None, "2026-11-10"),
        ("2026-12-05", None, "2027-01-10"),
        ("2026-10-15", "net_30", "2026-11-30"),
        ("2026-12-31", "net_60", "2027-03-01"),
        ("2028-01-31", "net_30", "2028-03-01"),
        ("2026-10-15", "cash_on_delivery", "2026-10-15"),
    ],
)
def test_due_days(delivered: str, code: str | None, due: str) -> None:
    assert terms.due_on(day(delivered), code, RULE) == day(due)


def test_collection_begins_and_ends_within_the_month_after() -> None:
    late = RULE.model_copy(update={"collect_from_day": 15, "collect_by_day": 31})
    assert terms.collection(day("2026-01-31"), late) == (day("2026-02-15"), day("2026-02-28"))
    assert terms.collection(day("2026-02-01"), late) == (day("2026-03-15"), day("2026-03-31"))


def test_a_calendar_moves_what_falls_on_a_day_off() -> None:
    def weekday(on: date) -> bool:
        return on.weekday() < 5

    assert terms.due_on(day("2026-09-30"), None, RULE) == day("2026-10-10")  # a Saturday
    assert terms.due_on(day("2026-09-30"), None, RULE, weekday) == day("2026-10-12")
    assert terms.due_on(day("2026-10-30"), None, RULE, weekday) == day("2026-11-10")
    with pytest.raises(BadInput) as raised:
        terms.due_on(ON, None, RULE, lambda _: False)
    assert raised.value.key == "credit_use.no_working_day"


def test_terms_that_the_rule_does_not_name_are_refused() -> None:
    with pytest.raises(BadInput) as raised:
        terms.due_on(ON, "instalments", RULE)
    assert raised.value.key == "credit_use.unknown_terms"
    assert "instalments" in raised.value.text("zh-CN")


@pytest.mark.parametrize(
    ("due", "discount", "too_long"),
    [
        ("2026-10-20", 123, False),  # earlier still
        ("2026-11-01", 123, False),
        ("2026-11-08", 123, False),  # seven days from the 1st, which is not counted itself
        ("2026-11-09", 0, False),
        ("2027-02-01", 0, False),
        ("2027-02-02", 0, True),
    ],
)
def test_bills(due: str, discount: int, too_long: bool) -> None:
    found = terms.bill(12_399, day("2026-10-15"), day(due), RULE)  # 1 % is 123.99 fen: rounded down
    assert (found.discount_fen, found.to_pay_fen, found.too_long) == (discount, 12_399 - discount, too_long)
    assert (found.latest_due_on, found.rule_version) == (day("2027-02-01"), RULE.version)


def test_a_bill_ends_on_the_last_day_of_a_month_that_lacks_its_day() -> None:
    late = RULE.model_copy(update={"bill_from_day": 31})
    assert terms.bill(1, day("2026-10-15"), ON, late).latest_due_on == day("2027-02-28")
    with pytest.raises(BadInput) as raised:
        terms.bill(0, ON, ON, RULE)
    assert raised.value.key == "credit_use.bill"
    assert "0" in raised.value.text("en")


@pytest.mark.parametrize(
    ("collected", "handed_over"),
    [("2026-10-01", "2026-10-25"), ("2026-10-25", "2026-10-25"), ("2026-12-26", "2027-01-25")],
)
def test_branches_hand_over_each_month(collected: str, handed_over: str) -> None:
    assert terms.remit_on(day(collected), RULE) == day(handed_over)


def test_overdue_days_begin_on_the_day_after() -> None:
    assert [terms.overdue_days(ON, ON + timedelta(days=later)) for later in (-5, 0, 1, 30)] == [0, 0, 1, 30]


days = st.dates(date(2019, 1, 1), date(2031, 12, 31))
codes = st.sampled_from([None, *(named.code for named in RULE.terms)])


@settings(max_examples=3, deadline=None)
@given(st.lists(st.tuples(days, codes), min_size=40, max_size=80), st.sampled_from([10, 29, 30, 31]))
def test_the_table_says_what_the_single_one_says(given: list[tuple[date, str | None]], by_day: int) -> None:
    rule = RULE.model_copy(update={"collect_by_day": by_day})
    rows = [(f"d{n}", delivered, code, None) for n, (delivered, code) in enumerate(given)]
    table = terms.dated(ibis.memtable(rows, schema=DELIVERIES), ON, rule)
    assert [str(table.schema()[name]) for name in ("due_on", "overdue_days", "terms_rule_version")] == [
        "date",
        "int64",
        "int32",
    ]
    found = {row["document"]: row for row in table.to_pyarrow().to_pylist()}
    for name, delivered, code, _ in rows:
        due = terms.due_on(delivered, code, rule)
        assert found[name]["due_on"] == due
        assert found[name]["overdue_days"] == terms.overdue_days(due, ON)


def test_an_agreed_day_goes_first_and_unknown_terms_have_none() -> None:
    rows = [
        ("a", day("2026-08-01"), "net_30", day("2026-10-30")),
        ("b", day("2026-08-01"), "instalments", day("2026-10-30")),
        ("c", day("2026-08-01"), "instalments", None),
    ]
    table = terms.dated(ibis.memtable(rows, schema=DELIVERIES), ON, RULE)
    found = {row["document"]: (row["due_on"], row["overdue_days"]) for row in table.to_pyarrow().to_pylist()}
    assert found == {"a": (day("2026-10-30"), 1), "b": (day("2026-10-30"), 1), "c": (None, None)}


def test_the_codes_are_those_of_the_code_list() -> None:
    assert {named.code for named in RULE.terms} <= {code.code for code in codelists.load("payment_terms").rows}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("collect_from_day = 1", "collect_from_day = 11", "credit_use.collect"),
        ('code = "net_60"', 'code = "net_30"', "credit_use.terms_twice"),
        ("collect_by_day = 10", "collect_by_day = 32", "classification.limit"),
        ("discount_basis_points = 100", "discount_basis_points = 10001", "classification.limit"),
        ("bill_months = 3", "bill_months = -1", "classification.limit"),
        ("remit_by_day = 25\n", "", "classification.missing_entry"),
        ('counted_from = "month_end"', 'counted_from = "invoice"', "classification.wrong_entry"),
    ],
)
def test_a_rule_file_out_of_order_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    assert old in SHIPPED
    file = tmp_path / terms.FILE
    file.write_text(SHIPPED.replace(old, new, 1), "utf-8")
    with pytest.raises(BadInput) as raised:
        rules.load(file, PaymentTermsRule)
    assert raised.value.key == key
    assert all(terms.FILE in raised.value.text(language) for language in ("zh-CN", "en"))
