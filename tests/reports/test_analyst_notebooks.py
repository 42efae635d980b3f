"""The analysts' notebooks run in a kernel of their own, as in JupyterLab."""

import os
import subprocess
import sys

import nbformat
import papermill
import pytest

from custinfo.reports import places

NOTEBOOKS = (
    "abc_transitions", "clusters", "customer_value", "data_quality", "demand_matrix", "duplicates", "explore_segments", "survey_tables",
)  # fmt: skip


def test_every_notebook_runs_under_nbval(small_site, tmp_path, monkeypatch):
    monkeypatch.setenv(places.HOME, str(small_site.home))
    monkeypatch.setenv("PYTHONPATH", str(places.PROJECT))
    files = [str(places.PROJECT / "notebooks" / f"{name}.ipynb") for name in NOTEBOOKS]
    # Cells run in their order: no shuffling of tests here
    plugins = ["-p", "no:cacheprovider", "-p", "no:randomly"]
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", *plugins, *files]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["demand_matrix"])
def test_a_parameter_is_the_language_and_the_last_line_is_the_screen(small_site, monkeypatch, name):
    monkeypatch.setenv(places.HOME, str(small_site.home))
    monkeypatch.setenv("PYTHONPATH", str(places.PROJECT))
    file = str(places.PROJECT / "notebooks" / f"{name}.ipynb")
    ran = papermill.execute_notebook(file, None, {"language": "en"}, progress_bar=False)
    assert "application/vnd.jupyter.widget-view+json" in ran.cells[-1].outputs[-1].data
    assert "Customers' demands" in nbformat.writes(ran), "the screen's heading is in the saved state of its widgets"
