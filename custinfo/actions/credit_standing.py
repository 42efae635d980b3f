"""Putting a customer's standing together: decision, overrides, application, account, gate, warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.actions import (
    account_cards,
    approval_cases,
    credit_commitments,
    credit_decisions,
    credit_records,
    record_approvals,
)
from custinfo.actions.approval_cases import APPROVED, Case
from custinfo.actions.credit_accounts import Accounts, Owed
from custinfo.actions.credit_records import Application, Dunned, Filed
from custinfo.actions.credit_views import AccountView, DecisionView, OverrideView, SignView
from custinfo.classification.credit import account_cards as card_rule
from custinfo.classification.credit import dunning, exposure, grades, limits, overrides
from custinfo.classification.credit.dunning import DunningRule, Item
from custinfo.classification.credit.limits import Limit
from custinfo.classification.credit.overrides import Assessment, Override
from custinfo.classification.credit.terms import overdue_days
from custinfo.domain.clock import stamp
from custinfo.store import Store
from custinfo.store.database import Row

REFUSED = (approval_cases.REJECTED, approval_cases.WITHDRAWN)


@dataclass(frozen=True)
class Files:
    """The records about one customer by form, each form's newest in front."""

    customer_id: str
    by_form: Mapping[str, list[Filed]]

    @classmethod
    def of(cls, store: Store, customer_id: str, as_of: datetime | None = None) -> "Files":
        """Those known at a moment, or now."""
        found = {form: credit_records.filed(store, form, customer_id, as_of) for form in credit_records.FORMS}
        return cls(customer_id, found)


def approved_at(store: Store, record: Filed, as_of: datetime | None) -> tuple[str, datetime] | None:
    """Who approved a version of a record, and when; None where nobody did by the moment, or it was voided by then."""
    case = approval_cases.newest(store, record_approvals.KIND, record.record_id)
    if case is None or (as_of is None and not (case.state == APPROVED and case.whole())):
        return None
    happened = [one for one in case.events if as_of is None or one.at <= as_of]
    if not happened or happened[-1].action != approval_cases.APPROVE:
        return None
    last = happened[-1]
    agreed = record_approvals.says(store, record.record_id, record.version, case.nonce, last.sha256)
    return (last.person_id, last.at) if agreed else None


def _refused(case: Case | None) -> bool:
    return case is not None and case.state in REFUSED


def override_views(
    store: Store, files: Files, history: Sequence[DecisionView], decision: DecisionView | None, day: date,
    as_of: datetime | None,
) -> tuple[tuple[OverrideView, ...], OverrideView | None]:  # fmt: skip
    """All overrides, the newest in front, and the one that counts on `day`."""
    made = [_override(store, one, history, as_of) for one in files.by_form[credit_records.OVERRIDE]]
    counts = None
    if decision is not None:
        rule = grades.rule(decision.decided_on)
        counts = overrides.grade_on(day, assessment(decision), [one for one, _ in made], rule).override
    views = tuple(
        _override_view(store, one, filed, decision, day) for one, filed in made
    )  # fmt: skip
    chosen = next((view for view, (one, _) in zip(views, made, strict=True) if one == counts), None)
    return views, chosen


def assessment(decision: DecisionView) -> Assessment:
    """What an override of a decision is held against."""
    return Assessment(decision.decision_id, decision.grade, decision.ceiling, frozenset(decision.raters))


def _override(
    store: Store, record: Filed, history: Sequence[DecisionView], as_of: datetime | None
) -> tuple[Override, Filed]:  # fmt: skip
    said = record.values.get("override", {})
    then = {one.decision_id for one in credit_decisions.history(store, record.entity_id, record.recorded_at)}
    # A decision that was refused leaves the one before it in force
    about = next((one for one in history if one.decision_id in then and one.state not in REFUSED), None)
    approved = approved_at(store, record, as_of)
    zone = store.site.zone
    made = Override(
        assessment_id=about.decision_id if about else "",
        grade=said.get("grade", ""),
        reason=said.get("reason", ""),
        proposed_by=record.person_id,
        proposed_on=record.on,
        last_day=date.fromisoformat(said["last_day"]) if said.get("last_day") else record.on,
        approved_by=approved[0] if approved else None,
        approved_on=approved[1].astimezone(zone).date() if approved else None,
    )
    return made, record


def _override_view(
    store: Store, made: Override, record: Filed, decision: DecisionView | None, day: date
) -> OverrideView:  # fmt: skip
    case = approval_cases.newest(store, record_approvals.KIND, record.record_id)
    faults = overrides.faults(made, assessment(decision), grades.rule(decision.decided_on)) if decision else ()
    if _refused(case):
        state = "refused"
    elif decision is None or made.assessment_id != decision.decision_id:
        state, faults = "replaced", ()
    elif faults:
        state = "not_in_order"
    elif made.approved_on is None or made.approved_on > day:
        state = "proposed"
    else:
        state = "in_force" if day <= made.last_day else "expired"
    approver = store.row("SELECT display_name FROM person WHERE person_id = ?", [made.approved_by])
    return OverrideView(
        record.record_id, made.grade, made.reason, record.name, made.proposed_on, made.last_day,
        approver["display_name"] if approver else "", made.approved_on, state, faults,
    )  # fmt: skip


def granted(decision: DecisionView | None, grade: str | None, day: date) -> Limit:
    """What the grade in force is granted: of the decision, or by the same figures and rule for an override's grade."""
    if decision is not None and grade == decision.grade:
        return decision.limit
    on = decision.decided_on if decision else day
    rule = limits.rule(on, grades.rule(on).order)
    capital, sales = (decision.capital_fen, decision.sales_fen) if decision else (None, None)
    return limits.limit(grade, capital, sales, rule)


def approved_application(store: Store, files: Files, as_of: datetime | None) -> Application | None:
    """The newest application that was approved: its limit, terms and securities count."""
    found = files.by_form[credit_records.APPLICATION]
    return next((credit_records.application([one]) for one in found if approved_at(store, one, as_of)), None)


def card_terms(store: Store, customer_ids: Sequence[str], as_of: datetime | None = None) -> dict[str, str]:
    """The terms of payment on the cards of customers, by id, as known at a moment, or now."""
    found: dict[str, str] = {}
    for start in range(0, len(customer_ids), 500):
        part = list(customer_ids[start : start + 500])
        marks = ", ".join("?" * len(part))
        rows: list[Row] = store.rows(
            "SELECT card.entity_id, json_extract(content, '$.finance.payment_terms') AS terms FROM entity_current "
            "JOIN entity_version AS card ON card.entity_id = entity_current.entity_id AND card.version = (SELECT "
            "max(version) FROM entity_version AS newer WHERE newer.entity_id = card.entity_id AND recorded_at <= ? AND "
            "form_id = (SELECT form_id FROM entity_version AS first WHERE first.entity_id = newer.entity_id "
            "AND version = 1)) "
            "JOIN record_version ON record_version.record_id = card.record_id "
            f"AND record_version.version = card.record_version WHERE card.entity_id IN ({marks})",
            [stamp(as_of) if as_of else "9999", *part],
        )
        found |= {row["entity_id"]: row["terms"] for row in rows if row["terms"]}
    return found


def account(
    accounts: Accounts, key: str | None, terms: str | None, files: Files, approved: Application | None, day: date
) -> AccountView:  # fmt: skip
    """What the customer owes on the day, with the next step of dunning."""
    owed = accounts.of(key)
    days = limits.rule(day, grades.rule(day).order).application_days
    bound = credit_commitments.of(accounts.orders, key, approved, day, days)
    secured = approved.secured_fen(day) if approved else 0
    rule = dunning.rule(day)
    items = _items(owed, credit_records.dunned(files.by_form[credit_records.DUNNING], day), rule, day)
    overdue = [one for one in owed.items if overdue_days(one.due_on, day)]
    return AccountView(
        day=day,
        lake_version=accounts.lake_version,
        terms=terms,
        sales_fen=owed.sales_fen,
        balance_fen=owed.balance_fen,
        not_invoiced_fen=bound.not_invoiced_fen,
        not_delivered_fen=bound.not_delivered_fen,
        committed_by=bound.source,
        committed_on=bound.known_on,
        secured_fen=secured,
        exposure_fen=exposure.exposure_fen(owed.balance_fen, bound.not_invoiced_fen, bound.not_delivered_fen, secured),
        overdue_fen=sum(one.open_fen for one in overdue),
        overdue_days=max((overdue_days(one.due_on, day) for one in overdue), default=0),
        due_fen=owed.due_fen,
        in_time_fen=owed.in_time_fen,
        late_fen=owed.late_fen,
        open_fen=owed.open_fen,
        days_beyond_terms=owed.days_beyond_terms,
        steps=tuple(dunning.step(item, day, rule) for item in items),
        letter=dunning.letter(items, day, rule),
        signs=(*(SignView(*sign) for sign in owed.signs), *_card_signs(owed, files, day)),
        first_sale_on=owed.first_sale_on,
        purchases=owed.purchases,
        months_bought=owed.months_bought,
    )


def _card_signs(owed: Owed, files: Files, day: date) -> list[SignView]:
    """What is on account without a valid sign-account card, or beyond its limit."""
    held = [one.held for one in account_cards.cards(files.by_form[credit_records.CARD], day)]
    on_account = [(one.delivered_on, one.open_fen) for one in owed.items]
    return [SignView(*sign, 0) for sign in card_rule.signs(held, on_account, owed.balance_fen, day)]


def _items(owed: Owed, done: Sequence[Dunned], rule: DunningRule, day: date) -> list[Item]:
    """The overdue items with what was done about each. What names no day of goods was about all that was overdue."""
    levels: dict[str, int] = {level.action: number for number, level in enumerate(rule.level, start=1)}
    items = []
    for one in owed.items:
        if not overdue_days(one.due_on, day):
            continue
        about = [
            d for d in done if d.delivered_on == one.delivered_on or (d.delivered_on is None and d.on > one.due_on)
        ]
        steps = [d for d in about if d.step in levels]
        disputed = next((d.disputed_fen for d in reversed(about) if d.delivered_on and d.disputed_fen is not None), 0)
        items.append(
            Item(
                document=one.delivered_on.isoformat(),
                due_on=one.due_on,
                open_fen=one.open_fen,
                disputed_fen=min(disputed or 0, one.open_fen),
                promises=tuple(d.promise for d in about if d.promise),
                last_level=max((levels[d.step or ""] for d in steps), default=0),
                last_on=max((d.on for d in steps), default=None),
            )
        )
    return items
