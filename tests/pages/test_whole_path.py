"""One customer all the way, as people do it: two mistakes in a card, seen and mended; then the reports before and after."""

import json
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.factories import code_for
from tests.pages.conftest import SALES
from tests.pages.user import PATIENCE, User


@pytest.fixture
def user(server, chromium):
    opened = User(server, chromium)
    yield opened
    assert opened.errors == []
    opened.context.close()


def customers_in(report):
    """The number of customers that the report's table by grade gives as its total."""
    sheet = openpyxl.load_workbook(report["xlsx"])
    totals = [
        row
        for table in sheet.worksheets
        for row in table.iter_rows(values_only=True)
        if row and row[0] == "合计" and isinstance(row[1], int)
    ]
    return {row[1] for row in totals}


def enter_card(user, name, number):
    user.open("/form/enterprise_card")
    user.fill_card(**{"企业名称": name, "统一社会信用代码": code_for(number)})
    user.saved()
    user.submit()
    user.sees("已提交")
    return re.search(r"C\d{6}", user.page.locator("main").inner_text())[0]


def report(server):
    return json.loads(server.run("report", "build", "monthly", "--period", "2026-10", "--json"))


def test_from_the_login_to_a_moved_figure(server, user, tmp_path):
    first = enter_card(user, "珠海市先行贸易有限公司", 71)
    sales = tmp_path / "sales.csv"
    sales.write_text(SALES.replace("C000001", first), "utf-8")
    server.run("import", "sales", str(sales), "--source", "ERP", "--lawful-basis", "contract")
    server.run("publish")
    before = report(server)
    old = {kind: Path(before[kind]).read_bytes() for kind in ("html", "pdf", "xlsx", "notebook")}

    user.open("/form/enterprise_card")
    wrong = code_for(72)[:-1] + ("0" if code_for(72)[-1] != "0" else "1")
    user.fill_card(**{"企业名称": "", "统一社会信用代码": wrong})
    user.saved()
    user.submit()
    user.sees("还有 2 处需要修改")
    summary = user.page.get_by_role("alert").filter(has_text="还有 2 处需要修改")
    expect(summary).to_contain_text("企业名称")
    expect(summary).to_contain_text("统一社会信用代码")
    assert user.question("企业名称").get_attribute("aria-invalid") == "true"
    user.answer("企业名称", "深圳市后来电子有限公司")
    user.answer("统一社会信用代码", code_for(72))
    user.saved()
    user.submit()
    user.sees("已提交")
    user.page.get_by_role("link", name="查看客户").click()
    user.sees("深圳市后来电子有限公司")
    user.sees("首次登记")
    user.sees("计算机整机制造")

    server.run("publish")
    after = report(server)
    [number_before], [number_after] = customers_in(before), customers_in(after)
    assert number_after == number_before + 1
    assert after["lake_version"] == before["lake_version"] + 1
    assert after["figures_sha256"] != before["figures_sha256"]
    assert {kind: Path(before[kind]).read_bytes() for kind in old} == old


def test_the_language_switch_is_remembered(server, user):
    user.open("/form/satisfaction_survey")
    user.question("调查日期").wait_for()
    user.page.get_by_role("button", name="English").click()
    user.question("Date of the interview").wait_for()
    assert user.page.locator("html").get_attribute("lang") == "en"
    again = User(server, user.context.browser)
    again.open("/customers")
    again.sees("Customers")
    assert again.page.locator("html").get_attribute("lang") == "en"
    again.page.get_by_role("button", name="中文").click()
    again.sees("客户")
    again.context.close()


def test_markup_and_formulas_in_a_name_show_as_text_everywhere(server, user):
    hostile = "<img src=x onerror=alert(1)>=cmd|'/c calc'!A1"
    number = enter_card(user, hostile, 73)
    user.page.get_by_role("link", name="查看客户").click()
    user.sees(hostile)
    for path in ("/", f"/customers?q={number}"):
        user.open(path)
        user.sees(hostile)
    assert user.dialogs == []
    assert all(
        url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:")) for url in user.requests
    )


def test_a_name_that_is_far_too_long_is_refused_at_its_question_and_stays_in_the_browser(user):
    user.open("/form/enterprise_card")
    user.answer("简称", "宏远")
    user.saved()
    user.answer("企业名称", "甲" * 50_000)
    user.sees("最多允许 200 个")
    assert len(user.question("企业名称").input_value()) == 50_000
    assert user.question("简称").input_value() == "宏远"


def test_two_people_on_one_card(server, user, chromium):
    number = enter_card(user, "佛山市冲突五金厂", 74)
    user.page.get_by_role("link", name="查看客户").click()
    user.sees("首次登记")
    user.page.get_by_role("link", name="修改资料").click()
    user.question("电话号码").wait_for()
    address = user.page.url
    other = User(server, chromium)
    other.page.goto(address.split("&draft")[0].split("?draft")[0] if "customer=" in address else address)
    other.answer("电话号码", "0755-08880011")
    other.saved()
    user.answer("电话号码", "0755-08880012")
    user.saved()
    other.submit()
    other.sees("已提交")
    user.submit()
    user.sees(f"客户 {number} 在您填写期间已被他人修改")
    other.context.close()


def test_the_form_is_usable_on_a_phone(server, chromium):
    phone = User(server, chromium, width=390, height=844)
    pages = {"/": "我的草稿", "/form/enterprise_card": "为必填项目", "/customers": "查找客户"}
    for path, awaited in pages.items():
        phone.open(path)
        phone.page.get_by_text(awaited).or_(phone.page.get_by_label(awaited)).first.wait_for()
        width = phone.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path} is {width} px wide"
    phone.context.close()


def test_a_card_by_keyboard_alone(user):
    user.open("/form/satisfaction_survey")
    first = user.question("客户编号")
    first.wait_for()
    first.focus()
    keys = user.page.keyboard
    keys.press("Enter")
    expect(user.question("调查日期")).to_be_focused(timeout=PATIENCE)
    user.question("调查日期").fill("2026-11-01")
    keys.press("Enter")
    expect(user.page.get_by_role("radio", name="上门走访")).to_be_focused(timeout=PATIENCE)
    keys.press("2")
    expect(user.page.get_by_role("radio", name="电话")).to_be_checked(timeout=PATIENCE)
    user.saved()
    keys.press("Control+Enter")
    user.sees(re.compile(r"还有 \d+ 处需要修改"))
