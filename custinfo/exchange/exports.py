"""The formats that records can be written in: what commands and pages offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from custinfo.domain.errors import NotFound
from custinfo.exchange import (
    codebook,
    delimited,
    json_lines,
    parquet,
    spss,
    submission_xml,
    triple_s,
    workbook,
)
from custinfo.exchange.fields import Sees
from custinfo.exchange.records import StoredRecord
from custinfo.exchange.variables import say
from custinfo.xforms import Form


class Writer(Protocol):
    """What writes a format."""

    def __call__(
        self, form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees
    ) -> bytes:
        """The file. `labels` asks for labels instead of names and codes, where the format leaves a choice; questions of
        a level that `sees` refuses are left out, names included.
        """


@dataclass(frozen=True, slots=True)
class Export:
    """A format. What it gives may be a zip although `suffix` says otherwise: see `file_name`."""

    name: str
    suffix: str
    media_type: str
    write: Writer

    def label(self, language: str) -> str:
        """What it is called, in words."""
        return say(f"exchange.format.{self.name}", language)

    def file_name(self, form: Form, content: bytes) -> str:
        """A name for the file; `.zip` where several files are in it."""
        many = content.startswith(b"PK") and self.suffix not in (".xlsx", ".zip")
        return delimited.plain_name(form.form_id) + (".zip" if many else self.suffix)

    def media_type_of(self, content: bytes) -> str:
        """The media type of what was written."""
        return "application/zip" if content.startswith(b"PK") and self.suffix != ".xlsx" else self.media_type


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTS: Mapping[str, Export] = {
    one.name: one
    for one in (
        Export("xlsx", ".xlsx", _XLSX, workbook.write),
        Export("xlsx_exact", ".xlsx", _XLSX, workbook.write_exact),
        Export("csv", ".csv", "text/csv", delimited.write_shown),
        Export("csv_exact", ".csv", "text/csv", delimited.write),
        Export("sav", ".sav", "application/x-spss-sav", spss.write),
        Export("parquet", ".parquet", "application/vnd.apache.parquet", parquet.write),
        Export("ddi", ".xml", "application/xml", codebook.write),
        Export("triple_s", ".zip", "application/zip", triple_s.write),
        Export("xml", ".zip", "application/zip", submission_xml.write),
        Export("jsonl", ".jsonl", "application/x-ndjson", json_lines.write),
    )
}


def export(name: str) -> Export:
    """The format of that name. Raises NotFound, which says what there is."""
    if name not in EXPORTS:
        raise NotFound("exchange.no_format", name=name[:40], known=", ".join(EXPORTS))
    return EXPORTS[name]
