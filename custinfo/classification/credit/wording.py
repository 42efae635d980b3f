"""Errors about credit that name things as people do: titles and kinds in the reader's language, amounts in yuan."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from custinfo.domain import messages, money
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import DEFAULT_LANGUAGE


@runtime_checkable
class Spoken(Protocol):
    """Something that has words in each language, such as the title of an indicator."""

    def text(self, language: str) -> str:
        """Its words in a language."""


@dataclass(frozen=True)
class Named:
    """A code whose word is in the catalogue: `credit_use.figure.revenue`."""

    key: str

    def text(self, language: str) -> str:
        """The word."""
        return messages.text(self.key, language)


@dataclass(frozen=True)
class Yuan:
    """An amount in fen, shown in yuan."""

    fen: int

    def text(self, language: str) -> str:  # noqa: ARG002  yuan are written alike in both languages
        """`¥1,234.50`."""
        return money.show(self.fen)


@dataclass(frozen=True)
class Listed:
    """Several of them, as a list of the language."""

    parts: tuple[Spoken, ...]

    def text(self, language: str) -> str:
        """Its parts, in order."""
        return ("、" if language == "zh-CN" else ", ").join(part.text(language) for part in self.parts)


class SpokenBadInput(BadInput):
    """BadInput some of whose facts have words in each language."""

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence in `language`."""
        said = {name: fact.text(language) if isinstance(fact, Spoken) else fact for name, fact in self.facts.items()}
        return messages.text(self.key, language, **said)
