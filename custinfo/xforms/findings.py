"""What is wrong with a form, or only worth a look, and where: sheet, row, column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from custinfo.domain.messages import text

SHOWN = 120
"""The most characters of a cell that a sentence repeats."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `row` is the row as the person sees it (0: the whole sheet or file), `column` the
    heading, `cell` the address in a spreadsheet such as `G7`, `ref` the question in the XForm, `value` what stands
    there.
    """

    sheet: str
    row: int
    column: str
    key: str
    facts: Mapping[str, object] = field(default_factory=dict)
    ref: str = ""
    value: str = ""
    cell: str = ""

    def text(self, language: str = "zh-CN") -> str:
        """Place, fact and remedy in one sentence: `survey, row 7, relevant: …`."""
        said = text(self.key, language, **self.facts)
        if not self.sheet:
            return said
        place = {"sheet": self.sheet, "row": self.row, "column": self.column, "said": said}
        if self.row and self.column:
            return text("form_check.place.cell", language, **place)
        if self.row:
            return text("form_check.place.row", language, **place)
        return text("form_check.place.sheet", language, **place)

    def plain(self) -> dict[str, object]:
        """For other programs: the place, the key, and the sentence in both languages."""
        return {
            "sheet": self.sheet, "row": self.row, "column": self.column, "cell": self.cell, "value": self.value,
            "ref": self.ref, "key": self.key, "zh-CN": self.text("zh-CN"), "en": self.text("en"),
        }  # fmt: skip


def shown(value: str) -> str:
    """A value as a sentence repeats it: on one line, and not endless."""
    flat = " ".join(value.split())
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…"


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word that was probably meant; empty when none is near."""
    by_folded: dict[str, str] = {}
    for one in known:
        by_folded.setdefault(one.casefold(), one)
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else ""
