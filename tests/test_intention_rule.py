"""The levels of intention stand in one place, the rule file: the A-card offers them, the due list counts by them."""

from datetime import date, datetime, timedelta

import pytest

from custinfo.actions import due, forms
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
