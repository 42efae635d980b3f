"""The screen of clusters: what it finds and says by every method, beside the page and at once; a group kept as a segment."""

import asyncio
import re
from dataclasses import replace

import numpy as np
import pytest

from custinfo.actions import segments as kept
from custinfo.actions import sessions
from custinfo.classification.clusters import wording
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import clusters, clusters_found, clusters_kept, clusters_work, explorer
from custinfo.screens.context import Page
from custinfo.screens.explorer import _opened
from custinfo.screens.explorer_view import View
from tests.factories import PASSWORD, account, empty_site
from tests.reports import sites
from tests.screens.test_segments import alert, inside, named, said

LARGE, SMALL = 40, 20
"""Customers who buy often and much, and others who bought once and little."""


def lighter(rule):
    """The rule with less to work out."""
    less = {"bootstraps": 5, "restarts": 2, "most_clusters": 3, "categories": ("ownership", "lifecycle")}
    return rule.model_copy(update=less)


def cards():
    return [
        {"customer_type": "enterprise", "ownership": "state" if n < LARGE else "collective", "region": "440106"}
        for n in range(LARGE + SMALL)
    ]


def sales():
    """No two customers alike, and the two kinds far apart."""
    lines = []
    for n in range(1, LARGE + 1):
        lines += [
            (f"c{n}", "sale", f"2026-{month:02d}-{1 + n % 25:02d}", (9000 + 37 * n) * 100) for month in range(3, 11)
        ]
    for n in range(LARGE + 1, LARGE + SMALL + 1):
        lines.append((f"c{n}", "sale", f"2025-12-{1 + n % 25:02d}", (90 + n) * 100))
    return lines


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with empty_site(tmp_path_factory.mktemp("clusters") / "site") as store:
        sites.publish(store.site, cards(), sales())
        for role in (Role.ANALYST, Role.AUDITOR):
            account(store, role, login_name=str(role), clearance=Level.INTERNAL)
        yield store


@pytest.fixture(scope="module")
def view(world):
    screen = clusters.SCREEN
    empty = View(*_opened(world.site.home, None), "en", screen.area)
    made = screen.prepare(empty)
    made.tables.worker.rule = lighter(made.tables.worker.rule)
    return replace(empty, tables=made.tables, rules=made.rules, choices={"count": ("2",)})


def choose(view, **choices):
    return replace(view, choices={"count": ("2",), **choices})


def groups(view):
    return clusters.SCREEN.listings[0].rows(view).order_by("cluster").to_pyarrow().to_pylist()


def test_every_method_finds_the_two_kinds_says_how_sure_it_is_and_draws_sums_alone(view):
    for method in ("kmeans", "kprototypes", "latent"):
        at = choose(view, method=(method,))
        assert [row["customers"] for row in groups(at)] == [LARGE, SMALL], method
        found = clusters_found.outcome(at)
        assert found.stability.verdict == "stable" and found.choice.best == 2
        summary = clusters.SCREEN.summary(at)
        assert "The groups are stable" in summary and "of 60 who bought" in summary and "seed" in summary
        assert "稳定" in clusters.SCREEN.summary(replace(at, language="zh-CN"))
        for panel in clusters.SCREEN.panels:
            drawn = panel.draw(at)
            assert not isinstance(drawn, str) and len(str(drawn.to_dict(validate=False))) < 20_000


def test_a_group_is_told_by_its_means_and_by_what_is_commoner_in_it(view):
    large, small = groups(view)
    assert large["frequency"] == 8 and small["frequency"] == 1
    assert large["average_fen"] == large["monetary_fen"] // 8
    assert "Ownership: State-owned 100% (all: 67%)" in large["codes"]
    apart = clusters_found.profile(view)[1]["apart"]
    assert apart["recency_days"] > 1 and apart["frequency"] < -1


def test_the_list_is_of_the_group_that_is_picked(view):
    rows = clusters.SCREEN.listings[2].rows
    assert rows(view).count().to_pyarrow().as_py() == LARGE + SMALL
    found = rows(choose(view, group=("2",))).to_pyarrow().to_pylist()
    assert {row["cluster"] for row in found} == {2} and len(found) == SMALL


def test_features_that_a_method_takes_no_notice_of_change_nothing(view):
    plain = clusters_found.asked(view)
    assert clusters_found.asked(choose(view, categories=("kind", "age"))) == plain
    other = clusters_found.asked(choose(view, numbers=("frequency",)))
    assert other.numbers == ("frequency",) and other != plain
    latent = clusters_found.asked(choose(view, method=("latent",), numbers=("average_fen",)))
    assert latent == clusters_found.asked(choose(view, method=("latent",)))
    assert clusters_found.features(latent) == ("ownership", "lifecycle")


def test_of_a_group_of_few_nothing_exact_is_told(view):
    fresh = clusters_found.Tables(view.tables.found, view.tables.worker)
    few = replace(view.opened, smallest_group=SMALL + 1)
    at = choose(replace(view, opened=few, tables=fresh), group=("2",))
    assert {name: value for name, value in groups(at)[1].items() if value is not None and name != "jaccard"} == {
        "cluster": 2, "customers": SMALL, "codes": "no code stands out",
    }  # fmt: skip
    shown = clusters.SCREEN.listings[0].columns[1].show(at, SMALL)
    assert shown == f"< {SMALL + 1}"
    assert "fewer than 21 customers" in clusters_kept.conditions_said(at)


def test_what_cannot_be_fitted_is_said_in_place_of_everything(view):
    at = choose(view, method=("latent",), categories=("kind",))
    assert "Too few customers differ" in clusters.SCREEN.summary(at)
    assert all("Too few customers differ" in panel.draw(at) for panel in clusters.SCREEN.panels)
    assert "Too few customers differ" in clusters.SCREEN.listings[0].rows(at)
    assert "Too few customers differ" in clusters.SCREEN.listings[2].rows(at)


def test_a_group_is_said_in_conditions_where_they_agree_and_else_it_says_so(view):
    at = choose(view, group=("1",))
    found = clusters_kept.said(at)
    assert found.agrees and (found.chosen, found.size, found.both) == (LARGE, LARGE, LARGE)
    assert "Group 1 can be said in conditions:" in clusters_kept.conditions_said(at)
    far = replace(found, both=10)
    assert not far.agrees
    assert "Click one group" in clusters_kept.conditions_said(choose(view, group=("1", "2")))
    assert "Click one group" in clusters_kept.conditions_said(view)


def test_conditions_are_found_and_none_are_made_up():
    draw = np.random.default_rng(5)
    codes = draw.choice(list("ABCD"), 600)
    amounts = draw.integers(0, 1000, 600)
    other = draw.choice(list("XY"), 600)
    inside = np.isin(codes, ["B", "C"]) & (amounts >= 300)
    found = wording.said(inside, {"section": list(codes), "other": list(other)}, list(amounts))
    assert dict(found.codes) == {"section": ("B", "C")}
    assert abs(found.amount[0] - 300) < 30 and found.amount[1] is None
    again = wording.said(inside[::-1], {"other": list(other[::-1]), "section": list(codes[::-1])}, list(amounts[::-1]))
    assert again == found
    chance = wording.said(draw.random(600) < 0.5, {"section": list(codes)}, list(amounts))
    assert wording._agreement(inside, inside) == 1 and len(chance.codes) <= 1
    assert wording.said(np.ones(600, bool), {"section": list(codes)}, list(amounts)) == wording.Wording({})


def test_in_a_kernel_the_page_goes_on_while_groups_are_worked_out(view):
    async def opened():
        worker = clusters_work.Worker(view.tables.worker.rule)
        told, drawn = [], clusters_found.Tables(view.tables.found, worker)
        at = replace(view, tables=drawn)
        worker.told = lambda: told.append(clusters_found.outcome(at))
        first = clusters.SCREEN.summary(at)
        assert "will appear here by themselves" in first
        assert all("worked out" in panel.draw(at) for panel in clusters.SCREEN.panels[:2])
        assert "worked out" in clusters.SCREEN.listings[0].rows(at)
        while not told or not told[-1].done:
            await asyncio.sleep(0.02)
        return told

    told = asyncio.run(opened())
    assert [(one.stability is None, one.choice is None) for one in told] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert told[-1] == clusters_found.outcome(view), "the same as at once"


def test_a_defect_beside_the_page_reaches_the_page(view, monkeypatch):
    monkeypatch.setattr(clusters_work.fitting, "fit", lambda *_: 1 / 0)

    async def opened():
        worker = clusters_work.Worker(view.tables.worker.rule)
        told = []
        at = replace(view, tables=clusters_found.Tables(view.tables.found, worker))
        worker.told = lambda: told.append(1)
        clusters_found.outcome(at)
        while not told:
            await asyncio.sleep(0.02)
        with pytest.raises(ZeroDivisionError):
            clusters_found.outcome(at)

    asyncio.run(opened())


def test_a_group_is_named_and_kept_with_its_strategy_on_the_page(world, monkeypatch):
    shipped = clusters.clusters.rule
    monkeypatch.setattr(clusters.clusters, "rule", lambda on: lighter(shipped(on)))
    login = sessions.log_in(world, str(Role.ANALYST), PASSWORD)
    page = Page(world, world.site, login, "en", "/clusters", {})
    screen = explorer.page(clusters.SCREEN, page)
    named(screen, "Number of groups").value = "2"
    button = "Keep the picked group as a segment, by its conditions"
    named(screen, "Name in Chinese").value, named(screen, "Name in English").value = "大户", "Large ones"
    named(screen, "Strategy").value, named(screen, "Reason").value = "Visit each month", "Meeting"
    named(screen, button).click()
    assert "cannot be kept" in alert(screen)
    chart = next(one for one in inside(screen) if type(one).__name__ == "JupyterChart")
    reported = {"value": {"vlPoint": {"or": [{"code": "1"}]}}, "store": []}
    chart._vl_selections = {**chart._vl_selections, "group": reported}
    assert "Rows 1 to 25 of 40" in said(screen)
    named(screen, button).click()
    assert alert(screen) == "" and "Saved: Large ones." in said(screen)
    (one,) = kept.listed(world, login.person)
    assert one.said.strategy == "Visit each month" and one.said.conditions
    words = re.search(r"Group 1 can be said in conditions: (.*?)\. They choose 40 customers", said(screen))
    assert words, "what was kept is what the screen said"


def test_who_may_not_read_the_lake_is_refused(world):
    login = sessions.log_in(world, str(Role.AUDITOR), PASSWORD)
    with pytest.raises(NotAllowed):
        explorer.page(clusters.SCREEN, Page(world, world.site, login, "en", "/clusters", {}))
