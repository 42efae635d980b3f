"""The report's text (文字说明): sentences from facts. No number is written into a sentence: each is bound to a cell.

What is said is decided without any language; a catalogue's template then says it. So the languages say the same.
"""

import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from custinfo.domain.messages import catalogue
from custinfo.reports import showing
from custinfo.reports.figures import LABEL, Figures

Form = Literal["plain", "size"]
"""`plain` shows the cell as its table does; `size` without its sign, for a sentence that says which way."""

PERIOD = "period"
"""The address of the period. Without a dot an address is this one, or names something in the figures' head."""


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
    """Something to say: the template's key in the catalogue and where its placeholders come from."""

    template: str
    sources: Mapping[str, Source]


def sentences(facts: Iterable[Fact], figures: Figures, language: str) -> list[Sentence]:
    """The text of a report in `language`: `facts` is what it says, in order."""
    return [_say(fact, figures, language) for fact in facts]


def shown(figures: Figures, source: Source, language: str) -> str:
    """What a reader of `language` sees for `source`: recomputed from the cell each time it is needed."""
    if source.address == PERIOD:
        return figures.period.show(language)
    if "." not in source.address:
        return str(figures.head[source.address])
    table, row, column = figures.at(source.address)
    if column.id == LABEL:
        return showing.label(row.label, language)
    cell = table.cell(row.id, column.id)
    if source.form == "size" and cell is not None and cell < 0:
        cell = -cell
    return showing.number(cell, row.kind_in(column))


def template(key: str, language: str) -> str:
    """The template of a sentence. Raises ValueError when it holds a digit: a number that no table vouches for."""
    words = catalogue(language)[key]
    for literal, *_ in string.Formatter().parse(words):
        if any(unicodedata.category(character).startswith("N") for character in literal):
            raise ValueError(f"{key} ({language}) holds a digit")
    return words


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
