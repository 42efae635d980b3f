"""National standards of statistics (R74): by which figures are measured, what they count, by what they are classed.

`data/rules/standards.toml` is the one place. Every indicator names its unit, its statistical unit and its
classifications by the names that stand there.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from custinfo.domain import codelists
from custinfo.domain.errors import BadInput

FILE = Path(__file__).parents[2] / "data" / "rules" / "standards.toml"
RULES = FILE.parent
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Named(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    zh: Text
    en: Text

    def name(self, language: str) -> str:
        """What it is called in `language`."""
        return self.en if language == "en" else self.zh


class Measure(_Named):
    """A unit of measurement: its code (GB/T 17295-2008, of money GB/T 12406-2022), and the standards it is of."""

    code: Text
    standard: Text


class StatisticalUnit(_Named):
    """What figures count."""


class Format(_Named):
    """How something that is not a number is written."""

    standard: Text


class Classification(_Named):
    """By what things are told apart: a code `list` with its standard, or a `rule` that follows a `standard`."""

    list: Text | None = None
    rule: Text | None = None
    standard: Text | None = None

    @property
    def brief(self) -> str:
        """The same in a few words: `GB/T 4754, 2017`."""
        return self.cited.split(" (")[0] if self.list is None else ", ".join(self.cited.split(" (")[0].split(", ")[:2])

    @property
    def cited(self) -> str:
        """The standard with its edition: `GB/T 4754, 2017, …` of a list, `…, version 2` of the newest of a rule."""
        if self.list is not None:
            codes = codelists.load(self.list)
            return f"{codes.standard}, {codes.edition}"
        rule = tomllib.loads((RULES / f"{self.rule}.toml").read_text("utf-8"))
        return f"{self.standard}, version {rule['version'][-1]['version']}"


class Standards(BaseModel):
    """The whole file, each part by its names."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    unit: Mapping[str, Measure]
    statistical_unit: Mapping[str, StatisticalUnit]
    classification: Mapping[str, Classification]
    format: Mapping[str, Format]


@cache
def load(file: Path = FILE) -> Standards:
    """The standards. Raises BadInput, naming the place, for a file out of order, a list or a rule that there is not."""
    try:
        found = Standards.model_validate(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as wrong:
        place = ".".join(map(str, wrong.errors()[0]["loc"]))
        raise BadInput("statistics.standards.wrong", file=file.name, name=place) from None
    except (OSError, ValueError):
        raise BadInput("statistics.standards.wrong", file=file.name, name="-") from None
    for name, one in found.classification.items():
        of_list = one.list is not None and (codelists.FOLDER / f"{one.list}.csv").is_file() and one.rule is None
        of_rule = one.rule is not None and (RULES / f"{one.rule}.toml").is_file() and one.list is None
        if not (of_list or (of_rule and one.standard)):
            raise BadInput("statistics.standards.wrong", file=file.name, name=f"classification.{name}")
    return found
