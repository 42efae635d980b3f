"""Statistical work: who answers for what, what is handed over, which layouts are given out; and issues for outsiders."""

import hashlib
import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from custinfo.actions import (
    approvals,
    attestations,
    delegations,
    disclosures,
    due,
    handovers,
    leaving,
    report_definitions,
    report_giving,
    report_layouts,
    statisticians,
)
from custinfo.actions.disclosures import Asked
from custinfo.actions.handovers import Item
from custinfo.actions.privacy_files import Given
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from tests.factories import PASSWORD, account, draft_of, site_with_forms, submit

ITEMS = [Item(kind, f"{kind} 2026", 3, "柜 1") for kind in handovers.NEEDED[:-1]] + [Item("books", "", 0, "")]
GIVEN = {"outside/zh-CN/monthly.pdf": b"%PDF zh", "outside/en/monthly.xlsx": b"PK en"}
FILES = {
    "zh-CN/figures.json": b'{"tables": []}', "outside/zh-CN/figures.json": b'{"tables": []}',
    "zh-CN/monthly.pdf": b"%PDF inside", "en/monthly.xlsx": b"PK inside", **GIVEN,
}  # fmt: skip
CONTENT = json.dumps({"name": "monthly"}).encode()


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def office(store):
    return Office(store)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """An office in which nothing comes about: what is tried there is refused. The successor is trained."""
    with site_with_forms(tmp_path_factory.mktemp("shared") / "site") as opened:
        office = Office(opened)
        office.train("he")
        yield office


class Office:
    """A department with a statistician who leaves, one who follows, and those who watch and approve."""

    def __init__(self, store):
        self.store = store
        self.wu, self.he = (account(store, Role.ANALYST, login_name=name) for name in ("wu", "he"))
        self.head = account(store, Role.DEPARTMENT_HEAD, login_name="head")
        self.admin = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="admin")
        self.manager = account(store, Role.MANAGER, login_name="manager")
        self.clerk = account(store, login_name="clerk")
        self.day = statisticians.today(store)

    def train(self, login_name, held_on=None):
        one = "/data/participant[1]"
        day = str(held_on or self.day - timedelta(days=1))
        auditor = account(self.store, Role.AUDITOR)
        answers = {
            "/data/course/held_on": day, "/data/course/subject": "统计", "/data/course/topics": "secrecy",
            "/data/course/trainer": "甲", "/data/course/hours": "4", f"{one}/login_name": login_name,
            f"{one}/person": "某", f"{one}/exam": "passed", f"{one}/score": "90",
        }  # fmt: skip
        submit(
            self.store, auditor, draft_of(self.store, auditor, "security_training", answers), f"t-{login_name}-{day}"
        )

    def propose(self, login_name="wu", **more):
        given = {"post": "full", "reach": "department", "department": "调查部", "from_on": self.day, "reason": "需要"}
        return statisticians.propose(self.store, self.head, login_name=login_name, **given | more)

    def appoint(self, login_name="wu", **more):
        made = self.propose(login_name, **more)
        self.decide(self.manager, statisticians.KIND, made)
        return made

    def decide(self, person, kind, object_id, decision="approve", **more):
        case = approvals.of(self.store, kind, object_id)
        return approvals.decide(self.store, person, case.case_id, decision, case.sha256, password=PASSWORD, **more)

    def begin(self, **more):
        given = {"leaver": "wu", "successor": "he", "supervisor": "head", "trained": "跟班一月", "briefing": "全部",
                 "items": ITEMS}  # fmt: skip
        return handovers.begin(self.store, self.head, **given | more)

    def sign(self, person, handover_id):
        sha256 = handovers.read(self.store, self.admin, handover_id).sha256
        return handovers.sign(self.store, person, handover_id, sha256, PASSWORD)

    def define(self):
        version = report_definitions.propose(self.store, self.wu, "monthly", CONTENT, "新")
        for person in (self.admin, self.manager):
            self.decide(person, report_definitions.KIND, f"monthly-{version}")

    def answerable(self, report="monthly", day=None):
        return [one.person_id for one in statisticians.answerable(self.store, report, day or self.day)]


class TestStatisticians:
    def test_an_appointment_counts_once_it_is_approved_and_within_its_days(self, office):
        last = office.day + timedelta(days=10)
        made = office.propose(until_on=last, reports=["monthly"])
        assert office.answerable() == []
        with pytest.raises(NotAllowed):
            office.decide(office.head, statisticians.KIND, made)
        office.decide(office.manager, statisticians.KIND, made)
        assert office.answerable() == [office.wu.person_id]
        assert office.answerable(day=last) == [office.wu.person_id]
        assert office.answerable(day=last + timedelta(days=1)) == []
        assert office.answerable(day=office.day - timedelta(days=1)) == []
        assert office.answerable("another") == []

    def test_the_company_stands_before_departments(self, office):
        office.appoint("wu")
        office.appoint("he", reach="company", department="数据分析部")
        assert office.answerable() == [office.he.person_id, office.wu.person_id]
        assert [one.reach for one in statisticians.listed(office.store, office.head)] == ["company", "department"]

    def test_training_is_that_of_the_register(self, office):
        office.appoint()
        assert statisticians.listed(office.store, office.head)[0].trained_until is None
        office.train("wu", date(2026, 3, 1))
        assert statisticians.listed(office.store, office.head)[0].trained_until == date(2027, 3, 1)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"login_name": "nobody"}, {"post": "often"}, {"reach": "world"}, {"department": " "}, {"reason": ""},
            {"until_on": date(2020, 1, 1)}, {"login_name": "clerk"}, {"reports": ["no_such_report"]},
        ],
    )  # fmt: skip
    def test_what_cannot_stand_is_refused(self, shared, wrong):
        with pytest.raises((BadInput, NotFound)):
            shared.propose(**wrong)
        assert statisticians.listed(shared.store, shared.head) == []

    def test_the_same_appointment_is_made_once_and_who_may_not_makes_none(self, office):
        made = office.propose()
        with pytest.raises(Conflict):
            office.propose()
        office.decide(office.manager, statisticians.KIND, made, "reject", note="不需要")
        office.appoint()
        with pytest.raises(Conflict):
            office.propose()
        with pytest.raises(NotAllowed):
            statisticians.propose(office.store, office.wu, login_name="he", post="full", reach="company",
                                  department="x", from_on=office.day, reason="x")  # fmt: skip
        statisticians.end(office.store, office.admin, statisticians.listed(office.store, office.head)[-1].appointment_id,
                          "撤销岗位")  # fmt: skip


class TestHandovers:
    @pytest.mark.guarantee("handover-three-signatures")
    def test_with_the_third_signature_all_passes_to_the_successor(self, office):
        store = office.store
        office.train("he")
        made = office.appoint()
        second = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="second")
        waiting = report_definitions.propose(store, office.wu, "monthly", CONTENT, "新")
        handover = office.begin()
        with pytest.raises(WrongState):
            leaving.leave(store, account(store, Role.SECURITY_ADMINISTRATOR), office.wu.person_id, None, "调离")
        assert [one.text("en") for one in due.listed(store, office.he, office.day, kind="statistics").rows]
        assert office.sign(office.wu, handover) == office.sign(office.head, handover) == "handing_over"
        assert office.answerable() == [office.wu.person_id], "nothing passes before all have signed"
        with pytest.raises(Conflict):
            office.sign(office.wu, handover)
        for stranger in (office.manager, second):
            with pytest.raises(NotAllowed):
                office.sign(stranger, handover)
        assert office.sign(office.he, handover) == "handed_over"
        done = handovers.read(store, office.he, handover)
        assert done.passed == {"appointments": 1, "delegations": 0, "cases": 1}
        assert all(one.holds for one in done.signed.values())
        assert set(done.signed) == set(handovers.PARTS)
        tomorrow = office.day + timedelta(days=1)
        assert office.answerable(day=tomorrow) == [office.he.person_id]
        assert next(one for one in statisticians.listed(store, office.head) if one.appointment_id == made).ended_on
        case = approvals.of(store, report_definitions.KIND, f"monthly-{waiting}")
        assert case.opened_by == office.he.person_id
        assert {office.wu.person_id, office.he.person_id} <= case.authors
        approvals.withdraw(store, office.he, case.case_id, "另报")

    def test_delegations_of_statistical_procedures_pass_and_others_stay(self, office):
        store = office.store
        giver = account(store, Role.SUPERVISOR, login_name="giver")
        leaver = account(store, Role.SUPERVISOR, Role.ANALYST, login_name="leaver")
        follows = account(store, Role.SUPERVISOR, Role.ANALYST, login_name="follows")
        office.train("follows")
        delegations.give(store, giver, leaver.person_id, office.day, office.day, "出差")
        office.appoint("leaver")
        handover = office.begin(leaver="leaver", successor="follows")
        for one in (leaver, follows, office.head):
            office.sign(one, handover)
        assert handovers.read(store, office.head, handover).passed["delegations"] == 1
        (passed,) = delegations.listed(store, follows)
        assert (passed.from_person, passed.procedures) == (giver.person_id, tuple(sorted(handovers.PROCEDURES)))
        (rest,) = delegations.listed(store, leaver)
        assert not set(rest.procedures) & set(handovers.PROCEDURES)
        assert "price_approval" in rest.procedures

    def test_a_statistician_stays_until_the_work_is_handed_over(self, office, monkeypatch):
        store = office.store
        made = office.appoint()
        security = account(store, Role.SECURITY_ADMINISTRATOR)
        with pytest.raises(WrongState) as refused:
            leaving.leave(store, security, office.wu.person_id, None, "调离")
        assert refused.value.key == "registers.leaving_appointed"
        office.train("he")
        handover = office.begin()
        for one in (office.wu, office.he, office.head):
            office.sign(one, handover)
        # The last day of an appointment counts still
        monkeypatch.setattr(statisticians, "today", lambda store: office.day + timedelta(days=1))
        leaving.leave(store, security, office.wu.person_id, None, "调离")
        assert next(one for one in statisticians.listed(store, office.head) if one.appointment_id == made)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"successor": "wu"}, {"successor": "clerk"}, {"successor": "nobody"}, {"supervisor": "wu"},
            {"supervisor": "clerk"}, {"trained": " "}, {"briefing": ""}, {"items": ITEMS[1:]},
            {"items": [*ITEMS, Item("gold", "x", 1, "y")]}, {"items": [*ITEMS, Item("books", "x", -1, "y")]},
            {"items": [*ITEMS, Item("books", "", 1, "")]}, {"items": ITEMS * 40},
        ],
    )  # fmt: skip
    def test_what_cannot_be_handed_over_so_is_refused(self, shared, wrong):
        with pytest.raises(BadInput) as refused:
            shared.begin(**wrong)
        assert refused.value.text("en") != refused.value.text("zh-CN")
        assert handovers.listed(shared.store, shared.head) == []

    def test_a_successor_without_training_takes_nothing_over(self, office):
        with pytest.raises(BadInput) as refused:
            office.begin()
        assert refused.value.key == "registers.not_trained"
        office.train("he", office.day - timedelta(days=400))
        with pytest.raises(BadInput):
            office.begin()

    def test_one_at_a_time_seen_by_whose_it_is_and_given_up_with_a_reason(self, office):
        office.train("he")
        handover = office.begin()
        with pytest.raises(Conflict):
            office.begin()
        with pytest.raises(NotFound):
            handovers.read(office.store, office.clerk, handover)
        with pytest.raises(Conflict):
            handovers.sign(office.store, office.wu, handover, "0" * 64, PASSWORD)
        with pytest.raises(NotAllowed):
            handovers.sign(
                office.store, office.wu, handover, handovers.read(office.store, office.wu, handover).sha256, "x"
            )
        with pytest.raises(BadInput):
            handovers.cancel(office.store, office.admin, handover, " ")
        handovers.cancel(office.store, office.admin, handover, "不调离了")
        with pytest.raises(WrongState):
            office.sign(office.wu, handover)
        assert office.begin() != handover


class TestLayouts:
    TABLES = ({"id": "t1", "title": "reports.title.sales", "columns": [], "rows": [], "free": 0},)

    def test_a_layout_is_that_of_an_approved_definition_once(self, office):
        store = office.store
        with pytest.raises(WrongState):
            report_layouts.register(store, office.admin, "monthly", self.TABLES)
        office.define()
        with pytest.raises(NotAllowed):
            report_layouts.register(store, office.wu, "monthly", self.TABLES)
        made = report_layouts.register(store, office.admin, "monthly", self.TABLES)
        one = report_layouts.read(store, office.wu, made)
        assert (one.number, one.version, one.sha256) == ("BB001", 1, hashlib.sha256(CONTENT).hexdigest())
        with pytest.raises(Conflict):
            report_layouts.register(store, office.admin, "monthly", self.TABLES)

    def test_stock_and_what_somebody_holds_are_the_sums_of_what_moved(self, office):
        store, admin = office.store, office.admin
        office.define()
        made = report_layouts.register(store, admin, "monthly", self.TABLES)
        report_layouts.move(store, admin, made, "printed", 10)
        given = report_layouts.move(store, admin, made, "handed_out", 4, login_name="wu")
        report_layouts.move(store, admin, made, "returned", 1, login_name="wu")
        report_layouts.move(store, admin, made, "spoiled", 2, note="受潮")
        one = report_layouts.read(store, admin, made)
        assert (one.stock, dict(one.held)) == (5, {office.wu.person_id: 3})
        for kind, copies, who in (
            ("handed_out", 6, "wu"),
            ("spoiled", 6, ""),
            ("returned", 4, "wu"),
            ("returned", 1, "he"),
        ):
            with pytest.raises(WrongState):
                report_layouts.move(store, admin, made, kind, copies, login_name=who)
        for kind, copies, who in (("lost", 1, ""), ("printed", 0, ""), ("handed_out", 1, "nobody")):
            with pytest.raises(BadInput):
                report_layouts.move(store, admin, made, kind, copies, login_name=who)
        assert [number for number, _ in report_layouts.to_receive(store, office.wu)] == ["BB001"]
        with pytest.raises(NotFound):
            report_layouts.receive(store, office.he, given, PASSWORD)
        with pytest.raises(NotAllowed):
            report_layouts.receive(store, office.wu, given, "wrong")
        report_layouts.receive(store, office.wu, given, PASSWORD)
        assert report_layouts.to_receive(store, office.wu) == []
        with pytest.raises(Conflict):
            report_layouts.receive(store, office.wu, given, PASSWORD)
        receipt = next(m for m in report_layouts.read(store, admin, made).movements if m.movement_id == given).receipt
        assert (receipt.person_id, receipt.holds) == (office.wu.person_id, True)

    def test_an_older_version_is_given_out_no_more_but_taken_back(self, office, monkeypatch):
        store, admin = office.store, office.admin
        office.define()
        first = report_layouts.register(store, admin, "monthly", self.TABLES)
        report_layouts.move(store, admin, first, "printed", 5)
        report_layouts.move(store, admin, first, "handed_out", 2, login_name="wu")
        monkeypatch.setattr("tests.test_statistical_work.CONTENT", b'{"name": "changed"}')
        office.define()
        second = report_layouts.register(store, admin, "monthly", self.TABLES)
        assert report_layouts.read(store, admin, second).number == "BB001"
        with pytest.raises(WrongState):
            report_layouts.move(store, admin, first, "handed_out", 1, login_name="he")
        report_layouts.move(store, admin, first, "returned", 2, login_name="wu")
        assert [(one.version, one.is_newest) for one in report_layouts.listed(store, admin)] == [(2, True), (1, False)]


def test_a_signature_that_was_changed_does_not_hold(office):
    store = office.store
    with store.act("x", "test.sign", "thing", "T") as tx:
        attestations.attest(store, tx, office.wu, "thing", "T", "part", "0" * 64)
    assert attestations.of(store, "thing", "T")["part"].holds
    store._db.execute("DROP TRIGGER attestation_no_update")
    store._db.execute("UPDATE attestation SET signed_by = ?", [office.he.person_id])
    assert not attestations.of(store, "thing", "T")["part"].holds


class TestGiving:
    def issue(self, office, state="released_outside", files=FILES):
        """An issue that is out, with the files of its bundle on the disk."""
        from custinfo.actions import report_bundles

        store = office.store
        office.define()
        told = {"files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
        manifest = json.dumps(told).encode()
        folder = report_bundles.folder(store.site, "RI-1", manifest)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        row = {
            "issue_id": "RI-1", "name": "monthly", "period": "2026-10", "revision": 0, "definition_version": 1,
            "as_of": "2026-11-01T00:00:00Z", "lake_version": 1, "state": state, "manifest": manifest.decode(),
            "sha256": hashlib.sha256(manifest).hexdigest(), "drafted_at": "2026-11-01T00:00:00Z",
            "drafted_by": office.wu.person_id, "released_inside_at": "2026-11-02T00:00:00Z",
        }  # fmt: skip
        with store.act(SERVICE.person_id, "test.issue", "report_issue", "RI-1") as tx:
            tx.insert("report_issue", row)
        return folder

    def asked(self, office, **more):
        letter = Given("letter.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
        given = {
            "unit": "市统计局", "letter_number": "统函 9", "rule": "统计法", "recipient": "方知行", "recipient_post": "科员",
            "what": "客户统计月报", "legal_basis": "legal_duty", "numbers": (), "due_on": office.day, "letter": letter,
            "issue_id": "RI-1",
        }  # fmt: skip
        return Asked(**given | more)

    @pytest.mark.guarantee("issue-given-by-the-desk")
    def test_an_issue_is_given_by_the_desk_in_copies_of_the_same_hash(self, office):
        store = office.store
        self.issue(office)
        made = disclosures.ask(store, office.head, self.asked(office))
        with pytest.raises(WrongState):
            disclosures.deliver(store, office.admin, made, "zh-CN")
        second_head = account(store, Role.DEPARTMENT_HEAD)
        for person in (second_head, office.manager):
            office.decide(person, "disclosure", made)
        given = disclosures.deliver(store, office.admin, made, "en")
        with zipfile.ZipFile(io.BytesIO(given.data)) as archive:
            names = archive.namelist()
            # The sheet that goes with them, and of the bundle the outside edition for readers alone
            assert set(names[1:]) == set(GIVEN)
            assert {name: archive.read(name) for name in GIVEN} == GIVEN
            rows = list(load_workbook(io.BytesIO(archive.read(names[0]))).active.values)
        assert {row[1] for row in rows[1:]} == {hashlib.sha256(data).hexdigest() for data in GIVEN.values()}
        assert all("市统计局 方知行" in row[2] for row in rows[1:])
        entry = store.row("SELECT * FROM export_event WHERE object_id = ?", [made])
        assert (entry["tier"], entry["sha256"]) == ("aggregate", hashlib.sha256(given.data).hexdigest())
        assert disclosures.find(store, office.head, made).issue_id == "RI-1"
        disclosures.receipt(store, office.admin, made, "本人签收")

    def test_an_issue_that_is_inside_alone_is_given_to_nobody(self, office):
        self.issue(office, "released_inside")
        with pytest.raises(WrongState):
            disclosures.ask(office.store, office.head, self.asked(office))
        with pytest.raises(NotFound):
            disclosures.ask(office.store, office.head, self.asked(office, issue_id="RI-2"))

    def test_an_issue_of_before_there_were_outside_editions_is_given_to_nobody(self, office):
        self.issue(office, files={name: data for name, data in FILES.items() if not name.startswith("outside/")})
        assert report_giving.givable(office.store, office.head) == []
        with pytest.raises(WrongState):
            disclosures.ask(office.store, office.head, self.asked(office))

    def test_one_of_named_recipients_is_given_without_being_outside(self, office, monkeypatch):
        from dataclasses import replace

        from custinfo.domain import report_definitions as definitions

        self.issue(office, "released_inside")
        named = definitions.named
        monkeypatch.setattr(definitions, "named", lambda name: replace(named(name), release="named"))
        assert disclosures.ask(office.store, office.head, self.asked(office))

    def test_customers_and_an_issue_do_not_go_together(self, office):
        self.issue(office)
        with pytest.raises(BadInput):
            disclosures.ask(office.store, office.head, self.asked(office, numbers=("C000001",)))

    def test_a_damaged_file_is_not_given(self, office):
        store = office.store
        folder = self.issue(office)
        made = disclosures.ask(store, office.head, self.asked(office))
        for person in (account(store, Role.DEPARTMENT_HEAD), office.manager):
            office.decide(person, "disclosure", made)
        (folder / "outside/zh-CN/monthly.pdf").write_bytes(b"another")
        with pytest.raises(Exception, match="monthly.pdf"):
            disclosures.deliver(store, office.admin, made, "en")
        assert disclosures.find(store, office.head, made).state == "registered"
