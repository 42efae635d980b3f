"""What the survey report says in words: how each study was made, what came of it, what it cannot say."""

from collections.abc import Iterator, Mapping, Sequence

from custinfo.reports.figures import Figures, Row
from custinfo.reports.parts.survey_results import Result
from custinfo.reports.parts.survey_rows import AREA
from custinfo.reports.text import PERIOD, Fact, Source

SMALL = 100
"""A study of fewer respondents is said to be small."""
MOST_CHANGES = 5


def head(result: Result, before: Result | None) -> Mapping[str, str | Sequence[str]]:
    """What is in no table: days, words and ways of a study, under its number."""
    study = result.study
    said = {
        "purpose": study.purpose, "from": study.starts_on, "to": study.ends_on, "method": study.method,
        "basis": result.weighting.basis, "made": "yes" if result.tables else "",
        "before": "" if before is None else before.study.study,
    }  # fmt: skip
    return {f"{study.study}_{name}": words for name, words in said.items()}


def facts(figures: Figures) -> Iterator[Fact]:
    """Everything, study by study."""
    studies = figures.head["studies"]
    assert not isinstance(studies, int)
    if not studies:
        yield _fact("none", **{PERIOD: Source(PERIOD)})
        return
    yield _fact("studies", **{PERIOD: Source(PERIOD)})
    for study in studies:
        yield from _method(figures, study)
        if figures.head[f"{study}_made"]:
            yield from _results(figures, study)
        else:
            yield _fact("too_few", study=_cell("t1", study, "label"), smallest=Source("smallest"))
        yield from _limits(figures, study)


def _method(figures: Figures, study: str) -> Iterator[Fact]:
    named = {"study": _cell("t1", study, "label")}
    days = {name: Source(f"{study}_{name}") for name in ("purpose", "from", "to")}
    yield _fact("purpose", **named, **days)
    sizes = {name: _cell("t1", study, name) for name in ("drawn", "wanted", "valid")}
    if figures.table("t1").cell(study, "wanted") is None:
        del sizes["wanted"]
    way = figures.head[f"{study}_method"]
    yield _fact(f"design.{way}", drawn=sizes["drawn"], frame=_cell("t1", study, "frame"))
    yield _fact("reached" if "wanted" in sizes else "came", **{n: one for n, one in sizes.items() if n != "drawn"})
    rates = ("return_rate", "valid_rate", "response_rate")
    if all(figures.table("t1").cell(study, name) is not None for name in rates):
        told = {name: _cell("t1", study, name) for name in ("sent", "returned", *rates)}
        yield _fact("rates", **told)
    channels = [row for row in figures.table("t2").rows if row.id.startswith(f"{study}-")]
    if len(channels) > 1:
        best = max(channels, key=lambda row: row.cells[2] or 0)
        yield _fact("channel", channel=_cell("t2", best.id, "label"), share=_cell("t2", best.id, "share"))
    basis = figures.head[f"{study}_basis"]
    effect = {name: _cell("t3", study, name) for name in ("effective", "design_effect")}
    yield _fact(f"weights.{basis}", **({} if basis == "quota" else effect))


def _results(figures: Figures, study: str) -> Iterator[Fact]:
    """Each figure with its interval; which is the highest and lowest of the top boxes; what changed for sure."""
    rows = _rows(figures, "t4", study)
    for row in rows:
        if row.cells[1] is not None:
            kind = "share" if row.kind == "percent" else "number"
            ends = row.cells[2] is not None
            sources = {
                name: _cell("t4", row.id, name) for name in ("label", "figure", *(("low", "high") if ends else ()))
            }
            level = {"level": Source("level")} if ends else {}
            yield _fact(f"{kind}{'_between' if ends else ''}", **sources, **level)
    boxes = [row for row in rows if row.kind == "percent" and row.cells[1] is not None]
    if len(boxes) > 1:
        best, worst = (pick(boxes, key=lambda row: row.cells[1] or 0) for pick in (max, min))
        if best.cells[1] != worst.cells[1]:
            yield _fact("extremes", best=_cell("t4", best.id, "label"), worst=_cell("t4", worst.id, "label"))
    yield from _changes(figures, study)


def _changes(figures: Figures, study: str) -> Iterator[Fact]:
    if not figures.head[f"{study}_before"]:
        return
    before = {"before": Source(f"{study}_before")}
    moved = [row for row in _rows(figures, "t8", study) if _sure(row)]
    for row in moved[:MOST_CHANGES]:
        way = "risen" if (row.cells[2] or 0) > 0 else "fallen"
        sources = {name: _cell("t8", row.id, name) for name in ("label", "now")} | {
            "was": _cell("t8", row.id, "before")
        }
        yield _fact(way, **sources, **before)
    if not moved:
        yield _fact("steady", **before, level=Source("level"))


def _sure(row: Row) -> bool:
    """Whether the interval of a change leaves zero out."""
    low, high = row.cells[3], row.cells[4]
    return low is not None and high is not None and (low > 0 or high < 0)


def _limits(figures: Figures, study: str) -> Iterator[Fact]:
    table = figures.table("t1")
    rate, base = table.cell(study, "response_rate"), figures.table("t3").cell(study, "respondents")
    if rate is not None and rate < 100:
        yield _fact("limit.nonresponse", study=_cell("t1", study, "label"), rate=_cell("t1", study, "response_rate"))
    if base and base < SMALL:
        yield _fact("limit.small", base=_cell("t3", study, "respondents"))
    if figures.table("t3").cell(study, "empty"):
        yield _fact("limit.empty", empty=_cell("t3", study, "empty"))
    if figures.table("t3").cell(study, "hidden"):
        yield _fact("limit.hidden", hidden=_cell("t3", study, "hidden"), smallest=Source("smallest"))


def _rows(figures: Figures, table: str, study: str) -> list[Row]:
    """The rows of a study: by its number in their label, as an id may be a digest."""
    return [row for row in figures.table(table).rows if row.label.value == study]


def _cell(table: str, row: str, column: str) -> Source:
    return Source(f"{table}.{row}.{column}")


def _fact(name: str, **sources: Source) -> Fact:
    return Fact(f"{AREA}.text.{name}", sources)
