"""Requests about one's own data: the clock, the proof of identity, and an answer that is complete and nobody else's."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest

from custinfo.actions import consents, reviews, subject_requests, third_persons
from custinfo.actions.subject_requests import Received
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import subject_answers
from tests.factories import draft_of, site_with_forms, submit
from tests.privacy.conftest import PERSON, Office, recorded

guarantee = pytest.mark.guarantee


@pytest.fixture
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        yield Office(opened)


def asked(office, kind, customer=None, **more):
    given = {
        "kind": kind, "applicant": "申请人甲", "contact": "信箱 9", "wish": "请办理", "channel": "paper",
        "received_on": office.today(), "number": customer.customer_number if customer else "",
    } | more  # fmt: skip
    return subject_requests.receive(office.store, office.clerk, Received(**given))


def verified(office, kind, customer, **more):
    request_id = asked(office, kind, customer, **more)
    subject_requests.verify(office.store, office.admin, request_id, method="document", note="看过身份证")
    return request_id


def found(office, request_id):
    return subject_requests.find(office.store, office.admin, request_id)


class TestClock:
    @guarantee("request-clock")
    @pytest.mark.parametrize(
        ("received", "due"),
        [
            ("2024-01-30", "2024-02-29"),
            ("2023-01-30", "2023-03-01"),
            ("2024-12-31", "2025-01-30"),
            ("2026-09-15", "2026-10-15"),
            ("2026-01-20", "2026-02-19"),
        ],
    )
    def test_thirty_days_whatever_the_month_or_the_holidays(self, office, received, due):
        """2026-09-15 runs over the National Day week and 2026-01-20 into the Spring Festival: nothing moves it back."""
        request_id = asked(office, "explain", received_on=date.fromisoformat(received))
        assert str(found(office, request_id).due_on) == due

    def test_it_is_extended_once_and_with_a_reason(self, office):
        request_id = verified(office, "see", office.person())
        with pytest.raises(BadInput):
            subject_requests.extend(office.store, office.admin, request_id, " ")
        first = found(office, request_id).due_on
        assert subject_requests.extend(office.store, office.admin, request_id, "资料多") == first + timedelta(days=30)
        with pytest.raises(WrongState):
            subject_requests.extend(office.store, office.admin, request_id, "还要更多")

    def test_a_day_to_come_is_refused(self, office):
        with pytest.raises(BadInput):
            asked(office, "explain", received_on=office.today() + timedelta(days=1))

    def test_what_is_near_its_end_is_on_the_due_list(self, office):
        from custinfo.actions import privacy_due

        request_id = asked(office, "explain", received_on=office.today() - timedelta(days=21))
        number = found(office, request_id).number
        rows = privacy_due.due_rows(office.store, office.admin, office.today())
        assert number in {row.facts["number"] for row in rows}
        assert privacy_due.due_rows(office.store, office.clerk, office.today()) == []


class TestIdentity:
    @guarantee("identity-first")
    @pytest.mark.parametrize("kind", subject_requests.KINDS)
    def test_nothing_is_answered_before_it_is_known_who_asks(self, office, kind):
        customer = office.person()
        request_id = asked(office, kind, customer, purpose="marketing" if kind in ("object", "withdraw") else "")
        with pytest.raises(WrongState):
            subject_requests.answer(office.store, office.admin, request_id, "好")
        with pytest.raises(WrongState):
            subject_answers.release(office.store, office.second, request_id, "好", language="en")
        assert found(office, request_id).state == "received"

    def test_an_agent_needs_a_mandate(self, office):
        request_id = asked(office, "see", office.person())
        with pytest.raises(BadInput) as refused:
            subject_requests.verify(office.store, office.admin, request_id, method="agent", note="律师")
        assert refused.value.key == "privacy.mandate_needed"
        subject_requests.verify(office.store, office.admin, request_id, method="agent", note="律师", file=office.scan())
        assert found(office, request_id).state == "verified"
        row = office.store.row("SELECT content FROM privacy_file WHERE owner_id = ?", [request_id])
        assert b"PNG" not in row["content"], "a scan is sealed"

    def test_only_who_handles_requests_handles_them(self, office):
        request_id = asked(office, "see", office.person())
        for act in (subject_requests.extend, subject_requests.refuse, subject_requests.answer):
            with pytest.raises(NotAllowed):
                act(office.store, office.clerk, request_id, "x")
        with pytest.raises(NotAllowed):
            subject_requests.find(office.store, office.clerk, request_id)
        with pytest.raises(NotFound):
            found(office, "SR-nothing")


class TestStopping:
    @guarantee("objection-at-once")
    @pytest.mark.parametrize("kind", subject_requests.STOPPING)
    def test_a_use_is_stopped_when_the_request_is_recorded(self, office, kind):
        customer = office.person()
        purpose = "" if kind == "restrict" else "analysis"
        asked(office, kind, customer, purpose=purpose)
        assert not consents.allowed(office.store, customer.customer_id, "analysis")
        assert consents.allowed(office.store, customer.customer_id, "service") == (kind != "restrict")

    def test_a_refused_objection_stops_nothing_any_more_and_a_withdrawal_stays(self, office):
        customer = office.person()
        request_id = asked(office, "object", customer, purpose="analysis")
        subject_requests.refuse(office.store, office.admin, request_id, "不是本人")
        assert consents.allowed(office.store, customer.customer_id, "analysis")
        request_id = asked(office, "withdraw", customer, purpose="analysis")
        subject_requests.refuse(office.store, office.admin, request_id, "不是本人")
        assert not consents.allowed(office.store, customer.customer_id, "analysis")

    def test_a_deletion_is_answered_when_it_was_carried_out(self, office):
        request_id = verified(office, "delete", office.person())
        with pytest.raises(WrongState) as refused:
            subject_requests.answer(office.store, office.admin, request_id, "已删")
        assert refused.value.key == "privacy.not_erased"


def opened(package):
    with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class TestAnswer:
    @guarantee("answer-complete")
    @guarantee("answer-without-others")
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_value_of_the_person_and_nobody_elses(self, office, language):
        store = office.store
        customer = office.person(basic__name=f"完颜{language[:2]}乙", place__phone="13922223333")
        edit = {"/data/preference/preferences": "苦荞茶", "/data/preference/remarks": "由 li 某 转告：李四三的朋友"}
        draft_id = draft_of(store, office.clerk, "individual_card", edit, customer_id=customer.customer_id)
        submit(store, office.clerk, draft_id, f"edit-{language}")
        other = office.person(basic__name="别家客户丙丁", place__address="隐秘路 77 号")
        assert other.customer_id != customer.customer_id
        query = reviews.ask(store, office.head, customer.record_id, 2, "/data/basic/name", "这位客人的名字对吗")
        assert query
        request_id = verified(office, "copy", customer)
        package = subject_answers.release(store, office.second, request_id, "已交本人", language=language)
        files = opened(package)
        told = files["data.json"].decode()
        mine = [*PERSON.values(), f"完颜{language[:2]}乙", "13922223333", "苦荞茶", "这位客人的名字对吗"]
        missing = {"欧阳若雪", "13911112222"}
        for value in mine:
            assert value in told or value in missing, value
        page = files["data.html"].decode()
        for value in ("苦荞茶", "13922223333", "梧桐巷 9 号", "养鹤"):
            assert value in page
        for value in ("li 某", "he 某", "别家客户丙丁", "隐秘路 77 号"):
            assert value not in told
            assert value not in page
        assert third_persons.MASK in told
        assert json.loads(told)["format"] == subject_answers.FORMAT
        assert found(office, request_id).state == "answered"
        register = store.row("SELECT * FROM export_event WHERE object_id = ?", [request_id])
        assert (register["what"], register["tier"], register["sha256"]) == (
            "subject_package", "identified", package.sha256,
        )  # fmt: skip

    @guarantee("answer-without-others")
    def test_companions_of_a_guest_are_others_and_get_only_their_own(self, office):
        store = office.store
        made = recorded(office, "guest_collection", "guest-answer")
        people = {one.dataset: one for one in made.entities}
        rows = store.rows("SELECT entity_id, dataset FROM entity WHERE dataset IN ('guests', 'contacts')")
        answers = office_answers(store, made.record_id)
        companions = {ref: value for ref, value in answers.items() if "/companion[" in ref and "/meta/" not in ref}
        names = [value for ref, value in companions.items() if ref.endswith(("_name", "_phone", "_notes"))]
        assert names
        guest = people["guests"]
        request_id = asked(office, "see", number=guest.number, dataset="guests")
        subject_requests.verify(store, office.admin, request_id, method="callback", note="回拨")
        told = opened(subject_answers.release(store, office.second, request_id, "x", language="en"))[
            "data.json"
        ].decode()
        own = {ref: value for ref, value in answers.items() if ref not in companions and "/meta/" not in ref}
        typed = [value for ref, value in own.items() if ref.endswith(("/salutation", "/name", "/phone", "/hobbies"))]
        assert typed
        for value in typed:
            assert json.dumps(value, ensure_ascii=False)[1:-1] in told, value
        for value in names:
            assert value not in told, value
        contact = people["contacts"]
        request_id = asked(office, "see", number=contact.number, dataset="contacts")
        subject_requests.verify(store, office.admin, request_id, method="callback", note="回拨")
        told = opened(subject_answers.release(store, office.second, request_id, "x", language="en"))[
            "data.json"
        ].decode()
        for value in typed:
            assert value not in told, value
        assert any(value in told for value in names)
        assert len(rows) >= 2

    def test_a_package_is_for_its_kind_and_released_once(self, office):
        request_id = verified(office, "see", office.person())
        subject_answers.release(office.store, office.second, request_id, "给了", language="zh-CN")
        with pytest.raises(WrongState):
            subject_answers.release(office.store, office.second, request_id, "给了", language="zh-CN")
        request_id = verified(office, "correct", office.person())
        with pytest.raises(WrongState):
            subject_answers.release(office.store, office.second, request_id, "给了", language="zh-CN")
        subject_requests.answer(office.store, office.admin, request_id, "已更正")

    def test_markup_in_an_answer_is_text_on_the_page(self, office):
        customer = office.person(basic__occupation="<img src=x onerror=alert(1)>")
        package = subject_answers.release(
            office.store, office.second, verified(office, "see", customer), "x", language="en"
        )
        assert b"<img" not in opened(package)["data.html"]


def office_answers(store, record_id):
    from custinfo.actions import sealing
    from custinfo.xforms.refs import flat

    row = store.row("SELECT * FROM record_version WHERE record_id = ?", [record_id])
    return flat(sealing.opened_values(store, "record_version", record_id, row["version"], row["content"]), "/data")


def test_the_words_of_an_applicant_are_sealed(office):
    request_id = asked(office, "explain", applicant="上官申请")
    row = office.store.row("SELECT * FROM subject_request WHERE request_id = ?", [request_id])
    assert "上官" not in row["applicant"]
    assert found(office, request_id).applicant == "上官申请"


def test_purposes_of_objections_exist(office):
    with pytest.raises(BadInput):
        asked(office, "object", office.person(), purpose="nothing")
