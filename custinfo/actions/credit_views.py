"""What is known of a customer's credit, as it is shown: plain values, made by `credit.standing`.

Amounts are whole fen, days are of the site's calendar. Everything here is of level 2. Grades, terms and kinds are
codes: their words stand in the rule files, in the code list `payment_terms` and in the catalogues `credit_use`,
`credit_scorecards` and `credit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from custinfo.actions.account_cards import CardView, MeasureView
from custinfo.classification.credit.dunning import Letter, Step
from custinfo.classification.credit.early_warning import Ratio, Signal, Statement
from custinfo.classification.credit.financial_statements import Reported
from custinfo.classification.credit.first_dealing import Lack
from custinfo.classification.credit.limits import Limit
from custinfo.classification.credit.raters import Agreement, Difference
from custinfo.classification.credit.scoring import AppliedCap, Finding, Rating
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import text


@dataclass(frozen=True)
class SignView:
    """Something out of the ordinary on an account: `kind` is one of `account_watch.SIGNS` or
    `account_cards.SIGNS`, of which no rule has a version (0); amounts as there.
    """

    kind: str
    amount_fen: int
    compared_fen: int
    rule_version: int


@dataclass(frozen=True)
class RaterView:
    """What one person said at last of a customer, by one scheme: a record of the form `credit_rating`.

    `values` has each indicator of the scheme with 1 to 5, or None for "no information"; `stale` are the indicators
    whose evidence is older than the rule lets it count.
    """

    record_id: str
    record_version: int
    person_id: str
    name: str
    rated_on: date
    ratings: tuple[Rating, ...]
    findings: tuple[Finding, ...]
    values: Mapping[str, int | None]
    stale: tuple[str, ...]


@dataclass(frozen=True)
class DecisionView:
    """One version of the decision on a customer's credit, as it is stored; it never changes.

    `points`, `coverage` and `stale` are hundredths of a percent, rounded down (points None: nothing is known); `grade`
    is None where too little is known. `state` is that of its approval: open, returned, approved, rejected, withdrawn;
    or changed, where the row is not what was agreed to. Only an approved one counts. `review_on` is the first day on
    which some of its evidence is stale. `agreement_bp` is Cohen's kappa of the two raters in hundredths of a percent,
    None where there is none. `ratings` are the records and their versions. `rule_versions` has `card`, `indicators`,
    `grades`, `limits`, `terms`.
    """

    decision_id: str
    version: int
    scheme: str
    decided_on: date
    points: int | None
    coverage: int
    stale: int
    grade_of_points: str | None
    ceiling: str | None
    grade: str | None
    caps: tuple[AppliedCap, ...]
    limit: Limit
    capital_fen: int | None
    sales_fen: int | None
    agreement_bp: int | None
    raters: tuple[str, ...]
    rater_names: tuple[str, ...]
    ratings: tuple[tuple[str, int], ...]
    review_on: date
    rule_versions: Mapping[str, int]
    state: str
    case_id: str
    recorded_at: datetime
    recorded_by_name: str


OVERRIDE_STATES = ("in_force", "proposed", "expired", "not_in_order", "replaced", "refused")


@dataclass(frozen=True)
class OverrideView:
    """A grade set by people: a record of the form `credit_override`. `state` is one of OVERRIDE_STATES; `replaced`: it
    was about an earlier decision. `faults` say why it is not in order.
    """

    record_id: str
    grade: str
    reason: str
    proposed_by: str
    proposed_on: date
    last_day: date
    approved_by: str
    approved_on: date | None
    state: str
    faults: tuple[CustinfoError, ...]


@dataclass(frozen=True)
class PaperView:
    """A paper that was seen: a line of the form `qualification_papers`. `kind` is one of `first_dealing.PROOFS` or
    `PAPERS`; without days it is valid for good.
    """

    record_id: str
    kind: str
    number: str
    seen_on: date
    valid_from: date | None
    valid_until: date | None
    checked_by: str
    checked_where: str


@dataclass(frozen=True)
class AccountView:
    """What a customer owes on a day.

    `sales_fen` is net sales of the months that the rule of limits looks at, `balance_fen` sales less returns and
    payments, both of the lake's `lake_version`; `not_invoiced_fen` and `not_delivered_fen` are what binds the customer
    beside it by `committed_by` as of `committed_on` (`credit_commitments`); `secured_fen` is what the newest approved
    form `credit_application` states (0 without one).
    `exposure_fen` = balance + not invoiced + not delivered − secured. `due_fen`, `in_time_fen`, `late_fen`, `open_fen`
    and `days_beyond_terms` are about what fell due within a year (None: nothing did). `steps` are the overdue items,
    `letter` what is done with them now; an item is named by the day of its goods. `signs` are out of the ordinary.
    `purchases` and `months_bought` count the days and the months with a sale in the months of `sales_fen`.
    """

    day: date
    lake_version: int
    terms: str | None
    sales_fen: int
    balance_fen: int
    not_invoiced_fen: int
    not_delivered_fen: int
    committed_by: str
    committed_on: date | None
    secured_fen: int
    exposure_fen: int
    overdue_fen: int
    overdue_days: int
    due_fen: int
    in_time_fen: int
    late_fen: int
    open_fen: int
    days_beyond_terms: float | None
    steps: tuple[Step, ...]
    letter: Letter | None
    signs: tuple[SignView, ...]
    first_sale_on: date | None
    purchases: int
    months_bought: int

    def committed_in_words(self, language: str) -> str:
        """Where the figures of goods on their way come from, and of which day they are."""
        return text(f"credit_use.committed.{self.committed_by}", language, day=self.committed_on)


@dataclass(frozen=True)
class Standing:
    """How a customer stands on a day.

    `grade` is the one in force: of the newest approved decision, or of an override of it that is in force; None
    without. `pending` is a newer decision that is not approved yet. `limit` is what the grade is granted, lowered to
    what was applied for where an approved application (form `credit_application`) asked for less (`applied_fen`).
    `account` is None while no lake is published. `over_fen` is by how much the exposure is above the limit. `lacks`
    keep the gate before the first dealing shut; `cards` are sign-account cards, `measures` what was agreed about a
    customer on account; `papers_lacking` are (paper, occasion). `statements` are the periods that
    were accumulated; `warnings` come from the last `years` in a row, of them and of the newest credit survey report.
    `raters` are the two whose ratings count, or would count at the next decision; `apart` is what they must talk over.
    `notes` say in sentences what needs attention.
    """

    customer_id: str
    number: str
    label: str
    day: date
    scheme: str
    grade: str | None
    decision: DecisionView | None
    pending: DecisionView | None
    history: tuple[DecisionView, ...]
    override: OverrideView | None
    overrides: tuple[OverrideView, ...]
    raters: tuple[RaterView, ...]
    agreement: Agreement | None
    apart: tuple[Difference[str], ...]
    limit: Limit
    applied_fen: int | None
    applied_terms: str | None
    account: AccountView | None
    over_fen: int
    gate_open: bool
    lacks: tuple[Lack, ...]
    papers: tuple[PaperView, ...]
    papers_lacking: tuple[tuple[str, str], ...]
    cards: tuple[CardView, ...]
    measures: tuple[MeasureView, ...]
    statements: tuple[Reported, ...]
    years: tuple[Statement, ...]
    ratios: Mapping[str, Ratio]
    warnings: tuple[Signal, ...]
    review_on: date | None
    notes: tuple[CustinfoError, ...]

    @property
    def share_used(self) -> Fraction | None:
        """The exposure as a share of the limit; None where nothing is granted, or nothing is known of what is owed."""
        if self.account is None or self.limit.limit_fen <= 0:
            return None
        return Fraction(max(self.account.exposure_fen, 0), self.limit.limit_fen)
