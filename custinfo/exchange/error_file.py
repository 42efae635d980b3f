"""The refused rows of a file, in their own columns, with the reason at each cell: to be mended and read again."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import StringIO
from typing import Literal

from custinfo.domain.messages import DEFAULT_LANGUAGE
from custinfo.domain.text import FORBIDDEN
from custinfo.exchange import cells, workbook
from custinfo.exchange.archive import packed
from custinfo.exchange.grids import safe
from custinfo.exchange.parsed import Parsed
from custinfo.exchange.records import leaf
from custinfo.exchange.sheets import Sheet

REASON = "_reason"
PLACE = "_place"
Reasons = Mapping[str, Mapping[str, str]]


def error_file(
    parsed: Parsed, reasons: Reasons, *, kind: Literal["xlsx", "csv"] = "xlsx", language: str = DEFAULT_LANGUAGE
) -> bytes:
    """The records with a reason, all of their rows, and rows of repeats that belong to no record.

    `reasons` says by place and heading (blank: the whole row) what is wrong, in the reader's language; the file's own
    problems are added. XLSX has a comment at each wrong cell and a column `_reason`; CSV the column alone, several
    sheets as a zip. No cell is a formula, and characters that cannot be kept are spelled out.
    """
    all_reasons = _with_problems(parsed, reasons, language)
    wrong = set(all_reasons)
    for record in parsed.records:
        places = {record.place, *(part.place for part in record.parts)}
        if places & wrong:
            wrong |= places
    sheets = parsed.sheets or (_as_sheet(parsed, wrong),)
    kept = [_kept(sheet, wrong, all_reasons, alone=len(sheets) == 1) for sheet in sheets]
    kept = [sheet for sheet in kept if sheet.rows] or kept[:1]
    if kind == "xlsx":
        return workbook.book(kept)
    return packed({f"{workbook.sheet_name(sheet.name, [])}.csv": _csv(sheet) for sheet in kept})


def _with_problems(parsed: Parsed, reasons: Reasons, language: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for fault in parsed.problems:
        if fault.place:
            found[fault.place].setdefault(fault.column, fault.reason(language))
    for place, columns in reasons.items():
        found[place].update(columns)
    return found


def _as_sheet(parsed: Parsed, wrong: set[str]) -> Sheet:
    """Records that came from JSON or XML as rows, with refs as headings; the number of a row is that of the record."""
    rows = [(r.place, _flat(r.answers, r.parts[0].ref), r.columns) for r in parsed.records if r.place in wrong]
    refs = list(dict.fromkeys(ref for _, answers, columns in rows for ref in _headings(answers, columns)))
    made = Sheet("records", [PLACE, *refs], [])
    for number, (place, answers, columns) in enumerate(rows, 2):
        by_heading = {columns.get(ref, ref): text for ref, text in answers.items()}
        made.rows.append((number, [place, *(by_heading.get(ref, "") for ref in refs)]))
    return made


def _headings(answers: Mapping[str, str], columns: Mapping[str, str]) -> list[str]:
    return [columns.get(ref, ref) for ref in (*answers, *(c for c in columns if c not in answers))]


def _flat(value: object, ref: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {r: t for name, one in value.items() for r, t in _flat(one, f"{ref}/{name}" if name else ref).items()}
    if isinstance(value, list):
        return {r: t for i, one in enumerate(value, 1) for r, t in _flat(one, f"{ref}[{i}]").items()}
    return {ref: leaf(value)} if leaf(value) else {}


def _kept(sheet: Sheet, wrong: set[str], reasons: Reasons, *, alone: bool) -> workbook.Sheet:
    """The rows to give back, with comments and reasons."""
    headings = [h for h in sheet.headings if h != REASON]
    columns = [i for i, h in enumerate(sheet.headings) if h != REASON]
    rows: list[list[object]] = []
    comments: dict[tuple[int, int], str] = {}
    for number, row in sheet.rows:
        own = str(row[0]) if sheet.headings[:1] == [PLACE] else sheet.place(number, alone)
        if own not in wrong:
            continue
        said = reasons.get(own, {})
        shown = [_shown(row[i]) if i < len(row) else None for i in columns]
        rows.append([*shown, "; ".join(f"{h}: {why}" if h else why for h, why in said.items())])
        for place, heading in enumerate(headings):
            if heading in said:
                comments[len(rows), place] = said[heading]
    return workbook.Sheet(sheet.name, (*headings, REASON), rows, comments)


def _shown(value: object) -> object:
    """A cell that can be written: a number, a day or a time as it was, everything else as text."""
    if isinstance(value, str):
        return FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", value)[: workbook.MOST_CHARACTERS]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return float(value)
    if isinstance(value, date | datetime | time) and getattr(value, "year", 1900) >= 1901:
        return value.replace(tzinfo=None) if isinstance(value, datetime | time) else value
    return cells.plain(value)


def _csv(sheet: workbook.Sheet) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([safe(heading) for heading in sheet.headings])
    writer.writerows([safe(cells.plain(cell)) for cell in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def reasons_at(places: Sequence[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """(place, heading, reason) gathered as `error_file` takes them; several reasons of one cell stand together."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for place, heading, reason in places:
        known = found[place].get(heading)
        found[place][heading] = reason if known is None else f"{known} {reason}"
    return found
