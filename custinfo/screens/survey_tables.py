"""Tables of surveys (R75, R77): the questions of a study or a form in rows, groups of respondents in columns, weighted
or not, as market researchers read them; and as a workbook or CSV.
"""

import base64
from html import escape

import ipywidgets as widgets

from custinfo.actions import export_register, survey_exports, survey_work
from custinfo.actions.survey_work import PROPERTIES, WEIGHTS, Surveys
from custinfo.classification import disclosure_rules
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import spoken, text
from custinfo.screens import explorer, survey_tables_shown
from custinfo.screens.explorer_view import Filter, Prepared, Running, Screen, View
from custinfo.screens.survey_tables_shown import Grid
from custinfo.statistics import survey_tables as safe
from custinfo.statistics.survey_weights import Weighting

AREA = "survey_tables"
FIRST = ("customer_type", "value_grade")
"""The columns that it opens with."""
MOST_COLUMNS = 12
"""A question with more choices is no head of columns."""
XLSX, CSV = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv"


def _prepare(view: View) -> Prepared:
    _, version = survey_work.release(view.on, view.smallest_group)
    return Prepared(Surveys(view.opened), {disclosure_rules.FILE: version})


def _surveys(view: View) -> Surveys:
    found = view.tables
    assert isinstance(found, Surveys)  # what `_prepare` made
    return found


def _survey(view: View) -> str:
    return next(iter(view.codes("survey")), "")


def _weighting(view: View) -> Weighting:
    return _surveys(view).weighting(_survey(view), next(iter(view.codes("weights")), WEIGHTS[0]))


def _summary(view: View) -> str:
    """How many answered of how many drawn, and what their weights are worth."""
    if not _surveys(view).choices(view.language):
        return view.word("none_yet")
    taken = _surveys(view).taken(_survey(view))
    try:
        weighting = _weighting(view)
    except CustinfoError as fault:
        return fault.text(view.language)
    count = len(weighting.respondents)
    if view.is_few(count):
        return view.word("few", k=view.smallest_group)
    if taken.study is None:
        return view.word("summary_form", respondents=f"{count:,}")
    return view.word(
        "summary_study", study=taken.study.study, drawn=f"{len(taken.units):,}", respondents=f"{count:,}",
        effective=f"{weighting.effective:,.1f}", design_effect=f"{weighting.design_effect or 1:.2f}",
    )  # fmt: skip


def notes(view: View) -> list[str]:
    """How the tables were made, for a reader who was not there."""
    weighting, taken = _weighting(view), _surveys(view).taken(_survey(view))
    how = next(iter(view.codes("weights")), WEIGHTS[0])
    basis = "none" if how == "none" and weighting.basis != "quota" else weighting.basis
    found = [_summary(view), view.word(f"basis.{basis}", strata=len(weighting.classes))]
    if weighting.empty:
        found.append(view.word("empty_strata", strata=len(weighting.empty)))
    for name, margins in (("raked", weighting.margins), ("unused", weighting.unused)):
        if margins:
            found.append(
                view.word(name, margins=view.word("between").join(view.word(f"property.{n}") for n in margins))
            )
    if taken.study is None:
        found.append(view.word("not_drawn"))
    found += [view.word("letters"), view.word("bases"), view.word("hidden", k=view.smallest_group)]
    return found


class Tables:
    """The tables themselves, with what stands in columns and which questions, and the files."""

    def __init__(self, running: Running) -> None:
        self._running, self._shown, self._setting = running, "", False
        self._grids: list[Grid] = []
        view = running.view()
        self._columns, self._questions = (
            widgets.SelectMultiple(description=view.word(f"filter.{name}"), rows=6) for name in ("columns", "questions")
        )
        buttons = [widgets.Button(description=view.word(f"take.{name}")) for name in ("xlsx", "csv")]
        self._file, self._out = widgets.HTML(), widgets.HTML()
        for one in (self._columns, self._questions):
            one.observe(lambda _: None if self._setting else running.answer(self._draw), "value")
        for one, format in zip(buttons, ("xlsx", "csv"), strict=True):
            one.on_click(lambda _, format=format: running.answer(lambda: self._take(format)))
        chosen, self._tools = widgets.HBox([self._columns, self._questions]), widgets.HBox([*buttons, self._file])
        chosen.add_class("ci-explorer-filters")
        self._tools.add_class("ci-explorer-tools")
        self.widget = widgets.VBox([chosen, self._tools, self._out])

    def tell(self) -> None:
        """Draw what is chosen now; of another survey its own questions can be chosen."""
        view = self._running.view()
        if _survey(view) != self._shown:
            self._shown = _survey(view)
            self._offer(view)
        self._draw()

    def _offer(self, view: View) -> None:
        asked = {name: one.question for name, one in _surveys(view).taken(self._shown).returned.answers.items()}
        labels = [(spoken(one.labels, view.language) or name, name) for name, one in asked.items()]
        heads = [pair for pair in labels if 0 < len(asked[pair[1]].categories) <= MOST_COLUMNS]
        self._setting = True
        try:
            self._columns.options = [(view.word(f"property.{name}"), name) for name in PROPERTIES] + heads
            self._columns.value = FIRST
            self._questions.options = labels
        finally:
            self._setting = False

    def _draw(self) -> None:
        view = self._running.view()
        self._file.value = ""
        try:
            self._grids = self._made(view)
            told = notes(view) if self._grids else []
        except CustinfoError as fault:
            self._grids, told = [], [fault.text(view.language)]
        self._tools.layout.display = None if self._grids else "none"
        lines = "".join(f"<p>{escape(one)}</p>" for one in told[1 if self._grids else 0 :])
        self._out.value = "".join(survey_tables_shown.html(one) for one in self._grids) + lines

    def _made(self, view: View) -> list[Grid]:
        surveys = _surveys(view)
        weighting, taken = _weighting(view), surveys.taken(self._shown)
        if view.is_few(len(weighting.respondents)):
            return []
        answered = (name for name, one in taken.returned.answers.items() if one.answered.any())
        names = self._questions.value or tuple(answered)
        points = [surveys.point(taken, name, view.on) for name in self._columns.value]
        rule, _ = survey_work.release(view.on, view.smallest_group)
        found = safe.of(
            taken.returned, weighting, [one for one in points if one.question.categories], names, rule
        )  # fmt: skip
        weighted = bool(len(set(weighting.sampled.weights)) > 1)
        return [survey_tables_shown.grid(one, view.language, weighted=weighted) for one in found]

    def _take(self, format: str) -> None:
        """The tables as a file, registered before it is given."""
        view, page = self._running.view(), self._running.page
        told = notes(view)
        export_id = export_register.new_id()
        mark = "" if page is None else export_register.mark(page.store, page.alive().person, export_id)
        if mark:
            told.append(mark)
        made = (
            survey_tables_shown.workbook(self._grids, told, view.language, mark) if format == "xlsx"
            else survey_tables_shown.as_csv(self._grids, told)
        )  # fmt: skip
        if page is not None:
            survey_exports.hand_out(
                page.store, page.alive().person, made, export_id=export_id, survey=self._shown, format=format,
                rows=sum(len(one.lines) for one in self._grids), questions=[one.name for one in self._grids],
            )  # fmt: skip
        name = f"{self._shown.rpartition(':')[2].replace('/', '-') or AREA}.{format}"
        kind = XLSX if format == "xlsx" else CSV
        # Of our own making, base64: nothing in it ends the attribute
        address = f"data:{kind};base64,{base64.b64encode(made).decode()}"
        keep = escape(text("explorer.keep", view.language))
        self._file.value = f"<a download='{escape(name, quote=True)}' href='{address}'>{keep}</a>"


SCREEN = Screen(
    area=AREA,
    prepare=_prepare,
    summary=_summary,
    filters=[
        Filter("survey", "filter.survey", lambda view: _surveys(view).choices(view.language), many=False),
        Filter("weights", "filter.weights", lambda view: [(view.word(f"weights.{n}"), n) for n in WEIGHTS], many=False),
    ],
    parts=[Tables],
)

explore, show = explorer.doors(SCREEN)
