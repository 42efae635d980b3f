"""The page of the calendar of reports: a month and a quarter, what failed, what is next, what was late."""

import json
from datetime import date

import pytest

from custinfo.actions import report_lateness, sessions
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import build, scheduling
from custinfo.screens import context, report_calendar, showing
from tests.factories import PASSWORD, empty_site
from tests.reports import calendar_sites
from tests.reports.calendar_sites import crowd_of
from tests.screens.conftest import Browser

WRONG = [None, True, 3, -1, "x", [], {}, {"department": 3, "span": ["x"]}, {"state": "x" * 5000}, "../../x"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    calendar_sites.at(monkeypatch, "2026-11-06")
    calendar_sites.without_building(monkeypatch)
    monkeypatch.setattr(context.Page, "today", lambda _: date(2026, 11, 6))
    with calendar_sites.site_with_calendar(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def visit(store):
    def opened(who, query=None, language="en"):
        session = sessions.log_in(store, who.login_name, PASSWORD)
        page = context.Page(store, store.site, session, language, "/report-calendar", query or {})
        browser = Browser(showing.screen(page, report_calendar.build))
        return browser, browser.send(kind="hello")

    return opened


def words(answer):
    return json.dumps(answer, ensure_ascii=False)


def found(answer, kind):
    """All blocks of a kind, however deep."""
    inner = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    own = [answer] if isinstance(answer, dict) and answer.get("type") == kind else []
    return own + [block for one in inner for block in found(one, kind)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_month_shows_each_report_on_its_day_and_links_its_issue(store, visit, language):
    begun = {one.period: one.issue_id for one in scheduling.run(store)}
    _, answer = visit(crowd_of(store).manager, {"month": "2026-11"}, language)
    (month,) = found(answer, "month")
    days = {day["date"]: day for week in month["weeks"] for day in week}
    assert len(month["weeks"]) == 6 and len(days) == 42
    (entry,) = days["2026-11-06"]["entries"]
    assert entry["href"] == f"/reports/{begun['2026-10']}" and entry["more"] == "2026-10"
    assert days["2026-11-06"]["today"] and days["2026-11-07"]["rest"] and days["2026-12-01"]["outside"]
    assert not days["2026-10-26"]["entries"], "September was due in October"
    _, answer = visit(crowd_of(store).manager, {"month": "2026-10"}, language)
    (month,) = found(answer, "month")
    (entry,) = [entry for week in month["weeks"] for day in week for entry in day["entries"]]
    assert entry["look"] == "danger", "it is late"
    assert {day["date"]: day["rest"] for week in month["weeks"] for day in week}["2026-10-10"] is False, "made up for"


def test_a_quarter_is_a_list_with_what_is_planned(visit, store):
    _, answer = visit(crowd_of(store).analyst, {"month": "2026-11", "span": "quarter"})
    assert found(answer, "month") == []
    rows = [[cell["text"] for cell in row] for row in found(answer, "table")[0]["rows"]]
    assert [(row[0], row[2]) for row in rows] == [
        ("2026-10-13", "2026-09"),
        ("2026-11-06", "2026-10"),
        ("2026-12-07", "2026-11"),
    ]
    assert "planned" in words(answer) and "late" in words(answer)


def test_what_failed_says_why_and_what_to_do(visit, store, monkeypatch):
    def broken(*_):
        raise SiteFault("reports.failed", name="monthly", period="2026-09", cell=7, reason="E", notebook="n")

    monkeypatch.setattr(build, "run", broken)
    scheduling.run(store)
    _, answer = visit(crowd_of(store).information_administrator)
    assert "cell 7" in words(answer) and "attempt 1 of 3" in words(answer)


def test_filters_are_kept_in_the_address(visit, store):
    browser, _ = visit(crowd_of(store).analyst, {"month": "2026-11"})
    said = {"department": "数据分析部", "state": "late", "span": "quarter"}
    went = browser.send(kind="event", name="filter", value=said)
    assert went["kind"] == "go" and went["href"].startswith("/report-calendar?month=2026-11&")
    _, answer = visit(crowd_of(store).analyst, {"month": "2026-11", **said})
    assert [row[2]["text"] for row in found(answer, "table")[0]["rows"]] == ["2026-09"]
    _, answer = visit(crowd_of(store).analyst, {"month": "2026-11", "department": "别的部门"})
    assert "Nothing is due here" in words(answer)


@pytest.mark.parametrize("month", ["", "2026-13", "x", "9998-12", "0002-01", "<img src=x onerror=1>"])
def test_a_month_that_is_none_or_far_off_is_a_month_all_the_same(visit, store, month):
    _, answer = visit(crowd_of(store).analyst, {"month": month})
    assert found(answer, "month") and answer["kind"] == "sheet"


def test_a_year_without_a_holiday_table_is_said(visit, store):
    _, answer = visit(crowd_of(store).analyst, {"month": "2027-02"})
    assert "For 2027 there is no holiday table" in words(answer)


def test_the_register_with_what_was_made_of_it_is_for_oversight(visit, store):
    report_lateness.daily(store, date(2026, 11, 6))
    _, auditor = visit(crowd_of(store).auditor)
    _, analyst = visit(crowd_of(store).analyst)
    for answer in (auditor, analyst):
        assert "LR-" in words(answer)
    assert "/form/statistical_discipline" in words(auditor) and "/form/statistical_discipline" not in words(analyst)
    assert "Record about it" in words(auditor) and "Record about it" not in words(analyst)


def test_whoever_reads_no_reports_is_refused_and_wrong_events_do_nothing(visit, store):
    _, refused = visit(crowd_of(store).researcher)
    assert found(refused, "month") == []
    browser, _ = visit(crowd_of(store).auditor)
    for value in WRONG:
        for name in ("filter", "page", "nothing"):
            answer = browser.send(kind="event", name=name, value=value)
            assert answer["kind"] in ("go", "blocks", "sheet") and "Traceback" not in words(answer)
            assert not answer.get("href", "/report-calendar").startswith("//")


def test_before_anything_is_approved_it_says_what_to_do(tmp_path, monkeypatch):
    with empty_site(tmp_path / "other") as other:
        from custinfo.domain.people import Role
        from tests.factories import account

        who = account(other, Role.ANALYST)
        session = sessions.log_in(other, who.login_name, PASSWORD)
        page = context.Page(other, other.site, session, "zh-CN", "/report-calendar", {})
        answer = Browser(showing.screen(page, report_calendar.build)).send(kind="hello")
        assert "还没有批准带日历的报表式样" in words(answer)
