"""Records from files, whatever wrote them: read here, judged by the form engine, refused rows given back."""

import zipfile

from custinfo.domain.errors import BadInput
from custinfo.exchange import json_rows, sheets, submission_xml
from custinfo.exchange.assembly import Assembly
from custinfo.exchange.error_file import error_file
from custinfo.exchange.media import is_media
from custinfo.exchange.parsed import Meta, Parsed, ParsedRecord, Part
from custinfo.xforms import Form

_ZIP = b"PK\x03\x04"


def read(form: Form, data: bytes, file_name: str) -> Parsed:
    """The records in a file, as drafts for `xforms.Session(form, record.answers)`.

    Read are CSV (UTF-8, UTF-16, GB18030; comma, semicolon, tab), XLSX, a zip of CSVs (ODK Central), JSON and JSON
    lines, a submission in XML or a zip of them. What a file is, its first bytes say, not its name. Answers are not
    judged here: a wrong one is kept for the engine to name. `problems` are what the engine cannot see: characters that
    cannot be kept (the answer is blank then), and what the layout of the file leaves unclear.

    Raises BadInput when the file cannot be read, is too large, or holds no record.
    """
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1][:120] or "?"
    if len(data) > sheets.MAX_FILE:
        raise BadInput("exchange.file_large", file=name, size=len(data) >> 20, limit=sheets.MAX_FILE >> 20)
    sheets.refuse_old_office(data, name)
    parsed = _zip(form, data, name) if data.startswith(_ZIP) else _plain(form, data, name)
    rows_seen = any(sheet.rows for sheet in parsed.sheets)
    if not parsed.records and not (parsed.problems and (rows_seen or not parsed.sheets)):
        raise BadInput("exchange.empty", file=name)
    return parsed


def _zip(form: Form, data: bytes, name: str) -> Parsed:
    with sheets.archive(data, name) as found:
        entries = [e for e in found.infolist() if not e.is_dir() and "__MACOSX" not in e.filename]
        entries = [e for e in entries if not is_media(e.filename)]
        if any(e.filename == "[Content_Types].xml" for e in entries):
            return Assembly(form, sheets.read_xlsx(data, found, name)).parsed()
        briefcase = [e for e in entries if e.filename.rpartition("/")[2] == "submission.xml"]  # its files lie beside it
        if briefcase:
            return submission_xml.read_zip(form, found, briefcase, name)
        tables = _with_suffix(entries, ".csv")
        if tables:
            return Assembly(form, sheets.read_zip_of_csv(found, tables, name)).parsed()
        submissions = _with_suffix(entries, ".xml")
        if submissions:
            return submission_xml.read_zip(form, found, submissions, name)
    raise BadInput("exchange.zip_without_records", file=name)


def _with_suffix(entries: list[zipfile.ZipInfo], suffix: str) -> list[zipfile.ZipInfo]:
    return [entry for entry in entries if entry.filename.lower().endswith(suffix)]


def _plain(form: Form, data: bytes, name: str) -> Parsed:
    start = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start.startswith(b"<"):
        return submission_xml.read_one(form, data, name)
    if start.startswith((b"[", b"{")):
        return json_rows.read(form, data, name)
    if start.startswith((b"%PDF", b"\x89PNG", b"PAR1", b"$FL2", b"$FL3")):
        raise BadInput("exchange.unreadable", file=name)
    return Assembly(form, sheets.read_csv(data, name)).parsed()


__all__ = ["Meta", "Parsed", "ParsedRecord", "Part", "error_file", "read"]
