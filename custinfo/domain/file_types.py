"""What a file is, by its first bytes: its name and what a browser says of it prove nothing."""

import re
from collections.abc import Iterable
from pathlib import PurePath

TEXT = "text/plain"
_HEAD = 4096
LONGEST_SUFFIX = 10
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)
_RIFF = {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"WEBP": "image/webp"}
_BRANDS = {
    b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif",
    b"avif": "image/avif", b"qt  ": "video/quicktime",
}  # fmt: skip
_OFFICE = {b"word/": "docx", b"xl/": "xlsx", b"ppt/": "pptx"}
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OFFICE_TYPES = {
    "docx": _OPEN_XML + "wordprocessingml.document",
    "xlsx": _OPEN_XML + "spreadsheetml.sheet",
    "pptx": _OPEN_XML + "presentationml.presentation",
}
_SUFFIXES = {
    ".pdf": ("application/pdf",), ".docx": (_OFFICE_TYPES["docx"],), ".xlsx": (_OFFICE_TYPES["xlsx"],),
    ".pptx": (_OFFICE_TYPES["pptx"],), ".doc": ("application/x-ole-storage",), ".xls": ("application/x-ole-storage",),
    ".ppt": ("application/x-ole-storage",), ".zip": ("application/zip",), ".rtf": ("application/rtf",),
    ".txt": (TEXT,), ".csv": (TEXT,), ".json": (TEXT,), ".jpg": ("image/jpeg",), ".jpeg": ("image/jpeg",),
    ".png": ("image/png",), ".gif": ("image/gif",), ".webp": ("image/webp",), ".mp3": ("audio/mpeg",),
    ".wav": ("audio/wav",), ".m4a": ("audio/mp4",), ".ogg": ("audio/ogg",), ".mp4": ("video/mp4",),
    ".webm": ("video/webm",), ".mov": ("video/quicktime",),
}  # fmt: skip
_MARKUP = re.compile(rb"<(?:!doctype|html|script|svg|\?xml|head|body)", re.IGNORECASE)


def media_type(data: bytes) -> str | None:
    """The media type of a file that may be kept; None for programs, web pages and whatever is not recognised."""
    head = data[:_HEAD]
    for start, found in _STARTS:
        if head.startswith(start):
            return _of_zip(data) if found == "application/zip" else found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return _of_text(data)


def _of_zip(data: bytes) -> str:
    if b"mimetypeapplication/" in data[:120]:
        return "application/vnd.oasis.opendocument"
    office = next((kind for folder, kind in _OFFICE.items() if folder in data), None)
    return _OFFICE_TYPES[office] if office and b"[Content_Types].xml" in data else "application/zip"


def _of_text(data: bytes) -> str | None:
    """Plain text in UTF-8 or GB18030; not what a browser or a shell would run."""
    if not data or data[:2] == b"#!" or _MARKUP.search(data[:_HEAD]):
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return TEXT if not any(ord(c) < 32 and c not in "\t\n\r\f" for c in text) else None
    return None


def fits(found: str, media_range: str, accept: str = "") -> bool:
    """Whether a question takes it: for `media_range` (`image/*`; `application/*` is any file) and `accept` (`.pdf`)."""
    general = media_range in ("", "*/*", "application/*")
    if not general and not _matches(found, media_range):
        return False
    wanted = [one.strip().lower() for one in accept.replace(";", ",").split(",") if one.strip()]
    return not wanted or any(_matches(found, kind) for one in wanted for kind in _kinds(one))


def _kinds(one: str) -> Iterable[str]:
    return _SUFFIXES.get(one, ()) if one.startswith(".") else (one,)


def _matches(found: str, media_range: str) -> bool:
    kind, _, detail = media_range.partition("/")
    if detail in ("*", ""):
        # A recording of sound alone comes out of a browser as the same container as a film
        return found.startswith(f"{kind}/") or (kind == "audio" and found in ("video/webm", "video/mp4"))
    return found == media_range


def file_name(name: str, *, most: int = 120) -> str:
    """A file name without folders or characters that a file system or a reader could take for something else."""
    last = PurePath(name.replace("\\", "/")).name
    kept = "".join(c if c.isalnum() or c in " ._-()（）" else "_" for c in last).strip(" .")
    stem, dot, suffix = kept.rpartition(".")
    if dot and stem and len(suffix) <= LONGEST_SUFFIX:
        return f"{stem[: most - len(suffix) - 1]}.{suffix}"
    return kept[:most] or "file"
