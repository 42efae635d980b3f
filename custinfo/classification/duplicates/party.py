"""What is compared: a customer, the keys that it is found by, and what a comparison says."""

from dataclasses import dataclass, field
from typing import Literal

from custinfo.domain.messages import text

Kind = Literal["enterprise", "individual"]
Band = Literal["automatic", "review", "no"]


@dataclass(frozen=True)
class Party:
    """A customer: `id` is unique among those compared. Every text is as people wrote it; empty is unknown.

    `other_names`: former and short names. `region`: a code of GB/T 2260. `birth_date`: `2000-12-31` or a year alone.
    `id_number`: of a person; a resident identity number is checked, another is compared as it stands.
    """

    id: str
    kind: Kind
    name: str
    other_names: tuple[str, ...] = ()
    credit_code: str = ""
    phones: tuple[str, ...] = ()
    address: str = ""
    region: str = ""
    birth_date: str = ""
    id_number: str = ""


@dataclass(frozen=True)
class Keys:
    """By what a party is found among many. Two parties that share one of `exact` are candidates.

    `exact`: strings such as `code:9144…`, `phone:+86138…`, `id:…`, `name:heng da|44`; whoever stores them keeps the
    plain text away from readers (keyed hash): some are made of phones and identity numbers.
    `grams`: a number of at most 56 bits for each two neighbouring characters of the plain name, and for each in its
    prefecture; candidates are those that share most of the rarer ones. No repeats.
    """

    exact: tuple[str, ...]
    grams: tuple[int, ...]


@dataclass(frozen=True)
class Line:
    """What one comparison said. `weight` in bits: +1 makes "the same" twice as likely, −1 half as likely; 0 is mute."""

    comparison: str
    level: str
    weight: float

    def text(self, language: str) -> str:
        """In words: `名称：读音相同`."""
        return text(
            "duplicates.line",
            language,
            comparison=text(f"duplicates.comparison.{self.comparison}", language),
            level=text(f"duplicates.level.{self.comparison}.{self.level}", language),
        )


@dataclass(frozen=True)
class Evidence:
    """How likely two parties are the same, and why.

    `probability`: 0 to 1. `band`: what is done with it by the rule of that version. `lines`: one for each comparison,
    the strongest first. `held_back`: keys of messages (`duplicates.held_back.code` …) that say why the band is lower
    than the probability alone would have it; empty when nothing holds it back.
    """

    probability: float
    band: Band
    rule_version: int
    lines: tuple[Line, ...]
    held_back: tuple[str, ...] = field(default=())

    def texts(self, language: str) -> list[str]:
        """Every line that is not silent, then what holds it back, in words."""
        said = [line.text(language) for line in self.lines if line.weight]
        return said + [text(key, language) for key in self.held_back]
