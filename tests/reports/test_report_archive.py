"""What stays of reports: one published value, the archive sealed and verified, and how an issue leaves it."""

import io
import json
import shutil
from contextlib import contextmanager
from datetime import date

import pypdf
import pytest
from click.testing import CliRunner

from custinfo.actions import certificates, people, replay, report_archive, report_issues, report_published, retention
from custinfo.cli import main
from custinfo.domain import published
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE
from custinfo.reports import archiving, build, correcting, issuing, outside_issues, register_paper
from custinfo.store import Site, Store
from tests.factories import empty_site
from tests.reports import sites
from tests.reports.test_correcting import LATER, approve, figures_only, released, slip
from tests.reports.test_issuing import Office

NET, SEPTEMBER = ("net_sales", "2026-10"), ("net_sales", "2026-09")


class Known(Office):
    """The people of a site that was copied."""

    def __init__(self, store):
        self.store = store
        for row in store.rows("SELECT login_name FROM person"):
            setattr(self, row["login_name"], people.by_login_name(store, row["login_name"]))


@pytest.fixture(scope="module", autouse=True)
def counted_once():
    """Building is left out, figures are the report's own; those of one moment are counted once: it takes seconds."""
    known, given = {}, issuing.figures_of

    def figures_of(site, name, period, as_of):
        key = (name, period, as_of)
        if key not in known:
            known[key] = given(site, name, period, as_of)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "run", figures_only)
        patch.setattr(outside_issues, "given", sites.nothing_withheld)
        patch.setattr(issuing, "figures_of", figures_of)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A company whose report is defined, and the same with October released outside: made once, copied by each test."""
    folder = tmp_path_factory.mktemp("archive")
    with empty_site(folder / "defined") as store:
        sites.publish(store.site)
        Office(store).define()
    with copied(folder / "defined", folder / "out") as office:
        issue_id = outside(office, released(office, office.draft()))
    return folder, issue_id


@contextmanager
def copied(home, to):
    shutil.copytree(home, to)
    with Store.open(Site.load(to)) as store:
        yield Known(store)


@pytest.fixture
def blank(made, tmp_path):
    """Nothing is out yet."""
    with copied(made[0] / "defined", tmp_path / "site") as office:
        yield office


@pytest.fixture
def office(made, tmp_path):
    """October is released outside."""
    with copied(made[0] / "out", tmp_path / "site") as office:
        yield office


@pytest.fixture
def out(made):
    """The issue of October."""
    return made[1]


def outside(office, issue_id):
    report_issues.release(office.store, office.manager, issue_id, outside=True)
    return issue_id


def figure(office, indicator, period):
    _, found = report_published.listed(office.store, office.analyst, search=indicator, period=period)
    return next(one for one in found if one.indicator == indicator)


def archived(office, year=2026):
    return archiving.archive(office.store, office.information_administrator, year, "柜 3")


def faults(office):
    return [one.text("en") for one in archiving.verify(office.store, office.analyst)]


def test_a_cell_is_published_under_its_indicator_and_the_period_that_it_is_about(office, out):
    issue = office.issue(out)
    tables = json.loads(issuing.read_file(office.store.site, issue, "en/figures.json"))["tables"]
    found = {one.address: (one.indicator, one.period) for one in published.placed("monthly", "2026-10", tables)}
    assert found["t5.net.this_month"] == NET
    assert found["t5.net.last_month"] == ("net_sales", "2026-09")
    assert found["t5.net.year_ago"] == ("net_sales", "2025-10")
    assert found["t6.2026-03.payments"] == ("payments", "2026-03")
    assert found["t5.net.on_month"] == ("monthly:t5.net.on_month", "2026-10")
    assert found["t1.total.customers"] == ("monthly:t1.total.customers", "2026-10")
    assert figure(office, *NET).value == "100000000"
    assert figure(office, "net_sales", "2026-09").value == "5000000"
    indicators = [{"id": "t", "columns": [{"id": "l"}, {"id": "now", "kind": "row"}, {"id": "before_share", "kind": "percent"}],
                   "rows": [{"id": "r", "label": ["indicator", "customers"], "kind": "count", "cells": [8, "1.0"]}]}]  # fmt: skip
    assert [(one.indicator, one.period, one.value, one.kind) for one in published.placed("x", "2026-Q3", indicators)] == [
        ("customers", "2026-Q3", "8", "count"), ("x:t.r.before_share", "2026-Q3", "1.0", "percent"),
    ]  # fmt: skip
    ago = [{"id": "t", "columns": [{"id": "l"}, {"id": "ago", "kind": "fen"}],
            "rows": [{"id": "r", "label": ["indicator", "sales"], "cells": [1]}]}]  # fmt: skip
    assert [one.period for one in published.placed("daily", "2026-11-20", ago)] == ["2025-11-21"]
    assert [one.period for one in published.placed("weekly", "2026-W45", ago)] == ["2025-W45"]
    none_there = [{"id": "t", "columns": [{"id": "l"}, {"id": "c", "kind": "fen"}],
                   "rows": [{"id": "r", "label": ["message", "x"], "cells": [None]}]}]  # fmt: skip
    assert list(published.placed("monthly", "2026-10", none_there)) == []


@pytest.mark.guarantee("one-published-value")
def test_a_report_that_would_publish_another_value_is_refused_and_both_are_named(blank):
    september = outside(blank, released(blank, blank.draft("2026-09")))
    # October shows September too, as it is by now: later than what was published of it
    more(blank, LATER)
    october = released(blank, blank.draft())
    with pytest.raises(Conflict) as refused:
        outside(blank, october)
    for words in (refused.value.text("en"), refused.value.text("zh-CN")):
        assert "2026-09" in words
        assert "2026-10" in words
        assert september in words
    assert blank.issue(october).state == "released_inside"
    assert report_published.of_issue(blank.store, october) == 0
    revised = revise(blank, september)
    now = figure(blank, *SEPTEMBER)
    assert (now.value, now.issue_id, now.first_value, now.first_issue) == ("5100000", revised, "5000000", september)
    assert now.revised
    outside(blank, october)
    assert figure(blank, *SEPTEMBER).issue_id == revised, "who cites a figure does not come to own it"
    assert figure(blank, *NET).issue_id == october


def test_another_report_that_stands_outside_with_the_old_value_is_told(blank):
    september, october = (outside(blank, released(blank, blank.draft(one))) for one in ("2026-09", "2026-10"))
    more(blank, LATER)
    revise(blank, september)
    assert figure(blank, *SEPTEMBER).stale == (october,)
    assert figure(blank, *NET).stale == ()


def more(office, now):
    sales = [("c2", "sale", "2026-09-20", 1_000_00)]
    sites.publish(office.store.site, sales=sales, now=now, batch="b2")


def revise(office, issue_id):
    correction = slip(office, issue_id)
    approve(office, correction)
    return outside(office, released(office, correcting.revise(office.store, office.analyst, correction)))


def test_two_cells_of_one_report_cannot_say_two_things(blank, monkeypatch):
    issue_id = blank.draft()
    given = issuing.figures_of
    monkeypatch.setattr(issuing, "figures_of", lambda *of: given(*of).with_cells({"t6.2026-10.net": 1}))
    released(blank, issue_id)
    with pytest.raises(Conflict, match="t5.net.this_month"):
        outside(blank, issue_id)


def test_published_figures_are_searched_by_name_too(office, out, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = str(office.store.site.home)

    def ran(*words):
        return CliRunner().invoke(main, ["report", "published", *words, "--home", home, "--as", "analyst"])

    assert "2026-10  Net sales  ¥1,000,000.00" in ran("净销售额", "--period", "2026-10").output
    (row,) = json.loads(ran("net_sales", "--period", "2026-10", "--json").output)
    assert (row["value"], row["issue"]) == ("100000000", out)
    assert "Nothing was published" in ran("no such_thing%").output
    with pytest.raises(NotAllowed):
        report_published.listed(office.store, office.researcher)


@pytest.mark.guarantee("archive-sealed")
def test_what_is_out_is_filed_once_sealed_and_verified(office, out):
    with pytest.raises(NotAllowed):
        archiving.archive(office.store, office.analyst, 2026)
    made = archived(office)
    assert (made.filed, made.volume) == (("TJ2026-M001",), 1)
    assert sorted(one.name for one in made.folder.iterdir()) == [
        "TJ2026-M001.en.pdf", "TJ2026-M001.zh-CN.pdf", "list.en.pdf", "list.json", "list.zh-CN.pdf", "manifest.json",
    ]  # fmt: skip
    (one,) = report_archive.listed(office.store, office.supervisor, 2026)
    assert (one.issue_id, one.kind, one.place, one.keep_until.year) == (out, "month", "柜 3", date.today().year + 10)  # noqa: DTZ011
    assert faults(office) == []
    again = archived(office)
    assert (again.filed, again.volume) == ((), None)
    assert archived(office, 2025).volume is None
    assert report_archive.listed(office.store, office.supervisor, 2025) == []
    for name, words in (("list.json", "list.json"), ("manifest.json", "manifest"), ("TJ2026-M001.en.pdf", "en.pdf")):
        file = made.folder / name
        kept = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(kept + b" ")
        assert words in " ".join(faults(office)), name
        file.write_bytes(kept)
    (made.folder / "more.txt").write_text("x")
    assert "more.txt" in " ".join(faults(office))
    (made.folder / "more.txt").unlink()
    figures = issuing.folder_of(office.store.site, office.issue(out)) / "en" / "figures.json"
    figures.chmod(0o600)
    figures.write_bytes(b"{}")
    assert "en/figures.json" in " ".join(faults(office))


def test_by_command(office, out, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = str(office.store.site.home)

    def ran(*words, person="information_administrator"):
        return CliRunner().invoke(main, ["report", "archive", *words, "--home", home, "--as", person])

    assert ran().exit_code == 2
    assert "Volume 2026-1 is sealed" in ran("--year", "2026").output
    assert "Everything that is out of 2026" in ran("--year", "2026").output
    assert ran("--year", "2026", person="manager").exit_code == 1
    assert "1 volumes with 5 files" in ran("--verify").output
    assert json.loads(ran("--verify", "--json").output) == {"faults": []}


def test_a_card_says_what_it_is_of_and_its_main_figures(office, out, monkeypatch):
    archived(office)
    kept = []
    monkeypatch.setattr(register_paper, "TEMPLATE", register_paper.TEMPLATE)
    from custinfo.reports import archive_cards

    monkeypatch.setattr(archive_cards, "render", lambda sheet, at: kept.append(sheet) or b"%PDF")
    archiving.card(office.store, office.supervisor, "TJ2026-M001", "en")
    (sheet,) = kept
    assert sheet.card
    assert ("Net sales", "¥1,000,000.00") in sheet.tables[0].rows
    assert any(out == value for _, value in sheet.facts)
    with pytest.raises(NotFound):
        archiving.card(office.store, office.supervisor, "TJ2026-M002", "en")


def test_a_sheet_is_a_pdf_whose_pages_are_counted():
    table = register_paper.SheetTable("表", ("a", "b"), tuple((str(n), "#let x = 1") for n in range(90)),
                                      (True, False), (False, True))  # fmt: skip
    sheet = register_paper.Sheet("标题 <b>", "zh-CN", "公司", "TJ1", [("a", "b")], [table], "脚", [("签字", "")])
    made = register_paper.render(sheet, sites.PUBLISHED)
    assert made == register_paper.render(sheet, sites.PUBLISHED)
    assert register_paper.pages(made) == len(pypdf.PdfReader(io.BytesIO(made)).pages) > 1


@pytest.mark.guarantee("archive-destroyed-by-approval")
def test_an_issue_goes_after_its_time_with_approval_and_its_lines_stay(office, out, monkeypatch):
    store = office.store
    later = released(office, office.draft("2026-09"))
    made = archived(office)
    monkeypatch.setattr(retention, "today", lambda store: date(2036, 12, 1))
    assert {one.object_id for one in retention.dry_run(store, SERVICE).items if one.category == "report"} == {
        out,
        later,
    }
    plan = retention.plan(store, SERVICE)
    folder = issuing.folder_of(store.site, office.issue(out))
    sha256 = store.row("SELECT sha256 FROM report_issue WHERE issue_id = ?", [out])["sha256"]
    with pytest.raises(WrongState):
        retention.mark(store, SERVICE, plan)
    agree(office, plan)
    day = retention.mark(store, SERVICE, plan)
    assert folder.is_dir()
    monkeypatch.setattr(retention, "today", lambda store: day)
    kept = shutil.copytree(folder, folder.with_name("kept"))
    row = store.row("SELECT state, manifest FROM report_issue WHERE issue_id = ?", [out])
    retention.carry_out(store, SERVICE, plan)
    assert not folder.exists()
    assert certificates.of_plan(store, plan).lines[0].category == "report"
    line = next(one for one in report_archive.listed(store, office.supervisor, 2026) if one.issue_id == out)
    assert (line.plan_id, line.sha256) == (plan, sha256)
    assert line.destroyed_at is not None
    issue = office.issue(out)
    assert (issue.state, issue.manifest) == ("destroyed", None)
    assert report_issues.comments(store, office.analyst, out) == []
    assert figure(office, *NET).value == "100000000", "what was published stays on the register"
    assert not list(made.folder.glob("TJ*.pdf"))
    assert faults(office) == []
    with pytest.raises(NotFound):
        archiving.card(store, office.supervisor, line.file_number, "en")
    with pytest.raises(BadInput):
        issuing.verify(store, office.analyst, out)
    restored_as_before(store, out, row, kept, folder)
    with pytest.raises(BadInput):
        issuing.verify(store, office.analyst, out)
    assert not folder.exists()


def restored_as_before(store, issue_id, row, kept, folder):
    """As a backup of the time before has it; what the ledger knows is then applied, as a restore does."""
    with store.act(SERVICE.person_id, "test.restore", "report_issue", issue_id) as tx:
        tx.update("report_issue", issue_id, dict(row))
    kept.rename(folder)
    lines = [line for line in store.ledger.lines() if line.kind == "report.destroyed" and line.object_id == issue_id]
    assert replay.apply(store, lines) == {"report.destroyed": 1}


def agree(office, plan):
    for person in (office.information_administrator, office.manager):
        office.decide(person, retention.KIND, plan)
