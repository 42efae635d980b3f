"""The levels of intention stand in one place, the rule file: the A-card offers them, the due list counts by them."""

from datetime import date, datetime, timedelta

import pytest

from custinfo.actions import drafts, due, forms
from custinfo.classification import intention_levels
from custinfo.domain.people import Role
from tests.factories import account, site_with_forms, submit
from tests.source_forms import fill, filled
from tests.test_source_forms import draft_of_rounds

LEVEL, NEXT, CONTACT_BY = (f"/data/follow_up/{name}" for name in ("level", "next_contact_on", "contact_by"))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("intention") / "site") as opened:
        yield opened


@pytest.fixture
def another_rule(monkeypatch):
    """Makes another rule that of the day: A is called after 4 days instead of 15, H after 3, and C is called L."""
    shipped = intention_levels.rule(date(2026, 11, 1))
    changed = {"A": {"contact_days": 4}, "C": {"name": "L"}, "H": {"contact_days": 3}}
    levels = tuple(one.model_copy(update=changed.get(one.name, {})) for one in shipped.level)
    other = shipped.model_copy(update={"level": levels})
    return lambda: monkeypatch.setattr(intention_levels, "rule", lambda _day: other)


def card(store, **changed):
    """An A-card filled in today; the last contact was on the day that comes back with it."""
    today = datetime.now(store.site.zone).date()
    answers = filled("intention_card", today)
    session = fill(forms.session(store, forms.load(store, "intention_card"), {}), answers)
    for name, value in changed.items():
        session.answer(f"/data/follow_up/{name}", value)
    return session, date.fromisoformat(session.state("/data/follow_up/last_contact_on").value)


def test_the_card_counts_by_the_rule_of_the_day(store):
    session, last = card(store, level="A")
    assert session.state(CONTACT_BY).value == (last + timedelta(days=15)).isoformat()
    assert [name for name, _ in session.state(LEVEL).choices] == ["O", "H", "A", "B", "C"]


def test_another_rule_reaches_the_card_without_another_version_of_the_form(store, another_rule):
    another_rule()
    session, last = card(store, level="A")
    assert session.state(CONTACT_BY).value == (last + timedelta(days=4)).isoformat()
    assert [name for name, _ in session.state(LEVEL).choices] == ["O", "H", "A", "B", "L"]


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(-3, "H"), (0, "H"), (7, "H"), (8, "A"), (15, "A"), (16, "B"), (30, "B"), (31, "C"), (3000, "C"), (None, "")],
)
def test_the_day_on_which_the_customer_expects_to_order_makes_the_level(store, ahead, level):
    today = datetime.now(store.site.zone).date()
    expected = "" if ahead is None else (today + timedelta(days=ahead)).isoformat()
    session, _ = card(store, expected_on=expected, level="A")
    assert session.state("/data/follow_up/level_by_rule").value == level
    warned = [problem.ref for problem in session.warnings()]
    assert warned == ([LEVEL] if level not in ("A", "") else []), "another level takes a reason"
    assert session.problems() == []


def test_who_ordered_or_was_lost_has_no_level_by_a_day(store):
    today = datetime.now(store.site.zone).date().isoformat()
    for changed in (
        {"level": "O", "expected_on": ""},
        {"expected_on": today, "outcome": "lost", "lost_reason": "价格"},
    ):
        session, _ = card(store, **changed)
        assert session.state("/data/follow_up/level_by_rule").value == ""
        assert LEVEL not in [problem.ref for problem in session.warnings()]


def test_the_level_by_the_day_is_that_of_the_rule_of_today(store, another_rule):
    another_rule()
    later = (datetime.now(store.site.zone).date() + timedelta(days=99)).isoformat()
    session, _ = card(store, expected_on=later, level="L")
    assert (session.state("/data/follow_up/level_by_rule").value, session.warnings()) == ("L", [])


def called(store, actor, **more):
    """When the person calls whom, by the due list, however far ahead."""
    rows = due.listed(
        store, actor, datetime.now(store.site.zone).date() + timedelta(days=120), kind=due.OWN, **more
    ).rows
    return [row.due_on for row in rows if row.facts.get("number", "").startswith("D")]


def submitted(store, level, ahead, key):
    """Somebody's A-card of a level, the next contact planned so many days from today."""
    actor = account(store, Role.SUPERVISOR, department=f"展厅{key}")
    today = datetime.now(store.site.zone).date()
    answers = filled("intention_card", today) | {
        "/data/card/card_no": f"A-{key}", LEVEL: level, NEXT: (today + timedelta(days=ahead)).isoformat(),
    }  # fmt: skip
    submit(store, actor, draft_of_rounds(store, actor, "intention_card", answers), key)
    return actor, card(store)[1], today


def test_the_due_list_calls_on_the_planned_day_where_the_level_allows_it(store):
    actor, _, today = submitted(store, "B", 2, "plan")
    assert called(store, actor) == called(store, actor, department=True) == [today + timedelta(days=2)]


def test_a_rule_that_became_stricter_calls_earlier_and_no_card_is_touched(store, another_rule):
    actor, last, today = submitted(store, "H", 1, "strict")
    assert called(store, actor) == [today + timedelta(days=1)]
    another_rule()
    assert called(store, actor) == [last + timedelta(days=3)]
    assert called(store, actor, department=True) == [last + timedelta(days=3)]


def test_a_level_that_the_rule_has_no_more_is_called_as_if_undecided(store, monkeypatch):
    actor, last, today = submitted(store, "C", 50, "gone")
    assert called(store, actor) == [today + timedelta(days=50)]
    shipped = intention_levels.rule(today)
    monkeypatch.setattr(intention_levels, "rule", lambda _day: shipped.model_copy(update={"level": shipped.level[:-1]}))
    assert called(store, actor) == [last + timedelta(days=shipped.undecided_contact_days)]


@pytest.mark.parametrize(("outcome", "said"), [("sold", {"sold_on": "{today}"}), ("lost", {"lost_reason": "价格"})])
def test_a_call_is_overdue_in_both_lists_until_the_customer_bought_or_was_lost(store, outcome, said):
    actor, last, today = submitted(store, "O", -3, outcome)
    for department in (False, True):
        [row] = due.listed(store, actor, today, kind=due.OWN, department=department, overdue_only=True).rows
        assert row.due_on == last == today - timedelta(days=3)
    draft = drafts.start(store, actor, "intention_card", record_id=row.link.removeprefix("/record/"))
    session = forms.session(store, forms.load(store, "intention_card"), draft.instance, actor=actor)
    for name, value in ({"outcome": outcome} | said).items():
        session.answer(f"/data/follow_up/{name}", value.format(today=today))
    drafts.save(store, actor, draft.draft_id, session.instance, NEXT, saves=draft.saves)
    submit(store, actor, draft.draft_id, f"{outcome}-now")
    assert called(store, actor) == called(store, actor, department=True) == []
