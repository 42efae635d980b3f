"""Statements of years and quarters accumulate by customer and period, feed early warning, and are asked for (R168)."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from custinfo.actions import credit, credit_due, credit_watch, drafts, financial_statements, forms, record_levels
from custinfo.actions.delegations import today
from custinfo.classification.credit import early_warning
from custinfo.classification.credit import financial_statements as series_of
from custinfo.classification.credit.early_warning import Statement
from custinfo.classification.credit.financial_statements import BALANCE, INCOME, Part
from custinfo.domain.errors import CustinfoError, NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Quarter, Year
from custinfo.domain.sensitivity import Level
from custinfo.xforms import RefusedAnswer
from tests import credit_sites
from tests.factories import account, site_with_forms

ASSETS = {"assets": "1000", "current_assets": "600", "inventories": "200", "receivables": "150", "liabilities": "400",
          "current_liabilities": "300", "equity": "600"}  # fmt: skip
ZONE = ZoneInfo("Asia/Shanghai")
PROFIT = {"revenue": "1500", "operating_profit": "120", "interest": "40", "net_profit": "60"}


def values(number, year, quarter="", **changed):
    """Both statements of a period, obtained today; `changed` by the question's name, None for a group left out."""
    head = {"customer_number": number, "period_kind": "quarter" if quarter else "year", "year": str(year),
            "part": "both", "audited": "yes", "source": "customer", "obtained_on": str(datetime.now(ZONE).date())}  # fmt: skip
    if quarter:
        head["quarter"] = str(quarter)
    found = {"statement": head, "balance": dict(ASSETS), "income": dict(PROFIT)}
    for name, value in changed.items():
        if value is None:
            del found[name]
        else:
            group = next((one for one in found.values() if name in one), head)
            group[name] = str(value)
    return found


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("statements") / "site") as store:
        people = credit_sites.staff(store)
        yield store, people


def file(office, *given, **changed):
    store, people = office
    return credit_sites.file(store, people["one"], financial_statements.FORM, values(*given, **changed))


def test_years_and_quarters_add_up_and_a_correction_loses_nothing(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 95001)
    number, last = made.customer_number, today(store).year - 1
    for year, profit in ((last - 2, "50"), (last - 1, "40"), (last, "-10")):
        file(office, number, year, net_profit=profit)
    file(office, number, last, quarter=1, revenue="365")
    file(office, number, last, net_profit="60", source="tax")
    found = financial_statements.series(store, people["boss"], made.customer_id)
    shown = {str(one.period): ratios for one, ratios in found.periods}
    assert list(shown) == [str(last - 2), str(last - 1), f"{last}-Q1", str(last)]
    year = shown[str(last)]
    assert (year["debt_ratio"].value, year["current_ratio"].value, year["interest_cover"].value) == (
        pytest.approx(0.4), 2, 3,
    )  # fmt: skip
    assert year["receivable_days"].value == pytest.approx(150 * 365 / 1500)
    assert year["profit_growth"].value == pytest.approx((60 - 40) / 40), "what was filed last counts: 60, not -10"
    assert "receivable_days" not in shown[f"{last}-Q1"], "the sales of a quarter are not those of a year"
    assert [one.source for one in found.behind[str(last)]] == ["tax", "customer"], "the earlier record stays"
    standing = credit.standing(store, people["boss"], made.customer_id)
    assert [one.year for one in standing.years] == [last - 2, last - 1, last]
    assert standing.years[-1].net_profit == 6_000
    assert standing.ratios["debt_ratio"].value == pytest.approx(0.4)


def test_a_balance_sheet_and_an_income_statement_of_a_period_are_put_together():
    parts = [
        Part(Year(2025), INCOME, {"revenue": 9_00, "net_profit": 1_00}),
        Part(Year(2025), BALANCE, {"assets": 10_00, "liabilities": 4_00}),
        Part(Year(2025), INCOME, {"revenue": 8_00, "net_profit": 2_00}),
    ]
    (one,) = series_of.reported(parts)
    assert (one.statement.revenue, one.statement.net_profit, one.statement.equity) == (9_00, 1_00, 6_00)
    told = {2025: Statement(2025, assets=99_00), 2023: Statement(2023, revenue=5)}
    known = series_of.years([one], told)
    assert known[2025] == one.statement, "a survey's figures are not mixed into a statement's"
    assert series_of.last_in_a_row(known) == (one.statement,), "2024 is missing"
    half = series_of.reported(parts[:1])
    assert series_of.years(half, told)[2025].assets == 99_00, "a part that no statement gives is the survey's"


def test_an_income_statement_alone_neither_raises_the_capital_nor_ends_a_warning():
    rule = early_warning.rule(date(2026, 11, 1))
    bad = Statement(2024, revenue=900, operating_profit=50, interest=10, net_profit=-5, assets=1_000, liabilities=1_050)
    newer = Statement(2025, revenue=950, operating_profit=60, interest=10, net_profit=20)
    assert early_warning.capital([bad, newer]) == -50
    assert early_warning.capital([newer]) is None
    told = told_of([bad, newer], rule)
    assert {("negative_equity", "equity"), ("alarm", "debt_ratio"), ("missing", "assets")} <= told
    assert ("loss", "net_profit") not in told, "the newer year tells its profit"
    whole = replace(newer, assets=1_200, liabilities=500)
    assert not told_of([bad, whole], rule) & {("negative_equity", "equity"), ("alarm", "debt_ratio")}


def told_of(years, rule):
    return {(one.kind, one.about) for one in early_warning.signals(years, rule)}


@pytest.mark.parametrize(
    ("day", "year", "quarter"),
    [
        (date(2026, 5, 1), (Year(2025), date(2026, 4, 30)), (Quarter(2026, 1), date(2026, 4, 30))),
        (date(2026, 4, 30), (Year(2024), date(2025, 4, 30)), (Quarter(2025, 3), date(2025, 10, 31))),
        (date(2026, 11, 23), (Year(2025), date(2026, 4, 30)), (Quarter(2026, 3), date(2026, 10, 31))),
    ],
)
def test_what_is_awaited_on_a_day(day, year, quarter):
    assert series_of.awaited(day) == (year, quarter)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"year": 2999}, "year"), ({"year": "THIS"}, "year"), ({"equity": "599.99"}, "equity"),
        ({"assets": "很多"}, "assets"), ({"current_assets": "1000.01"}, "current_assets"),
        ({"obtained_on": "2999-01-01"}, "obtained_on"), ({"liabilities": "-1"}, "liabilities"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_the_question(office, changed, wrong):
    store, _ = office
    changed = {name: today(store).year if value == "THIS" else value for name, value in changed.items()}
    form = forms.load(store, financial_statements.FORM)
    try:
        opened = forms.session(store, form, values("C000001", changed.pop("year", today(store).year - 1), **changed))
        places = {problem.ref.rpartition("/")[2] for problem in opened.problems()}
    except (RefusedAnswer, CustinfoError) as refused:
        places = {str(refused)}
    assert any(wrong in place for place in places), places


def test_a_quarter_that_has_not_ended_is_refused(office):
    store, _ = office
    now = Quarter.of(today(store))
    form = forms.load(store, financial_statements.FORM)

    def problems(period):
        opened = forms.session(store, form, values("C000001", period.year, quarter=period.number))
        return {one.ref.rpartition("/")[2] for one in opened.problems()}

    assert "quarter" in problems(now)
    assert not problems(now.plus(-1)) & {"quarter", "year", "obtained_on"}


def test_who_may_not_read_them(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 95002)
    with pytest.raises(NotAllowed):
        financial_statements.series(store, people["one"], made.customer_id)
    elsewhere = account(store, Role.SUPERVISOR, login_name="far", department="别处")
    with pytest.raises(NotFound):
        financial_statements.series(store, elsewhere, made.customer_id)
    assert financial_statements.series(store, people["boss"], made.customer_id).periods == ()


def test_what_was_raised_to_level_1_is_left_out_for_whoever_is_not_cleared(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 95005)
    for year in (2022, 2023):
        file(office, made.customer_number, year)
    raised = financial_statements.series(store, people["boss"], made.customer_id).behind["2023"][0].record_id
    record_levels.set(store, people["boss"], raised, Level.SECRET, "董事会要求保密")
    lower = account(store, Role.SUPERVISOR, login_name="lower", clearance=Level.INTERNAL)
    shown = {
        who.login_name: [
            str(one.period) for one, _ in financial_statements.series(store, who, made.customer_id).periods
        ]
        for who in (people["boss"], lower)
    }
    assert shown == {"boss": ["2022", "2023"], "lower": ["2022"]}


def test_a_customer_with_credit_is_asked_for_the_last_year_and_quarter(office, tmp_path):
    store, people = office
    made = credit_sites.customer(store, people["one"], 95003)
    without = credit_sites.customer(store, people["one"], 95004)
    file(office, without.customer_number, today(store).year - 3)
    credit_sites.decided(store, people, made, 4)
    credit_sites.sell(store, tmp_path, [(made.customer_number, "sale", today(store), "900000.00")])

    def asked(customer):
        credit_watch.watch(store, SERVICE, only=[customer.customer_id])
        rows = credit_due.listed(store, people["boss"], customer.customer_id)
        return [row for row in rows if row.what_key == "credit.due.statement"]

    (year, _), (quarter, _) = series_of.awaited(today(store))
    assert [row.text("en") for row in asked(made)] == [
        f"Customer {made.customer_number}: the financial statements of {period.show('en')} are not all there yet"
        for period in sorted((year, quarter), key=lambda one: one.last)
    ]
    assert asked(without) == [], "who has no credit is not asked"
    file(office, made.customer_number, year.year, part="income", balance=None)
    assert len(asked(made)) == 2, "a year without its balance sheet is still asked for"
    file(office, made.customer_number, year.year)
    assert [quarter.show("zh-CN") in row.text("zh-CN") for row in asked(made)] == [True]
    file(office, made.customer_number, quarter.year, quarter=quarter.number)
    assert asked(made) == []


def test_a_form_that_is_opened_for_a_customer_begins_with_its_defaults(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 95077)
    begun = drafts.blank(store, people["one"], financial_statements.FORM, made.customer_id).instance["statement"]
    told = {name: begun[name] for name in ("customer_number", "period_kind", "part", "obtained_on")}
    assert told == {
        "customer_number": made.customer_number, "period_kind": "year", "part": "both", "obtained_on": str(today(store)),
    }  # fmt: skip
