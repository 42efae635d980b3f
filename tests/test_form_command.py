"""`custinfo form check`: what it prints, and with which status it ends."""

import json

import pytest
from click.testing import CliRunner

from custinfo.cli import main
from tests.xforms.forms import REGIONS, survey

SOUND = (
    survey("select_one_from_file areas.csv | area | Area | | | | |", "text | a | A | | | | |")
    + "\n| settings |\n| | form_id | version |\n| | trial | 7 |"
)
WRONG = SOUND.replace("| text | a | A |", "| txet | a | ${aera} |")


@pytest.fixture
def form(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")
    (tmp_path / "areas.csv").write_bytes(REGIONS)
    return tmp_path / "trial.md"


def run(*arguments, status):
    result = CliRunner().invoke(main, ["form", "check", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.output


def test_a_sound_form(form):
    form.write_text(SOUND, "utf-8")
    assert run(form, status=0) == "The form trial, version 7, is sound; it has 2 items.\n"
    said = json.loads(run(form, "--json", status=0))
    assert said == {"form_id": "trial", "version": "7", "errors": [], "warnings": []}


def test_every_mistake_with_its_place(form, monkeypatch):
    form.write_text(WRONG, "utf-8")
    said = run(form, status=1)
    assert "Error: survey, row 4, type: There is no question type “txet”. Did you mean text?" in said
    assert "Error: survey, row 4, label: There is no question “aera”. Did you mean ${area}?" in said
    assert "2 errors" in said
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "zh-CN")
    assert "错误：survey 表，第 4 行，type 列" in run(form, status=1)
    found = json.loads(run(form, "--json", status=1))
    places = [(f["sheet"], f["row"], f["column"], f["value"]) for f in found["errors"]]
    assert places == [("survey", 4, "type", "txet"), ("survey", 4, "label", "${aera}")]
    assert found["form_id"] is None


def test_a_list_that_is_not_beside_the_form(form):
    form.write_text(SOUND, "utf-8")
    (form.parent / "areas.csv").unlink()
    assert "“areas.csv” was not supplied" in run(form, status=1)


def test_a_file_that_is_no_form(form):
    form.write_bytes(b"%PDF-1.7")
    assert "is a PDF, not a form" in run(form, status=1)
