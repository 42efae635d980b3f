"""Records of a form as a file: only what the person's clearance sees, and always on the audit log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from custinfo import exchange
from custinfo.access import permissions, visibility
from custinfo.actions import (
    answer_logs,
    assignments,
    consents,
    export_register,
    file_exports,
    forms,
    pseudonymising,
    sealing,
)
from custinfo.actions.export_register import Order
from custinfo.domain import machines
from custinfo.domain.consent import Tier
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.exchange import audit_log, delimited
from custinfo.exchange.fields import Sees, tables
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions

WITH_FILES = ("xml",)
"""The formats that carry the files that answers name."""
MARKED = ("xlsx", "xlsx_exact", "csv", "parquet", "sav")
"""The formats that say themselves who exported them and when: on each page, in each row, in notes or metadata. Others
are exact copies for programs, and are known by their hash alone (`export_register.trace`)."""
PURPOSE = "record_keeping"
"""What records are exported for unless something else is said."""
AUDIT = "audit"
"""The export of how records were filled in, beside `exchange.EXPORTS`, which are of what they say."""
LOG = "answer_log"
"""What the register calls it."""


@dataclass(frozen=True)
class Exported:
    """An exported file with `rows` records, or events of the log of answering.

    `left_out` counts, by question, the answers of other versions for which the exported version has no place: they are
    in an export of their own version. `withheld` counts the records of people who did not agree to the purpose.
    """

    file_name: str
    media_type: str
    data: bytes
    rows: int
    left_out: Mapping[str, int]
    withheld: int = 0


def export(
    store: Store, actor: Person, form_id: str, format: str, *, language: str, labels: bool = True,
    version: str | None = None, state: str | None = None, purpose: str = PURPOSE, tier: Tier = Tier.IDENTIFIED,
) -> Exported:  # fmt: skip
    """The newest version of each record of the form, in one of `exchange.EXPORTS`; `AUDIT` gives what `audit` does.

    All records are laid out by the form's newest version; with `version`, only that version's records, by it. `state`
    chooses by review state. An answer is there when the person may see it both by its own version of the form and by
    the one that lays it out. Records of people who did not agree to `purpose` are left out. With the tier PSEUDONYMOUS
    nothing stays that points to a person. Every export is registered; many rows with identities need an approved case
    (`order` says of what). Raises NotFound for an unknown form, version, state or format; NotAllowed, WrongState.
    """
    permissions.check(actor, "record.export")
    export_register.check_tier(actor, tier)
    if format == AUDIT:
        return audit(store, actor, form_id, version=version, state=state, purpose=purpose, tier=tier)
    writer = exchange.export(format)
    form = forms.load(store, form_id, version)
    _check_state(state)
    said = consents.newest(store)

    def sees(level: int) -> bool:
        return visibility.sees(actor, Level(level))

    records = list(_records(store, actor, form_id, sees, version, state, purpose))
    withheld = _count(store, actor, form_id, version, state) - len(records)
    wanted = order(form_id, format, purpose, version=version, state=state)
    approval = export_register.approval_for(store, actor, wanted, tier, len(records))
    if tier is Tier.PSEUDONYMOUS:
        records = pseudonymising.without_persons(store, form, records)
    elif format in WITH_FILES:
        records = file_exports.with_files(store, records)
    left_out = exchange.left_out(form, records)
    export_id = export_register.new_id()
    extra = {"mark": export_register.mark(store, actor, export_id)} if format in MARKED else {}
    data = writer.write(form, records, language, labels=labels, sees=sees, **extra)
    with store.act(actor.person_id, "record.export", "form", form_id, format=format, rows=len(records)) as tx:
        consents.check_unmoved(store, said)
        tx.note(labels=int(labels), language=language, form_version=form.version, only_version=version, state=state)
        tx.note(files=sum(len(one.files) for one in records), withheld=withheld)
        export_register.note(
            tx, store, actor, what="records", object_id=form_id, format=format, rows=len(records),
            columns=_columns(form, sees), tier=tier, purpose=purpose, data=data, approval=approval, export_id=export_id,
        )  # fmt: skip
    return Exported(writer.file_name(form, data), writer.media_type_of(data), data, len(records), left_out, withheld)


def order(
    form_id: str, format: str, purpose: str, *, version: str | None = None, state: str | None = None
) -> Order:  # fmt: skip
    """The very export, as an approval is given to it."""

    def count(store: Store, actor: Person) -> int:
        if format == AUDIT:
            return answer_logs.count(store, actor, form_id, version, state, purpose)
        return _count(store, actor, form_id, version, state, purpose)

    facts = {"format": format, "version": version or "", "state": state or ""}
    return Order(LOG if format == AUDIT else "records", form_id, facts, purpose, count)


def _columns(form: Form, sees: Sees) -> list[str]:
    return [field.ref for table in tables(form, sees) for field in table.fields]


def formats(actor: Person, language: str) -> dict[str, str]:
    """The formats that the person may export in, by name, each in words."""
    found = {name: one.label(language) for name, one in exchange.EXPORTS.items()}
    return found | ({AUDIT: text("exchange.format.audit", language)} if answer_logs.may_read(actor) else {})


def audit(
    store: Store, actor: Person, form_id: str, *, version: str | None = None, state: str | None = None,
    purpose: str = PURPOSE, tier: Tier = Tier.IDENTIFIED,
) -> Exported:  # fmt: skip
    """When each answer of the form's records was given, how long it took, and what stood there before: a CSV.

    For who may both export and review records. It says what people answered, as an export of the records does: the
    same people are left out, and as many records need an approval, which the register counts as its rows. Raises
    NotFound for an unknown form, version or state; BadInput for a tier without identities, which no log can be.
    """
    if tier is not Tier.IDENTIFIED:
        raise BadInput("privacy.log_identified")
    export_register.check_tier(actor, tier)
    form = forms.load(store, form_id, version)
    _check_state(state)
    said, chosen = consents.newest(store), (form_id, version, state, purpose)
    lines = list(answer_logs.lines(store, actor, *chosen))
    records = answer_logs.count(store, actor, *chosen)
    wanted = order(form_id, AUDIT, purpose, version=version, state=state)
    approval = export_register.approval_for(store, actor, wanted, tier, records)
    with store.act(actor.person_id, "record.export", "form", form_id, format=AUDIT, rows=len(lines)) as tx:
        consents.check_unmoved(store, said)
        tx.note(form_version=form.version, only_version=version, state=state)
        data = audit_log.write(lines)
        export_register.note(
            tx, store, actor, what=LOG, object_id=form_id, format="csv", rows=records,
            columns=list(audit_log.HEADINGS), tier=tier, purpose=purpose, data=data, approval=approval,
        )  # fmt: skip
    return Exported(f"{delimited.plain_name(form_id)}.audit.csv", "text/csv", data, len(lines), {})


def _check_state(state: str | None) -> None:
    if state is not None and state not in machines.RECORD:
        known = ", ".join(name for name in machines.RECORD if name)
        raise NotFound("form_data.unknown_state", state=state[:40], known=known)


def _records(
    store: Store, actor: Person, form_id: str, sees: Sees, version: str | None, state: str | None, purpose: str
) -> Iterator[exchange.StoredRecord]:
    mine, scope = assignments.visible_where(actor, "record_current", first=4)
    agreed, given = consents.records_where(purpose, "record_current", consents.today(store))
    rows = store.rows(
        "SELECT record_current.*, display_name FROM record_current "
        "LEFT JOIN person ON person_id = record_current.recorded_by "
        "JOIN record_version AS first ON first.record_id = record_current.record_id AND first.version = 1 "
        "WHERE form_id = ?1 AND (?2 IS NULL OR record_current.form_version = ?2) "
        f"AND (?3 IS NULL OR record_current.state = ?3) AND {mine} AND {agreed} ORDER BY first.seq",
        [form_id, version, state, *scope, *given],
    )
    versions = {row["form_version"] for row in rows}
    hidden = {name: _hidden(forms.load(store, form_id, name), sees) for name in versions}
    for row in rows:
        yield _stored(store, row, hidden[row["form_version"]])


def _count(
    store: Store, actor: Person, form_id: str, version: str | None, state: str | None, purpose: str | None = None
) -> int:  # fmt: skip
    """How many records there are for the person; with a purpose, only those whose people may be used for it."""
    mine, scope = assignments.visible_where(actor, "record_current", first=4)
    today = consents.today(store)
    agreed, given = consents.records_where(purpose, "record_current", today) if purpose else ("1", [])
    rows = store.rows(
        "SELECT count(*) AS n FROM record_current WHERE form_id = ?1 AND (?2 IS NULL OR form_version = ?2) "
        f"AND (?3 IS NULL OR state = ?3) AND {mine} AND {agreed}",
        [form_id, version, state, *scope, *given],
    )
    return int(rows[0]["n"])


def _stored(store: Store, row: Row, hidden: frozenset[str]) -> exchange.StoredRecord:
    place = store, "record_version", row["record_id"], row["version"]
    return exchange.StoredRecord(
        row["record_id"],
        row["version"],
        row["form_id"],
        row["form_version"],
        row["state"],
        row["recorded_at"],
        row["display_name"] or row["recorded_by"],
        row["interviewed_at"],
        _without(sealing.opened_values(*place, row["content"]), "/data", hidden),
        _beside(sealing.opened_values(*place, row["notes"], "notes"), hidden),
        _beside(sealing.opened_values(*place, row["reasons"], "reasons"), hidden),
    )


def _beside(said: Mapping[str, str], hidden: frozenset[str]) -> dict[str, str]:
    """Notes or reasons by ref, without those on what may not be seen."""
    places = {ref: without_positions(ref).split("/")[2:] for ref in said}
    return {ref: words for ref, words in said.items() if "/".join(["/data", *places[ref]]) not in hidden}


def _hidden(form: Form, sees: Sees) -> frozenset[str]:
    """The questions of a version whose answers the person may not see, as refs below `/data`."""
    every, seen = (
        {field.ref for table in found for field in table.fields} for found in (tables(form), tables(form, sees))
    )
    return frozenset("/data" + ref.removeprefix(form.root.ref) for ref in every - seen)


def _without(values: Mapping[str, Any], ref: str, hidden: frozenset[str]) -> dict[str, Any]:
    """Nested answers without those at the hidden places."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{ref}/{name}" if name else ref
        if isinstance(value, Mapping):
            kept[name] = _without(value, place, hidden)
        elif isinstance(value, list):
            kept[name] = [_without(one, place, hidden) for one in value]
        elif place not in hidden:
            kept[name] = value
    return kept
