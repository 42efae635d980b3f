"""A page of a register on paper: archive cards and lists, blank layouts, lists of handovers. PDF, set by typst."""

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from custinfo.domain.messages import text

TEMPLATE = Path(__file__).parent / "templates" / "register.typ"


@dataclass(frozen=True)
class SheetTable:
    """A table of texts. `numbers` and `wide` say of each column whether it is set to the right, and whether it takes
    the room that is left; `blank` leaves room to write.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    wide: tuple[bool, ...]
    blank: bool = False


@dataclass(frozen=True)
class Sheet:
    """What stands on it. `code` is the number at the top; a `card` is A5 lying, a `wide` sheet A4 lying.

    `signatures` are the lines at the end: what each is for, and who signed when, blank for one to be written on.
    """

    title: str
    language: str
    site_name: str
    code: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[SheetTable]
    legend: str
    signatures: Sequence[tuple[str, str]] = ()
    card: bool = False
    wide: bool = False


def render(sheet: Sheet, made_at: datetime) -> bytes:
    """The PDF (PDF/UA-1). The same sheet and moment give the same bytes."""
    import typst  # starts threads, which the process that pages are forked from must not have

    from custinfo.reports.pdf import fonts

    told = asdict(sheet) | {"page": text("reports.page", sheet.language, page="<page>", pages="<pages>")}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "main.typ").write_bytes(TEMPLATE.read_bytes())
        (root / "sheet.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        compiler = typst.Compiler(input=root / "main.typ", root=root, font_paths=fonts(), ignore_system_fonts=True)
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(made_at.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


def pages(pdf: bytes) -> int:
    """How many pages a PDF of this program has: it writes its page objects in the open."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
