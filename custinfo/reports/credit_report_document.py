"""A credit report in one language, before it has a layout: sections of facts, tables, sentences and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from custinfo.domain import money
from custinfo.reports.charts import Chart
from custinfo.reports.showing import NONE

Kind = Literal["text", "count", "fen", "percent", "number"]
Look = Literal["plain", "lacking", "warn", "ok"]


@dataclass(frozen=True)
class Cell:
    """A value as it is read; `number` is the same for a spreadsheet, in yuan or as a fraction, None for a text."""

    text: str
    number: Decimal | None = None
    kind: Kind = "text"
    look: Look = "plain"


@dataclass(frozen=True)
class Facts:
    """Labels with their values."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True)
class Table:
    """Rows under column heads. `note` says what a reader must know to read it rightly."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each column: that of its first cell that is no text."""
        found: list[Kind] = []
        for n in range(len(self.columns)):
            found.append(next((row[n].kind for row in self.rows if row[n].kind != "text"), "text"))
        return tuple(found)


@dataclass(frozen=True)
class Sentence:
    """A sentence; `lacking` ones say what is missing and how it comes in."""

    text: str
    look: Look = "plain"


Part: TypeAlias = Facts | Table | Sentence | Chart


@dataclass(frozen=True)
class Section:
    """One of the sections; `id` is `s1` to `s12`."""

    id: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Document:
    """The whole report as it is read. `marks` stand above everything: demonstration data, how secret it is."""

    language: str
    title: str
    subject: str
    site_name: str
    demo: str
    secrecy: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    words: dict[str, str]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts, in order."""
        return tuple(part for section in self.sections for part in section.parts if isinstance(part, Chart))


def said(text: object, look: Look = "plain") -> Cell:
    """A text, or a dash for a blank one."""
    return Cell(str(text) if text not in (None, "") else NONE, look=look)


def fen(amount: int | None, look: Look = "plain") -> Cell:
    """An amount of so many fen, or a dash."""
    return Cell(NONE, kind="fen") if amount is None else Cell(money.show(amount), Decimal(amount) / 100, "fen", look)


def count(number: int | None) -> Cell:
    """A whole number, or a dash."""
    return Cell(NONE, kind="count") if number is None else Cell(f"{number:,}", Decimal(number), "count")


def percent(tenths: Decimal | None, look: Look = "plain") -> Cell:
    """A percentage, such as Decimal("12.5"), or a dash."""
    return Cell(NONE, kind="percent") if tenths is None else Cell(f"{tenths}%", tenths / 100, "percent", look)


def number(value: Decimal | None, look: Look = "plain") -> Cell:
    """A plain number with its decimals, or a dash."""
    return Cell(NONE, kind="number") if value is None else Cell(f"{value:,f}", value, "number", look)


def facts(rows: Sequence[tuple[str, Cell]]) -> list[Part]:
    """Facts as the parts of a section; none where there are none."""
    return [Facts(tuple(rows))] if rows else []
