"""How long customers keep buying: the BG/NBD model of Fader, Hardie and Lee (2005), fitted by maximum likelihood.

A customer buys at a rate of their own (gamma over customers: `r`, `alpha`) until, after some purchase, they stay away
for good, with a probability of their own (beta over customers: `a`, `b`). All that the model needs of a customer is

* `repeats` (x): the days with a sale after the first such day. Several sales of one day are one purchase; returns and
  payments are none;
* `recency_days` (t_x): from the first day with a sale to the last, 0 without repeats;
* `age_days` (T): from the first day with a sale to the day on which one looks.

Customers who are alike in these three are one row with a number, so that a million of them fit quickly. Who never
bought has no first day and is not in the tables here.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, hyp2f1, psi

from custinfo.classification.likelihood import maximum
from custinfo.domain.errors import BadInput

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEEK = 7
LEAST_CUSTOMERS = 50
LEAST_WITH_REPEATS = 10

_LONGEST = 10.0
"""The greatest age while fitting: then the same start and bounds suit days and years."""


def summary(sales: ir.Table, on: date) -> ir.Table:
    """One row for each customer who bought until `on`, that day included: what the model needs of them.

    `sales` has `customer_key`, `kind`, `occurred_on`. Gives `customer_key`, and `repeats`, `recency_days`, `age_days`
    as int64.
    """
    days = sales.filter(sales.kind == "sale", sales.occurred_on <= on).select("customer_key", "occurred_on").distinct()
    spans = days.group_by("customer_key").agg(
        bought=days.count(), first=days.occurred_on.min(), last=days.occurred_on.max()
    )
    return spans.select(
        "customer_key",
        repeats=(spans.bought - 1).cast("int64"),
        recency_days=spans.last.delta(spans.first, unit="day").cast("int64"),
        age_days=ibis.date(on).delta(spans.first, unit="day").cast("int64"),
    )


@dataclass(frozen=True)
class Observed:
    """Customers by what was seen of them: one row for all who are alike, `customers` of them."""

    repeats: Integers
    recency_days: Integers
    age_days: Integers
    customers: Integers

    def __post_init__(self) -> None:
        """Raises BadInput for numbers that no customer can have."""
        x, last, age = self.repeats, self.recency_days, self.age_days
        wrong = (x < 0) | (last < 0) | (last > age) | ((x == 0) != (last == 0)) | (self.customers < 1)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise BadInput("customer_value.impossible", repeats=int(x[row]), recency=int(last[row]), age=int(age[row]))


def observed(summary: ir.Table) -> Observed:
    """The rows of `summary`, counted and read, in a fixed order."""
    names = [field.name for field in fields(Observed)]
    counted = summary.group_by(names[:3]).agg(customers=summary.count()).order_by(names[:3])
    return Observed(**_arrays(counted.select(*names)))


def _arrays(table: ir.Table) -> dict[str, Integers]:
    read = table.to_pyarrow()
    return {name: read[name].to_numpy().astype(np.int64) for name in read.column_names}


@dataclass(frozen=True)
class BuyingModel:
    """A fitted model. Times of its parameters are in units of `unit_days`; what it is asked and says is in days.

    `errors` are the standard errors of `r`, `alpha`, `a`, `b`, from the observed information.
    """

    r: float
    alpha: float
    a: float
    b: float
    errors: tuple[float, ...]
    log_likelihood: float
    unit_days: int
    customers: int

    def alive(self, repeats: Integers, recency_days: Integers, age_days: Integers) -> Floats:
        """The probability that a customer still buys: 1 for who has bought once, since one stops after a purchase."""
        x, last, age = (np.asarray(values, dtype=np.float64) for values in (repeats, recency_days, age_days))
        alpha = self.alpha * self.unit_days
        gone = np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
        gone += (self.r + x) * (np.log(alpha + age) - np.log(alpha + last))
        return np.where(x > 0, np.exp(-np.logaddexp(0.0, gone)), 1.0)

    def expected(self, repeats: Integers, recency_days: Integers, age_days: Integers, days: float) -> Floats:
        """The purchases that such a customer makes in the `days` to come, on average."""
        return self.alive(repeats, recency_days, age_days) * self.while_alive(repeats, age_days, days)

    def expected_of_new(self, days: float) -> float:
        """The repeat purchases that a new customer makes in the `days` after the first purchase, on average."""
        return float(self._purchases(np.zeros(1), np.zeros(1), days)[0])

    def while_alive(self, repeats: Integers, age_days: Integers, days: float) -> Floats:
        """As `expected`, of a customer who is known still to buy. Worked out once for all who are alike."""
        step = int(age_days.max(initial=0)) + 1
        alike, place = np.unique(repeats * step + age_days, return_inverse=True)
        return self._purchases((alike // step).astype(np.float64), alike % step, days)[place]

    def _purchases(self, x: Floats, age: Floats, days: float) -> Floats:
        begun = self.alpha * self.unit_days + age
        z = days / (begun + days)
        near = 1e-5
        if min(abs(self.a - 1), abs(self.a + self.b - 1)) > near:
            return _purchases(self.r, self.a, self.b, x, z)
        # The formula divides by zero here, what it stands for is smooth: the mean of both sides
        step = 10 * near
        sides = [_purchases(self.r, self.a + side, self.b, x, z) for side in (-step, step)]
        return (sides[0] + sides[1]) / 2


def _purchases(r: float, a: float, b: float, x: Floats, z: Floats) -> Floats:
    """Equation 10 of the paper without its denominator, Euler's transformation applied to the hypergeometric function.

    As printed its arguments grow with x and it overflows from some hundred purchases on.
    """
    c = a + b + x - 1
    with np.errstate(all="ignore"):
        none = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, c, z)
        none = np.where(np.isfinite(none), none, (1 - z) ** (r + x) * hyp2f1(r + x, b + x, c, z))
    # Where both overflow, `a` is large and the time long: what is left of it is nothing
    none = np.where(np.isfinite(none), none, 0.0)
    return np.asarray(c / (a - 1) * (1 - none), dtype=np.float64)


def fit(seen: Observed, unit_days: int = WEEK) -> BuyingModel:
    """The model under which what was seen is likeliest; its times are in units of so many days.

    Raises BadInput when there are too few customers or repeat buyers, or when the likelihood has no maximum within
    reason, which is when the customers do not buy as the model supposes (for instance nobody ever stays away).
    """
    customers = int(seen.customers.sum())
    with_repeats = int(seen.customers[seen.repeats > 0].sum())
    if customers < LEAST_CUSTOMERS:
        raise BadInput("customer_value.few_customers", found=customers, least=LEAST_CUSTOMERS)
    if with_repeats < LEAST_WITH_REPEATS:
        raise BadInput("customer_value.few_repeats", found=with_repeats, least=LEAST_WITH_REPEATS)
    scale = _LONGEST / float(seen.age_days.max())
    found = maximum(_likelihood(seen, scale), starts=((1.0, 1.0, 1.0, 1.0), (0.3, 1.0, 0.5, 3.0)), weight=customers)
    to_units = np.array([1.0, 1 / (scale * unit_days), 1.0, 1.0])
    r, alpha, a, b = map(float, found.parameters * to_units)
    repeats = float(seen.repeats @ seen.customers)
    return BuyingModel(
        r, alpha, a, b,
        errors=tuple(map(float, found.errors * to_units)),
        log_likelihood=found.value + repeats * float(np.log(scale * unit_days)),
        unit_days=unit_days,
        customers=customers,
    )  # fmt: skip


def _likelihood(seen: Observed, scale: float) -> Callable[[Floats], tuple[float, Floats]]:
    """The logarithm of the likelihood and its gradient at (r, alpha, a, b), time multiplied by `scale`."""
    n = seen.customers.astype(np.float64)
    purchases, place = np.unique(seen.repeats, return_inverse=True)
    customers = np.bincount(place, weights=n)
    row_x, x = seen.repeats.astype(np.float64), purchases.astype(np.float64)
    last, age = seen.recency_days * scale, seen.age_days * scale
    again = row_x > 0

    def at(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = map(float, parameters)
        # What depends on the number of purchases alone
        level = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        level += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        # Still there, or gone after the last purchase
        stays = -(r + row_x) * np.log(alpha + age)
        before = b + np.maximum(row_x, 1) - 1
        goes = np.where(again, np.log(a) - np.log(before) - (r + row_x) * np.log(alpha + last), -np.inf)
        both = np.logaddexp(stays, goes)
        gone = n * np.exp(goes - both)
        there = n - gone
        slopes = np.array(
            [
                customers @ (psi(r + x) - psi(r) + np.log(alpha))
                - there @ np.log(alpha + age)
                - gone @ np.log(alpha + last),
                customers.sum() * r / alpha
                - there @ ((r + row_x) / (alpha + age))
                - gone @ ((r + row_x) / (alpha + last)),
                customers @ (psi(a + b) - psi(a + b + x)) + gone.sum() / a,
                customers @ (psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x)) - gone @ (1 / before),
            ]
        )
        return float(customers @ level + n @ both), slopes

    return at


def scores(summary: ir.Table, model: BuyingModel, days: int) -> ir.Table:
    """`summary` with `alive` and `expected` (purchases in the `days` to come), both float64, six decimals.

    They are worked out once for all customers who are alike, outside of the engine: every engine gives the same.
    """
    seen = observed(summary)
    what = (seen.repeats, seen.recency_days, seen.age_days)
    alike = ibis.memtable(
        {
            "repeats": seen.repeats,
            "recency_days": seen.recency_days,
            "age_days": seen.age_days,
            "alive": model.alive(*what).round(6),
            "expected": model.expected(*what, days).round(6),
        }
    )
    return summary.join(alike, ["repeats", "recency_days", "age_days"]).select(*summary.columns, "alive", "expected")


@dataclass(frozen=True)
class Group:
    """Customers with so many repeats at first (the last group: or more): purchases later, foreseen and made."""

    repeats: int
    customers: int
    expected: float
    actual: int


@dataclass(frozen=True)
class Calibration:
    """How a model that was fitted on a first period foretold the `days` after it.

    `error` is the mean absolute error: how many purchases the forecast for one customer was off, either way.
    """

    model: BuyingModel
    days: int
    customers: int
    expected: float
    actual: int
    error: float
    groups: tuple[Group, ...]


LAST_GROUP = 7


def calibrate(sales: ir.Table, split: date, on: date, unit_days: int = WEEK) -> Calibration:
    """The model fitted on what was sold until `split`, held against the purchases from the day after until `on`.

    Only customers who bought by `split` are judged. Raises BadInput when `on` is not after `split`, and as `fit` does.
    """
    days = (on - split).days
    if days <= 0:
        raise BadInput("customer_value.no_holdout", split=split, on=on)
    first = summary(sales, split)
    after = sales.filter(sales.kind == "sale", sales.occurred_on > split, sales.occurred_on <= on)
    bought = after.select("customer_key", "occurred_on").distinct()
    later = bought.group_by("customer_key").agg(bought=bought.count())
    known = first.left_join(later, "customer_key")
    known = known.select("repeats", "recency_days", "age_days", later=known.bought.fill_null(0))
    names = list(known.columns)
    counted = _arrays(known.group_by(names).agg(customers=known.count()).order_by(names).select(*names, "customers"))
    actual = counted.pop("later")
    return _judged(fit(observed(first), unit_days), Observed(**counted), actual, days)


def _judged(model: BuyingModel, seen: Observed, actual: Integers, days: int) -> Calibration:
    expected = model.expected(seen.repeats, seen.recency_days, seen.age_days, days)
    customers = int(seen.customers.sum())
    group = np.minimum(seen.repeats, LAST_GROUP)

    def of(repeats: int) -> Group:
        n = np.where(group == repeats, seen.customers, 0)
        return Group(repeats, int(n.sum()), float(expected @ n), int(actual @ n))

    return Calibration(
        model=model,
        days=days,
        customers=customers,
        expected=float(expected @ seen.customers),
        actual=int(actual @ seen.customers),
        error=float(np.abs(expected - actual) @ seen.customers) / customers,
        groups=tuple(of(repeats) for repeats in range(LAST_GROUP + 1)),
    )
