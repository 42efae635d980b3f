"""The project's own files agree with each other."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {
    *("notebooks", "forms", "custinfo", "data", "deploy", "reports", "tests", "docs", "environment.yml"),
    *(
        "pyproject.toml",
        "requirements.lock",
        "Makefile",
        "README.md",
        "README.zh-CN.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
    ),
}
NOTEBOOKS = sorted(path for folder in ("forms", "notebooks", "reports") for path in (ROOT / folder).glob("*.ipynb"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked():
    return {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.MULTILINE)}


def asked_for(requirements):
    return {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in requirements}


def test_the_top_level_is_the_agreed_one():
    assert {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))} == TOP_LEVEL


def test_every_dependency_is_locked_and_every_locked_package_has_hashes():
    assert asked_for(PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]) <= locked()
    entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert entries and all("--hash=sha256:" in entry for entry in entries)


def test_exact_pins_are_what_is_locked():
    pinned = [line for line in PROJECT["dependencies"] if "==" in line]
    for line in pinned:
        name, version = re.match(r"([A-Za-z0-9-]+)(?:\[.*\])?==(.+)", line).groups()
        assert f"\n{name}=={version} " in LOCK


def test_the_lock_names_no_package_index():
    without_comments = re.sub(r"^\s*#.*$", "", LOCK, flags=re.MULTILINE)
    assert not re.search(r"https?://|index-url", without_comments)
    assert not re.search(r"https?://", LOCK)


def test_conda_installs_the_locked_set():
    environment = (ROOT / "environment.yml").read_text("utf-8")
    assert "- -r requirements.lock" in environment
    asked = PROJECT["requires-python"].removeprefix(">=")
    assert f"- python={asked}" in environment


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_thin_and_stripped(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert cell.outputs == [] and cell.execution_count is None
        assert not re.search(r"^\s*(def|class|for|while|if|try|with)\b", cell.source, re.MULTILINE)


def test_every_python_file_of_the_package_is_of_readable_length():
    long = {
        str(path): n
        for path in (ROOT / "custinfo").rglob("*.py")
        if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long
