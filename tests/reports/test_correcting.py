"""Corrections of issued reports: from a changed source to the slip, its approval, the revision marked r, and the news."""

import json
from datetime import date, timedelta

import pytest

from custinfo.actions import approvals, due, report_corrections, report_issues
from custinfo.actions.report_corrections import KIND
from custinfo.domain import corrections
from custinfo.domain.corrections import Change
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, WrongState
from custinfo.reports import build, correcting, document, html, issuing, outside_issues, revisions, xlsx
from custinfo.reports import figures as counted
from custinfo.reports.kinds import monthly
from tests.factories import empty_site
from tests.reports import sites
from tests.reports.test_issuing import Office

LATER = sites.PUBLISHED + timedelta(days=2)
MORE = [("c2", "sale", "2026-10-30", 1_000_00)]
NET = "t5.net.this_month"


def figures_only(site, order, folder, *_):
    """In the place of a build, which takes seconds: its figures, as the notebook would save them."""
    found = issuing.figures_of(site, "monthly", str(order.period), order.as_of)
    if revisions.FILE in order.beside:
        told = json.loads(order.beside[revisions.FILE])
        changes = [Change(**one) for one in told["changes"]]
        found = revisions.applied(found, told["slip"], told["cause"], changes)
    (folder / "figures.json").write_bytes(found.canonical())
    (folder / f"{order.stem}.pdf").write_bytes(b"%PDF")


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A company whose October report is out. Building is left out: what is compared is read from the figures."""

    monkeypatch.setattr(build, "run", figures_only)
    monkeypatch.setattr(outside_issues, "given", sites.nothing_withheld)
    with empty_site(tmp_path / "site") as store:
        sites.publish(store.site)
        office = Office(store)
        office.define()
        yield office


@pytest.fixture
def out(office):
    """The issue of October, released inside."""
    issue_id = office.draft()
    return released(office, issue_id)


def released(office, issue_id):
    issuing.put_forward(office.store, office.analyst, issue_id)
    office.sign(issue_id)
    report_issues.release(office.store, office.manager, issue_id)
    return issue_id


def changed_source(office):
    sites.publish(office.store.site, sales=MORE, now=LATER, batch="b2")


def slip(office, issue_id, **more):
    given = {"grade": "slip", "reason": "A sale came in late", **more}
    return correcting.from_source(office.store, office.analyst, issue_id, **given)


def approve(office, correction_id):
    for person in (office.supervisor, office.manager):
        office.decide(person, KIND, correction_id)


def waiting(office, person):
    rows = due.listed(office.store, person, date(2027, 1, 1), kind="reports").rows
    return [one.text("en") for one in rows if one.link.startswith("/reports/R")]


@pytest.mark.guarantee("report-corrected")
def test_from_a_changed_source_to_the_revision_and_the_news(office, out):
    store = office.store
    report_issues.read_out(store, office.information_administrator, out, "en/x.pdf")
    changed_source(office)
    found = correcting.compare(store, office.analyst, out)
    before, after = (
        {one.address: one for one in found.changes}[NET].old,
        {one.address: one for one in found.changes}[NET].new,
    )
    assert after - before == 1_000_00
    assert [one.issue.issue_id for one in correcting.affected(store, office.analyst)] == [out]
    correction = slip(office, out)
    with pytest.raises(WrongState):
        correcting.revise(store, office.analyst, correction)
    approve(office, correction)
    assert waiting(office, office.analyst) == ["Carry out the approved slip: Monthly customer statistics 2026-10"]
    revised = correcting.revise(store, office.analyst, correction)
    assert len(report_issues.comments(store, office.analyst, revised)) == 2, "with its commentary"
    released(office, revised)
    told = json.loads(issuing.read_file(store.site, office.issue(revised), "en/figures.json"))
    assert told["slip"] == correction
    assert told["revised"][NET] == before
    assert office.issue(revised).title("en") == "Monthly customer statistics 2026-10 r1"
    assert office.issue(out).state == "released_inside", "the original stays"
    assert issuing.verify(store, office.analyst, out).faults == ()
    assert correcting.affected(store, office.analyst) == []
    news = ["Figures that you read were revised: Monthly customer statistics 2026-10 r1"]
    assert waiting(office, office.supervisor) == waiting(office, office.manager) == news
    assert waiting(office, office.information_administrator) == news


@pytest.mark.guarantee("report-corrected")
def test_a_revision_changes_no_other_figure_than_the_slip_names(office, out, monkeypatch):
    changed_source(office)
    correction = slip(office, out)
    approve(office, correction)
    revised = correcting.revise(office.store, office.analyst, correction)
    given = issuing.figures_of
    # As after somebody withdrew meanwhile
    monkeypatch.setattr(issuing, "figures_of", lambda *of: given(*of).with_cells({"t1.total.customers": 1}))
    with pytest.raises(Conflict, match=correction):
        issuing.put_forward(office.store, office.analyst, revised)
    assert office.issue(revised).state == "draft"


def test_figures_come_back_as_they_were_told(figures):
    assert counted.read(figures.canonical()).canonical() == figures.canonical()
    marked = revisions.applied(figures, "RS-1", "hand", [Change(NET, 1, 2)])
    assert counted.read(marked.canonical()).canonical() == marked.canonical()
    assert dict(marked.cells())[NET] == 2


def test_what_is_marked_shows_in_every_layout(small_site, figures):
    changes = [Change(NET, 999_00, figures.table("t5").cell("net", "this_month"))]
    marked = revisions.applied(figures, "RS-1", "source", changes)
    for language, was in (("zh-CN", "原报出：¥999.00"), ("en", "Issued before: ¥999.00")):
        edition = document.Edition(small_site.name, small_site.zone, True, language)
        shown = document.compose(monthly.KIND, marked, edition)
        page = html.render(shown).decode()
        assert page.count('<sup class="revised">r</sup>') == 1
        assert was in page
        assert "RS-1" in page
        assert xlsx.render(marked, shown, monthly.DRAWINGS)
    assert marked.sha256 != figures.sha256
    assert revisions.applied(figures, "", "source", []).sha256 == figures.sha256


def test_by_hand_replaces_the_cell_that_was_wrong(office, out):
    right = {"t5.net.this_month": "1,000,000.01", "t1.total.share": "99.9%", "t1.total.customers": "9"}
    correction = correcting.by_hand(office.store, office.analyst, out, right, grade="slip", reason="Typed wrong")
    made = report_corrections.read(office.store, office.analyst, correction)
    assert [(one.address, one.new) for one in made.changes] == [
        ("t1.total.customers", 9), ("t1.total.share", "99.9"), (NET, 1_000_000_01),
    ]  # fmt: skip
    approve(office, correction)
    revised = released(office, correcting.revise(office.store, office.analyst, correction))
    told = json.loads(issuing.read_file(office.store.site, office.issue(revised), "en/figures.json"))
    (row,) = [row for table in told["tables"] if table["id"] == "t5" for row in table["rows"] if row["id"] == "net"]
    assert row["cells"][0] == 1_000_000_01


@pytest.mark.parametrize("written", ["", "nan", "infinity", "1e400", "1.005", "twelve", "9" * 20, "0.1%%", "1e-9"])
def test_what_is_no_number_of_the_cell_is_refused(figures, written):
    with pytest.raises(BadInput, match="t5.net.this_month"):
        revisions.by_hand(figures, NET, written)


@pytest.mark.parametrize("address", ["t9.a.b", "t5", "t5.net.label", "t5.net.__class__", "{0}"])
def test_what_is_no_cell_is_refused(figures, address):
    with pytest.raises(BadInput):
        revisions.by_hand(figures, address, "1")


def test_two_corrections_at_once_and_one_of_what_was_revised_are_refused(office, out):
    changed_source(office)
    correction = slip(office, out)
    with pytest.raises(Conflict, match=correction):
        slip(office, out)
    approve(office, correction)
    with pytest.raises(Conflict, match=correction):
        slip(office, out)
    revised = correcting.revise(office.store, office.analyst, correction)
    with pytest.raises(Conflict, match=revised):
        correcting.revise(office.store, office.analyst, correction)
    released(office, revised)
    with pytest.raises(Conflict, match=revised):
        slip(office, out)
    sites.publish(office.store.site, sales=MORE, now=LATER + timedelta(days=1), batch="b3")
    again = slip(office, revised)
    approve(office, again)
    assert office.issue(correcting.revise(office.store, office.analyst, again)).revision == 2


def test_a_rejected_slip_makes_room_for_another(office, out):
    changed_source(office)
    correction = slip(office, out)
    office.decide(office.supervisor, KIND, correction, "reject", note="No")
    assert report_corrections.read(office.store, office.analyst, correction).state == "rejected"
    assert slip(office, out) != correction


def test_nothing_is_corrected_that_is_not_out_or_not_different(office, out):
    with pytest.raises(BadInput):
        slip(office, out)
    with pytest.raises(NotAllowed):
        correcting.from_source(office.store, office.manager, out, grade="slip", reason="x")
    changed_source(office)
    for more in ({"reason": " "}, {"grade": "whisper"}, {"grade": "verbal"}):
        with pytest.raises(BadInput):
            slip(office, out, **more)
    assert report_corrections.of_issue(office.store, office.analyst, out) == []
    other = office.draft("2026-09")
    with pytest.raises(WrongState):
        correcting.by_hand(office.store, office.analyst, other, {}, grade="slip", reason="x")


def test_the_lesser_grades_are_registered_with_who_was_told(office, out):
    changed_source(office)
    made = slip(office, out, grade="verbal", told="Ms Zhou, by telephone at ten")
    (one,) = report_corrections.of_issue(office.store, office.analyst, out)
    assert (one.correction_id, one.grade, one.state, one.told) == (made, "verbal", "", "Ms Zhou, by telephone at ten")
    assert approvals.of(office.store, KIND, made) is None


@pytest.mark.parametrize(
    ("grade", "days", "accepted"),
    [("verbal", 0, True), ("verbal", 1, False), ("note", 1, True), ("note", 2, False), ("slip", 400, True)],
)
def test_a_grade_has_its_days(grade, days, accepted):
    day = date(2026, 12, 31)
    given = (grade, "source", [Change(NET, 1, 2)], day, day + timedelta(days=days))
    if accepted:
        corrections.check(*given)
        return
    with pytest.raises(WrongState, match="2026-12-31"):
        corrections.check(*given)


def test_a_correction_is_never_changed(office, out):
    changed_source(office)
    correction = slip(office, out)
    for statement in ("UPDATE report_correction SET reason = 'x'", "DELETE FROM report_correction"):
        with pytest.raises(Exception, match="append-only"), office.store.act("x", "test.x", "x", correction) as tx:
            tx._db.execute(statement)
