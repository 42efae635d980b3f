"""Records, drafts, comparisons and figures by a detour: who may not know of something learns nothing of it elsewhere."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from custinfo import lake as readers
from custinfo.access import visibility
from custinfo.actions import (
    conflicts,
    customers,
    draft_list,
    drafts,
    form_exports,
    forms,
    lake,
    quotas,
    record_levels,
    record_views,
    reviews,
    second_entries,
    verifications,
)
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import NotAllowed, NotFound, WrongState
from custinfo.domain.people import SERVICE, Audience, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import explorer, form_desk, segments
from custinfo.screens.explorer_view import Prepared, Screen
from tests import small_forms
from tests.factories import CARD, CREDIT_CODE, NAME, SURVEY, account, card, code_for, draft_of, site_with_forms, submit
from tests.readable import text_of
from tests.small_forms import fill, publish, send
from tests.test_levels import page_text

QUOTA = f"""
| survey |
| | type | name | label | bind::custinfo:quota | bind::custinfo:level |
| | select_one sex | sex | Sex | m=5; f=5 |  |
| | select_one sex | told | Told | m=5; f=5 | 1 |
| choices |
| | list_name | name | label |
| | sex | m | Male |
| | sex | f | Female |
| settings |
| | form_title | form_id | version | namespaces |
| | Street | street | 1 | {small_forms.NAMESPACE} |
"""
INSPECTED = f"""
| survey |
| | type | name | label | bind::custinfo:about |
| | text | number | Customer | customers |
| | text | said | Said |  |
| settings |
| | form_title | form_id | version | namespaces | attribute::custinfo:audience |
| | Inspected | inspected | 1 | {small_forms.NAMESPACE} | oversight |
"""
CHANGE = small_forms.CHANGE.replace("save_to |", "save_to | bind::custinfo:level |").replace(
    "owner |\n", "owner | 1 |\n"
)
FIRST = {"/data/shop": "南山店", "/data/secret": "欠款九万元整", "/data/size": "small"}
SECOND = {**FIRST, "/data/secret": "欠款八万元整", "/data/size": "large"}


class World:
    def __init__(self, store):
        self.store = store
        publish(store, small_forms.CALL, "call.md")
        publish(store, QUOTA, "street.md")
        publish(store, CHANGE, "change.md")
        self.lin = account(store, login_name="lin")
        self.head = account(store, Role.SUPERVISOR, login_name="head")
        self.uncleared = account(store, Role.SUPERVISOR, login_name="uncleared", clearance=Level.INTERNAL)


@pytest.fixture
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("records") / "site") as opened:
        yield World(opened)


@pytest.fixture
def store(world):
    return world.store


def customer(world, number, name):
    return card(world.store, world.lin, CARD | {CREDIT_CODE: code_for(number), NAME: name}, key=f"card {number}")


# ---- a customer of level 1, by what is about it


@pytest.mark.guarantee("record-level")
def test_what_is_about_a_customer_of_level_1_is_of_level_1(world):
    store = world.store
    made = customer(world, 90101, "密山")
    survey = submit(store, world.lin, draft_of(
        store, world.lin, "satisfaction_survey", SURVEY, customer_id=made.customer_id), "survey of 90101")  # fmt: skip
    contact = store.row("SELECT entity_id FROM entity_place WHERE root = ? AND entity_id != root", [made.customer_id])
    assert record_views.read(store, world.uncleared, survey.record_id).about is not None
    before = sum(record_views.states(store, world.uncleared, "satisfaction_survey").values())
    record_levels.set(store, world.head, made.record_id, Level.SECRET, "并购谈判")
    assert not [one for one in record_views.listed(store, world.uncleared).rows if one.record_id == survey.record_id]
    assert sum(record_views.states(store, world.uncleared, "satisfaction_survey").values()) == before - 1
    for door in (record_views.read, reviews.queries):
        with pytest.raises(NotFound):
            door(store, world.uncleared, survey.record_id)
    with pytest.raises(NotFound):
        drafts.start(store, world.uncleared, "satisfaction_survey", record_id=survey.record_id)
    told = text_of(form_exports.export(store, world.uncleared, "satisfaction_survey", "csv", language="en").data)
    assert survey.record_id not in told and made.customer_number not in told
    if contact:
        level = store.row("SELECT level FROM entity_current WHERE entity_id = ?", [contact["entity_id"]])
        assert level == {"level": int(Level.SECRET)}
    shown = record_views.read(store, world.head, survey.record_id)
    assert shown.level is Level.SECRET and shown.answers["/data/future/recommend"] == "****"
    # What is said of the survey alone never makes it less secret than its customer
    record_levels.set(store, world.head, survey.record_id, Level.INTERNAL, "x")
    with pytest.raises(NotFound):
        record_views.read(store, world.uncleared, survey.record_id)


def test_what_was_made_by_a_record_of_level_1_alone_leaves_the_customer_known(world):
    store = world.store
    made = customer(world, 90102, "明山")
    survey = submit(store, world.lin, draft_of(
        store, world.lin, "satisfaction_survey", SURVEY, customer_id=made.customer_id), "survey of 90102")  # fmt: skip
    record_levels.set(store, world.head, survey.record_id, Level.SECRET, "x")
    assert customers.card(store, world.uncleared, made.customer_id, "en").number == made.customer_number
    with pytest.raises(NotFound):
        record_views.read(store, world.uncleared, survey.record_id)


@pytest.mark.guarantee("scope-does-not-exist")
def test_a_record_names_no_entity_that_its_reader_may_not_know(world):
    """A form of another audience may be about a customer: what is about it is read, the customer is not."""
    store = world.store
    publish(store, INSPECTED, "inspected.md")
    made, chief = customer(world, 90103, "远山"), account(store, Role.DEPARTMENT_HEAD)
    found = send(store, chief, fill(store, chief, "inspected", {"/data/said": "x"}, customer_id=made.customer_id))
    about = record_views.read(store, chief, found.record_id).about
    assert about is not None and about.number == made.customer_number
    auditor = account(store, Role.AUDITOR)
    assert record_views.read(store, auditor, found.record_id).about is None
    lines = {
        who: next(one.label for one in record_views.listed(store, who).rows if one.record_id == found.record_id)
        for who in (chief, auditor)
    }
    assert lines == {chief: "远山", auditor: ""}


# ---- researchers with another role


@pytest.mark.parametrize("second", [Role.ANALYST, Role.SYSTEM_ADMINISTRATOR, Role.AUDITOR, Role.SECURITY_ADMINISTRATOR])
def test_a_second_role_without_field_work_shows_a_researcher_no_record_of_others(world, second):
    store = world.store
    both = account(store, Role.RESEARCHER, second)
    theirs = send(store, world.lin, fill(store, world.lin, "call", {"/data/shop": "甲"}))
    own = send(store, both, fill(store, both, "call", {"/data/shop": "乙"}))
    assert [one.record_id for one in record_views.listed(store, both).rows] == [own.record_id]
    assert record_views.states(store, both, "call") == {"received": 1}
    with pytest.raises(NotFound):
        record_views.read(store, both, theirs.record_id)
    assert record_views.read(store, both, own.record_id).record_id == own.record_id


@pytest.mark.parametrize("second", [Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.MANAGER])
def test_a_second_role_with_field_work_reads_what_that_role_reads(world, second):
    both = account(world.store, Role.RESEARCHER, second)
    theirs = send(world.store, world.lin, fill(world.store, world.lin, "call", {"/data/shop": "甲"}))
    assert theirs.record_id in {one.record_id for one in record_views.listed(world.store, both).rows}
    assert record_views.read(world.store, both, theirs.record_id).record_id == theirs.record_id


# ---- drafts


def test_the_list_of_drafts_tells_of_answers_that_their_owner_sees_alone(world):
    store = world.store
    owner = account(store)
    fill(store, owner, "call", {"/data/secret": FIRST["/data/secret"]})
    [cleared] = draft_list.mine(store, owner)
    assert (cleared.label, cleared.answered) == ("欠****整", 1)
    [lowered] = draft_list.mine(store, visibility.lowered(owner, Level.INTERNAL))
    assert (lowered.label, lowered.answered) == ("", 0)


def test_a_draft_of_a_record_that_was_raised_meanwhile_is_closed(world):
    store = world.store
    made = send(store, world.lin, fill(store, world.lin, "call", FIRST))
    edit = fill(store, world.uncleared, "call", {"/data/shop": "北店"}, record_id=made.record_id)
    again = fill(store, world.uncleared, "call", {"/data/shop": "北店"}, verifies=made.record_id)
    record_levels.set(store, world.head, made.record_id, Level.SECRET, "x")
    for draft_id in (edit, again):
        for door in (drafts.open_, drafts.discard):
            with pytest.raises(NotFound):
                door(store, world.uncleared, draft_id)
    assert not {edit, again} & {one.draft_id for one in draft_list.mine(store, world.uncleared)}


def test_a_draft_of_a_form_of_others_work_is_closed(world):
    store = world.store
    owner = account(store)
    draft_id = fill(store, owner, "call", {"/data/shop": "北店"})
    with pytest.raises(NotFound):
        drafts.open_(store, replace(owner, roles=frozenset({Role.AUDITOR})), draft_id)


# ---- second entries, conflicts, reviews


@pytest.fixture
def twice(world):
    """A record with two entries, which differ in an answer of level 1 and in one of level 2."""
    store = world.store
    made = send(store, world.lin, fill(store, world.lin, "call", FIRST))
    other = account(store, login_name="enters again")
    send(store, other, fill(store, other, "call", SECOND, verifies=made.record_id))
    return made.record_id


def test_two_entries_stand_side_by_side_masked_and_only_what_is_seen_counts(world, twice):
    store = world.store
    [cleared] = second_entries.comparisons(store, world.head, twice, "en")
    assert [(one.ref, one.first, one.second) for one in cleared.differences] == [
        ("/data/secret", "欠****整", "欠****整"), ("/data/size", "Small", "Large"),
    ]  # fmt: skip
    [shown] = second_entries.comparisons(store, world.uncleared, twice, "en")
    assert ([one.ref for one in shown.differences], shown.compared) == (["/data/size"], cleared.compared - 1)
    for count in (verifications.agreement, second_entries.by_person):
        told = repr(count(store, world.uncleared, "call"))
        assert "/data/secret" not in told and told != repr(count(store, world.head, "call"))
    people = second_entries.by_person(store, world.uncleared, "call")
    assert [(one.compared, one.equal) for one in people if one.name.startswith("enters")] == [(2, 1)]


def test_a_conflict_about_what_a_person_may_not_see_is_none_to_them(world):
    store = world.store
    other, made = account(store), send(store, world.lin, fill(store, world.lin, "call", FIRST)).entities[0]
    late = fill(store, other, "shop_change", {"/data/shop": made.entity_id, "/data/owner": "陈老板与人"})
    send(store, world.lin, fill(store, world.lin, "shop_change", {"/data/shop": made.entity_id, "/data/owner": "丙"}))
    send(store, other, late)
    [one] = conflicts.listed(store, world.head, made.entity_id)
    assert [(each.name, each.mine) for each in one.properties] == [("owner", "陈****人")]
    before = conflicts.count(store, world.head)
    assert conflicts.listed(store, world.uncleared, made.entity_id) == ()
    assert conflicts.count(store, world.uncleared) == before - 1
    with pytest.raises(NotFound):
        conflicts.resolve(store, world.uncleared, made.entity_id, one.version)


def test_who_is_not_cleared_for_every_question_approves_nothing_and_learns_of_no_query(world, twice):
    store = world.store
    plain = send(store, world.lin, fill(store, world.lin, "call", {"/data/shop": "甲"})).record_id
    told = set()
    for record_id in (plain, twice):
        with pytest.raises(NotAllowed) as refused:
            reviews.decide(store, world.uncleared, record_id, 1, "approve")
        told.add(refused.value.text("en"))
    assert len(told) == 1
    with pytest.raises(WrongState):
        reviews.decide(store, world.head, twice, 1, "approve")
    assert reviews.decide(store, world.uncleared, plain, 1, "reject", "重复") == "rejected"


# ---- figures


def test_the_figures_of_a_quota_are_for_who_sees_every_record_and_the_question(world):
    store = world.store
    send(store, world.lin, fill(store, world.lin, "street", {"/data/sex": "m", "/data/told": "m"}))
    form = forms.load(store, "street")
    everywhere = account(store, Role.INFORMATION_ADMINISTRATOR)
    partly = account(store, Role.INFORMATION_ADMINISTRATOR, clearance=Level.INTERNAL)
    assert quotas.shown(store, everywhere, form, Audience.FIELD) == {"/data/sex": {"m": 1}, "/data/told": {"m": 1}}
    assert quotas.shown(store, partly, form, Audience.FIELD) == {"/data/sex": {"m": 1}}
    assert quotas.shown(store, world.head, form, Audience.FIELD) == {}
    assert quotas.shown(store, account(store, Role.AUDITOR), form, Audience.FIELD) == {}
    cards = [json.loads(page_text(store, who, form_desk.build, "/forms/street")) for who in (everywhere, world.head)]
    assert [json.dumps(one).count("Quotas") > 0 for one in cards] == [True, False]


def test_what_is_typed_for_a_form_is_not_on_the_audit_log(world):
    for form_id in ("陈老板的电话", "call"):
        record_views.listed(world.store, world.head, form_id=form_id)
    rows = world.store.rows("SELECT object_id FROM audit WHERE action = 'record.list' ORDER BY seq DESC LIMIT 2")
    assert [row["object_id"] for row in rows] == ["call", ""]


# ---- the lake


def test_the_screen_of_segments_is_for_who_sees_level_2_now(world, monkeypatch):
    analyst = account(world.store, Role.ANALYST, clearance=Level.INTERNAL)
    lake.looked_at(world.store, analyst, 1)
    with pytest.raises(NotAllowed):
        lake.looked_at(world.store, visibility.lowered(analyst, Level.PUBLIC), 1)
    login = SimpleNamespace(person=analyst)
    found = SimpleNamespace(version=1, as_of=utc_now(), late=(), smallest_group=5)
    page = SimpleNamespace(
        site=world.store.site, store=world.store, language="en", path="/segments", query={}, alive=lambda: login
    )
    monkeypatch.setattr(explorer.lake, "open", lambda *_, **__: found)
    screen = Screen("segments", lambda _: Prepared({}), lambda _: "")
    shown, done = (
        explorer.Explorer(screen, explorer.Place("", world.store.site.zone, demo=False), found, "en", page),
        [],
    )
    shown.answer(lambda: done.append("before"))
    explorer.page(screen, page)
    login.person = visibility.lowered(analyst, Level.PUBLIC)
    shown.answer(lambda: done.append("after"))
    assert done == ["before"]
    with pytest.raises(NotAllowed):
        explorer.page(segments.SCREEN, page)


def test_a_customer_of_level_1_is_not_published(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        lin, head = account(store), account(store, Role.SUPERVISOR)
        known = card(store, lin)
        hidden = card(store, lin, CARD | {CREDIT_CODE: code_for(90002), NAME: "密林"}, key="second")
        record_levels.set(store, head, hidden.record_id, Level.SECRET, "并购谈判")
        assert {row.customer_id for row in lake._customer_versions(store)} == {known.customer_id}
        lake.publish(store, SERVICE)
        opened = readers.open(store.site, as_of=utc_now())
        assert opened.customers.count().to_pyarrow().as_py() == 1
