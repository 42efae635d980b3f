"""The pages of statistical work and of the archive: by buttons alone, and what each person sees of them."""

import json

import pytest

from custinfo.actions import approvals, handovers, report_issues, report_layouts, sessions, statisticians
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Role
from custinfo.reports import build, outside_issues
from custinfo.screens import handover_list, report_archive, showing, statistics_work
from custinfo.screens.context import Page
from tests.factories import PASSWORD, account, empty_site
from tests.reports import sites
from tests.reports.test_correcting import figures_only, released
from tests.reports.test_issuing import Office
from tests.screens.conftest import Browser


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A company whose October report is out, to everybody outside as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "run", figures_only)
        patch.setattr(outside_issues, "given", sites.nothing_withheld)
        with empty_site(tmp_path_factory.mktemp("statistics") / "site") as store:
            sites.publish(store.site)
            office = Office(store)
            office.head = account(store, Role.DEPARTMENT_HEAD, login_name="head")
            office.second = account(store, Role.ANALYST, login_name="second")
            office.define()
            office.out = released(office, office.draft())
            report_issues.release(store, office.manager, office.out, outside=True)
            yield office


@pytest.fixture
def visit(office):
    def opened(person, path, language="en"):
        session = sessions.log_in(office.store, person.login_name, PASSWORD)
        page = Page(office.store, office.store.site, session, language, path, {})
        screen = report_archive if path.startswith("/report-archive") else statistics_work
        browser = Browser(showing.screen(page, screen.build))
        return browser, json.dumps(browser.send(kind="hello"), ensure_ascii=False)

    return opened


def press(browser, name, value=None):
    return browser.send(kind="event", name=name, value=value)


def refused(answer):
    return answer["kind"] not in ("sheet", "go", "download")


def test_from_the_appointment_to_who_answers(office, visit):
    page, told = visit(office.head, "/statistics")
    assert '"nobody"' in told
    today = str(statisticians.today(office.store))
    given = {"login_name": "analyst", "post": "full", "reach": "company", "department": "数据分析部", "reports": "",
             "from_on": today, "until_on": "", "reason": "需要"}  # fmt: skip
    assert refused(press(page, "appoint", given | {"from_on": "tomorrow"}))
    press(page, "appoint", given)
    (one,) = statisticians.listed(office.store, office.head)
    manager, told = visit(office.manager, "/statistics")
    assert "Appointment of a statistician" in told
    case = approvals.of(office.store, statisticians.KIND, one.appointment_id)
    press(
        manager,
        "case_approve",
        {"about": f"{case.case_id} {case.sha256}", "note": "", "password": PASSWORD, "code": ""},
    )
    _, told = visit(office.supervisor, "/statistics")
    assert one.person in told
    assert '"nobody"' not in told
    assert "not trained" in told
    press(page, "end", {"appointment": one.appointment_id, "reason": "x"})
    assert statisticians.listed(office.store, office.head)[0].ended_on


def test_a_handover_is_signed_by_its_three_on_the_page(office, visit, monkeypatch):
    monkeypatch.setattr(statisticians, "trained_until", lambda store, login_name: statisticians.today(store))
    page, _ = visit(office.head, "/statistics", "zh-CN")
    items = handover_list.blank("zh-CN").replace("统计手册；；0；", "统计手册；第三版；2；柜 1")
    given = {"leaver": "analyst", "successor": "second", "supervisor": "head", "trained": "跟班", "briefing": "全部",
             "items": items}  # fmt: skip
    assert refused(press(page, "begin", given | {"items": "胡言"}))
    path = press(page, "begin", given)["href"]
    handover = handovers.read(office.store, office.head, path.rpartition("/")[2])
    assert next(one for one in handover.items if one.kind == "manual") == handovers.Item("manual", "第三版", 2, "柜 1")
    for person in (office.analyst, office.second, office.head):
        desk, told = visit(person, path)
        assert "Compare the list" in told
        secret = {"about": handover.sha256, "password": PASSWORD, "code": ""}
        assert refused(press(desk, "sign", secret | {"password": "x"}))
        press(desk, "sign", secret)
    _, told = visit(office.supervisor, path)
    assert "handed over" in told
    assert "Passed to the successor" in told
    assert "Compare the list" not in told
    made = press(visit(office.head, path)[0], "pdf")
    assert made["name"] == f"{handover.number}.pdf"


def test_a_layout_is_registered_printed_given_out_and_signed_for(office, visit):
    page, _ = visit(office.information_administrator, "/statistics")
    path = press(page, "layout", {"report": "monthly"})["href"]
    desk, _ = visit(office.information_administrator, path)
    assert press(desk, "blank", "zh-CN")["name"] == "BB001-1-zh-CN.pdf"
    press(desk, "move", {"kind": "printed", "copies": "20", "login_name": "", "note": ""})
    press(desk, "move", {"kind": "handed_out", "copies": "5", "login_name": "supervisor", "note": "<b>"})
    assert refused(press(desk, "move", {"kind": "handed_out", "copies": "500", "login_name": "supervisor", "note": ""}))
    (layout,) = report_layouts.listed(office.store, office.supervisor)
    assert (layout.stock, dict(layout.held)) == (15, {office.supervisor.person_id: 5})
    mine, told = visit(office.supervisor, path)
    assert "Sign for 5 copies" in told
    given = next(one for one in layout.movements if one.kind == "handed_out")
    press(mine, "receive", {"about": given.movement_id, "password": PASSWORD, "code": ""})
    _, told = visit(office.supervisor, path)
    assert "Sign for" not in told
    tables = layout.tables
    assert {row["id"] for row in next(one for one in tables if one["id"] == "t5")["rows"]} >= {"sales", "net"}
    assert all("cells" not in row for table in tables for row in table["rows"])


def test_what_is_out_is_filed_carded_and_verified_on_the_page(office, visit):
    page, told = visit(office.information_administrator, "/report-archive")
    assert "Nothing is filed yet" in told
    told = json.dumps(press(page, "archive", {"year": "2026", "place": "柜 3"}), ensure_ascii=False)
    assert "TJ2026-M001" in told
    assert "柜 3" in told
    assert press(page, "card", "TJ2026-M001")["name"] == "TJ2026-M001.pdf"
    assert "as it was sealed" in json.dumps(press(page, "verify"))
    folder = next((office.store.site.reports / "archive").iterdir())
    (folder / "foreign.txt").write_text("x")
    assert "foreign.txt" in json.dumps(press(page, "verify"))
    (folder / "foreign.txt").unlink()
    reader, told = visit(office.supervisor, "/report-archive")
    assert "File and seal" not in told
    assert refused(press(reader, "archive", {"year": "2026", "place": ""}))


def test_published_figures_are_searched(office, visit):
    page, told = visit(office.supervisor, "/report-archive")
    assert "¥1,000,000.00" in told
    told = json.dumps(press(page, "search", {"q": "payments", "period": "2026-10"}), ensure_ascii=False)
    assert "¥30,000.00" in told
    assert "¥1,000,000.00" not in told
    assert "No published figure" in json.dumps(press(page, "search", {"q": "'); DROP", "period": ""}))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_list_that_is_offered_can_be_read_back(language):
    found = handover_list.read(handover_list.blank(language))
    assert [one.kind for one in found] == list(handovers.NEEDED)
    for wrong in ("台账；x；很多；y", "gold; x; 1; y", "ledgers; x; 1"):
        with pytest.raises(BadInput, match="."):
            handover_list.read(wrong)


def test_who_has_nothing_to_do_with_it_sees_none_of_it(office, visit):
    for path in ("/statistics", "/report-archive", "/statistics/HO-1", "/statistics/RL-1"):
        _, told = visit(office.researcher, path)
        assert '"head"' not in told
