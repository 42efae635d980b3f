"""Incidents: clocks of the law, who may take which step, notices that are whole and approved, frozen evidence."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from custinfo.actions import (
    approvals,
    corrective,
    holds,
    incident_evidence,
    incident_notices,
    incidents,
    oversight_due,
    penalties,
)
from custinfo.domain import incidents as rules
from custinfo.domain import machines
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from tests.factories import PASSWORD, account, card, empty_site, site_with_forms

NOTICED = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
RULE = rules.rule_on(date(2026, 11, 21))
WHOLE = dict.fromkeys(RULE.content["authority"], "写明")


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def people(store):
    roles = {
        "clerk": Role.RESEARCHER, "auditor": Role.AUDITOR, "security": Role.SECURITY_ADMINISTRATOR,
        "head": Role.DEPARTMENT_HEAD, "manager": Role.MANAGER,
    }  # fmt: skip
    return {name: account(store, role, login_name=name) for name, role in roles.items()}


def reported(store, actor, **facts):
    given = {"kind": "leak", "what": "名单发错了人", "noticed_at": "2026-11-21T09:00"} | facts
    return incidents.report(store, actor, **given)


def assessed(store, people, persons=1_000_000, loss_fen=0, personal=True):
    number = reported(store, people["clerk"])
    incidents.assess(
        store, people["auditor"], number, persons=persons, loss_fen=loss_fen, personal_data=personal, note="核实"
    )
    return number


@pytest.mark.parametrize(
    ("persons", "loss_fen", "grade"),
    [
        (0, 0, "general"), (999_999, 499_999_999, "general"), (1_000_000, 0, "larger"), (0, 500_000_000, "larger"),
        (9_999_999, 1_999_999_999, "larger"), (10_000_000, 0, "major"), (0, 2_000_000_000, "major"),
        (100_000_000, 0, "particularly_major"), (0, 10_000_000_000, "particularly_major"),
    ],
)  # fmt: skip
def test_the_grade_is_the_gravest_of_which_a_limit_is_reached(persons, loss_fen, grade):
    assert RULE.grade(persons, loss_fen).name == grade


def due(grade, **facts):
    given = {"operator": "ordinary", "noticed_at": NOTICED, "personal_data": False, "concluded_at": None} | facts
    return {one.notice: one.due_at for one in rules.clocks(RULE, grade, **given)}


@pytest.mark.guarantee("incident-clocks")
def test_the_clocks_run_from_the_moment_of_notice():
    larger, general = RULE.named("larger"), RULE.named("general")
    assert due(None) == {"authority": NOTICED + timedelta(hours=4)}  # not graded is no excuse
    assert due(larger) == {"authority": NOTICED + timedelta(hours=4)}
    assert due(larger, operator="critical_infrastructure") == {"authority": NOTICED + timedelta(hours=1)}
    assert due(larger, operator="central_organ") == {"authority": NOTICED + timedelta(hours=2)}
    assert due(general) == {}
    assert due(general, personal_data=True) == {"people": NOTICED + timedelta(hours=72)}
    concluded = NOTICED + timedelta(days=3)
    assert due(larger, concluded_at=concluded)["summary"] == concluded + timedelta(days=30)


@pytest.mark.guarantee("incident-clocks")
def test_a_sent_notice_stops_its_clock_and_nothing_else_does(store, people):
    number = assessed(store, people)
    auditor, clocks = people["auditor"], lambda: {one.notice for one in incidents.find(store, auditor, number).due}
    assert clocks() == {"authority", "people"}
    assert incidents.find(store, auditor, number).overdue(utc_now() + timedelta(days=9)) == 2
    notice = write(store, people, number)
    assert clocks() == {"authority", "people"}
    with pytest.raises(WrongState):
        incident_notices.sent(store, auditor, notice, "网信〔2026〕1 号")
    approve(store, people, notice)
    incident_notices.sent(store, auditor, notice, "网信〔2026〕1 号")
    assert clocks() == {"people"}


def write(store, people, number, **content):
    return incident_notices.write(
        store, people["auditor"], number, kind="authority", recipient="省网信办", channel="12387",
        content=WHOLE | content,
    )  # fmt: skip


def approve(store, people, notice):
    for who in ("head", "manager"):
        case = approvals.of(store, "incident_notice", notice)
        approvals.decide(store, people[who], case.case_id, "approve", case.sha256, password=PASSWORD)


@pytest.mark.guarantee("incident-notice-whole")
@pytest.mark.parametrize("part", RULE.content["authority"])
def test_a_notice_that_lacks_a_part_is_not_even_written(store, people, part):
    number = assessed(store, people)
    with pytest.raises(BadInput) as refused:
        write(store, people, number, **{part: "  "})
    assert len(refused.value.parts) == 1 and part in refused.value.parts
    assert incident_notices.of(store, people["auditor"], number) == []
    assert approvals.waiting(store, people["head"]) == []


def test_the_whole_way_to_the_end_needs_two_people(store, people):
    number = assessed(store, people)
    auditor, security = people["auditor"], people["security"]
    with pytest.raises(WrongState):
        incidents.step(store, auditor, number, "close_incident", "想跳过")
    incidents.step(store, auditor, number, "contain", "收回邮件")
    incidents.step(store, auditor, number, "conclude", "处置完毕", "收件人选错")
    assert "summary" in {one.notice for one in incidents.find(store, auditor, number).due}
    with pytest.raises(NotAllowed):
        incidents.step(store, auditor, number, "close_incident", "自己结案")
    assert incidents.step(store, security, number, "close_incident", "已复盘") == "over"
    with pytest.raises(WrongState):
        incidents.note(store, security, number, "再补一句")
    actions = [one.action for one in incidents.events(store, auditor, number)]
    assert actions == ["close_incident", "conclude", "contain", "assess", "report"]


def test_nobody_dismisses_what_they_reported(store, people):
    number = reported(store, people["auditor"])
    with pytest.raises(NotAllowed):
        incidents.step(store, people["auditor"], number, "dismiss", "没事")
    assert incidents.step(store, people["security"], number, "dismiss", "误报") == "dismissed"
    assert incidents.find(store, people["security"], number).due == ()


@pytest.mark.guarantee("incident-anonymous")
def test_an_anonymous_report_names_nobody_anywhere(store, people):
    clerk = people["clerk"]
    before = store.row("SELECT max(seq) AS last FROM audit")["last"]
    number = reported(store, clerk, anonymous=True)
    with pytest.raises(NotFound):
        incidents.find(store, clerk, number)
    assert incidents.find(store, people["auditor"], number).reported_by == ""
    rows = store.rows("SELECT * FROM incident") + store.rows("SELECT * FROM incident_event")
    rows += store.rows("SELECT * FROM audit WHERE seq > ?", [before])
    assert clerk.person_id not in str(rows) and clerk.login_name not in str(rows)


def test_who_reported_by_name_follows_it_and_others_do_not(store, people):
    number = reported(store, people["clerk"])
    assert incidents.find(store, people["clerk"], number).number == number
    other = account(store, login_name="other")
    with pytest.raises(NotFound):
        incidents.find(store, other, number)
    assert incidents.listed(store, other) == []
    with pytest.raises(NotAllowed):
        incidents.assess(store, people["clerk"], number, persons=0, loss_fen=0, personal_data=False, note="没事")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "x"}, {"what": " "}, {"noticed_at": "昨天"}, {"noticed_at": "2999-01-01T00:00"}, {"what": "a\0b"},
        {"what": "字" * 5000},
    ],
)  # fmt: skip
def test_a_wrong_report_stores_nothing(store, people, wrong):
    with pytest.raises(BadInput):
        reported(store, people["clerk"], **wrong)
    assert store.rows("SELECT * FROM incident") == []


@pytest.mark.guarantee("incident-evidence")
def test_frozen_evidence_is_the_audit_log_as_it_stood(store, people):
    number = assessed(store, people)
    evidence_id = incident_evidence.freeze(store, people["auditor"], number, 24 * 60)
    (one,) = incident_evidence.of(store, people["auditor"], number)
    lines = incident_evidence.content(store, people["auditor"], evidence_id)
    assert hashlib.sha256(lines).hexdigest() == one.sha256
    assert lines.count(b"\n") == one.entries == one.to_seq - one.from_seq + 1
    with pytest.raises(NotAllowed):
        incident_evidence.content(store, people["head"], evidence_id)
    with pytest.raises(Exception, match="append-only"), store.act("x", "test.write", "test", "1") as tx:
        tx.update("incident_evidence", evidence_id, {"content": b""})


def test_the_customers_concerned_are_held_from_destruction(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        auditor, head = account(store, Role.AUDITOR), account(store, Role.DEPARTMENT_HEAD)
        receipt = card(store, account(store))
        number = reported(store, auditor)
        wanted = [receipt.customer_number, "C999999", receipt.customer_number]
        incident_evidence.freeze(store, auditor, number, 1, wanted)
        (hold,) = holds.listed(store, head)
        assert hold.object_id == receipt.customer_id and number in hold.reason
        (frozen,) = [one for one in incidents.events(store, auditor, number) if one.action == "freeze"]
        assert "保全客户 1 个" in frozen.note, "as many as there are, and no word on which"
        (seen,) = holds.listed(store, auditor)
        assert (seen.object_id, seen.number) == ("", "")
        keeper = account(store, Role.INFORMATION_ADMINISTRATOR)
        with pytest.raises(NotAllowed):
            holds.release(store, keeper, hold.hold_id, "不需要")
        elsewhere = account(store, Role.DEPARTMENT_HEAD, department="华东部")
        with pytest.raises(NotFound):
            holds.release(store, elsewhere, hold.hold_id, "不需要")
        holds.release(store, auditor, hold.hold_id, "调查结束")
        assert holds.listed(store, head) == ()


@pytest.mark.guarantee("corrections-two-people")
def test_a_measure_is_accepted_by_somebody_else(store, people):
    auditor, head = people["auditor"], people["head"]
    facts = {"source_kind": "incident", "source_id": "2026-001", "what": "改流程", "due_on": "2026-12-01"}
    one = corrective.order(store, auditor, login_name="head", **facts)
    with pytest.raises(NotFound):
        corrective.carry_out(store, auditor, one, "我来说做完了")
    corrective.carry_out(store, head, one, "改好了")
    with pytest.raises(NotAllowed):
        corrective.decide(store, head, one, True)
    with pytest.raises(BadInput):
        corrective.decide(store, auditor, one, False)
    corrective.decide(store, auditor, one, False, "没有附件")
    corrective.carry_out(store, head, one, "补了附件")
    corrective.decide(store, people["security"], one, True)
    assert corrective.open_ones(store, auditor) == []


@pytest.mark.guarantee("penalties-register")
def test_the_register_of_penalties_is_for_its_readers_alone(store, people):
    manager, clerk = people["manager"], people["clerk"]
    facts = {"kind": "fine", "reason": "私自外传客户名单", "heard": "承认", "amount_fen": 50_000}
    number = penalties.decide(store, manager, login_name="clerk", **facts)
    (one,) = penalties.listed(store, manager)
    assert (one.number, one.reason, one.amount_fen) == (number, "私自外传客户名单", 50_000)
    for actor in (clerk, people["head"], people["security"]):
        with pytest.raises(NotAllowed):
            penalties.listed(store, actor)
    with pytest.raises(NotAllowed):
        penalties.decide(store, manager, login_name="manager", **facts)
    with pytest.raises(BadInput):
        penalties.decide(store, manager, login_name="clerk", **(facts | {"kind": "warning"}))
    assert "私自外传" not in str([dict(row) for row in store.rows("SELECT * FROM penalty")])
    last = store.rows("SELECT action FROM audit ORDER BY seq DESC LIMIT 1")[0]
    assert last["action"] == "penalty.read"
    penalties.revoke(store, manager, number, "查明系误报")
    assert penalties.listed(store, manager)[0].revoked_because == "查明系误报"


def test_clocks_and_measures_stand_on_the_due_lists(store, people):
    number = assessed(store, people)
    facts = {"source_kind": "incident", "source_id": number, "what": "改流程", "due_on": "2026-12-01"}
    one = corrective.order(store, people["auditor"], login_name="head", **facts)

    def due_for(who):
        return [row.what_key for row in oversight_due.due_rows(store, people[who], date(2026, 11, 30))]

    assert due_for("auditor") == ["oversight.due_clock"] * 2
    assert due_for("head") == ["oversight.due_clock"] * 2 + ["oversight.due_carry_out"]
    assert due_for("clerk") == []
    corrective.carry_out(store, people["head"], one, "改好了")
    assert due_for("auditor")[-1] == "oversight.due_check" and "oversight.due_check" not in due_for("head")


def test_every_state_of_an_incident_has_a_look_and_every_event_a_word():
    from custinfo.domain.messages import section
    from custinfo.screens.incident_parts import LOOK

    assert set(LOOK) == {state for state in machines.INCIDENT if state}
    for language in ("zh-CN", "en"):
        words = section("incidents.event", language)
        assert {action for moves in machines.INCIDENT.values() for action in moves} <= set(words)
        for kind, parts in RULE.content.items():
            assert kind in section("incidents.notice", language)
            assert set(parts) <= set(section("incidents.part", language))


def test_the_diagrams_in_the_docs_are_those_of_the_machines():
    words = (Path(__file__).parents[1] / "docs" / "how-to" / "incidents.md").read_text("utf-8")
    for machine in (machines.INCIDENT, machines.CORRECTION):
        assert f"```mermaid\n{machines.diagram(machine)}\n```" in words
