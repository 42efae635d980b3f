"""A killed kernel, a killed server, a reload, a closed tab: every answer is there again."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from tests.pages.cable import Cable
from tests.pages.user import PATIENCE, User
from tests.processes import descendants

ANSWERS = {
    "企业名称": "惠州市不丢有限公司",
    "简称": "不丢",
    "客户性质": "普通公司",
    "企业地址": "滨江路 9 号",
    "法定代表人": "仇小满",
}


@pytest.fixture
def user(server, chromium):
    opened = User(server, chromium)
    yield opened
    opened.context.close()


def fill(user):
    user.open("/form/enterprise_card")
    for label, text in ANSWERS.items():
        user.answer(label, text)
    user.saved()


def all_there(user):
    for label, text in ANSWERS.items():
        field = user.question(label)
        field.wait_for()
        chosen = field.evaluate("n => n.tagName === 'SELECT' ? n.selectedOptions[0].textContent : n.value")
        assert chosen == text, label


def test_a_reload_gives_back_every_answer(user):
    fill(user)
    user.page.reload()
    all_there(user)


def test_a_closed_tab_is_resumed_from_my_drafts(user, server):
    fill(user)
    user.open("/")
    user.sees("我的草稿")
    user.page.get_by_role("link", name="继续填写").first.click()
    all_there(user)


def test_a_killed_kernel_is_announced_and_a_reload_gives_back_every_answer(user, server):
    before = set(descendants(server.process.pid))
    fill(user)
    newest = max(pid for pid in descendants(server.process.pid) if pid not in before)
    os.kill(newest, signal.SIGKILL)
    user.sees(re.compile("本页与服务器的对话已中断.您的填写已保存到"))
    user.page.reload()
    all_there(user)


def test_a_pulled_cable_loses_nothing_and_closing_the_tab_meanwhile_is_asked_back(
    server, chromium, chromium_with_windows
):
    with Cable(server.port) as cable:
        user = User(cable, chromium_with_windows)
        fill(user)
        cable.pull()
        user.answer("传真", "0755-08880077")
        user.sees(re.compile("与服务器的连接已断开|连接已中断|尚未保存"))
        user.page.close(run_before_unload=True)
        user.page.wait_for_timeout(500)
        assert user.dialogs, "closing the tab would lose the answer, and nobody was asked"
        cable.plug()
        expect(
            user.page.get_by_text("已重新连接").or_(user.page.get_by_text(re.compile("^已自动保存"))).first
        ).to_be_visible(timeout=PATIENCE)
        user.saved()
        address = user.page.url
        user.context.close()
    other = User(server, chromium)  # another machine
    other.page.goto(address.replace(str(cable.port), str(server.port)))
    all_there(other)
    assert other.question("传真").input_value() == "0755-08880077"
    other.context.close()


def test_a_killed_server_is_announced_and_the_page_goes_on_by_itself(user, server):
    fill(user)
    server.stop(signal.SIGKILL)
    user.sees(re.compile("与服务器的连接已断开"))
    server.start()
    expect(user.page.get_by_text("已重新连接")).to_be_visible(timeout=PATIENCE)
    all_there(user)
    user.answer("传真", "0755-08880099")
    user.saved()


def test_enter_waits_for_the_list_of_what_was_typed_and_takes_nothing_from_an_older_one(server, chromium):
    """Who types on faster than the list follows must not get the first choice of fewer letters."""
    with Cable(server.port) as cable:
        user = User(cable, chromium)
        user.open("/form/enterprise_card")
        box = user.question("省（自治区、直辖市）")
        box.wait_for()
        box.fill("京")
        first = user.page.locator("[role=option]:visible").first
        expect(first).to_contain_text("北京", timeout=PATIENCE)
        cable.pull()
        user.page.keyboard.press("Control+A")
        user.page.keyboard.type("广东")
        user.page.keyboard.press("Enter")
        cable.plug()
        expect(box).to_have_value(re.compile("广东"), timeout=PATIENCE)
        user.saved()
        assert "北京" not in user.page.locator("main").inner_text()
        user.context.close()
