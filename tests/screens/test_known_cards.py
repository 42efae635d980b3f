"""A customer's page: how it is evaluated and its statements, for whoever may see them (R166, R168)."""

import pytest

from custinfo.actions import financial_statements, sessions
from custinfo.actions.delegations import today
from custinfo.domain.people import Role
from custinfo.screens import customer
from tests import credit_sites
from tests.factories import PASSWORD, account, card
from tests.screens.test_customer_demands import blocks_of
from tests.test_evaluations import evaluate
from tests.test_financial_statements import values

FORM = "financial_statement"


@pytest.fixture
def known(store, researcher):
    """A customer with an evaluation, a year ago and now, and two years' statements."""
    made = card(store, researcher)
    evaluate(store, researcher, made.customer_number, 2, days_ago=400)
    evaluate(store, researcher, made.customer_number, 4, family=None)
    last = today(store).year - 1
    for year, profit in ((last - 1, "50"), (last, "60")):
        credit_sites.file(store, researcher, FORM, values(made.customer_number, year, net_profit=profit))
    return made


@pytest.fixture
def supervisor(store):
    """The session of a supervisor of the department."""
    account(store, Role.SUPERVISOR, login_name="boss")
    return sessions.log_in(store, "boss", PASSWORD)


def texts(block):
    return {cell["text"] for row in block["rows"] for cell in row}


@pytest.mark.parametrize(
    ("language", "points", "change", "unknown", "ratio"),
    [
        ("en", "4.00 of 5", "+2.00 in a year", "no information", "Debt ratio"),
        ("zh-CN", "4.00 分（满分 5）", "比一年前 +2.00", "没有资料", "资产负债率"),
    ],
)
def test_points_items_and_the_series_with_its_ratios(
    visit, known, supervisor, language, points, change, unknown, ratio
):
    found = blocks_of(visit(customer.build, f"/customer/{known.customer_id}", session=supervisor, language=language))
    assert [one["text"] for one in found["evaluation"]["badges"]] == [points, change]
    meters = [one for one in found["evaluation"]["blocks"] if one["type"] == "meter"]
    assert len(meters) == 14
    assert sum(unknown in one["text"] for one in meters) == 1
    figures, ratios = (one for one in found["finances"]["blocks"] if one["type"] == "table")
    assert {"¥1,500.00", "¥60.00", "¥50.00", "¥600.00"} <= texts(figures)
    assert {ratio, "40.0%", "20.0%"} <= texts(ratios), "40 % debt; a profit of 60 after 50 grew by 20 %"


@pytest.mark.parametrize(
    ("source", "shown"), [("audit_office", "audit_office · audited"), ("", "audited"), ("tax", "Tax return · audited")]
)
def test_a_choice_of_the_sites_own_form_is_told_by_its_name(visit, known, supervisor, monkeypatch, source, shown):
    told = financial_statements._counts

    def renamed(one, day):
        one.values["statement"]["source"] = source
        return told(one, day)

    monkeypatch.setattr(financial_statements, "_counts", renamed)
    found = blocks_of(visit(customer.build, f"/customer/{known.customer_id}", session=supervisor, language="en"))
    (listing,) = (one for one in found["finances"]["blocks"] if one["type"] == "list")
    assert {item["meta"] for item in listing["items"]} == {shown}


def test_who_may_not_read_about_credit_sees_no_statements(visit, known):
    found = blocks_of(visit(customer.build, f"/customer/{known.customer_id}"))
    assert "evaluation" in found
    assert "finances" not in found
