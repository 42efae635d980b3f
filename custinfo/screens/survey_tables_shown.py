"""Tables of surveys as market researchers read them: as rows and cells, on a page, in a workbook, as CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO

from custinfo.domain.messages import spoken, text
from custinfo.exchange import grids
from custinfo.exchange.workbook import Sheet, book
from custinfo.statistics import banner_shown
from custinfo.statistics.banner import Column, Row
from custinfo.statistics.survey_tables import BASE, SafeTable

AREA = "survey_tables"
HIDDEN, NONE = "·", "—"
MARKS = {"": "", "small": "†", "too_small": "‡"}
Figure = float | str


@dataclass(frozen=True)
class Line:
    """A row: its label, what it is (`base`, `category`, `net`, `mean` …), its figures and the letters beside them."""

    label: str
    kind: str
    figures: tuple[Figure, ...]
    letters: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table in a language: the name of its question, its title, the heads of its columns, its rows."""

    name: str
    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def grid(safe: SafeTable, language: str, *, weighted: bool) -> Grid:
    """A table in words and numbers; what may not be shown is a dot."""
    heads = tuple(_head(one, language) for one in safe.table.columns)
    lines = (*_bases(safe, language, weighted=weighted), *_lines(safe, language))
    return Grid(safe.question.name, spoken(safe.question.labels, language) or safe.question.name, heads, lines)


def _head(column: Column, language: str) -> str:
    words = " / ".join(spoken(one, language) for one in column.heads)
    return f"{words} ({column.letter})" if column.letter else words


def _bases(safe: SafeTable, language: str, *, weighted: bool) -> Iterator[Line]:
    def line(name: str, figures: Sequence[float | None]) -> Line:
        shown = (_round(one, 0) if safe.shown(BASE, place) else HIDDEN for place, one in enumerate(figures))
        return Line(text(f"{AREA}.base.{name}", language), "base", tuple(shown), _flags(safe))

    bases = safe.table.bases
    yield line("unweighted", [float(one.unweighted) for one in bases])
    if weighted:
        yield line("weighted", [one.weighted for one in bases])
        yield line("effective", [one.effective for one in bases])


def _flags(safe: SafeTable) -> tuple[str, ...]:
    bases = enumerate(safe.table.bases)
    return tuple(MARKS[one.flag] if one.unweighted and safe.shown(BASE, place) else "" for place, one in bases)


def _lines(safe: SafeTable, language: str) -> Iterator[Line]:
    shares = banner_shown.percents(safe.table, safe.question)
    for row in safe.table.rows:
        if row.kind in ("category", "net"):
            figures = [None if one is None else float(one) for one in shares[row.code]]
            yield _line(safe, row, figures, 0, spoken(row.labels, language) or row.code)
            continue
        decimals = 1 if row.kind == "score" else 2
        yield _line(safe, row, [one.value for one in row.cells], decimals, spoken(row.labels, language))
        if row.kind == "mean":
            deviations = [one.deviation for one in row.cells]
            yield _line(safe, row, deviations, 2, text(f"{AREA}.deviation", language), kind="deviation")


def _line(
    safe: SafeTable, row: Row, figures: Sequence[float | None], decimals: int, label: str, kind: str = ""
) -> Line:  # fmt: skip
    shown = [safe.shown(row.code, place) for place in range(len(figures))]
    cells = tuple(_round(one, decimals) if may else HIDDEN for one, may in zip(figures, shown, strict=True))
    letters = tuple(cell.letters if may and not kind else "" for cell, may in zip(row.cells, shown, strict=True))
    return Line(label, kind or row.kind, cells, letters)


def _round(figure: float | None, decimals: int) -> Figure:
    return NONE if figure is None else round(figure + 0.0, decimals)


def said(line: Line, figure: Figure) -> str:
    """A figure as a page has it: shares with a per cent sign, means with two decimals."""
    if isinstance(figure, str):
        return figure
    if line.kind in ("category", "net"):
        return f"{figure:.0f}%"
    return f"{figure:,.0f}" if line.kind == "base" else f"{figure:.1f}" if line.kind == "score" else f"{figure:.2f}"


def html(found: Grid) -> str:
    """A table of a page."""
    heads = "".join(f"<th scope='col' class='ci-explorer-number'>{escape(one)}</th>" for one in found.heads)
    rows = "".join(
        f"<tr class='ci-survey-{line.kind}'><th scope='row'>{escape(line.label)}</th>{_cells(line)}</tr>"
        for line in found.lines
    )
    return (
        f"<h2>{escape(found.title)}</h2><div class='ci-explorer-table ci-survey' tabindex='0'><table>"
        f"<caption>{escape(found.title)}</caption><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(line: Line) -> str:
    return "".join(
        f"<td class='ci-explorer-number'>{escape(said(line, figure))}"
        f"{f' <sup>{escape(letters)}</sup>' if letters else ''}</td>"
        for figure, letters in zip(line.figures, line.letters, strict=True)
    )


def workbook(found: Sequence[Grid], notes: Sequence[str], language: str, mark: str = "") -> bytes:
    """A sheet for each question, letters in a row below its figures, and a sheet that says how all was made."""
    sheets = [Sheet(text(f"{AREA}.sheet_notes", language), (text(f"{AREA}.sheet_notes", language),),
                    [[note] for note in notes], {})]  # fmt: skip
    for one in found:
        rows: list[list[object]] = []
        for line in one.lines:
            rows.append([line.label, *line.figures])
            if any(line.letters):
                rows.append(["", *line.letters])
        sheets.append(Sheet(one.name, (one.title, *one.heads), rows, {}))
    return book(sheets, mark=mark)


def as_csv(found: Sequence[Grid], notes: Sequence[str]) -> bytes:
    """All tables one below the other, for a spreadsheet: no text in it is taken for a formula."""
    written = StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    for note in notes:
        lines.writerow([grids.safe(note)])
    for one in found:
        lines.writerow([])
        lines.writerow([grids.safe(text) for text in (one.title, *one.heads)])
        for line in one.lines:
            lines.writerow([grids.safe(str(cell)) for cell in (line.label, *line.figures)])
            if any(line.letters):
                lines.writerow(["", *line.letters])
    return written.getvalue().encode("utf-8-sig")
