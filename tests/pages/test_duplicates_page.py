"""A customer that is known already, in the browser: the warning at entry by keyboard, then the page that merges the two."""

import pytest
from playwright.sync_api import expect

from custinfo.actions import people
from custinfo.domain.people import Role
from custinfo.store import Site, Store
from tests.factories import account
from tests.merging import PERSON, person
from tests.pages.user import PATIENCE, User

CARD = {
    "姓名": "单秀英",
    "省（自治区、直辖市）": "广东省",
    "市（地区）": "深圳市",
    "地址": PERSON["/data/place/address"],
    "电话": PERSON["/data/place/phone"],
}


@pytest.fixture(scope="module")
def known(server):
    """A customer of the tests' own, and a supervisor who may merge it; gives its number."""
    with Store.open(Site.load(server.home)) as store:
        account(store, Role.SUPERVISOR, login_name="merger")
        return person(store, people.by_login_name(store, "lin"), key="known").customer_number


def test_a_known_customer_is_noticed_at_entry_and_the_two_are_merged(server, chromium, known):
    user = User(server, chromium)
    page = user.page
    user.open("/form/individual_card")
    for label, text in CARD.items():
        user.answer(label, text)
    page.keyboard.press("Control+Enter")
    asked = page.get_by_role("alert").filter(has_text="可能已经有档案")
    expect(asked).to_be_visible(timeout=PATIENCE)
    expect(asked.get_by_role("link")).to_contain_text(known)
    page.get_by_label("是另一位客户，理由：").fill("双胞胎")
    page.keyboard.press("Enter")
    expect(page.locator(".ci-receipt h1")).to_be_visible(timeout=PATIENCE)
    assert user.errors == []
    user.context.close()

    reviewer = User(server, chromium, name="merger")
    page = reviewer.page
    reviewer.open("/duplicates")
    expect(page.get_by_text("双胞胎")).to_be_visible(timeout=PATIENCE)
    entry = page.locator("form").filter(has=page.get_by_role("button", name="合并", exact=True))
    entry.get_by_label("理由").fill("同一人")
    entry.get_by_role("button", name="合并", exact=True).press("Enter")
    expect(page.get_by_text("已并入")).to_be_visible(timeout=PATIENCE)
    assert reviewer.errors == []
    reviewer.context.close()
