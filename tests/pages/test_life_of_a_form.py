"""A questionnaire made in Excel: proposed, reviewed, published, filled in, entered twice, reviewed, revised, exported."""

import io
import re

import openpyxl
import pyreadstat
import pytest
from playwright.sync_api import expect

from custinfo.domain.people import Role
from custinfo.store import Site, Store
from tests.factories import account
from tests.pages.user import PATIENCE, User

SURVEY = [
    ["type", "name", "label::中文 (zh-CN)", "label::English (en)", "required", "relevant", "constraint"],
    ["text", "shop", "店名", "Shop", "yes", "", ""],
    ["select_one size", "size", "规模", "Size", "yes", "", ""],
    ["integer", "staff", "员工人数", "Staff", "", "${size} = 'large'", ". > 0"],
]
CHOICES = [
    ["list_name", "name", "label::中文 (zh-CN)", "label::English (en)"],
    ["size", "small", "小", "Small"],
    ["size", "large", "大", "Large"],
]
SETTINGS = [
    ["form_title", "form_id", "version", "default_language", "namespaces", "attribute::custinfo:double_entry"],
    ["门店调查 | Shop survey", "shop_survey", "1", "中文 (zh-CN)", 'custinfo="https://custinfo.org/xforms"', "blind"],
]


def workbook(survey=SURVEY, choices=CHOICES, version="1"):
    """What Excel would save."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    settings = [SETTINGS[0], [version if cell == "1" else cell for cell in SETTINGS[1]]]
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def site(server):
    """The server of all pages, and those who make a form together."""
    with Store.open(Site.load(server.home)) as store:
        account(store, login_name="wang")
        account(store, Role.SUPERVISOR, login_name="zhou")
        account(store, Role.SUPERVISOR, login_name="sun")
        account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xin")
    return server


@pytest.fixture(scope="module")
def people(site, chromium):
    made = {name: User(site, chromium, name=name) for name in ("lin", "wang", "zhou", "sun", "xin")}
    yield made
    for user in made.values():
        assert user.errors == []
        user.context.close()


def upload(user, label, name, content):
    user.page.get_by_label(re.compile(f"^{label}")).set_input_files(
        {"name": name, "mimeType": "x/y", "buffer": content}
    )


def propose(user, content, name="shop.xlsx"):
    user.open("/forms")
    upload(user, "表单文件", name, content)
    user.page.get_by_role("button", name="检查并提交").click()


def accept_and_publish(reviewer, publisher, address):
    reviewer.open(address)
    reviewer.page.get_by_role("button", name=re.compile("^(审核通过|接受|通过)")).first.click()
    expect(reviewer.page.get_by_text("已审核").first).to_be_visible(timeout=PATIENCE)
    publisher.open(address)
    publish = publisher.page.get_by_role("button", name="发布", exact=True)
    publish.click()
    publisher.page.get_by_role("alertdialog").get_by_role("button", name="发布").click()
    publisher.page.wait_for_url(re.compile("/forms/shop_survey"))


def fill_in(user, address, **answers):
    user.open(address)
    for label, text in answers.items():
        if label == "规模":
            user.page.get_by_role("radio", name=re.compile(f"^{text}")).check()
        else:
            user.answer(label, text)
    user.saved()
    user.submit()


def test_from_the_workbook_to_the_statistics_program(people):
    lin, wang, zhou, sun, xin = (people[name] for name in ("lin", "wang", "zhou", "sun", "xin"))

    # A mistake is named with its sheet and row, and nothing is proposed
    wrong = [list(row) for row in SURVEY]
    wrong[3][5] = "${sizes} = 'large'"
    propose(lin, workbook(wrong))
    lin.sees(re.compile(r"survey.*4.*relevant"))
    lin.sees(re.compile("size"))

    propose(lin, workbook())
    lin.page.wait_for_url(re.compile("/proposal/"))
    address = "/" + lin.page.url.split("/", 3)[3]
    lin.sees("门店调查")
    expect(lin.page.get_by_role("button", name=re.compile("通过"))).to_have_count(0)  # nobody reviews their own
    accept_and_publish(zhou, xin, address)

    # Filled in; entered a second time by somebody else, blind; the difference is a query
    fill_in(lin, "/form/shop_survey", 店名="南山店", 规模="大", 员工人数="12")
    lin.sees("已提交")
    lin.open("/records?form=shop_survey")
    lin.page.get_by_role("link", name="门店调查").last.click()
    lin.page.wait_for_url(re.compile("/record/"))
    record = "/" + lin.page.url.split("/", 3)[3]
    record_id = record.rsplit("/", 1)[1]
    fill_in(wang, f"/form/shop_survey?verify={record_id}", 店名="南山店", 规模="大", 员工人数="21")
    wang.sees(re.compile("1.*(不同|不一致|差异)"))

    # The author answers and mends; the supervisor resolves and approves
    lin.open(record)
    lin.page.get_by_role("textbox", name="答复").fill("原件为 21 人")
    lin.page.get_by_role("button", name="发送").click()
    lin.sees("原件为 21 人")
    fill_in(lin, f"/form/shop_survey?record={record_id}", 员工人数="21")
    lin.page.get_by_role("textbox", name="修改原因").fill("录入错误")
    lin.submit()
    lin.sees("已提交")
    zhou.open(record)
    # What is half written, and the fold around it, outlive the answer to another button
    zhou.page.locator("summary", has_text=re.compile("^批准")).click()
    zhou.page.locator("details[open]").get_by_role("textbox").fill("与原件相符")
    zhou.page.get_by_role("button", name=re.compile("^标为已解决")).first.click()
    expect(zhou.page.get_by_role("button", name=re.compile("^标为已解决"))).to_have_count(0, timeout=PATIENCE)
    expect(zhou.page.locator("details[open]").get_by_role("textbox")).to_have_value("与原件相符")
    zhou.page.locator("details[open]").get_by_role("button").click()
    zhou.sees("与原件相符")
    expect(zhou.page.get_by_text(re.compile("^(已批准|已通过)")).first).to_be_visible(timeout=PATIENCE)

    # A new version without a question that has an answer: the report says so before it is published
    propose(lin, workbook([SURVEY[0], SURVEY[1], SURVEY[2]], version="2"), "shop2.xlsx")
    lin.page.wait_for_url(re.compile("/proposal/"))
    lin.sees(re.compile("员工人数"))
    accept_and_publish(sun, xin, "/" + lin.page.url.split("/", 3)[3])

    # Exported for statistics, with labels, by the version that was asked
    zhou.open("/forms/shop_survey")
    zhou.page.get_by_label("格式").select_option(value="sav")
    zhou.page.get_by_label("表单版本").select_option(value="1")
    with zhou.page.expect_download() as got:
        zhou.page.get_by_role("button", name="导出", exact=True).click()
    path = got.value.path()
    frame, meta = pyreadstat.read_sav(path)
    assert list(frame["staff"]) == [21]
    assert meta.column_names_to_labels["staff"] == "员工人数"
    assert set(meta.variable_value_labels["size"].values()) == {"小", "大"}


def test_records_come_back_by_import_and_wrong_rows_with_their_reasons(people):
    zhou = people["zhou"]
    zhou.open("/forms/satisfaction_survey")
    upload(zhou, "答卷文件", "a.csv", b"interviewed_on,channel,dealt\n2026-11-01,phone,no\n2999-01-01,telex,no\n")
    zhou.page.get_by_label(re.compile("保留合格的行")).check()
    zhou.page.get_by_role("button", name="导入", exact=True).click()
    zhou.sees(re.compile("没有记录|已记录"))
    with zhou.page.expect_download() as got:
        zhou.page.get_by_role("button", name="退回的行（XLSX）").click()
    sheet = openpyxl.load_workbook(io.BytesIO(got.value.path().read_bytes())).active
    texts = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert "telex" in texts


def test_a_form_is_printed_with_every_question_and_when_it_is_asked(people):
    lin = people["lin"]
    lin.open("/print/satisfaction_survey")
    lin.sees("不满意的原因")
    lin.sees(re.compile("仅当：.*有过交易吗"))
    with lin.page.expect_download() as got:
        lin.page.get_by_role("button", name="存为 PDF").click()
    assert got.value.path().read_bytes().startswith(b"%PDF-")


def test_pages_that_are_not_ones_own_say_so(people):
    lin = people["lin"]
    for address in ("/record/R-none", "/proposal/F-none", "/forms/none"):
        lin.open(address)
        lin.sees(re.compile("没有"))
