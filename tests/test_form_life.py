"""The life of a form: proposed, reviewed by somebody else, published with its impact confirmed, closed."""

import re
from pathlib import Path

import pytest

from custinfo.actions import drafts, form_life, forms
from custinfo.domain import machines
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import SERVICE, Role
from custinfo.xforms import FormError
from tests.factories import account, empty_site
from tests.questionnaires import AGE, NAME, published, record, table

DOCS = Path(__file__).parents[1] / "docs" / "life-of-a-form.md"
MACHINES = {"A form": machines.FORM, "A record": machines.RECORD, "A query": machines.QUERY}


@pytest.fixture
def store(tmp_path):
    with empty_site(tmp_path / "site") as opened:
        yield opened


@pytest.fixture
def designer(store):
    return account(store)


@pytest.fixture
def reviewer(store):
    return account(store, Role.SUPERVISOR)


def proposed(store, actor, version="1", **changes):
    return form_life.propose(store, actor, f"poll-{version}.md", table(version, **changes))


def events(store, action):
    return store.rows("SELECT * FROM audit WHERE action = ?", [action])


# The machines


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_every_state_and_action_is_known_and_named(machine):
    following = {state for actions in machine.values() for state in actions.values()}
    assert following <= set(machine), "an action leads nowhere"
    assert set(machine) - following == {machines.NOWHERE}, "a state that nothing leads to"
    for language in LANGUAGES:
        for state, actions in machine.items():
            assert state == machines.NOWHERE or text(f"machines.state.{state}", language)
            assert all(text(f"machines.action.{action}", language) for action in actions)


def test_an_impossible_action_says_what_is_possible():
    with pytest.raises(WrongState) as impossible:
        machines.after(machines.FORM, "draft", "publish")
    assert "return to the designer" in impossible.value.text("en") and "审核通过" in impossible.value.text("zh-CN")
    with pytest.raises(WrongState) as over:
        machines.after(machines.FORM, "withdrawn", "accept")
    assert "nothing follows" in over.value.text("en")


def test_the_diagrams_of_the_docs_are_those_of_the_machines():
    shown = re.findall(r"## (A \w+)\n.*?```mermaid\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert dict(shown) == {name: machines.diagram(machine) + "\n" for name, machine in MACHINES.items()}


# Proposing and reviewing


def test_a_proposal_becomes_a_form_that_people_fill_in(store, designer, reviewer):
    made = proposed(store, designer)
    assert (made.form_id, made.version, made.state, made.titles["en"]) == ("poll", "1", "draft", "Poll")
    assert forms.fillable(store, designer) == []
    accepted = form_life.review(store, reviewer, made.proposal_id, True, "好")
    assert (accepted.state, accepted.note, accepted.reviewed_by) == ("reviewed", "好", reviewer.display_name)
    impact = form_life.impact_of(store, SERVICE, made.proposal_id)
    summary = form_life.publish(store, SERVICE, made.proposal_id, confirmed=impact.digest)
    assert (summary.form_id, summary.version) == ("poll", "1")
    assert [one.form_id for one in forms.fillable(store, designer)] == ["poll"]
    assert [one.state for one in form_life.proposals(store, designer)] == ["published"]
    row = store.row("SELECT proposal_id FROM form")
    assert row["proposal_id"] == made.proposal_id
    assert [len(events(store, f"form.{action}")) for action in ("propose", "review", "publish")] == [1, 1, 1]


def test_nobody_reviews_their_own_proposal(store, reviewer):
    made = proposed(store, reviewer)
    with pytest.raises(NotAllowed):
        form_life.review(store, reviewer, made.proposal_id, True, "")
    assert form_life.find(store, reviewer, made.proposal_id).state == "draft"


def test_a_wrong_form_is_refused_with_all_that_is_wrong_and_nothing_is_stored(store, designer):
    with pytest.raises(FormError):
        proposed(store, designer, rows={"age": "| | integer | age | 年龄 | Age | | | . > ${nobody} | | | | |"})
    assert form_life.proposals(store, designer) == [] and events(store, "form.propose") == []


def test_what_is_not_reviewed_or_returned_is_not_published(store, designer, reviewer):
    made = proposed(store, designer)
    digest = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    with pytest.raises(WrongState):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=digest)
    with pytest.raises(BadInput):
        form_life.review(store, reviewer, made.proposal_id, False, "  ")
    assert form_life.review(store, reviewer, made.proposal_id, False, "缺少颜色").state == "draft"
    with pytest.raises(WrongState):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=digest)
    assert store.rows("SELECT 1 FROM form") == []


def test_a_corrected_proposal_takes_the_place_of_the_one_before(store, designer, reviewer):
    first = proposed(store, designer)
    form_life.review(store, reviewer, first.proposal_id, False, "改名")
    second = proposed(store, designer, rows={"phone": None})
    assert {one.proposal_id: one.state for one in form_life.proposals(store, designer)} == {
        first.proposal_id: "withdrawn",
        second.proposal_id: "draft",
    }
    with pytest.raises(Conflict) as taken:
        proposed(store, account(store))
    assert designer.display_name in taken.value.text("en")


def test_a_published_version_is_frozen(store, designer):
    published(store)
    with pytest.raises(Conflict):
        proposed(store, designer, rows={"phone": None})


def test_one_withdraws_ones_own_proposal(store, designer):
    made = proposed(store, designer)
    with pytest.raises(NotAllowed):
        form_life.withdraw(store, account(store), made.proposal_id)
    assert form_life.withdraw(store, designer, made.proposal_id).state == "withdrawn"
    with pytest.raises(WrongState):
        form_life.withdraw(store, designer, made.proposal_id)
    with pytest.raises(NotFound):
        form_life.withdraw(store, designer, "F-0000000000000000")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.MANAGER])
def test_who_has_nothing_to_do_with_forms_sees_no_proposals(store, designer, role):
    made = proposed(store, designer)
    other = account(store, role)
    for attempt in (
        lambda: form_life.proposals(store, other),
        lambda: form_life.find(store, other, made.proposal_id),
        lambda: form_life.impact_of(store, other, made.proposal_id),
        lambda: form_life.review(store, other, made.proposal_id, True),
        lambda: form_life.publish(store, other, made.proposal_id, confirmed=""),
        lambda: form_life.close(store, other, "poll", "x"),
    ):
        with pytest.raises(NotAllowed):
            attempt()


# Publishing a new version


def test_the_impact_that_is_confirmed_is_the_one_that_is_published(store, designer, reviewer):
    published(store)
    record(store, designer, {NAME: "甲", AGE: "20"}, key="a")
    made = proposed(store, designer, "2", rows={"age": "| | integer | age | 年龄 | Age | | | . >= 18 | | | | |"})
    form_life.review(store, reviewer, made.proposal_id, True)
    confirmed = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    record(store, designer, {NAME: "乙", AGE: "30"}, key="b")  # passes: people go on working
    assert form_life.impact_of(store, SERVICE, made.proposal_id).digest == confirmed
    record(store, designer, {NAME: "丙", AGE: "3"}, key="c")  # breaks
    with pytest.raises(Conflict):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed="")
    with pytest.raises(Conflict) as changed:
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=confirmed)
    again = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    assert again in changed.value.text("en")
    assert form_life.publish(store, SERVICE, made.proposal_id, confirmed=again).version == "2"


AGE_OF_18 = {"age": "| | integer | age | 年龄 | Age | | | . >= 18 | | | | |"}


def meanwhile(monkeypatch, happens):
    """Something that happens after the form was read and its impact worked out, before the store is locked."""
    found = form_life.impact.report

    def report(*given):
        told = found(*given)
        happens()
        return told

    monkeypatch.setattr(form_life.impact, "report", report)


def test_a_record_that_comes_while_a_form_is_published_is_not_overlooked(store, designer, reviewer, monkeypatch):
    published(store)
    made = proposed(store, designer, "2", rows=AGE_OF_18)
    form_life.review(store, reviewer, made.proposal_id, True)
    confirmed = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    meanwhile(monkeypatch, lambda: record(store, designer, {NAME: "丙", AGE: "3"}, key="c"))
    with pytest.raises(Conflict):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=confirmed)
    assert [one.version for one in form_life.published(store, SERVICE)] == ["1"]
    assert form_life.find(store, SERVICE, made.proposal_id).state == "reviewed"


def test_a_proposal_that_is_returned_while_it_is_published_stays_returned(store, designer, reviewer, monkeypatch):
    made = proposed(store, designer)
    form_life.review(store, reviewer, made.proposal_id, True)
    confirmed = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    meanwhile(monkeypatch, lambda: form_life.review(store, reviewer, made.proposal_id, False, "停"))
    with pytest.raises(WrongState):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=confirmed)
    assert form_life.find(store, SERVICE, made.proposal_id).state == "draft" and forms.titles_of(store) == {}


def test_a_version_that_two_publish_at_once_is_published_once(store, designer, reviewer, monkeypatch):
    made = proposed(store, designer)
    form_life.review(store, reviewer, made.proposal_id, True)
    confirmed = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    read = forms.check
    other = {"phone": None}

    def check(*given):
        found = read(*given)
        monkeypatch.setattr(forms, "check", read)
        published(store, rows=other)
        return found

    monkeypatch.setattr(forms, "check", check)
    with pytest.raises(Conflict):
        form_life.publish(store, SERVICE, made.proposal_id, confirmed=confirmed)
    assert form_life.find(store, SERVICE, made.proposal_id).state == "reviewed"


def test_files_of_a_proposal_are_published_with_it(store, designer, reviewer):
    choices = b"name,label\nz,Zed\n"
    rows = {"colour": "| | select_one_from_file own.csv | colour | 颜色 | Colour | | | | | | | | |", "why": None}
    made = form_life.propose(store, designer, "poll.md", table("1", rows), {"own.csv": choices})
    form_life.review(store, reviewer, made.proposal_id, True)
    digest = form_life.impact_of(store, SERVICE, made.proposal_id).digest
    form_life.publish(store, SERVICE, made.proposal_id, confirmed=digest)
    assert forms.files_of(store, "poll", "1") == (("own.csv", choices),)
    session = forms.session(store, forms.load(store, "poll"), {})
    assert session.state("/data/colour").choices == (("z", "Zed"),)


# Closing


def test_a_closed_form_takes_no_new_records_until_it_is_open_again(store, designer):
    published(store)
    kept = record(store, designer, {NAME: "甲"}, key="a")
    with pytest.raises(BadInput):
        form_life.close(store, SERVICE, "poll", " ")
    form_life.close(store, SERVICE, "poll", "项目结束")
    assert forms.fillable(store, designer) == []
    with pytest.raises(WrongState):
        drafts.start(store, designer, "poll")
    with pytest.raises(WrongState):
        form_life.close(store, SERVICE, "poll", "again")
    assert store.row("SELECT 1 FROM record WHERE record_id = ?", [kept])
    [line] = form_life.published(store, SERVICE)
    assert (line.closed_because, line.records, line.versions) == ("项目结束", 1, 1)
    form_life.reopen(store, SERVICE, "poll")
    assert [one.form_id for one in forms.fillable(store, designer)] == ["poll"]
    with pytest.raises(WrongState):
        form_life.reopen(store, SERVICE, "poll")
    with pytest.raises(NotFound):
        form_life.close(store, SERVICE, "nothing", "x")
