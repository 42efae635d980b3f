"""Evaluations of customers: from people's forms to the customer's page and into the lake, without evidence (R166)."""

from datetime import timedelta

import pytest

from custinfo import lake
from custinfo.actions import (
    drafts,
    evaluation_form,
    evaluations,
    evaluations_published,
    forms,
    pseudonyms,
    record_levels,
)
from custinfo.actions import lake as publishing
from custinfo.actions.delegations import today
from custinfo.classification import evaluation
from custinfo.classification.evaluations import in_force
from custinfo.domain.errors import NotAllowed, NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.xforms import form_check
from tests import credit_sites
from tests.factories import account, site_with_forms, submit

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


def correct(store, who, record_id, **answers):
    """The record once more with other answers in its head."""
    draft = drafts.start(store, who, evaluation_form.FORM, record_id=record_id)
    opened = forms.session(store, forms.load(store, evaluation_form.FORM), draft.instance)
    for name, value in answers.items():
        opened.answer(f"/data/{name}", value)
    drafts.save(store, who, draft.draft_id, opened.instance, "/data", saves=draft.saves)
    return submit(store, who, draft.draft_id, f"correct-{draft.draft_id}")


def in_lake(store, customer, days_ago):
    """The whole evaluation of a customer as reports count it on a day."""
    publishing.publish(store, SERVICE, even_unchanged=True)
    rows = lake.open(store.site).table("evaluations")
    found = in_force(rows, today(store) - timedelta(days=days_ago)).to_pyarrow().to_pylist()
    key = pseudonyms.key_of(store, customer.customer_id)
    return next((row["rating"] for row in found if (row["customer_key"], row["item"]) == (key, evaluation.ALL)), None)


def test_a_correction_counts_on_every_day_that_it_bears_on(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96021)
    first = evaluate(store, people["one"], made.customer_number, 5, days_ago=5)
    assert [in_lake(store, made, ago) for ago in (6, 5, 0)] == [None, 500, 500]
    # It was of twenty days before, and poor
    day = str(today(store) - timedelta(days=25))
    codes = evaluation.card(today(store)).items
    poor = {f"{code}/{code}_rating": "2" for code in codes} | {f"{code}/{code}_on": day for code in codes}
    correct(store, people["one"], first.record_id, **{"evaluation/rated_on": day}, **poor)
    assert evaluations.read(store, people["boss"], made.customer_id).found.points == 200
    assert [in_lake(store, made, ago) for ago in (26, 25, 5, 0)] == [None, 200, 200, 200]
    # A later one of somebody else, then the first corrected once more: that of later days is told anew
    evaluate(store, people["two"], made.customer_number, 3, days_ago=2)
    assert [in_lake(store, made, ago) for ago in (3, 2)] == [200, 250]
    better = {f"{code}/{code}_rating": "4" for code in codes}
    correct(store, people["one"], first.record_id, **better)
    assert [in_lake(store, made, ago) for ago in (26, 3, 2, 0)] == [None, 400, 350, 350]


def test_ratings_that_must_be_talked_over_count_nowhere(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96022)
    evaluate(store, people["one"], made.customer_number, 5)
    assert in_lake(store, made, 0) == 500
    evaluate(store, people["two"], made.customer_number, 2)
    assert evaluations.read(store, people["boss"], made.customer_id).found is None
    assert in_lake(store, made, 0) is None


def test_who_may_not_read_an_evaluation(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96003)
    evaluate(store, people["one"], made.customer_number)
    elsewhere = account(store, Role.SUPERVISOR, login_name="abroad", department="别处")
    with pytest.raises(NotFound):
        evaluations.read(store, elsewhere, made.customer_id)
    with pytest.raises(NotAllowed):
        evaluations.read(store, account(store, Role.ANALYST, login_name="wu"), made.customer_id)


def test_what_was_raised_to_level_1_counts_for_the_cleared_alone_and_not_in_the_lake(office):
    store, people = office
    made = credit_sites.customer(store, people["one"], 96009)
    evaluate(store, people["one"], made.customer_number, 2)
    evaluate(store, people["two"], made.customer_number, 3)
    raised = evaluations.read(store, people["boss"], made.customer_id).rated[0]
    record_levels.set(store, people["boss"], raised.record_id, Level.SECRET, "董事会要求保密")
    lower = account(store, Role.SUPERVISOR, login_name="lower", clearance=Level.INTERNAL)
    assert evaluations.read(store, people["boss"], made.customer_id).found.raters == 2
    alone = evaluations.read(store, lower, made.customer_id)
    assert (alone.found.raters, raised.record_id in {one.record_id for one in alone.rated}) == (1, False)
    rows = [one.values for one in evaluations_published.lake_rows(store, 0)]
    key = pseudonyms.keys(store)[made.customer_id]
    assert {one["raters"] for one in rows if one["customer_key"] == key} == {1}, "two together would tell the other"
