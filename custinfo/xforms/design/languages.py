"""The languages of a form: the same ones everywhere, and every text in each."""

import unicodedata
from collections.abc import Iterable, Iterator

from custinfo.xforms.design.columns import Table
from custinfo.xforms.findings import Finding
from custinfo.xforms.model import language_code

_MOST_ROWS = 10


def of_tables(tables: Iterable[Table]) -> list[str]:
    """All languages, in the order in which they appear."""
    return list(dict.fromkeys(c.language for table in tables for c in table.columns if c.language and not c.own))


def errors(tables: Iterable[Table]) -> Iterator[Finding]:
    """One language written in two ways, which makes it two."""
    first: dict[str, str] = {}
    codes: dict[str, str] = {}
    for table in tables:
        for column in table.columns:
            if not column.language or column.own:
                continue
            key = "".join(unicodedata.normalize("NFKC", column.language).casefold().split())
            code = language_code(column.language).casefold()
            known = first.setdefault(key, column.language)
            if known == column.language:
                known = codes.setdefault(code, column.language)
            if known != column.language:
                facts = {"language": column.language, "other": known}
                sheet = table.sheet
                yield sheet.found("form_check.language.twice", facts, row=sheet.heading_row, column=column.heading)


def warnings(tables: Iterable[Table]) -> Iterator[Finding]:
    """Texts that are there in one language and not in another: a column that is missing, or cells."""
    known = list(tables)
    languages = of_tables(known)
    for table in known:
        for name in dict.fromkeys(column.name for column in table.columns if column.language and not column.own):
            present = table.languages(name)
            for language in languages:
                if language in present:
                    yield from _blank(table, name, language)
                elif any((name, one) in line.cells for line in table.lines for one in present):
                    facts = {"column": f"{name}::{language}", "name": name, "language": language}
                    yield table.sheet.found("form_check.language.column", facts, row=table.sheet.heading_row)


def _blank(table: Table, name: str, language: str) -> Iterator[Finding]:
    rows = [
        line.number
        for line in table.lines
        if (name, language) not in line.cells and any(column == name for column, _ in line.cells)
    ]
    if not rows:
        return
    heading = next(c.heading for c in table.columns if (c.name, c.language) == (name, language))
    said = ", ".join(map(str, rows[:_MOST_ROWS])) + (" …" if len(rows) > _MOST_ROWS else "")
    facts = {"language": language, "rows": said, "count": len(rows)}
    yield table.sheet.found("form_check.language.blank", facts, row=rows[0], column=heading)
