"""The analyst's screen, without a browser: what it counts, what it says when there is nothing, and as a notebook."""

import os
import subprocess
import sys

import papermill
import pytest

from custinfo.reports import places
from custinfo.screens import segments
from tests.reports import sites


@pytest.fixture
def screen(small_site):
    return segments.explore(small_site.home, "en")


def summary(screen):
    return screen.children[4].value


def rows(screen):
    return screen.children[6].value.count("<tr>") - 1


def filters(screen):
    return {chooser.description: chooser for chooser in screen.children[2].children}


def test_it_opens_on_all_customers(screen):
    assert "Customers picked: 8," in summary(screen)
    assert rows(screen) == 8
    assert filters(screen)["Ownership"].options[0] == ("Joint-stock", "joint_stock")


def test_filters_narrow_the_list_and_are_cleared(screen):
    filters(screen)["Ownership"].value = ("state",)
    filters(screen)["Grade"].value = ("B",)
    assert "Customers picked: 1, net sales ¥100,000.00" in summary(screen)
    screen.children[3].click()
    assert "Customers picked: 8," in summary(screen)


def test_the_charts_pick_too(screen):
    chart = screen.children[5]
    chart._vl_selections = {**chart._vl_selections, "brush": {"value": {"magnitude": [5.7, 6.2]}, "store": []}}
    assert rows(screen) == 1
    chart._vl_selections = {**chart._vl_selections, "brush": {"value": {"magnitude": ["x", None]}, "store": []}}
    assert rows(screen) == 8


def test_the_language_is_switched_and_what_was_picked_stays(screen):
    filters(screen)["Ownership"].value = ("state",)
    screen.children[1].value = "zh-CN"
    assert "选中客户 2 家" in summary(screen)
    assert filters(screen)["所有制"].value == ("state",)


def test_names_are_text(tmp_path):
    place = sites.site(tmp_path / "site", name="<img src=x onerror=alert(1)>")
    sites.publish(place, [{"customer_type": "enterprise", "ownership": "<b>x</b>"}], [])
    screen = segments.explore(place.home, "en")
    assert "<img" not in screen.children[0].value
    assert "<b>" not in screen.children[6].value


def test_without_a_lake_or_a_site_it_says_so_in_words(tmp_path):
    assert "role='alert'" in segments.explore(tmp_path).value
    empty = segments.explore(sites.site(tmp_path / "site").home, "en").value
    assert "role='alert'" in empty
    assert "publish" in empty


def test_the_notebook_runs_under_papermill_and_nbval(small_site, tmp_path, monkeypatch):
    monkeypatch.setenv(places.HOME, str(small_site.home))
    monkeypatch.setenv("PYTHONPATH", str(places.PROJECT))
    notebook = places.PROJECT / "notebooks" / "explore_segments.ipynb"
    ran = papermill.execute_notebook(str(notebook), None, {"language": "en"}, progress_bar=False)
    assert "application/vnd.jupyter.widget-view+json" in ran.cells[-1].outputs[-1].data
    # Cells run in their order: no shuffling of tests here
    plugins = ["-p", "no:cacheprovider", "-p", "no:randomly"]
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", *plugins, str(notebook)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
