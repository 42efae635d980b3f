"""Evaluations of customers: from people's forms to the customer's page and into the lake, without evidence (R166)."""

from datetime import timedelta

import pytest

from custinfo import lake
from custinfo.actions import evaluation_form, evaluations, forms, pseudonyms
from custinfo.actions import lake as publishing
from custinfo.actions.delegations import today
from custinfo.classification import evaluation
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import form_check
from tests import credit_sites
from tests.factories import account, site_with_forms

SECRET_WORDS = "老板说下月扩仓"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("evaluations") / "site") as store:
        yield store, credit_sites.staff(store)


def evaluate(store, who, number, rating=4, *, days_ago=0, **changed):
    day = today(store) - timedelta(days=days_ago)
    answers = {"evaluation": {"customer_number": number, "rated_on": str(day)}}
    for code in evaluation.card(day).items:
        value = changed.get(code, rating)
        answers[code] = {f"{code}_rating": "none" if value is None else str(value)}
        if value is not None:
            answers[code] |= {f"{code}_basis": SECRET_WORDS, f"{code}_source": "走访", f"{code}_on": str(day)}
    return credit_sites.file(store, who, evaluation_form.FORM, answers)


def test_the_form_is_what_the_rules_make_of_it_and_is_in_order():
    file = forms.FORMS / "customer_evaluation.md"
    assert file.read_text("utf-8") == evaluation_form.table(), "write it anew, and raise VERSION"
    checked = form_check.check(file.read_bytes(), file.name, {})
    assert checked.form is not None
    assert [one.text("en") for one in (*checked.errors, *checked.warnings)] == []


def test_one_or_two_people_and_a_year_ago(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96001)
    number = made.customer_number
    assert evaluations.read(store, people["boss"], made.customer_id) is None
    evaluate(store, people["one"], number, 2, days_ago=400)
    evaluate(store, people["one"], number, 4, family=None)
    alone = evaluations.read(store, people["boss"], made.customer_id)
    assert (alone.found.points, alone.found.raters, alone.before.points) == (400, 1, 200)
    evaluate(store, people["two"], number, 3)
    both = evaluations.read(store, people["boss"], made.customer_id)
    assert both.found.items["trust"] == 350
    assert (both.found.items["family"], both.found.raters) == (300, 2)
    evaluate(store, people["two"], number, 3, trust=2)
    apart = evaluations.read(store, people["boss"], made.customer_id)
    assert apart.found is None
    assert [one.of for one in apart.apart] == ["trust"]


def test_the_lake_knows_what_it_comes_to_and_no_word(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96002)
    evaluate(store, people["one"], made.customer_number, 4)
    evaluate(store, people["two"], made.customer_number, 5, funds=None)
    publishing.publish(store, SERVICE)
    rows = lake.open(store.site).table("evaluations").to_pyarrow().to_pylist()
    key = pseudonyms.key_of(store, made.customer_id)
    mine = [row for row in rows if row["customer_key"] == key]
    assert [(row["rating"], row["raters"]) for row in mine if row["item"] == evaluation.ALL] == [(400, 1), (447, 2)]
    # funds weighs 0.2738 × 0.20 = 0.05476 and stays at 4: 4.5 - 0.5 × 0.05476 = 4.4726
    assert {row["rating"] for row in mine if row["item"] == "funds"} == {400}
    assert SECRET_WORDS not in str(rows)
    publishing.publish(store, SERVICE, even_unchanged=True)
    assert lake.open(store.site).table("evaluations").count().to_pyarrow().as_py() == len(rows), "each once"


def test_who_may_not_read_an_evaluation(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96003)
    evaluate(store, people["one"], made.customer_number)
    elsewhere = account(store, Role.SUPERVISOR, login_name="abroad", department="别处")
    with pytest.raises(NotFound):
        evaluations.read(store, elsewhere, made.customer_id)
    with pytest.raises(NotAllowed):
        evaluations.read(store, account(store, Role.ANALYST, login_name="wu"), made.customer_id)
