"""Finding issues, using their figures elsewhere, laying two side by side, and how a figure was revised."""

import re
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from custinfo.actions import report_corrections, report_issues, report_search, report_uses
from custinfo.actions.report_search import Wanted
from custinfo.cli import main
from custinfo.domain import corrections, report_definitions
from custinfo.domain.corrections import Change
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, NotAllowed, NotFound, WrongState
from custinfo.reports import comparing, correcting, document, html, reading, revisions, triangle, uses
from custinfo.reports.kinds import monthly
from tests.reports.test_correcting import NET, waiting

OCTOBER, SEPTEMBER, AUGUST = "2026-10", "2026-09", "2026-08"


# ---- find -----------------------------------------------------------------------------------------------------------


def test_what_is_found_is_what_may_be_read(shelf):
    for person in (shelf.analyst, shelf.supervisor, shelf.manager, shelf.information_administrator):
        found = report_search.find(shelf.store, person, Wanted())
        assert found.total == 5
        assert [one.issue_id for one in found.rows] == [
            one.issue_id for one in report_issues.listed(shelf.store, person)
        ]
    with pytest.raises(NotAllowed):
        report_search.find(shelf.store, shelf.researcher, Wanted())


def test_who_only_reads_finds_what_is_out_and_for_them(shelf, monkeypatch):
    for module in (report_search, report_issues):
        monkeypatch.setattr(module, "SEES_ALL", frozenset())  # nobody but who prepares, as for a role to come
    found = report_search.find(shelf.store, shelf.supervisor, Wanted())
    assert [one.issue_id for one in found.rows] == [
        one.issue_id for one in report_issues.listed(shelf.store, shelf.supervisor)
    ]
    assert (found.total, shelf.august in [one.issue_id for one in found.rows]) == (4, False)
    definition = report_definitions.named("monthly")
    others = {"monthly": replace(definition, audience=frozenset())}
    monkeypatch.setattr(report_definitions, "load", lambda: others)
    assert report_search.find(shelf.store, shelf.supervisor, Wanted()).total == 0


@pytest.mark.parametrize(
    ("wanted", "months"),
    [
        (Wanted(text="stocked up EARLY"), [OCTOBER, OCTOBER, OCTOBER, SEPTEMBER, AUGUST]),
        (Wanted(text="提前备货 2026-09"), [SEPTEMBER]),
        (Wanted(text="MONTHLY", state="draft"), [AUGUST]),
        (Wanted(text="zh-CN"), []),
        (Wanted(text="%"), []),
        (Wanted(text="202_-10"), []),
        (Wanted(text="'; DROP TABLE report_issue; --"), []),
        (Wanted(name="monthly", year="2026", state="released_inside"), [OCTOBER, OCTOBER, OCTOBER, SEPTEMBER]),
        (Wanted(year="2025"), []),
        (Wanted(name="none"), []),
    ],
)
def test_issues_are_found_by_words_report_year_and_state(shelf, wanted, months):
    assert [one.period for one in report_search.find(shelf.store, shelf.analyst, wanted).rows] == months


def test_a_page_of_a_longer_list(shelf):
    last = report_search.find(shelf.store, shelf.analyst, Wanted(), limit=2, offset=4)
    assert (last.total, [one.issue_id for one in last.rows]) == (5, [shelf.august])
    assert report_search.years(shelf.store, shelf.analyst) == ["2026"]
    found = report_search.corrections(shelf.store, shelf.supervisor, limit=1, offset=1)
    assert (found.total, [one.correction_id for one in found.rows]) == (2, [shelf.slips[0]])


def test_what_was_signed_is_listed_and_waits_no_more(shelf):
    assert report_search.waiting(shelf.store, shelf.supervisor) == []
    ((case, event), *_) = report_search.decided(shelf.store, shelf.manager)
    assert (case.object_id, event.action, event.signed) == (shelf.september, "approve", True)
    assert report_search.decided(shelf.store, shelf.analyst) == []


# ---- uses -----------------------------------------------------------------------------------------------------------


def test_whoever_used_a_figure_is_told_until_they_mended_it(shelf):
    store, reader = shelf.store, shelf.information_administrator
    told = "A figure that you used elsewhere was corrected: Monthly customer statistics 2026-10"
    for correction in shelf.slips:  # the second corrects a revision of what was used
        (reached,) = report_uses.of_correction(store, correction)
        assert (reached.use.use_id, reached.use.place, reached.mended_at) == (shelf.use, "Slides of 3 Nov", None)
        assert told in waiting(shelf, reader)
        with pytest.raises(NotFound):
            report_uses.mended(store, shelf.manager, shelf.use, correction)
        report_uses.mended(store, reader, shelf.use, correction)
        assert report_uses.of_correction(store, correction)[0].mended_at is not None
    assert told not in waiting(shelf, reader)
    assert "Figures that you read were revised: Monthly customer statistics 2026-10 r1" in waiting(shelf, reader)


def test_what_is_no_use_is_refused_and_a_use_ends(shelf):
    store, manager = shelf.store, shelf.manager
    for address, place in (("t9.a.b", "Slides"), ("{0}", "Slides"), (NET, "  "), (NET, "x" * 201), (NET, "a\x00b")):
        with pytest.raises(BadInput):
            uses.register(store, manager, shelf.september, address, place)
    with pytest.raises(WrongState):
        uses.register(store, manager, shelf.august, NET, "Slides")
    with pytest.raises(CustinfoError):
        uses.register(store, shelf.researcher, shelf.september, NET, "Slides")
    use = uses.register(store, manager, shelf.september, NET, "Slides")
    with pytest.raises(Conflict):
        uses.register(store, manager, shelf.september, NET, "Slides")
    with pytest.raises(NotFound):
        report_uses.end(store, shelf.supervisor, use)
    report_uses.end(store, manager, use)
    assert report_uses.of_issue(store, manager, shelf.september) == []


# ---- side by side, and the triangle ---------------------------------------------------------------------------------


def test_two_issues_of_one_period_differ_by_their_slips(shelf):
    found = comparing.compare(shelf.store, shelf.manager, shelf.second, shelf.out, "en")
    assert (found.first.issue_id, found.second.issue_id) == (shelf.out, shelf.second)
    net = {one.address: one for one in found.differences}[NET]
    assert (net.first, net.second, net.by) == ("¥1,000,000.00", "¥1,001,000.00", "+¥1,000.00")
    assert {one.slip for one in found.differences} == {shelf.slips[0]}
    assert found.same > 0
    both = comparing.compare(shelf.store, shelf.manager, shelf.out, shelf.third, "en").differences
    assert {one.address: one.slip for one in both}[NET] == shelf.slips[1], "the last that changed it"
    others = comparing.partners(shelf.store, shelf.manager, found.first)
    assert [one.issue_id for one in others] == [shelf.third, shelf.second, shelf.september]


def test_two_periods_differ_without_a_slip_and_other_pairs_are_refused(shelf):
    found = comparing.compare(shelf.store, shelf.manager, shelf.out, shelf.september, "zh-CN")
    assert (found.first.period, found.second.period) == (SEPTEMBER, OCTOBER)
    assert {one.slip for one in found.differences} == {""}
    for other, kind in ((shelf.out, BadInput), ("RI-none", NotFound), (shelf.august, WrongState)):
        with pytest.raises(kind):
            comparing.compare(shelf.store, shelf.analyst, shelf.out, other, "en")


def test_the_triangle_keeps_late_data_apart_from_errors(shelf, monkeypatch):
    days = {shelf.out: 3, shelf.september: 5, shelf.second: 5, shelf.third: 9}
    monkeypatch.setattr(triangle, "_day", lambda _store, issue: date(2026, 11, days[issue.issue_id]))
    found = triangle.triangle(shelf.store, shelf.manager, "monthly", NET, "en")
    assert found.place == "Table 5  Sales of the month › Net sales › This month"
    assert found.vintages == tuple(date(2026, 11, day) for day in (3, 5, 9))
    september, october = found.lines
    assert [(one.text, one.revised, one.issue_id) for one in october.cells] == [
        ("¥1,000,000.00", "", shelf.out), ("¥1,001,000.00", triangle.ERROR, shelf.second),
        ("¥1,002,000.00", triangle.PLANNED, shelf.third),
    ]  # fmt: skip
    assert (october.period, october.change) == (OCTOBER, "+¥2,000.00")
    assert september.cells[0] is None, "it was not out yet"
    assert ([one.revised for one in september.cells[1:]], september.change) == (["", ""], "")
    with pytest.raises(BadInput):
        triangle.triangle(shelf.store, shelf.manager, "monthly", "t9.a.b", "en")


def test_a_planned_revision_takes_a_slip_and_nothing_replaced(shelf, monkeypatch):
    with pytest.raises(BadInput, match="slip"):
        corrections.check("note", "late", [Change(NET, 1, 2)], date(2026, 11, 1), date(2026, 11, 1))
    assert report_corrections.read(shelf.store, shelf.analyst, shelf.slips[1]).cause == "late"
    opened = correcting.lake.open

    def as_if_replaced(site, **given):
        found = opened(site, **given)
        gone = [replace(found.manifest.files[0], table="superseded", rows=2)] if given.get("version") != 1 else []
        return replace(found, manifest=replace(found.manifest, files=(*found.manifest.files, *gone)))

    monkeypatch.setattr(correcting.lake, "open", as_if_replaced)
    given = {"grade": "slip", "reason": "Late", "cause": "late"}
    with pytest.raises(BadInput, match="replaced or cancelled"):
        correcting.from_source(shelf.store, shelf.analyst, shelf.out, **given)


def test_the_commands_register_a_use_and_print_the_triangle(shelf, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    home = ["--home", str(shelf.store.site.home), "--as", "manager"]
    done = CliRunner().invoke(main, ["report", "vintages", "monthly", NET, *home])
    assert done.exit_code == 0, done.output
    place, head, september, october = done.output.splitlines()
    assert place.endswith("Net sales › This month")
    assert (head.split("\t")[0], head.split("\t")[-1]) == ("Period", "First to newest")
    assert september.split("\t")[0] == SEPTEMBER
    assert october.split("\t")[-2:] == ["¥1,002,000.00 r late data", "+¥2,000.00"]
    done = CliRunner().invoke(main, ["report", "use", shelf.september, NET, "--where", "Board paper", *home])
    assert "Board paper" in done.output
    (one,) = report_uses.of_issue(shelf.store, shelf.manager, shelf.september)
    report_uses.end(shelf.store, shelf.manager, one.use_id)
    done = CliRunner().invoke(main, ["report", "use", shelf.september, "../x", "--where", "Board paper", *home])
    assert (done.exit_code, "Traceback" in done.output) == (1, False)


# ---- reading --------------------------------------------------------------------------------------------------------


def test_an_issued_page_is_read_as_it_stands(small_site, figures):
    now = figures.table("t5").cell("net", "this_month")
    marked = revisions.applied(figures, "RS-1", "source", [Change(NET, 999_00, now)])
    edition = document.Edition(small_site.name, small_site.zone, True, "en")
    shown = document.compose(monthly.KIND, marked, edition)
    parts = reading.parts(html.render(shown))
    grids = [one for one in parts if isinstance(one, reading.Grid)]
    assert [one.title for one in grids] == [one.title for one in shown.tables]
    for grid, table in zip(grids, shown.tables, strict=True):
        assert grid.heads == table.columns
        assert [[one.text for one in row] for row in grid.rows] == [
            [row.label, *(one.text for one in row.cells)] for row in table.rows
        ]
    cells = [one for grid in grids for row in grid.rows for one in row if one.was]
    assert [(one.text, one.was) for one in cells] == [("¥1,000,000.00", "Issued before: ¥999.00")]
    pictures = [one for one in parts if isinstance(one, reading.Picture)]
    assert [(one.title, one.words) for one in pictures] == [(one.title, one.description) for one in shown.charts]
    assert all(re.fullmatch(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+", one.source) for one in pictures)
    assert shown.words["heading_text"] in [one.text for one in parts if isinstance(one, reading.Heading)]
