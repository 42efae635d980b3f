"""The commands: what they print, and with which status they end."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from custinfo import cli
from custinfo.cli import main
from custinfo.store import Site
from tests.factories import account, card, site_with_forms


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("CUSTINFO_LANGUAGE", "en")


def run(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def home(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        card(store, account(store))
    return tmp_path / "site"


def test_init_makes_a_site_and_never_a_second_one(tmp_path):
    home = tmp_path / "new"
    assert "serve" in run("init", "--home", home, "--name", "甲公司")
    assert Site.load(home).name == "甲公司"
    assert "already" in run("init", "--home", home, status=1)
    assert "No fault was found" in run("doctor", "--home", home)


def test_an_interrupted_init_leaves_nothing_that_looks_like_a_site(tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    home = tmp_path / "new"
    with monkeypatch.context() as patched:
        patched.setattr("custinfo.actions.demo_site.fill", interrupted)
        run("init", "--demo", "--home", home, status=1)
    assert not home.exists()
    run("init", "--home", home, "--name", 'A "quoted" name')
    assert Site.load(home).name == 'A "quoted" name'
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    assert "not empty" in run("init", "--home", tmp_path / "other", status=1)


def test_a_site_that_is_not_there_is_named_with_the_remedy(tmp_path):
    for command in (
        ["serve"],
        ["publish"],
        ["audit", "verify"],
        ["doctor"],
        ["report", "build", "monthly", "--period", "2026-10"],
    ):
        assert "custinfo init" in run(*command, "--home", tmp_path / "none", status=1)


def test_wrong_usage_ends_with_2(home):
    run("report", "build", "monthly", "--home", home, status=2)
    run("import", "sales", home / "missing.csv", "--home", home, "--source", "x", "--lawful-basis", "y", status=2)
    run("nonsense", status=2)


def test_import_and_publish_speak_json(home, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("customer,line_no,kind,date,product,quantity,amount\nC000001,1,sale,2026-10-05,x,1,9.99\n", "utf-8")
    arguments = ["import", "sales", file, "--home", home, "--source", "ERP", "--lawful-basis", "contract"]
    first = json.loads(run(*arguments, "--json"))
    assert (first["rows"], first["sum_fen"], first["already"]) == (1, 999, False)
    assert f"imported already as batch {first['batch']}" in run(*arguments)
    assert json.loads(run("publish", "--home", home, "--json")) == {"version": 1, "new": True}
    assert json.loads(run("publish", "--home", home, "--json")) == {"version": 1, "new": False}
    files = [file for file in (home / "lake").rglob("*") if file.suffix in (".parquet", ".json") and file.is_file()]
    assert {"customers", "sales", "codelists", "manifests"} <= {file.parent.name for file in files}
    assert f"{len(files)} files" in run("lake", "verify", "--home", home)


def test_a_wrong_file_ends_with_1_and_says_where_the_errors_are(home, tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("customer,line_no,kind,date,product,quantity,amount\nC9,1,sale,2026-10-05,x,1,9.99\n", "utf-8")
    said = run("import", "sales", file, "--home", home, "--source", "ERP", "--lawful-basis", "contract", status=1)
    assert "sales.errors.csv" in said and "row 2, customer" in said


def test_doctor_names_what_is_wrong(home):
    (home / "keys").chmod(0o755)
    assert "chmod go-rwx" in run("doctor", "--home", home, status=1)


def test_a_form_is_checked_and_published(home, tmp_path):
    form = tmp_path / "visit.md"
    table = "| survey |\n| | type | name | label |\n| | text | who | Who |\n| settings |\n| | form_id | version |\n| | visit | {} |\n"
    form.write_text(table.format(1), "utf-8")
    assert "sound" in run("form", "check", form)
    assert "published" in run("form", "publish", form, "--home", home)
    assert "published already" in run("form", "publish", form, "--home", home)
    form.write_text(table.format(1).replace("Who", "Whom"), "utf-8")
    assert "Raise `version`" in run("form", "publish", form, "--home", home, status=1)
    form.write_text(table.format(2).replace("Who", "Whom"), "utf-8")
    assert "version 2" in run("form", "publish", form, "--home", home)


def test_a_wrong_form_is_explained(tmp_path):
    form = tmp_path / "bad.md"
    form.write_text("| survey |\n| | type | name | label | relevant |\n| | text | a | A | ${b} = 1 |\n", "utf-8")
    assert "b" in run("form", "check", form, status=1)


def test_people_are_added_without_their_password_on_the_command_line(home):
    arguments = ["user", "add", "zhou", "--home", str(home), "--name", "周敏", "--role", "supervisor"]
    typed = CliRunner().invoke(main, arguments, input="a long password\na long password\n")
    assert typed.exit_code == 0 and "a long password" not in typed.output
    assert CliRunner().invoke(main, arguments, input="a long password\na long password\n").exit_code == 1


def test_a_defect_shows_no_traceback_and_keeps_it_for_developers(home, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(cli.forms.forms, "check", fails)
    said = run("form", "check", __file__, status=1)
    assert "secret detail" not in said and "defect" in said


def test_a_command_starts_without_what_only_some_of_them_need():
    heavy = "{'pandas', 'numpy', 'pyarrow', 'ibis', 'altair', 'tornado'} & set(sys.modules)"
    lines = f"import sys, custinfo.cli; print({heavy}); import numpy, pandas; pandas.DataFrame({{'a': [1]}})"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
