"""The report's text (文字说明): sentences from facts. No number is written into a sentence: each is bound to a cell.

What is said is decided without any language; a catalogue's template then says it. So the languages say the same.
"""

import string
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from custinfo.domain.messages import catalogue
from custinfo.reports import showing
from custinfo.reports.figures import LABEL, Figures, Table

Form = Literal["plain", "size"]
"""`plain` shows the cell as its table does; `size` without its sign, for a sentence that says which way."""

PERIOD = "period"
MONTHS = "rule_months"
HEAD = (PERIOD, MONTHS)
"""Addresses in the figures' head: the two things with digits that are in no table."""


@dataclass(frozen=True)
class Source:
    """Where a placeholder of a sentence gets its words from."""

    address: str
    form: Form = "plain"


@dataclass(frozen=True)
class Binding:
    """`text[start:end]` of a sentence shows what stands at `address`."""

    address: str
    form: Form
    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A sentence and the places in it that are bound, from left to right."""

    text: str
    bindings: tuple[Binding, ...]


@dataclass(frozen=True)
class Fact:
    """Something to say: the template's name under `reports.text` and where its placeholders come from."""

    template: str
    sources: Mapping[str, Source]


def sentences(figures: Figures, language: str) -> list[Sentence]:
    """The text of the monthly report in `language`."""
    return [_say(fact, figures, language) for fact in facts(figures)]


def facts(figures: Figures) -> Iterator[Fact]:
    """What the monthly report says, in order, in no language."""
    if figures.table("t1").cell("total", "customers") == 0:
        yield Fact("customers_none", {})
    else:
        yield Fact("customers", {"total": Source("t1.total.customers")})
        yield from _tops(figures)
        yield _number_and_share("grade_top", "t4.A", sales=Source("t4.A.net_graded"), months=Source(MONTHS))
        yield _number_and_share("grade_none", "t4.N", months=Source(MONTHS))
    amounts = {measure: Source(f"t5.{measure}.this_month") for measure in ("net", "sales", "returns")}
    yield Fact("net", {PERIOD: Source(PERIOD), **amounts})
    yield _comparison(figures, "month", "on_month", "last_month")
    yield _comparison(figures, "year", "on_year", "year_ago")
    yield Fact("payments", {"payments": Source("t5.payments.this_month")})
    if not figures.complete:
        yield Fact("provisional", {})


def shown(figures: Figures, source: Source, language: str) -> str:
    """What a reader of `language` sees for `source`: recomputed from the cell each time it is needed."""
    if source.address == PERIOD:
        return showing.month(figures.period, language)
    if source.address == MONTHS:
        return str(figures.rule_months)
    table, row, column = figures.at(source.address)
    if column.id == LABEL:
        return showing.label(row.label, language)
    cell = table.cell(row.id, column.id)
    if source.form == "size" and cell is not None and cell < 0:
        cell = -cell
    return showing.number(cell, column.kind)


def template(name: str, language: str) -> str:
    """The template of a sentence. Raises ValueError when it holds a digit: a number that no table vouches for."""
    words = catalogue(language)[f"reports.text.{name}"]
    for literal, *_ in string.Formatter().parse(words):
        if any(unicodedata.category(character).startswith("N") for character in literal):
            raise ValueError(f"reports.text.{name} ({language}) holds a digit")
    return words


def _tops(figures: Figures) -> Iterator[Fact]:
    for table_id, by in (("t1", "ownership"), ("t2", "region"), ("t3", "industry")):
        largest = _largest(figures.table(table_id))
        if largest is not None:
            yield _number_and_share(f"top_{by}", f"{table_id}.{largest}", name=Source(f"{table_id}.{largest}.{LABEL}"))


def _largest(table: Table) -> str | None:
    coded = [row for row in table.rows if row.label.source != "message"]
    # max() keeps the first of equals, which is the table's own order
    return max(coded, key=lambda row: row.cells[0] or 0).id if coded else None


def _number_and_share(said: str, row: str, /, **more: Source) -> Fact:
    return Fact(said, {"customers": Source(f"{row}.customers"), "share": Source(f"{row}.share"), **more})


def _comparison(figures: Figures, name: str, change: str, before: str) -> Fact:
    net = figures.table("t5")
    size = net.cell("net", change) or 0
    if size == 0:
        return Fact(f"{name}_unchanged", {})
    direction = "growth" if size > 0 else "decline"
    sources = {"change": Source(f"t5.net.{change}", "size")}
    if net.cell("net", f"{change}_share") is None:
        return Fact(f"{name}_{direction}_no_base", sources | {"before": Source(f"t5.net.{before}")})
    return Fact(f"{name}_{direction}", sources | {"share": Source(f"t5.net.{change}_share", "size")})


def _say(fact: Fact, figures: Figures, language: str) -> Sentence:
    said = ""
    bindings = []
    for literal, placeholder, *_ in string.Formatter().parse(template(fact.template, language)):
        said += literal
        if placeholder is not None:
            source = fact.sources[placeholder]
            words = shown(figures, source, language)
            bindings.append(Binding(source.address, source.form, len(said), len(said) + len(words)))
            said += words
    return Sentence(said, tuple(bindings))
