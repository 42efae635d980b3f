"""What the registers of privacy and security say in the lake: every step once, with its clock, and nobody's name."""

from copy import copy
from datetime import UTC, datetime, time, timedelta

import pytest

from custinfo import lake
from custinfo.actions import (
    approvals,
    audit_export,
    audit_log,
    clearances,
    consents,
    corrective,
    disclosures,
    holds,
    incident_notices,
    incidents,
    penalties,
    record_levels,
    register_events_published,
    reveals,
    rights,
    sessions,
    staff_keys,
    subject_requests,
)
from custinfo.actions import lake as publishing
from custinfo.actions.audit_log import Selection
from custinfo.actions.consents import Consent
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.factories import PASSWORD, account, draft_of, site_with_forms, submit
from tests.privacy.conftest import Office
from tests.privacy.test_disclosures import wanted
from tests.privacy.test_requests import asked
from tests.small_forms import CALL, fill, publish, send
from tests.test_incidents import WHOLE

NOTICED = datetime(2026, 11, 20, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def last_moment(day, zone):
    """The last moment of a day, as the lake has it."""
    after = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC).replace(tzinfo=None)
    return after - timedelta(microseconds=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("registers") / "site") as opened:
        made = Office(opened)
        made.auditor = account(opened, Role.AUDITOR, login_name="shen")
        made.other = account(opened, Role.AUDITOR, login_name="gu", department="审计部")
        made.customer = made.person()
        record_levels.set(opened, made.head, made.company().record_id, Level.SECRET, "核心商业秘密")
        publish(opened, CALL, "call.md")
        _requests(made)
        _privacy(made)
        _incident(made)
        _watching(made)
        _forms(made)
        publishing.publish(opened, SERVICE)
        made.lake = lake.open(opened.site)
        made.accounts = opened.row("SELECT count(*) AS n FROM person")["n"]
        yield made


def approve(office, kind, object_id):
    for person in (office.head, office.manager):
        case = approvals.of(office.store, kind, object_id)
        approvals.decide(office.store, person, case.case_id, "approve", case.sha256, password=PASSWORD)


def _requests(office):
    office.request = asked(office, "see", office.customer)
    subject_requests.verify(office.store, office.admin, office.request, method="document", note="看过身份证")
    subject_requests.extend(office.store, office.admin, office.request, "材料多")
    withdrawn = asked(office, "withdraw", office.customer, purpose="marketing")
    subject_requests.refuse(office.store, office.admin, withdrawn, "重复")


def _privacy(office):
    store = office.store
    given = Consent("survey", "phone", office.today(), evidence="录音 7")
    consents.give(store, office.clerk, office.customer.customer_id, given)
    made = disclosures.ask(store, office.clerk, wanted(office, office.customer))
    approve(office, "disclosure", made)
    disclosures.deliver(store, office.admin, made, "zh-CN")
    audit_export.export(store, office.auditor, Selection(), "jsonl", "zh-CN")
    reveals.reveal(store, office.clerk, "customer", office.customer.customer_id, "/data/place/phone")


def _incident(office):
    store, auditor = office.store, office.auditor
    number = incidents.report(store, office.clerk, kind="leak", what="发错人", noticed_at=NOTICED.isoformat())
    incidents.assess(store, auditor, number, persons=1_000_000, loss_fen=0, personal_data=True, note="核实")
    notice = incident_notices.write(
        store, auditor, number, kind="authority", recipient="省网信办", channel="12387", content=WHOLE
    )
    approve(office, "incident_notice", notice)
    incident_notices.sent(store, auditor, notice, "网信〔2026〕1 号")
    measure = corrective.order(
        store, auditor, source_kind="incident", source_id=number, what="改密码", login_name="li",
        due_on=office.today().isoformat(),
    )  # fmt: skip
    corrective.carry_out(store, office.clerk, measure, "已改")
    corrective.decide(store, auditor, measure, True)


def _watching(office):
    store = office.store
    hold_id = holds.set_(store, office.admin, "customer", office.customer.customer_id, "诉讼")
    holds.release(store, office.second, hold_id, "结案")
    rights.confirm(store, office.head)
    audit_log.verify(store, office.auditor)
    with pytest.raises(NotAllowed):
        sessions.log_in(store, "li", "wrong password")


def _forms(office):
    store, today = office.store, office.today().isoformat()
    course = {"held_on": today, "subject": "保密", "topics": "secrecy", "trainer": "甲", "hours": "2"}
    answers = {f"/data/course/{name}": value for name, value in course.items()}
    person = {"login_name": "li", "person": "李某某", "exam": "passed", "score": "90"}
    answers |= {f"/data/participant[1]/{name}": value for name, value in person.items()}
    submit(store, office.auditor, draft_of(store, office.auditor, "security_training", answers), "training-1")
    said = {"/data/shop": "南山店", "/data/code": "A1", "/data/size": "small"}
    first = send(store, office.clerk, fill(store, office.clerk, "call", said))
    send(
        store, office.head, fill(store, office.head, "call", {**said, "/data/shop": "南山点"}, verifies=first.record_id)
    )


def rows(office, table):
    found = office.lake.table(table)
    return sorted(found.to_pyarrow().to_pylist(), key=lambda row: (row["recorded_at"], str(row)))


def events(office, register):
    return [row for row in rows(office, "register_events") if row["register"] == register]


def names(office, register):
    return [row["event"] for row in events(office, register)]


def test_a_request_goes_through_its_steps_under_the_clock_of_the_law(office):
    steps = events(office, "request")
    assert [row["event"] for row in steps] == ["received", "verified", "extended", "received", "refused"]
    first = [row for row in steps if row["entry"] == steps[0]["entry"]]
    assert {row["kind"] for row in first} == {"see"}
    zone, today = office.store.site.zone, office.today()
    # Thirty days, and thirty more; what came before the extension keeps the day that counted then
    due = [last_moment(today + timedelta(days=30), zone), None, last_moment(today + timedelta(days=60), zone)]
    assert [row["due_at"] for row in first] == due


def test_an_incident_has_the_clocks_that_ran_when_each_step_was_taken(office):
    noticed = NOTICED.replace(tzinfo=None)
    steps = [(row["event"], row["class"], row["due_at"], row["also_due_at"]) for row in events(office, "incident")]
    assert steps == [
        ("report", None, noticed + 4 * HOUR, None),
        ("assess", "larger", noticed + 4 * HOUR, noticed + 72 * HOUR),
    ]
    (sent,) = events(office, "incident_notice")
    assert (sent["kind"], sent["since_at"], sent["due_at"]) == ("authority", noticed, noticed + 4 * HOUR)
    assert sent["entry"] == events(office, "incident")[0]["entry"]
    assert names(office, "correction") == ["ordered", "carried_out", "accepted"]


def test_what_left_the_house_is_there_by_class_with_its_rows(office):
    exported = {(row["kind"], row["class"]): row["amount"] for row in events(office, "export")}
    (given,) = office.store.rows("SELECT row_count FROM export_event WHERE what = 'disclosure'")
    assert exported["disclosure", "identified"] == given["row_count"]
    assert exported["audit", "none"] > 20
    delivered = [row for row in events(office, "disclosure") if row["event"] == "delivered"]
    assert [(row["kind"], row["class"], row["amount"]) for row in delivered] == [
        ("legal_duty", "identified", given["row_count"])
    ]
    assert [(row["kind"], row["department"]) for row in events(office, "reveal")] == [("customer", "调查部")]


def test_accounts_clearances_and_watching(office):
    added = [row for row in events(office, "account") if row["event"] == "added"]
    assert len(added) == office.accounts
    granted = events(office, "clearance")
    assert {row["entry"] for row in granted} == {row["entry"] for row in added}
    assert {row["kind"] for row in granted} == {"1"} and all(row["also_due_at"] for row in granted)
    assert (names(office, "hold"), names(office, "login"), names(office, "audit_log")) == (
        ["set", "released"], ["refused"], ["verified"],
    )  # fmt: skip
    (review,) = events(office, "access_review")
    assert (review["department"], review["amount"]) == ("调查部", 6)


def test_consents_trainings_and_second_entries(office):
    found = [(row["event"], row["purpose"]) for row in rows(office, "consent_events")]
    assert found.count(("given", "survey")) == 1 and found.count(("withdrawn", "marketing")) == 1
    entries = {row["register"]: row for row in rows(office, "register_entries")}
    trained = entries["trained_people"]
    assert (trained["state"], trained["due_on"]) == ("passed", str(office.today() + timedelta(days=365)))
    assert trained["account"] == staff_keys.account(office.store, office.clerk.person_id)
    assert (entries["trainings"]["version"], entries["trainings"]["due_on"]) == (1, "")
    (second,) = rows(office, "second_entries")
    assert (second["form"], second["compared"] - second["equal"]) == ("call", 1)
    assert second["recorder"] == staff_keys.recorder(office.store, office.clerk.person_id)
    cards = rows(office, "card_recordings")
    versions = office.lake.customer_versions.to_pyarrow().to_pylist()
    # Of the customer of level 1 nothing is there
    assert [(row["customer_key"], row["version"], row["recorder"]) for row in cards] == [
        (row["customer_key"], row["version"], second["recorder"]) for row in versions
    ]
    assert len(cards) == 1


def test_each_row_is_published_once_and_only_what_is_new(office):
    publishing.publish(office.store, SERVICE)
    now = copy(office)  # the others look at the first version
    now.lake = lake.open(office.store.site)
    before = rows(now, "register_events")
    assert publishing.publish(office.store, SERVICE) is None
    reveals.reveal(office.store, office.clerk, "customer", office.customer.customer_id, "/data/place/phone")
    publishing.publish(office.store, SERVICE)
    now.lake = lake.open(office.store.site)
    after = rows(now, "register_events")
    assert after[: len(before)] == before
    assert [(row["register"], row["event"]) for row in after[len(before) :]] == [("reveal", "revealed")]


def test_no_name_no_number_and_no_word_of_anybody_is_in_any_of_the_tables(office):
    people = office.store.rows("SELECT person_id, login_name, display_name FROM person")
    said = [
        office.customer.customer_number,
        office.customer.customer_id,
        "欧阳若雪",
        "申请人甲",
        "13911112222",
        "发错人",
    ]
    said += [value for one in people for value in one.values() if len(value) > 3]
    for table in ("register_events", "register_entries", "consent_events", "card_recordings", "second_entries"):
        written = str(rows(office, table))
        assert [one for one in said if one in written] == [], table


def test_a_clearance_ends_with_the_first_thing_that_its_level_needs(office):
    store, now = office.store, utc_now()
    person = account(store, Role.SUPERVISOR, login_name="sun", clearance=Level.PUBLIC)
    days = {1: timedelta(days=400), 2: timedelta(days=30), 3: timedelta(days=5)}
    for level, ends in (
        # until, training, vetting, and what comes of it: level 2 needs no vetting, level 3 nothing
        (Level.SECRET, (1, 2, 3, 3)), (Level.INTERNAL, (1, 2, 3, 2)), (Level.PUBLIC, (1, 2, 3, 1)),
        (Level.SECRET, (3, 2, 1, 3)),
    ):  # fmt: skip
        until, trained, vetted, end = (now + days[one] for one in ends)
        given = clearances.grant(
            store, SERVICE, person.person_id, level, until=until, trained_until=trained, vetted_until=vetted
        )
        (row,) = new_events(office, "clearance.grant")
        assert (row["kind"], row["due_at"], row["also_due_at"]) == (str(int(level)), end, trained)
        rights.revoke_clearance(store, SERVICE, given)
        (gone,) = new_events(office, "clearance.revoke")
        assert (gone["event"], gone["entry"], gone["since_at"]) == ("revoked", row["entry"], row["since_at"])
    clearances.grant(store, SERVICE, person.person_id, Level.SECRET, trained_until=now + days[1], vetted_until=None)
    (row,) = new_events(office, "clearance.grant")
    assert row["due_at"] < now, "without vetting it never counts"


def new_events(office, action):
    """What the newest entry of the audit log with this action says on the registers."""
    (newest,) = office.store.rows("SELECT max(seq) AS seq FROM audit WHERE action = ?", [action])
    rows = register_events_published.lake_rows(office.store, (newest["seq"] - 1) * register_events_published.PLACES)
    return [one.values for one in rows if one.seq // register_events_published.PLACES == newest["seq"]]


def test_no_table_says_that_or_when_somebody_was_punished(office):
    facts = {"kind": "fine", "reason": "私自外传客户名单", "heard": "承认", "amount_fen": 50_000}
    number = penalties.decide(office.store, office.manager, login_name="li", **facts)
    assert new_events(office, "penalty.decide") == []
    penalties.revoke(office.store, office.manager, number, "查无实据")
    assert new_events(office, "penalty.revoke") == []
    assert not any(action.startswith("penalty") for one in register_events_published.REGISTERS for action in one.events)
