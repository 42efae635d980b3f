"""What an analysts' screen is made of: its declaration, and what its functions are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import ibis.expr.types as ir

from custinfo.domain.messages import text
from custinfo.lake import Tables

if TYPE_CHECKING:
    from ipywidgets import HTML, Widget

    from custinfo.screens.context import Page

Choice: TypeAlias = tuple[Any, ...]
"""Codes that were picked, or the two ends of a range; empty when nothing was picked."""

Rows: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """Whose lake it is: the site's name (blank when only the lake may be read), its zone, and whether it is a demo."""

    name: str
    zone: ZoneInfo
    demo: bool


@dataclass(frozen=True)
class View:
    """What every function of a screen is given: the lake, what `prepare` made of it, and what is chosen now.

    `choices` holds, by the name of a filter or of a panel's `pick`, what is chosen there. A panel that is drawn is not
    given its own pick there, or it would draw itself away: that is in `own`.
    """

    place: Place
    opened: Tables
    language: str
    area: str
    tables: Mapping[str, ir.Table] = field(default_factory=dict)
    rules: Mapping[str, int] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    own: Choice = ()

    @property
    def on(self) -> date:
        """The day as of which the lake is looked at, in the site's zone."""
        return self.opened.as_of.astimezone(self.place.zone).date()

    @property
    def smallest_group(self) -> int:
        """Nothing exact is told of fewer customers."""
        return self.opened.smallest_group

    def word(self, key: str, **facts: object) -> str:
        """A message of the screen's own area, in the language that is shown."""
        return text(f"{self.area}.{key}", self.language, **facts)

    def codes(self, name: str) -> tuple[str, ...]:
        """The codes that are chosen under that name; empty when it is left open."""
        return tuple(one for one in self.choices.get(name, ()) if isinstance(one, str))

    def range(self, name: str) -> tuple[float, float] | None:
        """The range that is chosen under that name, from the lower to the upper end; None when it is left open."""
        return self.range_of(self.choices.get(name, ()))

    @staticmethod
    def range_of(choice: Choice) -> tuple[float, float] | None:
        """A choice as a range, from the lower to the upper end; None when it is none."""
        found = [one for one in choice if isinstance(one, int | float)]
        return (min(found), max(found)) if len(found) == 2 else None

    def rows(self, table: ir.Table) -> Rows:
        """A small table's rows: sums and pages, never a table of customers."""
        found: Rows = table.to_pyarrow().to_pylist()
        return found

    def is_few(self, customers: int) -> bool:
        """Whether so many customers are too few to be told of."""
        return customers < self.smallest_group

    def told(self, customers: int) -> str:
        """A number of customers as it may be shown: `12,345`, or `< 5` for any that is smaller, none included."""
        return f"< {self.smallest_group}" if self.is_few(customers) else f"{customers:,}"

    def too_few(self, rows: Rows, name: str = "customers") -> str:
        """The sentence in place of a chart whose rows count too few customers together; blank when there are enough.

        It says the same for none: whether anybody is like that is not told.
        """
        enough = not self.is_few(sum(row[name] for row in rows))
        return "" if enough else text("explorer.too_few", self.language, k=self.smallest_group)

    def counted(self, rows: Rows, name: str = "customers") -> Rows:
        """Rows for a chart, without exact small counts: each gets `shown`, a height (of small ones, the highest that
        it can be), `told`, a text, and `few`; `name` itself goes.
        """
        return [
            {key: value for key, value in row.items() if key != name}
            | {
                "shown": max(row[name], self.smallest_group - 1),
                "told": self.told(row[name]),
                "few": self.is_few(row[name]),
            }
            for row in rows
        ]


@dataclass(frozen=True)
class Prepared:
    """What is computed once, when a screen opens: tables by name (`cache()` what every choice reads), and which version
    of which rule they were made with.
    """

    tables: Mapping[str, ir.Table]
    rules: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """A list to choose from above the charts. `options` gives (label, code), in order.

    One with `many` leaves its choice open when nothing is marked; one without always has one chosen, first `begins`, or
    the first.
    """

    name: str
    label: str
    options: Callable[[View], Sequence[tuple[str, str]]]
    many: bool = True
    begins: str = ""


@dataclass(frozen=True)
class Panel:
    """A chart. `draw` gives one of Altair, or a sentence where there is nothing to draw.

    `pick` names the selection in the chart by which it narrows the rest of the screen: make it with
    `explorer_charts.points` (of rows with a `code`) or `explorer_charts.brush`.
    """

    draw: Callable[[View], Any]
    pick: str = ""


def plain(_view: View, value: Any) -> str:
    """A value as text: numbers with separators of thousands, nothing for None."""
    if value is None:
        return "—"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Column:
    """A column of a list: its name in the rows, the key of its heading, how a value is shown; `sort`: whether the list
    can be sorted by it.
    """

    name: str
    label: str
    show: Callable[[View, Any], str] = plain
    number: bool = False
    sort: bool = True


@dataclass(frozen=True)
class Listing:
    """A table that is read page by page, sorted in the engine.

    `order` is the column that it is first sorted by, descending; `last` the unique one that ends every order. A list
    about customers has `customer_key` among its rows: it is shown, and handed out, for enough of them alone. `rows`
    gives the table, or a sentence in its place.
    """

    label: str
    rows: Callable[[View], "ir.Table | str"]
    columns: Sequence[Column]
    order: str
    last: str
    about_customers: bool = True


class Running(Protocol):
    """A screen that is shown: what its own parts may ask it for. `page` is None in a notebook."""

    page: "Page | None"

    def view(self) -> View:
        """What is chosen now."""

    def answer(self, work: Callable[[], None], beside: "HTML | None" = None) -> None:
        """Do what somebody asked for at a widget: the right to read is asked anew, what goes wrong is said in words, at
        the head of the screen or `beside` the widget.
        """

    def choose(self, choices: Mapping[str, Choice]) -> None:
        """Choose exactly this, and draw it."""

    def draw(self) -> None:
        """Draw what is chosen anew: something that it rests on has come."""


class Part(Protocol):
    """A part of a screen's own that follows what is chosen: `tell` draws it anew."""

    @property
    def widget(self) -> "Widget":
        """What stands on the page."""

    def tell(self) -> None:
        """Draw what is chosen now."""


@dataclass(frozen=True)
class Screen:
    """A screen. `area` is the area of messages that its keys are in; the key `title` names it.

    `summary` says in a sentence what is chosen. `parts` make what the screen has of its own and follows the choice,
    `beside` gives widgets for its end that do not.
    """

    area: str
    prepare: Callable[[View], Prepared]
    summary: Callable[[View], str]
    filters: Sequence[Filter] = ()
    panels: Sequence[Panel] = ()
    listings: Sequence[Listing] = ()
    parts: "Sequence[Callable[[Running], Part]]" = ()
    beside: "Callable[[Running], Sequence[Widget]] | None" = None
