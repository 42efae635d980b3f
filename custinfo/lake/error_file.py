"""The file of a refused file's wrong rows: what a person opens beside their own to mend it."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.lake import files
from custinfo.lake.cells import RowError

SHOWN = 100

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")


class ErrorFile:
    """Wrong values as rows of a CSV file in the reader's language; `count` of them, `first` in one sentence.

    There is no file until something is wrong, and it stands at its place when it is whole.
    """

    def __init__(self, path: Path, language: str) -> None:
        self.count = 0
        self.first = ""
        self._path, self._beside, self._language = path, path.with_name(f".{path.name}.part"), language
        self._file: TextIO | None = None

    def add(self, row: int, column: str, value: str, problem: RowError) -> None:
        """One wrong value, with its row as a spreadsheet numbers it and the heading of its column."""
        said = self._say(f"problem.{problem.name}", **problem.facts)
        remedy = self._say(f"remedy.{problem.name}", **problem.facts)
        with _in_words(self._path):
            if self._file is None:
                self._file = self._begun()
            listed = (row, as_spreadsheet_text(column), as_spreadsheet_text(value), said, remedy)
            csv.writer(self._file).writerow(listed)
        self.count += 1
        self.first = self.first or self._say("errors.first", row=row, column=column, problem=said)

    def finish(self) -> None:
        """Put the file in its place, if there is one."""
        if self._file is not None:
            with _in_words(self._path):
                self._file.close()
                files.sync(self._beside)
                self._beside.replace(self._path)

    def drop(self) -> None:
        """Remove what was not finished."""
        if self._file is not None:
            self._file.close()
            self._beside.unlink(missing_ok=True)

    def _begun(self) -> TextIO:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # With a byte order mark, or a spreadsheet would show Chinese as rubbish
        file = self._beside.open("w", encoding="utf-8-sig", newline="")
        csv.writer(file).writerow(
            self._say(f"errors.{name}") for name in ("row", "column", "value", "problem", "remedy")
        )
        return file

    def _say(self, key: str, **facts: object) -> str:
        return text(f"lake.{key}", self._language, **facts)


@contextmanager
def opened(path: Path, language: str) -> Iterator[ErrorFile]:
    """An error file that stands at `path` afterwards, whole; none when nothing was wrong.

    Raises BadInput when something was and the file cannot be written there.
    """
    errors = ErrorFile(path, language)
    with _in_words(path):
        path.unlink(missing_ok=True)  # of an earlier try
    try:
        yield errors
        errors.finish()
    finally:
        errors.drop()


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise BadInput("lake.errors_not_written", file=path, fault=fault.strerror or fault) from None


def as_spreadsheet_text(value: str) -> str:
    """The value so that a spreadsheet shows it and computes nothing: control characters spelled out, shortened."""
    shown = "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in value[:SHOWN])
    return f"'{shown}" if _FORMULA.match(value) else shown
