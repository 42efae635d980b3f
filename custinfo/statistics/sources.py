"""What indicators are counted from: tables by name, each row with the code of the group that it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

import ibis
import ibis.expr.types as ir

from custinfo.domain.periods import Period, bounds
from custinfo.statistics.no_figure import NoFigure

SOURCES: Mapping[str, tuple[str, ...]] = {
    "customer_versions": ("customer_key", "recorded_at"),
    "sales": ("customer_key", "kind", "occurred_on", "product", "quantity", "amount_fen", "cost_fen"),
    "service_events": ("customer_key", "kind", "occurred_at", "rating"),
    "demands": ("customer_key", "demand_number", "kind", "stage", "recorded_at"),
    "gradings": ("customer_key", "quarter", "scheme", "class"),
    "cards": ("customer_key", "overdue"),
    "identities": ("customer_key", "duplicate"),
    "second_entries": ("compared", "equal", "recorded_at"),
    "exposure": ("customer_key", "exposure_fen"),
    "payment_behaviour": ("customer_key", "due_fen", "in_time_fen", "open_fen"),
}
"""The sources and the columns that are read of them. The first five and `second_entries` are tables of the lake.
`cards` are those of `data_quality.checked` (with `state_<field>`), `identities` say who may be another customer too,
`exposure` and `payment_behaviour` are of `classification.credit`: all made for the last day of a period.
"""

NOT_STATED = ""
"""The code of rows that belong to no group."""

Source = Callable[[Period], ir.Table]


@dataclass(frozen=True)
class Given:
    """Where figures come from: `tables` by the names of SOURCES, each made for a period; days are those of `zone`."""

    tables: Mapping[str, Source]
    zone: tzinfo


@dataclass(frozen=True)
class By:
    """What figures are told apart by: a property of customers, as a table with a unique `customer_key` and `code`; or,
    without `customers`, the column `name` of the lines themselves, such as `product`.
    """

    name: str
    customers: ir.Table | None = None


class Missing(Exception):
    """There is no figure: raised within a formula, caught by `indicators.compute`."""

    def __init__(self, figure: NoFigure) -> None:
        super().__init__(figure.reason)
        self.figure = figure


@dataclass(frozen=True)
class Data:
    """What a formula reads: the sources for one period, each row with `code`."""

    given: Given
    period: Period
    by: By | None
    parameters: Mapping[str, int | str | tuple[str, ...]]

    def rows(self, name: str) -> ir.Table:
        """A source with the column `code`: NOT_STATED where nothing is told apart, or nothing is known.

        Raises Missing when the source is not there, or has no such column.
        """
        if name not in self.given.tables:
            raise Missing(NoFigure("no_source", {"source": name}))
        table = self.given.tables[name](self.period)
        if self.by is None:
            return table.mutate(code=ibis.literal(NOT_STATED))
        if self.by.customers is None:
            if self.by.name not in table.columns:
                raise Missing(NoFigure("no_dimension", {"dimension": self.by.name, "source": name}))
            return table.mutate(code=table[self.by.name].fill_null(NOT_STATED))
        if "customer_key" not in table.columns:
            raise Missing(NoFigure("no_dimension", {"dimension": self.by.name, "source": name}))
        groups = self.by.customers.select(group_of="customer_key", code="code")
        joined = table.left_join(groups, table.customer_key == groups.group_of)
        return joined.select(*table.columns, code=joined.code.fill_null(NOT_STATED))

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the period and the first after it, in UTC and without a zone, as the lake has them."""
        first, after = bounds(self.period, self.given.zone)
        return first.astimezone(UTC).replace(tzinfo=None), after.astimezone(UTC).replace(tzinfo=None)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of the period."""
        return self.period.first, self.period.last

    def number(self, name: str) -> int:
        """A parameter of the indicator that is a whole number."""
        found = self.parameters[name]
        if not isinstance(found, int):
            raise TypeError(name)
        return found
