# ruff: noqa: ARG001 - checks of columns have one shape
"""The settings sheet, the columns of custinfo, and what the entities sheet declares."""

import re
from collections.abc import Callable, Collection, Iterator

from custinfo.domain import consent, information
from custinfo.domain.people import Audience
from custinfo.domain.procedures import PROCEDURES
from custinfo.xforms import quotas
from custinfo.xforms.design import expressions
from custinfo.xforms.design.columns import Cell, Line, Table
from custinfo.xforms.design.outline import Outline, Question, legal, legalised
from custinfo.xforms.findings import Finding, nearest
from custinfo.xforms.model import NAMESPACE

FORMATS = ("credit_code", "phone", "amount", "postcode", "email")
"""The names of `bind::custinfo:format`."""
LEVELS = ("1", "2", "3")
MAX_LENGTH = 10_000
DECLARATION = f'custinfo="{NAMESPACE}"'
_FORM_ID = re.compile(r"[^\s/\\:*?\"<>|&']{1,80}\Z")
_FLAG = ("yes", "no", "true", "false", "true()", "false()")


def first_line(table: Table) -> Line:
    """The one row of settings; a blank one when there is none."""
    return next((line for line in table.lines if line.cells), Line(table.sheet, 0, {}))


def errors(table: Table, survey: Table, *, publishing: bool) -> Iterator[Finding]:
    """What is wrong with the settings; with `publishing`, also what a form that is kept must have."""
    line = first_line(table)
    form_id = line.cell("form_id")
    if publishing and form_id is not None and not _FORM_ID.match(form_id.value):
        yield form_id.found("form_check.settings.form_id", write=re.sub(r"[^\w.\-]+", "_", form_id.value)[:80])
    if publishing and form_id is None:
        yield line.found("form_check.settings.no_form_id", "form_id")
    if publishing and line.cell("version") is None:
        yield line.found("form_check.settings.no_version", "version")
    double = line.cell("double_entry")
    if double is not None and double.value not in ("blind", "open"):
        yield double.found("form_check.own.double_entry")
    audience = line.cell("audience")
    if audience is not None and audience.value not in set(Audience):
        yield audience.found("form_check.own.audience", known=", ".join(Audience))
    asks = line.cell("survey")
    if asks is not None and asks.value != "yes":
        yield asks.found("form_check.own.survey")
    procedure = line.cell("procedure")
    if procedure is not None and procedure.value not in PROCEDURES:
        near = nearest(procedure.value, PROCEDURES) or ", ".join(PROCEDURES)
        yield procedure.found("form_check.own.procedure", near=near)
    asked, names = line.cell("decided_in"), {one.get("name") for one in survey.lines}
    if asked is not None and asked.value not in names:
        yield asked.found("form_check.own.decided_in", near=nearest(asked.value, names) or "")
    own = [column.heading for column in (*survey.columns, *table.columns) if column.own]
    namespaces = line.cell("namespaces")
    if own and (namespaces is None or NAMESPACE not in namespaces.value):
        yield line.found("form_check.settings.namespace", "namespaces", heading=own[0], write=DECLARATION)
    extra = [one for one in table.lines if one.cells][1:]
    if extra:
        yield extra[0].found("form_check.settings.rows")


def language_warning(table: Table, languages: Collection[str]) -> Iterator[Finding]:
    """A default language that no column has."""
    cell = first_line(table).cell("default_language")
    if cell is not None and languages and cell.value not in languages:
        near = nearest(cell.value, languages, 0.3) or next(iter(languages))
        yield cell.found("form_check.settings.language", near=near)


def unsaved(outline: Outline) -> Iterator[Finding]:
    """Answers that are to be unique among entities and go to none."""
    for question in outline.questions:
        cell = question.line.cell("unique")
        if (
            cell is not None
            and not question.line.get("save_to")
            and cell.value.lower() not in ("no", "false", "false()")
        ):
            yield cell.found("form_check.own.unique_unsaved")


def own_columns(outline: Outline, *, publishing: bool) -> Iterator[Finding]:
    """The values of `bind::custinfo:*`."""
    names = outline.names
    for question in outline.questions:
        for (name, _), cell in question.line.cells.items():
            if name == "soft_check":
                yield from expressions.check(cell, names)
            check = _CHECKS.get(name) if "custinfo:" in cell.column else None
            if check is not None and (publishing or name != "format"):
                yield from check(cell, question)


def _level(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value not in LEVELS:
        yield cell.found("form_check.own.level")


def _format(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value not in FORMATS:
        near = nearest(cell.value, FORMATS)
        yield cell.found("form_check.own.format", near=near or FORMATS[0], known=", ".join(FORMATS))


def _max_length(cell: Cell, question: Question) -> Iterator[Finding]:
    number = cell.value.isascii() and cell.value.isdigit()
    if not number or not 1 <= int(cell.value[:9]) <= MAX_LENGTH:
        yield cell.found("form_check.own.max_length", limit=MAX_LENGTH)


def _dataset(cell: Cell, question: Question) -> Iterator[Finding]:
    if not legal(cell.value):
        yield cell.found("form_check.own.about", write=legalised(cell.value))


def _unique(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value.lower() not in _FLAG and not legal(cell.value):
        yield cell.found("form_check.own.unique", write=legalised(cell.value))


def _quota(cell: Cell, question: Question) -> Iterator[Finding]:
    if question.repeats:
        yield cell.found("form_check.own.quota_in_repeat", repeat=question.repeats[0].name)
    try:
        if not quotas.parse(cell.value):
            yield cell.found("form_check.own.quota", part=cell.value)
    except ValueError as error:
        yield cell.found("form_check.own.quota", part=str(error))


def _consent(cell: Cell, question: Question) -> Iterator[Finding]:
    """One purpose, asked for by itself, by a question that is answered with yes or no."""
    if cell.value not in consent.purposes():
        near = nearest(cell.value, consent.purposes()) or ", ".join(consent.purposes())
        yield cell.found("form_check.own.purpose", near=near)
    if question.line.get("type").partition(" ")[0] not in ("select_one", "acknowledge", "trigger"):
        yield cell.found("form_check.own.consent_type")


def _purpose(cell: Cell, question: Question) -> Iterator[Finding]:
    """Words for the reader, or a purpose by its id: what looks like an id has to be one."""
    if consent.IDENTIFIER.fullmatch(cell.value) and cell.value not in consent.purposes():
        near = nearest(cell.value, consent.purposes()) or ", ".join(consent.purposes())
        yield cell.found("form_check.own.purpose", near=near)


def _third_person(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value.lower() not in _FLAG:
        yield cell.found("form_check.own.third_person")


def _sensitive(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value != "no" and cell.value not in consent.sensitive_words():
        yield cell.found("form_check.own.sensitive", known=", ".join(consent.sensitive_words()))


def _information(cell: Cell, question: Question) -> Iterator[Finding]:
    if cell.value not in information.SAID:
        yield cell.found("form_check.own.information", known=", ".join(information.SAID))


_CHECKS: dict[str, Callable[[Cell, Question], Iterator[Finding]]] = {
    "level": _level, "format": _format, "max_length": _max_length, "about": _dataset, "unique": _unique,
    "quota": _quota, "consent": _consent, "purpose": _purpose, "third_person": _third_person, "sensitive": _sensitive,
    "information": _information,
}  # fmt: skip
