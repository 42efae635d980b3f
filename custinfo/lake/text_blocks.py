"""A CSV file as blocks of columns of text: the rows that `readers.rows` gives, many at a time.

A block without quotation marks and other things that programs understand differently is split by Arrow; any other by
the reader that `readers` uses, row by row. So both give the same values for every file.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from custinfo.lake.readers import Row, delimiter_of

BLOCK = 1 << 24
"""Characters that are read at once; a block goes on to the end of its last row."""


@dataclass(frozen=True)
class Block:
    """Rows that follow one another: `columns` have their values, blank rows among them.

    `first` is the number of the first row. `beyond` gives for the place of a row that is wider than the headings, and
    not blank, the first value too many.
    """

    first: int
    columns: list[pa.StringArray]
    beyond: dict[int, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.columns[0])

    def row(self, place: int) -> Row:
        """One of them as `readers.rows` gives it."""
        values = [column[place].as_py() for column in self.columns]
        return self.first + place, [*values, self.beyond[place]] if place in self.beyond else values


class TextBlocks:
    """The headings of a CSV file, None when it has no rows, and its blocks. Raises csv.Error and UnicodeError."""

    def __init__(self, content: TextIO) -> None:
        self._content = content
        self._delimiter = delimiter_of(content)
        self._next = 1
        self.headings: list[str] | None = None
        for values in self._reader(iter(content.readline, "")):
            self._next += 1
            if any(values):
                self.headings = values
                break

    def __iter__(self) -> Iterator[Block]:
        width = len(self.headings or ())
        while text := self._content.read(BLOCK):
            whole = text if text.endswith("\n") else text + self._content.readline()
            columns = _split(whole, width, self._delimiter)
            block = Block(self._next, columns) if columns is not None else self._by_rows(whole, width)
            self._next += block.rows
            yield block

    def _reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        for values in csv.reader(lines, delimiter=self._delimiter, strict=True):
            yield [value.strip() for value in values]

    def _by_rows(self, text: str, width: int) -> Block:
        lines = list(io.StringIO(text, newline=""))
        taken = 0

        def following() -> Iterator[str]:
            nonlocal taken
            for line in lines:
                taken += 1
                yield line
            # A row that is still open: its end stands after the block
            yield from iter(self._content.readline, "")

        rows: list[list[str]] = []
        beyond: dict[int, str] = {}
        reader = self._reader(following())
        while taken < len(lines):
            values = next(reader)
            if len(values) > width and any(values):
                beyond[len(rows)] = values[width]
            rows.append((values + [""] * (width - len(values)))[:width])
        return Block(self._next, [pa.array(column, pa.string()) for column in zip(*rows, strict=True)], beyond)


def _split(text: str, width: int, delimiter: str) -> list[pa.StringArray] | None:
    """The columns of a block; None unless there is but one way to read it."""
    if '"' in text or "\0" in text or text.startswith("\ufeff") or text.count("\r") != text.count("\r\n"):
        return None
    names = [str(place) for place in range(width)]
    content = text.encode()
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(content) + 1, column_names=names),
            arrow_csv.ParseOptions(
                delimiter=delimiter, quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # a row of another width
        return None
    lines = text.count("\n") + (not text.endswith("\n"))
    columns = [column.combine_chunks() for column in table.columns]
    longest = max(pc.max(pc.binary_length(column)).as_py() for column in columns)
    if table.num_rows != lines or longest > csv.field_size_limit():
        return None
    return [pc.utf8_trim_whitespace(column) for column in columns]
