"""A form on paper, blank or filled in: a tagged PDF with its fonts embedded, set by typst.

Everything reaches the template as JSON strings: markup in an answer is text.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).parent / "templates" / "paper_form.typ"


@dataclass(frozen=True)
class PaperChoice:
    """A box to tick."""

    label: str
    chosen: bool


@dataclass(frozen=True)
class PaperQuestion:
    """A question: `text` is its answer, `lines` how many lines a blank one leaves to write on; or its choices.

    `condition` says when it is to be asked.
    """

    label: str
    hint: str
    required: bool
    text: str
    choices: tuple[PaperChoice, ...] = ()
    many: bool = False
    lines: int = 1
    note: str = ""
    condition: str = ""


@dataclass(frozen=True)
class PaperSection:
    """A group of the form, or one round of a repeat."""

    label: str
    questions: tuple[PaperQuestion, ...]
    condition: str = ""


@dataclass(frozen=True)
class Paper:
    """A form as it stands on paper. `facts` stand under the title: who, when, which version."""

    title: str
    language: str
    site_name: str
    facts: Sequence[str]
    sections: Sequence[PaperSection]
    legend: str
    page: str
    """The words at the foot, with `<page>` and `<pages>` for the numbers that typst alone knows."""


def render(paper: Paper, made_at: datetime) -> bytes:
    """The PDF (PDF/UA-1). The same paper and moment give the same bytes."""
    import typst  # starts threads, which the process that pages are forked from must not have

    from custinfo.reports.pdf import fonts

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "main.typ").write_bytes(TEMPLATE.read_bytes())
        (root / "paper.json").write_text(json.dumps(asdict(paper), ensure_ascii=False), "utf-8")
        compiler = typst.Compiler(input=root / "main.typ", root=root, font_paths=fonts(), ignore_system_fonts=True)
        made = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=int(made_at.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made
