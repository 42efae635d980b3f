"""The credit survey of a customer as somebody may see it: what was recorded by a moment, in the form's groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from custinfo.actions import assignments, record_views
from custinfo.actions.record_views import RecordView
from custinfo.classification.credit.early_warning import Statement
from custinfo.domain.clock import stamp
from custinfo.domain.people import Person
from custinfo.reports import answers
from custinfo.reports.answers import Answer
from custinfo.reports.credit_report_document import Cell, Facts, Part, Table, said
from custinfo.store import Store
from custinfo.xforms import Session
from custinfo.xforms.refs import without_positions

FORM = "credit_report"
GROUPS = (
    "profile",
    "owners",
    "finance",
    "banks",
    "payments",
    "operations",
    "site",
    "related",
    "public",
    "media",
    "assessment",
    "advice",
)
"""The form's groups, one for each section of the report, in order."""
REJECTED = "rejected"
GROUPED_FROM = 10_000
"""Whole numbers from here on are written with separators; below it they may be years."""


@dataclass(frozen=True)
class Survey:
    """One version of a survey's record. `state` is the one that its review had given it by the moment asked for."""

    record: RecordView
    state: str
    session: Session
    answers: tuple[Answer, ...]

    def value(self, group: str, name: str) -> str:
        """What was answered, as it is stored; blank for nothing, and for what is masked."""
        ref = f"/data/{group}/{name}"
        return next((one.value for one in self.answers if one.ref == ref), "")


def find(store: Store, actor: Person, customer_id: str, as_of: datetime, language: str) -> Survey | None:
    """The survey of the customer that was recorded last by `as_of`, not rejected by then; None when there is none that
    the person may read.

    Raises NotAllowed for who reads no records. That it was read is on the audit log.
    """
    mine, scope = assignments.readable_where(actor, "record_current", first=4)
    found = store.row(
        "SELECT record_version.record_id, record_version.version, coalesce((SELECT said.state FROM record_review AS "
        "said WHERE said.record_id = record_version.record_id AND said.version = record_version.version AND "
        "said.reviewed_at <= ?3 ORDER BY said.seq DESC LIMIT 1), CASE record_version.state WHEN 'submitted' THEN "
        "'received' ELSE record_version.state END) AS standing FROM record_current JOIN record_version USING "
        "(record_id) WHERE record_current.form_id = ?1 AND record_current.entity_id = ?2 AND "
        "record_version.version = (SELECT max(other.version) FROM record_version AS other WHERE other.record_id = "
        f"record_current.record_id AND other.recorded_at <= ?3) AND standing != '{REJECTED}' AND {mine} "
        "ORDER BY record_version.recorded_at DESC, record_version.record_id LIMIT 1",
        [FORM, customer_id, stamp(as_of), *scope],
    )
    if found is None:
        return None
    record = record_views.read(store, actor, found["record_id"], found["version"])
    session = record_views.session(store, actor, record, language)
    sections = answers.sections(session, actor, language, record.level)
    return Survey(record, found["standing"], session, tuple(one for section in sections for one in section.answers))


def parts(survey: Survey, group: str) -> list[Part]:
    """What the survey says in one of GROUPS: facts in the form's order, a table for each repeat."""
    inside = [one for one in survey.answers if one.ref.startswith(f"/data/{group}/")]
    single = [one for one in inside if "[" not in one.ref]
    found: list[Part] = []
    if single:
        found.append(Facts(tuple((one.label, _cell(survey, one)) for one in single)))
    repeats: dict[str, list[Answer]] = {}
    for one in inside:
        if "[" in one.ref:
            repeats.setdefault(one.ref.partition("[")[0], []).append(one)
    return [*found, *(_table(survey, ref, rounds) for ref, rounds in repeats.items())]


def statements(survey: Survey) -> tuple[Statement, ...]:
    """The yearly figures that may be seen, the earliest first; of a year that stands twice the later entry."""
    rounds = survey.record.values.get("finance", {}).get("statement", [])
    found = {statement.year: statement for statement in _statements(rounds if isinstance(rounds, list) else [])}
    return tuple(found[year] for year in sorted(found))


def _statements(rounds: Sequence[Any]) -> Iterator[Statement]:
    for one in rounds:
        given = one if isinstance(one, Mapping) else {}
        year = given.get("year", "")
        if isinstance(year, str) and year.isascii() and year.isdecimal():
            amounts = {name: _fen(given.get(named)) for named, name in FIGURES.items()}
            yield Statement(int(year), **amounts)


FIGURES = {"revenue": "revenue", "profit": "net_profit", "assets": "assets", "liabilities": "liabilities"}
"""The form's questions and the figures that they give."""


def _fen(amount: object) -> int | None:
    """Whole fen; None for what is not answered, or masked."""
    try:
        fen = Decimal(str(amount)) * 100
    except InvalidOperation:
        return None
    return int(fen) if fen.is_finite() and fen == fen.to_integral_value() else None


def _table(survey: Survey, repeat: str, rounds: Sequence[Answer]) -> Table:
    labels: dict[str, str] = {}
    cells: dict[str, dict[str, Cell]] = {}
    for one in rounds:
        place = without_positions(one.ref)
        labels.setdefault(place, one.label)
        cells.setdefault(one.ref.removeprefix(repeat).partition("]")[0], {})[place] = _cell(survey, one)
    title = next((drawn.label for top in survey.session.layout() for drawn in top.walk() if drawn.ref == repeat), "")
    order = sorted(labels, key=list(survey.session.form.nodes).index)
    rows = tuple(tuple(row.get(place, said("")) for place in order) for row in cells.values())
    return Table(title, tuple(labels[place] for place in order), rows)


def _cell(survey: Survey, one: Answer) -> Cell:
    kind = survey.session.form.nodes[without_positions(one.ref)].bind.type
    if one.masked or kind not in ("int", "integer", "decimal"):
        return said(one.text)
    try:
        given = Decimal(one.value)
    except InvalidOperation:
        return said(one.text)
    if not given.is_finite():
        return said(one.text)
    plain = kind != "decimal" and abs(given) < GROUPED_FROM
    return Cell(f"{given:f}" if plain else f"{given:,f}", given, "text" if plain else "number")
