"""A page that nobody uses hides what it shows, and the login that nobody uses ends; what was typed is in the draft."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from custinfo.actions import forms
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests.factories import account
from tests.pages.user import PATIENCE, User
from tests.server.site_server import served
from tests.small_forms import CALL


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("unattended") / "site"
    made = Site.create(home, name="云岭商贸")
    with (home / "site.toml").open("a") as file:
        file.write("[login]\nidle_minutes = 1\n")
    with Store.create(made) as store:
        account(store, login_name="lin")
        forms.publish(store, SERVICE, "call.md", CALL.encode())
    with served(home) as running:
        yield SimpleNamespace(url=running.base_url, home=home)


def unused_for(site, time):
    """Move the login's last use back, as the browser's clock is moved on: nobody waits for the minute."""
    with Store.open(Site.load(site.home)) as store:
        [login] = store.rows("SELECT session_id FROM login_session WHERE ended_at IS NULL")
        with store.act(SERVICE.person_id, "session.touch", "session", login["session_id"]) as tx:
            tx.update("login_session", login["session_id"], {"used_at": stamp(utc_now() - time)})


@pytest.mark.guarantee("session-unattended")
def test_after_the_time_that_the_site_sets_the_page_hides_itself_and_the_draft_is_safe(site, chromium):
    user = User(site, chromium)
    clock = user.page.clock
    clock.install()
    user.open("/form/call")
    user.answer("Name of the shop", "珍宝斋")
    user.saved()
    text = user.page.locator("#ci-main")
    clock.fast_forward(45_000)
    unused_for(site, timedelta(seconds=45))
    user.page.wait_for_timeout(500)
    expect(text).to_be_visible()
    unused_for(site, timedelta(seconds=61))
    clock.fast_forward(25_000)
    expect(user.page.locator("#ci-alert").get_by_role("link", name="重新登录")).to_be_visible(timeout=PATIENCE)
    expect(text).to_be_hidden()
    user.page.locator("#ci-alert").get_by_role("link", name="重新登录").click()
    user.page.locator("input[autocomplete=username]").fill("lin")
    user.page.locator("input[type=password]").fill("a long password")
    user.page.keyboard.press("Enter")
    expect(user.question("Name of the shop")).to_have_value("珍宝斋", timeout=PATIENCE)
    assert user.errors == []
    user.context.close()
