"""What a study says, with errors: estimates of shares, means and scores by the design of its sample, and tables of them
that may be shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from custinfo.actions import survey_work
from custinfo.actions.survey_work import STUDY, Surveys, Taken
from custinfo.domain.errors import BadInput
from custinfo.statistics import survey_tables
from custinfo.statistics.banner_data import Answers
from custinfo.statistics.survey_tables import SafeTable
from custinfo.statistics.survey_weights import Weighting
from custinfo.statistics.surveys import Study

if TYPE_CHECKING:
    import pandas as pd

    from custinfo.statistics.estimation import Estimate, SurveySample

POINTS = ("customer_type", "value_grade", "area")
"""The properties of customers in the columns of the report."""
SCORES = {"promoters": 100.0, "passives": 0.0, "detractors": -100.0}


@dataclass(frozen=True, eq=False)
class Result:
    """A study of the report. `tables` are of its questions that somebody answered, by all columns of POINTS that have
    anybody; `estimates` by question and row. Without enough respondents, or without a design, there are none. `named`:
    whether its rows say which study they are of, as they must beside those of another.
    """

    study: Study
    taken: Taken
    weighting: Weighting
    tables: tuple[SafeTable, ...]
    estimates: Mapping[tuple[str, str], "Estimate"]
    named: bool = False

    def shown(self, table: SafeTable, code: str, place: int = 0) -> float | None:
        """The figure of a row and column where it may be shown: a share of one, a mean, a score."""
        row = next(one for one in table.table.rows if one.code == code)
        return row.cells[place].value if table.shown(code, place) else None

    def estimate(self, table: SafeTable, code: str) -> "Estimate | None":
        """The estimate with its interval, where it may be shown and there is one."""
        return self.estimates.get((table.question.name, code)) if table.shown(code, 0) else None

    @property
    def hidden(self) -> int:
        """How many cells of the tables may not be shown."""
        return sum(len(one.hidden) for one in self.tables)


def main_figure(table: SafeTable) -> str:
    """The row that says a question in one figure: the top box of a scale, a score, a mean; blank for a plain choice."""
    rows = {(row.kind, row.code) for row in table.table.rows}
    return next(
        (code for kind, code in (("net", "top"), ("score", "score"), ("mean", "mean")) if (kind, code) in rows), ""
    )


def result(surveys: Surveys, study: Study, on: date, smallest_group: int) -> Result:
    """What a study says, by the rules of a day. Raises BadInput for weights that are none."""
    code = f"{STUDY}{study.study}"
    taken, weighting = surveys.taken(code), surveys.weighting(code, "sample")
    rule, _ = survey_work.release(on, smallest_group)
    if len(weighting.respondents) < max(rule.threshold, 2):
        return Result(study, taken, weighting, (), {})
    points = [surveys.point(taken, name, on) for name in POINTS]
    names = [name for name, one in taken.returned.answers.items() if one.answered.any()]
    try:
        made = survey_tables.of(
            taken.returned, weighting, [one for one in points if one.question.categories], names, rule
        )
    except BadInput:  # one cluster alone: nothing is known of errors
        return Result(study, taken, weighting, (), {})
    return Result(study, taken, weighting, made, {} if weighting.basis == "quota" else _estimates(taken, weighting))


def _estimates(taken: Taken, weighting: Weighting) -> dict[tuple[str, str], "Estimate"]:
    place = {one: n for n, one in enumerate(taken.returned.respondents)}
    rows = np.array([place[one] for one in weighting.respondents], dtype=np.int64)
    found: dict[tuple[str, str], Estimate] = {}
    for name, everybody in taken.returned.answers.items():
        answers = survey_tables.taken(everybody, rows)
        if answers.answered.any():
            found |= {(name, code): one for code, one in _of_question(answers, weighting)}
    return found


def _of_question(answers: Answers, weighting: Weighting) -> Iterator[tuple[str, "Estimate"]]:
    import pandas as pd

    columns = dict(_columns(answers))
    sample = _sample(pd.DataFrame(columns), weighting)
    for code, said in columns.items():
        there = [one for one in said if one is not None]
        if there:
            (estimate, *_) = sample.mean(code) if isinstance(there[0], float) else _share(sample, code)
            yield code, estimate


def _share(sample: "SurveySample", code: str) -> "tuple[Estimate, ...]":
    found = sample.proportions(code)
    return tuple(one for one in found if one.key[-1] == "yes") or tuple(_turned(one) for one in found)


def _turned(nobody: "Estimate") -> "Estimate":
    """Where all said no, the share of those who said yes."""
    from custinfo.statistics.estimation import Estimate

    return Estimate(("yes",), 0.0, 0.0, 0.0, 0.0, nobody.degrees_of_freedom, nobody.n)


def _columns(answers: Answers) -> Iterator[tuple[str, list[str | float | None]]]:
    """A column of yes and no for each choice and net, of numbers for a mean or score; None for who did not answer."""
    question, answered = answers.question, answers.answered
    if answers.numbers is not None:
        yield "mean", [float(one) if did else None for one, did in zip(answers.numbers, answered, strict=True)]
        return
    codes = [one.code for one in question.categories]
    chosen = answers.chosen
    if chosen is None:
        assert answers.places is not None
        chosen = answers.places[:, None] == np.arange(len(codes))
    for code, among in ({code: (code,) for code in codes} | {net.code: net.of for net in question.nets}).items():
        said = np.asarray(chosen[:, [codes.index(one) for one in among]].any(axis=1))
        both = zip(said.tolist(), answered.tolist(), strict=True)
        yield code, [("yes" if yes else "no") if did else None for yes, did in both]
    if question.kind in ("scale", "recommend") and answers.places is not None:
        factors = {one.code: None if one.missing else one.factor for one in question.categories}
        if question.kind == "recommend":
            factors = {code: SCORES.get(net.code) for net in question.nets for code in net.of}
        values = [factors.get(codes[place]) if place >= 0 else None for place in answers.places]
        yield "score" if question.kind == "recommend" else "mean", [*values]


def _sample(table: "pd.DataFrame", weighting: Weighting) -> "SurveySample":
    from custinfo.statistics.estimation import SurveyDesign, SurveySample  # with svy some seconds of import

    sampled = weighting.sampled
    parts = {"weight": sampled.weights, "strata": sampled.strata, "cluster": sampled.clusters,
             "population": sampled.population}  # fmt: skip
    names = {name: f"design {name}" for name, one in parts.items() if one is not None}
    known = table.assign(**{called: parts[name] for name, called in names.items()})
    strata, cluster, population = (names.get(name) for name in ("strata", "cluster", "population"))
    return SurveySample(known, SurveyDesign(names["weight"], strata, cluster, population=population))
