"""What a hostile reading of credit and gradings found: each test is a fault that was there."""

from datetime import timedelta

import pytest

from custinfo import lake
from custinfo.actions import (
    approval_cases,
    approval_waiting,
    approvals,
    credit,
    credit_decisions,
    credit_records,
    credit_watch,
    delegations,
    drafts,
    forms,
    gradings,
    merges,
    pseudonyms,
    record_levels,
    subject_data,
)
from custinfo.actions import lake as publishing
from custinfo.actions.delegations import today
from custinfo.domain import money
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import NotFound
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.periods import Quarter
from custinfo.domain.sensitivity import Level
from tests.credit_sites import approve, customer, decided, file, rated, sell, staff
from tests.factories import PASSWORD, account, site_with_forms, submit


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("credit") / "site") as store:
        yield store, staff(store)


def refuse(store, who, decision):
    case = approvals.of(store, credit_decisions.KIND, decision)
    approvals.decide(store, who, case.case_id, "reject", case.sha256, note="资料不足", password=PASSWORD)


def raised(store, people, new, grade="B"):
    """A proposal to set the grade, approved; gives its record."""
    last = str(today(store) + timedelta(days=30))
    said = {"customer_number": new.customer_number, "grade": grade, "reason": "新签长期合同", "last_day": last}
    record = file(store, people["boss"], credit_records.OVERRIDE, {"override": said}).record_id
    approve(store, people["manager"], kind="record", object_id=record)
    return record


def merged(store, people, stays, goes):
    seen = tuple(
        store.row("SELECT version FROM entity_current WHERE entity_id = ?", [one.customer_id])["version"]
        for one in (stays, goes)
    )
    return merges.merge(store, people["boss"], stays.customer_id, goes.customer_id, reason="同一家公司", seen=seen)


def test_a_person_is_told_what_was_decided_on_their_credit(world):
    store, people = world
    new = customer(store, people["one"], 93001)
    decided(store, people, new)
    told = subject_data.gather(store, new.customer_id, "zh-CN").data
    [one] = told["credit_decisions"]
    limit = credit.standing(store, people["boss"], new.customer_id).limit.limit_fen
    assert (one["version"], one["grade"], one["limit"], one["state"]) == (1, "C", money.show(limit), "approved")
    assert people["one"].person_id not in str(told["credit_decisions"])


def test_a_decision_on_a_customer_out_of_reach_is_not_there_to_see_or_agree_to(world):
    store, people = world
    new = customer(store, people["one"], 93002)
    made = rated(store, people, new)
    case = approvals.of(store, credit_decisions.KIND, made)
    manager, day = people["manager"], today(store)
    elsewhere, near = (
        account(store, Role.DEPARTMENT_HEAD, login_name=f"head-{where}", department=where)
        for where in ("别处", "调查部")
    )
    for one in (elsewhere, near):
        delegations.give(store, manager, one.person_id, day, day, "出差", [credit_decisions.PROCEDURE])
    assert approval_cases.may_see(store, manager, case)
    assert not approval_cases.may_see(store, elsewhere, case)
    record_levels.set(store, people["head"], new.record_id, Level.SECRET, "并购谈判")
    assert approval_cases.may_decide(store, near, case), (
        "cleared for level 1, of the department, instead of the manager"
    )
    for who in (manager, elsewhere):
        assert not approval_cases.may_see(store, who, case)
        assert case.case_id not in {one.case.case_id for one in approval_waiting.waiting(store, who)}
    with pytest.raises(NotFound):
        approvals.decide(store, manager, case.case_id, "approve", case.sha256, password=PASSWORD)


def test_the_title_of_a_decision_says_neither_grade_nor_limit_to_who_may_not_read_credit(world):
    store, people = world
    new = customer(store, people["one"], 93003)
    case = approvals.of(store, credit_decisions.KIND, rated(store, people, new))
    auditor = account(store, Role.AUDITOR, login_name="audit-93003")
    for who in (people["one"], auditor):
        assert approval_cases.may_see(store, who, case), "they rated it, or look at what was done"
    for title in case.titles.values():
        assert new.customer_number in title
        assert "¥" not in title
        assert "C（" not in title
        assert "C (" not in title


def test_an_override_holds_though_a_later_decision_was_refused(world):
    store, people = world
    new = customer(store, people["one"], 93004)
    decided(store, people, new)
    refuse(store, people["manager"], rated(store, people, new, 2))
    raised(store, people, new)
    found = credit.standing(store, people["boss"], new.customer_id)
    assert (found.decision.grade, found.grade, found.overrides[0].state) == ("C", "B", "in_force")


def test_credit_of_who_was_merged_is_found_at_the_survivor_until_it_is_taken_back(world):
    store, people = world
    stays, goes = customer(store, people["one"], 93005), customer(store, people["one"], 93006)
    made = decided(store, people, goes)
    raised(store, people, goes)
    before = credit.standing(store, people["boss"], goes.customer_id)
    moment = utc_now()
    done = merged(store, people, stays, goes)
    found = credit.standing(store, people["boss"], stays.customer_id)
    assert (found.decision.decision_id, found.grade, found.limit) == (made, "B", before.limit)
    assert len(found.raters) == 2
    credit_watch.watch(store, SERVICE)
    assert store.row("SELECT grade FROM credit_account WHERE customer_id = ?", [stays.customer_id])["grade"] == "B"
    assert store.row("SELECT 1 FROM credit_account WHERE customer_id = ?", [goes.customer_id]) is None
    then = credit.standing(store, people["boss"], stays.customer_id, as_of=moment)
    assert (then.decision, then.raters) == (None, ())
    second = decided(store, people, stays, 4)
    assert credit.standing(store, people["boss"], stays.customer_id).decision.decision_id == second
    merges.undo(store, people["boss"], done.merge_id, reason="两家公司")
    assert credit.standing(store, people["boss"], goes.customer_id).grade == "B"


def test_as_of_a_moment_an_approval_counts_that_a_later_edit_voided(world):
    store, people = world
    new = customer(store, people["one"], 93007)
    decided(store, people, new)
    record = raised(store, people, new)
    moment = utc_now()
    edit(store, people["boss"], record, {"/data/override/reason": "合同续签"})
    assert credit.standing(store, people["boss"], new.customer_id).grade == "C"
    assert credit.standing(store, people["boss"], new.customer_id, as_of=moment).grade == "B"


def edit(store, who, record_id, answers):
    draft = drafts.start(store, who, credit_records.OVERRIDE, record_id=record_id)
    session = forms.session(store, forms.load(store, credit_records.OVERRIDE, draft.form_version), draft.instance)
    saves = draft.saves
    for ref, value in answers.items():
        session.answer(ref, value)
        saves = drafts.save(store, who, draft.draft_id, session.instance, ref, saves=saves).saves
    submit(store, who, draft.draft_id, f"edit {draft.draft_id}")


def test_a_quarter_is_graded_by_the_credit_grades_of_its_last_day(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        people = staff(store)
        new = customer(store, people["one"], 93008)
        quarter = Quarter.of(today(store)).plus(-1)
        sell(store, tmp_path, [(new.customer_number, "sale", str(quarter.first), 1000)])
        first = gradings.grade(store, SERVICE, quarter)
        decided(store, people, new)
        publishing.publish(store, SERVICE)
        again = gradings.grade(store, SERVICE, quarter)
        assert (again.number, again.new) == (first.number, False), "what was decided since says nothing of the quarter"
        assert again.counts["credit_grade"] == {"none": 1}
        [row] = lake.open(store.site).credit_grades.to_pyarrow().to_pylist()
        assert row["grade"] == "C"
        stays = customer(store, people["one"], 93009)
        merged(store, people, stays, new)
        publishing.publish(store, SERVICE)
        [row] = lake.open(store.site).credit_grades.to_pyarrow().to_pylist()
        assert (row["customer_key"], row["grade"]) == (pseudonyms.key_of(store, stays.customer_id), "C")
