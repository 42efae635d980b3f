"""What customers spend, and what they are worth: the Gamma-Gamma model on top of how long they keep buying.

A purchase's amount varies around a mean of the customer's own (gamma, shape `p`), and the means vary over customers
(gamma of its scale, `q` and `gamma`): Fader, Hardie and Lee (2005), "RFM and CLV". It supposes that how much somebody
spends has nothing to do with how often: `correlation` says how far that holds.

A customer is seen by `repeats`, the days with a sale after the first such day (as in `lifetime`), and `spend_fen`,
sales less returns from the day after that first day on. The first purchase is left out, since it is often unlike the
others. Returns count against the day on which they come, whatever they are for. Customers with repeats who returned all
that they bought, or more, cannot be placed on a scale of amounts: they are left out of the fit, counted, and their
expected mean is that of a customer of whom nothing is known.

Money is fen, whole fen in and out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from custinfo.classification import lifetime
from custinfo.classification.lifetime import LEAST_WITH_REPEATS, BuyingModel
from custinfo.classification.likelihood import maximum
from custinfo.domain.errors import BadInput
from custinfo.domain.sums import total_fen

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MONTH = 365.25 / 12
"""Days of a month of which nothing is known but that it is one."""

LONGEST_MONTHS = 120


def summary(sales: ir.Table, on: date) -> ir.Table:
    """One row for each customer who bought until `on`, that day included.

    `sales` has `customer_key`, `kind`, `occurred_on`, `amount_fen`. Gives the columns of `lifetime.summary` and
    `spend_fen` (int64).
    """
    moved = sales.filter(sales.kind.isin(("sale", "return")), sales.occurred_on <= on)
    sold = moved.filter(moved.kind == "sale")
    first = sold.group_by("customer_key").agg(first=sold.occurred_on.min())
    after = moved.join(first, "customer_key").filter(lambda row: row.occurred_on > row["first"])
    signed = ibis.cases((after.kind == "sale", after.amount_fen), else_=-after.amount_fen)
    spent = after.group_by("customer_key").agg(spend_fen=total_fen(signed))
    seen = lifetime.summary(sales, on)
    joined = seen.left_join(spent, "customer_key")
    return joined.select(*seen.columns, spend_fen=joined.spend_fen.fill_null(0))


@dataclass(frozen=True)
class Spent:
    """Repeat buyers: how often, and how much in all. Who is left out of a fit is in neither."""

    repeats: Integers
    spend_fen: Integers
    left_out: int


def spent(summary: ir.Table) -> Spent:
    """The repeat buyers of `summary`, read in a fixed order."""
    again = summary.filter(summary.repeats > 0).select("repeats", "spend_fen").order_by("repeats", "spend_fen")
    read = again.to_pyarrow()
    repeats, spend = (read[name].to_numpy().astype(np.int64) for name in ("repeats", "spend_fen"))
    counts = spend > 0
    return Spent(repeats[counts], spend[counts], int((~counts).sum()))


@dataclass(frozen=True)
class SpendingModel:
    """A fitted model. `gamma` is in fen; `errors` are the standard errors of `p`, `q`, `gamma`.

    `correlation` is Pearson's between the number of repeats and their mean amount, over the customers of the fit; None
    when all bought equally often or spent the same. Far from 0, the amounts depend on how often somebody buys, and what
    the model says of values is off.
    """

    p: float
    q: float
    gamma: float
    errors: tuple[float, ...]
    log_likelihood: float
    customers: int
    left_out: int
    correlation: float | None

    @property
    def mean_fen(self) -> float:
        """The mean amount of a purchase over all customers."""
        return self.p * self.gamma / (self.q - 1)

    def expected(self, repeats: Integers, spend_fen: Integers) -> Floats:
        """The mean amount in fen of such a customer's purchases to come: between their own mean and everybody's."""
        known = np.where((repeats > 0) & (spend_fen > 0), repeats, 0).astype(np.float64)
        of_them = np.where(known > 0, spend_fen, 0).astype(np.float64)
        return self.p * (self.gamma + of_them) / (self.p * known + self.q - 1)


def fit(seen: Spent) -> SpendingModel:
    """The model under which what was spent is likeliest.

    Raises BadInput when there are too few repeat buyers, when the likelihood has no maximum within reason (for instance
    when all spend the same), and when the amounts are spread so widely that they have no mean.
    """
    customers = len(seen.repeats)
    if customers < LEAST_WITH_REPEATS:
        raise BadInput("customer_value.few_spenders", found=customers, least=LEAST_WITH_REPEATS, left_out=seen.left_out)
    x = seen.repeats.astype(np.float64)
    unit = float(seen.spend_fen.sum() / x.sum())
    means = seen.spend_fen / x
    found = maximum(_likelihood(x, means / unit), starts=((2.0, 3.0, 1.0), (8.0, 4.0, 0.5)), weight=customers)
    p, q, gamma = map(float, found.parameters * np.array([1.0, 1.0, unit]))
    if q <= 1:
        raise BadInput("customer_value.no_mean")
    return SpendingModel(
        p, q, gamma,
        errors=tuple(map(float, found.errors * np.array([1.0, 1.0, unit]))),
        log_likelihood=found.value - customers * float(np.log(unit)),
        customers=customers,
        left_out=seen.left_out,
        correlation=None if x.std() == 0 or means.std() == 0 else float(np.corrcoef(x, means)[0, 1]),
    )  # fmt: skip


def _likelihood(x: Floats, means: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """The logarithm of the likelihood and its gradient at (p, q, gamma)."""
    log_total, log_mean = np.log(x * means), np.log(means)

    def at(parameters: Floats) -> tuple[float, Floats]:
        p, q, gamma = map(float, parameters)
        whole = np.log(gamma + x * means)
        value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        value += p * x * (log_total - whole) - log_mean - q * whole
        among = psi(p * x + q)
        slopes = np.array(
            [
                np.sum(x * (among - psi(p * x) + log_total - whole)),
                np.sum(among - psi(q) + np.log(gamma) - whole),
                np.sum(q / gamma - (p * x + q) / (gamma + x * means)),
            ]
        )
        return float(np.sum(value)), slopes

    return at


def values(
    summary: ir.Table, buying: BuyingModel, spending: SpendingModel, months: int, monthly_rate: float
) -> ir.Table:
    """What each customer of `summary` is expected to spend in the `months` to come, worth today.

    `monthly_rate` is the discount of a month: 0.01 makes 101 fen in a month worth 100 today; a month's purchases count
    at its end. Gives `customer_key`, `expected_mean_fen` and `value_fen` (int64; net sales, not profit). Worked out
    outside of the engine, in the order of the keys: every engine gives the same. Raises BadInput for `months` that are
    not 1 to 120 and a rate that is not from 0 up to less than 1.
    """
    if not 1 <= months <= LONGEST_MONTHS:
        raise BadInput("customer_value.months", found=months, most=LONGEST_MONTHS)
    if not 0 <= monthly_rate < 1:
        raise BadInput("customer_value.rate", found=monthly_rate)
    columns = ("repeats", "recency_days", "age_days", "spend_fen")
    read = summary.select("customer_key", *columns).order_by("customer_key").to_pyarrow()
    repeats, recency, age, spend = (read[name].to_numpy().astype(np.int64) for name in columns)
    mean = spending.expected(repeats, spend)
    value = mean * _purchases_worth(buying, (repeats, recency, age), months, monthly_rate)
    keyed = read.select(["customer_key"])
    for name, fen in (("expected_mean_fen", mean), ("value_fen", value)):
        keyed = keyed.append_column(name, [np.floor(fen + 0.5).astype(np.int64)])
    return ibis.memtable(keyed)


def _purchases_worth(
    buying: BuyingModel, seen: tuple[Integers, Integers, Integers], months: int, monthly_rate: float
) -> Floats:
    """The purchases to come, each discounted to today."""
    repeats, recency, age = seen
    worth, before = np.zeros(len(repeats)), np.zeros(len(repeats))
    for month in range(1, months + 1):
        bought = buying.while_alive(repeats, age, month * MONTH)
        worth += (bought - before) / (1 + monthly_rate) ** month
        before = bought
    return worth * buying.alive(repeats, recency, age)
