"""What waits for whom: a query over drafts and cards, the longest overdue first."""

from datetime import date, timedelta

import pytest

from custinfo.actions import drafts, due
from custinfo.domain import clock
from custinfo.domain.people import Role
from tests.factories import NAME, account, card, draft_of, site_with_forms


@pytest.fixture
def store(tmp_path):
    with site_with_forms(tmp_path / "site") as opened:
        yield opened


def in_days(store, actor, days):
    return due.mine(store, actor, date.today() + timedelta(days=days))  # noqa: DTZ011


def test_nothing_waits_for_somebody_who_is_up_to_date(store):
    lin = account(store)
    card(store, lin)
    draft_of(store, lin, "enterprise_card", {NAME: "甲"})
    assert in_days(store, lin, 0).rows == []


def test_an_unfinished_draft_is_called_in_and_its_link_opens_it(store):
    lin = account(store)
    draft_id = draft_of(store, lin, "enterprise_card", {NAME: "甲"})
    [row] = in_days(store, lin, 5).rows
    assert (row.what_key, row.link) == ("due.draft", f"/form/enterprise_card?draft={draft_id}")
    assert in_days(store, account(store), 5).total == 0
    drafts.discard(store, lin, draft_id)
    assert in_days(store, lin, 5).total == 0


def test_a_card_is_due_for_review_a_year_after_it_was_recorded(store):
    lin = account(store)
    receipt = card(store, lin)
    recorded = clock.parse(store.row("SELECT recorded_at FROM entity_current")["recorded_at"])
    day = recorded.astimezone(store.site.zone).date()
    listed = [due.mine(store, lin, day + timedelta(days=days)) for days in (364, 365, 366)]
    assert [(found.total, found.overdue) for found in listed] == [(0, 0), (1, 0), (1, 1)]
    [row] = listed[1].rows
    assert row.due_on == day + timedelta(days=365)
    assert (row.what_key, row.facts["number"], row.customer_id) == ("due.review", "C000001", receipt.customer_id)


def test_the_longest_overdue_comes_first(store):
    lin = account(store)
    card(store, lin)
    draft_of(store, lin, "enterprise_card", {NAME: "甲"})
    days = [row.due_on for row in in_days(store, lin, 400).rows]
    assert len(days) == 2 and days == sorted(days)


def test_people_who_fill_in_nothing_have_nothing_waiting(store):
    card(store, account(store))
    assert in_days(store, account(store, Role.MANAGER), 400).total == 0
