"""Records of a form from a file: every row goes through the form engine and the door that all records go through.

Rows are read and judged before the store is locked; recording them is one transaction, so that a file is imported whole
or not at all, or, with `accept_valid`, without its wrong rows.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from custinfo.access import permissions
from custinfo.actions import forms, origins, quotas, records, withholding
from custinfo.actions.import_files import ImportFiles
from custinfo.actions.import_known import Known
from custinfo.actions.import_rows import Judged, Judging, Reason
from custinfo.domain.errors import BadInput, Conflict, CustinfoError, WrongState
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.exchange import rows
from custinfo.exchange.faults import Fault, place_text
from custinfo.exchange.media import Media
from custinfo.exchange.parsed import Parsed
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Counts, Form, Problem, Record, Unfinished, compare

SHOWN = 20


@dataclass(frozen=True)
class Imported:
    """What came of an import. `import_id` is blank when nothing was recorded.

    Of `rows`, some were `accepted`, `rejected`, or recorded before (`already`: the same instance id, be it from an
    earlier import or from an export of this site).
    `reasons` are the first of what is wrong, `notes` what is worth knowing, as sentences; `error_file` (XLSX) holds
    the rejected rows with a reason for each cell.
    """

    import_id: str
    rows: int
    accepted: int
    rejected: int
    already: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    error_file: bytes | None


class WrongFile(BadInput):
    """The file as a whole cannot be imported, whichever rows are right."""

    def __init__(self, file_name: str, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__("form_data.wrong_file", file=file_name)

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """Every fault, one on a line."""
        return "\n".join([super().text(language), *(fault.text(language) for fault in self.faults)])


class _TakenBack(Exception):
    """Nothing of this transaction is to stay."""


@dataclass
class _Tally:
    """What came of the rows within the transaction."""

    accepted: int = 0
    already: int = 0
    consents_not_taken: int = 0
    seen: set[str] = field(default_factory=set)
    filled: dict[str, Counter[str]] = field(default_factory=dict)


def run(
    store: Store, actor: Person, form_id: str, file_name: str, data: bytes, *, accept_valid: bool = False,
    version: str | None = None, language: str = DEFAULT_LANGUAGE, source_kind: str = origins.OWN,
    lawful_basis: str = origins.CONTRACT,
) -> Imported:  # fmt: skip
    """Import a file into the form's newest version, or the one given. Without `accept_valid`, one wrong row stops all.

    An unusual answer (soft check) passes; where it came from is kept as its reason, unless the file gives one, and the
    notes tell. `source_kind` and `lawful_basis` are codes (`domain.consent`). A file that an answer names has to be in
    the upload, a zip. `language` is that of the reasons. Raises
    BadInput for a file that cannot be read, Conflict for one that was imported before, WrongState for a closed form,
    NotFound.
    """
    permissions.check(actor, "record.import")
    origins.check(store, actor, source_kind, lawful_basis, file_name)
    form = forms.load(store, form_id, version)
    if forms.closed(store, form_id):
        raise WrongState("forms.closed", form=form_id[:80])
    digest = hashlib.sha256(data).hexdigest()
    _check_new(store, form_id, digest)
    parsed = rows.read(form, data, file_name)
    if faults := [fault for fault in parsed.problems if not fault.place]:
        raise WrongFile(file_name, faults)
    judging = Judging(store, form, actor, parsed, file_name, Media(data, file_name))
    judged = [judging.judge(record) for record in parsed.records]
    lost = judging.without_record()
    import_id = f"I-{secrets.token_hex(8)}"
    tally = _Tally()
    kept = False
    try:
        with store.act(actor.person_id, "record.import", "form", form_id, form_version=form.version) as tx:
            _check_new(store, form_id, digest)
            _admit_all(_Door(store, tx, actor, form, judging.files), judged, import_id, tally)
            wrong = sum(1 for one in judged if one.reasons)
            if not tally.accepted or ((wrong or lost) and not accept_valid):
                raise _TakenBack
            origin = {"source_kind": source_kind, "lawful_basis": lawful_basis}
            _register(tx, actor, form, import_id, file_name, digest, (len(judged), tally.accepted), origin)
            tx.note(import_id=import_id, rows=len(judged), accepted=tally.accepted)
            tally.consents_not_taken = int(tx.detail.get("consents_not_taken") or 0)
            withholding.keep_if_stopped(store, tx)
            kept = True
    except _TakenBack:
        with store.act(actor.person_id, "record.import_refused", "form", form_id, form_version=form.version) as tx:
            tx.note(rows=len(judged), wrong=wrong, sha256=digest)
    return _imported(import_id if kept else "", parsed, judged, lost, judging, tally, language)


def _check_new(store: Store, form_id: str, digest: str) -> None:
    known = store.row("SELECT * FROM form_import WHERE form_id = ? AND sha256 = ?", [form_id, digest])
    if known is not None:
        raise Conflict("form_data.imported_before", id=known["import_id"], count=known["accepted"])


@dataclass(frozen=True)
class _Door:
    """Where rows become records: the open transaction of the import."""

    store: Store
    tx: Tx
    actor: Person
    form: Form
    files: ImportFiles


def _admit_all(door: _Door, judged: Iterable[Judged], import_id: str, tally: _Tally) -> None:
    """Record every row in which nothing is wrong; what only the store can see becomes a reason."""
    tally.filled = {ref: Counter(cells) for ref, cells in _counts(door.store, door.form).items()}
    known = Known(door.store, door.form)  # anew: others may have recorded something since the rows were judged
    for number, one in enumerate(judged, start=1):
        if one.known or known.has(one.record, one.key):
            one.reasons.clear()
            tally.already += 1
            continue
        if one.made is None:
            continue
        key = one.key or f"import:{import_id}:{number}"
        if key in tally.seen:
            one.add(Reason(one.record.place, "", "form_data.twice", {}))
            continue
        tally.seen.add(key)
        _admit(door, one, one.made, key, tally)


def _admit(door: _Door, one: Judged, made: Record, key: str, tally: _Tally) -> None:
    try:
        with door.tx.part():
            _fill_quotas(door.form, one, tally)
            receipt = records.admit(door.store, door.tx, door.actor, door.form, made, key=key, remarks=one.remarks)
            door.files.keep(door.store, door.tx, door.actor, receipt.record_id, one.files)
        tally.accepted += 1
    except Unfinished as wrong:
        one.refuse(wrong.problems)
    except CustinfoError as wrong:
        one.add(Reason(one.record.place, "", wrong.key, wrong.facts))


def _counts(store: Store, form: Form) -> Counts:
    return quotas.counts(store, form) if form.quotas else {}


def _fill_quotas(form: Form, one: Judged, tally: _Tally) -> None:
    """Count the record in its cells. Raises Unfinished, and counts nothing, when one is full."""
    cells = {ref: one.answers.get(ref, "") for ref in form.quotas}
    full = [ref for ref, cell in cells.items() if tally.filled[ref][cell] >= form.quotas[ref].get(cell, 1 << 60)]
    if full:
        facts = {ref: {"cell": cells[ref], "limit": form.quotas[ref][cells[ref]]} for ref in full}
        raise Unfinished(
            [Problem(ref, "quota", "xforms.quota_full", facts[ref], compare.labels(form, ref)) for ref in full]
        )
    for ref, cell in cells.items():
        tally.filled[ref][cell] += 1


def _register(
    tx: Tx, actor: Person, form: Form, import_id: str, file_name: str, digest: str, counts: tuple[int, int],
    origin: Mapping[str, str],
) -> None:  # fmt: skip
    row: Row = {
        "import_id": import_id,
        "form_id": form.form_id,
        "form_version": form.version,
        "file_name": clean(file_name[:200], max_length=200),
        "sha256": digest,
        "row_count": counts[0],
        "accepted": counts[1],
        **origin,
        "imported_at": tx.at,
        "imported_by": actor.person_id,
    }
    tx.insert("form_import", row)


def _imported(
    import_id: str, parsed: Parsed, judged: Sequence[Judged], lost: Sequence[Reason], judging: Judging,
    tally: _Tally, language: str,
) -> Imported:  # fmt: skip
    wrong = [one for one in judged if one.reasons]
    reasons = [reason for one in wrong for reason in one.reasons] + list(lost)
    cells: dict[str, dict[str, str]] = {}
    for reason in reasons:
        said = cells.setdefault(reason.place, {})
        said[reason.column] = "\n".join(filter(None, (said.get(reason.column), reason.text(language))))
    return Imported(
        import_id,
        len(judged),
        tally.accepted if import_id else 0,
        len(wrong) + len({reason.place for reason in lost}),
        tally.already,
        tuple(_sentence(reason, language) for reason in reasons[:SHOWN]),
        (*(note.text(language) for note in parsed.notes), *judging.notes(language), *_not_taken(tally, language)),
        rows.error_file(parsed, cells, language=language) if reasons else None,
    )


def _not_taken(tally: _Tally, language: str) -> tuple[str, ...]:
    """What a file says of consents is kept as an answer, and is no consent."""
    if not tally.consents_not_taken:
        return ()
    return (text("privacy.not_taken", language, count=tally.consents_not_taken),)


def _sentence(reason: Reason, language: str) -> str:
    where = ", ".join(filter(None, (place_text(reason.place, language), reason.column)))
    return text("exchange.fault", language, place=where, fact=reason.text(language))
