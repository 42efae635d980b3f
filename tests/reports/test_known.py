"""Papermill runs the notebooks that were reviewed, and nothing else."""

import json
import shutil

import pytest

from custinfo.domain import report_definitions
from custinfo.domain.errors import BadInput, NotFound, SiteFault
from custinfo.reports import engine, known, parameters, places


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """A copy of the folder of reports, to be tampered with."""
    folder = tmp_path / "reports"
    shutil.copytree(places.NOTEBOOKS, folder)
    monkeypatch.setattr(places, "NOTEBOOKS", folder)
    return folder


def test_every_report_that_can_be_asked_for_is_known():
    for name in (*report_definitions.load(), parameters.ABOUT_A_CUSTOMER):
        assert known.check(name).is_file()


@pytest.mark.guarantee("report-known-notebooks")
@pytest.mark.parametrize("change", ["code", "new cell", "tags", "gone", "not a notebook"])
def test_a_changed_notebook_is_not_run(notebooks, change):
    path = notebooks / "monthly.ipynb"
    content = json.loads(path.read_text("utf-8"))
    if change == "code":
        content["cells"][-1]["source"] += ["\nimport os"]
    elif change == "new cell":
        content["cells"].append({"cell_type": "code", "metadata": {}, "source": "import os", "outputs": []})
    elif change == "tags":
        content["cells"][0]["metadata"]["tags"] = ["parameters"]
    path.write_text(json.dumps(content), "utf-8")
    if change == "gone":
        path.unlink()
    elif change == "not a notebook":
        path.write_text("[1]")
    with pytest.raises(SiteFault) as refused:
        known.check("monthly")
    assert refused.value.key == "reports.notebook_unknown"


def test_outputs_and_what_editors_add_do_not_matter(notebooks):
    path = notebooks / "monthly.ipynb"
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
    path.write_text(json.dumps(content), "utf-8")
    assert known.check("monthly") == path


@pytest.mark.guarantee("report-parameters")
@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("../monthly", {"period": "2026-10"}, NotFound),
        ("monthly.ipynb", {"period": "2026-10"}, NotFound),
        ("{period}", {"period": "2026-10"}, NotFound),
        ("/etc/passwd", {"period": "2026-10"}, NotFound),
        ("monthly", {"period": "2026-10", "x = __import__('os')": "1"}, BadInput),
        ("monthly", {"period": "2026-10", "__builtins__": "1"}, BadInput),
        ("monthly", {"period": "2026-10'; import os"}, BadInput),
        ("monthly", {"period": "{as_of}"}, BadInput),
        ("monthly", {"period": "../2026-10"}, BadInput),
        ("monthly", {"period": "2026-13"}, BadInput),
        ("monthly", {"period": "007"}, BadInput),
        ("monthly", {"period": "2026-10", "as_of": "yesterday"}, BadInput),
        ("monthly", {"period": "2026-10", "as_of": "9999-12-31T00:00:00Z"}, BadInput),
        ("monthly", {"period": "2026-10", "language": "en; import os"}, BadInput),
        ("monthly", {}, BadInput),
    ],
)
def test_names_and_values_are_typed_and_known(name, given, error):
    with pytest.raises(error):
        parameters.read(name, given)


@pytest.mark.guarantee("report-known-notebooks")
def test_what_was_checked_is_what_is_run(notebooks):
    content = known.read("monthly")
    (notebooks / "monthly.ipynb").write_text("[]")
    assert json.loads(content)["cells"]
    with pytest.raises(SiteFault):
        known.read("monthly")


@pytest.mark.guarantee("report-parameters")
def test_braces_in_a_path_stay_braces(tmp_path):
    assert engine._literal(tmp_path / "{period}" / "x") == str(tmp_path / "{{period}}" / "x")
