"""Segments that are kept: what a definition may say, its versions, measures and results, and how it is evaluated."""

from dataclasses import replace
from datetime import date, timedelta

import ibis
import pytest

from custinfo import lake
from custinfo.access import visibility
from custinfo.actions import lake as lake_actions
from custinfo.actions import segment_customers, segments
from custinfo.domain import segments as definitions
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.segments import AMOUNT, Condition, Figures
from custinfo.domain.sensitivity import Level
from custinfo.statistics import segments as statistics
from tests.factories import account, empty_site
from tests.reports import sites

LARGE = (Condition("grade", ("A",)), Condition(AMOUNT, at_least=100_000_00))
SAID = segments.Draft("大客户", "Large ones", LARGE, "analysis", "专人维护", date(2026, 11, 1), date(2027, 10, 31))
FIGURES = Figures(12, 3_000_00, 1, "2026-11-01")
FEW = Figures(None, None, 1, "2026-12-31")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with empty_site(tmp_path_factory.mktemp("segments") / "site") as store:
        yield store, account(store, Role.ANALYST, clearance=Level.INTERNAL)


def kept(world, name, **changes):
    store, analyst = world
    said = replace(SAID, name_zh=name, name_en=f"{name} (en)", **changes)
    return segments.define(store, analyst, said, "年度计划"), said


# ---- what a definition may say


def test_the_same_conditions_are_the_same_text_and_come_back():
    told = definitions.as_json(LARGE)
    assert told == definitions.as_json(LARGE[::-1])
    assert definitions.from_json(told) == definitions.check(LARGE)
    assert definitions.check([Condition("grade", ("B", "A", "B"))]) == (Condition("grade", ("A", "B")),)


@pytest.mark.parametrize(
    ("conditions", "key"),
    [
        ([], "kept.no_conditions"),
        ([Condition("grade", ("A",)), Condition("grade", ("B",))], "kept.dimension_twice"),
        ([Condition("name", ("x",))], "kept.condition_wrong"),
        ([Condition("grade")], "kept.condition_wrong"),
        ([Condition("grade", at_least=5)], "kept.condition_wrong"),
        ([Condition(AMOUNT, ("A",))], "kept.condition_wrong"),
        ([Condition(AMOUNT)], "kept.condition_wrong"),
        ([Condition(AMOUNT, at_least=5, below=5)], "kept.range_wrong"),
        ([Condition(AMOUNT, at_least=10**18)], "kept.range_wrong"),
        ([Condition(AMOUNT, below=1.5)], "kept.range_wrong"),
        ([Condition(AMOUNT, below=True)], "kept.range_wrong"),
        ([Condition("product", tuple(str(n) for n in range(201)))], "kept.many_codes"),
        ([Condition("product", ("a\u202eb",))], "text.character"),
    ],
)
def test_what_is_no_definition_is_refused_in_words(conditions, key):
    with pytest.raises(BadInput) as refused:
        definitions.check(conditions)
    assert refused.value.key == key
    assert refused.value.text("en")
    assert refused.value.text("zh-CN")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[{"codes": ["A"]}]', '[{"dimension": "grade", "codes": "A"}]', '[{"dimension": 5, "codes": ["A"]}]',
     '[{"dimension": "grade", "codes": ["A"], "run": "rm"}]'],
)  # fmt: skip
def test_nothing_else_is_read_as_a_definition(text):
    with pytest.raises(BadInput):
        definitions.from_json(text)


# ---- versions


def test_a_definition_is_kept_with_who_when_and_why(world):
    store, analyst = world
    segment_id, said = kept(world, "甲")
    (found,) = segments.versions(store, analyst, segment_id)
    assert found.said == replace(said, conditions=definitions.check(LARGE))
    assert (found.version, found.retired, found.reason) == (1, False, "年度计划")
    assert found.owner == found.by == analyst.display_name
    assert found.name("zh-CN") == "甲"
    entry = store.rows("SELECT action, actor, object_id FROM audit ORDER BY seq DESC LIMIT 1")[0]
    assert entry == {"action": "segment.define", "actor": analyst.person_id, "object_id": segment_id}


def test_a_change_is_a_new_version_and_the_old_one_stays(world):
    store, analyst = world
    other = account(store, Role.MANAGER, clearance=Level.INTERNAL)
    segment_id, said = kept(world, "乙")
    assert segments.revise(store, other, segment_id, replace(said, strategy="季度走访"), "效果不好", version=1) == 2
    newest, first = segments.versions(store, analyst, segment_id)
    assert (first.said.strategy, newest.said.strategy) == ("专人维护", "季度走访")
    assert (newest.owner, newest.by) == (analyst.display_name, other.display_name)
    with pytest.raises(Conflict):
        segments.revise(store, analyst, segment_id, said, "同时", version=1)
    with (
        pytest.raises(Exception, match="append-only"),
        store.act(analyst.person_id, "segment.revise", "segment", "x") as tx,
    ):
        tx.update("segment_version", 1, {"strategy": "x"})


def test_a_retired_one_stays_readable_and_is_used_no_more(world):
    store, analyst = world
    segment_id, said = kept(world, "丙")
    segments.retire(store, analyst, segment_id, "不再需要")
    assert segment_id not in {one.segment_id for one in segments.listed(store, analyst)}
    newest, first = segments.versions(store, analyst, segment_id)
    assert (newest.retired, newest.reason, first.retired) == (True, "不再需要", False)
    for again in (
        lambda: segments.retire(store, analyst, segment_id, "x"),
        lambda: segments.revise(store, analyst, segment_id, said, "x", version=2),
        lambda: segments.measure(store, analyst, segment_id, "x", date(2026, 11, 1), None, FIGURES, version=1),
    ):
        with pytest.raises(WrongState):
            again()
    kept(world, "丙")  # its name is free again


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name_zh": " "}, "kept.name_missing"),
        ({"name_en": "x" * 61}, "text.long"),
        ({"strategy": ""}, "kept.strategy_missing"),
        ({"purpose": "curiosity"}, None),
        ({"valid_until": date(2026, 10, 31)}, "kept.days_wrong"),
        ({"conditions": (Condition("province", ("999",)),)}, "kept.code_unknown"),
        ({"conditions": (Condition("grade", ("D",)),)}, "kept.code_unknown"),
        ({"conditions": ()}, "kept.no_conditions"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_written(world, changes, key):
    store, analyst = world
    before = store.rows("SELECT count(*) AS n FROM segment_version")
    with pytest.raises(BadInput) as refused:
        segments.define(store, analyst, replace(SAID, **{"name_zh": "丁", "name_en": "D", **changes}), "x")
    assert key in (None, refused.value.key)
    assert refused.value.text("en")
    assert store.rows("SELECT count(*) AS n FROM segment_version") == before


def test_two_segments_have_two_names(world):
    store, analyst = world
    _, said = kept(world, "戊")
    with pytest.raises(Conflict):
        segments.define(store, analyst, said, "x")
    with pytest.raises(BadInput):
        segments.define(store, analyst, replace(said, name_zh="己", name_en="F"), " ")


def test_who_may(world):
    store, analyst = world
    segment_id, said = kept(world, "庚")
    researcher, lowered = account(store), visibility.lowered(analyst, Level.PUBLIC)
    for actor in (researcher, lowered):
        for work in (
            lambda actor=actor: segments.define(store, actor, said, "x"),
            lambda actor=actor: segments.retire(store, actor, segment_id, "x"),
            lambda actor=actor: segments.measure(
                store, actor, segment_id, "x", date(2026, 11, 1), None, FIGURES, version=1
            ),
            lambda actor=actor: segments.result(store, actor, "SM-1", "x", FIGURES),
        ):
            with pytest.raises(NotAllowed):
                work()
    with pytest.raises(NotAllowed):
        segments.listed(store, researcher)
    with pytest.raises(NotFound):
        segments.versions(store, analyst, "SG-none")


# ---- measures and results


def test_measures_and_results_stay_with_the_figures_of_their_time(world):
    store, analyst = world
    segment_id, said = kept(world, "辛")
    measure = segments.measure(
        store, analyst, segment_id, "寄送目录", date(2026, 11, 1), date(2026, 12, 31), FIGURES, version=1
    )
    segments.revise(store, analyst, segment_id, said, "更新", version=1)
    segments.result(store, analyst, measure, "回复三家", FIGURES)
    segments.result(store, analyst, measure, "年底再看", FEW)
    (found,) = segments.measures(store, analyst, segment_id)
    assert (found.what, found.version, found.figures) == ("寄送目录", 1, FIGURES)
    assert [(one.result, one.figures) for one in found.results] == [("回复三家", FIGURES), ("年底再看", FEW)]
    with pytest.raises(NotFound):
        segments.result(store, analyst, "SM-none", "x", FIGURES)
    with pytest.raises(Conflict):
        segments.measure(store, analyst, segment_id, "x", date(2026, 11, 1), None, FIGURES, version=1)
    for what, until in ((" ", None), ("x", date(2026, 10, 1))):
        with pytest.raises(BadInput):
            segments.measure(store, analyst, segment_id, what, date(2026, 11, 1), until, FIGURES, version=2)


# ---- what it holds in a lake


def described():
    customers = ibis.memtable({"customer_key": ["a", "b", "c"], "grade": ["A", "A", "C"], "net_fen": [100, 200, 100]})
    return statistics.joined(
        customers, {"rfm": ibis.memtable({"customer_key": ["a", "x"], "code": ["champions", "y"]})}
    )


def keys(table):
    return sorted(table.customer_key.to_pyarrow().to_pylist())


def test_all_conditions_hold_and_an_amount_includes_its_lower_end():
    table = described()
    assert keys(statistics.matching(table, (Condition("grade", ("A",)),))) == ["a", "b"]
    assert keys(statistics.matching(table, (Condition("grade", ("A",)), Condition(AMOUNT, at_least=200)))) == ["b"]
    assert keys(statistics.matching(table, (Condition(AMOUNT, at_least=100, below=200),))) == ["a", "c"]
    assert keys(statistics.matching(table, (Condition("rfm", ("",)),))) == ["b", "c"]
    with pytest.raises(BadInput):
        statistics.matching(table, (Condition("age", ("18-29",)),))


def test_what_a_customer_buys_most():
    lines = [
        ("a", "sale", "2026-01-01", "pen", 500),
        ("a", "return", "2026-01-31", "pen", 400),
        ("a", "sale", "2026-01-02", "ink", 200),
        ("b", "sale", "2026-01-02", "pen", 100),
        ("b", "sale", "2026-01-02", "ink", 100),
        ("c", "sale", "2025-12-31", "pen", 100),
        ("c", "sale", "2026-02-01", "pen", 100),
        ("d", "sale", "2026-01-01", None, 100),
        ("e", "return", "2026-01-01", "pen", 100),
        ("f", "payment", "2026-01-01", "pen", 100),
    ]
    names = ("customer_key", "kind", "occurred_on", "product", "amount_fen")
    columns = {name: [line[n] for line in lines] for n, name in enumerate(names)}
    columns["occurred_on"] = [date.fromisoformat(day) for day in columns["occurred_on"]]
    found = statistics.preferred_product(ibis.memtable(columns), date(2026, 1, 1), date(2026, 1, 31))
    # Of b's two, bought for as much, the first by name; the days of c are outside
    assert dict(found.to_pyarrow().to_pandas().values.tolist()) == {"a": "ink", "b": "ink"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = sites.site(tmp_path_factory.mktemp("lake") / "site")
    sites.publish(made, [*sites.CUSTOMERS] * 4, [(f"c{n}", "sale", "2026-10-05", n * 1000_00) for n in range(1, 33)])
    later = [(f"c{n}", "sale", "2026-11-02", 900_000_00) for n in range(1, 9)]
    sites.publish(made, [], later, now=sites.later(5), batch="b2")
    return made


def test_a_segment_is_evaluated_as_of_any_day_by_the_rules_of_that_day(place):
    conditions = (Condition(AMOUNT, at_least=25_000_00),)
    then, rules = segment_customers.evaluate(lake.open(place, as_of=sites.later(1)), conditions, date(2026, 11, 1))
    assert then == Figures(8, sum(range(25, 33)) * 1000_00, 1, "2026-11-01")
    assert set(rules) == {"value_grade.toml", "rfm.toml", "lifecycle.toml", "age_band.toml"}
    now, _ = segment_customers.evaluate(lake.open(place), conditions, date(2026, 11, 5))
    assert (now.customers, now.lake_version) == (16, 2)
    again, _ = segment_customers.evaluate(lake.open(place, as_of=sites.later(1)), conditions, date(2026, 11, 1))
    assert again == then


def test_a_segment_of_one_person_has_no_figures(place):
    opened, on = lake.open(place, as_of=sites.later(1)), date(2026, 11, 1)
    everybody = segment_customers.described(opened, on).table
    for at_least in (32_000_00, 29_000_00, 99_000_00):
        found = segment_customers.figures(opened, everybody, (Condition(AMOUNT, at_least=at_least),), on)
        assert (found.customers, found.net_fen) == (None, None)


def test_the_lake_has_every_version_and_nobody_behind_it(tmp_path):
    with empty_site(tmp_path / "site") as store:
        analyst = account(store, Role.ANALYST, clearance=Level.INTERNAL)
        segment_id = segments.define(store, analyst, SAID, "年度计划")
        lake_actions.publish(store, SERVICE)
        segments.retire(store, analyst, segment_id, "不再需要")
        lake_actions.publish(store, SERVICE)
        rows = lake.open(store.site).table("segments").order_by("version").to_pyarrow().to_pylist()
        assert [(row["version"], row["state"]) for row in rows] == [(1, "active"), (2, "retired")]
        assert definitions.from_json(rows[0]["conditions"]) == definitions.check(LARGE)
        assert analyst.person_id not in str(rows)
        first = lake.open(store.site, version=1)
        assert first.table("segments").count().to_pyarrow().as_py() == 1
        assert lake.newest(store.site.lake).version == 2
        assert lake_actions.publish(store, SERVICE) is None
        assert first.as_of + timedelta(0) < lake.open(store.site).as_of
