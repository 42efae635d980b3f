"""The report as a tagged PDF (PDF/UA-1) with its Chinese fonts embedded, set by typst.

The data reaches the template as a JSON file and as SVG files, never as source: markup in a name is text.
"""

import json
import tempfile
from dataclasses import asdict
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from custinfo.domain.messages import text
from custinfo.reports import style
from custinfo.reports.document import Document

TEMPLATE = Path(__file__).parent / "templates" / "monthly.typ"


def render(document: Document, as_of: datetime) -> bytes:
    """The PDF. `as_of` stands in it as the time of its making: the same document gives the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "main.typ").write_bytes(TEMPLATE.read_bytes())
        (root / "report.json").write_text(json.dumps(_data(document), ensure_ascii=False), "utf-8")
        for chart in document.charts:
            (root / f"{chart.id}.svg").write_text(chart.svg, "utf-8")
        compiler = typst.Compiler(input=root / "main.typ", root=root, font_paths=fonts(), ignore_system_fonts=True)
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(as_of.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


def _data(document: Document) -> dict[str, object]:
    fields = asdict(document)
    fields["charts"] = [
        {"id": chart.id, "title": chart.title, "description": chart.description, "wide": chart.wide}
        for chart in document.charts
    ]
    fields["style"] = {
        "accent": style.ACCENT,
        "pale": style.PALE,
        "muted": style.MUTED,
        "rule": style.RULE,
        "warn": style.WARN,
    }
    # The page numbers are known to typst alone: it fills these places
    fields["words"] = document.words | {"page": text("reports.page", document.language, page="<page>", pages="<pages>")}
    return fields


@cache
def fonts() -> typst.Fonts:
    """The fonts that are embedded, and no others: the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(style.FONT_FOLDER)])
