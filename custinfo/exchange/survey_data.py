"""The records of a survey as arrays for banner tables, read by the form itself: nothing is declared a second time.

Single and several choices, numbers, scales (a single choice drawn as `likert`, with codes that are whole numbers in a
row) and recommendations (a whole number that the form keeps between 0 and 10) become questions, with labels in every
language of the form. Texts, dates and places are left out, and so are repeats: a respondent has one row. Not imported
by pages: it brings numpy along.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from custinfo.domain.messages import LANGUAGES, text
from custinfo.exchange.fields import Field, Sees
from custinfo.exchange.records import Row, StoredRecord, frames
from custinfo.exchange.variables import base_names
from custinfo.statistics.banner_data import (
    Answers,
    Category,
    Question,
    answers,
    nets_of,
)
from custinfo.statistics.banner_data import Said as Text
from custinfo.xforms import Form, Session

_WHOLE = re.compile(r"-?\d{1,3}\Z", re.ASCII)
_ZERO_TO_TEN = re.compile(r"\.\s*>=\s*0\s+and\s+\.\s*<=\s*10\Z", re.ASCII)


@dataclass(frozen=True, eq=False)
class SurveyData:
    """The respondents' record keys, in the order of every array, and the answers by the question's name."""

    keys: tuple[str, ...]
    answers: Mapping[str, Answers]


@dataclass(frozen=True, eq=False)
class Said:
    """The respondents' record keys, the questions by name, and what each respondent said to each question."""

    keys: tuple[str, ...]
    questions: Mapping[str, Question]
    texts: Mapping[str, Sequence[Text]]


def read(form: Form, records: Iterable[StoredRecord], sees: Sees) -> SurveyData:
    """The answers of one form's records, as `said` has them."""
    found = said(form, records, sees)
    return SurveyData(found.keys, {name: answers(one, found.texts[name]) for name, one in found.questions.items()})


def said(form: Form, records: Iterable[StoredRecord], sees: Sees) -> Said:
    """What one form's records say; questions of a level that `sees` refuses are left out.

    A question of that no answer is kept counts as not asked where it was not relevant or where it is required (a record
    with it blank could not have been finished), else as asked in vain.
    """
    frame = frames(form, records, sees)[0]
    known = [(field, question) for field in frame.table.fields if (question := _question(form, field)) is not None]
    asked = _Asked(form)
    texts: list[list[Text]] = [[] for _ in known]
    for row in frame.rows:  # row by row, because what was asked is reckoned for a whole record
        for (field, _), column in zip(known, texts, strict=True):
            column.append(_text(field, row, asked))
    names = base_names(field for field, _ in known)
    questions = {names[field.ref]: question for field, question in known}
    return Said(tuple(row.key for row in frame.rows), questions, dict(zip(questions, texts, strict=True)))


def _question(form: Form, field: Field) -> Question | None:
    match field.kind:
        case "select_one" | "boolean":
            return _single(form, field)
        case "select_multiple":
            categories = tuple(Category(o.value, o.labels, missing=o.missing) for o in field.options)
            return Question(field.name, field.labels, "multiple", categories) if categories else None
        case "int" if _ZERO_TO_TEN.match((form.nodes[field.ref].bind.constraint or "").strip()):
            points = tuple(Category(str(i), dict.fromkeys(LANGUAGES, str(i)), float(i)) for i in range(11))
            return Question(field.name, field.labels, "recommend", points, nets_of("recommend", points))
        case "int" | "decimal":
            return Question(field.name, field.labels, "number")
        case _:
            return None


def _single(form: Form, field: Field) -> Question | None:
    if field.kind == "boolean":
        known = {"true": "exchange.yes", "false": "exchange.no"}
        both = tuple(Category(code, {one: text(key, one) for one in LANGUAGES}) for code, key in known.items())
        return Question(field.name, field.labels, "single", both)
    if not field.options:
        return None
    control = form.control_of.get(field.ref)
    numbers = [int(o.value) for o in field.options if not o.missing and _WHOLE.match(o.value)]
    opinions = sum(not o.missing for o in field.options)
    first = min(numbers, default=0)
    in_a_row = bool(numbers) and sorted(numbers) == list(range(first, first + opinions))
    if control is None or "likert" not in control.appearance or not in_a_row:
        plain = tuple(Category(o.value, o.labels, missing=o.missing) for o in field.options)
        return Question(field.name, field.labels, "single", plain)
    categories = tuple(
        Category(o.value, o.labels, None if o.missing else float(o.value), o.missing) for o in field.options
    )
    return Question(field.name, field.labels, "scale", categories, nets_of("scale", categories))


def _text(field: Field, row: Row, asked: "_Asked") -> Text:
    found = row.answers.get(field.ref, "")
    return found or ("" if asked.of(field, row) else None)


class _Asked:
    """Whether a question that has no answer was put to the respondent."""

    def __init__(self, form: Form) -> None:
        self._form = form
        # Any check will do: nothing is checked here
        names = {node.bind.extra.get("format") for node in form.nodes.values()}
        self._formats = {name: lambda _: None for name in names if name}
        self._row: Row | None = None
        self._session: Session | None = None

    def of(self, field: Field, row: Row) -> bool:
        bind = self._form.nodes[field.ref].bind
        if (bind.required or "").strip() == "true()":
            return False
        steps = field.ref.split("/")
        refs: Sequence[str] = ["/".join(steps[:end]) for end in range(2, len(steps) + 1)]
        if not any(self._form.nodes[ref].bind.relevant for ref in refs if ref in self._form.nodes):
            return True
        if self._session is None or self._row is not row:
            self._row, self._session = row, Session(self._form, row.record.values, formats=self._formats)
        return self._session.state(field.ref).relevant
