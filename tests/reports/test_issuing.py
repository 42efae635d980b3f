"""A regular report from its definition to its readers: nothing is out that was not signed, and what is out stays."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from custinfo.actions import approvals, report_definitions, report_issues
from custinfo.cli import main
from custinfo.domain import machines
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, NotAllowed, NotFound, SiteFault, WrongState
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.lake import files
from custinfo.reports import apart, build, definitions, issuing, outside_issues, places
from custinfo.store import Site, Store
from tests.factories import PASSWORD, account, adopt_indicators, empty_site
from tests.readable import text_of
from tests.reports import sites
from tests.test_lake import flip

guarantee = pytest.mark.guarantee
CAUSE = {
    "zh-CN": "主要客户提前备货，净销售额 {t5.net.this_month}。",
    "en": "Large customers stocked up early: net sales {t5.net.this_month}.",
}
NO_PROGRAM = shutil.ignore_patterns(".*", "docs", "tests", "site")
"""What of a clone is not the program: `data/site` is somebody's site."""
ELSEWHERE = """
import sys, custinfo
from custinfo.cli import main
print(custinfo.__file__, file=sys.stderr)
main()
"""
EFFECT = {"zh-CN": "下月订单可能减少。", "en": "Orders may fall next month."}


class Office:
    """The people of a small company and its lake of October 2026."""

    def __init__(self, store: Store) -> None:
        self.store = store
        for role in (Role.ANALYST, Role.SUPERVISOR, Role.INFORMATION_ADMINISTRATOR, Role.MANAGER, Role.RESEARCHER):
            setattr(self, str(role), account(store, role, login_name=str(role), clearance=Level.INTERNAL))

    def decide(self, person, kind, object_id, decision="approve", **more):
        case = approvals.of(self.store, kind, object_id)
        return approvals.decide(self.store, person, case.case_id, decision, case.sha256, password=PASSWORD, **more)

    def define(self):
        version = report_definitions.propose(self.store, self.analyst, "monthly", definitions.content("monthly"), "New")
        if version == 1:
            adopt_indicators(self.store)
        for person in (self.information_administrator, self.manager):
            self.decide(person, report_definitions.KIND, f"monthly-{version}")

    def draft(self, period="2026-10"):
        issue_id = issuing.draft(self.store, self.analyst, "monthly", period)
        for kind, texts in (("cause", CAUSE), ("effect", EFFECT)):
            report_issues.comment(self.store, self.analyst, issue_id, kind, texts)
        return issue_id

    def sign(self, issue_id):
        for person in (self.supervisor, self.manager):
            self.decide(person, report_issues.KIND, issue_id)

    def issue(self, issue_id):
        return report_issues.read(self.store, self.analyst, issue_id)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """A site whose October is published, its report defined and put forward: made once, copied for each test."""
    home = tmp_path_factory.mktemp("issuing") / "site"
    with empty_site(home) as store:
        sites.publish(store.site)
        office = Office(store)
        office.define()
        issue_id = office.draft()
        assert apart.start(store.site, office.analyst, issue_id).wait() == 0, "as the page does it"
        yield office, issue_id


@pytest.fixture
def fresh(tmp_path):
    """A site whose October is published, without any definition."""
    with empty_site(tmp_path / "site") as store:
        sites.publish(store.site)
        yield Office(store)


@pytest.fixture
def without_building(monkeypatch):
    """Building takes seconds, and what these tests are about stands around it."""

    def run(_site, order, folder, *_):
        for name in ("figures.json", f"{order.stem}.pdf"):
            content = {"lake_version": order.lake_version, "rules": {"value_grade": 1}, "said": sorted(order.beside)}
            (folder / name).write_text(json.dumps(content))

    monkeypatch.setattr(build, "run", run)
    monkeypatch.setattr(outside_issues, "given", sites.nothing_withheld)


def test_the_bundle_holds_both_languages_with_the_commentary_and_its_numbers_filled_in(shipped):
    office, issue_id = shipped
    issue = office.issue(issue_id)
    folder = issuing.folder_of(office.store.site, issue)
    for language, words in (("zh-CN", "主要客户提前备货"), ("en", "Large customers stocked up early")):
        html = (folder / language / "monthly-2026-10.html").read_text("utf-8")
        assert words in html
        assert ">¥1,000,000.00</a>" in html.partition(words)[2][:200]
        assert issuing.read_file(office.store.site, issue, f"{language}/monthly-2026-10.pdf").startswith(b"%PDF")
    said = issue.content
    assert (said["lake_version"], said["definition"], said["as_of"]) == (1, 1, "2026-11-01T01:02:03.456789Z")
    assert said["lock"] == files.sha256(issuing.LOCK)
    assert "{t5" not in "".join(one.read_text("utf-8") for one in folder.glob("*/*.html"))


@guarantee("report-outside")
def test_the_outside_edition_stands_beside_it_with_nothing_of_what_it_withholds(shipped):
    office, issue_id = shipped
    issue = office.issue(issue_id)
    folder = issuing.folder_of(office.store.site, issue)
    of = {edition: {str(one.relative_to(folder / edition)) for one in (folder / edition).rglob("*.*")}
          for edition in ("", "outside")}  # fmt: skip
    inside = {one for one in of[""] if not one.startswith(("outside/", "manifest"))}
    assert of["outside"] == {*inside, *(f"{one}/outside.json" for one in LANGUAGES)} - {
        f"{one}/commentary.json" for one in LANGUAGES if f"{one}/commentary.json" not in of["outside"]
    }
    assert {f"outside/{name}" for name in of["outside"]} <= issue.content["files"].keys()
    # Of eight customers hardly anything can be told; of net sales it is told inside alone
    told = issuing.read_file(office.store.site, issue, "en/monthly-2026-10.html").decode()
    assert "1,000,000.00" in told
    for name in of["outside"]:
        words = text_of((folder / "outside" / name).read_bytes())
        assert not [one for one in ("1,000,000", "1000000.05", "100000005", "700,000") if one in words], name
    page = (folder / "outside" / "en" / "monthly-2026-10.html").read_text("utf-8")
    assert "Outside edition" in page
    # The paragraph on net sales stays inside, the other goes along
    assert "Large customers stocked up" not in page
    assert "Orders may fall next month" in page


@guarantee("report-rebuilt")
def test_built_again_it_comes_out_the_same_in_every_byte(shipped, tmp_path):
    """By a copy of the program in another place, as another clone is, on the site moved elsewhere: another folder,
    home, mask of new files, locale and zone.
    """
    office, issue_id = shipped
    clone, home = tmp_path / "另一 {clone} [b]", tmp_path / "moved site" / "home"
    shutil.copytree(places.PROJECT, clone, ignore=NO_PROGRAM)
    shutil.copytree(office.store.site.home, home, symlinks=True)
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, "report", "verify", issue_id, "--json",
         "--home", str(home), "--as", office.analyst.login_name],
        capture_output=True, text=True, check=False, cwd=tmp_path, umask=0o027,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(clone), "HOME": str(tmp_path), "TZ": "Pacific/Kiritimati",
             "LC_ALL": "C", "LANG": "C", "CUSTINFO_LANGUAGE": "en", "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stderr.strip() == str(clone / "custinfo" / "__init__.py"), "the copy ran, and had nothing to say"
    assert json.loads(done.stdout) == {"faults": [], "notes": []}
    with Store.open(Site.load(home)) as moved:
        assert len(checks(moved)) == len(checks(office.store)) + 1, "of the site that was moved"


def checks(store):
    """How often an issue was verified."""
    return store.rows("SELECT 1 FROM audit WHERE action = 'report.verify'")


@guarantee("report-rebuilt")
def test_a_changed_file_and_one_too_many_are_found(shipped, monkeypatch):
    office, issue_id = shipped
    monkeypatch.setattr(issuing, "_rebuilt", lambda *_: ())
    pdf = issuing.folder_of(office.store.site, office.issue(issue_id)) / "en" / "monthly-2026-10.pdf"
    original = pdf.read_bytes()
    pdf.chmod(0o600)
    try:
        pdf.write_bytes(original[:-1] + b"x")
        (fault,) = issuing.verify(office.store, office.analyst, issue_id).faults
        assert "en/monthly-2026-10.pdf" in fault.text("en")
        with pytest.raises(SiteFault):
            issuing.read_file(office.store.site, office.issue(issue_id), "en/monthly-2026-10.pdf")
    finally:
        pdf.write_bytes(original)


def test_nothing_begins_before_its_definition_is_approved(fresh):
    with pytest.raises(WrongState, match="custinfo report define monthly"):
        issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    report_definitions.propose(fresh.store, fresh.analyst, "monthly", definitions.content("monthly"), "New")
    with pytest.raises(Conflict):
        report_definitions.propose(fresh.store, fresh.analyst, "monthly", b"{}", "Twice")
    fresh.decide(fresh.information_administrator, report_definitions.KIND, "monthly-1")
    with pytest.raises(WrongState):
        issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    fresh.decide(fresh.manager, report_definitions.KIND, "monthly-1")
    with pytest.raises(WrongState, match="custinfo indicators propose"):
        issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    adopt_indicators(fresh.store)
    assert issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")


def test_a_definition_or_notebook_that_changed_since_is_proposed_anew(fresh, monkeypatch):
    fresh.define()
    with pytest.raises(Conflict):
        report_definitions.propose(fresh.store, fresh.analyst, "monthly", definitions.content("monthly"), "The same")
    changed = definitions.content("monthly").replace(b"outside", b"inside")
    monkeypatch.setattr(definitions, "content", lambda _: changed)
    with pytest.raises(WrongState, match="version 1"):
        issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    fresh.define()
    assert fresh.issue(issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")).definition_version == 2


@pytest.mark.parametrize(
    ("period", "error"), [("2026-11", BadInput), ("2027-01", BadInput), ("2026-1", BadInput), ("{as_of}", BadInput)]
)
def test_a_period_that_has_not_ended_or_is_none_has_no_issue(fresh, period, error):
    fresh.define()
    with pytest.raises(error):
        issuing.draft(fresh.store, fresh.analyst, "monthly", period)
    assert report_issues.listed(fresh.store, fresh.analyst) == []


def test_the_diagram_in_the_documents_is_the_machine():
    document = (places.PROJECT / "docs" / "how-to" / "reports.md").read_text("utf-8")
    assert document.partition("```mermaid\n")[2].partition("```")[0] == machines.diagram(machines.REPORT) + "\n"


def test_a_period_has_one_issue(fresh):
    fresh.define()
    first = fresh.draft()
    with pytest.raises(Conflict, match=first):
        fresh.draft()
    report_issues.withdraw(fresh.store, fresh.analyst, first)
    assert fresh.draft() != first


@guarantee("report-signed")
def test_without_its_commentary_it_is_not_put_forward_and_unsigned_it_is_not_released(fresh, without_building):
    fresh.define()
    issue_id = issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    with pytest.raises(WrongState, match="Causes, Effects and consequences") as lacking:
        issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    assert "原因、影响和后果" in lacking.value.text("zh-CN")
    for kind, texts in (("cause", CAUSE), ("effect", EFFECT)):
        report_issues.comment(fresh.store, fresh.analyst, issue_id, kind, texts)
    issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    with pytest.raises(WrongState):
        report_issues.release(fresh.store, fresh.manager, issue_id)
    fresh.decide(fresh.supervisor, report_issues.KIND, issue_id)
    with pytest.raises(WrongState):
        report_issues.release(fresh.store, fresh.manager, issue_id)
    fresh.decide(fresh.manager, report_issues.KIND, issue_id)
    report_issues.release(fresh.store, fresh.information_administrator, issue_id)
    assert fresh.issue(issue_id).state == "released_inside"
    with pytest.raises(NotAllowed):
        report_issues.release(fresh.store, fresh.information_administrator, issue_id, outside=True)
    report_issues.release(fresh.store, fresh.manager, issue_id, outside=True)
    assert fresh.issue(issue_id).state == "released_outside"


@guarantee("report-outside")
def test_an_outside_edition_is_held_against_the_one_that_stands_as_its_readers_have_it(shipped):
    office, issue_id = shipped
    other = office.issue(office.draft("2026-09"))
    figures = issuing.figures_of(office.store.site, "monthly", other.period, other.as_of)
    alone = office.issue(issue_id)
    try:
        found = outside_issues.given(office.store, other, figures, [], None)
    finally:
        report_issues.withdraw(office.store, office.analyst, other.issue_id)
    assert found["against"] == {issue_id: alone.sha256}
    assert alone.against == {}


@guarantee("report-outside")
def test_two_issues_put_forward_at_once_are_held_against_each_other(fresh, without_building, monkeypatch):
    fresh.define()
    issues = {period: fresh.draft(period) for period in ("2026-09", "2026-10")}
    meanwhile = [issues["2026-09"]]

    def given(store, issue, *_):
        beside = {one.issue_id: one.sha256 for one in report_issues.beside(store, issue)}
        if issue.issue_id == issues["2026-10"] and meanwhile:
            issuing.put_forward(store, fresh.analyst, meanwhile.pop())
        return {"beside": {"outside.json": "{}"}, "against": beside}

    monkeypatch.setattr(outside_issues, "given", given)
    with pytest.raises(Conflict, match=issues["2026-09"]):
        issuing.put_forward(fresh.store, fresh.analyst, issues["2026-10"])
    assert fresh.issue(issues["2026-10"]).state == "draft"
    issuing.put_forward(fresh.store, fresh.analyst, issues["2026-10"])
    september, october = (fresh.issue(one) for one in issues.values())
    assert (september.against, october.against) == ({}, {september.issue_id: september.sha256})
    # Put forward again, the first knows the second, whose manifest names what the first was: either way will do
    report_issues.comment(fresh.store, fresh.analyst, september.issue_id, "measure", EFFECT)
    issuing.put_forward(fresh.store, fresh.analyst, september.issue_id)
    fresh.sign(october.issue_id)
    report_issues.release(fresh.store, fresh.manager, october.issue_id)
    report_issues.release(fresh.store, fresh.manager, october.issue_id, outside=True)


@guarantee("report-outside")
def test_an_issue_that_knew_nothing_of_another_is_not_released_outside(fresh, without_building, monkeypatch):
    fresh.define()
    monkeypatch.setattr(outside_issues, "given", lambda *_: {"beside": {"outside.json": "{}"}, "against": {}})
    # As if an earlier version of the program had put the second forward
    with monkeypatch.context() as patched:
        patched.setattr(report_issues, "_check_beside", lambda *_: None)
        one, other = (fresh.draft(period) for period in ("2026-09", "2026-10"))
        for issue_id in (one, other):
            issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    fresh.sign(other)
    report_issues.release(fresh.store, fresh.manager, other)
    with pytest.raises(Conflict, match=one):
        report_issues.release(fresh.store, fresh.manager, other, outside=True)
    assert fresh.issue(other).state == "released_inside"


@guarantee("report-signed")
def test_a_change_after_the_signature_voids_it(fresh, without_building):
    fresh.define()
    issue_id = fresh.draft()
    issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    fresh.sign(issue_id)
    assert report_issues.is_signed(fresh.store, fresh.issue(issue_id))
    report_issues.comment(fresh.store, fresh.analyst, issue_id, "measure", EFFECT)
    issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    assert not report_issues.is_signed(fresh.store, fresh.issue(issue_id))
    with pytest.raises(WrongState):
        report_issues.release(fresh.store, fresh.manager, issue_id)
    fresh.sign(issue_id)
    report_issues.release(fresh.store, fresh.manager, issue_id)
    for attempt in (
        lambda: report_issues.comment(fresh.store, fresh.analyst, issue_id, "cause", CAUSE),
        lambda: issuing.put_forward(fresh.store, fresh.analyst, issue_id),
        lambda: report_issues.withdraw(fresh.store, fresh.analyst, issue_id),
    ):
        with pytest.raises(WrongState):
            attempt()


def test_who_wrote_in_it_neither_reviews_nor_signs_it(fresh, without_building):
    fresh.define()
    issue_id = issuing.draft(fresh.store, fresh.information_administrator, "monthly", "2026-10")
    for kind, texts in (("cause", CAUSE), ("effect", EFFECT)):
        report_issues.comment(fresh.store, fresh.analyst, issue_id, kind, texts)
    issuing.put_forward(fresh.store, fresh.information_administrator, issue_id)
    assert approvals.of(fresh.store, report_issues.KIND, issue_id).authors == {
        fresh.analyst.person_id, fresh.information_administrator.person_id,
    }  # fmt: skip


def test_commentary_that_changed_while_it_was_built_is_put_forward_once_more(fresh, without_building, monkeypatch):
    fresh.define()
    issue_id = fresh.draft()
    built = issuing._editions

    def meanwhile(*given):
        report_issues.comment(fresh.store, fresh.analyst, issue_id, "measure", EFFECT)
        built(*given)

    monkeypatch.setattr(issuing, "_editions", meanwhile)
    with pytest.raises(Conflict):
        issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    assert fresh.issue(issue_id).state == "draft"
    assert not [one for one in (fresh.store.site.reports / "issued").iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("rumour", EFFECT),
        ("cause", {"zh-CN": "有", "en": " "}),
        ("cause", {"zh-CN": "{t5.net.this_month}", "en": "{t5.net.last_month}"}),
        ("cause", {"zh-CN": "{x}", "en": "{x}"}),
        ("cause", {"zh-CN": "{0.__class__.y}", "en": "{"}),
        ("cause", {"zh-CN": "{t5.net.this_month:>99999999}", "en": "{t5.net.this_month:>99999999}"}),
        ("cause", {"zh-CN": "多" * 2001, "en": "x"}),
    ],
)
def test_commentary_that_cannot_stand_is_refused(shipped, kind, texts):
    office, issue_id = shipped
    before = report_issues.comments(office.store, office.analyst, issue_id)
    with pytest.raises(BadInput) as refused:
        report_issues.comment(office.store, office.analyst, issue_id, kind, texts)
    assert refused.value.text("zh-CN") != refused.value.text("en")
    assert report_issues.comments(office.store, office.analyst, issue_id) == before


@pytest.mark.parametrize("address", ["t5.net.nothing", "t9.net.this_month", "t5.0.__class__"])
def test_an_address_that_the_report_has_not_stops_the_build_and_is_named(fresh, address):
    fresh.define()
    issue_id = fresh.draft()
    words = f"{{{address}}}"
    report_issues.comment(fresh.store, fresh.analyst, issue_id, "measure", {"zh-CN": words, "en": words})
    with pytest.raises(CustinfoError, match=address):
        issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    assert fresh.issue(issue_id).state == "draft"


def test_who_sees_what(shipped):
    office, issue_id = shipped
    assert [one.issue_id for one in report_issues.listed(office.store, office.supervisor)] == [issue_id]
    with pytest.raises(NotAllowed):
        report_issues.listed(office.store, office.researcher)
    with pytest.raises(NotFound):
        report_issues.read(office.store, office.analyst, "RI-0")
    with pytest.raises(NotAllowed):
        report_issues.comment(office.store, office.manager, issue_id, "cause", CAUSE)


def test_what_goes_wrong_in_the_other_process_is_kept_for_the_page(fresh):
    fresh.define()
    issue_id = issuing.draft(fresh.store, fresh.analyst, "monthly", "2026-10")
    assert apart.standing(fresh.store.site, issue_id) is None
    assert apart.main(str(fresh.store.site.home), fresh.analyst.login_name, issue_id) == 1
    found = apart.standing(fresh.store.site, issue_id)
    assert not found.runs
    assert "Causes" in found.said["en"]
    assert "原因" in found.said["zh-CN"]
    assert apart.main(str(fresh.store.site.home), fresh.manager.login_name, issue_id) == 1
    assert "prepare issues of reports" in apart.standing(fresh.store.site, issue_id).said["en"]
    assert fresh.issue(issue_id).state == "draft"


def test_a_process_that_was_killed_is_told_from_one_that_runs(fresh):
    process = apart.start(fresh.store.site, fresh.analyst, "RI-1")
    assert apart.standing(fresh.store.site, "RI-1").runs
    process.kill()
    process.wait()
    assert "report put-forward" in apart.standing(fresh.store.site, "RI-1").said["en"]


def test_by_commands_from_the_definition_to_the_draft(fresh, monkeypatch):
    home = str(fresh.store.site.home)
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")

    def ran(*words, person="analyst"):
        return CliRunner().invoke(main, ["report", *words, "--home", home, "--as", person], catch_exceptions=False)

    assert ran("draft", "monthly", "--period", "2026-10").exit_code == 1
    assert "Version 1" in ran("define", "monthly", "--reason", "New").output
    for person in (fresh.information_administrator, fresh.manager):
        fresh.decide(person, report_definitions.KIND, "monthly-1")
    adopt_indicators(fresh.store)
    issue_id = json.loads(ran("draft", "monthly", "--period", "2026-10", "--json").output)["issue"]
    assert ran("comment", issue_id, "--kind", "cause", "--zh", "好", "--en", "Good").exit_code == 0
    assert "Monthly customer statistics 2026-10  draft" in ran("list").output
    for words, person in ((("put-forward",), "analyst"), (("issue",), "manager"), (("verify",), "analyst")):
        done = ran(*words, issue_id, person=person)
        assert (done.exit_code, "Traceback" in done.output) == (1, False), words
    assert ran("compare", issue_id).exit_code == ran("correct", issue_id, "--reason", "x").exit_code == 1
    assert ran("revise", "RS-1").exit_code == 1


def test_a_rebuild_whose_lake_is_gone_says_so(fresh, without_building):
    fresh.define()
    issue_id = fresh.draft()
    issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    shutil.rmtree(fresh.store.site.home / "lake")
    assert issuing.verify(fresh.store, fresh.analyst, issue_id).faults


@guarantee("lake-unchanged")
def test_of_a_lake_with_another_byte_nothing_is_put_forward(fresh, without_building):
    fresh.define()
    issue_id = fresh.draft()
    (sold,) = (fresh.store.site.lake / "sales").glob("*.parquet")
    flip(sold, sold.stat().st_size // 2)
    with pytest.raises(SiteFault, check=lambda fault: fault.key == "lake.damaged"):
        issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    assert fresh.issue(issue_id).manifest is None
    flip(sold, sold.stat().st_size // 2)
    issuing.put_forward(fresh.store, fresh.analyst, issue_id)
    flip(sold, sold.stat().st_size // 2)
    assert "lake.damaged" in {fault.key for fault in issuing.verify(fresh.store, fresh.analyst, issue_id).faults}
