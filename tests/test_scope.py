"""Customers of another department do not exist: through every door the answer is that for what never was."""

import json

import pytest

from custinfo.access import visibility
from custinfo.actions import (
    assignments,
    conflicts,
    customers,
    draft_list,
    drafts,
    due,
    entity_lists,
    form_exports,
    forms,
    record_levels,
    record_views,
    reveals,
    reviews,
)
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, CustinfoError, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.xforms import Unfinished
from tests.factories import CARD, CREDIT_CODE, NAME, SURVEY, account, card, code_for, draft_of, site_with_forms, submit
from tests.readable import text_of

EASTERN = CARD | {
    NAME: "杭州远山贸易有限公司", CREDIT_CODE: code_for(90002), "/data/place/province": "330000",
    "/data/place/prefecture": "330100", "/data/place/county": "330106", "/data/people/phone": "0571-08880003",
}  # fmt: skip


class World:
    """Two departments with a customer and a survey each."""

    def __init__(self, store):
        self.store = store
        self.lin = account(store, login_name="lin")
        self.han = account(store, login_name="han", department="华东部")
        self.mine = card(store, self.lin, key="south")
        self.theirs = card(store, self.han, EASTERN, key="east")
        surveyed = draft_of(store, self.han, "satisfaction_survey", SURVEY, customer_id=self.theirs.customer_id)
        self.survey = submit(store, self.han, surveyed, "survey")


@pytest.fixture
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("scope") / "site") as opened:
        yield World(opened)


@pytest.fixture
def supervisor(world):
    return account(world.store, Role.SUPERVISOR)


def seen(world, actor):
    """The customers that the actor finds, by number."""
    return {row.customer_id for row in customers.search(world.store, actor, "", 50, 0).rows}


def of_the_two(world, actor):
    """Which of the first two customers the actor finds."""
    return seen(world, actor) & {world.mine.customer_id, world.theirs.customer_id}


OWN, OTHERS, OVERSIGHT = (
    {"owner": "Q", "department": department, "region": "", "level": None, "audience": audience}
    for department, audience in (("x", "field"), ("y", "field"), ("y", "oversight"))
)


@pytest.mark.parametrize(
    ("role", "own", "others", "oversight"),
    [
        (Role.RESEARCHER, True, False, False),
        (Role.SUPERVISOR, True, False, False),
        (Role.DEPARTMENT_HEAD, True, False, False),
        (Role.INFORMATION_ADMINISTRATOR, True, True, True),
        (Role.MANAGER, True, True, True),
        (Role.ANALYST, False, False, False),
        (Role.AUDITOR, False, False, True),
        (Role.SYSTEM_ADMINISTRATOR, False, False, False),
        (Role.SECURITY_ADMINISTRATOR, False, False, True),
    ],
)
def test_whose_customers_each_role_sees(role, own, others, oversight):
    person = Person("P", "p", "p", frozenset({role}), "x", Level.SECRET)
    assert [visibility.visible(person, place) for place in (OWN, OTHERS, OVERSIGHT)] == [own, others, oversight]


@pytest.mark.guarantee("scope-does-not-exist")
@pytest.mark.parametrize("second", [Role.AUDITOR, Role.SECURITY_ADMINISTRATOR])
def test_who_also_watches_over_everything_has_no_more_customers_by_that(world, second):
    """One role's scope is not another role's: both together are no master key."""
    both = account(world.store, Role.SUPERVISOR, second)
    places = [visibility.visible(both, place) for place in (OWN | {"department": "调查部"}, OTHERS, OVERSIGHT)]
    assert places == [True, False, True]
    assert of_the_two(world, both) == {world.mine.customer_id}


@pytest.mark.parametrize(
    ("region", "code", "inside"),
    [
        ("440000", "440305", True), ("440300", "440305", True), ("440305", "440305", True), ("440305", "440306", False),
        ("440300", "440106", False), ("110000", "440305", False), ("440000", "", False), ("440000", None, False),
    ],
)  # fmt: skip
def test_a_region_holds_what_lies_in_it(region, code, inside):
    person = Person("P", "p", "p", frozenset({Role.RESEARCHER}), "", regions=frozenset({region}))
    assert visibility.in_scope(person, OWN | {"department": "", "region": code}) is inside


def test_a_blank_department_holds_nobodys_customers():
    person = Person("P", "p", "p", frozenset({Role.RESEARCHER}), "")
    assert not visibility.in_scope(person, OWN | {"department": "", "region": "440305"})


@pytest.mark.guarantee("scope-does-not-exist")
def test_lists_counts_and_search(world, supervisor):
    store = world.store
    for actor in (world.lin, supervisor):
        assert of_the_two(world, actor) == {world.mine.customer_id}
        found = customers.search(store, actor, "杭州", 50, 0)
        assert (found.total, found.rows) == (0, [])
        assert customers.search(store, actor, code_for(90002), 50, 0).total == 0
        assert customers.search(store, actor, world.theirs.customer_number, 50, 0).total == 0
        assert world.survey.record_id not in {one.record_id for one in record_views.listed(store, actor).rows}
        assert record_views.states(store, actor, "satisfaction_survey") == {}
    assert of_the_two(world, world.han) == {world.theirs.customer_id}
    assert of_the_two(world, account(store, Role.MANAGER)) == {world.mine.customer_id, world.theirs.customer_id}


NEVER = "0123456789abcdef01234567"
DOORS = {
    "card": lambda s, a, c, r: customers.card(s, a, c, "en"),
    "owners": lambda s, a, c, r: assignments.history(s, a, c),
    "begin a form": lambda s, a, c, r: drafts.blank(s, a, "satisfaction_survey", c),
    "change the card": lambda s, a, c, r: drafts.blank(s, a, "enterprise_card", c),
    "read a record": lambda s, a, c, r: record_views.read(s, a, r),
    "edit a record": lambda s, a, c, r: drafts.blank(s, a, "satisfaction_survey", record_id=r),
    "conflicts of a record": lambda s, a, c, r: conflicts.listed(s, a, record_id=r),
    "queries": lambda s, a, c, r: reviews.queries(s, a, r),
    "decide": lambda s, a, c, r: reviews.decide(s, a, r, 1, "approve"),
    "ask": lambda s, a, c, r: reviews.ask(s, a, r, 1, "/data/future/recommend", "why?"),
    "reveal": lambda s, a, c, r: reveals.reveal(s, a, "customer", c, "/data/people/phone"),
    "reveal in a record": lambda s, a, c, r: reveals.reveal(s, a, "record", r, "/data/future/recommend"),
    "level": lambda s, a, c, r: record_levels.set(s, a, r, Level.INTERNAL, "x"),
    "hand over": lambda s, a, c, r: assignments.transfer(s, a, c, a.person_id, "x"),
}


@pytest.mark.guarantee("scope-does-not-exist")
@pytest.mark.parametrize("door", DOORS)
def test_every_door_says_the_same_as_for_what_never_was(world, supervisor, door):
    told = []
    for customer_id, record_id in ((world.theirs.customer_id, world.survey.record_id), (NEVER, f"R-{NEVER[:20]}")):
        with pytest.raises(CustinfoError) as refused:
            DOORS[door](world.store, supervisor, customer_id, record_id)
        assert isinstance(refused.value, NotFound)
        told.append(refused.value.text("en").replace(customer_id, "…").replace(record_id, "…"))
    assert told[0] == told[1]


@pytest.mark.guarantee("scope-does-not-exist")
def test_choice_lists_exports_and_due_rows(world, supervisor):
    store = world.store
    form = forms.load(store, "satisfaction_survey")
    if form.live:
        told = repr(entity_lists.rows(store, form, supervisor))
        assert world.theirs.customer_id not in told
    for name in ("csv", "jsonl", "xml"):
        out = text_of(form_exports.export(store, supervisor, "enterprise_card", name, language="en").data)
        assert "杭州远山" not in out and CARD[NAME] in out
    late = utc_now().date().replace(year=utc_now().year + 2)
    told = repr(due.mine(store, supervisor, late))
    assert world.mine.customer_id in told and world.theirs.customer_id not in told


@pytest.mark.guarantee("scope-does-not-exist")
def test_a_number_that_is_typed_in_is_not_known(world):
    draft = draft_of(world.store, world.lin, "satisfaction_survey", SURVEY, customer_id=world.mine.customer_id)
    row = world.store.row("SELECT * FROM draft WHERE draft_id = ?", [draft])
    content = json.loads(row["instance"])
    told = json.dumps(content).replace(world.mine.customer_number, world.theirs.customer_number)
    drafts.save(world.store, world.lin, draft, json.loads(told), "/data", saves=row["saves"])
    with pytest.raises(Unfinished) as refused:
        submit(world.store, world.lin, draft, "smuggled")
    assert [one.key for one in refused.value.problems] == ["customers.no_such_number"]


@pytest.mark.guarantee("scope-does-not-exist")
def test_a_code_that_is_taken_elsewhere_names_nobody(world):
    with pytest.raises(Unfinished) as refused:
        card(world.store, world.lin, CARD | {CREDIT_CODE: code_for(90002)}, key="twice")
    assert [one.key for one in refused.value.problems] == ["customers.key_taken_elsewhere"]
    assert world.theirs.customer_number not in refused.value.text("en")


def test_regions_add_to_the_department(world):
    both = account(world.store, regions=["330000"])
    assert of_the_two(world, both) == {world.mine.customer_id, world.theirs.customer_id}
    assert customers.card(world.store, both, world.theirs.customer_id, "en").number == world.theirs.customer_number


@pytest.fixture
def moved(world):
    """A third customer, handed over from one department to the other."""
    return card(world.store, world.lin, CARD | {CREDIT_CODE: code_for(90003), NAME: "远航"}, key=f"moved-{utc_now()}")


@pytest.mark.guarantee("transfer-leaves-a-trace")
def test_a_customer_goes_over_with_all_that_is_about_it(world, supervisor, moved):
    store = world.store
    begun = draft_of(store, world.lin, "satisfaction_survey", SURVEY, customer_id=moved.customer_id)
    record = submit(store, world.lin, draft_of(
        store, world.lin, "satisfaction_survey", SURVEY, customer_id=moved.customer_id), f"m-{utc_now()}")  # fmt: skip
    assignments.transfer(store, supervisor, moved.customer_id, world.han.person_id, "客户迁往杭州")
    assert moved.customer_id in seen(world, world.han) and moved.customer_id not in seen(world, world.lin)
    with pytest.raises(NotFound):
        record_views.read(store, world.lin, record.record_id)
    with pytest.raises(NotFound):
        drafts.open_(store, world.lin, begun)
    assert begun not in {one.draft_id for one in draft_list.mine(store, world.lin)}
    turns = assignments.history(store, world.han, moved.customer_id)
    assert [turn.owner for turn in turns] == [world.han.person_id, world.lin.person_id]
    assert (turns[0].reason, turns[0].by_name) == ("客户迁往杭州", supervisor.display_name)
    assert store.rows("SELECT * FROM audit WHERE action = 'customer.assign'")
    for statement in ("UPDATE assignment SET owner = 'x'", "DELETE FROM assignment"):
        with pytest.raises(Exception, match="append-only"), store.act("x", "test.forge", "x", "x") as tx:
            tx.execute(statement)


@pytest.mark.guarantee("transfer-leaves-a-trace")
def test_who_may_hand_over_and_to_whom(world, supervisor):
    store, customer_id = world.store, world.mine.customer_id
    with pytest.raises(NotAllowed):
        assignments.transfer(store, world.lin, customer_id, world.han.person_id, "x")
    with pytest.raises(BadInput):
        assignments.transfer(store, supervisor, customer_id, world.han.person_id, "  ")
    for nobody in ("P-nobody", account(store, Role.ANALYST).person_id, account(store, Role.MANAGER).person_id):
        with pytest.raises(BadInput):
            assignments.transfer(store, supervisor, customer_id, nobody, "x")
    with pytest.raises(WrongState):
        assignments.transfer(store, supervisor, customer_id, world.lin.person_id, "x")


@pytest.mark.guarantee("record-level")
def test_a_record_of_level_1_does_not_exist_without_clearance(world, supervisor):
    store = world.store
    made = card(store, world.lin, CARD | {CREDIT_CODE: code_for(90004), NAME: "密林"}, key="secret record")
    lower = account(store, Role.SUPERVISOR, clearance=Level.INTERNAL)
    before = record_views.listed(store, lower).total, customers.search(store, lower, "", 9, 0).total
    record_levels.set(store, supervisor, made.record_id, Level.SECRET, "并购谈判")
    assert record_levels.level_of(store, made.record_id) is Level.SECRET
    after = record_views.listed(store, lower).total, customers.search(store, lower, "", 9, 0).total
    assert after == (before[0] - 1, before[1] - 1)
    assert customers.search(store, lower, "密林", 9, 0).total == 0
    for door in ("card", "read a record", "queries", "edit a record"):
        with pytest.raises(NotFound):
            DOORS[door](store, lower, made.customer_id, made.record_id)
    assert "密林" not in text_of(form_exports.export(store, lower, "enterprise_card", "csv", language="en").data)
    assert customers.search(store, supervisor, "密林", 9, 0).total == 1
    shown = customers.card(store, supervisor, made.customer_id, "en").sections[0].fields
    assert all(field.masked for field in shown), "every answer of a record of level 1 is of level 1"
    with pytest.raises(NotAllowed):
        record_levels.set(store, lower, world.mine.record_id, Level.SECRET, "x")
    with pytest.raises(BadInput):
        record_levels.set(store, supervisor, world.mine.record_id, Level.SECRET, " ")
