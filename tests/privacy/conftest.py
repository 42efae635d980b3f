"""A site with its people for the tests of the privacy desk."""

import pytest

from custinfo.actions import drafts, forms
from custinfo.actions.privacy_files import Given
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Role
from tests import factories, source_forms
from tests.factories import account, draft_of, site_with_forms, submit

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PERSON = {
    "/data/basic/name": "欧阳若雪",
    "/data/basic/birth_year": "1988",
    "/data/basic/occupation": "琴师",
    "/data/place/province": "440000",
    "/data/place/prefecture": "440300",
    "/data/place/county": "440305",
    "/data/place/address": "梧桐巷 9 号",
    "/data/place/phone": "13911112222",
    "/data/preference/hobbies": "养鹤",
}


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


class Office:
    """Who works on the privacy desk of a test, and a customer of theirs."""

    def __init__(self, store):
        self.store = store
        self.clerk = account(store, Role.SUPERVISOR, login_name="li")
        self.head = account(store, Role.DEPARTMENT_HEAD, login_name="he")
        self.admin = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
        self.second = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="qin")
        self.manager = account(store, Role.MANAGER, login_name="ma")
        self.count = 0

    def person(self, **answers):
        """A customer who is a natural person; gives the receipt."""
        self.count += 1
        given = PERSON | {f"/data/{ref.replace('__', '/')}": value for ref, value in answers.items()}
        draft_id = draft_of(self.store, self.clerk, "individual_card", given)
        return submit(self.store, self.clerk, draft_id, f"person-{self.count}")

    def company(self):
        self.count += 1
        code = factories.code_for(70000 + self.count)
        return factories.card(
            self.store, self.clerk, factories.CARD | {"/data/basic/credit_code": code}, key=f"company-{self.count}"
        )

    def today(self):
        return utc_now().astimezone(self.store.site.zone).date()

    def scan(self):
        return Given("scan.png", PNG)


@pytest.fixture
def office(store):
    return Office(store)


def recorded(office, form_id, key, **changes):
    """A record of one of the forms that the sources ask for, filled in as they show it; gives its receipt."""
    store, actor = office.store, office.clerk
    draft = drafts.start(store, actor, form_id)
    session = forms.session(store, forms.load(store, form_id), draft.instance, actor=actor)
    answers = source_forms.filled(form_id, office.today())
    named = {ref.rpartition("/")[2]: ref for ref in answers}
    source_forms.fill(session, answers | {named.get(name, name): value for name, value in changes.items()})
    drafts.save(store, actor, draft.draft_id, session.instance, next(iter(answers)), saves=draft.saves)
    return submit(store, actor, draft.draft_id, key)
