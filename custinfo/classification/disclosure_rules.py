"""The rules by which tables are kept from telling anybody's figure, by release class (`data/rules/disclosure.toml`)."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field

from custinfo.classification import rules
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.domain.errors import BadInput

FILE = "disclosure.toml"
CLASSES = ("inside", "group", "outside")
"""The release classes, the narrowest circle of readers first."""

Percent = Annotated[int, Field(ge=1, le=100)]


class ReleaseClass(Part):
    """What is asked of a table that is given to these readers; None leaves a rule out."""

    code: Text
    zh: Text
    en: Text
    threshold: Annotated[int, Field(ge=2)]
    dominance_n: Annotated[int, Field(ge=1)] | None = None
    dominance_percent: Percent | None = None
    p_percent: Percent | None = None
    protection_percent: Percent
    rounding_base: Annotated[int, Field(ge=1)]


class DisclosureRule(Rule):
    """One version of the rules, with every release class."""

    classes: Many[ReleaseClass]

    def check(self) -> None:
        """Raises Fault unless each class stands once, dominance is whole, and a wider circle is not asked for less: by
        none of the rules may a cell be shown to it that is hidden from the narrower one.
        """
        codes = tuple(one.code for one in self.classes)
        if codes != CLASSES:
            raise Fault("disclosure.classes", found=", ".join(codes), known=", ".join(CLASSES))
        for one in self.classes:
            if (one.dominance_n is None) != (one.dominance_percent is None):
                raise Fault("disclosure.half_dominance", code=one.code)
        for inner, outer in pairwise(self.classes):
            if _weaker(outer, inner):
                raise Fault("disclosure.weaker", code=outer.code, inner=inner.code)


def _weaker(outer: ReleaseClass, inner: ReleaseClass) -> bool:
    # More of the largest never hold less: a dominance of more of them, at no higher a share, hides all the other does
    return (
        outer.threshold < inner.threshold
        or outer.protection_percent < inner.protection_percent
        or (outer.p_percent or 0) < (inner.p_percent or 0)
        or (outer.dominance_n or 0) < (inner.dominance_n or 0)
        or (inner.dominance_percent is not None and (outer.dominance_percent or 0) > inner.dominance_percent)
    )


def release_class(code: str, day: date, folder: Path = rules.FOLDER) -> tuple[ReleaseClass, int]:
    """The rules of a release class on a day, and the version they are of. Raises BadInput for an unknown class."""
    rule = rules.on(day, FILE, DisclosureRule, folder)
    for one in rule.classes:
        if one.code == code:
            return one, rule.version
    raise BadInput("disclosure.no_class", found=code, known=", ".join(CLASSES))
