"""Plans as people work with them: a file with faults is told row by row, a good one is put forward, approved, in force."""

import os
import re

import pytest
from playwright.sync_api import expect

from custinfo.domain.people import Role
from tests.factories import PASSWORD, account, site_with_forms
from tests.pages.conftest import Server
from tests.pages.user import User

HEAD = "指标,期间,维度,代码,计划数\n"
GOOD = HEAD + "净销售额,2026-10,,,1200.50\n净销售额,2026-Q4,省份,440000,500\n退货率,2026,,,2.5\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of a site with an analyst, an information administrator and a manager."""
    running = Server(tmp_path_factory.mktemp("plans") / "site")
    with site_with_forms(running.home) as store:
        for name, role in (("wu", Role.ANALYST), ("xin", Role.INFORMATION_ADMINISTRATOR), ("chen", Role.MANAGER)):
            account(store, role, login_name=name)
    running.start()
    yield running
    running.stop()


def put_forward(user, content):
    user.page.locator("input[type=file]").set_input_files(
        {"name": "plans.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    user.page.get_by_label("理由").fill("年度计划")
    user.page.get_by_role("button", name="检查并提交审批").click()


def shot(user, name):
    if folder := os.environ.get("CUSTINFO_SHOTS"):
        user.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_from_a_file_with_faults_to_a_plan_in_force(site, chromium):
    wu = User(site, chromium, name="wu")
    wu.open("/plans")
    expect(wu.page.get_by_text("还没有计划")).to_be_visible()
    put_forward(wu, HEAD + "净销售额,2026-10,天气,晴,5\n没有的指标,2026-10,,,5\n")
    expect(wu.page.get_by_text("文件有 2 处不对")).to_be_visible()
    expect(wu.page.get_by_text("第 3 行：没有指标“没有的指标”")).to_be_visible()
    shot(wu, "plans-faults")
    put_forward(wu, GOOD)
    wu.page.wait_for_url(re.compile("/plans/1$"))
    expect(wu.page.get_by_text("广东省")).to_be_visible()
    expect(wu.page.get_by_text("¥1,200.50")).to_be_visible()
    for name in ("xin", "chen"):
        user = User(site, chromium, name=name)
        user.open("/plans/1")
        if name == "chen":
            expect(user.page.get_by_text("总经理批准").first).to_be_visible()
            shot(user, "plans-case")
            user.page.locator("input[type=password]").first.fill(PASSWORD)
        user.page.get_by_role("button", name=re.compile("^(通过|同意|批准)")).first.click()
        expect(user.page.get_by_text("年度计划").first).to_be_visible()
        assert user.errors == []
    wu.open("/plans")
    expect(wu.page.get_by_role("cell", name="已批准")).to_be_visible()
    shot(wu, "plans")
    wu.open("/plans/9")
    expect(wu.page.get_by_text("没有第 9 版计划")).to_be_visible()
    assert wu.errors == []
