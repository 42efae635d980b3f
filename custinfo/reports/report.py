"""An opened report: what a notebook shows of it, and the files that a build takes from it."""

import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from custinfo import lake
from custinfo.domain.commentary import Comment
from custinfo.domain.messages import text
from custinfo.reports import (
    comments,
    document,
    docx,
    html,
    kept,
    own,
    parameters,
    pdf,
    places,
    regional,
    revisions,
    withheld,
    xlsx,
)
from custinfo.reports import text as wording
from custinfo.reports.figures import Figures
from custinfo.reports.kind import Kind
from custinfo.store.site import Site


@dataclass(frozen=True)
class Shown:
    """Something for a notebook to show."""

    markup: str

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        # The default one holds a memory address: no two runs would be equal
        return "custinfo"


@dataclass(frozen=True)
class Report:
    """A report with its figures and what people said about them, for one edition."""

    kind: Kind
    figures: Figures
    edition: document.Edition
    said: tuple[Comment, ...] = ()

    @cached_property
    def document(self) -> document.Document:
        """The report in its reader's language, charts drawn."""
        composed = document.compose(self.kind, self.figures, self.edition, self.said)
        # What somebody built for themselves says so on every layout
        marks = (own.mark(places.output(), self.edition.language), composed.warning)
        return replace(composed, warning=" ".join(mark for mark in marks if mark))

    def text(self) -> Shown:
        """The paragraph of text (文字说明)."""
        return Shown(html.text(self.document))

    def charts(self) -> Shown:
        """All charts."""
        return Shown("".join(html.chart(self.document, chart.id) for chart in self.document.charts))

    def table(self, table_id: str) -> Shown:
        """One table: `t1`, `t2` and so on. Raises ValueError for another."""
        return Shown(html.table(self.document, table_id))

    def save(self) -> Shown:
        """Write every file into the folder of the running build. Outside a build nothing is written, and it says so."""
        folder = places.output()
        facts = {"name": self.kind.name, "period": self.figures.period}
        if folder is None:
            return Shown(text("reports.not_saved", self.edition.language, **facts))
        for name, content in self.files().items():
            (folder / name).write_bytes(content)
        return Shown(f"SHA-256 {self.figures.sha256}")

    def files(self) -> dict[str, bytes]:
        """The report's files by name: HTML, PDF, XLSX, DOCX; beside them the figures and the text with its bindings."""
        facts = withheld.facts(self.kind, self.figures)
        said = [asdict(sentence) for sentence in wording.sentences(facts, self.figures, self.edition.language)]
        stem = "-".join((self.kind.name, str(self.figures.period), *regional.of_figures(self.figures)))
        return {
            f"{stem}.html": html.render(self.document),
            f"{stem}.pdf": pdf.render(self.document, self.figures.as_of),
            f"{stem}.xlsx": xlsx.render(self.figures, self.document, self.kind.drawings),
            f"{stem}.docx": docx.render(self.document),
            "figures.json": self.figures.canonical(),
            "wording.json": json.dumps(said, ensure_ascii=False, indent=1).encode(),
        }


def opened(kind: Kind, period: str, as_of: str | None = None, language: str = "", region: str = "") -> Report:
    """A report of the site that CUSTINFO_HOME names, for a notebook. Raises as `parameters.read` and its figures do."""
    given = {"period": period, "as_of": as_of, "language": language} | ({"region": region} if region else {})
    asked = parameters.read(kind.name, given)
    site = Site.load(places.home())
    before = places.begun(site.reports, kind.name, asked.period, asked.as_of)
    whole = kept.opened(site, as_of=asked.as_of, withheld_by=before)
    found = kept.once(
        whole, (kind.name, asked.period, asked.region, site.zone), lambda: _counted(kind, whole, asked, site)
    )
    edition = document.Edition(site.name, site.zone, site.demo, asked.language)
    return Report(kind, withheld.given(revisions.given(found)), edition, comments.given())


def _counted(kind: Kind, whole: lake.Lake, asked: parameters.Parameters, site: Site) -> Figures:
    tables = regional.of(whole, asked.region)
    return regional.marked(kind.figures(tables, asked.period, site.zone), asked.region)
