"""A wrong figure in a report, as people mend it: from a corrected batch to the slip, its signatures, the revision marked r
in every file, and the news at whoever read or used the original. In the browser, by the people whose work it is.
"""

import io
import re
from pathlib import Path

import docx
import openpyxl
import pypdf
import pytest
from playwright.sync_api import expect

from custinfo.actions import report_issues
from custinfo.reports import issuing
from tests.factories import PASSWORD, card, site_with_forms
from tests.pages.conftest import SALES, Server
from tests.pages.user import User
from tests.reports.test_correcting import NET
from tests.reports.test_issuing import Office

BEFORE, AFTER = "¥1,111.05", "¥1,345.05"
PEOPLE = {"wu": "analyst", "zhou": "supervisor", "chen": "manager", "xin": "information_administrator"}


class Desk(Office):
    """The company's people under the names that they log in with; `researcher` enters the customer."""

    def __init__(self, store):
        super().__init__(store)
        for login, role in PEOPLE.items():
            with store.act("test", "test.rename", "person", login) as tx:
                tx.update("person", getattr(self, role).person_id, {"login_name": login})


def imported(server, folder, lines):
    """A batch of sales from the company's books, and a new version of the lake."""
    file = folder / "sales.csv"
    file.write_text(lines, "utf-8")
    server.run("import", "sales", str(file), "--source", "ERP", "--lawful-basis", "contract")
    server.run("publish")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of a site whose report on October is out inside."""
    folder = tmp_path_factory.mktemp("correction")
    running = Server(folder / "site")
    with site_with_forms(running.home, demo=True) as store:
        office = Desk(store)
        card(store, office.researcher)
        imported(running, folder, SALES)
        office.define()
        running.issue_id = office.draft()
        issuing.put_forward(store, office.analyst, running.issue_id)
        office.sign(running.issue_id)
        report_issues.release(store, office.manager, running.issue_id)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def people(site, chromium):
    made = {name: User(site, chromium, name=name) for name in ("wu", "zhou", "chen")}
    yield made
    for one in made.values():
        assert one.errors == []
        one.context.close()


def press(user, name):
    user.page.get_by_role("button", name=name).first.click()


def told(user, words):
    """The notice above the page."""
    expect(user.page.get_by_role("alert").filter(has_text=words).first).to_be_visible()


def sign(user, path, password=PASSWORD):
    user.open(path)
    user.page.locator("input[type=password]").first.fill(password)
    press(user, re.compile("^同意"))


def went(user, pattern):
    """Where the page led to."""
    user.page.wait_for_url(re.compile(pattern))
    return "/" + user.page.url.split("/", 3)[3]


def register(user, cause, reason):
    form = user.page.locator("form", has=user.page.get_by_label("来由"))
    form.get_by_label("来由").select_option(label=cause)
    form.get_by_label("档次").select_option(label="统计数字订正单")
    form.get_by_label(re.compile("^错在哪里")).fill(reason)
    form.get_by_role("button", name="登记").click()


def taken(user, kind):
    with user.page.expect_download() as awaited:
        press(user, re.compile(f"^{kind} 中文"))
    return Path(awaited.value.path()).read_bytes()


def test_from_a_changed_figure_to_the_revision_and_the_news(site, people, tmp_path):
    wu, zhou, chen = people["wu"], people["zhou"], people["chen"]
    original = f"/reports/{site.issue_id}"

    # One reads it, another puts a figure of it on a slide
    zhou.open(f"{original}?view=read")
    zhou.sees(BEFORE)
    expect(zhou.page.locator("figure img")).to_have_count(3)
    chen.open(original)
    press(chen, "登记引用")
    chen.page.get_by_label(re.compile("^用的是哪个数字")).select_option(value=NET)
    chen.page.get_by_label(re.compile("^用在何处")).fill("11 月 3 日幻灯片")
    press(chen, "登记引用")
    chen.sees("11 月 3 日幻灯片")

    # A line was wrong in the books. Who looks sees what differs; nobody calls an error late data
    head, wrong, *_ = SALES.splitlines()
    imported(site, tmp_path, "\n".join((head, wrong.replace("1234.50", "1468.50"), "")))
    wu.open(original)
    press(wu, "与当前数据比较")
    wu.sees(AFTER)
    register(wu, "迟到数据，并无差错（计划内修订）", "十月五日一笔销售迟到")
    told(wu, "有 1 行原有数据被替换或注销")
    register(wu, "数据有误，已更正", "十月五日一笔销售金额录错")
    wu.sees("审批中")
    press(wu, "与当前数据比较")
    wu.sees(AFTER)
    register(wu, "数据有误，已更正", "再来一次")
    told(wu, "正在办理")
    wu.page.get_by_role("link", name=re.compile("RS-")).click()
    slip = went(wu, "/reports/RS-")
    wu.sees("11 月 3 日幻灯片")
    expect(wu.page.get_by_role("button", name=re.compile("^同意"))).to_have_count(0)

    # Those who may sign find it, and sign with their password alone
    zhou.open("/reports/mine")
    zhou.page.get_by_role("link", name=re.compile("^统计数字订正单")).first.click()
    assert went(zhou, "/reports/RS-") == slip
    sign(zhou, slip, "wrong")
    told(zhou, "密码")
    sign(zhou, slip)
    zhou.sees("经理签发")
    expect(zhou.page.locator("input[type=password]")).to_have_count(0)
    sign(chen, slip)
    chen.sees("已批准")
    press(chen, re.compile("^标为已更正"))
    expect(chen.page.get_by_text("待更正")).to_have_count(0)

    # The revision is built, signed and released like any issue
    wu.open(slip)
    press(wu, "开始编制订正版")
    revision = went(wu, "/reports/RI-")
    press(wu, "生成并提交审签")
    wu.sees("正在生成")
    while wu.page.get_by_role("button", name="刷新").count():
        press(wu, "刷新")
        wu.page.wait_for_timeout(1000)
    wu.sees("PDF")
    for one in (zhou, chen):
        sign(one, revision)
        expect(one.page.locator("input[type=password]")).to_have_count(0)
    press(chen, "内部发布")
    chen.page.get_by_role("alertdialog").get_by_role("button", name="内部发布").click()
    chen.sees("已内部发布")

    # Marked in every file, told to whoever read the original, and beside it
    files = {kind: taken(chen, kind) for kind in ("HTML", "PDF", "XLSX", "DOCX")}
    assert f'title="原报出：{BEFORE}">{AFTER}<sup class="revised">r</sup>' in files["HTML"].decode()
    page = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(files["PDF"])).pages)
    assert re.search(rf"{re.escape(AFTER)}\s*r", page)
    sheets = openpyxl.load_workbook(io.BytesIO(files["XLSX"])).worksheets
    marked = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.comment]
    assert f"原报出：{BEFORE}" in [one.comment.text for one in marked]
    assert all('"r"' in one.number_format for one in marked)
    tables = docx.Document(io.BytesIO(files["DOCX"])).tables
    assert f"{AFTER}r" in [cell.text for table in tables for row in table.rows for cell in row.cells]
    zhou.open("/waiting")
    zhou.page.get_by_role("link", name=re.compile("^您看过的数字已订正")).first.click()
    assert went(zhou, "/reports/RI-") == revision
    zhou.page.get_by_role("link", name="比较").click()
    press(zhou, "比较")
    zhou.sees("+¥234.00")
    zhou.open("/waiting")
    expect(zhou.page.get_by_role("heading").first).to_be_visible()
    expect(zhou.page.get_by_text("您看过的数字已订正")).to_have_count(0)

    # What was corrected is corrected in its revision
    wu.open(original)
    press(wu, "与当前数据比较")
    register(wu, "数据有误，已更正", "又一次")
    told(wu, revision.rpartition("/")[2])


def test_a_report_for_oneself_is_built_beside_the_page(site, chromium):
    xin = User(site, chromium, name="xin")
    xin.open("/reports/own")
    xin.page.get_by_label(re.compile("^期间")).fill("2026-13")
    press(xin, "生成")
    told(xin, "2026-13")
    xin.page.get_by_label(re.compile("^期间")).fill("2026-10")
    press(xin, "生成")
    xin.sees("正在生成报表")
    while xin.page.get_by_role("button", name="刷新").count():
        press(xin, "刷新")
        xin.page.wait_for_timeout(1000)
    with xin.page.expect_download() as awaited:
        press(xin, re.compile("^HTML"))
    assert "未发布：由阅读者自行生成" in Path(awaited.value.path()).read_text("utf-8")
    assert xin.errors == []
    xin.context.close()
