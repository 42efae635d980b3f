"""The rule of territories (辖区, R126): which branch has which places, by codes of GB/T 2260, and who answers for it.

`data/rules/territories.toml` is the one place where they stand. A code stands for every place below it. No tables here:
pages ask this; `classification.territories` places rows.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain import codelists

FILE = "territories.toml"
OUTSIDE = "none"
"""In place of a branch: a place that no branch has."""


class Branch(Part):
    """A branch (分公司): the places of its territory, its department, and what sales lines call its area."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    zh: Text
    en: Text
    department: Text
    areas: Many[Text]
    regions: Many[Text]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """How the codes of its places begin."""
        return tuple(prefix(code) for code in self.regions)


class TerritoriesRule(Rule):
    """One version; branches are in the order in which reports show them."""

    branch: Many[Branch]

    def check(self) -> None:
        """Raises Fault for a branch or an area that is there twice, a code that GB/T 2260 has not, and a place that two
        branches have (or one twice).
        """
        names = [one.name for one in self.branch]
        if len(set(names)) < len(names) or OUTSIDE in names:
            raise Fault("sales_control.rule.names")
        areas = [area for one in self.branch for area in one.areas]
        for area in areas:
            if areas.count(area) > 1:
                raise Fault("sales_control.rule.area", area=area)
        known = codelists.load("region")
        held = [(code, one) for one in self.branch for code in one.regions]
        for code, one in held:
            if code not in known:
                raise Fault("sales_control.rule.region", branch=one.name, code=code)
        for place, (code, one) in enumerate(held):
            for other_code, other in held[:place]:
                if prefix(code).startswith(prefix(other_code)) or prefix(other_code).startswith(prefix(code)):
                    facts = {"branch": one.name, "code": code, "other": other.name, "other_code": other_code}
                    raise Fault("sales_control.rule.overlap", **facts)

    def branch_of(self, code: str) -> Branch | None:
        """The branch in whose territory the place of a code is; None where there is none."""
        return next((one for one in self.branch if code.startswith(one.prefixes)), None)

    def holes(self) -> tuple[str, ...]:
        """The codes of the places that no branch has: a whole province where none of it is held, else its parts."""
        return tuple(self._holes(""))

    def _holes(self, parent: str) -> Iterator[str]:
        held = [start for one in self.branch for start in one.prefixes]
        for entry in codelists.load("region").children(parent):
            if self.branch_of(entry.code) is None:
                if any(start.startswith(prefix(entry.code)) for start in held):
                    yield from self._holes(entry.code)
                else:
                    yield entry.code


def prefix(code: str) -> str:
    """How the codes of all places within one begin."""
    return re.sub(r"(00){1,2}$", "", code)


def rule(on: date, folder: Path = rules.FOLDER) -> TerritoriesRule:
    """The rule in force on that day. Raises BadInput when there was none yet, or the file is not in order."""
    return rules.on(on, FILE, TerritoriesRule, folder)
