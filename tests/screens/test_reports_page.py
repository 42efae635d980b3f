"""The page of regular reports: from the definition to the readers by buttons alone, and what each role sees of it."""

import json
import os

import pytest

from custinfo.actions import report_corrections, report_definitions, report_issues, sessions
from custinfo.reports import apart, build, outside_issues
from custinfo.screens import reports as page_of
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests.factories import PASSWORD, adopt_indicators, empty_site
from tests.reports import sites
from tests.reports.test_correcting import changed_source, figures_only, released
from tests.reports.test_issuing import Office
from tests.screens.conftest import Browser


@pytest.fixture
def office(tmp_path, monkeypatch):
    def run(_site, order, folder, *_):
        for end in ("pdf", "html", "xlsx", "ipynb"):
            (folder / f"{order.stem}.{end}").write_text(order.language)
        (folder / "figures.json").write_text(
            json.dumps({"lake_version": order.lake_version, "rules": {"value_grade": 1}})
        )

    monkeypatch.setattr(build, "run", run)
    monkeypatch.setattr(outside_issues, "given", sites.nothing_withheld)
    monkeypatch.setattr(
        apart, "start", lambda site, actor, issue_id: apart.main(str(site.home), actor.login_name, issue_id)
    )
    with empty_site(tmp_path / "site") as store:
        sites.publish(store.site)
        yield Office(store)


@pytest.fixture
def visit(office):
    def opened(person, path="/reports", language="en"):
        session = sessions.log_in(office.store, person.login_name, PASSWORD)
        page = Page(office.store, office.store.site, session, language, path, {})
        browser = Browser(showing.screen(page, page_of.build))
        return browser, json.dumps(browser.send(kind="hello"), ensure_ascii=False)

    return opened


def press(browser, name, value=None):
    return browser.send(kind="event", name=name, value=value)


def decide(office, person, visit, path, kind, object_id):
    case = office_case(office, kind, object_id)
    browser, _ = visit(person, path)
    said = {"about": f"{case.case_id} {case.sha256}", "note": "", "password": PASSWORD, "code": ""}
    return press(browser, "case_approve", said)


def office_case(office, kind, object_id):
    from custinfo.actions import approvals

    return approvals.of(office.store, kind, object_id)


def test_from_the_definition_to_the_readers(office, visit):
    analyst, told = visit(office.analyst)
    assert "not proposed yet" in told
    press(analyst, "define", {"about": "monthly", "reason": "Wanted by everybody"})
    for person in (office.information_administrator, office.manager):
        decide(office, person, visit, "/reports", report_definitions.KIND, "monthly-1")
    adopt_indicators(office.store)
    went = press(analyst, "draft", {"report": "monthly", "period": "2026-10"})
    path = went["href"]
    issue_id = path.rpartition("/")[2]
    analyst, told = visit(office.analyst, path)
    assert "Before it can be put forward its commentary needs: Causes, Effects and consequences." in told
    assert "{t5.net.this_month}" in json.dumps(press(analyst, "numbers"))
    for kind in ("cause", "effect"):
        press(analyst, "comment", {"kind": kind, "zh-CN": "<b>备货</b>", "en": "Stock {t5.net.this_month}"})
    assert report_issues.comments(office.store, office.analyst, issue_id) == [], "languages name different cells"
    for kind in ("cause", "effect"):
        press(
            analyst, "comment", {"kind": kind, "zh-CN": "备货 {t5.net.this_month}", "en": "Stock {t5.net.this_month}"}
        )
    press(analyst, "put_forward")
    for person in (office.supervisor, office.manager):
        decide(office, person, visit, path, report_issues.KIND, issue_id)
    manager, told = visit(office.manager, path)
    assert "signed" in told
    press(manager, "release")
    assert office.issue(issue_id).state == "released_inside"
    _, told = visit(office.supervisor)
    assert "2026-10" in told
    got = press(visit(office.supervisor, path)[0], "file", "en/monthly-2026-10.pdf")
    assert got["name"] == "monthly-2026-10-en.pdf"
    row = office.store.row("SELECT action FROM audit ORDER BY seq DESC LIMIT 1")
    assert row["action"] == "report.read"


def test_from_todays_data_to_a_slip_by_buttons(office, visit, monkeypatch):
    monkeypatch.setattr(build, "run", figures_only)
    monkeypatch.setattr(outside_issues, "given", sites.nothing_withheld)
    office.define()
    issue_id = released(office, office.draft())
    changed_source(office)
    path = f"/reports/{issue_id}"
    browser, told = visit(office.analyst, path)
    assert "Nothing was corrected." in told
    assert "figures would stand otherwise" in json.dumps(press(browser, "compare"))
    press(browser, "correct", {"grade": "slip", "reason": "Late sale", "told": ""})
    (made,) = report_corrections.of_issue(office.store, office.analyst, issue_id)
    for person in (office.supervisor, office.manager):
        decide(office, person, visit, f"/reports/{made.correction_id}", report_corrections.KIND, made.correction_id)
    browser, told = visit(office.analyst, f"/reports/{made.correction_id}")
    assert "Sales of the month › Net sales › This month" in told
    assert "¥1,000,000.00" in told
    assert "¥1,001,000.00" in told
    went = press(browser, "revise")
    revision = report_corrections.of_issue(office.store, office.analyst, issue_id)[0].revision
    assert went["href"] == f"/reports/{revision}"
    _, told = visit(office.supervisor, f"/reports/{made.correction_id}", "zh-CN")
    assert "统计数字订正单" in told


def test_while_it_is_built_it_cannot_be_put_forward_twice_and_what_went_wrong_is_said(office, visit):
    office.define()
    path = f"/reports/{office.draft()}"
    file = office.store.site.home / "run" / f"put-forward-{path.rpartition('/')[2]}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"pid": os.getpid()}))
    _, told = visit(office.analyst, path)
    assert "being built" in told
    assert "Look again" in told
    assert "Build and put forward" not in told
    file.write_text(json.dumps({"said": {"en": "The disk is full.", "zh-CN": "磁盘已满。"}}))
    _, told = visit(office.analyst, path)
    assert "The disk is full." in told
    assert "Build and put forward" in told


def test_forged_events_do_nothing(office, visit):
    office.define()
    issue_id = office.draft()
    before = office.issue(issue_id)
    for person in (office.researcher, office.manager, office.supervisor):
        browser, _ = visit(person, f"/reports/{issue_id}")
        for name, value in (
            ("comment", {"kind": "cause", "zh-CN": "x", "en": "x"}),
            ("put_forward", None),
            ("withdraw", None),
            ("release", None),
            ("release_outside", None),
            ("compare", None),
            ("correct", {"grade": "slip", "reason": "x", "told": ""}),
            ("correct_by_hand", {"grade": "slip", "reason": "x", "address": "t5.net.this_month", "number": "1"}),
            ("revise", None),
            ("file", "../../site.toml"),
            ("file", {"x": 1}),
        ):
            press(browser, name, value)
    assert office.issue(issue_id) == before
    assert len(report_issues.comments(office.store, office.analyst, issue_id)) == 2
    assert office.store.rows("SELECT 1 FROM report_correction") == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_draft_is_not_there_for_who_only_reads(office, visit, language):
    office.define()
    issue_id = office.draft()
    _, told = visit(office.researcher, f"/reports/{issue_id}", language)
    assert "2026-10" not in told
    _, told = visit(office.researcher, "/reports", language)
    assert issue_id not in told
