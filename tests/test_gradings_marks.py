"""Strategic marks of customers (R97): asked for with a reason, approved by somebody else, in the lake, ended likewise."""

from datetime import date, timedelta

import ibis
import pytest

from custinfo import lake
from custinfo.actions import approvals, drafts, forms, pseudonyms
from custinfo.actions import lake as published
from custinfo.classification import importance
from custinfo.domain.errors import NotAllowed
from custinfo.domain.people import SERVICE, Role
from tests.factories import PASSWORD, account, card, draft_of, site_with_forms, submit
from tests.price_records import shipped

BEGINS = date(2026, 7, 1)
MARK = {
    "/data/mark/strategic_mark": "partner",
    "/data/mark/from_on": BEGINS.isoformat(),
    "/data/mark/reason": "共同开发新产品，有合作协议",
}
END = {"/data/end/ended_on": "2026-10-01", "/data/end/end_reason": "合作协议到期"}
VERSIONS = {
    "customer_key": "string", "mark_id": "string", "version": "int32", "mark": "string", "from_on": "string",
    "ended_on": "string", "recorded_at": "timestamp",
}  # fmt: skip


def approve(store, who, record_id):
    case = approvals.of(store, "record", record_id)
    return approvals.decide(store, who, case.case_id, "approve", case.sha256, password=PASSWORD)


def edit(store, actor, record_id, answers):
    draft = drafts.start(store, actor, "importance_mark", record_id=record_id)
    form = forms.load(store, "importance_mark", draft.form_version)
    session = forms.session(store, form, draft.instance)
    saves = draft.saves
    for ref, value in answers.items():
        session.answer(ref, value)
        saves = drafts.save(store, actor, draft.draft_id, session.instance, ref, saves=saves).saves
    submit(store, actor, draft.draft_id, f"edit {draft.draft_id}")


def counting(store, day):
    """What the newest version of the lake says of strategic marks that count on a day."""
    published.publish(store, SERVICE, even_unchanged=True)
    marks = importance.marks_on(lake.open(store.site).table("marks"), day)
    return sorted((row["customer_key"], row["mark"]) for row in marks.to_pyarrow().to_pylist())


def test_a_mark_counts_from_its_approval_until_its_end_is_approved(tmp_path):
    with site_with_forms(tmp_path / "site") as store:
        li, head = account(store), account(store, Role.DEPARTMENT_HEAD)
        customer = card(store, li)
        mine = [(pseudonyms.key_of(store, customer.entities[0].entity_id), "partner")]
        number = customer.entities[0].number
        draft = draft_of(store, li, "importance_mark", {"/data/mark/customer_number": number, **MARK})
        record_id = submit(store, li, draft, "mark-1").record_id
        assert counting(store, BEGINS) == []
        with pytest.raises(NotAllowed):
            approve(store, li, record_id)
        assert approve(store, head, record_id) == "approved"
        assert counting(store, BEGINS) == mine
        assert counting(store, BEGINS - timedelta(days=1)) == []
        edit(store, li, record_id, END)
        assert counting(store, date(2026, 10, 1)) == mine, "the end is not approved yet"
        approve(store, head, record_id)
        assert counting(store, date(2026, 9, 30)) == mine
        assert counting(store, date(2026, 10, 1)) == []
        rows = lake.open(store.site).table("marks").to_pyarrow().to_pylist()
        assert [(row["version"], row["ended_on"]) for row in rows] == [(1, ""), (2, "2026-10-01")]
        assert "合作" not in str(rows), "reasons stay in the store"


def test_marks_on_a_day_worked_by_hand():
    moment = "2026-08-01 00:00:00"
    later = "2026-09-01 00:00:00"
    versions = [
        ("a", "m1", 1, "partner", "2026-07-01", "", moment),
        ("a", "m2", 1, "growth", "2026-07-01", "2026-12-31", moment),
        ("b", "m3", 1, "partner", "2026-07-01", "", moment),
        ("b", "m3", 2, "partner", "2026-07-01", "2026-08-15", later),
        ("c", "m4", 1, "government", "2026-10-01", "", moment),
    ]
    found = importance.marks_on(ibis.memtable(versions, schema=VERSIONS), date(2026, 9, 30)).to_pyarrow().to_pylist()
    assert sorted(map(tuple, (row.values() for row in found))) == [("a", "growth"), ("a", "partner")]


def test_the_form_offers_the_marks_that_the_rule_counts():
    rule = importance.rule(date(2026, 10, 31))
    offered = [line.split("|")[3].strip() for line in shipped("importance_mark").decode().splitlines()
               if line.startswith("| | strategic_mark |")]  # fmt: skip
    assert tuple(offered) == rule.marks
