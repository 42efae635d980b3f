"""The file that the recipient of a disclosure is given: customers' cards as a workbook, or the files of an issue."""

import json
from dataclasses import dataclass

from custinfo.access import visibility
from custinfo.actions import entities, forms, report_giving
from custinfo.domain.consent import Tier
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.exchange.workbook import Sheet, book
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.refs import without_positions

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Delivered:
    """The file that the recipient is given."""

    file_name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Made:
    """A file for the recipient, and what the register of exports says of it."""

    file: Delivered
    rows: int
    columns: tuple[str, ...]
    tier: Tier


def make(store: Store, actor: Person, row: Row, mark: str, language: str) -> Made:
    """The file of a disclosure, with who gets it on every page or row. Raises WrongState for an issue that may not be
    given any more, SiteFault for a damaged one.
    """
    return _issue(store, row, mark, language) if row["issue_id"] else _customers(store, actor, row, mark, language)


def _customers(store: Store, actor: Person, row: Row, mark: str, language: str) -> Made:
    """The cards of customers, a row for each answer."""
    chosen: list[str] = json.loads(row["customers"])
    rows = [line for entity_id in chosen for line in _lines(store, actor, row, entity_id, language)]
    headings = ("number", "question", "answer", "mark")
    shown = tuple(text(f"privacy.column.{name}", language) for name in headings)
    data = book([Sheet(row["number"], shown, [[*line, mark] for line in rows], {})], mark=mark)
    return Made(Delivered(f"{row['number']}.xlsx", XLSX, data), len(rows), headings, Tier.IDENTIFIED)


def _issue(store: Store, row: Row, mark: str, language: str) -> Made:
    """The files of an issue as they were signed, with a sheet that bears the recipient."""
    files, data = report_giving.package(store, row["issue_id"], row["number"], mark, language)
    return Made(Delivered(f"{row['number']}.zip", report_giving.ZIP, data), len(files), files, Tier.AGGREGATE)


def _lines(store: Store, actor: Person, row: Row, entity_id: str, language: str) -> list[list[object]]:
    """A customer's card, an answer a line; without level 1 unless that was asked for and approved: neither as an answer
    nor within the text of another question.
    """
    current = entities.current(store, entity_id)
    form = forms.load(store, current["form_id"], current["form_version"])
    least = Level.SECRET if row["with_secret"] else Level.INTERNAL
    reader = visibility.lowered(actor, least)
    session = forms.session(store, form, entities.content(store, current), language=language, reader=reader)
    found: list[list[object]] = []
    for state in session.nodes():
        place = without_positions(state.ref)
        control = form.control_of.get(place)
        if control is None or control.children or not state.value or form.levels[place] < least:
            continue
        labels = dict(state.choices)
        words = "、".join(labels.get(one, one) for one in state.value.split()) if labels else state.value
        found.append([current["number"], state.label, words])
    return found
