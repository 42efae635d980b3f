"""Decisions on credit as they are stored: versions that never change, each approved before it counts.

A decision carries the version of every rule that it was made by, and the ratings (record and version) it was made of.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from custinfo.actions import approval_cases, approvals, merge_links
from custinfo.actions.approval_cases import APPROVED, Case
from custinfo.actions.credit_views import DecisionView, RaterView
from custinfo.classification.credit import limits, terms
from custinfo.classification.credit.limits import Limit
from custinfo.classification.credit.raters import Agreement
from custinfo.classification.credit.scorecards import Scorecard
from custinfo.classification.credit.scoring import AppliedCap, Scored
from custinfo.domain.clock import parse, stamp
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.domain.periods import Month
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = PROCEDURE = "credit_decision"
RULES = ("card", "indicators", "grades", "limits", "terms")


@dataclass(frozen=True)
class Grounds:
    """What a decision is made of."""

    customer_id: str
    number: str
    card: Scorecard
    scored: Scored
    pair: tuple[RaterView, RaterView]
    agreement: Agreement
    capital_fen: int | None
    sales_fen: int | None
    lake_version: int | None
    day: date


def write(store: Store, tx: Tx, actor: Person, grounds: Grounds) -> str:
    """Store the next version within the open transaction, and put it before those who approve; gives its id."""
    decision_id = f"CD-{secrets.token_hex(8)}"
    newest = store.row(
        "SELECT max(version) AS n FROM credit_decision WHERE customer_id IN (SELECT value FROM json_each(?))",
        [json.dumps(merge_links.one_with(store, grounds.customer_id))],
    )
    row = _row(grounds) | {
        "decision_id": decision_id,
        "version": (newest["n"] or 0) + 1 if newest else 1,
        "recorded_at": tx.at,
        "recorded_by": actor.person_id,
    }
    tx.insert("credit_decision", row)
    tx.note(decision=decision_id, version=row["version"], scheme=row["scheme"])
    nonce = secrets.token_hex(16)
    authors = {one.person_id for one in grounds.pair}
    approvals.open(
        store, tx, actor, PROCEDURE, KIND, decision_id, _titles(grounds.number, row), content(row, nonce),
        authors=authors, nonce=nonce,
    )  # fmt: skip
    return decision_id


def _row(grounds: Grounds) -> Row:
    scored, day = grounds.scored, grounds.day
    rule = limits.rule(day, grounds.card.grades.order)
    granted = limits.limit(scored.grade, grounds.capital_fen, grounds.sales_fen, rule)
    kappa = grounds.agreement.kappa
    ratings = [{name: getattr(one, name) for name in ("record_id", "record_version", "person_id")}
               for one in grounds.pair]  # fmt: skip
    return {
        "customer_id": grounds.customer_id,
        "scheme": scored.scheme,
        "decided_on": day.isoformat(),
        "points": None if scored.points is None else int(scored.points),
        "coverage": int(scored.coverage * 10_000),
        "stale": int(scored.stale * 10_000),
        "grade_of_points": scored.grade_of_points,
        "ceiling": scored.ceiling,
        "grade": scored.grade,
        "caps": json.dumps([_cap(one) for one in scored.caps], ensure_ascii=False),
        "limit_fen": granted.limit_fen,
        "limit_basis": granted.basis,
        "planned_sales_fen": granted.planned_sales_fen,
        "security": granted.security,
        "terms": json.dumps(granted.terms),
        "capital_fen": grounds.capital_fen,
        "sales_fen": grounds.sales_fen,
        "agreement_bp": None if kappa is None else round(kappa * 10_000),
        "ratings": json.dumps(ratings),
        "review_on": review_day(grounds).isoformat(),
        "card_version": scored.card_version,
        "indicators_version": scored.indicators_version,
        "grades_version": scored.grades_version,
        "limits_version": granted.rule_version,
        "terms_version": terms.rule(day).version,
        "lake_version": grounds.lake_version,
    }


def review_day(grounds: Grounds) -> date:
    """The first day of the month after the earliest evidence that counts stops counting; never before tomorrow.

    Where nothing is known, a year later. Evidence that is stale already asks for a review at once.
    """
    ends = []
    for one in grounds.pair:
        for rating in one.ratings:
            if rating.value is not None:
                newest = max(evidence.on for evidence in rating.evidence)
                months = grounds.card.indicators[rating.indicator].months
                ends.append(Month.of(newest).plus(months + 1).first)
    nearest = min(ends, default=Month.of(grounds.day).plus(12).first)
    return max(nearest, date.fromordinal(grounds.day.toordinal() + 1))


def _cap(cap: AppliedCap) -> dict[str, Any]:
    return asdict(cap) | {"rating": None if cap.rating is None else str(cap.rating)}


def _titles(number: str, row: Mapping[str, Any]) -> dict[str, str]:
    """No grade and no limit: raters and the auditor see the case, and may not read credit."""
    facts = {"number": number, "version": row["version"], "scheme": row["scheme"].upper()}
    return {language: text("credit.case_title", language, **facts) for language in LANGUAGES}


def content(row: Mapping[str, Any], nonce: str) -> bytes:
    """What is approved: the whole version, salted so that a digest cannot be tried against guesses."""
    covered = {name: value for name, value in row.items() if name != "seq"}
    return json.dumps(covered | {"nonce": nonce}, ensure_ascii=False, sort_keys=True).encode()


def history(
    store: Store, customer_id: str, as_of: datetime | None = None, *, alone: bool = False
) -> tuple[DecisionView, ...]:  # fmt: skip
    """The versions of a customer's decision, the newest in front, with the state of their approval as known then.

    Those on who was merged into the customer are among them, unless `alone`.
    """
    ids = [customer_id] if alone else merge_links.one_with(store, customer_id, as_of)
    rows = store.rows(
        "SELECT credit_decision.*, display_name FROM credit_decision LEFT JOIN person ON person_id = recorded_by "
        "WHERE customer_id IN (SELECT value FROM json_each(?)) AND recorded_at <= ? ORDER BY seq DESC",
        [json.dumps(ids), stamp(as_of) if as_of else "9999"],
    )
    return tuple(_view(store, row, as_of) for row in rows)


def _view(store: Store, row: Row, as_of: datetime | None) -> DecisionView:
    name = row.pop("display_name") or ""
    case = approval_cases.newest(store, KIND, row["decision_id"])
    ratings = json.loads(row["ratings"])
    names = {one["person_id"]: one["display_name"] for one in store.rows(
        "SELECT person_id, display_name FROM person WHERE person_id IN (SELECT value FROM json_each(?))",
        [json.dumps([one["person_id"] for one in ratings])],
    )}  # fmt: skip
    people = tuple(one["person_id"] for one in ratings)
    return DecisionView(
        decision_id=row["decision_id"],
        version=row["version"],
        scheme=row["scheme"],
        decided_on=date.fromisoformat(row["decided_on"]),
        points=row["points"],
        coverage=row["coverage"],
        stale=row["stale"],
        grade_of_points=row["grade_of_points"],
        ceiling=row["ceiling"],
        grade=row["grade"],
        caps=tuple(_as_cap(one) for one in json.loads(row["caps"])),
        limit=_limit(row),
        capital_fen=row["capital_fen"],
        sales_fen=row["sales_fen"],
        agreement_bp=row["agreement_bp"],
        raters=people,
        rater_names=tuple(names.get(one, "") for one in people),
        ratings=tuple((one["record_id"], one["record_version"]) for one in ratings),
        review_on=date.fromisoformat(row["review_on"]),
        rule_versions={one: row[f"{one}_version"] for one in RULES},
        state=state_of(row, case, as_of),
        case_id=case.case_id if case else "",
        recorded_at=parse(row["recorded_at"]),
        recorded_by_name=name,
    )


def state_of(row: Row, case: Case | None, as_of: datetime | None = None) -> str:
    """The state of a decision's approval at a moment; `changed` where the row is not what was agreed to."""
    if case is None:
        return "open"
    if as_of is not None and any(event.at > as_of for event in case.events):
        done = [event.action for event in case.events if event.at <= as_of]
        return {"approve": APPROVED, "reject": "rejected", "withdraw": "withdrawn"}.get(
            done[-1] if done else "", "open"
        )
    if case.state == APPROVED and (approvals.digest(content(row, case.nonce)) != case.sha256 or not case.whole()):
        return "changed"
    return case.state


def _limit(row: Row) -> Limit:
    return Limit(
        row["limit_fen"], row["limit_basis"], row["planned_sales_fen"], row["security"],
        tuple(json.loads(row["terms"])), row["limits_version"],
    )  # fmt: skip


def _as_cap(stored: Mapping[str, Any]) -> AppliedCap:
    rating = stored["rating"]
    return AppliedCap(**{**stored, "rating": None if rating is None else Fraction(rating)})


def in_force(found: Sequence[DecisionView], day: date) -> DecisionView | None:
    """The newest version that is approved and was made by `day`."""
    return next((one for one in found if one.state == APPROVED and one.decided_on <= day), None)
