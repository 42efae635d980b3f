"""The pages beside the overview of reports: find, read, compare, sign, correct, and a report for oneself."""

import json
import os

import pytest

from custinfo.actions import export_register, report_uses, sessions
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from custinfo.reports import apart, build, own
from custinfo.screens import reports as page_of
from custinfo.screens import showing
from custinfo.screens.context import Page
from tests.factories import PASSWORD
from tests.reports.test_correcting import NET
from tests.screens.conftest import Browser


@pytest.fixture(scope="module")
def logged_in(shelf):
    return {}


@pytest.fixture
def visit(shelf, logged_in):
    def opened(person, path="/reports", language="en", **query):
        if person.login_name not in logged_in:
            logged_in[person.login_name] = sessions.log_in(shelf.store, person.login_name, PASSWORD)
        page = Page(shelf.store, shelf.store.site, logged_in[person.login_name], language, path, query)
        browser = Browser(showing.screen(page, page_of.build))
        return browser, json.dumps(browser.send(kind="hello"), ensure_ascii=False)

    return opened


def press(browser, name, value=None):
    return browser.send(kind="event", name=name, value=value)


def test_the_overview_finds_and_pages(shelf, visit):
    browser, told = visit(shelf.analyst)
    assert "Reports (5)" in told
    assert press(browser, "filter", {"text": " early ", "state": "draft"})["href"] == "/reports?text=early&state=draft"
    assert press(browser, "filter", {"text": "", "x": "y"})["href"] == "/reports"
    _, told = visit(shelf.analyst, text="early", state="draft")
    assert f"/reports/{shelf.august}" in told
    assert f"/reports/{shelf.out}" not in told
    _, told = visit(shelf.analyst, "/reports", "zh-CN", text="<b>没有</b>")
    assert "没有符合条件的报表" in told
    for page in (0, 999_999_999, "x", None):
        assert press(browser, "page", page)["kind"] == "blocks"


def test_definitions_stand_on_a_page_of_their_own(shelf, visit):
    _, told = visit(shelf.manager)
    assert "/reports/definitions" in told
    _, told = visit(shelf.manager, "/reports/definitions")
    assert "version 1" in told
    assert "Readers inside" in told


def test_an_issue_is_read_in_the_page_and_whoever_read_it_is_known(shelf, visit):
    _, told = visit(shelf.supervisor, f"/reports/{shelf.second}", view="read")
    assert "<script>alert(1)</script>" in told, "as text"
    assert "r · Issued before: ¥2" in told
    assert "How to read it" in told
    read = "SELECT 1 FROM audit WHERE actor = ? AND action = 'report.read' AND object_id = ?"
    assert len(shelf.store.rows(read, [shelf.supervisor.person_id, shelf.second])) == 1
    for person in (shelf.supervisor, shelf.researcher):
        _, told = visit(person, "/reports/RI-000000000000", view="read")
        assert "alert(1)" not in told
    _, told = visit(shelf.analyst, f"/reports/{shelf.august}", view="read")
    assert "not put forward yet" in told


def test_two_issues_stand_side_by_side(shelf, visit):
    browser, told = visit(shelf.manager, f"/reports/{shelf.out}", view="compare")
    assert "Monthly customer statistics 2026-10 r2" in told
    went = press(browser, "choose", {"with": shelf.second})["href"]
    assert went == f"/reports/{shelf.out}?view=compare&with={shelf.second}"
    browser, told = visit(shelf.manager, f"/reports/{shelf.out}", view="compare", **{"with": shelf.second})
    assert "+¥1,000.00" in told
    assert f"/reports/{shelf.slips[0]}" in told
    assert press(browser, "page", -5)
    browser, told = visit(shelf.manager, f"/reports/{shelf.out}", view="compare", **{"with": "../../x"})
    assert "not for you to see" in told


def test_the_triangle_is_shown_for_a_figure(shelf, visit):
    browser, told = visit(shelf.supervisor, f"/reports/{shelf.third}", view="vintages", cell=NET)
    assert "+¥2,000.00" in told
    assert "r late data" in told
    assert "cell=t1.total.customers" in press(browser, "choose", {"cell": "t1.total.customers"})["href"]
    _, told = visit(shelf.supervisor, f"/reports/{shelf.third}", view="vintages", cell="{0}' OR 1")
    assert "Traceback" not in told


def test_my_signatures_and_all_corrections(shelf, visit, monkeypatch):
    _, told = visit(shelf.manager, "/reports/mine")
    assert "Correction slip: Monthly customer statistics 2026-10" in told
    assert "Nothing waits for you." in told
    _, told = visit(shelf.analyst, "/reports/mine", "zh-CN")
    assert "您还没有处理过报表" in told
    browser, told = visit(shelf.analyst, "/reports/corrections")
    assert "Corrections (2)" in told
    assert "planned (late data)" in told
    assert "error in the data" in told
    from custinfo.reports import correcting

    monkeypatch.setattr(correcting, "affected", lambda *_: [])
    assert "every released figure as it stands" in json.dumps(press(browser, "affected"))
    browser, told = visit(shelf.manager, "/reports/corrections")
    assert "Look for it" not in told
    assert "failed" in json.dumps(press(browser, "affected"))


def test_a_use_is_registered_mended_and_ended_on_the_pages(shelf, visit):
    browser, _ = visit(shelf.supervisor, f"/reports/{shelf.third}")
    assert "no-cell" not in json.dumps(press(browser, "use", {"address": "t9.a.b", "place": "Slides"}))
    told = json.dumps(press(browser, "use", {"address": NET, "place": "<i>Letter</i>"}))
    assert "<i>Letter</i>" in told
    (use,) = [
        one for one in report_uses.of_issue(shelf.store, shelf.supervisor, shelf.third) if one.place == "<i>Letter</i>"
    ]
    stranger, _ = visit(shelf.manager, f"/reports/{shelf.third}")
    press(stranger, "end_use", use.use_id)
    assert use in report_uses.of_issue(shelf.store, shelf.supervisor, shelf.third)
    press(browser, "end_use", use.use_id)
    assert use not in report_uses.of_issue(shelf.store, shelf.supervisor, shelf.third)
    _, told = visit(shelf.supervisor, f"/reports/{shelf.slips[0]}")
    assert "Slides of 3 Nov" in told


# ---- a report for oneself -------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(shelf, monkeypatch):
    """In the place of a process of its own: built right away, with short files."""

    def run(_site, order, folder, _worker=None):
        for end in ("pdf", "html", "xlsx", "ipynb"):
            (folder / f"{order.stem}.{end}").write_text("not issued" if own.MARK in order.beside else "?")

    monkeypatch.setattr(build, "run", run)
    monkeypatch.setattr(apart, "run", lambda _module, home, login, number: own.main(home, login, number))
    yield
    for person in (shelf.analyst, shelf.manager):
        for one in own.listed(shelf.store.site, person):
            own.remove(shelf.store.site, person, one.number)


def test_it_is_kept_for_its_reader_alone_and_what_leaves_is_registered(shelf, visit, at_once):
    browser, told = visit(shelf.analyst, "/reports/own")
    assert "Nothing was built for you yet." in told
    told = json.dumps(
        press(browser, "build", {"report": "monthly", "period": "2026-10", "as_of": "", "language": "en"})
    )
    assert "not issued" in told
    (one,) = own.listed(shelf.store.site, shelf.analyst)
    assert (one.name, one.period, one.language, one.runs) == ("monthly", "2026-10", "en", False)
    assert [file.rpartition(".")[2] for file in one.files] == ["html", "pdf", "xlsx"]
    got = press(browser, "take", f"{one.number}/{one.files[1]}")
    assert got["name"] == "not-issued-monthly-2026-10.pdf"
    entry = shelf.store.row("SELECT * FROM export_event ORDER BY seq DESC LIMIT 1")
    assert (entry["what"], entry["object_id"], entry["format"], entry["exported_by"]) == (
        "report", "monthly 2026-10", "pdf", shelf.analyst.person_id,
    )  # fmt: skip
    assert "report" in export_register.OWN_RULES
    other, told = visit(shelf.manager, "/reports/own")
    assert one.number not in told
    for name, value in (("take", f"{one.number}/{one.files[0]}"), ("remove", one.number)):
        press(other, name, value)
    with pytest.raises(NotFound):
        own.take(shelf.store, shelf.manager, one.number, one.files[0])
    assert own.listed(shelf.store.site, shelf.analyst) == [one]
    press(browser, "remove", one.number)
    assert own.listed(shelf.store.site, shelf.analyst) == []


@pytest.mark.parametrize(
    "given",
    [
        {"report": "monthly", "period": "__import__('os')"},
        {"report": "../../etc", "period": "2026-10"},
        {"report": "monthly", "period": "{0}"},
        {"report": "monthly", "period": "2099-01"},
        {"report": "monthly", "period": "2026-10", "language": "xx"},
        {"report": "monthly", "period": "2026-10", "as_of": "tomorrow; rm -rf /"},
        {"report": "monthly", "period": "2026-10", "as_of": "2999-01-01T00:00"},
        {},
    ],
)
def test_hostile_parameters_are_refused_in_words(shelf, visit, at_once, given):
    browser, _ = visit(shelf.analyst, "/reports/own")
    said = press(browser, "build", {"language": "en", **given})
    assert said["kind"] == "failed"
    assert "Traceback" not in said["text"]
    assert own.listed(shelf.store.site, shelf.analyst) == []


def test_only_one_at_a_time_so_many_and_only_by_who_may(shelf, visit, at_once, monkeypatch):
    store = shelf.store
    given = ("monthly", "2026-10", None, "en")
    for person in (shelf.supervisor, shelf.researcher):
        with pytest.raises(NotAllowed):
            own.start(store, person, *given)
    with pytest.raises(NotFound):
        own.take(store, shelf.analyst, "../..", "x")
    with monkeypatch.context() as patched:
        patched.setattr(apart, "run", lambda *_: None)  # it has just begun
        own.start(store, shelf.analyst, *given)
    (one,) = own.listed(store.site, shelf.analyst)
    assert one.runs
    _, told = visit(shelf.analyst, "/reports/own")
    assert "being built" in told
    with pytest.raises(Conflict):
        own.start(store, shelf.analyst, *given)
    with pytest.raises(Conflict):
        own.remove(store.site, shelf.analyst, one.number)
    own.main(str(store.site.home), shelf.analyst.login_name, one.number)
    monkeypatch.setattr(own, "MOST", 1)
    with pytest.raises(Conflict):
        own.start(store, shelf.analyst, *given)


def test_what_went_wrong_is_said(shelf, visit, at_once, monkeypatch):
    def endless(*_):
        raise BadInput("report_runs.endless", seconds=600)

    monkeypatch.setattr(build, "run", endless)
    own.start(shelf.store, shelf.analyst, "monthly", "2026-10", None, "en")
    _, told = visit(shelf.analyst, "/reports/own")
    assert "still running after 600 seconds" in told
    (one,) = own.listed(shelf.store.site, shelf.analyst)
    file = shelf.store.site.reports / "own" / shelf.analyst.person_id / one.number / own.STANDING
    file.write_text(json.dumps({"pid": 2**22 + os.getpid()}))
    _, told = visit(shelf.analyst, "/reports/own")
    assert "failed" in told, "killed: it does not go on running for ever"


def test_the_mark_stands_on_what_is_built(tmp_path):
    assert own.mark(None, "en") == own.mark(tmp_path, "en") == ""
    (tmp_path / own.MARK).write_text("{}")
    assert own.mark(tmp_path, "zh-CN").startswith("未发布")
