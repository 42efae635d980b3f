"""No issue shows an indicator that is not approved as it stands, and a manifest names what its figures rest on (R164)."""

from datetime import date

import pytest

from custinfo.actions import approvals, report_definitions, report_issues
from custinfo.domain import indicator_definitions
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Role
from custinfo.reports import definitions, indicator_approval, issuing
from custinfo.statistics import indicators
from tests.factories import PASSWORD, account, adopt_indicators, empty_site
from tests.reports import sites


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A site whose October is published, and three of its reports approved: two with indicators, one without."""
    with empty_site(tmp_path_factory.mktemp("approval") / "site") as store:
        sites.publish(store.site)
        wu, xin, chen = (
            account(store, role, login_name=str(role))
            for role in (Role.ANALYST, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER)
        )
        for name in ("composition", "monthly", "privacy_security"):
            report_definitions.propose(store, wu, name, definitions.content(name), "New")
            for person in (xin, chen):
                case = approvals.of(store, report_definitions.KIND, f"{name}-1")
                approvals.decide(store, person, case.case_id, "approve", case.sha256, password=PASSWORD)
        yield store, wu


def test_an_issue_waits_for_its_indicators_and_names_them(office, monkeypatch, tmp_path):
    store, wu = office
    assert issuing.draft(store, wu, "privacy_security", "2026-Q3"), "it shows no indicator"
    with pytest.raises(WrongState, match="Sales, Returns, Net sales, Payments"):
        issuing.draft(store, wu, "monthly", "2026-10")
    with pytest.raises(WrongState) as refused:
        issuing.draft(store, wu, "composition", "2026-Q3")
    for language, words in (("zh-CN", "客户总数"), ("en", "Customers on file")):
        assert words in refused.value.text(language)
        assert "custinfo indicators propose" in refused.value.text(language)
    adopt_indicators(store)
    issue_id = issuing.draft(store, wu, "composition", "2026-Q3")
    with indicators.noted() as used:
        issuing.figures_of(store.site, "composition", "2026-Q3", None)
    told = indicator_approval.told(store, used)
    assert (told["system"], told["state"], told["approved"]) == (1, "adopted", [])
    assert told["definitions"]["net_sales"] == 1
    assert set(told["definitions"]) == {
        "customers", "new_customers", "active_customers", "net_sales", "net_sales_per_customer",
    }  # fmt: skip
    assert indicator_approval.told(store, {}) is None
    file = tmp_path / "indicators.toml"
    file.write_text(indicator_definitions.FILE.read_text("utf-8").replace("净销售额", "净额"), "utf-8")
    monkeypatch.setattr(indicator_definitions, "FILE", file)
    report_issues.comment(
        store, wu, issue_id, "analysis", {"zh-CN": "与上季基本持平。", "en": "As in the quarter before."}
    )
    with pytest.raises(WrongState, match="Net sales"):
        issuing.put_forward(store, wu, issue_id)


@pytest.mark.parametrize(
    ("name", "period", "shown"),
    [
        ("monthly", "2026-10", {"sales": 1, "returns": 1, "net_sales": 1, "payments": 1}),
        ("sales_control", "2026-10", {"net_sales": 1}),
        ("privacy_security", "2026-Q3", {}),
    ],
)
def test_what_a_report_shows_is_noted_however_it_counts_it(office, name, period, shown):
    store, _ = office
    with indicators.noted() as used:
        issuing.figures_of(store.site, name, period, None)
    assert used == shown


def definition(monkeypatch, indicator, formula):
    """The indicator with a second definition since 1 October 2026."""
    known = indicators.load()
    one = known[indicator]
    second = one.definition[0].model_copy(
        update={"version": 2, "effective_from": date(2026, 10, 1), "formula": formula}
    )
    changed = one.model_copy(update={"definition": (*one.definition, second)})
    monkeypatch.setattr(indicators, "load", lambda *_: {**known, indicator: changed})


def test_another_definition_is_counted_or_said_and_never_passed_over(office, monkeypatch):
    store, _ = office
    before = issuing.figures_of(store.site, "sales_control", "2026-10", None).table("t1").cell("total", "actual")
    # As if net sales were to leave out returns
    definition(monkeypatch, "net_sales", "sales")
    with indicators.noted() as used:
        found = issuing.figures_of(store.site, "sales_control", "2026-10", None)
    monthly = issuing.figures_of(store.site, "monthly", "2026-09", None)
    assert used == {"net_sales": 2}
    assert found.table("t1").cell("total", "actual") > before, "it is counted by the new definition"
    assert monthly.table("t5").cell("net", "this_month") is not None, "that of September is as it was"
    with pytest.raises(WrongState, match="Version 2 of the indicator “Net sales”"):
        issuing.figures_of(store.site, "monthly", "2026-10", None)
    definition(monkeypatch, "net_sales", "customers")
    with pytest.raises(WrongState, match="Version 2"):
        issuing.figures_of(store.site, "sales_control", "2026-10", None)
