"""Late reports register themselves, repeated lateness too; who answers is heard, and an approval decides (R161)."""

import json
from datetime import date

import pytest

from custinfo.actions import approvals, due, report_lateness, report_schedule, statisticians
from custinfo.actions.report_lateness import LATE, REPEATED
from custinfo.domain.errors import NotAllowed
from custinfo.reports import scheduling
from custinfo.xforms import Unfinished
from tests.factories import PASSWORD, draft_of, submit
from tests.reports import calendar_sites
from tests.reports.calendar_sites import crowd_of

HEARD = {
    "/data/offence/kind": "late", "/data/offence/register": "LR-2026-001", "/data/offence/report": "客户统计月报",
    "/data/offence/period": "2026-09", "/data/offence/noticed_on": "2026-11-02", "/data/offence/department": "数据分析部",
    "/data/offence/evidence": "应报 2026-10-13，未报出", "/data/hearing/heard": "said", "/data/hearing/heard_on": "2026-11-03",
    "/data/hearing/statement": "系统停机", "/data/decision_group/decision": "oral_warning",
    "/data/decision_group/grounds": "情节轻微",
}  # fmt: skip


@pytest.fixture
def store(tmp_path, monkeypatch):
    calendar_sites.without_building(monkeypatch)
    with calendar_sites.site_with_calendar(tmp_path / "site", forms=True) as opened:
        yield opened


def day(month, number):
    return date(2026 + (month > 12), (month - 1) % 12 + 1, number)


def on_register(store):
    return [(one.kind, one.period) for one in reversed(report_lateness.listed(store, crowd_of(store).auditor))]


@pytest.mark.guarantee("report-late-registered")
def test_the_last_day_is_in_time_the_next_is_late_and_noted_once(store):
    # September ends on the 30th; five working days after the holidays, with the Saturday that is worked: 13 October
    assert str(report_schedule.entries(store, day(10, 13))[0].due_on) == "2026-10-13"
    assert report_lateness.daily(store, day(10, 13)) == {LATE: 0, REPEATED: 0}
    assert report_lateness.daily(store, day(10, 14)) == {LATE: 1, REPEATED: 0}
    assert report_lateness.daily(store, day(10, 14)) == {LATE: 0, REPEATED: 0}
    (one,) = report_lateness.listed(store, crowd_of(store).auditor)
    assert (one.number[:3], one.period, str(one.due_on)) == ("LR-", "2026-09", "2026-10-13")
    assert (one.department, one.person, one.issue_id) == ("数据分析部", "", "")
    assert one.evidence == {"working_days": 5, "exact": True, "released_on": None, "attempts": 0}
    with pytest.raises(NotAllowed):
        report_lateness.listed(store, crowd_of(store).researcher)
    with pytest.raises(Exception, match="append-only"), store.act("service", "person.read", "person", "x") as tx:
        tx.execute("DELETE FROM report_lateness")
    assert store.verify_audit() == []


@pytest.mark.parametrize(
    ("released", "late"), [("2026-10-13T15:59:59.000000Z", []), ("2026-10-13T16:00:00.000000Z", [(LATE, "2026-09")])]
)
def test_released_by_the_end_of_its_day_in_the_sites_zone(store, monkeypatch, released, late):  # fmt: skip
    calendar_sites.at(monkeypatch, "2026-11-02")
    issue_id = scheduling.run(store)[0].issue_id
    calendar_sites.released(store, issue_id, released)
    (september, *_) = report_schedule.entries(store, day(11, 2))
    assert (september.state, september.late) == ("done", bool(late))
    with store.act("service", "person.read", "person", "x") as tx:
        tx.execute("DROP TRIGGER report_lateness_no_delete")
        tx.execute("DELETE FROM report_lateness")
    report_lateness.daily(store, day(11, 2))
    assert on_register(store) == late, "it is found late though nobody looked in between"


def test_a_released_one_that_is_revised_stays_in_time(store, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-11-02")
    issue_id = scheduling.run(store)[0].issue_id
    calendar_sites.released(store, issue_id, "2026-10-10T00:00:00.000000Z")
    with store.act("service", "person.read", "person", "x") as tx:
        row = store.row("SELECT * FROM report_issue WHERE issue_id = ?", [issue_id])
        tx.insert(
            "report_issue", row | {"issue_id": "RI-r1", "revision": 1, "state": "draft", "released_inside_at": None}
        )
    assert next((one.state, one.late) for one in report_schedule.entries(store, day(11, 2))) == ("done", False)


def test_three_within_twelve_months_are_repeated_and_counted_once(store):
    report_lateness.daily(store, day(12, 9))
    assert on_register(store) == [(LATE, "2026-09"), (LATE, "2026-10"), (LATE, "2026-11"), (REPEATED, "2026-11")]
    (newest, *late) = sorted(
        report_lateness.listed(store, crowd_of(store).auditor), key=lambda one: one.kind, reverse=True
    )
    assert set(newest.evidence["of"]) == {one.number for one in late}
    for month in (13, 14):
        report_lateness.daily(store, day(month, 28))
    assert [one for one in on_register(store) if one[0] == REPEATED] == [(REPEATED, "2026-11")], "the count began anew"
    report_lateness.daily(store, day(15, 28))
    assert on_register(store)[-1] == (REPEATED, "2027-02")


def test_one_who_answers_by_name_is_on_the_register(store, monkeypatch):
    from custinfo.reports import definitions

    content = calendar_sites.defined_with({"period": "month", "working_days": 5, "person": "analyst"})
    monkeypatch.setattr(definitions, "content", lambda _: content)
    calendar_sites.define(store, content)
    report_lateness.daily(store, day(10, 20))
    (one,) = report_lateness.listed(store, crowd_of(store).auditor)
    assert one.person == crowd_of(store).analyst.display_name


def test_the_statistician_who_was_appointed_answers_and_begins_the_issue(store):
    who, (scheduled,) = crowd_of(store), report_schedule.in_force(store)
    assert report_schedule.on_behalf_of(store, scheduled).person_id == who.analyst.person_id
    appointed = statisticians.propose(
        store, who.department_head, login_name="information_administrator", post="full", reach="department",
        department="调查部", from_on=day(1, 1), reason="需要",
    )  # fmt: skip
    case = approvals.of(store, statisticians.KIND, appointed)
    approvals.decide(store, who.manager, case.case_id, "approve", case.sha256, password=PASSWORD)
    report_lateness.daily(store, day(10, 20))
    (one,) = report_lateness.listed(store, who.auditor)
    assert (one.department, one.person) == ("调查部", who.information_administrator.display_name)
    assert report_schedule.on_behalf_of(store, scheduled).person_id == who.information_administrator.person_id


def handled(store, **changed):
    answers = HEARD | {f"/data/{name.replace('__', '/')}": value for name, value in changed.items()}
    auditor = crowd_of(store).auditor
    without = () if "late" in answers["/data/offence/kind"] else ("/data/offence/register",)
    return submit(
        store, auditor, draft_of(store, auditor, report_lateness.FORM, answers, without=without), "k"
    ).record_id


def test_who_answers_is_heard_and_the_manager_decides(store):
    report_lateness.daily(store, day(10, 20))
    number = report_lateness.listed(store, crowd_of(store).auditor)[0].number
    waits = [one.text("en") for one in due.listed(store, crowd_of(store).auditor, day(11, 2), kind="reports").rows]
    assert any(number in one for one in waits)
    record_id = handled(store, offence__register=number)
    (one,) = report_lateness.listed(store, crowd_of(store).auditor)
    assert (one.record_id, one.decision) == (record_id, ""), "nothing is decided before the approval"
    assert not any(number in line.text("en") for line in due.listed(store, crowd_of(store).auditor, day(11, 2)).rows)
    for person in (crowd_of(store).department_head, crowd_of(store).manager):
        calendar_sites.decide(store, person, "record", record_id)
    assert report_lateness.listed(store, crowd_of(store).auditor)[0].decision == "oral_warning"
    assert store.verify_audit() == []


def test_one_that_was_registered_by_mistake_makes_no_repetition(store):
    report_lateness.daily(store, day(11, 20))
    number = report_lateness.listed(store, crowd_of(store).auditor)[0].number
    record_id = handled(store, offence__register=number, decision_group__decision="mistaken")
    for person in (crowd_of(store).department_head, crowd_of(store).manager):
        calendar_sites.decide(store, person, "record", record_id)
    assert report_lateness.daily(store, day(12, 20)) == {LATE: 1, REPEATED: 0}
    assert report_lateness.daily(store, day(13, 20)) == {LATE: 1, REPEATED: 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"offence__register": "7"},
        {"offence__kind": "forged", "decision_group__decision": "mistaken"},
        {"hearing__statement": ""},
        {"hearing__heard_on": "2026-11-01"},
        {"offence__evidence": ""},
    ],
)
def test_what_the_form_refuses(store, changed):
    with pytest.raises((Unfinished, ValueError)):
        handled(store, **changed)


def test_what_waits_for_who_prepares_reports(store, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-11-02")
    analyst = crowd_of(store).analyst

    def waits():
        rows = due.listed(store, analyst, day(11, 2), kind="reports").rows
        return [(row.what_key.rpartition(".")[2], row.text("en"), str(row.due_on), row.link) for row in rows]

    assert waits() == [
        ("begin", "To be prepared: Monthly customer statistics 2026-09", "2026-10-13", "/report-calendar"),
        ("begin", "To be prepared: Monthly customer statistics 2026-10", "2026-11-06", "/report-calendar"),
    ]
    found = scheduling.run(store)
    assert [(what, link) for what, _, _, link in waits()] == [("finish", f"/reports/{one.issue_id}") for one in found]
    for one in found:
        calendar_sites.released(store, one.issue_id, "2026-11-02T00:00:00.000000Z")
    assert waits() == []
    assert json.loads(store.row("SELECT evidence FROM report_lateness")["evidence"])["released_on"] is None
