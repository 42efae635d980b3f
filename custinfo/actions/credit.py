"""Credit of a customer as people handle it: `standing` says how a customer stands, `decide` makes the next decision.

The types are in `credit_views`. Ratings, overrides, papers, applications and dunning are records of forms. A
decision is worked out from two people's ratings, stored for good, and counts once it is approved by those whom
`data/procedures.toml` names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from custinfo.actions import (
    account_cards,
    assignments,
    credit_access,
    credit_accounts,
    credit_decisions,
    credit_masking,
    credit_records,
    entities,
    entity_levels,
    financial_statements,
)
from custinfo.actions import credit_standing as parts
from custinfo.actions.credit_accounts import Accounts
from custinfo.actions.credit_decisions import Grounds
from custinfo.actions.credit_notes import notes
from custinfo.actions.credit_standing import Files
from custinfo.actions.credit_views import DecisionView, RaterView, Standing
from custinfo.actions.delegations import today
from custinfo.actions.pseudonyms import keys
from custinfo.classification.credit import (
    early_warning,
    explanation,
    first_dealing,
    grades,
    limits,
    raters,
    scorecards,
    scoring,
)
from custinfo.classification.credit.early_warning import Ratio, Signal, Statement
from custinfo.classification.credit.explanation import Explanation, SideBySide
from custinfo.classification.credit.first_dealing import Proof
from custinfo.classification.credit.scoring import Finding
from custinfo.classification.credit.two_raters import combined
from custinfo.classification.credit.wording import Listed, SpokenBadInput
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row

SCHEME = "5c"


def standing(
    store: Store, actor: Person, customer_id: str, day: date | None = None, *, scheme: str = "",
    as_of: datetime | None = None,
) -> Standing:  # fmt: skip
    """How a customer stands on `day` (today when left out); `customer_id` is the entity's id.

    `scheme` is `5c`, `5p` or `6a`; left out, that of the newest decision, else 5C. With `as_of`, by what was known at
    that moment. Takes the permission `credit.read` and clearance for level 2: raises NotAllowed, and NotFound for a
    customer out of scope; BadInput for a scheme that there is not. Reading is audited.
    """
    entity = _readable(store, actor, customer_id)
    with store.act(actor.person_id, "credit.read", "customer", customer_id):
        pass
    return of(store, actor, [entity], day or today(store), scheme=scheme, as_of=as_of)[customer_id]


def _readable(store: Store, actor: Person, customer_id: str, permission: str = "credit.read") -> Row:
    credit_access.check(actor, permission)
    assignments.check_in_scope(store, actor, customer_id)
    entity = entities.current(store, customer_id)
    if entity["dataset"] != "customers":
        raise NotFound("customers.unknown", number=customer_id[:40])
    return entity


@dataclass
class _Given:
    """What the standings of some customers are made of, looked up once for all of them."""

    store: Store
    day: date
    as_of: datetime | None
    keys: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str | None] = field(default_factory=dict)
    accounts: Accounts | None = None


def of(
    store: Store, actor: Person, rows: list[Row], day: date, *, scheme: str = "", as_of: datetime | None = None
) -> dict[str, Standing]:  # fmt: skip
    """The standings of several customers (rows of `entity_current`), by id: for this layer, which has checked who asks.

    The lake is read once for all of them.
    """
    files = {row["entity_id"]: Files.of(store, row["entity_id"], as_of) for row in rows}
    applied = {one: parts.approved_application(store, files[one], as_of) for one in files}
    on_cards = parts.card_terms(store, list(files), as_of)
    terms = {one: (found.requested_terms if found else "") or on_cards.get(one) for one, found in applied.items()}
    given = _Given(store, day, as_of, {one: key for one, key in keys(store).items() if one in files}, terms)
    by_key = {given.keys[one]: code for one, code in terms.items() if one in given.keys}
    months = limits.rule(day, grades.rule(day).order).sales_months
    given.accounts = credit_accounts.read(store, by_key, day, sales_months=months, as_of=as_of)
    reader = entity_levels.Reader(store, actor)
    return {row["entity_id"]: _one(given, reader, row, files[row["entity_id"]], scheme) for row in rows}


def _one(given: _Given, reader: entity_levels.Reader, row: Row, files: Files, scheme: str) -> Standing:
    store, day, as_of = given.store, given.day, given.as_of
    history = credit_decisions.history(store, files.customer_id, as_of)
    decision = credit_decisions.in_force(history, day)
    card = scorecards.scorecard(scheme or (history[0].scheme if history else SCHEME), day)
    pair = credit_records.raters(files.by_form[credit_records.RATING], card, day)[:2]
    all_overrides, override = parts.override_views(store, files, history, decision, day, as_of)
    grade = override.grade if override else (decision.grade if decision else None)
    approved = parts.approved_application(store, files, as_of)
    limit = parts.granted(decision, grade, day)
    if approved is not None and approved.requested_fen < limit.limit_fen:
        limit = replace(limit, limit_fen=approved.requested_fen)
    account = None
    if given.accounts is not None:
        key, code = given.keys.get(files.customer_id), given.terms.get(files.customer_id)
        account = parts.account(given.accounts, key, code, files, approved, day)
    reports = files.by_form[credit_records.REPORT]
    dossiers = files.by_form[credit_records.PAPERS_FORM]
    seen = credit_records.papers(dossiers, day)
    gate = first_dealing.rule(day)
    lacks = first_dealing.lacks([*credit_records.proofs(seen, reports, day), *_graded(decision, grade)], day, gate)
    occasions = credit_records.occasions(dossiers)
    filed = files.by_form[credit_records.STATEMENT]
    years = financial_statements.yearly(reports, filed, day)
    ratios, warnings, wrong = _figures(years, day)
    found = Standing(
        customer_id=files.customer_id,
        number=row["number"],
        label=reader.label(files.customer_id, row["label"], row["number"]),
        day=day,
        scheme=card.scheme,
        grade=grade,
        decision=decision,
        pending=_pending(history, decision),
        history=history,
        override=override,
        overrides=all_overrides,
        raters=pair,
        agreement=_agreement(pair),
        apart=raters.to_talk_over(pair[0].values, pair[1].values) if len(pair) == 2 else (),
        limit=limit,
        applied_fen=approved.requested_fen if approved else None,
        applied_terms=approved.requested_terms if approved else None,
        account=account,
        over_fen=max(account.exposure_fen - limit.limit_fen, 0) if account else 0,
        gate_open=not lacks,
        lacks=lacks,
        papers=seen,
        papers_lacking=first_dealing.papers_lacking(credit_records.kept(seen, day), occasions, gate),
        cards=account_cards.cards(files.by_form[credit_records.CARD], day),
        measures=account_cards.measures(files.by_form[credit_records.MEASURE], day),
        statements=financial_statements.reported(filed, day),
        years=years,
        ratios=ratios,
        warnings=warnings,
        review_on=decision.review_on if decision else None,
        notes=(),
    )
    return credit_masking.shown_to(store, reader.actor, replace(found, notes=(*notes(found, card), *wrong)))


def _pending(history: tuple[DecisionView, ...], decision: DecisionView | None) -> DecisionView | None:
    newest = history[0] if history else None
    waits = newest is not None and newest.state in ("open", "returned") and newest != decision
    return newest if waits else None


def _agreement(pair: tuple[RaterView, ...]) -> raters.Agreement | None:
    return raters.agreement(pair[0].values, pair[1].values) if len(pair) == 2 else None


def _graded(decision: DecisionView | None, grade: str | None) -> list[Proof]:
    """The grade as a proof for the gate: it is there once the decision is approved."""
    return [Proof("credit_grade", decision.decided_on)] if decision is not None and grade is not None else []


def _figures(
    years: tuple[Statement, ...], day: date
) -> tuple[Mapping[str, Ratio], tuple[Signal, ...], tuple[CustinfoError, ...]]:  # fmt: skip
    """Ratios and warnings of the last year; figures that contradict themselves give neither, and say so."""
    if not years:
        return {}, (), ()
    try:
        before = years[-2] if len(years) > 1 else None
        return early_warning.ratios(years[-1], before), early_warning.signals(years, early_warning.rule(day)), ()
    except BadInput as wrong:
        return {}, (), (wrong,)


def decide(store: Store, actor: Person, customer_id: str, *, scheme: str = SCHEME, day: date | None = None) -> str:
    """Make the next version of a customer's decision from the newest ratings of two people; gives its id.

    It counts once those agree whom `data/procedures.toml` names; raters and whoever decides cannot. Raises NotAllowed,
    NotFound; WrongState while fewer than two people have rated, where they must talk something over first, and when
    nothing changed since the last version; Conflict while an earlier version waits for approval.
    """
    entity = _readable(store, actor, customer_id, "credit.decide")
    on = day or today(store)
    before = of(store, actor, [entity], on, scheme=scheme)[customer_id]  # the lake is read outside of the lock
    card = scorecards.scorecard(scheme, on)
    with store.act(actor.person_id, "credit.decide", "customer", customer_id, scheme=scheme) as tx:
        records = credit_records.filed(store, credit_records.RATING, customer_id)
        pair = credit_records.raters(records, card, on)[:2]
        agreed = check_pair(pair, card)
        _check_new(credit_decisions.history(store, customer_id), pair, entity["number"], on)
        grounds = Grounds(
            customer_id=customer_id,
            number=entity["number"],
            card=card,
            scored=scoring.score(card, combined(pair[0].ratings, pair[1].ratings), on, _findings(pair)),
            pair=(pair[0], pair[1]),
            agreement=agreed,
            capital_fen=early_warning.capital(before.years),
            sales_fen=before.account.sales_fen if before.account else None,
            lake_version=before.account.lake_version if before.account else None,
            day=on,
        )
        return credit_decisions.write(store, tx, actor, grounds)


def check_pair(pair: tuple[RaterView, ...], card: scorecards.Scorecard) -> raters.Agreement:
    """How far the two agree. Raises WrongState for fewer than two, and for what they must talk over."""
    if len(pair) < 2:
        raise WrongState("credit.two_raters", rated=len(pair), scheme=card.scheme.upper())
    apart = raters.to_talk_over(pair[0].values, pair[1].values)
    if apart:
        titles = Listed(tuple(card.indicators[one.of].title for one in apart))
        raise SpokenBadInput("credit.talk_over", first=pair[0].name, second=pair[1].name, indicators=titles)
    return raters.agreement(pair[0].values, pair[1].values)


def decidable(found: Standing) -> bool:
    """Whether `decide` would take the scheme of a standing, as things stood then."""
    try:
        check_pair(found.raters, scorecards.scorecard(found.scheme, found.day))
        _check_new(found.history, found.raters, found.number, found.day)
    except CustinfoError:
        return False
    return True


def explained(store: Store, found: Standing) -> Explanation | None:
    """What moved the grade of the decision in force, for whoever has the standing: by the ratings and rules of then.

    None without such a decision, and where what it was made of is not there any more or comes to something else.
    """
    decision = found.decision
    if decision is None:
        return None
    card = scorecards.scorecard(decision.scheme, decision.decided_on)
    records = credit_records.filed(store, credit_records.RATING, found.customer_id, decision.recorded_at)
    pair = credit_records.raters(records, card, decision.decided_on)[:2]
    if tuple((one.record_id, one.record_version) for one in pair) != decision.ratings:
        return None
    ratings = combined(pair[0].ratings, pair[1].ratings)
    told = explanation.explain(card, ratings, decision.decided_on, _findings(pair))
    points = None if told.scored.points is None else int(told.scored.points)
    return told if (points, told.scored.grade) == (decision.points, decision.grade) else None


def _findings(pair: tuple[RaterView, ...]) -> list[Finding]:
    """What either of them found, each fact once."""
    return list({one.code: one for each in pair for one in each.findings}.values())


def beside(store: Store, found: Standing) -> tuple[SideBySide, ...]:
    """5C beside 5P: the means of what both ask, for whoever has the standing. Empty unless two people rated by each."""
    records = credit_records.filed(store, credit_records.RATING, found.customer_id)
    first, second = (scorecards.scorecard(scheme, found.day) for scheme in ("5c", "5p"))
    one, other = (credit_records.raters(records, card, found.day)[:2] for card in (first, second))
    if len(one) < 2 or len(other) < 2:
        return ()
    scored = scoring.score(first, combined(one[0].ratings, one[1].ratings), found.day)
    other_scored = scoring.score(second, combined(other[0].ratings, other[1].ratings), found.day)
    return explanation.side_by_side(first, scored, second, other_scored)


def _check_new(
    history: tuple[DecisionView, ...], pair: tuple[RaterView, ...], number: str, day: date
) -> None:  # fmt: skip
    """Raises Conflict while the newest version waits, WrongState when it was made today of the same by the same."""
    if not history:
        return
    newest = history[0]
    if newest.state in ("open", "returned"):
        raise Conflict("credit.waits", number=number, version=newest.version)
    ratings = tuple((one.record_id, one.record_version) for one in pair)
    if newest.state == "approved" and newest.decided_on == day and newest.ratings == ratings:
        raise WrongState("credit.nothing_new", number=number, version=newest.version)
