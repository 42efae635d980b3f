"""A satisfaction survey of the invented company: proposed, approved, drawn, in the field, processed; to be reported.

Of the customers of the first department every fourth agreed to surveys; 60 of them are drawn by type of customer, 46
answer, and the rest refuse, cannot be reached or are not heard of.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from custinfo.actions import approvals, fieldwork, forms, notices, records, samples, studies, study_steps
from custinfo.actions.delegations import today
from custinfo.actions.entities import by_number
from custinfo.actions.record_approvals import KIND
from custinfo.actions.records import Receipt, Remarks
from custinfo.actions.sample_frames import PURPOSE, Chosen
from custinfo.actions.samples import Design
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store

FORM = "satisfaction_survey"
EVERY = 4
"""One customer in so many agreed to surveys."""
DRAWN, ANSWERED = 60, 46
CHANNELS = (("web", 30), ("phone", 20), ("paper", 10))
"""How many were handed the questionnaire by which channel, in the sample's order."""
OUTCOMES = ("refused", "refused", "refused", "not_reached", "not_reached", "not_reached", "not_eligible")
"""What became of some of those who did not answer; nothing was heard of the others."""
ASKED_BY = {"web": "web", "phone": "phone", "paper": "mail"}
"""What the form calls each channel."""
SCORES = (1, 2, 3, 4, 5)
WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "quality": (1, 3, 12, 45, 39), "price": (3, 10, 32, 38, 17), "delivery": (3, 9, 20, 40, 28),
    "service": (1, 4, 15, 42, 38),
}  # fmt: skip
"""How often each aspect is rated 1, 2, 3, 4 and 5."""
Staff = Mapping[str, Person]


def fill(store: Store, staff: Staff, numbers: Sequence[str], password: str) -> str:
    """Survey some of the customers of these numbers; gives the study's id. `staff` are the accounts by login name."""
    day = today(store)
    agreed = numbers[::EVERY]
    _agree(store, agreed, day)
    proposed = _admit(store, staff["lin"], "survey_proposal", _proposal(day, len(agreed)))
    for who in (staff["he"], staff["chen"]):
        case = approvals.of(store, KIND, proposed.record_id)
        assert case is not None
        approvals.decide(store, who, case.case_id, "approve", case.sha256, password=password)
    study_id = studies.begin(store, staff["zhou"], proposed.entities[0].number, FORM)
    for step in ("problem", "collection", "questionnaire"):
        study_steps.take(store, staff["zhou"], study_id, step)
    design = Design(Chosen(), method="stratified", strata_by="customer_type", size=DRAWN, least=10)
    sample_id = samples.draw(store, staff["zhou"], study_id, design, seed="custinfo demo")
    study_steps.take(store, staff["zhou"], study_id, "sampling")
    _fieldwork(store, staff["lin"], sample_id, day)
    for step in ("fieldwork", "processing"):
        study_steps.take(store, staff["zhou"], study_id, step)
    return study_id


def _agree(store: Store, numbers: Sequence[str], day: date) -> None:
    """That these customers agreed to surveys, to the notice that speaks of them."""
    notice = notices.speaking_of(store, PURPOSE)
    assert notice is not None
    with store.act(SERVICE.person_id, "demo.fill", "site", "demo", consents=len(numbers)) as tx:
        for number in numbers:
            entity = by_number(store, "customers", number)
            assert entity is not None
            row = {"entity_id": entity["entity_id"], "kind": "given", "purpose": PURPOSE, "channel": "phone"}
            row |= {"happened_on": day.isoformat(), "recorded_at": tx.at, "recorded_by": SERVICE.person_id}
            tx.insert("consent_event", row | {"notice_id": notice.notice_id, "notice_version": notice.version})


def _fieldwork(store: Store, interviewer: Person, sample_id: str, day: date) -> None:
    """Questionnaires out by three channels, the answers, and why others are missing."""
    rng = Random("demo study")  # noqa: S311  an invented world, no secret
    _, units = fieldwork.listed(store, interviewer, sample_id, limit=DRAWN)
    order = [one.number for one in units]
    channel_of: dict[str, str] = {}
    for channel, many in CHANNELS:
        theirs = order[len(channel_of) : len(channel_of) + many]
        fieldwork.hand_out(store, interviewer, sample_id, channel, theirs)
        channel_of |= dict.fromkeys(theirs, channel)
    rng.shuffle(order)
    for number in order[:ANSWERED]:
        _admit(store, interviewer, FORM, _answers(rng, number, channel_of[number], day))
    for number, outcome in zip(order[ANSWERED:], OUTCOMES, strict=False):
        fieldwork.enter(store, interviewer, sample_id, number, outcome)


def _admit(store: Store, who: Person, form_id: str, values: dict[str, Any]) -> Receipt:
    form = forms.load(store, form_id)
    made = forms.session(store, form, values, actor=who).finish()
    with store.act(who.person_id, "demo.fill", "form", form_id) as tx:
        return records.admit(store, tx, who, form, made, key=secrets.token_hex(16), remarks=Remarks())


def _answers(rng: Random, number: str, channel: str, day: date) -> dict[str, Any]:
    """What one customer says: ratings, from which the rest follows more or less."""
    ratings = {name: rng.choices(SCORES, weights)[0] for name, weights in WEIGHTS.items()}
    overall = min(5, max(1, round(sum(ratings.values()) / len(ratings) + rng.uniform(-0.4, 0.4))))
    said: dict[str, str] = {name: str(score) for name, score in (ratings | {"overall": overall}).items()}
    if overall <= 2:
        said["why_dissatisfied"] = rng.choice(("交货晚了一周，催了两次", "价格比同行高，账期又短", "换货手续太慢"))
    complained = rng.random() < 0.1 + 0.1 * (5 - overall)
    complaint = {"complained": "yes" if complained else "no"}
    if complained:
        complaint["complaint_handling"] = str(rng.choices(SCORES, (1, 2, 3, 4, 2))[0])
    weakest = min(ratings, key=lambda name: ratings[name])
    recommend = min(10, max(0, 2 * overall + rng.choice((-2, -1, 0, 0, 1))))
    return {
        "interview": {"customer_number": number, "interviewed_on": day.isoformat(), "channel": ASKED_BY[channel],
                      "dealt": "yes"},
        "ratings": said,
        "complaint": complaint,
        "future": {"recommend": str(recommend), "improve": weakest, "contact_again": rng.choice(("yes", "no"))},
    }  # fmt: skip


def _proposal(day: date, population: int) -> dict[str, Any]:
    return {
        "project": {
            "title": "年度客户满意度调查", "applicant_department": "市场调查部", "applicant": "林晓",
            "proposed_on": day.isoformat(), "grounds": "年度经营计划要求每年调查一次客户满意程度。",
            "purpose": "了解客户对质量、价格、交货和服务的满意程度，找出最需要改进的环节。",
            "function_clause": "市场调查部职责：客户信息的调查与统计", "within_function": "yes",
            "user": [{"user_name": "总经理办公室", "user_use": "确定下一年度服务目标"}],
        },
        "method": {
            "collection": "web", "sampling": "stratified", "population": str(population), "confidence": "95",
            "margin": "15", "design_effect": "1", "response_rate": "70", "planned_sample": str(DRAWN),
            "why_method": "客户名单完整，网站为主、电话与纸质为辅，费用低于走访。",
            "alternative": [
                {"alternative_method": "visit", "alternative_cost": "18000",
                 "alternative_why_not": "费用约为四倍，精度相同。"}
            ],
        },
        "burden": {"questions": "18", "minutes": "5", "interviewers": "2", "interviewer_days": "3", "bearable": "yes",
                   "bearable_why": "每户五分钟，避开月末结账日。"},
        "funds": {"cost": [{"cost_kind": "staff", "cost_amount": "4200"}], "funds_from": "市场调查部年度预算",
                  "funds_secured": "5000"},
        "duplication": {"searched": "yes", "has_overlap": "no", "consistent": "yes"},
        "norms": {"standards": "GBT4754 GBT2260"},
        "trial": {"major": "no"},
        "schedule": {
            "scope": "full", "starts_on": day.isoformat(), "ends_on": (day + timedelta(days=14)).isoformat(),
            "report_due_on": (day + timedelta(days=30)).isoformat(),
        },
    }  # fmt: skip
