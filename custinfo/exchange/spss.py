# ruff: noqa: ARG001 - writers have one shape
"""Records as SPSS system files (.sav) with variable labels, value labels, measures and declared missing values.

Several choices are variables of 0 and 1; a repeat is a file of its own, joined by `parent_key`. Blank is
system-missing; codes below zero are user-missing. What SPSS cannot say: zones of moments (the wall clock is kept).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from custinfo.domain.messages import spoken
from custinfo.exchange.archive import packed
from custinfo.exchange.delimited import file_stem
from custinfo.exchange.fields import Sees
from custinfo.exchange.records import Frame, Row, StoredRecord, frames
from custinfo.exchange.variables import Value, Variable, cut, legal_name, variables
from custinfo.xforms import Form

MOST_LABEL, MOST_VALUE_LABEL, MOST_TEXT, MOST_NOTE_LINE = 256, 120, 32_000, 80  # bytes
_EPOCH = datetime(1582, 10, 14)  # noqa: DTZ001 - SPSS knows no zones
_MADE = slice(92, 109)  # where the header says when the file was made: 9 bytes of day, 8 of time
_FORMATS = {"date": "SDATE10", "time": "TIME8", "datetime": "DATETIME20"}


def write(
    form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees, mark: str = ""
) -> bytes:  # fmt: skip
    """A .sav; a zip of them when the form has repeats. Labels are always there: they are the format's point. `mark`
    stands among the notes of each.
    """
    title = spoken({form.default_language: form.title}, language) or form.form_id
    return packed({
        f"{file_stem(form, frame.table.ref)}.sav": _sav(frame, variables(frame, language), title, mark)
        for frame in frames(form, records, sees)
    })  # fmt: skip


@dataclass(frozen=True)
class _Column:
    variable: Variable
    values: Sequence[Any]


def _sav(frame: Frame, found: Sequence[Variable], title: str, mark: str) -> bytes:
    import pandas as pd  # heavy, and starts threads: not where kernels are forked
    import pyreadstat

    taken = {v.name.casefold() for v in found}
    columns = [column for variable in found for column in _columns(variable, frame.rows, taken)]
    dtypes: dict[bool, Any] = {True: "object", False: "float64"}
    data = pd.DataFrame(
        {c.variable.name: pd.Series(c.values, dtype=dtypes[c.variable.type == "text"]) for c in columns}
    )
    shown = [c.variable for c in columns]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "data.sav"
        pyreadstat.write_sav(
            data, str(path), file_label=cut(title, 64), note=_lines(mark), row_compress=True,
            column_labels={v.name: cut(v.label, MOST_LABEL) for v in shown},
            variable_value_labels=_value_labels(shown), missing_ranges=_missing(shown),
            variable_measure={v.name: v.measure for v in shown},
            variable_format={v.name: f for v in shown if (f := _format(v))},
        )  # fmt: skip
        return _without_date(path.read_bytes())


def _lines(mark: str) -> list[str]:
    """A note's lines of at most so many bytes."""
    lines = []
    while mark:
        lines.append(cut(mark, MOST_NOTE_LINE))
        mark = mark[len(lines[-1]) :]
    return lines


def _without_date(data: bytes) -> bytes:
    """The same records give the same bytes: the header does not say when the file was made."""
    return data[: _MADE.start] + b"01 Jan 8000:00:00" + data[_MADE.stop :]


def _columns(variable: Variable, rows: Sequence[Row], taken: set[str]) -> Iterator[_Column]:
    """The column of a variable; more than one where a text is longer than SPSS allows."""
    if variable.type != "text":
        yield _Column(variable, [_as_number(variable.value(row)) for row in rows])
        return
    parts = [_parts(variable.text(row)) for row in rows]
    for number in range(max([len(p) for p in parts], default=1)):
        own = variable if number == 0 else replace(variable, name=legal_name(variable.name, taken), categories=())
        yield _Column(own, [p[number] if number < len(p) else "" for p in parts])


def _parts(text: str) -> list[str]:
    found = [cut(text, MOST_TEXT)]
    while len("".join(found)) < len(text):
        found.append(cut(text[len("".join(found)) :], MOST_TEXT))
    return found


def _as_number(value: Value) -> float | None:
    """Seconds since the beginning of the Gregorian calendar for days and moments, since midnight for times."""
    match value:
        case datetime():
            return (value - _EPOCH).total_seconds()
        case date():
            return (datetime(value.year, value.month, value.day) - _EPOCH).total_seconds()  # noqa: DTZ001
        case time():
            return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
        case float():
            return value
    return None


def _value_labels(shown: Sequence[Variable]) -> dict[str, dict[Any, str]]:
    return {
        v.name: {_code(v, c.code): cut(c.label, MOST_VALUE_LABEL) for c in v.categories} for v in shown if v.categories
    }


def _code(variable: Variable, code: str) -> float | str:
    return float(code) if variable.type == "number" else code


def _missing(shown: Sequence[Variable]) -> dict[str, list[Any]]:
    """Up to three codes one by one; more as a range, which holds no other code: all others are zero or above."""
    found: dict[str, list[Any]] = {}
    for variable in shown:
        codes = [c.code for c in variable.categories if c.missing]
        if codes and variable.type == "number" and len(codes) > 3:
            numbers = [float(code) for code in codes]
            found[variable.name] = [{"lo": min(numbers), "hi": max(numbers)}]
        elif codes and len(codes) <= 3:
            found[variable.name] = [_code(variable, code) for code in codes]
    return found


def _format(variable: Variable) -> str | None:
    if variable.type == "number":
        return "F16.6" if variable.decimals else "F12.0"
    return _FORMATS.get(variable.type)
