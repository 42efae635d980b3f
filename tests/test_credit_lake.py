"""Credit grades in the lake: from their approval on, as of any moment, and not after somebody is erased."""

from datetime import timedelta

import pytest

from custinfo import lake
from custinfo.actions import credit, credit_decisions, credit_records, erasure, pseudonyms, retention
from custinfo.actions import lake as lake_actions
from custinfo.actions.delegations import today
from custinfo.domain.people import SERVICE, Role
from tests.credit_sites import approve, customer, file, rate, staff
from tests.factories import account, site_with_forms


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("graded") / "site") as store:
        people = staff(store)
        yield store, people, customer(store, people["one"], 92001)


def rated_and_decided(store, people, number, customer_id, rating):
    for who in ("one", "two"):
        rate(store, people[who], number, rating)
    return credit.decide(store, people["boss"], customer_id)


def grades_of(opened):
    return {row["customer_key"]: row["grade"] for row in opened.credit_grades.to_pyarrow().to_pylist()}


def test_grades_from_their_approval_on_and_until_somebody_is_erased(world):
    store, people, new = world
    key, number = pseudonyms.key_of(store, new.customer_id), new.customer_number
    first = rated_and_decided(store, people, number, new.customer_id, 3)
    lake_actions.publish(store, SERVICE)
    assert grades_of(lake.open(store.site)) == {}, "what waits for approval is no grade"
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=first)
    lake_actions.publish(store, SERVICE)
    graded = lake.open(store.site)
    [row] = graded.credit_grades.to_pyarrow().to_pylist()
    assert (row["customer_key"], row["grade"], row["rule_version"], row["scheme"]) == (key, "C", 1, "5c")
    last = str(today(store) + timedelta(days=3))
    said = {"customer_number": number, "grade": "B", "reason": "新签合同", "last_day": last}
    record = file(store, people["boss"], credit_records.OVERRIDE, {"override": said}).record_id
    approve(store, people["manager"], kind="record", object_id=record)
    lake_actions.publish(store, SERVICE)
    raised = lake.open(store.site)
    assert grades_of(raised) == {key: "B"}
    assert lake_actions.publish(store, SERVICE) is None, "each is published once"
    assert grades_of(lake.open(store.site, version=raised.version, as_of=raised.as_of + timedelta(days=9))) == {
        key: "C"
    }
    second = rated_and_decided(store, people, number, new.customer_id, 4)
    approve(store, people["manager"], kind=credit_decisions.KIND, object_id=second)
    lake_actions.publish(store, SERVICE)
    assert grades_of(lake.open(store.site, as_of=graded.as_of)) == {key: "C"}, "as of then never changes"
    assert lake.open(store.site).table("credit_decisions").count().to_pyarrow().as_py() == 3
    _erase(store, people, new.customer_id)
    assert lake.open(store.site).table("credit_decisions").count().to_pyarrow().as_py() == 0
    for table in ("credit_decision", "credit_account", "credit_notice", "credit_overdue"):
        assert store.rows(f"SELECT * FROM {table}") == []
    titles = store.rows("SELECT titles FROM approval_case WHERE object_kind = 'credit_decision'")
    assert {row["titles"] for row in titles} == {"{}"}


def _erase(store, people, customer_id):
    administrator = account(store, Role.INFORMATION_ADMINISTRATOR, login_name="xu")
    plan = retention.request(store, SERVICE, customer_id)
    approve(store, administrator, people["manager"], kind=retention.KIND, object_id=plan)
    erasure.erase(store, SERVICE, customer_id, case_id=retention.case_of(store, plan))
    erasure.finish(store, SERVICE)
