"""The daily look at all credit: what is due, worked out anew, on the register of notices (`credit_notice`).

Ratings, overrides and papers that end; money to be dunned; limits that are exceeded; dealings while the gate before the
first one is shut; early warnings; accounts out of the ordinary. A notice is kept when its reason is gone, with the day.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import credit, credit_accounts, credit_collecting, credit_records, merge_links, pseudonyms
from custinfo.actions import credit_standing as parts
from custinfo.actions.account_cards import MeasureView
from custinfo.actions.credit_standing import Files
from custinfo.actions.credit_views import AccountView, PaperView, Standing
from custinfo.actions.delegations import today as today_of
from custinfo.classification.credit import dunning, financial_statements, first_dealing, grades, limits
from custinfo.classification.credit.early_warning import RATIOS
from custinfo.classification.credit.first_dealing import PROOFS
from custinfo.classification.credit.wording import Listed, Named, Yuan
from custinfo.domain.clock import parse
from custinfo.domain.messages import LANGUAGES
from custinfo.domain.people import SERVICE, Person
from custinfo.domain.periods import Year
from custinfo.store import Store, Tx
from custinfo.store.database import Row

SOON, PAPERS_SOON = timedelta(days=14), timedelta(days=30)
PAPERS_PAST = timedelta(days=90)
"""How long a paper that ended and was not renewed is asked for."""
FIRST_DEALINGS = timedelta(days=90)
"""The gate is about the first dealing: it is held against whoever began to deal within so many days."""
GRAVE = ("alarm", "deterioration", "negative_equity", "loss")
KINDS = ("review", "override", "paper", "dunning", "over_limit", "gate", "warning", "sign", "statement")

Fact = str | Mapping[str, str]


@dataclass(frozen=True)
class Notice:
    """Something due about a customer. `due_on` None: since it was noticed. Facts are texts, or texts by language."""

    kind: str
    subject: str
    due_on: date | None
    facts: Mapping[str, Fact]
    link: str


@dataclass
class Looked:
    """What a look came to: how many customers, notices that are new, ended, open; `overdue` has customer, grade and
    account of those who owe money that is overdue.
    """

    customers: int = 0
    new: int = 0
    ended: int = 0
    open: int = 0
    notices: dict[str, list[Notice]] = field(default_factory=dict)
    overdue: list[tuple[str, str | None, AccountView]] = field(default_factory=list)


def run(store: Store, today: date) -> dict[str, int]:
    """The daily job: look through all customers."""
    found = watch(store, SERVICE, today)
    return {"customers": found.customers, "new": found.new, "ended": found.ended, "open": found.open}


def watch(store: Store, actor: Person, today: date | None = None, only: Iterable[str] | None = None) -> Looked:
    """Look through all customers, or `only` some (by id), and bring the register up to date. Raises NotAllowed."""
    permissions.check(actor, "credit.watch")
    day = today or today_of(store)
    rows = store.rows("SELECT * FROM entity_current WHERE dataset = 'customers'")
    chosen = None if only is None else set(only)
    rows = [row for row in rows if chosen is None or row["entity_id"] in chosen]
    filed = _with_credit(store)
    standings = credit.of(store, SERVICE, [row for row in rows if row["entity_id"] in filed], day)
    applied = _price_approvals(store, day)
    looked = Looked(customers=len(rows))
    for customer_id, standing in standings.items():
        looked.notices[customer_id] = list(_of(standing, applied.get(customer_id), day))
        if standing.account is not None and standing.account.steps:
            looked.overdue.append((customer_id, standing.grade, standing.account))
    for row, account in _others(store, [row for row in rows if row["entity_id"] not in standings], day):
        first = _first_dealing(account, applied.get(row["entity_id"]), day)
        shut = first_dealing.lacks([], day, first_dealing.rule(day))
        about = row["entity_id"], row["number"]
        if account.steps:
            looked.overdue.append((row["entity_id"], None, account))
        looked.notices[row["entity_id"]] = [
            *_dunning(about, account, day),
            *_gate(about, [lack.kind for lack in shut], first),
            *_signs(about, account),
        ]
    _write(store, actor, looked, standings, [row["entity_id"] for row in rows], day)
    return looked


def _with_credit(store: Store) -> set[str]:
    marks = ", ".join("?" * len(credit_records.FORMS))
    rows = store.rows(
        "SELECT coalesce(survivor_id, filed.entity_id) AS entity_id FROM ("
        f"SELECT entity_id FROM record WHERE form_id IN ({marks}) AND entity_id IS NOT NULL "
        "UNION SELECT customer_id FROM credit_decision) AS filed LEFT JOIN merged_now ON loser_id = filed.entity_id",
        list(credit_records.FORMS),
    )
    return {row["entity_id"] for row in rows}


def _price_approvals(store: Store, day: date) -> dict[str, date]:
    """The newest price approval of each customer within the days of first dealings."""
    rows = store.rows(
        "SELECT coalesce(survivor_id, entity_id) AS customer_id, max(recorded_at) AS at FROM record_current "
        "LEFT JOIN merged_now ON loser_id = entity_id WHERE form_id = 'price_approval' AND entity_id IS NOT NULL "
        "GROUP BY customer_id"
    )
    days = {row["customer_id"]: parse(row["at"]).astimezone(store.site.zone).date() for row in rows}
    return {one: on for one, on in days.items() if day - FIRST_DEALINGS <= on <= day}


def _others(store: Store, rows: Sequence[Row], day: date) -> Iterator[tuple[Row, AccountView]]:
    """The accounts of customers about whose credit nothing was filed; none while no lake is published."""
    ids = [row["entity_id"] for row in rows]
    keys, terms = pseudonyms.keys(store), parts.card_terms(store, ids)
    by_key = {keys[one]: terms.get(one) for one in ids if one in keys}
    months = limits.rule(day, grades.rule(day).order).sales_months
    accounts = credit_accounts.read(store, by_key, day, sales_months=months)
    if accounts is None:
        return
    for row in rows:
        one = row["entity_id"]
        nothing = Files(one, {form: [] for form in credit_records.FORMS})
        yield row, parts.account(accounts, keys.get(one), terms.get(one), nothing, None, day)


def _of(found: Standing, applied: date | None, day: date) -> Iterator[Notice]:
    about = found.customer_id, found.number
    yield from _reviews(found, day)
    yield from _papers(about, found.papers, day)
    yield from _warnings(found)
    yield from _statements(found, day)
    if found.account is not None:
        yield from _dunning(about, found.account, day)
        yield from _signs(about, found.account, found.measures)
    if found.decision is not None and found.account is not None and found.over_fen:
        amounts = {"exposure": Yuan(found.account.exposure_fen), "limit": Yuan(found.limit.limit_fen)}
        yield _notice("over_limit", about, "", None, "", **amounts)
    first = _first_dealing(found.account, applied, day)
    yield from _gate(about, [lack.kind for lack in found.lacks], first)


def _notice(
    kind: str, about: tuple[str, str], subject: str, due_on: date | None, form: str, **facts: object
) -> Notice:  # fmt: skip
    customer_id, number = about
    link = f"/form/{form}?customer={customer_id}" if form else f"/credit/{customer_id}"
    return Notice(kind, subject, due_on, {"number": number, **{name: _fact(one) for name, one in facts.items()}}, link)


def _fact(given: object) -> Fact:
    if isinstance(given, dict):
        return given
    if isinstance(given, Named | Listed):
        return {language: given.text(language) for language in LANGUAGES}
    return given.text(LANGUAGES[0]) if isinstance(given, Yuan) else str(given)


def _reviews(found: Standing, day: date) -> Iterator[Notice]:
    about = found.customer_id, found.number
    if found.decision is not None and found.decision.review_on - SOON <= day:
        yield _notice(
            "review", about, found.decision.decision_id, found.decision.review_on, credit_records.RATING
        )  # fmt: skip
    one = found.override
    if one is not None and one.last_day - SOON <= day:
        yield _notice("override", about, one.record_id, one.last_day, credit_records.OVERRIDE, grade=one.grade)


def _papers(about: tuple[str, str], papers: Sequence[PaperView], day: date) -> Iterator[Notice]:
    """Of each kind, when the last of them ends."""
    for kind in sorted({one.kind for one in papers}):
        ends = [one.valid_until for one in papers if one.kind == kind]
        bounded = [one for one in ends if one is not None]
        if len(bounded) == len(ends) and day - PAPERS_PAST <= max(bounded) <= day + PAPERS_SOON:
            paper = Named(f"credit_use.{'proof' if kind in PROOFS else 'paper'}.{kind}")
            yield _notice("paper", about, kind, max(bounded), credit_records.PAPERS_FORM, paper=paper)


def _warnings(found: Standing) -> Iterator[Notice]:
    year = found.years[-1].year if found.years else 0
    for one in found.warnings:
        if one.kind in GRAVE:
            section = "ratio" if one.about in RATIOS else "figure"
            facts = {
                "ratio": Named(f"credit_use.{section}.{one.about}"),
                "signal": Named(f"credit_use.signal.{one.kind}"),
            }
            subject = f"{year}:{one.about}:{one.kind}"
            yield _notice("warning", (found.customer_id, found.number), subject, None, credit_records.REPORT, **facts)


def _statements(found: Standing, day: date) -> Iterator[Notice]:
    """Of whoever has credit, the last year and quarter of which a statement is missing; a year that a survey told is
    known.
    """
    if found.decision is None or found.limit.limit_fen <= 0:
        return
    known = {one.period for one in found.statements if financial_statements.whole(one.statement)}
    known |= {Year(one.year) for one in found.years if financial_statements.whole(one)}
    for period, due_on in financial_statements.awaited(day):
        if period not in known:
            spoken = {language: period.show(language) for language in LANGUAGES}
            about = found.customer_id, found.number
            yield _notice("statement", about, str(period), due_on, credit_records.STATEMENT, period=spoken)


def _dunning(about: tuple[str, str], account: AccountView, day: date) -> Iterator[Notice]:
    letter = account.letter
    if letter is not None:
        level = dunning.rule(day).level[letter.level - 1]
        due_on = day - timedelta(days=letter.oldest_days - level.from_days)
        action = Named(f"credit_use.action.{letter.action}")
        facts = {"days": letter.oldest_days, "amount": Yuan(letter.total_fen), "action": action}
        yield _notice("dunning", about, "", min(due_on, day), credit_records.DUNNING, **facts)


def _signs(
    about: tuple[str, str], account: AccountView, measures: Sequence[MeasureView] = ()
) -> Iterator[Notice]:  # fmt: skip
    """What is out of the ordinary, unless what is done about it was agreed and is not over."""
    for one in account.signs:
        if any(each.covers(one.kind, account.day) for each in measures):
            continue
        facts = {"sign": Named(f"credit_use.sign.{one.kind}"), "amount": Yuan(one.amount_fen)}
        yield _notice("sign", about, one.kind, None, credit_records.MEASURE, **facts)


def _first_dealing(account: AccountView | None, applied: date | None, day: date) -> date | None:
    """When dealings began, if that was lately: the first sale, or a price approval before any."""
    first = account.first_sale_on if account else None
    days = [one for one in (first, applied if first is None else None) if one is not None]
    return next((one for one in days if one >= day - FIRST_DEALINGS), None)


def _gate(about: tuple[str, str], lacking: Sequence[str], first: date | None) -> Iterator[Notice]:
    if lacking and first is not None:
        kinds = Listed(tuple(Named(f"credit_use.proof.{kind}") for kind in lacking))
        yield _notice("gate", about, "", first, credit_records.PAPERS_FORM, lacking=kinds)


def _write(
    store: Store, actor: Person, looked: Looked, standings: Mapping[str, Standing], ids: Sequence[str], day: date
) -> None:  # fmt: skip
    with store.act(actor.person_id, "credit.watch", "site", "", customers=len(ids)) as tx:
        known = {
            (row["customer_id"], row["kind"], row["subject"]): row for row in store.rows("SELECT * FROM credit_notice")
        }
        among = set(merge_links.group(store, ids))  # with those who were merged: nothing is due of them any more
        for customer_id, notices in looked.notices.items():
            for one in notices:
                row = known.pop((customer_id, one.kind, one.subject), None)
                looked.new += _put(tx, customer_id, one, row, day)
                looked.open += 1
        for key, row in known.items():
            if key[0] in among and row["ended_on"] is None:
                tx.update("credit_notice", key, {"ended_on": day.isoformat()})
                looked.ended += 1
        for customer_id in among:
            tx.delete("credit_account", (customer_id,))
        credit_collecting.keep(tx, among, looked.overdue)
        for standing in standings.values():
            tx.insert("credit_account", _account_row(standing, day))
        tx.note(new=looked.new, ended=looked.ended, open=looked.open)


def _put(tx: Tx, customer_id: str, one: Notice, row: Row | None, day: date) -> int:
    """Write a notice; gives 1 for one that was not open before."""
    opened = row is None or row["ended_on"] is not None
    noticed = day.isoformat() if opened or row is None else row["noticed_on"]
    values: Row = {
        "due_on": one.due_on.isoformat() if one.due_on else noticed,
        "facts": json.dumps(one.facts, ensure_ascii=False, sort_keys=True),
        "link": one.link,
        "noticed_on": noticed,
        "seen_on": day.isoformat(),
        "ended_on": None,
    }
    if row is None:
        tx.insert("credit_notice", {"customer_id": customer_id, "kind": one.kind, "subject": one.subject, **values})
    else:
        tx.update("credit_notice", (customer_id, one.kind, one.subject), values)
    return int(opened)


def _account_row(found: Standing, day: date) -> Row:
    owed = found.account
    return {
        "customer_id": found.customer_id,
        "day": day.isoformat(),
        "lake_version": owed.lake_version if owed else None,
        "scheme": found.scheme,
        "grade": found.grade,
        "limit_fen": found.limit.limit_fen,
        "exposure_fen": owed.exposure_fen if owed else None,
        "balance_fen": owed.balance_fen if owed else None,
        "overdue_fen": owed.overdue_fen if owed else None,
        "overdue_days": owed.overdue_days if owed else None,
        "gate_open": int(found.gate_open),
        "review_on": found.review_on.isoformat() if found.review_on else None,
    }
