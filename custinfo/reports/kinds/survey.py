"""Customer survey report (客户信息调查报告, R75's last step): a part for each study whose answers were processed in the
period: how it was made, what was answered with which certainty, by groups of customers, and against the study before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, tzinfo
from functools import partial

from custinfo import lake
from custinfo.actions import survey_work
from custinfo.actions.survey_work import Surveys
from custinfo.classification import disclosure_rules, value_grade
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources, parameters, report
from custinfo.reports.charts import Drawing
from custinfo.reports.figures import LABEL, Column, Figures, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.parts import members, survey_facts, survey_results, survey_rows
from custinfo.reports.parts.survey_results import Result
from custinfo.reports.parts.survey_rows import AREA
from custinfo.reports.text import Fact
from custinfo.statistics.surveys import Study

DONE = ("processed", "study_reported")
LEVEL = 95


def figures(found: lake.Lake, period: Period, zone: tzinfo) -> Figures:
    """The studies of a period as they stood at its end. Raises BadInput."""
    day = parameters.check_begun(period, found.as_of, zone)
    surveys = Surveys(found, lambda rows: indicator_sources.recorded_by(rows, period, zone))
    on = min(period.last, day)
    _, version = survey_work.release(on, found.smallest_group)
    reported = _of_period(surveys, period, zone)
    made = (survey_results.result(surveys, one, on, found.smallest_group) for one in reported)
    results = [replace(one, named=len(reported) > 1) for one in made]
    before = {one.study.study: _before(surveys, one, on, found.smallest_group) for one in results}
    head = {name: said for one in results for name, said in survey_facts.head(one, before[one.study.study]).items()}
    rules = {"disclosure": version, "value_grade": value_grade.rule(on).version}
    studies = tuple(one.study.study for one in results)
    return Figures(
        period, found.as_of, found.version, day > period.last, tuple(_tables(results, before)), rules,
        {"level": LEVEL, "smallest": found.smallest_group, "studies": studies, **head},
    )  # fmt: skip


def _of_period(surveys: Surveys, period: Period, zone: tzinfo) -> list[Study]:
    """The studies whose answers were processed in the period and stay so at its end, by number."""
    steps = surveys["studies"]
    last = steps.filter(steps.state == "processed").group_by("study").agg(recorded_at=lambda t: t.recorded_at.max())
    inside = set(indicator_sources.recorded_in(last, period, zone).study.to_pyarrow().to_pylist())
    there = (one for one in surveys.studies if one.study in inside and one.state in DONE)
    return sorted(there, key=lambda one: one.study)


def _before(surveys: Surveys, result: Result, on: date, smallest_group: int) -> Result | None:
    """The study of the same form before this one, by the days of their fieldwork, if there was one."""
    now = result.study
    same = (one for one in surveys.studies if one.form_id == now.form_id and one.state in DONE)
    newest = max((one for one in same if one.ends_on < now.ends_on), key=lambda one: one.ends_on, default=None)
    return None if newest is None else survey_results.result(surveys, newest, on, smallest_group)


def _tables(results: Sequence[Result], before: dict[str, Result | None]) -> Iterator[Table]:
    yield _table("t1", "response", survey_rows.RESPONSE, [survey_rows.response(one) for one in results])
    yield _table("t2", "channels", survey_rows.BY_CHANNEL, _each(results, survey_rows.by_channel))
    yield _table("t3", "weights", survey_rows.WEIGHTS, [survey_rows.weights(one) for one in results])
    yield _table("t4", "scores", survey_rows.SCORES, _each(results, survey_rows.scores))
    yield _table("t5", "shares", survey_rows.SHARES, _each(results, survey_rows.shares))
    kinds = survey_rows.BY_KIND, "customer_type", "value_grade"
    yield _table("t6", "by_kind", kinds[0], [row for one in results for row in survey_rows.banner(one, *kinds)])
    areas = survey_rows.BY_AREA, "area"
    yield _table("t7", "by_area", areas[0], [row for one in results for row in survey_rows.banner(one, *areas)])
    pairs = [(one, was) for one in results if (was := before[one.study.study]) is not None]
    yield _table("t8", "change", survey_rows.CHANGE, [row for pair in pairs for row in survey_rows.change(*pair)])


def _each(results: Sequence[Result], rows: Callable[[Result], Iterable[Row]]) -> list[Row]:
    return [row for one in results for row in rows(one)]


def _table(table_id: str, name: str, columns: tuple[Column, ...], rows: Sequence[Row]) -> Table:
    labels = Column(LABEL, f"{AREA}.column.study", "text")
    return Table(table_id, f"{AREA}.title.{name}", f"{AREA}.note.{name}", (labels, *columns), tuple(rows))


def facts(figures: Figures) -> Iterator[Fact]:
    """What was done and found, study by study; that there was none, if there was none."""
    yield from survey_facts.facts(figures)
    if not figures.complete:
        yield Fact(f"{members.WORDS}.text.provisional", {})


DRAWINGS = (
    Drawing("c1", "t1", ("response_rate",), "bar", f"{AREA}.chart.response", messages=True),
    Drawing("c2", "t4", ("figure",), "bar", f"{AREA}.chart.scores", wide=True, messages=True, most=20),
)
KIND = Kind("survey", figures, facts, DRAWINGS, (value_grade.rule, partial(disclosure_rules.release_class, "inside")))
open = partial(report.opened, KIND)
"""The report in a notebook: `open(period, as_of, language)`."""
