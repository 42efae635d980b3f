"""The file of a refused file's wrong rows: what a person opens beside their own to mend it."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo.domain.messages import text
from custinfo.lake import files
from custinfo.lake.cells import RowError

SHOWN = 100

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")


class ErrorFile:
    """Wrong values as rows of a CSV file in the reader's language; `count` of them, `first` in one sentence."""

    def __init__(self, path: Path, language: str) -> None:
        self.count = 0
        self.first = ""
        self._language = language
        # With a byte order mark, or a spreadsheet would show Chinese as rubbish
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(self._say(f"errors.{name}") for name in ("row", "column", "value", "problem", "remedy"))

    def add(self, row: int, column: str, value: str, problem: RowError) -> None:
        """One wrong value, with its row as a spreadsheet numbers it and the heading of its column."""
        said = self._say(f"problem.{problem.name}", **problem.facts)
        remedy = self._say(f"remedy.{problem.name}", **problem.facts)
        self._writer.writerow((row, as_spreadsheet_text(column), as_spreadsheet_text(value), said, remedy))
        self.count += 1
        self.first = self.first or self._say("errors.first", row=row, column=column, problem=said)

    def close(self) -> None:
        """Write what is left to the disk."""
        self._file.close()

    def _say(self, key: str, **facts: object) -> str:
        return text(f"lake.{key}", self._language, **facts)


@contextmanager
def opened(path: Path, language: str) -> Iterator[ErrorFile]:
    """An error file that stands at `path` afterwards, whole; none when nothing was wrong."""
    path.unlink(missing_ok=True)
    with files.written(path) as beside:
        errors = ErrorFile(beside, language)
        try:
            yield errors
        finally:
            errors.close()
    if not errors.count:
        path.unlink()


def as_spreadsheet_text(value: str) -> str:
    """The value so that a spreadsheet shows it and computes nothing: control characters spelled out, shortened."""
    shown = "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in value[:SHOWN])
    return f"'{shown}" if _FORMULA.match(value) else shown
