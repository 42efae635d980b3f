"""The report on privacy and security: registers, deadlines and coverage, on figures worked by hand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from custinfo import lake
from custinfo.actions import clearances
from custinfo.domain.periods import Month, Quarter, Year
from custinfo.reports import text
from custinfo.reports.kinds import privacy_security
from custinfo.reports.parts import coverage
from custinfo.reports.parts.registers import Span
from tests.reports import sites

MOMENT = datetime(2026, 11, 2, 1, tzinfo=UTC)
QUARTER = Quarter(2026, 3)


def at(said):
    """A moment in UTC, written `08-03` or `08-03 05:30` of 2026."""
    day, _, clock = said.partition(" ")
    year, day = (day[:4], day[5:]) if len(day) > 5 else ("2026", day)
    return datetime.fromisoformat(f"{year}-{day}T{clock or '02:00'}:00+00:00")


def cleared(entry, level, granted, *, due, trained, revoked=""):
    """A grant as it is published, or its revocation, which says what the grant says: `due` is its end."""
    facts = {"kind": level, "since_at": at(granted), "due_at": at(due), "also_due_at": at(trained)}
    return ("clearance", entry, "revoked" if revoked else "granted", revoked or granted, facts)


EVENTS = [
    # register, entry, event, recorded, further facts
    # Four people in sales, one alone in finance; p5 left, p4 has a factor no more
    *(("account", f"p{n}", "added", "02-01", {"department": "营业部"}) for n in (1, 2, 3, 4, 5)),
    ("account", "p6", "added", "07-05", {"department": "财务部"}),
    ("account", "p5", "left", "06-01", {"department": "营业部"}),
    ("account", "p1", "factor_on", "02-02", {}),
    ("account", "p4", "factor_on", "02-02", {}),
    ("account", "p4", "factor_off", "08-02", {}),
    # p1's clearance holds; p2's training ran out in July, p4's vetting in August; p5 left. Of p3's two the second was
    # revoked, the first came to its end in September
    cleared("p1", "1", "02-01", due="2027-01-15", trained="2027-02-01"),
    cleared("p2", "2", "02-01", due="07-20", trained="07-20"),
    cleared("p3", "2", "02-01", due="09-10", trained="2027-02-01"),
    cleared("p3", "2", "03-01", due="2027-02-01", trained="2027-02-01"),
    cleared("p3", "2", "03-01", due="2027-02-01", trained="2027-02-01", revoked="08-01"),
    cleared("p4", "1", "02-01", due="08-10", trained="2027-02-01"),
    cleared("p5", "1", "02-01", due="07-20", trained="07-20"),
    # Answered in time, late after an extension, taken back, overdue, received after the quarter
    ("request", "r1", "received", "07-01", {"kind": "see", "due_at": at("07-31")}),
    ("request", "r1", "answered", "07-31", {"kind": "see"}),
    ("request", "r2", "received", "06-01", {"kind": "delete", "due_at": at("07-01")}),
    ("request", "r2", "extended", "06-30", {"kind": "delete", "due_at": at("07-31")}),
    ("request", "r2", "refused", "08-01", {"kind": "delete"}),
    ("request", "r3", "received", "08-01", {"kind": "see", "due_at": at("08-31")}),
    ("request", "r3", "taken_back", "09-20", {"kind": "see"}),
    ("request", "r4", "received", "08-15", {"kind": "copy", "due_at": at("09-14")}),
    ("request", "r5", "received", "10-01", {"kind": "copy", "due_at": at("10-31")}),
    # i1: told in time, closed. i2: not graded, its clock has run out. i3: dismissed, owes nothing
    ("incident", "i1", "report", "07-10 04:00", {"since_at": at("07-10 02:00"), "due_at": at("07-10 06:00")}),
    ("incident", "i1", "assess", "07-10 05:00",
     {"class": "larger", "since_at": at("07-10 02:00"), "due_at": at("07-10 06:00"), "also_due_at": at("07-13 02:00")}),
    ("incident_notice", "i1", "sent", "07-10 05:30",
     {"kind": "authority", "since_at": at("07-10 02:00"), "due_at": at("07-10 06:00")}),
    ("incident_notice", "i1", "sent", "07-14 02:00",
     {"kind": "people", "since_at": at("07-10 02:00"), "due_at": at("07-13 02:00")}),
    ("incident", "i1", "close_incident", "07-20", {"class": "larger", "since_at": at("07-10 02:00")}),
    ("incident", "i2", "report", "09-01 03:00", {"since_at": at("09-01 02:00"), "due_at": at("09-01 06:00")}),
    ("incident", "i3", "report", "09-02 03:00", {"since_at": at("09-02 02:00"), "due_at": at("09-02 06:00")}),
    ("incident", "i3", "dismiss", "09-02 09:00", {"since_at": at("09-02 02:00")}),
    # Accepted in time; returned and not done again
    ("correction", "m1", "ordered", "07-12", {"kind": "incident", "due_at": at("07-31")}),
    ("correction", "m1", "carried_out", "07-30", {"kind": "incident", "due_at": at("07-31")}),
    ("correction", "m1", "accepted", "08-05", {"kind": "incident", "due_at": at("07-31")}),
    ("correction", "m2", "ordered", "07-12", {"kind": "incident", "due_at": at("08-31")}),
    ("correction", "m2", "carried_out", "08-20", {"kind": "incident", "due_at": at("08-31")}),
    ("correction", "m2", "returned", "08-25", {"kind": "incident", "due_at": at("08-31")}),
    ("disclosure", "d1", "registered", "07-01", {"kind": "legal_duty", "due_at": at("07-31")}),
    ("disclosure", "d1", "delivered", "07-20", {"kind": "legal_duty", "class": "identified", "amount": 5}),
    ("export", "x1", "exported", "07-20", {"kind": "disclosure", "class": "identified", "amount": 5, "department": "营业部"}),
    ("export", "x2", "exported", "08-20", {"kind": "records", "class": "pseudonymous", "amount": 40, "department": "财务部"}),
    ("export", "x3", "exported", "05-20", {"kind": "records", "class": "pseudonymous", "amount": 7, "department": "财务部"}),
    ("reveal", "v1", "revealed", "07-02", {"kind": "customer", "department": "营业部"}),
    ("reveal", "v2", "revealed", "06-30 16:00", {"kind": "customer", "department": "营业部"}),  # July 1st in Shanghai
    ("reveal", "v3", "revealed", "09-30 16:00", {"kind": "customer", "department": "营业部"}),  # October 1st
    ("hold", "h1", "set", "05-01", {"amount": 3}),
    ("hold", "h2", "released", "09-01", {"amount": 1}),
    ("access_review", "营业部", "reviewed", "07-15", {"department": "营业部", "due_at": at("2027-01-15")}),
    ("backup", "b1", "made", "07-01", {}),
    ("backup", "b2", "made", "2025-07-01", {}),
    ("destruction", "t1", "erased", "07-03", {"kind": "rules", "amount": 12}),
]  # fmt: skip
FORMS = [
    # register, entry, version, state, due, account, recorded
    ("security_inspections", "s1", 1, "ordered", "2026-08-01", None, "07-02"),
    ("security_inspections", "s1", 2, "accepted", "", None, "08-02"),
    ("security_inspections", "s2", 1, "ordered", "2026-09-30", None, "09-02"),
    ("security_inspections", "s3", 1, None, "", None, "09-02"),
    # Corrected the next day: nothing was found. Called accepted by mistake
    ("security_inspections", "s4", 1, "ordered", "2026-09-10", None, "09-03"),
    ("security_inspections", "s4", 2, None, "", None, "09-04"),
    ("security_inspections", "s5", 1, "ordered", "2026-10-15", None, "07-03"),
    ("security_inspections", "s5", 2, "accepted", "", None, "07-10"),
    ("security_inspections", "s5", 3, "ordered", "2026-10-15", None, "07-12"),
    ("processors", "c1", 1, None, "2026-10-01", None, "03-02"),
    ("trained_people", "t1", 1, "passed", "2027-08-01", "p6", "08-01"),
    ("trained_people", "t2", 1, "failed", "", "p2", "08-01"),
    ("trained_people", "t3", 1, "passed", "2026-09-29", "p3", "08-01"),
    # Corrected: failed after all, somebody else's login, taken out of the form
    ("trained_people", "t4", 1, "passed", "2027-08-01", "p4", "08-01"),
    ("trained_people", "t4", 2, "failed", "", "p4", "08-02"),
    ("trained_people", "t5", 1, "passed", "2027-08-01", "p2", "08-01"),
    ("trained_people", "t5", 2, "passed", "2027-08-01", "p6", "08-02"),
    ("trained_people", "t6", 1, "passed", "2027-08-01", "p3", "08-01"),
    ("trained_people", "t6", 2, None, "", None, "08-02"),
]
CONSENTS = [("given", "survey", "08-01"), ("given", "survey", "08-02"), ("withdrawn", "marketing", "08-03"),
            ("given", "survey", "05-01"), ("restricted", "*", "08-04")]  # fmt: skip


def numbered(rows):
    return [lake.TableRow(n, row) for n, row in enumerate(rows, start=1)]


def tables():
    blank = dict.fromkeys(("kind", "class", "department", "amount", "since_at", "due_at", "also_due_at"))
    events = [
        blank | {"register": register, "entry": entry, "event": event, "recorded_at": at(when)} | more
        for register, entry, event, when, more in EVENTS
    ]
    entries = [
        {"register": name, "entry": entry, "version": version, "kind": None, "state": state, "due_on": due,
         "account": account, "recorded_at": at(when)}
        for name, entry, version, state, due, account, when in FORMS
    ]  # fmt: skip
    said = [{"event": e, "purpose": p, "channel": "form", "recorded_at": at(when)} for e, p, when in CONSENTS]
    return {
        "register_events": numbered(events), "register_entries": numbered(entries), "consent_events": numbered(said),
    }  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The lake, and the zone of its site."""
    place = sites.site(tmp_path_factory.mktemp("privacy") / "site")
    lake.publish(place, [], [], lambda: MOMENT, tables=tables())
    return lake.open(place), place.zone


@pytest.fixture(scope="module")
def found(opened):
    return privacy_security.KIND.figures(opened[0], QUARTER, opened[1])


def cells(table):
    return {row.id: row.cells for row in table.rows}


def said(found, language="zh-CN"):
    return [one.text for one in text.sentences(privacy_security.facts(found), found, language)]


def test_what_happened_beside_the_period_before_and_a_year_ago(found):
    happened = cells(found.table("t1"))
    assert happened["requests"] == (3, 1, 2, 0, 3), "the one of June is the quarter before, that of October none"
    assert (happened["answered"][0], happened["refused"][0]) == (1, 1)
    assert happened["consents_given"] == (2, 1, 1, 0, 2)
    assert happened["exported_rows"][:2] == (45, 7), "rows, not exports"
    assert happened["exports"][:2] == (2, 1)
    assert happened["reveals"][0] == 2, "days are those of the site's zone"
    assert happened["backups"] == (1, 0, 1, 1, 0)
    assert happened["destroyed"][0] == 12


def test_deadlines_are_each_entrys_own(found):
    assert cells(found.table("t2")) == {
        # Taken back is nobody's delay; the one of August 15th is overdue
        "requests": (1, 1, Decimal("50.0"), 1, 1),
        "authority": (1, 0, Decimal("100.0"), 1, 1),
        "people": (0, 1, Decimal("0.0"), 0, 0),
        "summary": (0, 0, None, 0, 0),
        "disclosures": (1, 0, Decimal("100.0"), 0, 0),
        # Carried out in time counts, though it was accepted later; what was returned is not done
        "corrections": (1, 0, Decimal("100.0"), 1, 1),
        # Sales: first account February 1st, due August 1st, reviewed July 15th; finance is due next January
        "reviews": (1, 0, Decimal("100.0"), 2, 0),
    }


def test_incidents_by_grade_with_the_hours_it_took(found):
    by_grade = cells(found.table("t6"))
    assert by_grade["larger"] == (1, Decimal("2.0"), Decimal("3.5"), Decimal("96.0"), 0)
    assert by_grade["not_graded"] == (2, Decimal("1.0"), None, None, 1)
    assert by_grade["major"] == (0, None, None, None, 0)
    assert by_grade["total"] == (3, Decimal("1.3"), Decimal("3.5"), Decimal("96.0"), 1)


def test_requests_consents_and_what_left_by_their_kinds(found):
    requests = cells(found.table("t3"))
    assert requests["see"] == (2, 1, 0, 1, 0, 0)
    assert requests["copy"] == (1, 0, 0, 0, 1, 1)
    assert requests["total"] == (3, 1, 1, 1, 1, 1)
    consents = cells(found.table("t4"))
    assert (consents["survey"], consents["marketing"], consents["total"]) == (
        (2, 0, 0, 0, 0), (0, 1, 0, 0, 0), (2, 1, 0, 1, 0),
    )  # fmt: skip
    assert cells(found.table("t5"))["identified"] == (1, 5, 1, 5)
    assert cells(found.table("t5"))["total"] == (2, 45, 1, 5)


def test_findings_and_the_registers_that_are_forms(found):
    # s1 accepted, s2 overdue, s5 open; s3 and s4 found nothing
    assert cells(found.table("t7")) == {"measures": (2, 1, 1, 1), "shortcomings": (3, 1, 2, 1), "total": (5, 2, 3, 2)}
    forms = cells(found.table("t8"))
    assert forms["security_inspections"] == (5, 5, 1), "due on the last day of the period"
    assert forms["processors"] == (1, 0, 0), "to be reviewed on the day after"


def test_who_is_covered_at_the_end_of_each_period(found):
    covered = cells(found.table("t9"))
    assert covered["accounts"] == (5, 4, 0)
    assert covered["factor"] == (1, 2, 0)
    assert covered["factor_share"] == (Decimal("20.0"), Decimal("50.0"), None), "no share of nobody"
    # p1 by the clearance, p6 by the course; p3's course had run out the day before the end
    assert covered["trained"] == (2, 4, 0)
    assert (covered["cleared_1"], covered["cleared_2"]) == ((1, 2, 0), (0, 2, 0))
    assert covered["run_out"] == (3, 0, 0), "p2, p3 and p4; of who left none runs out"
    assert covered["holds_stand"] == (2, 3, 0)


@pytest.mark.parametrize(
    ("added", "reviewed", "late"),
    [
        # 09:00 in Shanghai; six months later the whole day is in time
        ("01-15 01:00", "07-15 08:00", False),
        ("01-15 01:00", "07-15 16:00", True),
        # The last of February is no last of August
        ("02-28 02:00", "08-28 15:59", False),
        ("02-28 02:00", "08-28 16:00", True),
        ("2025-08-31 02:00", "02-28 15:59", False),
        # The 1st of April in Shanghai
        ("03-31 17:00", "10-01 15:59", False),
    ],
)
def test_the_first_review_of_rights_is_due_by_the_end_of_a_day_of_the_sites_zone(opened, added, reviewed, late):
    zone, blank = opened[1], {"department": "营业部", "due_at": None}
    rows = [
        {"register": register, "event": event, "recorded_at": at(when).replace(tzinfo=None), **blank}
        for register, event, when in (("account", "added", added), ("access_review", "reviewed", reviewed))
    ]
    [done, _] = coverage.reviews(rows, {"营业部": 1}, Span.of(Year(2026), zone), zone)
    assert done.late is late
    assert done.due_at.replace(tzinfo=UTC).astimezone(zone).date() == clearances.review_due(at(added), zone)


def test_nobody_is_told_from_a_department_of_one(found):
    rows = {row.label.value: row.cells for row in found.table("t10").rows}
    # Finance has one account, and with it sales alone would tell it: they stand together
    assert list(rows) == ["report_privacy_security.row.others", "report_words.row.total"]
    assert rows["report_privacy_security.row.others"] == (5, 2, 2, 45, 0)


@pytest.mark.parametrize(
    ("accounts", "together"),
    [
        ({"甲": 9, "乙": 3}, set()),
        ({"甲": 9, "乙": 2}, {"甲", "乙"}),
        ({"甲": 9, "乙": 4, "丙": 2}, {"乙", "丙"}),
        ({"甲": 9, "乙": 2, "丙": 1}, {"乙", "丙"}),
        ({"甲": 1}, {"甲"}),
        ({"甲": 9, "已撤": 0}, {"甲", "已撤"}),
        ({}, set()),
    ],
)
def test_departments_of_few_stand_together_until_they_are_enough(accounts, together):
    assert {name for name, group in coverage.in_groups(accounts, 3).items() if not group} == together


def test_the_text_says_what_is_late_and_what_nobody_did(found):
    words = said(found)
    assert words[0] == "2026年第三季度隐私与安全各登记簿的情况如下。"
    assert "收到个人信息主体请求3件，答复1件，拒绝1件。" in words
    assert "“答复个人请求”期内办结的，按时1件，逾时1件，按时率50.0%。" in words
    assert "期末“答复个人请求”有1项逾期。" in words
    assert "期末账户5个，第二因素覆盖率20.0%，培训覆盖率40.0%。" in words
    assert "没有成功的恢复演练。" in words
    assert "No restore drill was passed." in said(found, "en")


def test_a_period_without_anything_says_so(opened):
    empty = privacy_security.KIND.figures(opened[0], Month(2024, 5), opened[1])
    assert said(empty)[0] == "2024年5月各登记簿没有登记任何事项。"
    assert cells(empty.table("t9"))["factor_share"] == (None, None, None)
    assert {row.cells[2] for row in empty.table("t2").rows} == {None}
