"""The indicator system as people work with it: proposed, discussed by a department, approved, in force; found by a search."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from custinfo.domain.people import Role
from tests.factories import PASSWORD, account, site_with_forms
from tests.pages.conftest import Server
from tests.pages.user import User

UNTIL = (datetime.now(UTC) + timedelta(days=8)).date().isoformat()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of a site with an analyst, the head of a department and a manager."""
    running = Server(tmp_path_factory.mktemp("indicators") / "site")
    with site_with_forms(running.home) as store:
        account(store, Role.ANALYST, login_name="wu")
        account(store, Role.DEPARTMENT_HEAD, login_name="he", department="市场调查部")
        account(store, Role.MANAGER, login_name="chen")
    running.start()
    yield running
    running.stop()


def shot(user, name):
    if folder := os.environ.get("CUSTINFO_SHOTS"):
        user.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_from_the_proposal_to_the_version_in_force(site, chromium):
    wu = User(site, chromium, name="wu")
    wu.open("/indicators")
    expect(wu.page.get_by_text("没有生效的客户指标体系").first).to_be_visible()
    wu.page.get_by_label("理由").fill("年度修订")
    wu.page.get_by_label("各部门答复期限").fill(UNTIL)
    wu.page.get_by_role("button", name="按现状提出指标体系").click()
    wu.page.wait_for_url(re.compile("/indicators/1$"))
    expect(wu.page.get_by_text("尚未答复").first).to_be_visible()
    expect(wu.page.get_by_text("净销售额").first).to_be_visible()
    he = User(site, chromium, name="he")
    he.open("/indicators/1")
    expect(he.page.get_by_text("尚未答复").first).to_be_visible()
    shot(he, "indicators-discussed")
    he.page.get_by_role("button", name="代表本部门答复").click()
    expect(he.page.get_by_text("同意").first).to_be_visible()
    wu.open("/indicators/1")
    wu.page.get_by_role("button", name="提交经理审批").click()
    expect(wu.page.get_by_text("待审批").first).to_be_visible()
    chen = User(site, chromium, name="chen")
    chen.open("/indicators/1")
    chen.page.locator("input[type=password]").first.fill(PASSWORD)
    chen.page.get_by_role("button", name=re.compile("^(通过|同意|批准)")).first.click()
    expect(chen.page.get_by_text("已批准").first).to_be_visible()
    wu.open("/indicators")
    expect(wu.page.get_by_text("已生效，批准人").first).to_be_visible()
    shot(wu, "indicators")
    expect(wu.page.get_by_text("客户总数", exact=True)).to_have_count(1)
    wu.page.get_by_role("searchbox").fill("复购")
    expect(wu.page.get_by_text("客户总数", exact=True)).to_have_count(0)
    wu.page.get_by_role("searchbox").fill("没有这样的指标")
    expect(wu.page.get_by_text("没有这样的指标。请换一个词。")).to_be_visible()
    wu.open("/indicators/9")
    expect(wu.page.get_by_text("没有第 9 版客户指标体系")).to_be_visible()
    for user in (wu, he, chen):
        assert user.errors == []
