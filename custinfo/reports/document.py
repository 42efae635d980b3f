"""A report in one language, before it has a layout: every word and number as its reader will see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from custinfo.domain.messages import text
from custinfo.reports import charts, showing
from custinfo.reports import text as wording
from custinfo.reports.figures import Figures, Kind, Row, Table


@dataclass(frozen=True)
class Edition:
    """For whom the figures are shown: the site's name and zone, whether it is a demonstration, the language."""

    site_name: str
    zone: ZoneInfo
    demo: bool
    language: str


@dataclass(frozen=True)
class ShownCell:
    """A number as it is read; `anchor` is the cell's id on a page."""

    text: str
    anchor: str


@dataclass(frozen=True)
class ShownRow:
    """A row as it is read; `total` rows stand out."""

    label: str
    anchor: str
    total: bool
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True)
class ShownTable:
    """A table as it is read; `kinds` belong to the columns."""

    id: str
    title: str
    note: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence; one bound to a cell has its `anchor` and says in `source` where it is from."""

    text: str
    anchor: str = ""
    source: str = ""


@dataclass(frozen=True)
class Document:
    """The whole report as it is read."""

    language: str
    title: str
    period: str
    site_name: str
    demo: bool
    warning: str
    meta: tuple[tuple[str, str], ...]
    sentences: tuple[tuple[Piece, ...], ...]
    charts: tuple[charts.Chart, ...]
    tables: tuple[ShownTable, ...]
    words: dict[str, str]


WORDS = (
    "demo",
    "demo_long",
    "heading_text",
    "heading_charts",
    "heading_tables",
    "contents",
    "signed",
    "signed_on",
)


def compose(figures: Figures, edition: Edition) -> Document:
    """The monthly report `figures` for `edition`."""
    language = edition.language
    as_of = showing.as_of(figures, edition.zone)
    return Document(
        language=language,
        title=text("reports.report_title", language),
        period=showing.month(figures.period, language),
        site_name=edition.site_name,
        demo=edition.demo,
        warning="" if figures.complete else text("reports.provisional", language, as_of=as_of),
        meta=tuple(_meta(figures, edition)),
        sentences=tuple(tuple(_pieces(figures, s, language)) for s in wording.sentences(figures, language)),
        charts=charts.draw(figures, language),
        tables=tuple(_table(figures, table, language) for table in figures.tables),
        words={word: text(f"reports.{word}", language) for word in WORDS},
    )


def _meta(figures: Figures, edition: Edition) -> Iterator[tuple[str, str]]:
    values = {
        "site": edition.site_name,
        "period": showing.month(figures.period, edition.language),
        "as_of": f"{showing.as_of(figures, edition.zone)} ({edition.zone.key})",
        "lake": str(figures.lake_version),
        "rule": str(figures.rule_version),
        "hash": figures.sha256,
    }
    for name, value in values.items():
        yield text(f"reports.meta.{name}", edition.language), value


def _pieces(figures: Figures, sentence: wording.Sentence, language: str) -> Iterator[Piece]:
    done = 0
    for binding in sentence.bindings:
        yield Piece(sentence.text[done : binding.start])
        words = sentence.text[binding.start : binding.end]
        if binding.address in wording.HEAD:
            yield Piece(words)
        else:
            place = showing.address(figures, binding.address, language)
            yield Piece(
                words, showing.anchor(figures, binding.address), text("reports.source_of", language, place=place)
            )
        done = binding.end
    yield Piece(sentence.text[done:])


def _table(figures: Figures, table: Table, language: str) -> ShownTable:
    return ShownTable(
        id=table.id,
        title=text(table.title_key, language),
        note=text(table.note_key, language, months=figures.rule_months),
        columns=tuple(text(column.label_key, language) for column in table.columns),
        kinds=tuple(column.kind for column in table.columns),
        rows=tuple(_row(figures, table, row, language) for row in table.rows),
    )


def _row(figures: Figures, table: Table, row: Row, language: str) -> ShownRow:
    cells = tuple(
        ShownCell(showing.number(cell, column.kind), showing.anchor(figures, f"{table.id}.{row.id}.{column.id}"))
        for cell, column in zip(row.cells, table.columns[1:], strict=True)
    )
    anchor = showing.anchor(figures, f"{table.id}.{row.id}.{table.columns[0].id}")
    return ShownRow(showing.label(row.label, language), anchor, _stands_out(table, row), cells)


def _stands_out(table: Table, row: Row) -> bool:
    return row.id in ("total", "net") if table.id != "t6" else row is table.rows[-1]
