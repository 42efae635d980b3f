"""Credit limits: how much a customer of a grade may owe, on which terms, with which security, and how far dealings go.

The limit is the least of a share of the customer's own capital, a share of our trailing net sales to the customer, and
the cap of the grade, rounded down. What is not known is left out and never taken for zero:

- Capital unknown: the share of sales and the cap remain. Capital of zero or less: the limit is zero.
- No sales yet (NULL, zero, or more returns than sales): the share of capital and the cap remain.
- Neither of them: the cap for what is unproven, where it is lower than the grade's.
- No grade, or one that the rule does not name: what the rule says of customers without a grade.

Shares are in basis points (1/10 000) and rounded down, so that no limit is ever above what the rule allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, get_args

import ibis
import ibis.expr.types as ir
from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput

FILE = "credit_limits.toml"
TERMS_LIST = "payment_terms"

Security = Literal["none", "guarantee", "collateral", "prepayment"]
SECURITIES: tuple[str, ...] = get_args(Security)
"""What is demanded before a customer may owe anything, from the least to the most."""

BASES = ("capital", "sales", "cap", "unproven")
"""What a limit rests on; where two are equal, the earlier is named."""

NOT_NEGATIVE = Field(ge=0)


class Policy(Part):
    """What is granted: shares in basis points, amounts in fen, terms as codes of the code list `payment_terms`.

    `planned_sales_basis_points` is how much of the trailing sales the next period's dealings may reach: above 10 000
    they grow, below they shrink.
    """

    capital_basis_points: Annotated[int, Field(ge=0, le=10_000)]
    sales_basis_points: Annotated[int, Field(ge=0, le=20_000)]
    cap_fen: Annotated[int, NOT_NEGATIVE]
    planned_sales_basis_points: Annotated[int, Field(ge=0, le=100_000)]
    security: Security
    terms: Many[Text]


class GradePolicy(Policy):
    """What is granted to the customers of one grade."""

    grade: Text


class CreditLimitRule(Rule):
    """One version: `grade` from the best to the worst; when an order over the limit may still be agreed to;
    for how many days what an approved application says of goods on their way counts, where no orders are imported.
    """

    sales_months: Annotated[int, Field(gt=0, le=120)]
    rounded_down_to_fen: Annotated[int, Field(gt=0)]
    unproven_cap_fen: Annotated[int, NOT_NEGATIVE]
    approval_over_basis_points: Annotated[int, NOT_NEGATIVE]
    approval_overdue_days: Annotated[int, Field(gt=0, le=3660)]
    blocked_overdue_days: Annotated[int, Field(gt=0, le=3660)]
    application_days: Annotated[int, Field(gt=0, le=3660)]
    grade: Many[GradePolicy]
    ungraded: Policy

    def check(self) -> None:
        """Raises Fault for a grade twice, a worse grade that is granted more or terms that a better one is not, terms
        that the code list lacks, or a block before a warning.
        """
        names = [policy.grade for policy in self.grade]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise Fault("credit_use.grade_twice", grade=twice)
        policies = (*self.grade, self.ungraded)
        for policy in policies:
            _check_terms(policy)
        for better, worse in pairwise(policies):
            _check_not_more(better, worse)
        if self.approval_overdue_days >= self.blocked_overdue_days:
            raise Fault("credit_use.overdue", approval=self.approval_overdue_days, blocked=self.blocked_overdue_days)

    def policy(self, grade: str | None) -> Policy:
        """What is granted to a grade; to None and to a grade that the rule does not name, what the ungraded are."""
        return next((policy for policy in self.grade if policy.grade == grade), self.ungraded)


GENEROUS = ("capital_basis_points", "sales_basis_points", "cap_fen", "planned_sales_basis_points", "security")
"""What a worse grade must not have more of. Less security demanded is more generous."""


def _check_terms(policy: Policy) -> None:
    """Raises Fault for terms that are not in the code list `payment_terms`."""
    listed = {code.code for code in codelists.load(TERMS_LIST).rows}
    unlisted = next((terms for terms in policy.terms if terms not in listed), None)
    if unlisted is not None:
        raise Fault("credit_use.terms_not_listed", terms=unlisted, grade=_name(policy), codelist=TERMS_LIST)


def _check_not_more(better: Policy, worse: Policy) -> None:
    """Raises Fault where the worse of two neighbours is granted more, or terms that the better one is not."""
    more = next((name for name in GENEROUS if _generosity(worse, name) > _generosity(better, name)), None)
    if more:
        raise Fault("credit_use.more_for_worse", name=more, grade=_name(worse))
    own = next((terms for terms in worse.terms if terms not in better.terms), None)
    if own is not None:
        raise Fault("credit_use.terms_for_worse", terms=own, grade=_name(worse))


def _name(policy: Policy) -> str:
    return policy.grade if isinstance(policy, GradePolicy) else "ungraded"


def _generosity(policy: Policy, name: str) -> int:
    return -SECURITIES.index(policy.security) if name == "security" else int(getattr(policy, name))


@dataclass(frozen=True)
class Limit:
    """What one customer is granted. `basis` is one of BASES; `planned_sales_fen` is None without sales so far."""

    limit_fen: int
    basis: str
    planned_sales_fen: int | None
    security: str
    terms: tuple[str, ...]
    rule_version: int


def rule(on: date, order: Sequence[str], folder: Path = rules.FOLDER) -> CreditLimitRule:
    """The rule in force on that day, for the grades `order`, best first.

    Raises BadInput when there was none yet, or when it does not name exactly these grades in this order.
    """
    found = rules.on(on, FILE, CreditLimitRule, folder)
    named = [policy.grade for policy in found.grade]
    if named != list(order):
        raise BadInput("credit_use.other_grades", file=FILE, found=", ".join(named), grades=", ".join(order))
    return found


def limit(grade: str | None, capital_fen: int | None, sales_fen: int | None, rule: CreditLimitRule) -> Limit:
    """What a customer is granted whose own capital and trailing net sales are these (None: not known)."""
    policy = rule.policy(grade)
    sold = sales_fen if sales_fen is not None and sales_fen > 0 else None
    bases = [("cap", policy.cap_fen)]
    if sold is not None:
        bases.insert(0, ("sales", sold * policy.sales_basis_points // 10_000))
    if capital_fen is not None:
        bases.insert(0, ("capital", max(capital_fen, 0) * policy.capital_basis_points // 10_000))
    if len(bases) == 1:
        bases.append(("unproven", rule.unproven_cap_fen))
    basis, amount = min(bases, key=lambda base: base[1])
    return Limit(
        limit_fen=amount - amount % rule.rounded_down_to_fen,
        basis=basis,
        planned_sales_fen=None if sold is None else sold * policy.planned_sales_basis_points // 10_000,
        security=policy.security,
        terms=policy.terms,
        rule_version=rule.version,
    )


def limits(customers: ir.Table, rule: CreditLimitRule) -> ir.Table:
    """The same for many: exactly one row for each of `customers`, in no order.

    `customers` has a unique `customer_key`, `grade` (may be NULL), `capital_fen` and `sales_fen` (NULL: not known; up
    to 9 · 10^15 fen). Gives `customer_key`, `limit_fen`, `basis`, `planned_sales_fen` (NULL without sales), `security`,
    `rule_version` (int32).
    """
    sold = (customers.sales_fen > 0).ifelse(customers.sales_fen, ibis.null("int64"))
    granted = customers.select(
        "customer_key",
        by_capital=_share(ibis.greatest(customers.capital_fen, 0), _of(customers, rule, "capital_basis_points")),
        by_sales=_share(sold, _of(customers, rule, "sales_basis_points")),
        cap=_of(customers, rule, "cap_fen"),
        planned_sales_fen=_share(sold, _of(customers, rule, "planned_sales_basis_points")),
        security=_of(customers, rule, "security"),
        capital_known=customers.capital_fen.notnull(),
    )
    unknown = ~granted.capital_known & granted.by_sales.isnull()
    most = ibis.literal(2**63 - 1, "int64")
    by_capital = granted.capital_known.ifelse(granted.by_capital, most)
    by_sales = granted.by_sales.fill_null(most)
    unproven = unknown.ifelse(ibis.literal(rule.unproven_cap_fen, "int64"), most)
    least = granted.mutate(
        by_capital=by_capital, by_sales=by_sales, least=ibis.least(by_capital, by_sales, granted.cap, unproven)
    )
    return least.select(
        "customer_key",
        limit_fen=least.least - least.least % rule.rounded_down_to_fen,
        basis=ibis.cases(
            (least.by_capital == least.least, "capital"),
            (least.by_sales == least.least, "sales"),
            (least.cap == least.least, "cap"),
            else_="unproven",
        ),
        planned_sales_fen=least.planned_sales_fen,
        security=least.security,
        rule_version=ibis.literal(rule.version, "int32"),
    )


def _of(customers: ir.Table, rule: CreditLimitRule, name: str) -> ir.Value:
    def value(policy: Policy) -> ir.Value:
        found = getattr(policy, name)
        return ibis.literal(found, "int64" if isinstance(found, int) else "string")

    branches = [(customers.grade == policy.grade, value(policy)) for policy in rule.grade]
    return ibis.cases(*branches, else_=value(rule.ungraded))


def _share(amount: ir.Value, basis_points: ir.Value) -> ir.Value:
    # Whole ten thousands first: amount * basis_points would not fit into int64. What is divided is a multiple of the
    # divisor, so that the division by way of a double is exact
    rest = amount % 10_000
    part = rest * basis_points
    return ((amount - rest) / 10_000).cast("int64") * basis_points + ((part - part % 10_000) / 10_000).cast("int64")
