"""What cannot be done with consents: undo another's objection, go back before a withdrawal, look beyond one's scope."""

from datetime import UTC, datetime, time, timedelta

import pytest

from custinfo.actions import (
    consent_overview,
    consents,
    entities,
    form_exports,
    mailing_lists,
    notices,
    subject_requests,
)
from custinfo.actions.subject_requests import Received
from custinfo.domain.clock import stamp
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import receipts
from custinfo.store import withheld
from tests.factories import account
from tests.privacy.conftest import PERSON, recorded
from tests.privacy.test_consents import agree, stop

guarantee = pytest.mark.guarantee


def object_to(office, customer, purpose="service"):
    given = Received("object", "甲", "x", "", "in_person", office.today(), customer.customer_number, purpose=purpose)
    made = subject_requests.receive(office.store, office.admin, given)
    subject_requests.verify(office.store, office.admin, made, method="callback", note="核对")
    return made


@guarantee("objections-apart")
@pytest.mark.parametrize("refused", [0, 1])
def test_refusing_one_objection_leaves_the_other(office, refused):
    store, customer = office.store, office.company()
    requests = [object_to(office, customer), object_to(office, customer)]
    subject_requests.refuse(store, office.admin, requests[refused], "重复")
    assert consents.standing(store, customer.customer_id, "service").state == "restricted"
    where, given = consents.allowed_where("service", "entity", consents.today(store))
    assert store.rows(f"SELECT 1 FROM entity WHERE {where}", given) == []
    subject_requests.take_back(store, office.admin, requests[1 - refused], "撤回")
    assert consents.allowed(store, customer.customer_id, "service")


@guarantee("objections-apart")
def test_a_granted_objection_stays_when_a_later_one_is_refused(office):
    store, customer = office.store, office.company()
    granted = object_to(office, customer)
    subject_requests.answer(store, office.admin, granted, "同意")
    later = object_to(office, customer)
    subject_requests.refuse(store, office.admin, later, "重复")
    assert not consents.allowed(store, customer.customer_id, "service")


@guarantee("no-consent-before-a-withdrawal")
def test_a_backdated_consent_does_not_undo_a_withdrawal(office):
    customer = office.company().customer_id
    agree(office, customer)
    stop(office, customer)
    with pytest.raises(BadInput) as refused:
        agree(office, customer, happened_on=office.today() - timedelta(days=1))
    assert refused.value.key == "privacy.before_withdrawal"
    assert str(office.today()) in refused.value.text("en")
    assert not consents.allowed(office.store, customer, "marketing")
    agree(office, customer)
    assert consents.allowed(office.store, customer, "marketing")


class TestScope:
    def guest(self, office):
        made = recorded(office, "guest_collection", "guest", methods="overheard")
        return next(one for one in made.entities if one.dataset == "guests")

    @guarantee("consents-in-scope")
    def test_out_of_scope_is_told_as_what_never_was(self, office):
        far = account(office.store, Role.SUPERVISOR, department="别部")
        guest = self.guest(office)
        told = set()
        for asked in (office.company().customer_id, guest.entity_id, "0" * 24):
            with pytest.raises(NotFound) as refused:
                consents.check_seen(office.store, far, asked)
            told |= {refused.value.text(language) for language in LANGUAGES}
            assert asked not in str(refused.value.facts)
        assert len(told) == len(LANGUAGES)
        assert consents.check_seen(office.store, office.clerk, guest.entity_id)["dataset"] == "guests"

    @guarantee("consents-in-scope")
    def test_lists_and_sums_are_of_whom_one_may_know_of(self, office):
        store, customer = office.store, office.company().customer_id
        agree(office, customer)
        self.guest(office)
        texts = notices.find(store, "customers").texts
        notices.publish(store, office.admin, "customers", dict(texts), ("marketing",), "修订")
        far = account(store, Role.DEPARTMENT_HEAD, department="别部")
        for one, there in ((office.admin, True), (office.head, True), (far, False)):
            assert bool(consent_overview.outdated(store, one)) is there
            assert bool(consent_overview.to_tell(store, one)) is there
            assert bool(consent_overview.counts(store, one)["marketing"]["given"]) is there
        assert consent_overview.counts(store, account(store, Role.AUDITOR))["marketing"]["given"] == 1, (
            "sums name nobody"
        )
        with pytest.raises(NotFound):
            consents.history(store, far, customer)

    @guarantee("consents-in-scope")
    def test_what_proves_a_consent_is_for_who_sees_level_1(self, office):
        store, customer = office.store, office.company().customer_id
        agree(office, customer)
        assert consents.history(store, office.clerk, customer)[0]["evidence"] == "签字表 17"
        low = account(store, Role.SUPERVISOR, clearance=Level.INTERNAL)
        (event,) = consents.history(store, low, customer)
        assert (event["evidence"], event["kind"]) == ("", "given")


class Words:
    """A page, as far as a receipt asks it."""

    def text(self, key, **facts):
        from custinfo.domain.messages import text

        return text(key, "en", **facts)


@guarantee("no-notice-no-consent")
def test_a_form_gives_no_consent_of_which_no_notice_speaks(office, monkeypatch):
    monkeypatch.setattr(notices, "speaking_of", lambda _, purpose: None)
    made = office.person(agreed__agrees_to_marketing="yes")
    assert not consents.allowed(office.store, made.customer_id, "marketing")
    assert office.store.rows("SELECT * FROM consent_event WHERE kind = 'given'") == []
    assert made.consents_without_notice == 1
    lines = receipts.submitted(Words(), "card", "individual_card", "d", made)["lines"]
    assert any("is no consent" in line for line in lines)
    card = entities.current(office.store, made.customer_id)
    assert PERSON["/data/basic/name"] in str(entities.content(office.store, card)), "the record is kept"


def test_a_consent_ends_when_its_day_begins_in_the_zone_of_the_site(office, monkeypatch):
    """In China that is eight hours before it begins in Greenwich: lists, exports and the lake go by the same moment."""
    store, ends = office.store, office.today() + timedelta(days=1)
    agree(office, office.company().customer_id, expires_on=ends)

    def reached():
        listed = mailing_lists.make(store, office.clerk, "marketing", "en").rows
        return listed, form_exports.export(
            store, office.head, "enterprise_card", "csv", language="en", purpose="marketing"
        ).rows  # fmt: skip

    begins = datetime.combine(ends, time(), store.site.zone).astimezone(UTC)
    assert begins.hour == 16
    assert [one.since for one in withheld.read(store.site.lake)] == [stamp(begins)]
    for moment, rows in ((begins - timedelta(seconds=1), (1, 1)), (begins, (0, 0))):
        monkeypatch.setattr(consents, "utc_now", lambda moment=moment: moment)
        assert reached() == rows
