# ruff: noqa: ARG001 - writers have one shape
"""Records as CSV in UTF-8 with a byte order mark, so that spreadsheets show Chinese; repeats make it a zip of CSVs."""

import csv
from collections.abc import Iterable
from io import StringIO

from custinfo.exchange.archive import packed
from custinfo.exchange.fields import Sees
from custinfo.exchange.grids import Layout, columns, safe
from custinfo.exchange.records import Frame, StoredRecord, frames
from custinfo.xforms import Form


def write(form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees) -> bytes:
    """The exact answers in the layout of ODK Central, always in codes; for programs. Nothing is escaped for
    spreadsheets, so that what is read is what was stored.
    """
    layout = Layout(exact=True)
    return packed({_name(form, f): _csv(f, layout) for f in frames(form, records, sees)})


def write_shown(
    form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees, mark: str = ""
) -> bytes:  # fmt: skip
    """For people who open it in a spreadsheet: no text in it is taken for a formula; `mark` stands in every row."""
    layout = Layout(exact=False, language=language, style="labels" if labels else "codes", mark=mark)
    return packed({_name(form, f): _csv(f, layout) for f in frames(form, records, sees)})


def _name(form: Form, frame: Frame) -> str:
    """`visit.csv`, and `visit-contact-phone.csv` for a repeat inside a repeat."""
    return f"{file_stem(form, frame.table.ref)}.csv"


def file_stem(form: Form, ref: str, separator: str = "-") -> str:
    """A file name without suffix for a table: the form's id and the steps that lead to the repeat."""
    steps = [step.rpartition(":")[2] for step in ref.strip("/").split("/")[1:]]
    return separator.join([plain_name(form.form_id) or "form", *steps])


def plain_name(text: str) -> str:
    """The text with nothing in it that a file name cannot hold."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in text).strip(".")[:80]


def _csv(frame: Frame, layout: Layout) -> bytes:
    shown = columns(frame, layout)
    text = StringIO(newline="")
    writer = csv.writer(text)
    escape = str if layout.exact else safe
    writer.writerow([escape(column.heading) for column in shown])
    for row in frame.rows:
        writer.writerow([escape(column.text(row)) for column in shown])
    return text.getvalue().encode("utf-8-sig")
