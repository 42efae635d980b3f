"""The privacy desk keeps to scope, level and four eyes: attacks by people who hold its permissions."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

from custinfo.access import visibility
from custinfo.actions import consents, disclosures, forms, privacy_due, privacy_files, record_levels, subject_requests
from custinfo.actions.privacy_files import Given
from custinfo.domain.errors import NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.reports import subject_answers
from custinfo.screens import consent_card
from tests.factories import account, draft_of, site_with_forms, submit
from tests.privacy.conftest import PNG, Office
from tests.privacy.test_disclosures import approve, wanted
from tests.privacy.test_requests import asked, verified

guarantee = pytest.mark.guarantee


@pytest.fixture
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        made = Office(opened)
        made.far_head = account(opened, Role.DEPARTMENT_HEAD, department="别部")
        made.far_clerk = account(opened, Role.SUPERVISOR, department="别部")
        made.near_clerk = account(opened, Role.SUPERVISOR)
        made.auditor = account(opened, Role.AUDITOR)
        yield made


def low(person):
    return visibility.lowered(person, Level.PUBLIC)


def secret(office):
    """A company that is level 1 as a whole."""
    made = office.company()
    record_levels.set(office.store, office.head, made.record_id, Level.SECRET, "并购对象")
    return made


def audited(office, action, object_id):
    return office.store.rows("SELECT actor FROM audit WHERE action = ? AND object_id = ?", [action, object_id])


class TestPackages:
    @guarantee("answer-by-two")
    def test_nobody_alone_makes_a_request_and_carries_the_answer_away(self, office):
        store = office.store
        request_id = subject_requests.receive(store, office.admin, given(office, office.person()))
        subject_requests.verify(store, office.admin, request_id, method="document", note="看过")
        with pytest.raises(NotAllowed) as refused:
            subject_answers.release(store, office.admin, request_id, "给了", language="en")
        assert refused.value.key == "access.own_work"
        with pytest.raises(NotAllowed):
            subject_requests.give_package(store, office.admin, request_id, "给了", b"zip", {"records": 1})
        assert store.row("SELECT 1 FROM export_event WHERE object_id = ?", [request_id]) is None
        package = subject_answers.release(store, office.second, request_id, "给了", language="en")
        with zipfile.ZipFile(BytesIO(package.data)) as archive:
            assert "13911112222" in archive.read("data.json").decode()

    @guarantee("answer-cleared")
    def test_a_session_without_level_one_gets_no_package(self, office):
        request_id = verified(office, "copy", office.person())
        with pytest.raises(NotAllowed) as refused:
            subject_answers.release(office.store, low(office.second), request_id, "给了", language="en")
        assert refused.value.key == "privacy.not_cleared"
        other = verified(office, "copy", secret(office))
        with pytest.raises(NotFound):
            subject_answers.release(office.store, low(office.second), other, "给了", language="en")


def given(office, customer):
    return subject_requests.Received(
        "copy", "申请人甲", "13800001111", "我的全部资料", "paper", office.today(), customer.customer_number
    )


class TestRequests:
    @guarantee("desk-in-scope")
    def test_another_department_knows_of_no_request_about_a_customer_of_this_one(self, office):
        request_id = asked(office, "see", office.person())
        unknown = asked(office, "explain")
        for one in (request_id, unknown):
            with pytest.raises(NotFound):
                subject_requests.find(office.store, office.far_head, one)
            shown = subject_requests.find(office.store, office.head, one)
            assert shown.applicant == "申请人甲"
        assert subject_requests.listed(office.store, office.far_head, only_open=False) == []
        near = {one.request_id for one in subject_requests.listed(office.store, office.head, only_open=False)}
        assert {request_id, unknown} <= near

    @guarantee("desk-in-scope")
    def test_a_request_about_a_customer_of_level_one_is_not_for_who_is_not_cleared(self, office):
        request_id = asked(office, "see", secret(office))
        assert subject_requests.find(office.store, office.head, request_id).state == "received"
        for act in (subject_requests.extend, subject_requests.refuse, subject_requests.take_back):
            with pytest.raises(NotFound):
                act(office.store, low(office.admin), request_id, "x")
        with pytest.raises(NotFound):
            subject_requests.find(office.store, low(office.head), request_id)
        shown = subject_requests.listed(office.store, low(office.head), only_open=False)
        assert request_id not in {one.request_id for one in shown}

    @guarantee("desk-masked")
    def test_words_of_an_applicant_are_masked_below_level_one(self, office):
        request_id = subject_requests.receive(office.store, office.clerk, given(office, office.person()))
        one = subject_requests.find(office.store, low(office.head), request_id)
        assert (one.applicant, one.contact, one.wish) == ("申****", "138****1111", "我****料")

    @guarantee("desk-register-only")
    def test_the_auditor_reads_the_register_without_names(self, office):
        store = office.store
        request_id = verified(office, "see", office.person())
        one = subject_requests.find(store, office.auditor, request_id)
        assert (one.applicant, one.contact, one.wish, one.entity_id) == ("", "", "", None)
        assert [(event.action, event.note) for event in one.events] == [("receive", ""), ("verify", "")]
        assert (one.state, one.received_on) == ("verified", office.today())
        listed = subject_requests.listed(store, office.auditor, only_open=False)
        assert request_id in {shown.request_id for shown in listed}
        assert {(shown.applicant, shown.contact, shown.wish, shown.entity_id) for shown in listed} == {
            ("", "", "", None)
        }

    @guarantee("same-answer")
    def test_a_number_out_of_scope_is_answered_as_one_that_nobody_has(self, office):
        customer = office.person()
        for act in (receive_far, ask_far):
            told = []
            for number in (customer.customer_number, "C999999"):
                with pytest.raises(NotFound) as refused:
                    act(office, number)
                told.append((refused.value.key, dict(refused.value.facts)))
            assert told == [
                ("customers.no_such_number", {"number": customer.customer_number}),
                ("customers.no_such_number", {"number": "C999999"}),
            ]

    def test_consents_that_end_are_due_for_who_knows_the_customer(self, office):
        store, ends = office.store, office.today() + timedelta(days=3)
        hidden, shown = secret(office), office.company()
        for one in (hidden, shown):
            consent = consents.Consent("marketing", "paper", office.today(), "表 7", separate=True, expires_on=ends)
            consents.give(store, office.head, one.customer_id, consent)
        rows = privacy_due.due_rows(store, low(office.admin), office.today())
        told = {row.facts["number"] for row in rows}
        assert shown.customer_number in told
        assert hidden.customer_number not in told


def receive_far(office, number):
    subject_requests.receive(
        office.store, office.far_clerk,
        subject_requests.Received("see", "甲", "x", "", "paper", office.today(), number),
    )  # fmt: skip


def ask_far(office, number):
    disclosures.ask(office.store, office.far_clerk, wanted(office, numbers=(number,)))


LEAKY = """\
| survey |
| | type | name | label::English (en) | bind::custinfo:level | save_to | required |
| | text | name | Name | 2 | | yes |
| | text | phone | Phone | 1 | | |
| | text | seen | Called ${phone} about ${name}: remark | 2 | | |
| entities |
| | list_name | label |
| | customers | ${name} |
| settings |
| | form_title | form_id | version | default_language | namespaces |
| | Leaky | leaky_card | 1 | English (en) | custinfo="https://custinfo.org/xforms" |
"""


class TestDisclosures:
    @guarantee("disclosure-level")
    def test_level_one_does_not_leave_inside_the_text_of_a_question(self, office):
        store = office.store
        forms.publish(store, SERVICE, "leaky_card.md", LEAKY.encode())
        answers = {"/data/name": "ACME", "/data/phone": "13900139000", "/data/seen": "ok"}
        customer = submit(store, office.clerk, draft_of(store, office.clerk, "leaky_card", answers), "leaky")
        made = disclosures.ask(store, office.clerk, wanted(office, customer))
        approve(office, "disclosure", made)
        with zipfile.ZipFile(BytesIO(disclosures.deliver(store, office.admin, made, "en").data)) as archive:
            told = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
        assert "remark" in told
        assert "13900139000" not in told

    @guarantee("disclosure-level")
    def test_a_customer_of_level_one_is_given_only_where_that_was_asked_for(self, office):
        store = office.store
        customer = secret(office)
        with pytest.raises(WrongState) as refused:
            disclosures.ask(store, office.clerk, wanted(office, customer))
        assert refused.value.key == "privacy.secret_customer"
        assert disclosures.ask(store, office.clerk, wanted(office, customer, with_secret=True))
        later = office.company()
        made = disclosures.ask(store, office.clerk, wanted(office, later))
        approve(office, "disclosure", made)
        record_levels.set(store, office.head, later.record_id, Level.SECRET, "并购对象")
        with pytest.raises(WrongState) as refused:
            disclosures.deliver(store, office.admin, made, "en")
        assert refused.value.key == "privacy.secret_customer"
        assert disclosures.find(store, office.admin, made).state == "registered"

    @guarantee("desk-in-scope")
    def test_another_department_knows_of_no_disclosure_of_a_customer_of_this_one(self, office):
        store = office.store
        made = disclosures.ask(store, office.clerk, wanted(office, office.company()))
        with pytest.raises(NotFound):
            disclosures.find(store, office.far_head, made)
        assert disclosures.listed(store, office.far_head) == []
        assert made in {one.disclosure_id for one in disclosures.listed(store, office.head)}
        with_secret = disclosures.ask(store, office.clerk, wanted(office, secret(office), with_secret=True))
        with pytest.raises(NotFound):
            disclosures.find(store, low(office.admin), with_secret)
        assert with_secret not in {one.disclosure_id for one in disclosures.listed(store, low(office.admin))}

    @guarantee("desk-register-only")
    def test_the_auditor_reads_the_register_without_customers_and_scans(self, office):
        store = office.store
        made = disclosures.ask(store, office.clerk, wanted(office, office.company()))
        one = disclosures.find(store, office.auditor, made)
        assert (one.customers, one.numbers) == ((), ())
        assert (one.facts["recipient"], one.facts["what"], one.facts["unit"]) == ("", "", "市统计局")
        file_id = privacy_files.of(store, "disclosure", made)[0].file_id
        with pytest.raises(NotFound):
            disclosures.scan(store, office.auditor, made, file_id)

    @guarantee("desk-reads-logged")
    def test_reading_and_taking_a_scan_are_logged_and_take_clearance(self, office):
        store = office.store
        made = disclosures.ask(store, office.clerk, wanted(office, office.company()))
        file_id = privacy_files.of(store, "disclosure", made)[0].file_id
        with pytest.raises(NotAllowed):
            disclosures.scan(store, low(office.admin), made, file_id)
        with pytest.raises(NotFound):
            disclosures.scan(store, office.far_head, made, file_id)
        with pytest.raises(NotFound):
            disclosures.scan(store, office.admin, made, "PF-none")
        assert audited(office, "disclosure.read_scan", made) == []
        assert disclosures.scan(store, office.admin, made, file_id)[1] == PNG
        disclosures.find(store, office.head, made)
        for action, who in (("disclosure.read_scan", office.admin), ("disclosure.read", office.head)):
            assert [row["actor"] for row in audited(office, action, made)] == [who.person_id]

    @guarantee("disclosure-cancelled-by")
    def test_only_who_recorded_it_or_handles_the_desk_cancels(self, office):
        store = office.store
        made = disclosures.ask(store, office.clerk, wanted(office, office.company()))
        with pytest.raises(NotFound):
            disclosures.cancel(store, office.far_clerk, made, "捣乱")
        with pytest.raises(NotAllowed):
            disclosures.cancel(store, office.near_clerk, made, "捣乱")
        disclosures.cancel(store, office.clerk, made, "不要了")
        other = disclosures.ask(store, office.clerk, wanted(office, office.company()))
        disclosures.cancel(store, office.admin, other, "不要了")


class TestScans:
    @guarantee("scan-unnamed")
    def test_neither_name_nor_plain_hash_of_a_scan_is_kept(self, office):
        import hashlib

        store = office.store
        letter = Given("欧阳若雪的身份证.png", PNG)
        made = disclosures.ask(store, office.clerk, wanted(office, office.company(), letter=letter))
        kept = privacy_files.of(store, "disclosure", made)[0]
        plain = hashlib.sha256(PNG).hexdigest()
        assert kept.name == "scan.png"
        assert kept.digest != plain
        told = json.dumps(
            [
                store.rows("SELECT * FROM audit WHERE object_id = ?", [made]),
                store.rows("SELECT name, sha256 FROM privacy_file WHERE owner_id = ?", [made]),
                store.rows("SELECT facts FROM disclosure_event WHERE disclosure_id = ?", [made]),
            ],
            ensure_ascii=False, default=repr,
        )  # fmt: skip
        assert "欧阳" not in told
        assert plain not in told


class Words:
    """What a card needs of a page: its texts."""

    language = "en"

    def __init__(self, office):
        self.store, self._today = office.store, office.today()

    def text(self, key, **_):
        return key

    def today(self):
        return self._today


@guarantee("desk-masked")
def test_the_evidence_of_a_consent_is_for_who_is_cleared(office):
    customer = office.person()
    consent = consents.Consent("marketing", "paper", office.today(), "母亲慕容氏代签", separate=True)
    consents.give(office.store, office.clerk, customer.customer_id, consent)
    for person, shown in ((office.head, True), (low(office.head), False)):
        told = json.dumps(consent_card.card(Words(office), person, customer.customer_id), ensure_ascii=False)
        assert ("慕容氏" in told) is shown
