"""Approvals of exports cover what was decided on and no more; logs of answering go the same way as records."""

from datetime import timedelta

import pytest

from custinfo.actions import (
    answer_logs,
    approval_cases,
    approvals,
    audit_export,
    consents,
    drafts,
    export_register,
    form_exports,
    incident_notices,
    incidents,
    mailing_lists,
    sessions,
    subject_requests,
)
from custinfo.actions.audit_log import Selection
from custinfo.actions.consents import Consent
from custinfo.actions.drafts import AnswerEvent
from custinfo.actions.subject_requests import Received
from custinfo.domain import consent
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.consent import Tier
from custinfo.domain.errors import BadInput, Conflict, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.screens import case as case_page
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests import factories
from tests.factories import PASSWORD, account, submit
from tests.privacy.test_disclosures import approve
from tests.screens.conftest import Browser
from tests.test_incidents import WHOLE

guarantee = pytest.mark.guarantee
FORM = "enterprise_card"


@pytest.fixture
def limited(monkeypatch):
    monkeypatch.setattr(consent, "identified_rows_on", lambda _: 1)


def export(office, format="csv", **more):
    return form_exports.export(office.store, office.clerk, FORM, format, language="en", **more)


def ask(office, format="csv", **more):
    order = form_exports.order(FORM, format, "record_keeping", **more)
    return order, export_register.ask_approval(office.store, office.clerk, order)


def answered(office, customer):
    """A customer's card filled in once more at a page, with its log of answering."""
    store, actor = office.store, office.clerk
    draft = drafts.start(store, actor, FORM, customer_id=customer.customer_id)
    event = AnswerEvent("question", factories.NAME, utc_now(), utc_now(), "旧名", "新名")
    drafts.log(store, actor, draft.draft_id, [event])
    return submit(store, actor, draft.draft_id, f"again-{customer.customer_number}")


def object_to(office, customer):
    today = office.today()
    given = Received("object", "甲", "x", "", "in_person", today, customer.customer_number, purpose="record_keeping")
    return subject_requests.receive(office.store, office.admin, given)


class TestLogOfAnswering:
    @guarantee("answer-log-approved")
    def test_as_many_records_need_an_approval_as_in_any_export(self, office, limited):
        for _ in range(2):
            answered(office, office.company())
        with pytest.raises(WrongState) as refused:
            export(office, "audit")
        assert refused.value.key == "privacy.approval_needed"
        order, _ = ask(office, "audit")
        approve(office, "export", order.order_id(office.clerk))
        assert export(office, "audit").rows >= 2
        newest = export_register.listed(office.store, office.admin, limit=1).rows[0]
        assert (newest.what, newest.rows, bool(newest.approval)) == ("answer_log", 2, True)

    @guarantee("answer-log-approved")
    def test_who_objected_is_left_out_of_it(self, office):
        customer = office.company()
        answered(office, customer)
        assert "新名" in export(office, "audit").data.decode()
        object_to(office, customer)
        assert "新名" not in export(office, "audit").data.decode()
        assert answer_logs.count(office.store, office.clerk, FORM, None, None, "record_keeping") == 0

    @guarantee("answer-log-approved")
    def test_there_is_none_without_identities(self, office):
        with pytest.raises(BadInput) as refused:
            export(office, "audit", tier=Tier.PSEUDONYMOUS)
        assert refused.value.key == "privacy.log_identified"


class TestWhatAnApprovalCovers:
    @guarantee("approval-covers-so-much")
    def test_rows_that_came_later_are_not_covered(self, office, limited):
        office.company(), office.company()
        order, case_id = ask(office)
        approve(office, "export", order.order_id(office.clerk))
        assert export_register.terms_of(office.store, case_id).rows == 2
        office.company()
        with pytest.raises(WrongState) as refused:
            export(office)
        assert refused.value.key == "privacy.approval_exceeded"
        order, _ = ask(office)
        approve(office, "export", order.order_id(office.clerk))
        assert export(office).rows == 3

    @guarantee("approval-covers-so-much")
    def test_it_lapses(self, office, limited, monkeypatch):
        office.company(), office.company()
        order, _ = ask(office)
        approve(office, "export", order.order_id(office.clerk))
        later = utc_now() + timedelta(days=8)
        monkeypatch.setattr(export_register, "utc_now", lambda: later)
        with pytest.raises(WrongState) as refused:
            export(office)
        assert refused.value.key == "privacy.approval_lapsed"

    @guarantee("approval-covers-so-much")
    def test_it_is_checked_again_under_the_lock(self, office, limited):
        office.company(), office.company()
        order, case_id = ask(office)
        approve(office, "export", order.order_id(office.clerk))
        for rows, approval, key in (
            (3, case_id, "privacy.approval_exceeded"), (2, None, "privacy.approval_needed"),
        ):  # fmt: skip
            with pytest.raises(WrongState) as refused, office.store.act("service", "record.export", "form", FORM) as tx:
                export_register.note(
                    tx, office.store, office.clerk, what="records", object_id=FORM, format="csv", rows=rows,
                    columns=[], tier=Tier.IDENTIFIED, purpose="service", data=b"", approval=approval,
                )  # fmt: skip
            assert refused.value.key == key

    @guarantee("slices-add-up")
    def test_slices_add_up_over_a_day(self, office, limited, monkeypatch):
        office.company()
        assert export(office).rows == 1
        with pytest.raises(WrongState) as refused:
            export(office, "jsonl")
        assert refused.value.key == "privacy.approval_needed"
        assert "1 went out to you today" in refused.value.text("en")
        assert export(office, tier=Tier.PSEUDONYMOUS).rows == 1
        tomorrow = utc_now() + timedelta(days=1)
        monkeypatch.setattr(export_register, "utc_now", lambda: tomorrow)
        assert export(office, "jsonl").rows == 1

    @guarantee("approval-not-blind")
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_who_decides_reads_what_goes_out(self, office, language):
        office.company(), office.company()
        _, case_id = ask(office, "xlsx", state="received")
        case = approval_cases.find(office.store, case_id)
        assert case.link == f"/case/{case_id}"
        session = sessions.log_in(office.store, office.head.login_name, PASSWORD)
        page = Page(office.store, office.store.site, session, language, f"/case/{case_id}", {})
        told = str(Browser(showing.screen(page, case_page.build)).send(kind="hello"))
        until = str(office.today() + timedelta(days=7))
        purpose = consent.purpose("record_keeping").titles[language]
        for words in (FORM, page.text("exchange.format.xlsx"), page.text("machines.state.received"), purpose, until,
                      page.text("export_order.at_most", n=2)):  # fmt: skip
            assert words in told

    def test_the_case_of_a_notice_leads_to_its_incident(self, office):
        store = office.store
        auditor = account(store, Role.AUDITOR, login_name="shen")
        number = incidents.report(store, auditor, kind="leak", what="名单外泄", noticed_at=stamp(utc_now()))
        parts = WHOLE
        notice = incident_notices.write(
            store, auditor, number, kind="authority", recipient="网信办", channel="书面", content=parts
        )
        assert approvals.of(store, "incident_notice", notice).link == f"/incidents/{number}"
        assert incident_notices.of(store, office.head, number)[0].content == parts


class TestReadBeforeTheLock:
    @guarantee("consents-under-the-lock")
    @pytest.mark.parametrize("what", ["records", "log", "mailing"])
    def test_who_withdraws_meanwhile_is_not_in_the_file(self, office, monkeypatch, what):
        customer = office.company()
        given = Consent("marketing", "paper", office.today(), "签字表")
        consents.give(office.store, office.clerk, customer.customer_id, given)
        approved = export_register.approval_for

        def meanwhile(*given):
            monkeypatch.setattr(export_register, "approval_for", approved)
            found = approved(*given)
            consents.withdraw(
                office.store, office.clerk, customer.customer_id, "marketing", channel="phone",
                happened_on=office.today(),
            )  # fmt: skip
            return found

        monkeypatch.setattr(export_register, "approval_for", meanwhile)
        make = {
            "records": lambda: export(office),
            "log": lambda: export(office, "audit"),
            "mailing": lambda: mailing_lists.make(office.store, office.clerk, "marketing", "en"),
        }[what]
        with pytest.raises(Conflict) as refused:
            make()
        assert refused.value.key == "privacy.consents_moved"
        assert export_register.listed(office.store, office.admin).total == 0
        make()


@guarantee("exports-registered")
def test_the_audit_log_that_goes_out_is_in_the_register(office):
    auditor = account(office.store, Role.AUDITOR)
    made = audit_export.export(office.store, auditor, Selection(), "jsonl", "en")
    newest = export_register.listed(office.store, office.admin, limit=1).rows[0]
    assert (newest.what, newest.rows, newest.tier) == ("audit", made.rows, Tier.NONE)
