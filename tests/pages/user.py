"""What a user does in the browser, in a user's words."""

import re

from playwright.sync_api import expect

from tests.factories import PASSWORD

PATIENCE = 45_000  # milliseconds: two busy cores may start a kernel slowly; nothing is measured here

CARD = {
    "企业名称": "深圳市宏远电子科技有限公司",
    "客户性质": "普通公司",
    "所有制": "股份制",
    "行业门类": "制造业",
    "行业大类": "计算机、通信和其他电子设备制造业",
    "行业小类": "计算机整机制造",
    "省（自治区、直辖市）": "广东省",
    "市（地区）": "深圳市",
    "县（区）": "南山区",
    "企业地址": "科技南路 1 号",
    "电话号码": "0755-08880001",
    "法定代表人": "欧阳海",
    "联系人": "单秀英",
    "联系人电话": "0755-08880002",
    "付款方式": "银行转账",
    "付款条件": "月结30天",
}


def window(chromium, *, width=1280, height=900, locale="zh-CN"):
    """A browser of somebody's own. Nothing moves: what breathes while a page is made is painted by the processor."""
    context = chromium.new_context(viewport={"width": width, "height": height}, locale=locale, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    return context


class User:
    """Somebody at a browser of their own."""

    def __init__(self, server, chromium, *, name="lin", width=1280, height=900):
        self.server = server
        self.context = window(chromium, width=width, height=height)
        self.page = self.context.new_page()
        self.requests, self.dialogs, self.errors = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.log_in(name)

    def log_in(self, name):
        self.page.goto(f"{self.server.url}/login")
        self.page.locator("input[autocomplete=username]").fill(name)
        self.page.locator("input[type=password]").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.server.url}/")

    def open(self, path):
        self.page.goto(f"{self.server.url}{path}")

    def question(self, label):
        """The input of a question; its label may end with the required mark."""
        return self.page.get_by_label(re.compile(rf"^{re.escape(label)}\s*(※.*)?$")).first

    def answer(self, label, text):
        """Answer as a person does: type, or choose by the choice's words."""
        field = self.question(label)
        field.wait_for()
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(label=text)
        elif field.get_attribute("role") == "combobox":
            field.click()
            field.fill(text)
            self.page.get_by_role("option", name=text, exact=True).first.click()
        else:
            field.fill(text)
            field.press("Tab")

    def fill_card(self, **changed):
        for label, text in (CARD | changed).items():
            if text:
                self.answer(label, text)

    def saved(self):
        """Wait until everything that was answered is acknowledged."""
        expect(self.page.get_by_text(re.compile("^已自动保存|^Saved"))).to_be_visible(timeout=PATIENCE)

    def submit(self):
        self.page.get_by_role("button", name="提交").click()

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)
