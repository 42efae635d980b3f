"""Lists for whoever asks by telephone, on paper or face to face: the units of a sample with how to reach them (R77).

A list leaves by the register of exports, as every list with identities does; who withdrew their consent is not on it.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from custinfo.access import permissions
from custinfo.actions import consents, entity_levels, export_register, fieldwork, mailing_lists, samples, studies
from custinfo.actions.export_register import Order
from custinfo.actions.sample_frames import PURPOSE, division_name, sees
from custinfo.domain.consent import Tier
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.exchange.grids import safe
from custinfo.exchange.workbook import Sheet, book
from custinfo.store import Store
from custinfo.store.database import Row

WHAT = "fieldwork_list"
FORMATS = ("xlsx", "csv")
COLUMNS = ("number", "name", *mailing_lists.WAYS, "stratum", "asked_on", "outcome", "mark")
"""The last three but one are filled in by hand: when somebody was asked, and what came of it."""


@dataclass(frozen=True)
class FieldworkList:
    """The file, and how many units are on it."""

    file_name: str
    media_type: str
    data: bytes
    rows: int


def order(sample_id: str) -> Order:
    """The list, as an approval is given to it."""
    return Order(WHAT, sample_id, {}, PURPOSE, lambda store, actor: len(fieldwork.to_ask(store, actor, sample_id)))


def make(store: Store, actor: Person, sample_id: str, language: str, format: str = "xlsx") -> FieldworkList:
    """The units of a sample that have not answered and agree to be asked, whom the actor may know of, with how to reach
    them. Raises NotAllowed, NotFound; WrongState while the fieldwork does not run, without an approved proposal, or
    without the approval that so many identities need.
    """
    permissions.check(actor, "mailing.list")
    export_register.check_tier(actor, Tier.IDENTIFIED)
    sample = fieldwork.running(store, sample_id)
    study = studies.row(store, sample["study_id"])
    said = consents.newest(store)
    rows = fieldwork.to_ask(store, actor, sample_id)
    approval = export_register.approval_for(store, actor, order(sample_id), Tier.IDENTIFIED, len(rows))
    export_id = export_register.new_id()
    mark = export_register.mark(store, actor, export_id, study["number"])
    reader = entity_levels.Reader(store, actor)
    lines = [_line(store, actor, reader, sample, row, language, mark) for row in rows]
    headings = tuple(text(f"studies.list.{name}", language) for name in COLUMNS)
    data = _csv(headings, lines) if format == "csv" else book([Sheet(study["number"], headings, lines, {})], mark=mark)
    with store.act(actor.person_id, "fieldwork.list", samples.KIND, sample_id, rows=len(rows)) as tx:
        fieldwork.running(store, sample_id)  # still: the study may have been broken off meanwhile
        consents.check_unmoved(store, said)
        export_register.note(
            tx, store, actor, what=WHAT, object_id=sample_id, format=format, rows=len(rows), columns=list(COLUMNS),
            tier=Tier.IDENTIFIED, purpose=PURPOSE, data=data, approval=approval, export_id=export_id,
        )  # fmt: skip
    media = "text/csv" if format == "csv" else mailing_lists.XLSX
    return FieldworkList(f"{study['number']}.{format}", media, data, len(rows))


def _line(
    store: Store, actor: Person, reader: entity_levels.Reader, sample: Row, row: Row, language: str, mark: str
) -> list[object]:  # fmt: skip
    known = row["stratum"] and sees(reader, sample["strata_by"], row["entity_id"])
    stratum = division_name(sample["strata_by"], row["stratum"], language) if known else ""
    return [*mailing_lists.line(store, actor, reader, row), stratum, "", "", mark]


def _csv(headings: Sequence[str], lines: Sequence[Sequence[object]]) -> bytes:
    """In UTF-8 with a byte order mark; no text in it is taken for a formula by a spreadsheet."""
    told = StringIO(newline="")
    csv.writer(told).writerows([headings, *([safe(str(cell)) for cell in line] for line in lines)])
    return told.getvalue().encode("utf-8-sig")
