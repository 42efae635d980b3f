"""How secret an answer is, is one rule: what a manager may not see comes out of no door, directly or by a detour."""

import json
from dataclasses import replace

import pytest

from custinfo import exchange
from custinfo.access import visibility
from custinfo.actions import (
    customers,
    drafts,
    entity_lists,
    files,
    form_exports,
    forms,
    impact,
    record_views,
    records,
    reviews,
    sealing,
    sessions,
)
from custinfo.domain import masking
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import customer, home, paper, record, showing
from custinfo.screens import customers as customer_list
from custinfo.screens import records as record_list
from custinfo.screens.context import Page
from tests import small_forms
from tests.factories import PASSWORD, account, empty_site
from tests.readable import text_of
from tests.screens.conftest import Browser

SECRET = "7788990011"
KNOWN = "甲店"
VAULT = f"""
| survey |
| | type | name | label | save_to | bind::custinfo:level | calculation | relevant | constraint |
| | text | shop | Name of the shop | title | | | | |
| | text | owed | What they owe | | 1 | | | . != '0' |
| | calculate | told | | debt | | concat('debt ', ${{owed}}) | | |
| | calculate | big | | size | 2 | if(${{owed}} > 1000, 'large', 'small') | | |
| | calculate | again | | | | concat(${{told}}, '.') | | |
| | begin_group | closed | Closed group | | 1 | | | |
| | text | inside | Inside | place | | | | |
| | file | contract | Contract | | | | | |
| | end_group | | | | | | | |
| | note | shown | They owe ${{owed}} in all | | | | | |
| | text | after | What of the ${{owed}}? | | | | ${{owed}} != '' | . != 'bad' or ${{owed}} = 'x' |
| | select_one hue | hue | Colour | | | | | |
| choices |
| | list_name | name | label |
| | hue | red | Red as ${{owed}} |
| | hue | blue | Blue |
| entities |
| | list_name | label |
| | customers | concat(${{shop}}, ' owes ', ${{owed}}) |
| settings |
| | form_title | form_id | version | namespaces | instance_name |
| | Vault | vault | 1 | {small_forms.NAMESPACE} | concat(${{shop}}, ' ', ${{owed}}) |
"""
PICK = f"""
| survey |
| | type | name | label |
| | select_one_from_file customers.csv | whom | Whom |
| settings |
| | form_title | form_id | version | namespaces |
| | Pick | pick | 1 | {small_forms.NAMESPACE} |
"""
ANSWERS = {
    "/data/shop": KNOWN, "/data/owed": SECRET, "/data/closed/inside": SECRET, "/data/after": "after all",
    "/data/hue": "red",
}  # fmt: skip


@pytest.fixture
def store(tmp_path_factory):
    with empty_site(tmp_path_factory.mktemp("levels") / "site") as opened:
        small_forms.publish(opened, VAULT)
        opened.researcher = account(opened)
        small_forms.publish(opened, small_forms.CALL, "call.md")
        yield opened


@pytest.fixture
def kept(store):
    """A record, with its file, and a query on the secret answer."""
    draft_id = small_forms.fill(store, store.researcher, "vault", ANSWERS)
    stored = files.put(store, store.researcher, draft_id, "/data/closed/contract", f"{SECRET}.png", small_forms.PNG)
    form = forms.load(store, "vault")
    draft = drafts.open_(store, store.researcher, draft_id)
    session = forms.session(store, form, draft.instance, actor=store.researcher)
    session.answer("/data/closed/contract", stored.name)
    drafts.save(store, store.researcher, draft_id, session.instance, "/data", saves=draft.saves)
    drafts.remark(store, store.researcher, draft_id, notes={"/data/owed": f"note {SECRET}"})
    receipt = small_forms.send(store, store.researcher, draft_id)
    supervisor = account(store, Role.SUPERVISOR)
    for ref, said in (("/data/owed", SECRET), ("/data/closed/inside", SECRET), ("/data/after", "why?")):
        reviews.ask(store, supervisor, receipt.record_id, 1, ref, said)
    return receipt, stored.name


def page_text(store, actor, build, path, query=None):
    login = sessions.log_in(store, actor.login_name, PASSWORD)
    browser = Browser(showing.screen(Page(store, store.site, login, "en", path, query or {}), build))
    return json.dumps(browser.send(kind="hello"), ensure_ascii=False)


def exported(store, actor, form_id="vault"):
    made = (form_exports.export(store, actor, form_id, name, language="en") for name in exchange.EXPORTS)
    return "\n".join(text_of(one.data) for one in made)


def listed(store, actor):
    form = forms.read("pick.md", PICK.encode(), store=store)
    assert form.live
    return repr([[one.text for one in row.children] for row in _rows(entity_lists.rows(store, form, actor))])


def _rows(lists):
    return [row for top in lists.values() for root in top.children for row in root.children]


DOORS = {
    "record": lambda s, a, r: repr(record_views.read(s, a, r.record_id)),
    "record page": lambda s, a, r: page_text(s, a, record.build, f"/record/{r.record_id}"),
    "record list": lambda s, a, r: page_text(s, a, record_list.build, "/records"),
    "queries": lambda s, a, r: repr(reviews.queries(s, a, r.record_id)),
    "paper": lambda s, a, r: page_text(s, a, paper.build, "/print/vault", {"record": r.record_id}),
    "customer page": lambda s, a, r: page_text(s, a, customer.build, f"/customer/{r.entities[0].entity_id}"),
    "customer list": lambda s, a, r: page_text(s, a, customer_list.build, "/customers"),
    "home": lambda s, a, r: page_text(s, a, home.build, "/"),
    "live list": lambda s, a, r: listed(s, a),
}


MASKED = ("record", "paper")
"""Where nobody reads an answer of level 1 without asking for it. A query and a label are read as they were written."""


@pytest.mark.parametrize("door", DOORS)
def test_a_secret_leaves_by_no_door_to_who_is_not_cleared(store, kept, door):
    cleared = DOORS[door](store, store.researcher, kept[0])
    assert (masking.masked(SECRET) if door in MASKED else SECRET) in cleared
    shown = DOORS[door](store, account(store, Role.MANAGER), kept[0])
    assert SECRET not in shown
    assert SECRET[1:-1] not in shown


def test_an_export_holds_what_its_reader_is_cleared_for(store, kept):
    assert SECRET in exported(store, account(store, Role.SUPERVISOR))
    shown = exported(store, account(store, Role.SUPERVISOR, clearance=Level.INTERNAL))
    assert SECRET not in shown
    assert KNOWN in shown


def test_what_hangs_on_a_secret_answer_is_shown_as_it_was_recorded(store, kept):
    shown = page_text(store, account(store, Role.MANAGER), record.build, f"/record/{kept[0].record_id}")
    assert "after all" in shown
    assert "What of the …?" in shown
    assert "Red as …" in shown


def test_a_file_of_a_secret_question_is_nowhere(store, kept):
    assert files.get(store, store.researcher, kept[1])[1] == small_forms.PNG
    with pytest.raises(NotFound):
        files.get(store, account(store, Role.MANAGER), kept[1])


def test_a_name_that_is_not_shown_is_not_found_by(store, kept):
    manager = account(store, Role.MANAGER)
    [found] = customers.search(store, store.researcher, kept[0].entities[0].number, 10, 0).rows
    assert SECRET in found.label
    assert customers.search(store, store.researcher, found.label, 10, 0).rows == [found]
    assert customers.search(store, manager, found.label, 10, 0).total == 0
    # It is stored sealed, so that its whole is looked up by a keyed digest and no part of it is found by anybody
    assert customers.search(store, store.researcher, found.label[1:], 10, 0).total == 0
    assert customers.search(store, store.researcher, "seal", 10, 0).total == 0
    assert customers.search(store, manager, kept[0].entities[0].number, 10, 0).total == 1


def test_the_impact_report_says_no_answer_that_its_reader_may_not_see(store, kept):
    changed = VAULT.replace("| | text | owed |", "| | date | owed |").replace("| vault | 1 |", "| vault | 2 |")
    form = forms.read("vault.md", changed.encode(), store=store)
    told = {
        level: repr(impact.report(store, account(store, Role.SUPERVISOR, clearance=level), form).now_invalid)
        for level in (Level.SECRET, Level.INTERNAL)
    }
    assert SECRET in told[Level.SECRET]
    assert SECRET not in told[Level.INTERNAL]


def test_reasons_name_no_answer_that_the_reader_may_not_see(store, kept):
    form = forms.load(store, "vault")
    row = store.row("SELECT record_id, version, content FROM record_current WHERE form_id = 'vault'")
    content = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
    content["after"] = "bad"
    manager = account(store, Role.MANAGER)
    told = {who: repr([*(forms.session(store, form, content, reader=who).explain("/data/after")),
                       *(forms.session(store, form, content, reader=who).problems())])
            for who in (None, manager)}  # fmt: skip
    assert SECRET in told[None]
    assert SECRET not in told[manager]
    computed = forms.session(store, form, content, reader=manager).values
    assert computed["told"] == f"debt {SECRET}", "what is computed does not depend on who reads"


def test_levels_of_places(store):
    found = forms.load(store, "vault").levels
    secret = {ref for ref, level in found.items() if level is Level.SECRET}
    assert {"/data/owed", "/data/told", "/data/again", "/data/closed", "/data/closed/inside"} <= secret
    assert {"/data/meta/entity/label", "/data/meta/instanceName"} <= secret
    assert not {"/data", "/data/shop", "/data/big", "/data/after", "/data/hue"} & secret


def test_a_researcher_keeps_sight_of_what_a_supervisor_edited(store):
    researcher = account(store)
    answers = {"/data/shop": "乙店"}
    made = small_forms.send(store, researcher, small_forms.fill(store, researcher, "call", answers))
    supervisor = account(store, Role.SUPERVISOR)
    edit = small_forms.fill(store, supervisor, "call", {"/data/shop": "丙店"}, record_id=made.record_id)
    small_forms.send(store, supervisor, edit, reason="a slip")
    assert record_views.read(store, researcher, made.record_id).version == 2
    assert made.record_id in {one.record_id for one in record_views.listed(store, researcher).rows}
    assert record_views.states(store, researcher, "call") == {"edited": 1}
    with pytest.raises(NotFound):
        record_views.read(store, account(store), made.record_id)


def test_an_edit_of_a_record_that_says_nothing_of_rounds_opens_without_rounds(store):
    session = forms.session(store, form := forms.load(store, "call"), {"shop": "丁店", "person": []})
    made = session.finish()
    made = replace(made, values={name: value for name, value in made.values.items() if name != "person"})
    with store.act(store.researcher.person_id, "record.import", "form", "call") as tx:
        receipt = records.admit(store, tx, store.researcher, form, made, key="no rounds", remarks=records.Remarks())
    draft = drafts.blank(store, store.researcher, "call", record_id=receipt.record_id)
    opened = forms.session(store, form, draft.instance)
    assert not [state.ref for state in opened.nodes() if "person" in state.ref]


def test_the_roles_of_these_tests_are_cleared_as_they_say(store):
    assert visibility.sees(store.researcher, Level.SECRET)
    assert not visibility.sees(account(store, Role.MANAGER), Level.SECRET)
