"""What a form file really is, by its first bytes: its name may lie."""

import re
import zipfile
from io import BytesIO
from itertools import islice
from typing import Literal, NoReturn

from custinfo.xforms.findings import Finding
from custinfo.xforms.model import FormError
from custinfo.xforms.workbook import MAX_CELLS, MAX_ROWS

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 300
"""How many times larger than packed a part may be; sheets are 5 to 50 times larger."""
_FROM = 1024 * 1024  # parts below this size may have any ratio
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLSX_PART = "xl/workbook.xml"
Kind = Literal["xlsx", "xls", "xform", "csv", "md"]

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"), (b"\x1f\x8b", "archive"), (b"{\\rtf", "word"), (b"PAR1", "parquet"),
    (b"SQLite format 3", "database"), (b"MZ", "program"), (b"\x7fELF", "program"), (b"$FL2", "spss"),
)  # fmt: skip
_OLE_STREAMS = (("EncryptedPackage", "encrypted"), ("WordDocument", "word"), ("PowerPoint Document", "slides"))
_INSIDE_ZIP = (("word/", "word"), ("ppt/", "slides"), ("xl/workbook.bin", "xlsb"))
_MIME = {
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.text": "word",
    b"application/vnd.oasis.opendocument.presentation": "slides",
}
_NESTED = (".zip", ".xlsx", ".xlsm", ".docx", ".pptx", ".rar", ".7z", ".gz", ".tar", ".jar")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
_SHEET_ROW = re.compile(rb"<(?:\w+:)?row\b")
_ENCODINGS = (b"utf-8", b"utf-16", b"us-ascii", b"ascii")


def kind_of(data: bytes, file_name: str) -> Kind:
    """What the file is. Raises FormError for a file that holds no form, saying what it is instead."""
    if len(data) > MAX_FILE:
        _refuse("xforms.form_too_large", size=len(data), limit=MAX_FILE)
    if not data.strip():
        _refuse("form_check.file.empty", file=file_name)
    if data.startswith(_ZIP):
        return _zip_kind(data, file_name)
    if data.startswith(_OLE):
        return _ole_kind(data, file_name)
    for start, what in _SIGNATURES:
        if data.startswith(start):
            _refuse_kind(what, file_name)
    text = decoded(data, file_name)
    start_text = text.lstrip()[:2000]
    if start_text.startswith("<"):
        return _markup_kind(start_text, file_name)
    if start_text.startswith(("{", "[")):
        _refuse_kind("json", file_name)
    return _table_kind(text, file_name)


def decoded(data: bytes, file_name: str) -> str:
    """The text of a file in UTF-8, UTF-16 or GB18030 (which GBK is part of). Raises FormError."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _decode(data, (encoding,), file_name)
    zeros = data[:200].count(0)
    if zeros * 4 >= len(data[:200]) and zeros:  # Latin letters in UTF-16 have every other byte zero
        return _decode(data, ("utf-16-be" if data[0] == 0 else "utf-16-le",), file_name)
    return _decode(data, ("utf-8", "gb18030"), file_name)


def _decode(data: bytes, encodings: tuple[str, ...], file_name: str) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise refusal("form_check.file.encoding", file=file_name)


def _table_kind(text: str, file_name: str) -> Kind:
    """A Markdown table has bars, a CSV file commas, semicolons or tabs."""
    head = text[:5000]
    lines = [line.strip() for line in head.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and lines[0].startswith("|") and head.count("|") >= 5:
        return "md"
    if max(head.count(mark) for mark in ",;\t") >= 2:
        return "csv"
    raise refusal("xforms.unknown_file", file=file_name)


def _markup_kind(start: str, file_name: str) -> Kind:
    lowered = start.lower()
    if "http://www.w3.org/2002/xforms" in lowered or lowered.startswith(("<?xml", "<h:html")):
        if "urn:schemas-microsoft-com:office:spreadsheet" in lowered:
            _refuse_kind("xml_spreadsheet", file_name)
        return "xform"
    if lowered.startswith(("<!doctype html", "<html", "<table", "<head", "<body")):
        _refuse_kind("html", file_name)
    return "xform"  # the reader says what is wrong with the XML


def _ole_kind(data: bytes, file_name: str) -> Kind:
    for stream, what in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            _refuse_kind(what, file_name)
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        _refuse("xforms.form_macros")
    return "xls"


def _zip_kind(data: bytes, file_name: str) -> Kind:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            if _XLSX_PART not in names:
                _refuse_zip(archive, names, file_name)
            check_package(archive)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined]
        _refuse("form_check.file.damaged", file=file_name)
    return "xlsx"


def _refuse_zip(archive: zipfile.ZipFile, names: list[str], file_name: str) -> NoReturn:
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        what = _MIME.get(archive.read("mimetype").strip())
        if what:
            _refuse_kind(what, file_name)
    for start, what in _INSIDE_ZIP:
        if any(name.startswith(start) for name in names):
            _refuse_kind(what, file_name)
    check_package(archive)
    _refuse_kind("archive", file_name)


def check_package(archive: zipfile.ZipFile) -> None:
    """Raises FormError for a package that unpacks without end, or holds macros, other archives or XML with entities.

    Parts are counted while they are unpacked: what the package says about their size may be a lie.
    """
    total = 0
    for entry in archive.infolist():
        name = entry.filename.lower()
        if entry.flag_bits & 1:
            _refuse_kind("encrypted", entry.filename)
        if name.endswith("vbaproject.bin"):
            _refuse("xforms.form_macros")
        if name.endswith(_NESTED):
            _refuse("form_check.file.nested", part=entry.filename)
        xml = name.endswith((".xml", ".rels", ".vml"))
        size, kept = 0, bytearray()
        with archive.open(entry) as part:
            while piece := part.read(1 << 20):
                if not size and piece.startswith((_ZIP, _OLE)):
                    _refuse("form_check.file.nested", part=entry.filename)
                size += len(piece)
                total += len(piece)
                if total > MAX_UNPACKED or (size > _FROM and size > MAX_RATIO * max(entry.compress_size, 1)):
                    _refuse("form_check.file.bomb", size=total, limit=MAX_UNPACKED)
                if xml:
                    kept += piece
        if xml:
            _check_xml_part(bytes(kept), entry.filename)


def _check_xml_part(data: bytes, part: str) -> None:
    """No part of a workbook has a document type: entities, which can grow without end, are declared in one.

    Rows are counted before anything is parsed: a sheet that does not state its size is read to its end.
    """
    plain = data.replace(b"\0", b"")  # UTF-16 seen as ASCII
    encoding = _ENCODING.search(plain[:300])
    odd = encoding is not None and not encoding[1].lower().startswith(_ENCODINGS)
    if odd or b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        _refuse("form_check.file.entities", part=part)
    if sum(1 for _ in islice(_SHEET_ROW.finditer(plain), 2 * MAX_ROWS + 1)) > 2 * MAX_ROWS:
        _refuse("form_check.file.too_many_rows", rows=2 * MAX_ROWS, cells=MAX_CELLS)


def _refuse_kind(what: str, file_name: str) -> NoReturn:
    _refuse(f"form_check.kind.{what}", file=file_name)


def _refuse(key: str, **facts: object) -> NoReturn:
    raise refusal(key, **facts)


def refusal(key: str, **facts: object) -> FormError:
    """The error that says why a whole file is refused."""
    return FormError([Finding("", 0, "", key, facts)])
