"""What tables of a survey are made of: its respondents with their weights, and customers' properties as columns.

What is chosen is a study or a form, written `study:ST000001` and `form:satisfaction_survey`: of a form all who filled
it in, who were not drawn and are not weighted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import ibis
import ibis.expr.types as ir

from custinfo.classification import disclosure_rules, value_grade
from custinfo.domain import codelists
from custinfo.domain.messages import LANGUAGES, text
from custinfo.lake import Tables
from custinfo.statistics import survey_tables, survey_weights, surveys
from custinfo.statistics.banner_data import Answers, Labels
from custinfo.statistics.disclosure import ReleaseRule
from custinfo.statistics.survey_weights import Weighting
from custinfo.statistics.surveys import Returned, Study, Unit

STUDY, FORM = "study:", "form:"
MARGINS = ("customer_type", "kind", "area")
"""The properties of customers whose totals in the frame are known, and to which weights can be raked."""
PROPERTIES = (*MARGINS, "value_grade")
"""The properties that can stand in columns."""
AREAS = tuple("12345678")
"""The greater areas: the first digit of a code of GB/T 2260."""
TYPES = ("enterprise", "individual")
WEIGHTS = ("sample", "raked", "none")
"""By the sample's design and for non-response; raked to the frame's margins besides; not at all."""


def release(on: date, smallest_group: int) -> tuple[ReleaseRule, int]:
    """What tables are held to inside the house on a day, and by which version of the rule: its threshold, and never
    less than the lake's smallest group.
    """
    found, version = disclosure_rules.release_class("inside", on)
    return found.model_copy(update={"threshold": max(found.threshold, smallest_group)}), version


def margins_of(properties: Mapping[str, str | None]) -> dict[str, str]:
    """Somebody's category of each of MARGINS; blank where it is not known."""
    region = (properties.get("region") or "")[:1]
    found = {name: properties.get(name) or "" for name in ("customer_type", "kind")}
    return found | {"area": region if region in AREAS else ""}


@dataclass(frozen=True, eq=False)
class Taken:
    """A survey as it is chosen: its study, if it is of one, with the units drawn; and what came back."""

    study: Study | None
    units: tuple[Unit, ...]
    returned: Returned


class Surveys(dict[str, ir.Table]):
    """The tables of surveys in the lake, by name; what is chosen of them is worked out once. `known` takes the rows
    that count, such as those of before a day.
    """

    def __init__(self, opened: Tables, known: Callable[[ir.Table], ir.Table] = lambda rows: rows) -> None:
        super().__init__({name: known(rows) for name, rows in surveys.of_branches(opened.found).items()})
        self._opened = opened
        self._taken: dict[str, Taken] = {}
        self._weightings: dict[tuple[str, str], Weighting] = {}

    @cached_property
    def studies(self) -> tuple[Study, ...]:
        """The studies for which a sample was drawn, those with the newest step first."""
        return tuple(one for one in surveys.studies(self["studies"]) if one.sample is not None)

    @cached_property
    def forms(self) -> dict[str, Labels]:
        """The forms of surveys with their titles."""
        return surveys.forms(self["survey_questions"])

    def choices(self, language: str) -> list[tuple[str, str]]:
        """What can be chosen, as (label, code): studies with answers, the newest first, then forms."""
        found = [(f"{one.study} {one.title}", f"{STUDY}{one.study}") for one in self.studies]
        return found + [(labels[language], f"{FORM}{form_id}") for form_id, labels in self.forms.items()]

    def taken(self, code: str) -> Taken:
        """What is chosen by a code of `choices`; of one that there is not, a form that nobody filled in."""
        if code not in self._taken:
            self._taken[code] = self._take(code)
        return self._taken[code]

    def _take(self, code: str) -> Taken:
        for study in self.studies:
            if code == f"{STUDY}{study.study}":
                drawn = surveys.units(self["survey_units"], self["survey_fieldwork"], study)
                only = {one.respondent for one in drawn if one.respondent is not None}
                return Taken(study, drawn, surveys.returned(self, study.form_id, only))
        return Taken(None, (), surveys.returned(self, code.removeprefix(FORM)))

    def weighting(self, code: str, how: str) -> Weighting:
        """The respondents who count and their weights, by one of WEIGHTS. Raises BadInput as the weights do."""
        if (code, how) not in self._weightings:
            self._weightings[code, how] = self._weigh(self.taken(code), how)
        return self._weightings[code, how]

    def _weigh(self, taken: Taken, how: str) -> Weighting:
        if taken.study is None:
            return survey_weights.plain(taken.returned.respondents)
        found = survey_weights.of_study(taken.study, taken.units, set(taken.returned.respondents))
        if how == "none":
            return survey_weights.plain(found.respondents, found.basis)
        if how != "raked" or found.basis == "quota" or not found.respondents:
            return found
        of_each = self.properties(taken, found.respondents)
        return survey_weights.raked(found, {
            name: ([one[name] for one in of_each], taken.study.margins[name])
            for name in MARGINS if taken.study.margins.get(name)
        })  # fmt: skip

    def properties(self, taken: Taken, respondents: Sequence[str]) -> list[dict[str, str]]:
        """The categories of each respondent by MARGINS."""
        of = dict(zip(taken.returned.respondents, taken.returned.customers, strict=True))
        keys = sorted({key for one in respondents if (key := of[one])})
        rows = self._opened.customers.semi_join(_these(keys), "customer_key")
        known = {row["customer_key"]: margins_of(row) for row in rows.to_pyarrow().to_pylist()} if keys else {}
        return [known.get(of[one], dict.fromkeys(MARGINS, "")) for one in respondents]

    def point(self, taken: Taken, name: str, on: date) -> Answers:
        """A property of customers, or a closed question, as a banner point of all who came back. Raises BadInput for
        a question that has no choices.
        """
        if name not in PROPERTIES:
            return taken.returned.answers[name]
        everybody = taken.returned.respondents
        codes = _codes(name)
        of_each: list[str | None] = (
            self._grades(taken, on) if name == "value_grade"
            else [one[name] for one in self.properties(taken, everybody)]
        )  # fmt: skip
        there = [code for code in codes if code in of_each]
        labels = {code: {one: label(name, code, one) for one in LANGUAGES} for code in there}
        heading = {one: text(f"survey_tables.property.{name}", one) for one in LANGUAGES}
        return survey_tables.property_point(name, heading, labels, of_each)

    def _grades(self, taken: Taken, on: date) -> list[str | None]:
        opened, keys = self._opened, sorted({key for key in taken.returned.customers if key})
        if not keys:
            return [None] * len(taken.returned.customers)
        grades = value_grade.grade(opened.customers, opened.sales, on, value_grade.rule(on))
        rows = grades.semi_join(_these(keys), "customer_key").select("customer_key", "grade").to_pyarrow().to_pylist()
        known = {row["customer_key"]: row["grade"] for row in rows}
        return [known.get(key) for key in taken.returned.customers]


def _these(keys: Sequence[str]) -> ir.Table:
    return ibis.memtable({"customer_key": list(keys)}, schema={"customer_key": "string"})


def _codes(name: str) -> Sequence[str]:
    if name == "kind":
        return tuple(one.code for one in codelists.load("kind_of_customer").rows)
    return {"customer_type": TYPES, "area": AREAS, "value_grade": value_grade.GRADES}[name]


def label(name: str, code: str, language: str) -> str:
    """What a category of a property is called."""
    if name == "kind":
        return codelists.load("kind_of_customer").label(code, language)
    return text(f"survey_tables.{name}.{code}", language)
