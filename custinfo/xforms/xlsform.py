"""XLSForm (.xlsx, .xls, .csv, .md) → XForm XML. The only module that knows pyxform, and of it only `convert()`."""

import zipfile
from io import BytesIO
from pathlib import PurePath

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from custinfo.xforms.model import FormError

MAX_FILE = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def to_xform(data: bytes, file_name: str) -> str:
    """The XForm of an XLSForm. What the file is, its first bytes say; the name decides between text formats.

    Raises FormError with what is wrong.
    """
    if len(data) > MAX_FILE:
        raise FormError([("xforms.form_too_large", {"size": len(data), "limit": MAX_FILE})])
    kind = _kind(data, file_name)
    if kind == ".xlsx":
        _check_zip(data)
    try:
        return str(convert(data, file_type=kind, form_name="data", warnings=[]).xform)
    except PyXFormError as error:
        problems = [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()]
        raise FormError([("xforms.xlsform", {"reason": reason}) for reason in problems or ["?"]]) from None
    except Exception as error:  # pyxform lets other errors through for files that it cannot read at all
        raise FormError([("xforms.xlsform", {"reason": f"{type(error).__name__}: {error}"[:300]})]) from None


def _kind(data: bytes, file_name: str) -> str:
    if data.startswith(_ZIP):
        return ".xlsx"
    if data.startswith(_OLE):
        return ".xls"
    suffix = PurePath(file_name).suffix.lower()
    if suffix in (".md", ".csv"):
        return suffix
    raise FormError([("xforms.unknown_file", {"file": file_name})])


def _check_zip(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            macros = any(entry.filename.lower().endswith("vbaproject.bin") for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise FormError([("xforms.xlsform", {"reason": str(error)})]) from None
    if size > MAX_UNPACKED:
        raise FormError([("xforms.form_too_large", {"size": size, "limit": MAX_UNPACKED})])
    if macros:
        raise FormError([("xforms.form_macros", {})])
