"""A form file, read and checked as its designer wrote it: every error at once, each with its place.

checked = check(data, "visit.xlsx", {"city.csv": rows})
checked.errors, checked.warnings          # each a Finding: sheet, row, column, what is wrong, what to write instead
checked.form, checked.xform               # None while there are errors
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from custinfo.xforms import spreadsheets, xlsform
from custinfo.xforms.design import choices, columns, entities, languages, outline, references, settings, survey
from custinfo.xforms.design.columns import Table
from custinfo.xforms.design.outline import ROOT, Outline
from custinfo.xforms.file_kinds import decoded, kind_of
from custinfo.xforms.findings import Finding, nearest
from custinfo.xforms.model import Form, FormError
from custinfo.xforms.reader import load
from custinfo.xforms.workbook import SHEETS, Workbook

_CHECKED_SHEETS = ("survey", "choices", "settings", "entities")
_SOURCE = re.compile(r"jr://[\w\-]+/([^\"'<>]+)")
_PULLED = re.compile(r"pulldata\(\s*['\"]([^'\"]+)['\"]")
_FILE = re.compile(
    r"[^\s'\"/]+\.(?:csv|xml|geojson|json|png|jpe?g|gif|svg|webp|mp3|m4a|wav|ogg|mp4|webm|3gp)", re.IGNORECASE
)
_MOST = 500
"""So many errors and warnings are told; who has more has chosen the wrong file."""


@dataclass(frozen=True)
class Checked:
    """What came of a check. `form` and `xform` are None when there are errors."""

    form: Form | None
    xform: str | None
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    def sound(self) -> tuple[Form, str]:
        """The form and its XForm. Raises FormError with all errors when there are any."""
        if self.form is None or self.xform is None:
            raise FormError(self.errors)
        return self.form, self.xform


def check(
    data: bytes, file_name: str, attachments: Mapping[str, bytes] | None = None, *, live: Collection[str] = ()
) -> Checked:
    """Everything that is wrong with a form that is to be published. An XForm (.xml) is a form file too.

    `attachments` are the files beside the form, by name; `live` names lists that are supplied when a record is begun.
    """
    return _check(data, file_name, attachments or {}, publishing=True, live=live)


def from_file(data: bytes, file_name: str, attachments: Mapping[str, bytes] | None = None) -> Form:
    """The form of a form file. What only publishing asks for (an id, a version, every file) may be missing.

    Raises FormError with everything that is wrong with it.
    """
    return _check(data, file_name, attachments, publishing=False).sound()[0]


def files_named(data: bytes, file_name: str) -> set[str]:
    """The names of the files that a form file mentions: lists, pictures, sounds. Empty for a file that is no form."""
    try:
        kind = kind_of(data, file_name)
        if kind == "xform":
            return {name.rpartition("/")[2] for name in _SOURCE.findall(decoded(data, file_name))}
        sheets = spreadsheets.read(data, file_name, kind).sheets.values()
    except FormError:
        return set()
    cells = [value for sheet in sheets for row in sheet.rows for value in row.cells.values()]
    pulled = {f"{name}.csv" for cell in cells for name in _PULLED.findall(cell)}
    whole = {cell for cell in cells if _FILE.search(cell) and not cell.startswith("select")}
    return pulled | whole | {name for cell in cells for name in _FILE.findall(cell)}


def _check(
    data: bytes,
    file_name: str,
    attachments: Mapping[str, bytes] | None,
    *,
    publishing: bool,
    live: Collection[str] = (),
) -> Checked:
    try:
        kind = kind_of(data, file_name)
        if kind == "xform":
            form = load(data, attachments)
            return Checked(form, decoded(data, file_name), (), ())
        book = spreadsheets.read(data, file_name, kind)
    except FormError as error:
        return Checked(None, None, error.findings, ())
    return _of_workbook(_Design(book, publishing=publishing), attachments, live)


def _of_workbook(design: "_Design", attachments: Mapping[str, bytes] | None, live: Collection[str]) -> Checked:
    errors = design.errors(attachments, live)
    warnings = design.warnings(attachments)
    if errors:
        return Checked(None, None, errors, warnings)
    try:
        xform = xlsform.converted(design.book)
        return Checked(load(xform, attachments), xform, (), warnings)
    except FormError as error:
        return Checked(None, None, tuple(map(design.placed, error.findings)), warnings)


class _Design:
    """The sheets of one form, understood once for all checks."""

    def __init__(self, book: Workbook, *, publishing: bool) -> None:
        self.book, self.publishing = book, publishing
        self.tables: dict[str, Table] = {name: columns.table(book.sheet(name)) for name in _CHECKED_SHEETS}
        self.root = settings.first_line(self.tables["settings"]).get("name") or ROOT
        self.outline: Outline = outline.outline(self.tables["survey"], self.root)

    def errors(self, attachments: Collection[str] | None, live: Collection[str]) -> tuple[Finding, ...]:
        """What the designer has to mend, in the order of the sheets."""
        if any(f.key == "form_check.file.too_many_rows" for f in self.book.errors):
            return self.book.errors  # what follows from the rows that were not read would only mislead
        fatal = tuple(self._sheets())
        if fatal:
            return (*self.book.errors, *fatal)
        found = [*self.book.errors, *(f for table in self.tables.values() for f in table.errors)]
        found += self.outline.errors
        found += references.check(self.tables.values(), self.outline)
        found += survey.errors(self.outline)
        found += choices.errors(self.tables["choices"], self.outline, duplicates=self._duplicates())
        found += settings.errors(self.tables["settings"], self.tables["survey"], publishing=self.publishing)
        found += settings.own_columns(self.outline, publishing=self.publishing)
        found += entities.errors(self.tables["entities"], self.outline)
        found += languages.errors(self.tables.values())
        if attachments is not None and self.publishing:
            found += choices.missing_files(self.outline, {*attachments, *live, *self._datasets()})
        return self._ordered(found)

    def warnings(self, attachments: Collection[str] | None) -> tuple[Finding, ...]:
        """What is allowed and yet seldom meant, in the order of the sheets."""
        tables = self.tables
        found = [*self.book.warnings, *(f for table in tables.values() for f in table.warnings), *self.outline.warnings]
        found += survey.warnings(tables["survey"], self.outline, attachments)
        found += choices.warnings(tables["choices"], self.outline, tables["survey"])
        found += settings.unsaved(self.outline)
        if attachments is not None:
            found += survey.media(tables["choices"], attachments)
        texts = (tables["survey"], tables["choices"])
        found += languages.warnings(texts)
        found += settings.language_warning(tables["settings"], languages.of_tables(texts))
        return self._ordered(found)

    def placed(self, finding: Finding) -> Finding:
        """What the engine says about a place of the XForm, at the row that the place comes from."""
        if finding.key.startswith("xforms.xml_"):  # what pyxform wrote: of no use to a designer
            return Finding("", 0, "", "form_check.converter.failed")
        if finding.key == "xforms.cycle":
            return self._circle(finding)
        ref = str(finding.facts.get("ref", ""))
        line = survey.line_of(self.outline, ref) if ref and not finding.row else None
        if line is None:
            return finding
        name = line.get("name")
        facts = {**finding.facts, "ref": f"${{{name}}}"} if name else finding.facts
        return replace(finding, sheet=line.sheet.title, row=line.number, ref=ref, facts=facts)

    def _circle(self, finding: Finding) -> Finding:
        """A circle that the engine found, as names and rows."""
        lines = [survey.line_of(self.outline, ref) for ref in str(finding.facts["path"]).split(" → ")]
        named = [line for line in lines if line is not None]
        if not named:
            return finding
        rows = ", ".join(str(number) for number in dict.fromkeys(line.number for line in named))
        facts = {"path": " → ".join(line.get("name") for line in named), "rows": rows}
        return named[0].found("form_check.calculation.circle", "calculation", **facts)

    def _sheets(self) -> Iterator[Finding]:
        sheet = self.book.sheet("survey")
        if "survey" not in self.book.sheets:
            near = nearest("survey", self.book.titles, 0.7)
            key = "form_check.sheet.survey_near" if near else "form_check.sheet.survey"
            yield Finding("", 0, "", key, {"near": near, "sheets": ", ".join(self.book.titles[:20])})
        elif not sheet.headings:
            yield sheet.found("form_check.sheet.headings", {})
        elif missing := {"type", "name"} - self.tables["survey"].names():
            yield from self._missing_columns(missing)
        elif not sheet.rows:
            yield sheet.found("form_check.sheet.no_rows", {})
        for name in SHEETS[1:4]:
            near = nearest(
                name, [t for t in self.book.titles if not t.startswith("_") and t.lower() not in SHEETS], 0.75
            )
            if name not in self.book.sheets and near and self.publishing:
                yield Finding(near, 0, "", "form_check.sheet.misspelt", {"sheet": name, "near": near})

    def _missing_columns(self, missing: set[str]) -> Iterator[Finding]:
        table = self.tables["survey"]
        slips = [f for f in table.errors if f.key in ("form_check.column.misspelt", "form_check.column.delimiter")]
        yield from slips
        if not slips:
            facts = {"heading": ", ".join(sorted(missing))}
            yield table.sheet.found("form_check.column.missing", facts, row=table.sheet.heading_row)

    def _duplicates(self) -> bool:
        allowed = settings.first_line(self.tables["settings"]).get("allow_choice_duplicates")
        return allowed.lower() in ("yes", "true", "true()")

    def _datasets(self) -> set[str]:
        """The lists of entities that the form itself makes."""
        return {f"{line.get('list_name')}.csv" for line in self.tables["entities"].lines}

    def _ordered(self, found: list[Finding]) -> tuple[Finding, ...]:
        """In the order of the sheets and rows, what could not be read of the file first, each once."""
        order = {sheet.title: place for place, sheet in enumerate(self.book.sheets.values(), 1)}
        unique = {(f.sheet, f.row, f.column, f.key, str(f.facts)): f for f in found}
        return tuple(
            sorted(unique.values(), key=lambda f: (".file." not in f.key, order.get(f.sheet, 0), f.row))[:_MOST]
        )
