"""A masked answer in the browser: shown on demand to who is cleared, hidden again, on the audit log each time."""

import json

import pytest
from playwright.sync_api import expect

from custinfo.actions import people
from custinfo.store import Site, Store
from tests.factories import CARD, CREDIT_CODE, NAME, card, code_for
from tests.pages.user import User

PHONE, MASKED = "0755-08880777", "075****0777"
REF = "/data/people/contact_phone"


@pytest.fixture(scope="module")
def customer(server):
    """A customer of the tests' own; gives its id."""
    answers = CARD | {NAME: "深圳市遮掩电子有限公司", CREDIT_CODE: code_for(90777), REF: PHONE}
    with Store.open(Site.load(server.home)) as store:
        return card(store, people.by_login_name(store, "lin"), answers, key="masked").customer_id


def revealed(server, customer):
    with Store.open(Site.load(server.home)) as store:
        rows = store.rows("SELECT detail FROM audit WHERE action = 'field.reveal' AND object_id = ?", [customer])
    return [json.loads(row["detail"])["ref"] for row in rows]


@pytest.mark.guarantee("level-1-masked")
def test_a_masked_answer_is_shown_by_keyboard_for_a_minute_and_each_showing_is_logged(server, chromium, customer):
    user = User(server, chromium)
    page = user.page
    page.clock.install()
    user.open(f"/customer/{customer}")
    button = page.locator(f'[data-key="reveal {REF}"]')
    expect(page.get_by_text(MASKED).first).to_be_visible()
    assert PHONE not in page.content()
    assert "联系人电话" in button.get_attribute("aria-label")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(PHONE)).to_be_visible()
    expect(button).to_be_focused()
    page.clock.fast_forward(59_000)
    expect(page.get_by_text(PHONE)).to_be_visible()
    page.clock.fast_forward(2_000)
    expect(page.get_by_text(PHONE)).to_have_count(0)
    assert PHONE not in page.content()
    page.keyboard.press("Space")
    expect(page.get_by_text(PHONE)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_text(PHONE)).to_have_count(0)
    assert revealed(server, customer) == [REF, REF]
    assert user.errors == []
    user.context.close()
