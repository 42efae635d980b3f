"""Credit in the invented company: customers with papers, two raters each and an approved decision."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from custinfo.actions import approvals, credit, credit_decisions, credit_records, credit_watch, entities, forms, records
from custinfo.actions.delegations import today
from custinfo.actions.records import Remarks
from custinfo.classification.credit import scorecards
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store

SEEN = timedelta(days=20)
RATINGS: tuple[Mapping[str, int | None], ...] = (
    {"": 5, "dealing_scale": 4, "guarantor": 4},
    {"": 4, "debt_ratio": 3, "pledged_assets": None},
    {"": 3, "paid_in_time": 2, "guarantor": None, "policy_environment": None},
)
"""What the first rater says of each of the customers; blank: of every other indicator. None: no information."""
SECOND = {"profit": 1, "repute": -1}
"""How the second one differs, where the scale lets them."""
PAPERS = ("licence", "legal_form", "registered_capital", "scope", "ability")


def fill(store: Store, numbers: list[str], raters: tuple[Person, Person], decider: Person, manager: Person,
         password: str) -> None:  # fmt: skip
    """Rate the customers of these numbers, decide, approve, and look through what is due about them."""
    day = today(store)
    ids = []
    for number, ratings in zip(numbers, RATINGS, strict=False):
        found = entities.by_number(store, "customers", number)
        assert found is not None
        ids.append(str(found["entity_id"]))
        file(store, raters[0], credit_records.PAPERS_FORM, _papers(number, day))
        file(store, raters[0], credit_records.RATING, _rating(number, day, ratings, {}))
        file(store, raters[1], credit_records.RATING, _rating(number, day, ratings, SECOND))
        _approve(store, manager, credit.decide(store, decider, ids[-1]), password)
    file(store, raters[0], credit_records.APPLICATION, _application(numbers[0], day))
    credit_watch.watch(store, SERVICE, day, only=ids)


def file(store: Store, who: Person, form_id: str, values: dict[str, Any]) -> None:
    """A record with these answers by group, through the form's own rules."""
    form = forms.load(store, form_id)
    made = forms.session(store, form, values).finish()
    with store.act(who.person_id, "demo.fill", "form", form_id) as tx:
        records.admit(store, tx, who, form, made, key=secrets.token_hex(16), remarks=Remarks())


def _approve(store: Store, manager: Person, decision_id: str, password: str) -> None:
    case = approvals.of(store, credit_decisions.KIND, decision_id)
    assert case is not None
    approvals.decide(store, manager, case.case_id, "approve", case.sha256, password=password)


def _rating(
    number: str, day: date, ratings: Mapping[str, int | None], apart: Mapping[str, int]
) -> dict[str, Any]:  # fmt: skip
    answers: dict[str, Any] = {"rating": {"customer_number": number, "scheme": credit.SCHEME, "rated_on": str(day)}}
    for code in scorecards.scorecard(credit.SCHEME, day).card.shares():
        value = ratings.get(code, ratings[""])
        if value is not None:
            value = min(max(value + apart.get(code, 0), 1), 5)
        said = {f"{code}_rating": "none" if value is None else str(value)}
        if value is not None:
            said |= {f"{code}_basis": "查阅档案与走访所见", f"{code}_source": "客户档案、实地走访"}
            said[f"{code}_on"] = str(day - SEEN)
        answers[code] = said
    return answers


def _papers(number: str, day: date) -> dict[str, Any]:
    papers = [
        {
            "paper_kind": kind,
            "seen_on": str(day - SEEN),
            "checked_by": "林晓",
            "checked_where": "企业信用信息公示系统；复印件存档案室",
        }
        for kind in PAPERS
    ]
    return {"dossier": {"customer_number": number}, "papers": {"paper": papers}}


def _application(number: str, day: date) -> dict[str, Any]:
    said = {"customer_number": number, "applied_on": str(day), "requested_limit": "200000"}
    said |= {"requested_terms": "net_30", "purpose": "旺季备货，以销售回款支付"}
    return {"application": said, "commitments": {"not_delivered": "12000", "not_invoiced": "0"},
            "securities": {"has_security": "no"}}  # fmt: skip
