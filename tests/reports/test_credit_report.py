"""The credit report of one customer: twelve sections of what was known, the same bytes again, kept nowhere."""

import io
import json
import stat

import nbformat
import openpyxl
import papermill
import pytest
from click.testing import CliRunner

from custinfo.actions import export_register, record_levels
from custinfo.actions.credit_archive import Archive
from custinfo.cli import main
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, SiteFault
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.reports import (
    build,
    credit_report,
    credit_report_build,
    credit_report_layouts,
    credit_report_sections,
    known,
    parameters,
    places,
)
from custinfo.reports.charts import Chart
from custinfo.reports.credit_report_document import Facts, Sentence, Table
from custinfo.reports.credit_report_sections import Known
from custinfo.reports.credit_report_survey import GROUPS
from tests import credit_desk_sites, credit_sites, credit_standings
from tests.credit_desk_sites import HOSTILE, survey
from tests.factories import CARD, account


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A customer of whom much is known, and one of whom only the card is."""
    with credit_desk_sites.opened(tmp_path_factory.mktemp("credit")) as made:
        yield made


@pytest.fixture(scope="module")
def now(site):
    """The moment of which the reports are."""
    return utc_now()


@pytest.fixture(scope="module", params=LANGUAGES)
def made(request, site, now):
    """The report in each language."""
    store, people = site.store, site.people
    return credit_report.make(store, people["boss"], site.known, now, request.param)


def told(document):
    """Everything that stands in a report, for looking up."""
    return credit_report_layouts.canonical(document).decode()


def test_it_has_the_twelve_sections_in_order_and_none_is_blank(made):
    language = made.document.language
    assert [one.title for one in made.document.sections] == [
        text(f"credit_paper.section.{group}", language) for group in GROUPS
    ]
    assert len(made.document.sections) == 12
    assert all(one.parts for one in made.document.sections)
    kinds = {type(part) for one in made.document.sections for part in one.parts}
    assert kinds == {Facts, Table, Sentence, Chart}


def test_it_says_what_survey_ratings_and_dealings_say(made):
    sections = {
        one.id: json.dumps([str(part) for part in one.parts], ensure_ascii=False) for one in made.document.sections
    }
    for said in ("盖永兴", "生产部", "佘宗尧", "财务部"):  # owner and manager; the internal organisation
        assert said in sections["s2"]
    assert "45.0%" in sections["s3"]  # liabilities of assets, this year
    assert "¥75,000.00" in sections["s11"]  # 10 + 11 + … + 15 thousand within twelve months
    assert "rater-1 某" in sections["s11"]
    assert "¥66,000.00" in sections["s12"]  # not paid yet: 75 less 9 thousand
    assert "credit_" not in told(made.document).replace("credit_report", "")


def test_it_has_the_credit_archive(made):
    language = made.document.language
    profile, assessment = (
        json.dumps([str(part) for part in made.document.sections[n].parts], ensure_ascii=False) for n in (0, 10)
    )
    assert text("credit_archive.card", language) in profile
    for question in ("legal_representative", "address"):
        assert next(answer for ref, answer in CARD.items() if ref.endswith(f"/{question}")) in profile
    assert text("credit_archive.rated", language) in assessment
    assert text("credit_archive.figure.debt_ratio", language, value="45.00") in assessment


def test_of_a_customer_of_whom_nothing_is_known_every_section_says_what_is_missing(site, now):
    store, people = site.store, site.people
    for language in LANGUAGES:
        report = credit_report.make(store, people["boss"], site.bare, now, language)
        for group, one in zip(GROUPS, report.document.sections, strict=True):
            lacking = [part.text for part in one.parts if isinstance(part, Sentence) and part.look == "lacking"]
            assert any(text(f"credit_paper.needs.{group}", language) in words for words in lacking)


def test_a_report_of_an_earlier_moment_stays_as_it_was(site, made, now):
    store, people = site.store, site.people
    language, again = made.document.language, credit_report.make
    before = made.files
    survey(store, people["two"], site.known_number, profile__scope="后来改的")
    credit_sites.rate(store, people["two"], site.known_number, 2)
    assert again(store, people["boss"], site.known, now, language).files == before
    later = again(store, people["boss"], site.known, utc_now(), language)
    assert "后来改的" in told(later.document)
    with pytest.raises(NotFound, match="2020"):
        again(store, people["boss"], site.known, now.replace(year=2020), language)


def test_who_may_have_it(site, now):
    store, people = site.store, site.people
    analyst = account(store, Role.ANALYST, login_name="analyst")
    uncleared = account(store, Role.SUPERVISOR, login_name="uncleared", clearance=Level.PUBLIC)
    stranger = account(store, Role.SUPERVISOR, login_name="stranger", department="远方部")
    for who, error in (
        (people["one"], NotAllowed), (analyst, NotAllowed), (uncleared, NotAllowed), (stranger, NotFound)
    ):  # fmt: skip
        with pytest.raises(error):
            credit_report.make(store, who, site.known, now, "en")
    for who in (people["boss"], people["manager"], SERVICE):
        credit_report.check_may_build(store, who, site.known)


def test_what_is_of_level_1_is_masked(site):
    store, people = site.store, site.people
    record = survey(store, people["one"], site.bare_number, profile__company_name="深圳市极密实业有限公司")
    record_levels.set(store, people["boss"], record.record_id, Level.SECRET, "商业秘密")
    report = credit_report.make(store, people["boss"], site.bare, utc_now(), "zh-CN")
    assert "深圳市极密实业有限公司" not in told(report.document)
    assert "62,000,000" not in told(report.document)
    assert "深圳市****有限公司" in told(report.document)


def test_what_people_typed_is_text_in_every_layout(made):
    files = {name.rpartition(".")[2]: content for name, content in made.files.items()}
    assert HOSTILE.encode() not in files["html"]
    assert b"&lt;script&gt;" in files["html"]
    assert files["pdf"].startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    assert len(book.sheetnames) == 13
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert "=1+1" in [cell.value for cell in cells]
    assert 66_000 in [cell.value for cell in cells]


@pytest.mark.parametrize("standing", [credit_standings.full, credit_standings.empty])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_standing_can_be_said(site, standing, language, now):
    store = site.store
    document = credit_report_sections.compose(
        Known("C000001", "C000001", now, None, standing("c1"), Archive((), ()), None), store.site, language
    )
    assert credit_report_layouts.LAYOUTS["html"](document, now)
    assert "credit_" not in told(document).replace("credit_report", "")


class TestAsFiles:
    def test_the_command_hands_over_private_files_and_the_site_keeps_none(self, site, tmp_path, now):
        store, people = site.store, site.people
        before = kept(store)
        command = ["report", "build", "credit_report", "--home", str(store.site.home), "--json", "--as", "boss"]
        command += ["--customer", site.known_number.lower(), "--as-of", now.isoformat(), "--language", "en"]
        done = CliRunner().invoke(main, [*command, "--into", str(tmp_path)])
        assert done.exit_code == 0, done.output
        printed = json.loads(done.output)
        (folder,) = tmp_path.iterdir()
        assert {file.suffix for file in folder.iterdir()} == {".html", ".pdf", ".xlsx", ".json", ".ipynb"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        report = credit_report.make(store, people["boss"], site.known, now, "en")
        assert {name: (folder / name).read_bytes() for name in report.files} == report.files
        notebook = nbformat.read(folder / f"{report.stem}.ipynb", as_version=4)
        assert str(store.site.home) not in (folder / f"{report.stem}.ipynb").read_text("utf-8")
        assert notebook.metadata.papermill["parameters"]["customer"] == site.known_number
        assert kept(store) == before
        entry = export_register.listed(store, SERVICE).rows[0]
        assert (entry.export_id, entry.sha256) == (printed["export"], printed["sha256"])
        assert (entry.what, entry.object_id, entry.by) == ("report", site.known, people["boss"].display_name)

    def test_a_cell_that_fails_leaves_nothing_and_tells_nothing(self, site, tmp_path, monkeypatch):
        store = site.store
        notebook = nbformat.read(places.NOTEBOOKS / "credit_report.ipynb", as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell("raise ValueError(report.document.subject)", id="wrong"))
        listed = tmp_path / "notebooks"
        listed.mkdir()
        nbformat.write(notebook, listed / "credit_report.ipynb")
        (listed / known.LIST).write_text(f'credit_report = "{known.digest(listed / "credit_report.ipynb")}"\n')
        monkeypatch.setattr(places, "NOTEBOOKS", listed)
        into, before = tmp_path / "into", kept(store)
        with pytest.raises(SiteFault, match="ValueError") as fault:
            credit_report_build.make(store, SERVICE, into, customer=site.known_number)
        assert "深圳" not in fault.value.text("zh-CN")
        assert not into.exists()
        assert kept(store) == before

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"customer": "../C1"}, BadInput),
            ({"customer": "C999999"}, NotFound),
            ({"customer": "C000001", "as_of": "2026-11-01"}, BadInput),
            ({"customer": "C000001", "language": "fr"}, BadInput),
        ],
    )
    def test_what_is_not_understood_is_refused_before_anything_runs(self, site, tmp_path, given, error):
        with pytest.raises(error) as refusal:
            credit_report_build.make(site.store, SERVICE, tmp_path, **given)
        assert refusal.value.text("zh-CN") != refusal.value.text("en")
        assert not list(tmp_path.iterdir())

    def test_a_folder_of_the_site_is_refused(self, site):
        store = site.store
        with pytest.raises(BadInput, match="inside the site"):
            credit_report_build.make(store, SERVICE, store.site.lake / "x", customer=site.known_number)

    def test_another_report_of_the_same_moment_stays(self, tmp_path):
        for name, content in (("new", "1"), ("old", "2")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.json").write_text(content)
        with pytest.raises(Conflict, match=r"a\.json"):
            credit_report_build.hand_over(tmp_path / "new", tmp_path / "old")
        assert (tmp_path / "old" / "a.json").read_text() == "2"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]

    def test_the_monthly_report_is_not_built_of_a_customer_nor_the_other_way_round(self, site):
        store = site.store
        with pytest.raises(BadInput, match="no parameter"):
            build.build(store.site, "credit_report", "2026-10")
        with pytest.raises(BadInput, match="no parameter"):
            parameters.read_of_customer("monthly", {"customer": "C000001"})

    def test_the_notebook_declares_what_it_is_given(self):
        declared = papermill.inspect_notebook(str(places.NOTEBOOKS / "credit_report.ipynb"))
        assert set(declared) == set(parameters.OF_A_CUSTOMER)
        assert known.check("credit_report")


def kept(store):
    """Every file of the site that is not the store, its log or its anchor."""
    own = ("store.db", "anchor", "log", "keys")
    files = (path.relative_to(store.site.home) for path in store.site.home.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if not path.parts[0].startswith(own))
