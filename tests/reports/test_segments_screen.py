"""The analyst's screen, without a browser: what it counts, what it says when there is nothing, and as a notebook."""

import base64
import re
from datetime import timedelta

import papermill
import pytest

from custinfo.domain.messages import LANGUAGES
from custinfo.reports import places
from custinfo.screens import explorer, segments
from custinfo.screens.explorer_list import ROWS
from tests.reports import sites

COPIES = 4
FEWEST = 5


@pytest.fixture(scope="module")
def large_site(tmp_path_factory):
    """The customers of the small site, four times over: eight of them would be too few to be told of."""
    place = sites.site(tmp_path_factory.mktemp("large") / "site")
    count = len(sites.CUSTOMERS)
    lines = [
        (f"c{int(customer[1:]) + copy * count}", *rest) for copy in range(COPIES) for customer, *rest in sites.SALES
    ]
    sites.publish(place, [*sites.CUSTOMERS] * COPIES, lines)
    return place


@pytest.fixture(scope="module")
def opened(large_site):
    return segments.explore(large_site.home, "en")


@pytest.fixture
def screen(opened):
    """The screen with nothing chosen: opened once, as that takes longer than most tests."""
    next(one for one in inside(opened) if type(one).__name__ == "ToggleButtons").value = "en"
    button(opened, "Clear what is chosen").click()
    return opened


def inside(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def said(screen):
    return " ".join(str(one.value) for one in inside(screen) if type(one).__name__ == "HTML")


def summary(screen):
    return re.search(r"Customers picked: .*?</p>", said(screen))[0]


def lists(screen):
    """The rows of the groups and of the customers."""
    tables = re.findall(r"<tbody>(.*?)</tbody>", said(screen))
    return [re.findall(r"<tr>(.*?)</tr>", table) for table in tables]


def filters(screen):
    return {one.description: one for one in inside(screen) if type(one).__name__ == "SelectMultiple"}


def button(screen, name, place=0):
    return [one for one in inside(screen) if type(one).__name__ == "Button" and one.description == name][place]


def charts(screen):
    return [one for one in inside(screen) if type(one).__name__ == "JupyterChart"]


def pick(chart, name, value):
    """What a browser reports of a selection."""
    chart._vl_selections = {**chart._vl_selections, name: {"value": value, "store": []}}


def marks(*points):
    """What a browser reports of single marks."""
    return {"vlPoint": {"or": list(points)}}


def rows_of(chart):
    return [row for rows in chart.spec["datasets"].values() for row in rows]


def test_it_opens_on_all_customers(screen):
    assert "Customers picked: 32, net sales ¥4,203,996.00" in summary(screen)
    assert len(lists(screen)[-1]) == ROWS
    assert filters(screen)["Ownership"].options[0] == ("Joint-stock", "joint_stock")


def test_the_heading_says_what_is_looked_at(screen):
    heading = said(screen)
    for told in (
        "东方样本贸易有限公司",
        "DEMO",
        "Lake version 1",
        "as of 2026-11-01",
        "A/B/C grades version 1",
        "(RFM) version 1",
    ):
        assert told in heading


def test_filters_narrow_the_list_and_are_cleared(screen):
    filters(screen)["Ownership"].value = ("joint_stock",)
    filters(screen)["Grade"].value = ("A",)
    assert "Customers picked: 8, net sales ¥3,603,996.00" in summary(screen)
    assert len(lists(screen)[-1]) == 8
    button(screen, "Clear what is chosen").click()
    assert "Customers picked: 32," in summary(screen)
    assert filters(screen)["Grade"].value == ()


def test_of_fewer_customers_than_the_smallest_group_nothing_is_told(screen):
    filters(screen)["Ownership"].value = ("collective",)
    shown = said(screen)
    assert f"Customers picked: &lt; {FEWEST}." in shown
    assert "Fewer than 5 customers, or none" in shown
    assert lists(screen) == []
    filters(screen)["Grade"].value = ("A",)  # nobody: in the same words
    assert said(screen) == shown


def test_a_chart_never_has_a_small_number(screen):
    filters(screen)["Ownership"].value = ("joint_stock",)
    values = [row for chart in charts(screen) for row in rows_of(chart)]
    assert {row["told"] for row in values} >= {"< 5", "12"}
    for row in values:
        assert row["few"] == (row["told"] == f"< {FEWEST}")
        assert row["shown"] >= FEWEST - 1
        assert not {"customers", "net_fen"} & row.keys()


def test_a_pick_in_a_chart_narrows_everything_but_that_chart(screen):
    places, groups = charts(screen)[1:]
    all_places, all_groups = places.spec, groups.spec
    pick(places, "places", marks({"code": "440000"}))
    assert "Customers picked: 12," in summary(screen)
    assert places.spec == all_places
    assert groups.spec != all_groups
    pick(places, "places", marks())
    assert "Customers picked: 32," in summary(screen)


def test_a_range_is_drawn_and_what_is_no_range_is_nothing(screen):
    spread = charts(screen)[0]
    pick(spread, "amounts", {"magnitude": [5.3, 5.4]})
    assert f"Customers picked: &lt; {FEWEST}" in summary(screen)
    pick(spread, "amounts", {"magnitude": [4.9, 5.9]})
    assert "Customers picked: 12," in summary(screen)
    for wrong in ({"magnitude": ["x", None]}, {"magnitude": [float("nan"), 1]}, {"magnitude": [1]}, {}):
        pick(spread, "amounts", wrong)
        assert "Customers picked: 32," in summary(screen)
    pick(charts(screen)[1], "places", marks({"code": 5}, {"x": "y"}, "z"))
    assert "Customers picked: 32," in summary(screen)


def test_pages_are_turned_and_sorted_in_the_engine(screen):
    first = lists(screen)[-1]
    assert f"Rows 1 to {ROWS} of 32" in said(screen)
    button(screen, "Next page", 1).click()
    assert len(lists(screen)[-1]) == 32 - ROWS
    assert button(screen, "Next page", 1).disabled
    button(screen, "Previous page", 1).click()
    assert lists(screen)[-1] == first
    order = [one for one in inside(screen) if getattr(one, "description", "") == "Sort by"][-1]
    order.value = ("customer_key", False)
    keys = [re.search(r"<td>(\w{8})</td>", row)[1] for row in lists(screen)[-1]]
    assert keys == sorted(keys)
    assert "aria-sort='ascending'" in said(screen)


def test_a_list_is_handed_out_as_it_is_shown(screen):
    filters(screen)["Grade"].value = ("A",)
    button(screen, "Download the list").click()
    found = re.search(r"download='segments.csv' href='data:text/csv;base64,([^']+)'", said(screen))
    lines = base64.b64decode(found[1]).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("customer_key,Ownership,Region")
    assert len(lines) == 1 + len(lists(screen)[-1])
    assert re.match(r"[0-9a-f]{32,},Joint-stock,", lines[1])
    filters(screen)["Grade"].value = ()
    assert "download=" not in said(screen)


def test_the_language_is_switched_and_what_was_picked_stays(screen):
    filters(screen)["Ownership"].value = ("state",)
    next(one for one in inside(screen) if type(one).__name__ == "ToggleButtons").value = "zh-CN"
    assert "选中客户 8 家" in said(screen)
    assert filters(screen)["所有制"].value == ("state",)


def test_the_lake_is_looked_at_as_of_a_moment(large_site):
    assert "Customers picked: 32," in summary(segments.explore(large_site.home, "en", sites.later(1)))
    before = segments.explore(large_site.home, "en", sites.PUBLISHED - timedelta(days=1)).value
    assert "role='alert'" in before


def test_an_account_that_may_read_the_lake_alone(large_site, monkeypatch):
    monkeypatch.setenv(explorer.LAKE, str(large_site.lake))
    screen = segments.explore(language="en")
    assert "Customers picked: 32," in summary(screen)
    assert "Lake version 1" in said(screen)


def test_names_are_text(tmp_path):
    place = sites.site(tmp_path / "site", name="<img src=x onerror=alert(1)>")
    sites.publish(place, [{"customer_type": "enterprise", "ownership": "<b>x</b>"}] * FEWEST, [])
    shown = said(segments.explore(place.home, "en"))
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "&lt;b&gt;x" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_lake_or_a_site_it_says_so_in_words(tmp_path, language):
    assert "role='alert'" in segments.explore(tmp_path, language).value
    empty = segments.explore(sites.site(tmp_path / "site").home, language).value
    assert "role='alert'" in empty
    assert "publish" in empty


def test_the_notebook_runs_under_papermill(small_site, monkeypatch):
    monkeypatch.setenv(places.HOME, str(small_site.home))
    monkeypatch.setenv("PYTHONPATH", str(places.PROJECT))
    notebook = places.PROJECT / "notebooks" / "explore_segments.ipynb"
    ran = papermill.execute_notebook(str(notebook), None, {"language": "en"}, progress_bar=False)
    assert "application/vnd.jupyter.widget-view+json" in ran.cells[-1].outputs[-1].data
