"""The analysts' screens of grades, value, demands and data quality, without a browser: what they count and what they
say, with filters and picks, in both languages, and of too little.
"""

from dataclasses import replace

import ibis
import pytest

from custinfo import lake
from custinfo.actions.graded_quarters import Quarters
from custinfo.domain.periods import Quarter
from custinfo.screens import abc, demands, matches, quality, value
from custinfo.screens.explorer import _opened
from custinfo.screens.explorer_view import View
from tests.reports import sites
from tests.screens import analysts

SCREENS = {
    "abc": abc.SCREEN, "value": value.SCREEN, "demands": demands.SCREEN, "quality": quality.SCREEN,
    "matches": matches.SCREEN,
}  # fmt: skip


def prepared(name, home):
    """What the functions of a screen are given, with nothing chosen."""
    screen = SCREENS[name]
    empty = View(*_opened(home, None), "en", screen.area)
    made = screen.prepare(empty)
    return replace(empty, tables=made.tables, rules=made.rules)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return analysts.place(tmp_path_factory.mktemp("analysts") / "site")


@pytest.fixture(scope="module")
def views(place):
    """Each screen is prepared once."""
    return {name: prepared(name, place.home) for name in SCREENS}


def choose(view, **choices):
    return replace(view, choices=choices)


def rows(view, listing=0):
    return SCREENS[view.area].listings[listing].rows(view).to_pyarrow().to_pylist()


def said(view):
    return SCREENS[view.area].summary(view)


@pytest.mark.parametrize("name", SCREENS)
def test_every_chart_is_drawn_of_a_few_sums_and_the_sentence_is_in_both_languages(views, name):
    view = views[name]
    if name == "abc":
        view = choose(view, quarter=("2026-Q3",))
    for panel in SCREENS[name].panels:
        drawn = panel.draw(view)
        if name == "quality" and isinstance(drawn, str):
            assert "nothing to compare yet" in drawn, "all cards are of one month"
            continue
        assert not isinstance(drawn, str), drawn
        assert len(str(drawn.to_dict(validate=False))) < 40_000
    assert said(view) != said(replace(view, language="zh-CN"))


@pytest.mark.parametrize("name", SCREENS)
def test_no_chart_tells_what_few_customers_have_together(views, name):
    view = choose(views[name], quarter=("2026-Q3",)) if name == "abc" else views[name]
    view = replace(view, opened=replace(view.opened, smallest_group=analysts.CUSTOMERS // 10))
    drawn = [panel.draw(view) for panel in SCREENS[name].panels]
    charts = [one.to_dict(validate=False) for one in drawn if not isinstance(one, str)]
    told = [row for chart in charts for rows in chart.get("datasets", {}).values() for row in rows]
    few = [row for row in told if row.get("few")]
    assert [row for row in few if any("¥" in str(value) or key.endswith("_fen") for key, value in row.items())] == []
    if name in ("abc", "value"):
        assert "not told" in {value for row in few for value in row.values()}, "a row that has an amount to keep back"


def test_the_quarters_agree_with_the_list_and_the_way_that_is_picked(views):
    view = choose(views["abc"], quarter=("2026-Q3",))
    changed = rows(view)
    assert f"From 2026-Q2 to 2026-Q3, as chosen: {len(changed)} customers changed" in said(view)
    ways = [(row["from_grade"], row["to_grade"]) for row in changed]
    way = max(ways, key=ways.count)
    found = rows(choose(view, quarter=("2026-Q3",), way=("{}>{}".format(*way),)))
    assert [(row["from_grade"], row["to_grade"]) for row in found] == [way] * ways.count(way)
    for row in found[:3]:
        assert abc._why(view, row["why"]) and abc._why(replace(view, language="zh-CN"), row["why"])
    assert "From 2025-Q3 to 2026-Q3" in said(choose(view, quarter=("2026-Q3",), span=("year",)))


def test_a_span_before_the_first_quarter_is_answered_in_words(views):
    first = str(abc._quarters(views["abc"])[-1])
    view = choose(views["abc"], quarter=(first,), span=("year",))
    assert "There is no earlier quarter" in said(view)
    assert [panel.draw(view) for panel in abc.SCREEN.panels[1:]] == [said(view)] * 2
    assert rows(view) == []


def test_a_stored_grading_stands_where_there_is_one(place, monkeypatch):
    opened = lake.open(place)
    quarter = Quarter(2026, 3)
    schema = dict.fromkeys(("customer_key", "quarter", "scheme", "class", "reason"), "string")
    schema |= {"edition": "int64", "figure": "int64", "rule_version": "int32"}
    stored = ibis.memtable(
        [
            (key, str(quarter), scheme, "B" if edition == 2 else "A", "held", edition, 5, 1)
            for key in ("k1", "k2") for edition in (1, 2) for scheme in ("value_grade", "lifecycle")
        ],
        schema=schema,
    )  # fmt: skip
    monkeypatch.setattr("custinfo.lake.gradings.editions", lambda _: {quarter: 2})
    monkeypatch.setattr(lake.Lake, "table", lambda *_: stored)
    found = Quarters(opened, [quarter])[str(quarter)].order_by("customer_key").to_pyarrow().to_pylist()
    assert [(row["customer_key"], row["grade"], row["sales_12m_fen"], row["held"]) for row in found] == [
        ("k1", "B", 5, True),
        ("k2", "B", 5, True),
    ], "the newest edition, once"


def test_value_is_narrowed_by_segment_and_cell_and_models_are_told(views):
    view = views["value"]
    assert f"Customers chosen: {analysts.CUSTOMERS}" in said(view) and "next 12 months" in said(view)
    everybody = rows(view, 1)
    assert len({row["customer_key"] for row in everybody}) == len(everybody) == analysts.CUSTOMERS
    segments = [row["segment"] for row in everybody]
    segment = max(set(segments), key=segments.count)
    assert [row["segment"] for row in rows(choose(view, segment=(segment,)), 1)] == [segment] * segments.count(segment)
    best = rows(choose(view, cell=("5-5",)), 1)
    assert best and all((row["r"], row["f"]) == (5, 5) for row in best)
    assert {row["model"] for row in rows(view, 2)} == {"buying", "spending", "calibration"}


def test_groups_of_few_customers_are_told_together_and_nothing_is_lost(views):
    window = views["value"].tables["window"]
    total = window.mutate(fen=(window.kind == "sale").ifelse(1, -1) * window.amount_fen).fen.sum().to_pyarrow().as_py()
    for dimension, codes in (("province", {"", "440000", "110000", "320000"}), ("product", {""})):
        found = value._contributions(choose(views["value"], by=(dimension,))).to_pyarrow().to_pylist()
        assert {row["code"] for row in found} == codes
        assert sum(row["net_fen"] for row in found) == total
    few = choose(views["value"], by=("product",))
    few = replace(few, opened=replace(few.opened, smallest_group=analysts.CUSTOMERS + 1))
    assert value._contributions(few).to_pyarrow().to_pylist() == []


def test_the_newest_version_of_a_demand_counts_and_a_cell_can_be_picked(views):
    view = views["demands"]
    found = {row["demand_number"]: (row["score"], row["priority"]) for row in rows(view)}
    assert found == {
        "D000001": (100, "P1"), "D000002": (40, "P2"), "D000003": (10, "P3"), "D000004": (None, "not_assessed"),
    }  # fmt: skip
    assert "Demands as chosen: 4; rated 3, not rated yet 1" in said(view)
    assert [row["demand_number"] for row in rows(choose(view, cell=("5-4",)))] == ["D000002"]
    assert "No demand is as you chose" in said(choose(view, stage=("sold",)))


def test_quality_lists_the_cards_of_the_field_that_is_picked(views):
    found = rows(choose(views["quality"], field=("ownership",), state=("misplaced",)))
    assert found and all(row["customer_type"] == "individual" and row["ownership"] for row in found)
    assert "Ownership: Of the wrong type" in quality._wrong(views["quality"], found[0]["wrong"])
    people = choose(views["quality"], by=("customer_type",), group=("individual",))
    assert f"Of {analysts.CUSTOMERS // 4} cards" in said(people)


def test_matching_tells_what_became_of_pairs_and_of_fewer_than_the_smallest_group_nothing(views):
    view = views["matches"]
    assert said(view) == (
        "Pairs as chosen: 54. The same, say people: 12; merged by rule: 18; different: 6; waiting: 18. "
        "Of 18 that people decided, 66.7% were the same. Of 24 that the rule merged, 6 were taken back."
    )
    for choices, wanted in (
        ({"class": ("automatic",)}, "Pairs as chosen: 24. The same, say people: < 5; merged by rule: 18"),
        ({"class_bar": ("likely",)}, "Pairs as chosen: 15."),
        ({"source": ("page",), "state": ("different",)}, "Fewer than 5 pairs, or none, are as you chose"),
        ({"evidence": ("none",)}, "Pairs as chosen: 18."),
        ({"evidence": ("none", "phone")}, "Pairs as chosen: 54."),
        ({"state": ("undone",)}, "Pairs as chosen: 6. The same, say people: < 5"),
    ):
        assert wanted in said(choose(view, **choices)), choices
    few = choose(view, source=("page",), state=("different",))
    drawn = [panel.draw(few) for panel in matches.SCREEN.panels]
    assert all(isinstance(one, str) and "Fewer than 5" in one for one in drawn)
    assert "'< 5'" in str(matches._by_class(choose(view, source=("page",))).to_dict(validate=False))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    made = sites.site(tmp_path_factory.mktemp("empty") / "site")
    sites.publish(made, [{"customer_type": "enterprise"}], [])
    return made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("abc", "No quarter with sales has ended yet"),
        ("value", "Fewer than 5 customers"),
        ("demands", "No demand has been published yet"),
        ("quality", "Fewer than 5 customers"),
        ("matches", "No pair has been published yet"),
    ],
)
def test_of_too_little_it_says_so_and_draws_no_exact_number(empty, name, words):
    view = prepared(name, empty.home)
    assert words in said(view)
    drawn = SCREENS[name].panels[0].draw(view)
    assert isinstance(drawn, str) or "'told': '1'" not in str(drawn.to_dict(validate=False))
