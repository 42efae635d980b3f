"""Customers' demands on their way from the card into the lake: rated, with their stage, without what was said."""

from datetime import datetime

import pytest

from custinfo import lake
from custinfo.actions import demands_published, drafts, entities, forms, pseudonyms, record_levels
from custinfo.actions import lake as publishing
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from tests.factories import account, card, site_with_forms, submit
from tests.source_forms import fill, filled
from tests.test_source_forms import draft_of_rounds

ABOUT = "/data/information/customer_number"
ANALYSIS = "/data/analysis"
RATINGS = {"importance": "5", "urgency": "4", "feasibility": "3"}


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


def need(store, actor, key, changed):
    """An information card about a customer's need, filled in today and submitted."""
    answers = filled("information_card", datetime.now(store.site.zone).date()) | changed
    return submit(store, actor, draft_of_rounds(store, actor, "information_card", answers), key)


def analysed(store, actor, made, number, key, ratings):
    """The first step of a demand that was collected: it is classed and rated."""
    today = datetime.now(store.site.zone).date().isoformat()
    demand_id = next(one.entity_id for one in made.entities if one.dataset == "demands")
    said = {"demand_class": "product", "grounds": "客户两次提出", **ratings}
    answers = {"customer_number": number, "demand": demand_id, "step": "analyse", "done_on": today}
    given = {f"/data/which/{name}": value for name, value in answers.items()}
    given |= {f"{ANALYSIS}/{name}": value for name, value in said.items()} | {"/data/next/next_on": today}
    draft = drafts.start(store, actor, "demand_step")
    opened = forms.session(store, forms.load(store, "demand_step"), draft.instance, actor=actor)
    drafts.save(store, actor, draft.draft_id, fill(opened, given).instance, "/data/which/step", saves=draft.saves)
    return submit(store, actor, draft.draft_id, key)


def published(store):
    """The demands of the lake, each with its ratings and stage."""
    publishing.publish(store, SERVICE)
    found = lake.open(store.site).table("demands").order_by("demand_number", "version").to_pyarrow().to_pylist()
    unsaid = ("recorded_at", "conclusion", "reply")
    return [{name: value for name, value in row.items() if name not in unsaid} for row in found]


def test_a_rated_need_reaches_the_lake_under_its_customers_key_and_without_its_words(store):
    lin = account(store)
    customer = card(store, lin)
    made = need(store, lin, "need-1", {ABOUT: customer.customer_number})
    analysed(store, lin, made, customer.customer_number, "step-1", RATINGS)
    need(store, lin, "need-2", {})
    known = pseudonyms.key_of(store, customer.customer_id)
    rows = ("importance", "urgency", "feasibility")
    collected = {"version": 1, "kind": "need", "stage": "collected", **dict.fromkeys((*rows, "step", "class"))}
    first = {"customer_key": known, "demand_number": "D000001"}
    rated = {"importance": 5, "urgency": 4, "feasibility": 3, "step": "analyse", "class": "product"}
    wanted = [
        collected | first,
        first | {"version": 2, "kind": "need", "stage": "analysed", **rated},
        collected | {"customer_key": None, "demand_number": "D000002"},
    ]
    assert published(store) == wanted
    assert published(store) == wanted, "a second publishing adds nothing"
    for file in (store.site.lake / "demands").iterdir():
        assert "小包装".encode() not in file.read_bytes() and "客户两次提出".encode() not in file.read_bytes()


def test_a_demand_that_went_on_is_a_version_more(store):
    lin = account(store)
    made = need(store, lin, "need-1", {})
    analysed(store, lin, made, "", "step-1", RATINGS)
    analysed(store, lin, made, "", "step-2", RATINGS | {"feasibility": ""})
    assert [(row["version"], row["stage"], row["feasibility"]) for row in published(store)] == [
        (1, "collected", None),
        (2, "analysed", 3),
        (3, "analysed", None),
    ]


def test_an_intention_to_buy_is_told_apart_by_its_kind(store):
    lin = account(store)
    answers = filled("intention_card", datetime.now(store.site.zone).date())
    submit(store, lin, draft_of_rounds(store, lin, "intention_card", answers), "intention-1")
    assert [(row["kind"], row["stage"], row["importance"]) for row in published(store)] == [("intention", "open", None)]


def test_what_is_of_level_1_has_no_row(store):
    lin, head = account(store), account(store, Role.DEPARTMENT_HEAD)
    customer = card(store, lin)
    secret = need(store, lin, "need-1", {})
    need(store, lin, "need-2", {ABOUT: customer.customer_number})
    record_levels.set(store, head, secret.record_id, Level.SECRET, "核心商业秘密")
    current = entities.current(store, customer.customer_id)
    record_levels.set(store, head, current["record_id"], Level.SECRET, "核心商业秘密")
    assert list(demands_published.lake_rows(store, 0)) == []
