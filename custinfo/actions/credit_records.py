"""What forms say of a customer's credit, as the rules of classification read it: ratings, overrides, papers, dunning.

A record counts as it stood at a moment: its newest version that was recorded by then, unless a review rejected it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from custinfo.actions import merge_links, sealing
from custinfo.actions.credit_rating_form import NO_INFORMATION
from custinfo.actions.credit_views import PaperView, RaterView
from custinfo.classification.credit.dunning import Promise
from custinfo.classification.credit.early_warning import Statement
from custinfo.classification.credit.first_dealing import PAPERS, PROOFS, Proof
from custinfo.classification.credit.scorecards import Scorecard
from custinfo.classification.credit.scoring import Evidence, Finding, Rating, score
from custinfo.domain import masking, money
from custinfo.domain.clock import parse, stamp
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row

RATING, OVERRIDE, APPLICATION = "credit_rating", "credit_override", "credit_application"
PAPERS_FORM, DUNNING, REPORT = "qualification_papers", "credit_dunning", "credit_report"
CARD, MEASURE, STATEMENT = "account_card", "account_measure", "financial_statement"
FORMS = (RATING, OVERRIDE, APPLICATION, PAPERS_FORM, DUNNING, REPORT, CARD, MEASURE, STATEMENT)
FROM_REPORT = {"legal_form": "legal_form", "registered_capital": "registered_capital", "scope": "scope"}
"""What a credit survey report proves: kind of proof → its question."""


@dataclass(frozen=True)
class Filed:
    """A record about the customer, or about who was merged into it (`entity_id`): `values` are its answers by group,
    `on` the day of the site when it was recorded.
    """

    record_id: str
    version: int
    person_id: str
    name: str
    recorded_at: datetime
    on: date
    values: Mapping[str, Any]
    several_hands: bool
    entity_id: str


@dataclass(frozen=True)
class Application:
    """What was applied for, and what was not on the account yet on the day `stated_on`; amounts in fen."""

    record_id: str
    requested_fen: int
    requested_terms: str
    not_delivered_fen: int
    not_invoiced_fen: int
    securities: tuple[tuple[int, date, date | None], ...]
    stated_on: date

    def secured_fen(self, day: date) -> int:
        """What is recognised of the securities that are valid on a day."""
        return sum(fen for fen, first, last in self.securities if first <= day and (last is None or day <= last))


@dataclass(frozen=True)
class Dunned:
    """What was done about money overdue: `delivered_on` is the day of the goods, None for all of them; `step` is one of
    `dunning.ACTIONS` or None; `disputed_fen` None: nothing was said of a dispute.
    """

    record_id: str
    on: date
    step: str | None
    delivered_on: date | None
    promise: Promise | None
    disputed_fen: int | None


def filed(
    store: Store, form_id: str, customer_id: str, as_of: datetime | None = None, *, secret: bool = True
) -> list[Filed]:  # fmt: skip
    """The records of a form about a customer and who was merged into it, the one recorded last in front; as known at
    `as_of`, or now. Records that were raised to level 1 are left out unless `secret`.
    """
    by_then = stamp(as_of) if as_of else "9999"
    rows = store.rows(
        "SELECT record_version.*, record.entity_id AS about_id, display_name, (SELECT count(DISTINCT recorded_by) "
        "FROM record_version AS hand WHERE hand.record_id = record.record_id AND hand.recorded_at <= ?3) AS hands "
        "FROM record JOIN record_version USING (record_id) LEFT JOIN person ON person_id = recorded_by "
        "WHERE form_id = ?1 AND record.entity_id IN (SELECT value FROM json_each(?2)) AND erased_at IS NULL "
        "AND version = (SELECT max(version) FROM record_version AS newer WHERE newer.record_id = record.record_id "
        "AND newer.recorded_at <= ?3) AND coalesce((SELECT said.state FROM record_review AS said "
        "WHERE said.record_id = record.record_id AND said.version = record_version.version AND said.reviewed_at <= ?3 "
        "ORDER BY said.seq DESC LIMIT 1), '') != 'rejected' "
        "AND (?4 OR record.record_id NOT IN (SELECT record_id FROM record_now_level WHERE level = ?5)) "
        "ORDER BY record_version.seq DESC",
        [form_id, json.dumps(merge_links.one_with(store, customer_id, as_of)), by_then, secret, int(Level.SECRET)],
    )
    return [_filed(store, row) for row in rows]


def _filed(store: Store, row: Row) -> Filed:
    values = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
    at = parse(row["recorded_at"])
    day = at.astimezone(store.site.zone).date()
    return Filed(
        row["record_id"], row["version"], row["recorded_by"], row["display_name"] or "", at, day, values,
        row["hands"] > 1, row["about_id"],
    )  # fmt: skip


def raters(records: list[Filed], card: Scorecard, day: date) -> tuple[RaterView, ...]:
    """Who rated the customer by the card up to `day`, each person once with what they said last, the newest in front.

    A record that several people wrote at is nobody's own rating, and does not count.
    """
    found: dict[str, RaterView] = {}
    for one in records:
        head = one.values.get("rating", {})
        rated_on = _day(head, "rated_on")
        if head.get("scheme") != card.scheme or rated_on is None or rated_on > day or one.several_hands:
            continue
        if one.person_id not in found:
            found[one.person_id] = _rater(one, card, rated_on, day)
    return tuple(found.values())


def _rater(one: Filed, card: Scorecard, rated_on: date, day: date) -> RaterView:
    ratings = tuple(_rating(one, code) for code in card.card.shares())
    findings = tuple(f for f in _findings(one) if f.code in {known.code for known in card.grades.finding})
    scored = score(card, ratings, day, findings)
    return RaterView(
        record_id=one.record_id,
        record_version=one.version,
        person_id=one.person_id,
        name=one.name,
        rated_on=rated_on,
        ratings=ratings,
        findings=findings,
        values={rating.indicator: rating.value for rating in ratings},
        stale=tuple(indicator.code for indicator in scored.indicators if indicator.stale),
    )


def _rating(one: Filed, code: str) -> Rating:
    said = one.values.get(code, {})
    given, on = said.get(f"{code}_rating", ""), _day(said, f"{code}_on")
    if given in ("", NO_INFORMATION) or on is None:
        return Rating(code, None, one.person_id)
    return Rating(code, int(given), one.person_id, (Evidence(said.get(f"{code}_source", ""), on),))


def _findings(one: Filed) -> Iterator[Finding]:
    found = one.values.get("found", {})
    on = _day(found, "findings_on")
    for code in found.get("findings", "").split():
        if on is not None:
            yield Finding(code, Evidence(found.get("findings_source", ""), on))


def papers(records: list[Filed], day: date) -> tuple[PaperView, ...]:
    """The papers that were seen up to `day`, in the order in which they stand. Numbers are of level 1: masked."""
    found = []
    for one in records:
        for paper in _rounds(one.values.get("papers", {}), "paper"):
            seen_on = _day(paper, "seen_on")
            if seen_on is not None and seen_on <= day and paper.get("paper_kind"):
                number = masking.masked(paper["paper_number"]) if paper.get("paper_number") else ""
                found.append(
                    PaperView(
                        one.record_id, paper["paper_kind"], number, seen_on, _day(paper, "valid_from"),
                        _day(paper, "valid_until"), paper.get("checked_by", ""), paper.get("checked_where", ""),
                    )
                )  # fmt: skip
    return tuple(found)


def occasions(records: list[Filed]) -> frozenset[str]:
    """The occasions that the papers are for."""
    return frozenset(code for one in records for code in one.values.get("dossier", {}).get("occasions", "").split())


def proofs(seen: tuple[PaperView, ...], reports: list[Filed], day: date) -> list[Proof]:
    """What papers and credit survey reports prove, for the gate before the first dealing."""
    found = [Proof(one.kind, one.seen_on, one.valid_from, one.valid_until) for one in seen if one.kind in PROOFS]
    for one in reports:
        reported_on = _day(one.values.get("report", {}), "reported_on")
        if reported_on is not None and reported_on <= day:
            profile = one.values.get("profile", {})
            found += [Proof(kind, reported_on) for kind, name in FROM_REPORT.items() if profile.get(name)]
    return found


def kept(seen: tuple[PaperView, ...], day: date) -> frozenset[str]:
    """The kinds of papers that are kept and valid on `day`."""
    return frozenset(
        one.kind
        for one in seen
        if one.kind in PAPERS
        and (one.valid_from is None or one.valid_from <= day)
        and (one.valid_until is None or day <= one.valid_until)
    )


def survey_years(reports: Sequence[Filed], day: date) -> dict[int, Statement]:
    """The yearly figures of the newest credit survey report, by year."""
    for one in reports:
        reported_on = _day(one.values.get("report", {}), "reported_on")
        if reported_on is None or reported_on > day:
            continue
        by_year = {int(each["year"]): each for each in _rounds(one.values.get("finance", {}), "statement")
                   if each.get("year")}  # fmt: skip
        return {year: _statement(year, said) for year, said in by_year.items()}
    return {}


def _statement(year: int, said: Mapping[str, str]) -> Statement:
    names = (
        "revenue", "operating_profit", "interest", "assets", "current_assets", "inventories", "receivables",
        "liabilities", "current_liabilities",
    )  # fmt: skip
    return Statement(year, net_profit=_fen(said, "profit"), **{name: _fen(said, name) for name in names})


def application(records: list[Filed]) -> Application | None:
    """The newest application for credit of these, or None."""
    if not records:
        return None
    one = records[0]
    asked, open_ = one.values.get("application", {}), one.values.get("commitments", {})
    given = []
    for security in _rounds(one.values.get("securities", {}), "security"):
        first, amount = _day(security, "security_from"), _fen(security, "security_amount")
        if first is not None and amount is not None:
            given.append((amount, first, _day(security, "security_until")))
    return Application(
        one.record_id, _fen(asked, "requested_limit") or 0, asked.get("requested_terms", ""),
        _fen(open_, "not_delivered") or 0, _fen(open_, "not_invoiced") or 0, tuple(given),
        one.on,
    )  # fmt: skip


def dunned(records: list[Filed], day: date) -> list[Dunned]:
    """What was done about money overdue up to `day`, the earliest first."""
    found = []
    for one in records:
        said = one.values.get("dunning", {})
        on, until = _day(said, "done_on"), _day(said, "promised_until")
        if on is None or on > day:
            continue
        step = said.get("step", "")
        found.append(
            Dunned(
                one.record_id, on, None if step in ("", NO_INFORMATION) else step, _day(said, "delivered_on"),
                Promise(on, until) if until else None, _fen(said, "disputed"),
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.on, each.record_id))


def _rounds(group: Mapping[str, Any], name: str) -> list[Mapping[str, str]]:
    found = group.get(name, [])
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else [found]


def _day(said: Mapping[str, Any], name: str) -> date | None:
    given = said.get(name, "")
    return date.fromisoformat(given[:10]) if given else None


def _fen(said: Mapping[str, Any], name: str) -> int | None:
    given = said.get(name, "")
    return money.fen(given) if given else None
