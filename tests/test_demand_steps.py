"""The life of a customer's demand: its steps by the machine, its history and deadlines, and what the lake learns."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from custinfo import lake
from custinfo.actions import demand_steps, drafts, due, entities, forms
from custinfo.actions import lake as publishing
from custinfo.classification import demand_stages
from custinfo.domain import machines
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import BadInput, NotAllowed, NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import SERVICE, Role
from custinfo.domain.sensitivity import Level
from custinfo.store import database
from custinfo.xforms import Unfinished
from tests.factories import account, card, site_with_forms, submit
from tests.source_forms import fill, filled
from tests.test_demands_published import ABOUT, need
from tests.test_source_forms import draft_of_rounds

WHICH = "/data/which"
ANALYSED = {"demand_class": "product", "importance": "5", "urgency": "4", "feasibility": "3", "grounds": "客户两次提出"}
FOLLOWED = {
    "responsible": "营业部", "progress": "40", "state_of_work": "已联系供应商", "talked": "yes", "talked_by": "phone",
    "customer_said": "希望下月试用",
}  # fmt: skip
EVALUATED = {
    "technical": "现有生产线可以做", "cost": "20000", "benefit": "90000", "cost_benefit": "按去年销量估算",
    "competition": "some", "competition_grounds": "两家已有小包装", "feasibility_evaluated": "4", "conclusion": "do",
}  # fmt: skip
ANSWERED = {"feedback_kind": "notice", "feedback_by": "phone", "told": "下月起供应小包装", "reply": "content"}
ANSWERS = {
    "analyse": ("analysis", ANALYSED), "follow_up": ("follow_up", FOLLOWED), "evaluate": ("evaluation", EVALUATED),
    "answer": ("feedback", ANSWERED), "decline": ("feedback", {"declined_because": "用量太小", **ANSWERED}),
    "take_up": ("again", {"again_because": "客户用量增加"}),
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def boss(store):
    return account(store, Role.SUPERVISOR)


@pytest.fixture
def customer(store, boss):
    return card(store, boss)


@pytest.fixture
def wanted(store, boss, customer):
    """The entity of a demand of the customer, just collected."""
    made = need(store, boss, "need-1", {ABOUT: customer.customer_number})
    return next(one.entity_id for one in made.entities if one.dataset == "demands")


def today(store):
    return datetime.now(store.site.zone).date()


def drafted(store, actor, demand_id, step, *, number="C000001", next_in=1, **changed):
    """A draft of a step, filled in as the page would."""
    day = today(store)
    group, answers = ANSWERS[step]
    given = {f"{WHICH}/customer_number": number, f"{WHICH}/demand": demand_id, f"{WHICH}/step": step}
    given |= {f"{WHICH}/done_on": day.isoformat()}
    given |= {f"/data/{group}/{name}": value for name, value in (answers | changed).items()}
    if step not in ("answer", "decline"):
        given["/data/next/next_on"] = (day + timedelta(days=next_in)).isoformat()
    draft = drafts.start(store, actor, "demand_step")
    session = forms.session(store, forms.load(store, "demand_step"), draft.instance, actor=actor)
    fill(session, given)
    drafts.save(store, actor, draft.draft_id, session.instance, f"{WHICH}/step", saves=draft.saves)
    return draft.draft_id


def take(store, actor, demand_id, step, **more):
    return submit(store, actor, drafted(store, actor, demand_id, step, **more), f"{step}-{datetime.now()}")  # noqa: DTZ005


def stage(store, demand_id):
    return demand_steps._properties(entities.current(store, demand_id)).get("stage")


def test_a_demand_goes_from_the_card_to_the_answer_and_the_customers_page_has_it_all(store, boss, customer, wanted):
    assert stage(store, wanted) == "collected"
    for step in ("analyse", "follow_up", "evaluate", "answer"):
        take(store, boss, wanted, step)
    [demand] = demand_steps.of_customer(store, boss, customer.customer_id)
    assert (demand.number, demand.stage, demand.due_on) == ("D000001", "answered", None)
    assert demand.ratings == {"importance": "5", "urgency": "4", "feasibility": "4"}, "the evaluation rated it anew"
    assert [(one.step, one.stage) for one in demand.steps] == [
        ("answer", "answered"), ("evaluate", "evaluated"), ("follow_up", "in_progress"), ("analyse", "analysed"),
        ("collect", "collected"),
    ]  # fmt: skip
    take(store, boss, wanted, "take_up")
    assert stage(store, wanted) == "analysed"


def test_each_step_is_offered_where_the_machine_has_it_and_nowhere_else(store):
    form = (Path(forms.FORMS) / "demand_step.md").read_text("utf-8")
    cells = [[cell.strip() for cell in line.split("|")] for line in form.splitlines()]
    offered = {row[3]: (set(row[6].split()), row[7]) for row in cells if len(row) > 7 and row[2] == "step"}
    wanted = {
        step: ({one for one, steps in machines.DEMAND.items() if one and step in steps}, following)
        for stage, steps in machines.DEMAND.items() if stage for step, following in steps.items()
    }  # fmt: skip
    assert offered == wanted
    stages = {row[3] for row in cells if len(row) > 7 and row[2] == "demand_stage"}
    assert stages == {stage for stage in machines.DEMAND if stage}
    for language in ("zh-CN", "en"):
        for one in stages:
            assert text(f"demand_steps.stage.{one}", language) and text(f"machines.state.{one}", language)
            assert text(f"demand_steps.stage_is.{one}", language)
        for step in offered:
            assert text(f"demand_steps.step.{step}", language) and text(f"machines.action.{step}", language)


def test_the_diagram_of_the_docs_is_that_of_the_machine():
    words = (Path(forms.FORMS).parent / "docs" / "how-to" / "demands.md").read_text("utf-8")
    [shown] = re.findall(r"```mermaid\n(.*?)```", words, re.DOTALL)
    assert shown == machines.diagram(machines.DEMAND) + "\n"


def test_a_step_that_another_overtook_is_refused_at_its_question_and_nothing_changes(store, boss, wanted):
    late = drafted(store, boss, wanted, "analyse")
    for step in ("analyse", "evaluate", "answer"):
        take(store, boss, wanted, step)
    with pytest.raises(Unfinished) as refused:
        submit(store, boss, late, "late")
    [problem] = refused.value.problems
    assert (problem.ref, problem.key) == (f"{WHICH}/step", "demand_steps.stage_is.answered")
    assert stage(store, wanted) == "answered"


def test_who_collects_and_follows_up_does_not_evaluate_or_decline(store, boss, customer, wanted):
    lin = account(store)
    take(store, lin, wanted, "analyse")
    for step in ("evaluate", "decline"):
        with pytest.raises(NotAllowed):
            take(store, lin, wanted, step)
    take(store, lin, wanted, "follow_up")
    take(store, boss, wanted, "decline")
    assert stage(store, wanted) == "declined"


def corrected(store, actor, record_id, form_id, ref, value, key):
    draft = drafts.start(store, actor, form_id, record_id=record_id)
    session = forms.session(store, forms.load(store, form_id), draft.instance, actor=actor)
    session.answer(ref, value)
    drafts.save(store, actor, draft.draft_id, session.instance, ref, saves=draft.saves)
    return submit(store, actor, draft.draft_id, key)


def test_correcting_the_card_does_not_take_the_demand_back_to_its_beginning(store, boss, customer, wanted):
    collected = demand_steps.of_customer(store, boss, customer.customer_id)[0].steps[-1].record_id
    take(store, boss, wanted, "analyse")
    corrected(store, boss, collected, "information_card", "/data/information/title", "要小包装", "again")
    [demand] = demand_steps.of_customer(store, boss, customer.customer_id)
    assert (demand.stage, demand.label, demand.ratings["importance"]) == ("analysed", "要小包装", "5")
    assert [one.step for one in demand.steps] == ["analyse", "collect"]


def test_correcting_the_card_moves_no_deadline_and_makes_nobody_responsible(store, boss, customer, wanted, monkeypatch):
    lin = account(store)
    collected = demand_steps.of_customer(store, boss, customer.customer_id)[0].steps[-1].record_id
    with monkeypatch.context() as patch:
        patch.setattr(database, "utc_now", lambda: utc_now() - timedelta(days=2))
        take(store, lin, wanted, "analyse", next_in=9)
    corrected(store, boss, collected, "information_card", "/data/information/title", "要小包装", "again")
    day = today(store) + timedelta(days=3)  # five days from the analysis
    assert [row.due_on for row in due.listed(store, lin, today(store), kind="demands").rows] == [day]
    assert due.listed(store, boss, today(store), kind="demands").rows == []
    assert demand_steps.of_customer(store, boss, customer.customer_id)[0].due_on == day


def test_the_newest_step_can_be_corrected_and_an_earlier_one_cannot(store, boss, customer, wanted):
    analysed = take(store, boss, wanted, "analyse").record_id
    urgency = "/data/analysis/urgency"
    corrected(store, boss, analysed, "demand_step", urgency, "2", "newest")
    assert demand_steps.of_customer(store, boss, customer.customer_id)[0].ratings["urgency"] == "2"
    take(store, boss, wanted, "evaluate")
    told = take(store, boss, wanted, "answer").record_id
    corrected(store, boss, told, "demand_step", "/data/feedback/reply", "accepts", "answer-again")
    assert stage(store, wanted) == "answered"
    with pytest.raises(Unfinished) as refused:
        corrected(store, boss, analysed, "demand_step", urgency, "1", "earlier")
    assert [one.key for one in refused.value.problems] == ["demand_steps.went_on"]


def test_a_demand_is_on_the_due_list_until_the_customer_was_answered(store, boss, wanted):
    day = today(store)

    def waiting(actor, **more):
        return [(row.what_key, row.due_on) for row in due.listed(store, actor, day, kind="demands", **more).rows]

    assert waiting(boss) == [("demand_steps.due.collected", day + timedelta(days=3))]
    lin = account(store)
    assert waiting(lin) == []
    take(store, lin, wanted, "analyse", next_in=2)
    assert waiting(lin) == [("demand_steps.due.analysed", day + timedelta(days=2))]
    assert (waiting(boss), len(waiting(boss, department=True))) == ([], 1)
    take(store, lin, wanted, "follow_up", next_in=60)
    assert waiting(lin) == [("demand_steps.due.in_progress", day + timedelta(days=14))], (
        "the rule's day, not a later one"
    )
    take(store, boss, wanted, "evaluate")
    take(store, boss, wanted, "answer")
    assert waiting(boss) == waiting(lin) == waiting(boss, department=True) == []


def test_the_link_of_a_due_row_begins_the_next_step_of_that_demand(store, boss, wanted):
    [row] = due.listed(store, boss, today(store), kind="demands").rows
    assert row.link == (
        f"/form/demand_step?d%5B%2Fdata%2Fwhich%2Fcustomer_number%5D=C000001&d%5B%2Fdata%2Fwhich%2Fdemand%5D={wanted}"
    )


def test_a_need_that_names_no_customer_goes_its_way_too(store, boss):
    made = need(store, boss, "need-1", {})
    demand_id = next(one.entity_id for one in made.entities if one.dataset == "demands")
    take(store, boss, demand_id, "analyse", number="")
    assert stage(store, demand_id) == "analysed"


def test_an_intention_to_buy_is_no_demand_of_stages(store, boss):
    answers = filled("intention_card", today(store))
    submit(store, boss, draft_of_rounds(store, boss, "intention_card", answers), "intention-1")
    session = forms.session(store, forms.load(store, "demand_step"), {}, actor=boss)
    assert list(session.state(f"{WHICH}/demand").choices) == []
    assert due.listed(store, boss, today(store), kind="demands").rows == []


def test_who_may_not_know_of_the_customer_gets_no_demands(store, boss, customer, wanted):
    far = account(store, Role.SUPERVISOR, department="别的部门")
    with pytest.raises(NotFound):
        demand_steps.of_customer(store, far, customer.customer_id)
    assert due.listed(store, far, today(store), department=True, kind="demands").rows == []


def test_who_is_not_cleared_for_the_stage_of_a_demand_is_shown_nothing_of_it(store, boss, customer, wanted):
    assert demand_steps.of_customer(store, boss, customer.customer_id)
    uncleared = account(store, Role.SUPERVISOR, login_name="uncleared", clearance=Level.PUBLIC)
    assert demand_steps.of_customer(store, uncleared, customer.customer_id) == []
    assert due.listed(store, uncleared, today(store), department=True, kind="demands").rows == []


def test_every_stage_with_its_day_is_in_the_lake(store, boss, wanted):
    take(store, boss, wanted, "analyse")
    publishing.publish(store, SERVICE)
    rows = lake.open(store.site).table("demands").order_by("version").to_pyarrow().to_pylist()
    assert [(row["version"], row["stage"], row["step"], row["class"], row["importance"]) for row in rows] == [
        (1, "collected", None, None, None), (2, "analysed", "analyse", "product", 5),
    ]  # fmt: skip
    assert rows[1]["recorded_at"] > rows[0]["recorded_at"]


STAGES = demand_stages.rule(date(2026, 11, 1))


@pytest.mark.parametrize(
    ("stage", "planned", "day"),
    [
        ("collected", None, 3), ("collected", 2, 2), ("collected", 4, 3), ("in_progress", None, 14),
        ("answered", None, None), ("declined", 1, None), ("", None, None),
    ],
)  # fmt: skip
def test_the_rules_day_counts_unless_people_set_an_earlier_one(stage, planned, day):
    since = date(2026, 11, 1)
    own = None if planned is None else since + timedelta(days=planned)
    found = demand_stages.due_on(stage, since, own, STAGES)
    assert found == (None if day is None else since + timedelta(days=day))


def test_a_rule_file_without_a_stage_is_refused(tmp_path):
    shipped = (demand_stages.rules.FOLDER / demand_stages.FILE).read_text("utf-8")
    (tmp_path / demand_stages.FILE).write_text(shipped.replace('name = "evaluated"', 'name = "answered"'), "utf-8")
    with pytest.raises(BadInput) as refused:
        demand_stages.rule(date(2026, 11, 1), tmp_path)
    assert "collected, analysed, in_progress, evaluated" in refused.value.text("en")
