"""The warning at entry, the page of possible duplicates, and merges on a customer's page, without a browser."""

import json

import pytest

from custinfo.actions import duplicates, sessions
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import Role
from custinfo.screens import customer, form
from custinfo.screens import duplicates as desk
from tests.factories import PASSWORD, account
from tests.merging import PERSON, TWIN, World, person

CARD = "/form/individual_card"
WRONG = [None, True, 3, -1, "x", "1" * 5000, ["x"], {}, {"about": "x"}, {"about": "a.b", "reason": 3, "take0": ["x"]}]


@pytest.fixture
def opened(store, visit):
    def at(build, path, who, query=None, language="zh-CN"):
        return visit(build, path, query, session=sessions.log_in(store, who.login_name, PASSWORD), language=language)

    return at


@pytest.fixture
def supervisor(store):
    return account(store, Role.SUPERVISOR, login_name="zhao")


@pytest.fixture
def twins(store, researcher):
    """Two cards of one person."""
    return person(store, researcher, key="one"), person(store, researcher, PERSON, key="two")


def text(message):
    return json.dumps(message, ensure_ascii=False)


def drawn(page):
    page.send(kind="hello")
    return text(page.heard[-1])


def tables(message):
    return [block for block in message["blocks"] if block["type"] == "card" for block in block["blocks"]]


def test_a_new_card_is_recorded_once_it_is_said_why_it_is_another(store, researcher, supervisor, opened):
    known = person(store, researcher, key="one")
    page = opened(form.build, CARD, researcher)
    page.send(kind="hello")
    for ref, value in PERSON.items():
        page.answer(ref, value)
    asked = page.send(kind="submit", reason="")
    assert asked["kind"] == "similar" and asked["words"]["title"]
    (found,) = asked["found"]
    assert found["href"] == f"/customer/{known.customer_id}" and PERSON["/data/basic/name"] in found["text"]
    assert found["lines"]
    assert page.send(kind="submit", reason="", another="  ")["kind"] == "similar"
    assert store.row("SELECT count(*) AS n FROM draft WHERE outcome IS NULL")["n"] == 1
    assert page.send(kind="submit", reason="", another="双胞胎")["kind"] == "receipt"
    (pair,) = duplicates.waiting(store, supervisor, limit=5).pairs
    assert pair.said == "双胞胎"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pair_is_shown_side_by_side_and_merged(store, supervisor, twins, opened, language):
    page = opened(desk.build, "/duplicates", supervisor, language=language)
    shown = drawn(page)
    assert all(made.customer_number in shown for made in twins)
    assert "13800138000" not in shown  # of level 1: masked
    about = ".".join(sorted(made.customer_id for made in twins))
    event = {"about": about, "reason": "同一人"}
    assert page.send(kind="event", name="merge", value=event | {"about": "x.y"})["kind"] == "failed"
    assert page.send(kind="event", name="merge", value={"about": about, "reason": ""})["kind"] == "failed"
    page.send(kind="event", name="swap", value="")
    done = page.send(kind="event", name="merge", value=event)
    assert done["kind"] == "sheet" and duplicates.count(store, supervisor) == 0
    assert store.row("SELECT survivor_id FROM merged_now")["survivor_id"] == twins[1].customer_id  # not the older one


def test_an_answer_is_taken_over_from_the_one_that_goes(store, opened):
    world = World(store)
    duplicates.put_by_hand(store, world.supervisor, world.stays.customer_number, world.goes.customer_number)
    page = opened(desk.build, "/duplicates", world.supervisor)
    shown = drawn(page)
    about = ".".join(sorted((world.stays.customer_id, world.goes.customer_id)))
    fields = [
        field
        for block in tables({"blocks": [b for c in json.loads(shown)["blocks"] if c["type"] == "columns"
                                        for stack in c["columns"] for b in stack]})
        if block["type"] == "entry" and block["event"] == "merge"
        for field in block["fields"]
    ]  # fmt: skip
    take = next(
        field["name"] for field in fields if TWIN["/data/basic/short_name"] in field["label"].split("=")[-1].split()
    )
    page.send(kind="event", name="merge", value={"about": about, "reason": "同一家", take: "yes"})
    assert world.answers(world.stays.customer_id)["/data/basic/short_name"] == TWIN["/data/basic/short_name"]


def test_two_are_called_different_or_put_off(store, supervisor, twins, opened):
    page = opened(desk.build, "/duplicates", supervisor)
    drawn(page)
    about = ".".join(sorted(made.customer_id for made in twins))
    assert page.send(kind="event", name="later", value={"about": about})["kind"] == "sheet"
    assert duplicates.waiting(store, supervisor, limit=5).pairs[0].later
    page.send(kind="event", name="different", value={"about": about, "reason": "父子"})
    assert duplicates.count(store, supervisor) == 0


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_nothing_that_a_browser_sends_does_harm(store, supervisor, twins, opened, value):
    page = opened(desk.build, "/duplicates", supervisor)
    drawn(page)
    for name in ("merge", "different", "later", "compare", "swap", "page", "nothing"):
        reply = page.send(kind="event", name=name, value=value)
        assert "pages.incident" not in text(reply) and reply["kind"] in ("failed", "sheet")
    assert store.rows("SELECT * FROM merge") == store.rows("SELECT * FROM duplicate_decision") == []


def test_who_may_not_review_sees_no_pair_and_an_empty_list_says_so(store, researcher, supervisor, opened):
    assert opened(desk.build, "/duplicates", researcher).send(kind="hello")["kind"] == "failed"
    assert "custinfo dedupe" in drawn(opened(desk.build, "/duplicates", supervisor))
    assert "custinfo dedupe" in drawn(opened(desk.build, "/duplicates", supervisor, {"pair": "a.b"}))


def test_the_old_customer_leads_on_and_the_merge_is_taken_back_there(store, supervisor, twins, opened):
    from custinfo.actions import merges

    stays, goes = twins
    done = merges.merge(store, supervisor, stays.customer_id, goes.customer_id, reason="同一人", seen=(1, 1))
    gone = drawn(opened(customer.build, f"/customer/{goes.customer_id}", supervisor))
    assert f"/customer/{stays.customer_id}" in gone and stays.customer_number in gone
    page = opened(customer.build, f"/customer/{stays.customer_id}", supervisor)
    assert done.merge_id in drawn(page)
    page.send(kind="event", name="unmerge", value={"about": done.merge_id, "reason": "看错了"})
    assert store.rows("SELECT * FROM merged_now") == []
