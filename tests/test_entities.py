"""What a record does to entities: several at once, updates by choice, conflicts marked, edits that find their own."""

import json

import pytest

from custinfo.actions import customers, drafts, entities, forms
from custinfo.domain.people import Role
from custinfo.xforms import Unfinished
from tests.factories import CARD, NAME, account, card, empty_site, site_with_forms
from tests.small_forms import CALL, CHANGE, fill, publish, send

SHOP = {"/data/shop": "南山店", "/data/code": "A1"}


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        publish(opened, CALL)
        publish(opened, CHANGE, "change.md")
        yield opened


@pytest.fixture
def lin(store):
    return account(store)


def two_people(store, lin):
    answers = {**SHOP, "/data/person[1]/person_name": "甲", "/data/person[2]/person_name": "乙"}
    return send(store, lin, fill(store, lin, "call", answers, rounds=1))


def shop(store, entity_id):
    return entities.current(store, entity_id)


def change(store, lin, entity_id, **answers):
    given = {"/data/shop": entity_id, **{f"/data/{name}": value for name, value in answers.items()}}
    return fill(store, lin, "shop_change", given)


def test_a_record_makes_its_entity_and_one_for_each_round(store, lin):
    receipt = two_people(store, lin)
    assert [(made.dataset, made.number) for made in receipt.entities] == [
        ("shops", "SHOPS-000001"),
        ("contacts", "T000001"),
        ("contacts", "T000002"),
    ]
    assert [shop(store, made.entity_id)["label"] for made in receipt.entities] == ["南山店", "甲", "乙"]
    assert json.loads(shop(store, receipt.entities[0].entity_id)["properties"]) == {"title": "南山店", "code": "A1"}


def test_an_edit_gives_new_versions_to_the_same_entities_even_when_a_round_is_gone(store, lin):
    first = two_people(store, lin)
    draft = drafts.start(store, lin, "call", record_id=first.record_id)
    form = forms.load(store, "call", draft.form_version)
    session = forms.session(store, form, draft.instance, actor=lin, record_id=first.record_id)
    session.remove_repeat("/data/person[1]")
    session.answer("/data/person[1]/person_name", "乙二")
    drafts.save(store, lin, draft.draft_id, session.instance, "/data", saves=0)
    again = send(store, lin, draft.draft_id, reason="姓名写错")
    assert (again.record_id, again.version) == (first.record_id, 2)
    assert [(made.number, made.dropped) for made in again.entities] == [
        ("SHOPS-000001", False), ("T000002", False), ("T000001", True),
    ]  # fmt: skip
    assert shop(store, first.entities[1].entity_id)["properties"] == "{}", "what is known of it is its history"
    assert [shop(store, made.entity_id)["label"] for made in first.entities] == ["南山店", "甲", "乙二"]
    assert store.row("SELECT reason, state FROM record_version WHERE version = 2") == {
        "reason": "姓名写错",
        "state": "edited",
    }


def test_a_code_that_another_entity_has_is_refused_at_its_question(store, lin):
    two_people(store, lin)
    with pytest.raises(Unfinished) as refused:
        send(store, lin, fill(store, lin, "call", {"/data/shop": "别的店", "/data/code": "a1 "}))
    [problem] = refused.value.problems
    assert (problem.ref, problem.rule) == ("/data/code", "unique")
    assert store.rows("SELECT count(*) AS n FROM entity WHERE dataset = 'shops'") == [{"n": 1}]


def test_an_update_changes_what_it_mentions_and_leaves_the_rest(store, lin):
    made = two_people(store, lin).entities[0]
    receipt = send(store, lin, change(store, lin, made.entity_id, title="福田店", owner="丙"))
    assert [(one.number, one.version) for one in receipt.entities] == [("SHOPS-000001", 2)]
    now = shop(store, made.entity_id)
    assert now["label"] == "福田店"
    assert json.loads(now["properties"]) == {"title": "福田店", "code": "A1", "owner": "丙"}


@pytest.mark.parametrize(
    ("theirs", "mine", "kind", "both"),
    [
        ({"title": "福田店"}, {"title": "罗湖店"}, "hard", ["label", "title"]),
        ({"owner": "丙"}, {"title": "罗湖店", "owner": "丙"}, "soft", []),
        ({"owner": "丙"}, {"title": "罗湖店", "owner": "丁"}, "hard", ["owner"]),
    ],
)
def test_an_update_from_an_older_version_is_applied_and_marked(store, lin, theirs, mine, kind, both):
    made = two_people(store, lin).entities[0]
    late = change(store, lin, made.entity_id, **mine)
    if "title" not in theirs:
        theirs = {"title": "南山店", **theirs}
    send(store, lin, change(store, lin, made.entity_id, **theirs))
    send(store, lin, late)
    [mark] = store.rows("SELECT * FROM entity_conflict")
    assert (mark["version"], mark["base_version"], mark["kind"], json.loads(mark["properties"])) == (3, 1, kind, both)
    assert json.loads(shop(store, made.entity_id)["properties"])["title"] == "罗湖店"


def test_an_update_from_the_newest_version_is_no_conflict(store, lin):
    made = two_people(store, lin).entities[0]
    send(store, lin, change(store, lin, made.entity_id, title="福田店"))
    assert store.rows("SELECT * FROM entity_conflict") == []


def test_the_list_of_shops_is_that_of_the_moment_and_of_who_may_see_it(store, lin):
    made = two_people(store, lin).entities[0]
    form = forms.load(store, "shop_change")
    assert forms.session(store, form, {}, actor=lin).state("/data/shop").choices == (
        (made.entity_id, "南山店 (SHOPS-000001)"),
    )
    assert forms.session(store, form, {}).state("/data/shop").choices == ()
    auditor = account(store, Role.AUDITOR)
    assert forms.session(store, form, {}, actor=auditor).state("/data/shop").choices == ()
    send(store, lin, fill(store, lin, "call", {"/data/shop": "新店"}))
    assert len(forms.session(store, form, {}, actor=lin).state("/data/shop").choices) == 2


RENAME = """
| survey |
| | type | name | label | save_to |
| | select_one_from_file customers.csv | customer | Customer | |
| | text | ownership | Ownership | ownership |
| entities |
| | list_name | label | entity_id | update_if |
| | customers | | ${customer} | true() |
| settings |
| | form_title | form_id | version |
| | Ownership | ownership_change | 1 |
"""


def test_a_card_goes_on_after_another_form_updated_the_customer(tmp_path):
    with site_with_forms(tmp_path / "cards") as store:
        lin = account(store)
        made = card(store, lin)
        publish(store, RENAME, "rename.md")
        answers = {"/data/customer": made.customer_id, "/data/ownership": "collective"}
        send(store, lin, fill(store, lin, "ownership_change", answers))
        shown = customers.card(store, lin, made.customer_id, "en")
        fields = {field.label: field.text for section in shown.sections for field in section.fields}
        assert (fields["Ownership"], shown.version, shown.label) == ("Collective", 2, CARD[NAME])
        assert [[change.label for change in version.changed] for version in shown.versions] == [["Ownership"], []]
        draft = drafts.start(store, lin, "enterprise_card", customer_id=made.customer_id)
        assert draft.instance["basic"]["ownership"] == "collective"
        again = card(store, lin, {"/data/people/phone": "0755-08880009"}, key="edit", customer_id=made.customer_id)
        assert (again.record_id, again.version) == (made.record_id, 2)
        assert customers.card(store, lin, made.customer_id, "en").version == 3


def test_a_record_is_edited_after_another_form_updated_its_entity(store, lin):
    made = two_people(store, lin)
    entity_id = made.entities[0].entity_id
    send(store, lin, change(store, lin, entity_id, title="福田店", owner="丙"))
    draft_id = fill(store, lin, "call", {"/data/code": "B2"}, record_id=made.record_id)
    again = send(store, lin, draft_id)
    assert (again.version, again.entities[0].number, again.entities[0].version) == (2, "SHOPS-000001", 3)
    # What the other form wrote stays: its own property, and the one that both know
    assert json.loads(shop(store, entity_id)["properties"]) == {"title": "福田店", "code": "B2", "owner": "丙"}


def test_what_a_card_leaves_blank_is_blank_from_now_on(store, lin):
    made = two_people(store, lin)
    send(store, lin, fill(store, lin, "call", {"/data/code": ""}, record_id=made.record_id))
    assert json.loads(shop(store, made.entities[0].entity_id)["properties"]).get("code", "") == ""


def test_two_updates_of_the_label_are_a_hard_conflict(store, lin):
    entity_id = two_people(store, lin).entities[0].entity_id
    late = change(store, lin, entity_id, title="罗湖店")
    send(store, lin, change(store, lin, entity_id, title="福田店"))
    send(store, lin, late)
    assert json.loads(store.rows("SELECT properties FROM entity_conflict")[0]["properties"]) == ["label", "title"]


def test_an_update_of_what_is_not_there_is_refused(store, lin):
    made = two_people(store, lin).entities[0]
    draft_id = change(store, lin, made.entity_id, title="x")
    row = store.row("SELECT * FROM draft WHERE draft_id = ?", [draft_id])
    instance = row["instance"].replace(made.entity_id, "f" * 24)
    drafts.save(store, lin, draft_id, json.loads(instance), "/data/shop", saves=row["saves"])
    with pytest.raises(Unfinished):
        send(store, lin, draft_id)
    assert shop(store, made.entity_id)["version"] == 1


def test_a_dataset_that_ships_keeps_its_own_prefix():
    from custinfo.domain import datasets

    prefixes = [dataset.prefix for dataset in datasets.shipped().values()]
    assert len(set(prefixes)) == len(prefixes)
    assert datasets.named("customers").prefix == "C"
    assert all(set(dataset.titles) == {"zh-CN", "en"} for dataset in datasets.shipped().values())
