"""The four kinds of information (R100): every question of every card has one, and pages and the register of exports use it."""

import pytest

from custinfo.actions import customers, export_register, form_exports, forms, information_kinds
from custinfo.domain.information import KINDS, NONE, SAID
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Role
from custinfo.xforms import form_check
from tests.factories import account, card, site_with_forms

CARDS = ("enterprise_card", "individual_card", "guest_collection", "intention_card")
SOURCE = {
    # what the source names of each kind
    "enterprise_card": {"identity": {"name"}, "contact": {"phone", "email", "address"}, "transaction": {"payment_method"}},
    "individual_card": {
        "identity": {"name", "birth_year"}, "contact": {"phone", "email", "address"},
        "transaction": {"payment_method"}, "preference": {"hobbies", "preferences"},
    },
    "guest_collection": {
        "identity": {"name"}, "contact": {"phone", "address"}, "transaction": {"frequency", "signs_for_bills"},
        "preference": {"hobbies", "dining_habits", "favourite_dishes"},
    },
    "intention_card": {"identity": {"name"}, "contact": {"phone"}, "transaction": {"budget"}, "preference": {"model"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("information") / "site") as opened:
        yield opened


@pytest.mark.parametrize("form_id", CARDS)
def test_every_question_of_a_card_is_of_one_kind(store, form_id):
    found = information_kinds.questions(forms.load(store, form_id))
    assert found[""] == [], "these state no kind"
    names = {kind: {ref.rpartition("/")[2] for ref in refs} for kind, refs in found.items()}
    for kind, wanted in SOURCE[form_id].items():
        assert wanted <= names[kind], kind
    about_the_card = {ref for ref in found[NONE] if "/collection/" not in ref}
    assert {ref.rpartition("/")[2] for ref in about_the_card} <= {"consultant", "supervisor", "supervisor_on"}


def test_a_group_says_it_for_what_is_inside_and_a_question_for_itself(store):
    form = forms.load(store, "guest_collection")
    kinds = {
        "/data/attached/companion[2]/companion_name": "identity", "/data/attached/companion[2]/companion_phone": "contact",
        "/data/dining/drinks": "preference", "/data/nothing": "",
    }  # fmt: skip
    assert {ref: information_kinds.kind_of(form, ref) for ref in kinds} == kinds


def test_a_kind_that_there_is_not_is_pointed_out_at_its_cell():
    table = (
        "| survey |\n| | type | name | label | bind::custinfo:information |\n| | text | a | A | taste |\n"
        "| settings |\n| | form_title | form_id | version | namespaces |\n"
        '| | T | t | 1 | custinfo="https://custinfo.org/xforms" |\n'
    )
    [found] = form_check.check(table.encode(), "t.md", {}).errors
    assert found.key == "form_check.own.information" and ", ".join(SAID) in found.text("en")


def test_every_answer_on_the_customers_page_has_its_kind(store):
    lin = account(store)
    made = card(store, lin)
    shown = customers.card(store, lin, made.customer_id, "en")
    kinds = {field.information for section in shown.sections for field in section.fields}
    assert kinds == {"identity", "contact", "transaction"}
    by_ref = {field.ref.rpartition("/")[2]: field.information for one in shown.sections for field in one.fields}
    assert (by_ref["contact_phone"], by_ref["legal_representative"]) == ("contact", "identity")


def test_the_register_of_exports_knows_which_kinds_left(store):
    boss, head = account(store, Role.SUPERVISOR), account(store, Role.DEPARTMENT_HEAD)
    form_exports.export(store, boss, "individual_card", "csv", language="en")
    [entry] = export_register.listed(store, head).rows
    assert information_kinds.of_questions(store, entry.object_id, entry.columns) == KINDS
    assert information_kinds.of_questions(store, "individual_card", ["/data/place/phone"]) == ("contact",)
    assert information_kinds.of_questions(store, "no such form", ["/data/place/phone"]) == ()


def test_each_kind_has_a_name_in_both_languages():
    for language in LANGUAGES:
        assert len({text(f"information.{kind}", language) for kind in KINDS}) == len(KINDS)
