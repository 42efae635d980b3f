"""The analyst's page of segments in a browser: a click into one chart narrows the others and the list, and what was
picked is kept as a definition that can be opened again.
"""

import pytest
from playwright.sync_api import expect

from custinfo.domain.people import Role
from tests.factories import account, site_with_forms
from tests.pages.conftest import Server
from tests.pages.user import User
from tests.reports import sites
from tests.screens import analysts


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of a site with an analyst and a lake of 120 customers, 25 of whom are in Guangdong."""
    running = Server(tmp_path_factory.mktemp("charts") / "site")
    with site_with_forms(running.home) as store:
        account(store, Role.ANALYST, login_name="wu")
        sites.publish(store.site, analysts.cards(), analysts.sales())
    running.start()
    yield running
    running.stop()


def bars(page, words):
    """The bars of the charts whose description holds these words."""
    return page.locator(f".ci-explorer svg path[aria-label*='{words}']")


def test_a_bar_that_is_clicked_narrows_everything_and_can_be_kept(site, chromium):
    user = User(site, chromium, name="wu")
    user.open("/segments")
    page = user.page
    expect(page.get_by_text("选中客户 120 家")).to_be_visible()
    everybody = bars(page, "购买行为: 重要价值客户").get_attribute("aria-label")
    bars(page, "地区: 广东省").click()
    expect(page.get_by_text("选中客户 25 家")).to_be_visible()
    expect(page.get_by_text("第 1–25 行，共 25 行")).to_be_visible()
    expect(bars(page, "地区: 江苏省")).to_have_count(1)
    fewer = bars(page, "购买行为: 重要价值客户")
    expect(fewer).not_to_have_attribute("aria-label", everybody)
    listed = page.locator("table", has_text="客户代号").locator("tbody tr")
    assert {row.locator("td").nth(2).inner_text() for row in listed.all()} == {"广东省"}
    page.get_by_label("中文名称").fill("广东客户")
    page.get_by_label("英文名称").fill("Guangdong")
    page.get_by_label("原因").fill("区域推广")
    save = page.get_by_role("button", name="把现在所选保存为新分群")
    save.click()
    refused = page.get_by_role("alert").filter(has_text="策略")
    expect(refused).to_be_in_viewport()
    page.get_by_label("策略", exact=True).fill("区域推广")
    save.click()
    expect(refused).to_have_count(0)
    expect(page.get_by_role("option", name="广东客户")).to_have_count(1)
    page.get_by_role("button", name="清除所选").click()
    expect(page.get_by_text("选中客户 120 家")).to_be_visible()
    page.get_by_label("分群", exact=True).select_option(label="广东客户")
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_text("选中客户 25 家")).to_be_visible()
