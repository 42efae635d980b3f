"""The registers that are records of forms: processing, assessments, processors, transfers abroad, internal transfers."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from custinfo.actions import drafts, forms, register_entries
from custinfo.domain import machines
from custinfo.domain.messages import LANGUAGES
from tests.factories import site_with_forms, submit
from tests.privacy.conftest import Office

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(tmp_path_factory):
    with site_with_forms(tmp_path_factory.mktemp("site") / "site") as opened:
        yield Office(opened)


def entries(today):
    """An entry of each register, and the day on which it is due; the processor first, which others name."""
    later, next_year = str(today + timedelta(days=90)), str(today + timedelta(days=360))
    return {
        "processor": ({
            "party/party_name": "云信科技", "party/party_kind": "processor", "party/contact": "方先生",
            "work/purposes": "service", "work/kinds": "contact", "work/ways": "store", "work/contract_number": "HT-1",
            "work/begins_on": str(today), "work/ends_on": next_year, "work/terms": "purpose measures", "work/others": "no",
            "watching/check_on": later,
        }, later),
        "impact_assessment": ({
            "subject/title": "寄发广告", "subject/assessed_by": "何", "subject/assessed_on": str(today),
            "subject/reasons": "passing_on", "subject/description": "委托寄发", "lawful/bases": "consent",
            "lawful/necessity": "经同意", "lawful/less": "无", "effect/effects": "打扰", "effect/risks": "泄露",
            "effect/likelihood": "2", "effect/severity": "3", "protection/measures": "levels",
            "protection/fitting": "相称", "protection/likelihood_left": "1", "protection/severity_left": "3",
            "conclusion/verdict": "proceed", "conclusion/review_on": later,
        }, later),
        "processing_activity": ({
            "activity/activity_name": "寄发广告", "activity/department": "企划部", "activity/responsible": "何",
            "activity/started_on": str(today), "activity/purposes": "marketing", "activity/purpose_words": "推介",
            "activity/bases": "consent", "data/subjects": "customers", "data/kinds": "contact", "data/fields": "地址",
            "data/people": "100", "data/sources": "customer", "data/keep_months": "24", "data/after": "删除",
            "passing_on/entrusted": "yes", "passing_on/processor_number": "PR000001", "passing_on/provided": "no",
            "passing_on/abroad": "no", "passing_on/automated": "no", "safety/measures": "levels",
            "safety/assessment_number": "IA000001", "safety/review_on": later,
        }, later),
        "cross_border": ({
            "receiver/receiver_name": "Far Ltd", "receiver/country": "SG", "receiver/contact": "a@example.org",
            "receiver/receiver_use": "售后", "transfer/kinds": "contact", "transfer/people": "10",
            "transfer/path": "contract", "transfer/document_number": "BA-1", "transfer/filed_on": str(today),
            "transfer/valid_until": next_year, "transfer/consented": "yes", "transfer/assessment_number": "IA000001",
        }, next_year),
        "information_transfer": ({
            "transfer/passed_at": f"{today - timedelta(days=1)}T10:00:00.000+08:00", "transfer/from_department": "营业部",
            "transfer/from_person": "甲", "transfer/to_department": "企划部", "transfer/to_person": "乙",
            "transfer/way": "oral", "transfer/secrecy": "3", "transfer/content": "客户反映", "transfer/need": "处理投诉",
            "check/confirmed": "yes", "check/received": "no",
        }, str(today)),
    }  # fmt: skip


def test_a_register_takes_its_entry_and_says_what_is_due(office):
    store, actor, today = office.store, office.head, office.today()
    for form_id, (answers, due) in entries(today).items():
        draft = drafts.start(store, actor, form_id)
        session = forms.session(store, forms.load(store, form_id), draft.instance, actor=actor)
        for ref, value in answers.items():
            session.answer(f"/data/{ref}", value)
        drafts.save(store, actor, draft.draft_id, session.instance, "/data/x", saves=draft.saves)
        made = submit(store, actor, draft.draft_id, form_id)
        (entity,) = made.entities
        found = register_entries.newest(store, actor, entity.dataset, 5)
        assert found.total == 1, form_id
        assert found.rows[0].due_on == due, form_id


@pytest.mark.parametrize("form_id", list(entries(__import__("datetime").date(2026, 11, 22))))
def test_each_register_is_worded_in_both_languages(form_id):
    form = forms.read(f"{form_id}.md", (ROOT / "forms" / f"{form_id}.md").read_bytes())
    assert set(form.languages) == set(LANGUAGES)
    assert len(set(forms.titles(form).values())) == 2


@pytest.mark.parametrize("machine", [machines.REQUEST, machines.DISCLOSURE])
def test_the_documentation_shows_the_machines_as_they_are(machine):
    text = (ROOT / "docs" / "how-to" / "privacy.md").read_text("utf-8")
    assert machines.diagram(machine) in re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
