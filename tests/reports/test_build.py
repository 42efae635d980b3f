"""Building through Papermill: the same bytes, all or nothing, and only what is declared reaches a notebook."""

import shutil
import subprocess
import sys
from dataclasses import fields
from decimal import Decimal

import nbformat
import papermill
import pytest

from custinfo.domain import report_definitions
from custinfo.domain.errors import BadInput, Conflict, NotFound, SiteFault, WrongState
from custinfo.domain.periods import Month
from custinfo.reports import build, parameters, places, worker
from custinfo.reports.figures import Label, Row
from custinfo.reports.worker import Worker
from tests.reports import sites
from tests.reports.notebooks import listed, reviewed

NOTEBOOKS = [*sorted(places.NOTEBOOKS.glob("*.ipynb")), places.PROJECT / "notebooks" / "explore_segments.ipynb"]


@pytest.fixture(scope="module")
def warm(small_site):
    """One worker for all builds: the first of them pays for what it imports."""
    with Worker(small_site) as worker:
        yield worker


@pytest.fixture(scope="module")
def built(small_site, warm):
    return build.build(small_site, "monthly", "2026-10", worker=warm)


def bytes_of(report):
    return {file.name: file.read_bytes() for file in report.html.parent.iterdir()}


def all_files(site):
    return sorted(str(path.relative_to(site.home)) for path in site.reports.rglob("*")) if site.reports.exists() else []


def test_everything_is_there_under_our_own_names(built, small_site, figures):
    folder = small_site.reports / "monthly" / "2026-10" / "20261101T010203456789Z-zh-CN"
    assert {built.html, built.pdf, built.xlsx, built.docx, built.notebook} == {
        folder / f"monthly-2026-10.{end}" for end in ("html", "pdf", "xlsx", "docx", "ipynb")
    }
    assert (built.lake_version, built.figures_sha256) == (1, figures.sha256)
    assert (folder / "figures.json").read_bytes() == figures.canonical()
    assert (folder / "wording.json").exists()
    assert {field.name for field in fields(built)} == {
        "html",
        "pdf",
        "xlsx",
        "docx",
        "notebook",
        "lake_version",
        "figures_sha256",
    }


def test_a_second_build_has_the_same_bytes_in_every_file(built, small_site, warm):
    before = bytes_of(built)
    shutil.rmtree(built.html.parent)
    # The moment in another zone is the same moment
    again = build.build(small_site, "monthly", "2026-10", as_of="2026-11-01T09:02:03.456789+08:00", worker=warm)
    assert again == built
    assert bytes_of(again) == before


def test_building_over_an_equal_report_changes_nothing_and_over_another_is_refused(built, small_site, warm):
    stamps = {file: file.stat().st_mtime_ns for file in built.html.parent.iterdir()}
    assert build.build(small_site, "monthly", "2026-10", worker=warm) == built
    assert {file: file.stat().st_mtime_ns for file in built.html.parent.iterdir()} == stamps
    original = built.pdf.read_bytes()
    built.pdf.write_bytes(original + b"%")
    with pytest.raises(Conflict, match=r"monthly-2026-10\.pdf"):
        build.build(small_site, "monthly", "2026-10", worker=warm)
    assert built.pdf.read_bytes() == original + b"%"
    built.pdf.write_bytes(original)
    assert not [name for name in all_files(small_site) if ".building" in name]


def test_the_executed_notebook_is_whole_and_names_no_path_of_this_machine(built, small_site):
    notebook = nbformat.read(built.notebook, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.papermill == {
        "parameters": {"period": "2026-10", "as_of": "2026-11-01T01:02:03.456789Z", "language": "zh-CN"}
    }
    assert all(cell.outputs for cell in notebook.cells if cell.cell_type == "code" and "report." in cell.source)
    text = built.notebook.read_text("utf-8")
    assert str(small_site.home) not in text
    assert str(places.PROJECT) not in text
    assert "stderr" not in text


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("hourly", {"period": "2026-10"}, NotFound, "monthly"),
        ("../monthly", {"period": "2026-10"}, NotFound, "monthly"),
        ("monthly", {"period": "2026-13"}, BadInput, "2026-10"),
        ("monthly", {"period": "2026-10\n"}, BadInput, "not understood"),
        ("monthly", {"period": "{as_of}"}, BadInput, "not understood"),
        ("monthly", {"period": "2026-10", "as_of": "2026-11-01"}, BadInput, "with its zone"),
        ("monthly", {"period": "2026-10", "as_of": "9999-01-01T00:00:00Z"}, BadInput, "still to come"),
        ("monthly", {"period": "2026-10", "as_of": "0001-01-01T00:00:00+14:00"}, BadInput, "with its zone"),
        ("monthly", {"period": "2026-10", "language": "fr"}, BadInput, "zh-CN, en"),
        ("monthly", {"period": "2026-12"}, BadInput, "had not begun"),
        ("monthly", {"period": "2015-01"}, BadInput, "rule"),
        ("monthly", {"period": "2026-10", "as_of": "2020-01-01T00:00:00Z"}, NotFound, ""),
    ],
)
def test_what_is_not_understood_is_refused_before_anything_runs(small_site, name, given, error, said):
    before = all_files(small_site)
    with pytest.raises(error) as refusal:
        build.build(small_site, name, **given)
    assert said in refusal.value.text("en")
    assert refusal.value.text("zh-CN") != refusal.value.text("en")
    assert all_files(small_site) == before


def test_an_unknown_parameter_is_refused():
    with pytest.raises(BadInput, match="no parameter"):
        parameters.read("monthly", {"period": "2026-10", "import os; x": "1"})


def test_a_site_without_a_lake_has_no_report(tmp_path):
    with pytest.raises(WrongState):
        build.build(sites.site(tmp_path / "site"), "monthly", "2026-10")


def test_a_failing_notebook_leaves_a_failed_copy_and_no_half_report(small_site, tmp_path, monkeypatch, warm):
    notebook = nbformat.read(places.NOTEBOOKS / "monthly.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("report.figures.table('t99')", id="wrong"))
    listed(monkeypatch, tmp_path / "notebooks", notebook)
    shutil.rmtree(small_site.reports / "failed", ignore_errors=True)
    before = all_files(small_site)
    with pytest.raises(SiteFault, match=r"stopped at cell 13: KeyError: 't99'.*failed.*Nothing was published") as fault:
        build.build(small_site, "monthly", "2026-10", language="en", worker=warm)
    kept = fault.value.facts["notebook"]
    assert "KeyError" in kept.read_text("utf-8")
    new = [name for name in all_files(small_site) if name not in before and (small_site.home / name).is_file()]
    assert [name for name in new if not name.startswith("reports/.begun")] == [f"reports/failed/{kept.name}"]


def test_an_endless_cell_ends(small_site, tmp_path, monkeypatch):
    reviewed(monkeypatch, tmp_path / "notebooks", ("while True: pass",))
    monkeypatch.setattr(worker, "CELL_SECONDS", 2)
    with pytest.raises(SiteFault, match="stopped at cell 3: it was still running after 2 seconds") as fault:
        build.build(small_site, "monthly", "2026-10", language="en")
    assert "while True" in fault.value.facts["notebook"].read_text("utf-8")


def test_one_that_is_not_begun_is_said(small_site, monkeypatch):
    monkeypatch.setattr(worker.sys, "executable", "/bin/false")
    with pytest.raises(SiteFault, match=r"could not be begun: .* ended on its own \(status 1\)"):
        build.build(small_site, "monthly", "2026-10", language="en")


def test_when_it_was_begun_is_remembered_whole_whoever_is_first(tmp_path):
    month, early, late = Month(2026, 10), sites.PUBLISHED, sites.later(1)
    places.begin(tmp_path, "monthly", month, early, early)
    places.begin(tmp_path, "monthly", month, early, late)
    assert places.begun(tmp_path, "monthly", month, early) == early
    assert len(list((tmp_path / ".begun").iterdir())) == 1


@pytest.mark.parametrize("name", [*report_definitions.load(), parameters.ABOUT_A_CUSTOMER])
def test_notebooks_declare_what_they_are_given(name):
    assert set(papermill.inspect_notebook(str(places.NOTEBOOKS / f"{name}.ipynb"))) == set(parameters.names(name))


@pytest.mark.parametrize("cell", [float("nan"), 0.5, Decimal("NaN"), Decimal("Infinity")])
def test_a_cell_that_is_no_number_stops_the_report(cell):
    with pytest.raises(ValueError, match=f"net: {cell}"):
        Row("net", Label("message", "reports.row.net"), (1, cell))


def test_who_only_orders_a_report_imports_no_papermill_and_nothing_that_draws():
    names = "{'altair', 'papermill', 'IPython', 'nbclient'} & set(sys.modules)"
    lines = f"import sys, custinfo.reports.issuing, custinfo.reports.kinds.monthly; print({names})"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True, cwd=places.PROJECT)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_thin(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook.nbformat_minor >= 5
    assert notebook.metadata.kernelspec.name == "python3"
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert not [
        cell
        for cell in code
        if any(word in cell.source for word in ("def ", "class ", "for ", "if ", "while ", "lambda"))
    ]
    (declared,) = [cell for cell in code if "parameters" in cell.metadata.get("tags", ())]
    assert declared.source.count("\n#") + 1 == sum(
        "=" in line and not line.startswith("#") for line in declared.source.splitlines()
    )
