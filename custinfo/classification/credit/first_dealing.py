"""The gate before the first dealing: what must have been seen before goods go to a customer, and which papers are kept.

A proof holds on a day when it was seen by then, when that day lies within its validity (both ends included; without an
end it is valid for good) and when it was seen no longer ago than the rule lets it count. Of several proofs of one kind
the one seen last by that day decides, since what was seen later corrects what was known before; of those seen on the
same day one that did not hold even then goes before one that does. One that begins later, such as a licence renewed in
good time, decides from its first day on: until then the others do. The gate is open when every kind that the rule
demands holds.

Papers are asked for by occasion: some for every contract, others when an agent signs, somebody stands surety, and
so on.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.credit.wording import Listed, Named, SpokenBadInput
from custinfo.classification.rules import Fault, Many, Part, Rule

FILE = "first_dealing.toml"

ProofKind = Literal["licence", "legal_form", "registered_capital", "scope", "ability", "credit_grade"]
PROOFS: tuple[str, ...] = get_args(ProofKind)

LACKS = ("missing", "not_seen_yet", "not_valid_yet", "expired", "stale")

Occasion = Literal["contract", "agent", "guarantee", "approval", "change", "notarised", "delivery"]
OCCASIONS: tuple[str, ...] = get_args(Occasion)

PaperKind = Literal[
    "contract",
    "negotiation",
    "licence",
    "ability",
    "position",
    "identity",
    "correspondence",
    "introduction",
    "authorisation",
    "surety_standing",
    "surety_ability",
    "feasibility",
    "official_approval",
    "amendment",
    "notarisation",
    "acceptance",
    "vouchers",
]
PAPERS: tuple[str, ...] = get_args(PaperKind)


class Demand(Part):
    """A kind of proof that is demanded; for `counts_days` after it was seen it counts (left out: for good)."""

    proof: ProofKind
    counts_days: Annotated[int, Field(gt=0, le=3660)] | None = None


class Paper(Part):
    """A paper that is kept with the originals, and the occasion that asks for it."""

    paper: PaperKind
    occasion: Occasion


class FirstDealingRule(Rule):
    """One version: what must be there before the first dealing, and which papers belong to which occasion."""

    demands: Many[Demand]
    papers: Many[Paper]

    def check(self) -> None:
        """Raises Fault for a proof, or a paper of an occasion, that is asked for twice."""
        asked: list[str] = [demand.proof for demand in self.demands]
        kept = [f"{paper.paper}/{paper.occasion}" for paper in self.papers]
        twice = next((name for names in (asked, kept) for name in names if names.count(name) > 1), None)
        if twice:
            raise Fault("credit_use.asked_twice", name=twice)


@dataclass(frozen=True)
class Proof:
    """A proof that was seen: its kind (one of PROOFS), when, and from when until when it is valid (None: no bound).

    What ends early (a licence that was revoked, a grade that was withdrawn) has that day as its `valid_until`.
    """

    kind: str
    seen_on: date
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True)
class Lack:
    """A proof that does not hold, why (one of LACKS), and the day on which it ended, begins or will have been seen."""

    kind: str
    why: str
    day: date | None
    rule_version: int


def rule(on: date, folder: Path = rules.FOLDER) -> FirstDealingRule:
    """The rule in force on that day. Raises BadInput when there was none yet."""
    return rules.on(on, FILE, FirstDealingRule, folder)


def lacks(proofs: Iterable[Proof], day: date, rule: FirstDealingRule) -> tuple[Lack, ...]:
    """What keeps the gate shut on `day`, in the order of the rule; nothing: it is open.

    Of each kind the proof seen last by that day decides, whatever was seen before it; while none was seen, the first
    to come gives the day. Raises BadInput for a kind that there is not, and for a proof that ends before it begins.
    """
    seen: dict[str, list[Proof]] = {}
    for proof in proofs:
        _check(proof)
        seen.setdefault(proof.kind, []).append(proof)
    reasons = [(demand.proof, _lack(seen.get(demand.proof, []), demand.counts_days, day)) for demand in rule.demands]
    return tuple(Lack(kind, *reason, rule.version) for kind, reason in reasons if reason is not None)


def papers_lacking(
    kept: Collection[str], occasions: Collection[str], rule: FirstDealingRule
) -> tuple[tuple[str, str], ...]:
    """Papers that the occasions ask for and that are not kept, as (paper, occasion), in the order of the rule.

    Raises BadInput for a paper or an occasion that there is not.
    """
    for paper in kept:
        if paper not in PAPERS:
            raise _unknown(paper, "paper", PAPERS)
    for occasion in occasions:
        if occasion not in OCCASIONS:
            raise _unknown(occasion, "occasion", OCCASIONS)
    return tuple(
        (paper.paper, paper.occasion)
        for paper in rule.papers
        if paper.occasion in occasions and paper.paper not in kept
    )


def _lack(proofs: Sequence[Proof], counts_days: int | None, day: date) -> tuple[str, date | None] | None:
    """Why a kind with these proofs does not hold, and the day of it; None when it holds."""
    if not any(proof.seen_on <= day for proof in proofs):
        to_come = min((proof.seen_on for proof in proofs), default=None)
        return ("missing", None) if to_come is None else ("not_seen_yet", to_come)
    seen = [proof for proof in proofs if proof.seen_on <= day]
    begun = [proof for proof in seen if proof.valid_from is None or proof.valid_from <= day] or seen
    last = max(proof.seen_on for proof in begun)
    together = [proof for proof in begun if proof.seen_on == last]
    if any(_reason(proof, counts_days, day) is None for proof in together):
        # What ran out after it was seen is no news against what was seen with it, such as its renewal
        together = [proof for proof in together if not (proof.valid_until and last <= proof.valid_until < day)]
    decisive = [_reason(proof, counts_days, day) for proof in together]
    if any(reason is not None for reason in decisive):
        # What begins later cannot shut the gate; where it is shut anyway, it says from when on it will be open
        decisive += [_reason(proof, counts_days, day) for proof in seen if proof not in begun and proof.seen_on >= last]
    against = [reason for reason in decisive if reason is not None]
    # The graver one, as LACKS has them; of two alike the earlier day, so that their order does not matter
    return min(against, key=lambda reason: (LACKS.index(reason[0]), reason[1]), default=None)


def _reason(proof: Proof, counts_days: int | None, day: date) -> tuple[str, date] | None:
    if proof.valid_from is not None and proof.valid_from > day:
        return "not_valid_yet", proof.valid_from
    if proof.valid_until is not None and proof.valid_until < day:
        return "expired", proof.valid_until
    if counts_days is not None and proof.seen_on + timedelta(days=counts_days) < day:
        return "stale", proof.seen_on + timedelta(days=counts_days)
    return None


def _check(proof: Proof) -> None:
    if proof.kind not in PROOFS:
        raise _unknown(proof.kind, "proof", PROOFS)
    if proof.valid_from is not None and proof.valid_until is not None and proof.valid_until < proof.valid_from:
        kind = Named(f"credit_use.proof.{proof.kind}")
        raise SpokenBadInput("credit_use.validity", kind=kind, first=proof.valid_from, last=proof.valid_until)


def _unknown(name: str, kind: str, known: Sequence[str]) -> SpokenBadInput:
    listed = Listed(tuple(Named(f"credit_use.{kind}.{one}") for one in known))
    return SpokenBadInput("credit_use.unknown_name", name=name, known=listed)
