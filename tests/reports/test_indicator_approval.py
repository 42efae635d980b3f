"""No issue shows an indicator that is not approved as it stands, and a manifest names what its figures rest on (R164)."""

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
    """A site whose October is published, and two of its reports approved: one with indicators, one without."""
    with empty_site(tmp_path_factory.mktemp("approval") / "site") as store:
        sites.publish(store.site)
        wu, xin, chen = (
            account(store, role, login_name=str(role))
            for role in (Role.ANALYST, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER)
        )
        for name in ("composition", "monthly"):
            report_definitions.propose(store, wu, name, definitions.content(name), "New")
            for person in (xin, chen):
                case = approvals.of(store, report_definitions.KIND, f"{name}-1")
                approvals.decide(store, person, case.case_id, "approve", case.sha256, password=PASSWORD)
        yield store, wu


def test_an_issue_waits_for_its_indicators_and_names_them(office, monkeypatch):
    store, wu = office
    assert issuing.draft(store, wu, "monthly", "2026-10"), "it shows no indicator"
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
    shipped = indicator_definitions.content()
    monkeypatch.setattr(indicator_definitions, "content", lambda: shipped.replace("净销售额".encode(), "净额".encode()))
    report_issues.comment(
        store, wu, issue_id, "analysis", {"zh-CN": "与上季基本持平。", "en": "As in the quarter before."}
    )
    with pytest.raises(WrongState, match="Net sales"):
        issuing.put_forward(store, wu, issue_id)
