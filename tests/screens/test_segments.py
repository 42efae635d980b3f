"""The screen of segments as a page of the workbench: rights asked at every choice, segments that are kept, lists that
leave.
"""

import re
from dataclasses import replace
from functools import partial

import pytest

from custinfo import lake
from custinfo.access import visibility
from custinfo.actions import lake as published
from custinfo.actions import segments as kept
from custinfo.actions import sessions
from custinfo.domain import clock
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.segments import AMOUNT, Condition
from custinfo.domain.sensitivity import Level
from custinfo.screens import explorer, explorer_charts, segments, segments_kept, showing
from custinfo.screens.context import Page
from custinfo.screens.live import SERVED
from tests.factories import PASSWORD, account, empty_site
from tests.reports import sites


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A store with its lake: 20 state-owned customers and 12 collective ones, with sales of 1,000 yuan and more."""
    with empty_site(tmp_path_factory.mktemp("page") / "site") as store:
        customers = [
            {"customer_type": "enterprise", "ownership": "state" if n < 20 else "collective", "region": "440106"}
            for n in range(32)
        ]
        sales = [(f"c{n}", "sale", "2026-10-05", n * 1000_00) for n in range(1, 33)]
        sites.publish(store.site, customers, sales)
        for role in (Role.ANALYST, Role.MANAGER):
            account(store, role, login_name=str(role), clearance=Level.INTERNAL)
        yield store


def page_of(store, role, **query):
    login = sessions.log_in(store, str(role), PASSWORD)
    return Page(store, store.site, login, "en", "/segments", query)


@pytest.fixture(scope="module")
def page(world):
    return page_of(world, Role.ANALYST)


@pytest.fixture(scope="module", autouse=True)
def opened(page):
    """Before any test publishes another version."""
    return explorer.page(segments.SCREEN, page)


@pytest.fixture
def screen(opened):
    """The screen with nothing chosen: opened once, as that takes longer than most tests."""
    named(opened, "Clear what is chosen").click()
    return opened


def inside(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def said(screen):
    return " ".join(str(one.value) for one in inside(screen) if type(one).__name__ == "HTML")


def alert(screen):
    found = re.search(r"<p role='alert'>(.*?)</p>", said(screen))
    return found[1] if found else ""


def named(screen, description, place=0):
    return [one for one in inside(screen) if getattr(one, "description", None) == description][place]


def keep(screen, name, **fields):
    """Fill the form in and press its button."""
    values = {
        "Name in Chinese": name,
        "Name in English": f"{name} (en)",
        "Strategy": "Visit",
        "Reason": "Plan",
        **fields,
    }
    for label, value in values.items():
        named(screen, label).value = value
    named(screen, "Keep what is chosen now as a new segment").click()


def last_actions(store, count):
    return [row["action"] for row in store.rows("SELECT action FROM audit ORDER BY seq DESC LIMIT ?", [count])]


def test_a_choice_after_the_permission_is_gone_puts_nothing_into_any_widget(page, monkeypatch):
    screen = explorer.page(segments.SCREEN, page)
    before = [(one, one.value) for one in inside(screen) if type(one).__name__ == "HTML"]
    specs = [(one, one.spec) for one in inside(screen) if type(one).__name__ == "JupyterChart"]
    alive = Page.alive
    monkeypatch.setattr(Page, "alive", lambda self: _lowered(alive(self)))
    named(screen, "Ownership").value = ("state",)
    assert "level" in alert(screen)
    assert len(screen.children) == 1
    assert [one.value for one, _ in before if one is not screen.children[0]] == [
        value for one, value in before if one is not screen.children[0]
    ]
    assert [one.spec for one, _ in specs] == [spec for _, spec in specs]
    assert last_actions(page.store, 1) == ["access.refuse"]


def _lowered(session):
    return type("Session", (), {"person": visibility.lowered(session.person, Level.PUBLIC)})


def test_a_page_has_no_switch_of_languages_and_is_on_the_audit_log(screen, page):
    assert not [one for one in inside(screen) if type(one).__name__ == "ToggleButtons"]
    assert page.store.row("SELECT 1 FROM audit WHERE action = 'lake.read' AND object_id = '1'")


def test_a_defect_at_a_choice_is_a_number_and_nothing_else(screen, page, monkeypatch):
    monkeypatch.setattr(segments.segments, "picked", lambda *_: 1 / 0)
    named(screen, "Ownership").value = ("state",)
    assert "division" not in said(screen)
    number = re.search(r"[2-9A-HJ-NP-Z]{8}", alert(screen))[0]
    assert number in (page.site.home / "log" / "incidents.log").read_text()


def test_what_is_chosen_is_kept_opened_changed_and_retired(screen, page):
    named(screen, "Ownership").value = ("state",)
    chart = next(one for one in inside(screen) if type(one).__name__ == "JupyterChart")
    chart._vl_selections = {**chart._vl_selections, "amounts": {"value": {"magnitude": [4.05, 4.2]}, "store": []}}
    keep(screen, "国有")
    assert alert(screen) == ""
    assert "Saved: 国有 (en), version 1." in said(screen)
    (one,) = [one for one in kept.listed(page.store, page.alive().person) if one.said.name_zh == "国有"]
    # From the beginning of the class that the range begins in to the end of the one it ends in
    amounts = Condition(AMOUNT, at_least=10_000_00, below=17_782_80)
    assert one.said.conditions == (amounts, Condition("ownership", ("state",)))
    assert "Conditions: net sales from ¥10,000.00 to ¥17,782.80; Ownership = " in said(screen)
    named(screen, "Clear what is chosen").click()
    named(screen, "Segment").value = one.segment_id
    named(screen, "Open").click()
    assert "Customers picked: 8, net sales ¥108,000.00" in said(screen)
    assert "Limited to net sales from ¥10,000.00 to ¥17,782.80." in said(screen)
    assert named(screen, "Ownership").value == ("state",)
    named(screen, "Reason").value = "Again"
    named(screen, "Keep what is chosen now as this segment's next version").click()
    assert "version 2" in said(screen)
    assert kept.versions(page.store, page.alive().person, one.segment_id)[0].said.conditions == one.said.conditions
    named(screen, "Reason").value = "No more"
    named(screen, "Retire").click()
    assert "Retired: 国有 (en)." in said(screen)
    assert last_actions(page.store, 3) == ["segment.retire", "segment.revise", "segment.define"]


def test_a_code_that_no_customer_has_any_more_stays_a_condition(screen, page):
    """A segment that is opened later must not become one of everybody, nor lose a condition at its next version."""
    fewest, most = "Customers picked: &lt; 5.", "Customers picked: 12,"
    for name, codes, customers in (
        ("个体", ("individual",), fewest),
        ("个体与集体", ("collective", "individual"), most),
    ):
        conditions = (Condition("ownership", codes), Condition("product", ("", "茶")))
        told = kept.Draft(name, f"{name} (en)", conditions, "analysis", "x", sites.PUBLISHED.date())
        segment_id = kept.define(page.store, page.alive().person, told, "Plan")
        shown = explorer.page(segments.SCREEN, page)
        named(shown, text("kept.screen.pick", "en")).value = segment_id
        named(shown, "Open").click()
        assert customers in said(shown)
        assert set(named(shown, "Ownership").value) == set(codes)
        if customers == most:
            named(shown, "Reason").value = "Again"
            named(shown, "Keep what is chosen now as this segment's next version").click()
            newest = kept.versions(page.store, page.alive().person, segment_id)[0]
            assert (newest.version, newest.said.conditions) == (2, conditions)


def test_too_few_or_nothing_is_no_segment(screen, page):
    before = page.store.rows("SELECT count(*) AS n FROM segment_version")
    keep(screen, "谁")
    assert "No conditions are chosen" in alert(screen)
    chart = next(one for one in inside(screen) if type(one).__name__ == "JupyterChart")
    chart._vl_selections = {**chart._vl_selections, "amounts": {"value": {"magnitude": [3.05, 3.1]}, "store": []}}
    keep(screen, "谁")
    assert "Fewer than 5 customers, or none" in alert(screen)
    named(screen, "Ownership").value = ("state",)
    keep(screen, "谁", **{"From (year-month-day)": "soon"})
    assert "“soon” is no day" in alert(screen)
    assert page.store.rows("SELECT count(*) AS n FROM segment_version") == before


def test_measures_and_results_are_recorded_with_the_figures_of_the_day(screen, page):
    named(screen, "Ownership").value = ("collective",)
    keep(screen, "集体")
    named(screen, "Measure").value = "<b>Send the catalogue</b>"
    named(screen, "Record the measure").click()
    assert "&lt;b&gt;Send the catalogue&lt;/b&gt;" in said(screen)
    named(screen, "Result").value = "Three answered"
    named(screen, "Record the result").click()
    assert "Three answered · 12 customers, net sales ¥318,000.00 (2026-11-01)" in said(screen)
    assert last_actions(page.store, 2) == ["segment.result", "segment.measure"]


def test_a_result_is_of_the_customers_whom_the_measure_was_for(screen, page):
    """Figures before and after are of one definition, or their difference says nothing."""
    named(screen, "Ownership").value = ("collective",)
    keep(screen, "集体甲")
    named(screen, "Measure").value = "Visit"
    named(screen, "Record the measure").click()
    named(screen, "Ownership").value = ("state", "collective")
    named(screen, "Reason").value = "Wider"
    named(screen, "Keep what is chosen now as this segment's next version").click()
    named(screen, "Result").value = "Four bought"
    named(screen, "Record the result").click()
    assert "Four bought · 12 customers, net sales ¥318,000.00 (2026-11-01)" in said(screen)


def test_a_measure_for_a_definition_that_somebody_changed_meanwhile_is_not_recorded(screen, page):
    named(screen, "Ownership").value = ("collective",)
    keep(screen, "集体乙")
    (one,) = [one for one in kept.listed(page.store, page.alive().person) if one.said.name_zh == "集体乙"]
    wider = replace(one.said, conditions=(Condition("ownership", ("state",)),))
    kept.revise(page.store, page.alive().person, one.segment_id, wider, "x", version=1)
    named(screen, "Measure").value = "Visit"
    named(screen, "Record the measure").click()
    assert "changed" in alert(screen)
    assert kept.measures(page.store, page.alive().person, one.segment_id) == []


def test_a_list_that_leaves_is_registered_and_takes_the_tier_for_it(screen, world):
    named(screen, "Ownership").value = ("state",)
    named(screen, "Download the list").click()
    assert "href='data:text/csv;base64," in said(screen)
    row = world.rows("SELECT * FROM export_event ORDER BY seq DESC LIMIT 1")[0]
    assert (row["what"], row["row_count"], row["tier"]) == ("lake_extract", 20, "pseudonymous")
    manager = explorer.page(segments.SCREEN, page_of(world, Role.MANAGER))
    named(manager, "Download the list").click()
    assert alert(manager)
    assert "href='data:" not in said(manager)


def test_the_address_may_name_a_day(world):
    today = clock.utc_now().astimezone(world.site.zone).date().isoformat()
    then = explorer.page(segments.SCREEN, page_of(world, Role.ANALYST, as_of=today))
    assert f"as of {today}" in said(then)
    assert "A/B/C grades version 1" in said(then)
    for day in ("yesterday", "2020-01-01", "9999-12-31"):
        notice = showing.screen(page_of(world, Role.ANALYST, as_of=day), partial(explorer.page, segments.SCREEN))
        assert type(notice).__name__ == "NoticeView"


def test_a_notebook_opens_what_the_lake_holds(page, world):
    said_of = kept.Draft(
        "集体客户",
        "Collective ones",
        (Condition("ownership", ("collective",)),),
        "analysis",
        "x",
        sites.PUBLISHED.date(),
    )
    kept.define(world, page.alive().person, said_of, "Plan")
    published.publish(world, SERVICE)
    screen = segments.explore(world.site.home, "en")
    chooser = named(screen, "Segment")
    chooser.value = dict(chooser.options)["Collective ones"]
    named(screen, "Open").click()
    assert "Customers picked: 12," in said(screen)
    assert not [one for one in inside(screen) if getattr(one, "description", "") == "Retire"]
    assert lake.open(world.site).version == 2


def test_a_segment_comes_back_as_it_was_kept():
    for condition in (
        Condition(AMOUNT, at_least=5),
        Condition(AMOUNT, below=-5),
        Condition(AMOUNT, at_least=1, below=2),
    ):
        (ends,) = segments_kept.choices_of((condition,)).values()
        view = type(
            "View", (), {"codes": lambda *_: (), "range": lambda _, name, e=ends: e if name == AMOUNT else None}
        )()
        assert segments_kept.conditions_of(view) == (condition,)


def test_a_page_takes_its_script_from_its_server(monkeypatch):
    monkeypatch.setenv(SERVED, "http://127.0.0.1:1/static/x/widgets")
    monkeypatch.setattr(explorer_charts.alt.JupyterChart, "_esm", explorer_charts.alt.JupyterChart._esm)
    chart = explorer_charts.alt.Chart(explorer_charts.data([{"x": 1}])).mark_bar().encode(x="x:Q")
    assert explorer_charts.widget(chart)._esm == "http://127.0.0.1:1/static/x/widgets/charts.js"
