"""An issued report as a page shows it: its own HTML taken apart again, so that what is read is what was signed.

Nothing of its markup is handed on: texts come out as texts, charts as pictures of their own.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lxml import html

DRAWING = re.compile(rb"<svg.*?</svg>", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A heading of level 2 or 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a `note` explains what stands above it, `warning` is for what must not be overlooked."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class Number:
    """What stands in a cell; `was` says of a revised one what was issued before."""

    text: str
    was: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: its heads, which of its columns are numbers, its rows with the label in front."""

    title: str
    heads: tuple[str, ...]
    numbers: tuple[bool, ...]
    rows: tuple[tuple[Number, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A chart as an address that holds all of it; `words` are for those who cannot see it."""

    title: str
    words: str
    source: str


Part: TypeAlias = Heading | Paragraph | Grid | Picture


def parts(content: bytes) -> list[Part]:
    """What stands in the `main` of a report's HTML, from top to bottom."""
    root = html.fromstring(content.decode())
    main = root.find(".//main")
    # As they stand there: read as HTML, the names of their attributes would lose what is upper case
    drawings = iter(DRAWING.findall(content))
    return [] if main is None else list(_parts(main, drawings))


def _parts(node: html.HtmlElement, drawings: Iterator[bytes]) -> Iterator[Part]:
    for one in node:
        if one.tag in ("h2", "h3"):
            yield Heading(int(one.tag[1]), _text(one))
        elif one.tag == "p":
            yield Paragraph(_text(one), next(iter(one.classes), ""))
        elif one.tag == "table":
            yield _grid(one)
        elif one.tag == "figure":
            yield _picture(one, next(drawings))
        else:
            yield from _parts(one, drawings)


def _grid(node: html.HtmlElement) -> Grid:
    heads = node.findall("thead/tr/th")
    rows = tuple(tuple(_number(cell) for cell in row) for row in node.findall("tbody/tr"))
    title = _text(node.find("caption"))
    return Grid(title, tuple(map(_text, heads)), tuple("text" not in one.classes for one in heads), rows)


def _number(cell: html.HtmlElement) -> Number:
    mark = cell.find("sup")
    return Number(_text(cell) if mark is None else (cell.text or "").strip(), cell.get("title", ""))


def _picture(node: html.HtmlElement, drawn: bytes) -> Picture:
    source = b64encode(drawn).decode("ascii")
    words = _text(node.find("svg").find("desc"))
    return Picture(_text(node.find("figcaption")), words, f"data:image/svg+xml;base64,{source}")


def _text(node: html.HtmlElement | None) -> str:
    return "" if node is None else str(node.text_content()).strip()
