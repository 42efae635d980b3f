"""A report in one language, before it has a layout: every word and number as its reader will see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from custinfo.domain import report_definitions
from custinfo.domain.commentary import KINDS, Comment
from custinfo.domain.messages import text
from custinfo.reports import charts, comments, regional, showing, standards_told, withheld
from custinfo.reports import text as wording
from custinfo.reports.figures import Cell, Figures, Row, Table, cell_of
from custinfo.reports.figures import Kind as CellKind
from custinfo.reports.kind import Kind


@dataclass(frozen=True)
class Edition:
    """For whom the figures are shown: the site's name and zone, whether it is a demonstration, the language."""

    site_name: str
    zone: ZoneInfo
    demo: bool
    language: str


@dataclass(frozen=True)
class ShownCell:
    """A number as it is read; `anchor` is the cell's id on a page. `was` says what a revised one was before."""

    text: str
    anchor: str
    was: str = ""


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
    kinds: tuple[CellKind, ...]
    rows: tuple[ShownRow, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of a sentence; one bound to a cell has its `anchor` and says in `source` where it is from."""

    text: str
    anchor: str = ""
    source: str = ""


@dataclass(frozen=True)
class Said:
    """A paragraph that somebody wrote; `by` is who."""

    pieces: tuple[Piece, ...]
    by: str


@dataclass(frozen=True)
class Place:
    """What people wrote in one place of the commentary: analysis, causes, effects, measures."""

    title: str
    paragraphs: tuple[Said, ...]


@dataclass(frozen=True)
class Document:
    """The whole report as it is read."""

    language: str
    title: str
    period: str
    site_name: str
    demo: bool
    warning: str
    revision: str
    meta: tuple[tuple[str, str], ...]
    sentences: tuple[tuple[Piece, ...], ...]
    commentary: tuple[Place, ...]
    charts: tuple[charts.Chart, ...]
    tables: tuple[ShownTable, ...]
    words: dict[str, str]


WORDS = (
    "demo",
    "demo_long",
    "heading_text",
    "heading_commentary",
    "commentary_note",
    "heading_charts",
    "heading_tables",
    "contents",
    "signed",
    "signed_on",
)


def compose(kind: Kind, figures: Figures, edition: Edition, said: Sequence[Comment] = ()) -> Document:
    """The report `figures` for `edition`, with what people said about it."""
    language = edition.language
    as_of = showing.as_of(figures, edition.zone)
    return Document(
        language=language,
        title=regional.title(report_definitions.named(kind.name).titles[language], figures, language),
        period=figures.period.show(language),
        site_name=edition.site_name,
        demo=edition.demo,
        warning=" ".join(_warnings(figures, language, as_of)),
        revision=text("reports.revised", language, slip=figures.slip) if figures.slip else "",
        meta=tuple(_meta(figures, edition)),
        sentences=tuple(
            tuple(_pieces(figures, one, language))
            for one in wording.sentences(withheld.facts(kind, figures), figures, language)
        ),
        commentary=tuple(_commentary(figures, said, language)),
        charts=charts.draw(kind.drawings, figures, language),
        tables=tuple(_table(figures, table, language) for table in figures.tables),
        words={word: text(f"reports.{word}", language) for word in WORDS},
    )


def _warnings(figures: Figures, language: str, as_of: str) -> Iterator[str]:
    if not figures.complete:
        yield text("reports.provisional", language, as_of=as_of)
    if figures.outside:
        yield text("outside.rounded", language)
    if figures.withheld:
        yield text("outside.legend", language, sign=showing.WITHHELD)


def _meta(figures: Figures, edition: Edition) -> Iterator[tuple[str, str]]:
    values = {
        "site": edition.site_name,
        "period": figures.period.show(edition.language),
        "as_of": f"{showing.as_of(figures, edition.zone)} ({edition.zone.key})",
        "lake": str(figures.lake_version),
        "rule": _rules(figures, edition.language),
        "standards": standards_told.told(figures, edition.language),
        "hash": figures.sha256,
    }
    for name, value in values.items():
        if value:
            yield text(f"reports.meta.{name}", edition.language), value


def _rules(figures: Figures, language: str) -> str:
    """The rules that the figures rest on, with their versions."""
    named = (f"{text(f'explorer.rule.{name}', language)} {number}" for name, number in figures.rules.items())
    return text("reports.between", language).join(named)


def _pieces(figures: Figures, sentence: wording.Sentence, language: str) -> Iterator[Piece]:
    done = 0
    for binding in sentence.bindings:
        yield Piece(sentence.text[done : binding.start])
        words = sentence.text[binding.start : binding.end]
        if "." not in binding.address:
            yield Piece(words)
        else:
            place = showing.address(figures, binding.address, language)
            yield Piece(
                words, showing.anchor(figures, binding.address), text("reports.source_of", language, place=place)
            )
        done = binding.end
    yield Piece(sentence.text[done:])


def _commentary(figures: Figures, said: Sequence[Comment], language: str) -> Iterator[Place]:
    for kind in KINDS:
        paragraphs = tuple(
            Said(tuple(_pieces(figures, comments.filled(one, figures, language), language)), one.by)
            for one in said if one.kind == kind
        )  # fmt: skip
        if paragraphs:
            yield Place(text(f"commentary.kind_of.{kind}", language), paragraphs)


def _table(figures: Figures, table: Table, language: str) -> ShownTable:
    between = text("reports.between", language)
    head = {name: value if isinstance(value, int) else between.join(value) for name, value in figures.head.items()}
    return ShownTable(
        id=table.id,
        title=text(table.title_key, language),
        note=text(table.note_key, language, **head),
        columns=tuple(text(column.label_key, language) for column in table.columns),
        kinds=tuple(column.kind for column in table.columns),
        rows=tuple(_row(figures, table, row, language) for row in table.rows),
    )


def _row(figures: Figures, table: Table, row: Row, language: str) -> ShownRow:
    cells = tuple(
        _cell(figures, f"{table.id}.{row.id}.{column.id}", cell, row.kind_in(column), language)
        for cell, column in zip(row.cells, table.columns[1:], strict=True)
    )
    anchor = showing.anchor(figures, f"{table.id}.{row.id}.{table.columns[0].id}")
    return ShownRow(showing.label(row.label, language), anchor, _stands_out(table, row), cells)


def _cell(figures: Figures, address: str, cell: Cell, kind: CellKind, language: str) -> ShownCell:
    was = ""
    if address in figures.revised:
        was = text("reports.was", language, old=showing.number(cell_of(figures.revised[address], kind), kind))
    shown = showing.WITHHELD if address in figures.withheld else showing.number(cell, kind)
    return ShownCell(shown, showing.anchor(figures, address), was)


def _stands_out(table: Table, row: Row) -> bool:
    of_periods = row.label.source in ("month", "period")
    return row is table.rows[-1] if of_periods else row.id in ("total", "net")
