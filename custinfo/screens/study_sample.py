"""The sample of a study on its page: a design is worked out and seen before anything is drawn; samples as drawn."""

from collections.abc import Mapping
from typing import Any

from custinfo.access import permissions
from custinfo.actions import samples
from custinfo.actions.sample_frames import DIVISIONS, GRADES, Chosen, division_name
from custinfo.actions.samples import ALLOCATIONS, METHODS, Design, Plan, Sample
from custinfo.actions.studies import Study
from custinfo.domain import codelists
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Reaction, Redraw

SHORT = 16
NUMBERS = {
    "confidence": "95", "margin": "5", "proportion": "50", "design_effect": "1", "response": "60", "size": "",
    "clusters": "", "within": "", "least": "1",
}  # fmt: skip
"""The numbers that are asked for, with what stands there first."""
PERCENT = ("confidence", "margin", "proportion", "response")
TEXTS = (
    "customer_type",
    "province",
    "section",
    "department",
    "method",
    "strata_by",
    "clusters_by",
    "allocation",
    "facts",
)


class Part:
    """The cards of the sample: its design while it can be drawn, what was drawn, and whether its record holds."""

    def __init__(self, page: Page, study_id: str) -> None:
        self._page = page
        self._id = study_id
        self._given: dict[str, str] = {**NUMBERS, "method": "stratified", "strata_by": "customer_type"}
        self._plan: tuple[Design, Plan] | None = None
        self._verified: dict[str, bool] = {}

    def drawn(self, actor: Person) -> list[Block]:
        """A card for each sample, the newest first."""
        found = samples.of_study(self._page.store, actor, self._id)
        return [self._drawn(one, newest=place == 0) for place, one in enumerate(found)]

    def design(self, actor: Person, study: Study) -> list[Block]:
        """The cards of the design, for who may draw, between the questionnaire and the settled sample."""
        if study.next_step != "sampling" or not permissions.may(actor, "study.run"):
            return []
        again = samples.newest(self._page.store, self._id) is not None
        return [*self._design(actor), *self._planned(again=again)]

    def react(self, actor: Person, name: str, value: Any) -> Reaction | None:
        """Work a design out, draw by it, or draw a sample again to compare; None for what is none of these."""
        store = self._page.store
        if name == "plan":
            self._given = {one: said(value, one) for one in (*TEXTS, *NUMBERS)}
            self._plan = None
            design = self._read()
            self._plan = design, samples.plan(store, actor, design)
        elif name == "draw" and self._plan is not None:
            given = {one: said(value, one) for one in ("reason", "seed")}
            samples.draw(store, actor, self._id, self._plan[0], **given)
            self._plan = None
        elif name == "verify" and isinstance(value, str):
            self._verified[value] = samples.verify(store, actor, value) == samples.Verified(True, True)
        else:
            return None
        return Redraw()

    # ---- designing -------------------------------------------------------------------------------------------------

    def _read(self) -> Design:
        """The design that was typed. Raises BadInput for what is no number, and for strata that cannot be read."""
        given = self._given
        confidence, margin, proportion, effect, response, size, clusters, within, least = map(self._number, NUMBERS)
        chosen = Chosen(given["customer_type"], *(_some(given[name]) for name in ("department", "province", "section")))
        by_cluster = given["method"] == "cluster"
        return Design(
            chosen, given["method"] or "simple", "" if by_cluster else given["strata_by"],
            given["clusters_by"] if by_cluster else "", given["allocation"] or "proportional",
            confidence=confidence or 0.0, margin=margin or 0.0, proportion=proportion or 0.0,
            design_effect=effect or 0.0, response=response or 0.0, size=_whole(size), clusters=_whole(clusters) or 0,
            within=_whole(within), least=1 if least is None else int(least), facts=self._facts(),
        )  # fmt: skip

    def _number(self, name: str) -> float | None:
        text = self._given[name].strip()
        if not text:
            return None
        try:
            found = float(text)
            whole = name in ("size", "clusters", "within", "least")
            if whole and (found != int(found) or not 0 <= found < 10**9):
                raise ValueError(text)
        except (ValueError, OverflowError):
            name_said = self._page.text(f"studies_page.design.{name}")
            raise BadInput("studies.no_number", given=text[:40], name=name_said) from None
        return found / 100 if name in PERCENT else found

    def _facts(self) -> Mapping[str, tuple[float, float]]:
        """Standard deviation and cost by stratum: `code; deviation; cost` on each line."""
        found: dict[str, tuple[float, float]] = {}
        for number, line in enumerate(self._given["facts"].splitlines(), start=1):
            if line.strip():
                code, *rest = (part.strip() for part in line.replace("；", ";").split(";"))
                try:
                    deviation, cost = (float(part) for part in rest)
                except ValueError:
                    raise BadInput("studies.no_facts", line=number) from None
                found[code] = deviation, cost
        return found

    def _design(self, actor: Person) -> list[Block]:
        page = self._page
        divisions = [one for one in DIVISIONS if one not in GRADES or permissions.may(actor, "lake.read")]
        by = [
            ("", page.text("studies_page.undivided")),
            *((one, page.text(f"studies.division.{one}")) for one in divisions),
        ]
        provinces = [(one.code, one.label(page.language)) for one in codelists.load("region").children()]
        sections = [
            (one.code, f"{one.code} {one.label(page.language)}") for one in codelists.load("industry").children()
        ]
        types = [(one, division_name("customer_type", one, page.language)) for one in ("enterprise", "individual")]
        everybody = [("", page.text("studies_page.everybody"))]
        fields = [
            self._select("customer_type", [*everybody, *types]),
            self._select("province", [*everybody, *provinces]),
            self._select("section", [*everybody, *sections]),
            self._field("department"),
            self._select("method", [(one, page.text(f"studies.method.{one}")) for one in METHODS]),
            self._select("strata_by", by),
            self._select("allocation", [(one, page.text(f"studies.allocation.{one}")) for one in ALLOCATIONS]),
            self._select("clusters_by", by),
            *(self._field(name) for name in NUMBERS),
            self._field("facts", "multiline"),
        ]
        words = page.text("studies_page.work_out")
        title = page.text("studies_page.design.title")
        line = blocks.paragraph(page.text("studies_page.design.line"))
        return [blocks.card(title, [line, blocks.entry("plan", fields, words, inline=True)], id="design")]

    def _select(self, name: str, options: list[tuple[str, str]]) -> Block:
        return blocks.field(name, self._page.text(f"studies_page.design.{name}"), "select", options=options,
                            value=self._given.get(name, ""))  # fmt: skip

    def _field(self, name: str, kind: str = "text") -> Block:
        return blocks.field(name, self._page.text(f"studies_page.design.{name}"), kind, value=self._given.get(name, ""))

    def _planned(self, *, again: bool) -> list[Block]:
        """What the design comes to, and the button that draws."""
        if self._plan is None:
            return []
        page, (design, plan) = self._page, self._plan
        key = "studies.cli.planned_clusters" if design.method == "cluster" else "studies_page.planned"
        parts = [blocks.paragraph(page.text(key, **plan.figures))]
        if design.strata_by:
            sizes = plan.sizes if design.method in ("stratified", "quota") else {}
            parts.append(self._strata(design.strata_by, plan.frame.strata(), sizes))
        if design.method == "cluster":
            parts.append(self._strata(design.clusters_by, plan.frame.clusters(), {}))
        fields = [
            blocks.field("reason", page.text("studies_page.why_again"), required=again),
            blocks.field("seed", page.text("studies_page.seed"), hint=page.text("studies_page.seed_hint")),
        ]
        parts.append(blocks.entry("draw", fields if again else fields[1:], page.text("studies_page.draw")))
        return [blocks.card(page.text("studies_page.plan"), parts, id="plan")]

    # ---- as drawn --------------------------------------------------------------------------------------------------

    def _strata(self, by: str, frame: Mapping[str, int], drawn: Mapping[str, int]) -> Block:
        page = self._page
        title = page.text(f"studies.division.{by}")
        columns = [blocks.column(title, wide=True), blocks.column(page.text("studies_page.in_frame"), number=True)]
        if drawn:
            columns += [blocks.column(page.text(f"studies_page.{one}"), number=True) for one in ("in_sample", "share")]
        rows: list[list[tuple[str, str] | Block]] = []
        for code, units in frame.items():
            row: list[tuple[str, str] | Block] = [(division_name(by, code, page.language), ""), (f"{units:,}", "")]
            if drawn:
                taken = drawn.get(code, 0)
                row += [(f"{taken:,}", ""), (f"{taken / units:.1%}", "")]
            rows.append(row)
        return blocks.table(title, columns, rows)

    def _drawn(self, one: Sample, *, newest: bool) -> Block:
        page = self._page
        title = page.text("studies_page.sample", number=one.number)
        method = page.text(f"studies.method.{one.method}")
        if one.allocation:
            method += f" · {page.text(f'studies.allocation.{one.allocation}')}"
        told = [
            (page.text("studies_page.design.method"), method),
            (
                page.text("studies_page.units"),
                page.text("studies_page.of", units=f"{one.units:,}", frame=f"{one.frame_units:,}"),
            ),
            (page.text("studies_page.left_out"), f"{one.left_out:,}"),
            (page.text("studies_page.seed"), one.seed),
            (page.text("studies_page.frame_sha256"), f"{one.frame_sha256[:SHORT]}…"),
            (page.text("studies_page.drawn"), f"{one.by} {page.time(one.drawn_at)}"),
        ]
        if one.reason:
            told.append((page.text("studies_page.reason"), one.reason))
        parts: list[Block] = []
        if one.sample_id in self._verified:
            holds = self._verified[one.sample_id]
            words = page.text(f"studies.cli.{'verified' if holds else 'differs'}", number=one.number)
            parts.append(blocks.banner(words, "ok" if holds else "danger"))
        parts.append(blocks.facts(told))
        if one.strata_by and one.strata:
            sizes = one.sizes if one.method == "quota" else one.drawn
            parts.append(self._strata(one.strata_by, one.strata, sizes))
        words = page.text("studies_page.verify")
        badge = blocks.badge(page.text(f"studies_page.{'counts' if newest else 'superseded'}"), "ok" if newest else "")
        verify = blocks.button(words, "verify", one.sample_id, name=f"{words}: {title}", look="small")
        return blocks.card(title, parts, badges=[badge], actions=[verify], id=f"sample-{one.number}")


def _some(code: str) -> tuple[str, ...]:
    return (code,) if code.strip() else ()


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
