"""Each form of the sources, filled in by its people in a real browser with the keys alone; its entities stand there."""

import re
from datetime import datetime, timedelta

import pytest

from custinfo.actions import forms, sealing
from custinfo.store import Site, Store
from custinfo.xforms.refs import flat
from tests.factories import account, site_with_forms
from tests.pages.conftest import Server
from tests.pages.keyboard import Keyboard
from tests.pages.user import PATIENCE, User
from tests.source_forms import FORMS, fill, filled
from tests.test_source_forms import MADE

MOMENTS = ("received_at", "answered_at", "started_at", "ended_at")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = tmp_path_factory.mktemp("sources") / "site"
    with site_with_forms(home) as store:
        account(store, login_name="lin")
    running = Server(home)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def user(site, chromium):
    opened = User(site, chromium)
    yield opened
    opened.context.close()


def expected(site, form_id):
    """The answers of today, and a session of the engine in which they stand."""
    with Store.open(Site.load(site.home)) as store:
        answers = filled(form_id, datetime.now(store.site.zone).date() - timedelta(days=1))
        return answers, fill(forms.session(store, forms.load(store, form_id), {}), answers)


@pytest.mark.parametrize("form_id", FORMS)
def test_a_form_of_the_sources_is_filled_in_by_keyboard_and_leaves_its_entities(site, user, form_id):
    answers, session = expected(site, form_id)
    user.open(f"/form/{form_id}")
    user.page.locator(".ci-q").first.wait_for()
    Keyboard(user.page, session, answers).fill()
    user.saved()
    user.page.keyboard.press("Control+Enter")
    user.page.get_by_role("heading", name="已提交").wait_for(timeout=PATIENCE)
    with Store.open(Site.load(site.home)) as store:
        [row] = store.rows(
            "SELECT record_version.* FROM record_version JOIN record USING (record_id) WHERE form_id = ?", [form_id]
        )
        stored = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
        made = store.rows("SELECT * FROM entity_current WHERE record_id = ?", [row["record_id"]])
    recorded = flat(stored, "/data")
    plain = {ref: value for ref, value in answers.items() if ref.rpartition("/")[2] not in MOMENTS}
    assert {ref: recorded.get(ref) for ref in plain} == plain
    assert sorted(re.sub(r"\d{6}$", "", entity["number"]) for entity in made) == MADE[form_id]
    assert user.errors == []
