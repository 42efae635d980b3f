"""What is wrong with, or worth knowing about, a file that is read: where, which column, and a message.

A place is `7` for row 7, `contact!7` for row 7 of the sheet or file “contact”, `[3]` for the third object of a JSON
list, and the name of a file inside a zip.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.messages import text as message
from custinfo.domain.text import FORBIDDEN


@dataclass(frozen=True, slots=True)
class Fault:
    """`place` and `column` may be blank, when the whole file or the whole row is meant."""

    place: str
    column: str
    key: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def reason(self, language: str = DEFAULT_LANGUAGE) -> str:
        """What is wrong and what to do, without the place."""
        return message(self.key, language, **self.facts)

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """Place, fact and remedy."""
        where = ", ".join(part for part in (place_text(self.place, language), self.column) if part)
        fact = self.reason(language)
        return message("exchange.fault", language, place=where, fact=fact) if where else fact


_ROW = re.compile(r"(?:(.+)!)?(\d+)\Z", re.DOTALL | re.ASCII)


def place_text(place: str, language: str = DEFAULT_LANGUAGE) -> str:
    """A place as a person says it."""
    row = _ROW.match(place)
    if row is None:
        return place
    if row[1] is None:
        return message("exchange.row", language, row=row[2])
    return message("exchange.sheet_row", language, sheet=row[1], row=row[2])


def forbidden(text: str) -> dict[str, object] | None:
    """The facts about the first character that cannot be kept; None when all can."""
    found = FORBIDDEN.search(text)
    return {"position": found.start() + 1, "code": f"U+{ord(found[0]):04X}"} if found else None
