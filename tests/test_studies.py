"""Studies: seven steps in order with their evidence, on an approved proposal alone (R69, R75)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from custinfo.actions import due, fieldwork, reviews, samples, studies, study_due, study_steps
from custinfo.actions.delegations import today
from custinfo.domain import machines
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Role
from tests.factories import account, site_with_forms
from tests.study_sites import FORM, SIX, TO_SAMPLING, Office

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("studies") / "site") as store:
        yield Office(store)


def test_from_the_problem_to_the_report_each_step_leaves_its_trace(office):
    store, zhou = office.store, office.zhou
    study_id, sample_id = office.sampled()
    assert fieldwork.hand_out(store, office.li, sample_id, "phone").units == 6
    asked = office.numbers(sample_id)
    for number in asked[:4]:
        office.answer(number)
    fieldwork.enter(store, office.li, sample_id, asked[4], "refused")
    study_steps.take(store, zhou, study_id, "fieldwork")
    study_steps.take(store, zhou, study_id, "processing", "四份都已核对")
    with pytest.raises(BadInput, match="report is missing"):
        study_steps.take(store, zhou, study_id, "report")
    assert study_steps.take(store, zhou, study_id, "report", report="2026 年满意度调查报告") == "study_reported"
    made = studies.read(store, office.manager, study_id)
    assert [one.step for one in made.done] == list(studies.STEPS)
    assert {one.by for one in made.done} == {zhou.display_name}
    evidence = {step: made.last(step).evidence for step in studies.STEPS}
    assert evidence["problem"] == {"proposal": made.proposal}
    assert (evidence["collection"]["collection"], evidence["collection"]["planned_sample"]) == ("phone", "500")
    assert (evidence["questionnaire"]["form"], evidence["questionnaire"]["version"]) == (FORM, made.form_version)
    assert (evidence["sampling"]["units"], evidence["sampling"]["frame"]) == (6, 12)
    told = {name: evidence["fieldwork"][name] for name in ("drawn", "sent", "returned", "valid", "return_rate")}
    assert told == {"drawn": 6, "sent": 6, "returned": 4, "valid": 4, "return_rate": "66.7"}
    assert (evidence["processing"]["answers"], made.last("processing").note) == (4, "四份都已核对")
    assert evidence["report"] == {"report": "2026 年满意度调查报告"}
    assert (made.title, made.department, made.by) == ("华南区客户满意度抽样调查", "客户服务部", zhou.display_name)
    with pytest.raises(WrongState):
        study_steps.take(store, zhou, study_id, "report", report="x")


def test_no_step_is_taken_out_of_turn_and_the_last_can_be_taken_back(office):
    store, zhou = office.store, office.zhou
    study_id = office.study("problem")
    for step in studies.STEPS:
        if step != "collection":
            with pytest.raises(WrongState):
                study_steps.take(store, zhou, study_id, step, report="x")
    with pytest.raises(BadInput):
        study_steps.take(store, zhou, study_id, "dancing")
    with pytest.raises(BadInput, match="reason is missing"):
        study_steps.take_back(store, zhou, study_id, "  ")
    assert study_steps.take_back(store, zhou, study_id, "目的要改") == "begun"
    made = studies.read(store, zhou, study_id)
    assert made.next_step == "problem" and made.last("problem") is None
    assert [(one.step, one.action, one.note) for one in made.done][1:] == [("problem", "take_back_step", "目的要改")]
    study_steps.stop(store, zhou, study_id, "不再需要")
    with pytest.raises(WrongState):
        study_steps.take(store, zhou, study_id, "problem")


def test_without_an_approved_proposal_nobody_is_drawn_or_asked(office):
    store, zhou = office.store, office.zhou
    waiting = office.study(*TO_SAMPLING, approved=False)
    with pytest.raises(WrongState, match="not approved"):
        samples.draw(store, zhou, waiting, SIX)
    study_id, sample_id = office.sampled()
    # An edit of the proposal voids what was agreed to
    with store.act("x", "test.write", "test", "") as tx:
        tx.execute(
            "UPDATE approval_case SET state = 'open' WHERE object_id = ?", [studies.row(store, study_id)["proposal_id"]]
        )
    with pytest.raises(WrongState, match="not approved"):
        fieldwork.hand_out(store, office.li, sample_id, "web")
    with pytest.raises(WrongState, match="not approved"):
        study_steps.take(store, zhou, study_id, "fieldwork")


def test_a_proposal_has_one_study_unless_that_was_broken_off(office):
    store, zhou = office.store, office.zhou
    number = office.proposal(approved=False)
    assert number in dict(studies.proposals(store, zhou))
    study_id = studies.begin(store, zhou, number, FORM)
    assert number not in dict(studies.proposals(store, zhou))
    with pytest.raises(Conflict):
        studies.begin(store, zhou, number, FORM)
    study_steps.stop(store, zhou, study_id, "改期")
    assert studies.begin(store, zhou, number, FORM) != study_id
    for wrong in (("SP999999", FORM), (number, "survey_proposal"), (number, "enterprise_card"), ("C000001", FORM)):
        with pytest.raises((BadInput, Conflict)):
            studies.begin(store, zhou, *wrong)


def test_answers_with_issues_are_not_processed(office):
    store, zhou = office.store, office.zhou
    study_id, sample_id = office.sampled()
    fieldwork.hand_out(store, zhou, sample_id, "paper")
    first, second = (office.answer(number) for number in office.numbers(sample_id)[:2])
    reviews.decide(store, zhou, first, 1, "has_issues", "总分缺失")
    reviews.decide(store, zhou, second, 1, "reject", "重复")
    study_steps.take(store, zhou, study_id, "fieldwork")
    with pytest.raises(WrongState, match="1 answers have issues"):
        study_steps.take(store, zhou, study_id, "processing")
    reviews.decide(store, zhou, first, 1, "approve", "已核实")
    study_steps.take(store, zhou, study_id, "processing")
    evidence = studies.read(store, zhou, study_id).last("processing").evidence
    assert (evidence["answers"], evidence["rejected"]) == (1, 1)


def test_who_may_not_begin_or_see_studies(office):
    store = office.store
    study_id = office.study()
    outsider = account(store, Role.SYSTEM_ADMINISTRATOR)
    for ask in (
        lambda: studies.listed(store, outsider),
        lambda: studies.read(store, outsider, study_id),
        lambda: studies.begin(store, office.li, "SP000001", FORM),
        lambda: study_steps.take(store, office.li, study_id, "problem"),
        lambda: study_steps.take_back(store, office.manager, study_id, "x"),
        lambda: samples.draw(store, office.li, study_id, SIX),
        lambda: fieldwork.hand_out(store, office.manager, "SM-1", "web"),
    ):
        with pytest.raises(NotAllowed):
            ask()
    with pytest.raises(NotFound):
        studies.read(store, office.li, "ST-nothing")


def test_what_waits_of_studies(office):
    store, zhou, day = office.store, office.zhou, today(office.store)
    study_id, sample_id = office.sampled()

    def waits(on, who=zhou):
        rows = [one for one in study_due.due_rows(store, who, on) if study_id in one.link]
        return [one.what_key.rpartition(".")[2] for one in rows]

    assert waits(day) == []
    fieldwork.hand_out(store, zhou, sample_id, "web")
    assert waits(day + timedelta(days=6)) == []
    assert waits(day + timedelta(days=7)) == ["remind"], "after seven days without an answer"
    assert waits(day + timedelta(days=10)) == ["fieldwork", "remind"], "and the fieldwork ends on its day"
    assert waits(day + timedelta(days=10), office.head) == [], "whoever began it is called"
    led = [one.link for one in study_due.department_rows(store, office.head, day + timedelta(days=10))]
    assert f"/studies/{study_id}" in led
    assert "remind" in str(due.listed(store, zhou, day + timedelta(days=7), kind="studies").rows)


def test_the_regular_survey_is_called_for_a_year_after_the_last_one(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        zhou, day = account(store, Role.SUPERVISOR, login_name="zhou"), today(store)
        regular = [
            one for days in (334, 336, 400) for one in study_due.due_rows(store, zhou, day + timedelta(days=days))
        ]
        assert [one.what_key for one in regular] == ["due.study.regular"] * 2, "from thirty days before"
        assert {(regular[0].due_on - day).days} <= {365, 366}
        assert regular[0].text("en") == "Begin the regular survey: Customer satisfaction survey"
        assert study_due.due_rows(store, account(store), day + timedelta(days=400)) == []


def test_the_diagram_of_the_docs_is_that_of_the_machine():
    told = re.search("```mermaid\n(.*?)\n```", (DOCS / "how-to" / "surveys.md").read_text("utf-8"), re.DOTALL)
    assert told[1] == machines.diagram(machines.STUDY)


def test_history_is_never_changed(office):
    office.sampled()
    for statement in ("UPDATE sample_unit SET base_weight = 1", "DELETE FROM sample", "UPDATE study_step SET note = ''",
                      "DELETE FROM fieldwork"):  # fmt: skip
        if "fieldwork" in statement and not office.store.row("SELECT 1 FROM fieldwork"):
            continue
        with pytest.raises(Exception, match="append-only"), office.store.act("S", "t.t", "t", "t"):
            office.store._db.execute(statement)
