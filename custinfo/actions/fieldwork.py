"""The register of what was handed out and came back (发放回收台账, R77): by unit, channel, wave and outcome.

It is a chain of entries: a unit is handed a questionnaire, reminded, and has an outcome by AAPOR's dispositions; what
was wrong is set right by a later entry. Whoever withdrew their consent since the draw is neither asked nor reminded.
The record of a unit's answers is linked when it is recorded (`answered`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from custinfo.access import permissions
from custinfo.actions import assignments, consents, entities, entity_levels, sample_frames, samples, sealing, studies
from custinfo.actions.delegations import today
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.statistics import responses
from custinfo.statistics.responses import Disposition, Rates, Returns
from custinfo.store import Store, Tx
from custinfo.store.database import Row, Value

CHANNELS = ("web", "email", "phone", "paper", "face_to_face")
BY_HAND: tuple[Disposition, ...] = tuple(one for one in responses.DISPOSITIONS if one != "complete")
"""What is entered by hand: a whole answer is told by its record."""
OPEN = ("unknown_other", "unknown_household", "not_reached", "partial")
"""Outcomes after which a unit can be reminded."""
ANSWERED = ("complete", "partial")
LONGEST = 500


@dataclass(frozen=True)
class HandedOut:
    """How many units were handed a questionnaire or reminded; `stopped` ones were not: they do not agree any more."""

    units: int
    stopped: int


@dataclass(frozen=True)
class UnitLine:
    """A unit of a sample as the register has it; dates are None where there are none, `record_id` too. `label` and
    `stratum` are blank for who is not cleared for them.
    """

    customer_id: str
    number: str
    label: str
    stratum: str
    channel: str
    handed_out_on: date | None
    asked_on: date | None
    waves: int
    returned_on: date | None
    disposition: str
    record_id: str | None


@dataclass(frozen=True)
class Group:
    """A part of a sample, and how it came back: 回收率 and 有效率 of those handed out, AAPOR's rates of all drawn."""

    code: str
    drawn: int
    returns: Returns
    rates: Rates


def hand_out(
    store: Store, actor: Person, sample_id: str, channel: str, numbers: Collection[str] | None = None,
    on: date | None = None,
) -> HandedOut:  # fmt: skip
    """Enter that units were handed the questionnaire by a channel: those of these numbers, or all who were not yet.

    Of a quota sample they are put on it, as far as their cell has room. Raises NotAllowed, NotFound; WrongState while
    the fieldwork does not run or without an approved proposal; BadInput for a channel or day that is not possible, and
    for a number that is not in the sample or was handed one before.
    """
    return _ask(store, actor, sample_id, channel, numbers, on, remind=False)


def remind(
    store: Store, actor: Person, sample_id: str, channel: str, numbers: Collection[str] | None = None,
    on: date | None = None,
) -> HandedOut:  # fmt: skip
    """Enter that units were reminded: those of these numbers, or all that were handed one and have not answered.

    Raises as `hand_out`.
    """
    return _ask(store, actor, sample_id, channel, numbers, on, remind=True)


def enter(
    store: Store, actor: Person, sample_id: str, number: str, disposition: str, *, channel: str = "",
    on: date | None = None, note: str = "",
) -> None:  # fmt: skip
    """Enter the outcome of a unit, by the customer's number. Raises as `hand_out`; BadInput for one not handed out."""
    permissions.check(actor, "study.field")
    if disposition not in BY_HAND:
        raise BadInput("studies.no_outcome", given=disposition[:40], known=", ".join(BY_HAND))
    note = clean(note, max_length=LONGEST).strip()
    with store.act(actor.person_id, "fieldwork.enter", samples.KIND, sample_id[:40], outcome=disposition) as tx:
        _running(store, sample_id)
        units = _units(store, actor, sample_id)
        unit = units.get(number.strip())
        if unit is None or not unit["waves"]:
            raise BadInput("studies.not_handed_out", number=number[:40])
        day = _day(store, on, unit["handed_out_on"])
        _write(
            tx, actor, unit, "outcome", channel=_channel(channel or unit["channel"]), disposition=disposition, on=day,
            note=note, record_id=unit["record_id"] if disposition == "partial" else None,
        )  # fmt: skip


def answered(store: Store, tx: Tx, actor: Person, form_id: str, record_id: str, customer_id: str | None) -> None:
    """A record of a survey form was made: where its customer was handed that form in a running study, it is the answer.

    Within the transaction that makes the record. A unit that answered before keeps its first record.
    """
    if customer_id is None:
        return
    rows = store.rows(
        "SELECT unit.* FROM fieldwork_unit AS unit JOIN study USING (study_id) WHERE unit.customer_id = ? "
        "AND form_id = ? AND study.state = 'sampled' AND waves > 0 AND unit.record_id IS NULL "
        "AND unit.number = (SELECT max(number) FROM sample WHERE sample.study_id = unit.study_id)",
        [customer_id, form_id],
    )
    for unit in rows:
        day = today(store)
        _write(tx, actor, unit, "outcome", channel=unit["channel"], disposition="complete", on=day, record_id=record_id)


def listed(
    store: Store, actor: Person, sample_id: str, *, only: str = "", offset: int = 0, limit: int = 50
) -> tuple[int, list[UnitLine]]:  # fmt: skip
    """The units of a sample that the actor may know of, and how many they are; `only` is a disposition, or `waiting`
    for those not handed out yet. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "study.read")
    by = samples.row(store, sample_id)["strata_by"]
    wanted = {"waiting": ""}.get(only, only)
    rows = [one for one in _units(store, actor, sample_id).values() if not only or one["disposition"] == wanted]
    reader = entity_levels.Reader(store, actor)
    shown = rows[max(0, offset) : max(0, offset) + max(0, min(limit, 500))]
    return len(rows), [_line(reader, by, sealing.opened_entity(store, one)) for one in shown]


def to_ask(store: Store, actor: Person, sample_id: str) -> list[Row]:
    """The units that have not answered and agree to be asked, whom the actor may know of, for an action that has
    checked the actor: rows of `entity_current` with the stratum.
    """
    agreed = _agreeing(store, sample_id)
    wanted = ("", *OPEN)
    rows = _units(store, actor, sample_id).values()
    asked = (one for one in rows if one["disposition"] in wanted and one["customer_id"] in agreed)
    return [{**one, "number": one["customer_number"]} for one in asked]


def to_remind(store: Store, study_id: str, by: date) -> int:
    """How many units of the sample that counts were last asked on `by` or before, and were not heard of since."""
    sample = samples.newest(store, study_id)
    if sample is None:
        return 0
    rows = store.rows(
        "SELECT count(*) AS n FROM fieldwork_unit WHERE sample_id = ? AND asked_on <= ? "
        f"AND disposition IN ({', '.join('?' * len(OPEN))})",
        [sample["sample_id"], by.isoformat(), *OPEN],
    )
    return int(rows[0]["n"])


def rates(store: Store, actor: Person, sample_id: str, by: str = "") -> list[Group]:
    """How a sample came back: in all, `by` `stratum`, or `by` `channel`, of those handed out. Raises NotAllowed,
    NotFound.
    """
    permissions.check(actor, "study.read")
    samples.row(store, sample_id)
    rows = store.rows("SELECT * FROM fieldwork_unit WHERE sample_id = ?", [sample_id])
    if by == "channel":
        rows = [one for one in rows if one["waves"]]
    codes = sorted({one[by] for one in rows}) if by else [""]
    return [_group(code, [one for one in rows if not by or one[by] == code]) for code in codes]


def _group(code: str, rows: Sequence[Row]) -> Group:
    sent = [one for one in rows if one["waves"]]
    came = sum(one["disposition"] in ANSWERED for one in sent)
    valid = sum(one["disposition"] == "complete" for one in sent)
    # Of whom nothing was heard, be they handed a questionnaire or not, it is not known whether they belong to it
    heard: list[Disposition] = [one["disposition"] or "unknown_other" for one in rows]
    return Group(code, len(rows), responses.returns(len(sent), came, valid), responses.rates(heard))


def _ask(
    store: Store, actor: Person, sample_id: str, channel: str, numbers: Collection[str] | None, on: date | None, *,
    remind: bool,
) -> HandedOut:  # fmt: skip
    permissions.check(actor, "study.field")
    _channel(channel)
    action = "fieldwork.remind" if remind else "fieldwork.hand_out"
    with store.act(actor.person_id, action, samples.KIND, sample_id[:40], channel=channel) as tx:
        sample = _running(store, sample_id)
        day = _day(store, on, None)
        if sample["method"] == "quota" and not remind:
            _put_on(store, tx, actor, sample, numbers or ())
        units = _units(store, actor, sample_id)
        wanted = _reminded(units, numbers) if remind else _first(units, numbers)
        agreed = _agreeing(store, sample_id)
        told = [one for one in wanted if one["customer_id"] in agreed]
        kind = "reminded" if remind else "handed_out"
        for unit in told:
            _write(tx, actor, unit, kind, wave=unit["waves"] + 1, channel=channel, on=day)
        tx.note(units=len(told), stopped=len(wanted) - len(told))
    return HandedOut(len(told), len(wanted) - len(told))


def _first(units: Mapping[str, Row], numbers: Collection[str] | None) -> list[Row]:
    if numbers is None:
        return [one for one in units.values() if not one["waves"]]
    found = _named(units, numbers)
    for one in found:
        if one["waves"]:
            raise BadInput("studies.handed_out_before", number=one["customer_number"])
    return found


def _reminded(units: Mapping[str, Row], numbers: Collection[str] | None) -> list[Row]:
    open_ones = [one for one in units.values() if one["waves"] and one["disposition"] in OPEN]
    if numbers is None:
        return open_ones
    found = _named(units, numbers)
    for one in found:
        if one not in open_ones:
            raise BadInput("studies.not_open", number=one["customer_number"])
    return found


def _named(units: Mapping[str, Row], numbers: Collection[str]) -> list[Row]:
    unknown = [one for one in numbers if one not in units]
    if unknown:
        raise BadInput("studies.not_drawn", number=unknown[0][:40])
    return [units[one] for one in dict.fromkeys(numbers)]


def _put_on(store: Store, tx: Tx, actor: Person, sample: Row, numbers: Collection[str]) -> None:
    """Put customers on a quota sample: those of its frame, while their cell has room."""
    frame = {one.id: one for one in samples.frame_of(sample)}
    quotas = samples.sizes_of(sample)
    rows = store.rows("SELECT * FROM fieldwork_unit WHERE sample_id = ?", [sample["sample_id"]])
    taken = [one["stratum"] for one in rows if one["disposition"] in ("", *OPEN, "complete")]
    for place, number in enumerate(dict.fromkeys(numbers), start=len(rows) + 1):
        found = entities.by_number(store, "customers", number)
        unit = frame.get(found["entity_id"]) if found else None
        if found is None or unit is None or not assignments.in_scope(store, actor, found["entity_id"]):
            raise BadInput("studies.not_drawn", number=number[:40])
        if any(one["customer_id"] == unit.id for one in rows):
            raise BadInput("studies.handed_out_before", number=number[:40])
        if taken.count(unit.stratum) >= quotas[unit.stratum]:
            raise BadInput("studies.quota_full", number=number[:40], quota=quotas[unit.stratum])
        taken.append(unit.stratum)
        row = {"sample_id": sample["sample_id"], "place": place, "customer_id": unit.id, "stratum": unit.stratum}
        tx.insert("sample_unit", row | {"cluster": unit.cluster})


def _running(store: Store, sample_id: str) -> Row:
    """The sample, provided that it counts, its study is in the field and its proposal still approved."""
    sample = samples.row(store, sample_id)
    study = studies.row(store, sample["study_id"])
    studies.check_state(study, "sampled")
    studies.check_approved(store, study)
    newest = samples.newest(store, sample["study_id"])
    if newest is None or newest["sample_id"] != sample_id:
        raise WrongState("studies.not_newest")
    return sample


def _units(store: Store, actor: Person, sample_id: str) -> dict[str, Row]:
    """The units of a sample that the actor may know of, by the customer's number, in the sample's order."""
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        "SELECT unit.*, entity_current.number AS customer_number, entity_id, label, properties, "
        "entity_current.version AS version FROM fieldwork_unit AS unit JOIN entity_current ON entity_id = customer_id "
        f"WHERE sample_id = ? AND {mine} ORDER BY place",
        [sample_id, *scope],
    )
    return {one["customer_number"]: one for one in rows}


def _agreeing(store: Store, sample_id: str) -> set[str]:
    """The units that agree to surveys now."""
    agreed, given = consents.allowed_where(sample_frames.PURPOSE, "entity")
    values: list[Value] = [sample_id, *given]
    rows = store.rows(
        f"SELECT entity_id FROM sample_unit JOIN entity ON entity_id = customer_id WHERE sample_id = ? AND {agreed}",
        values,
    )
    return {one["entity_id"] for one in rows}


def _channel(channel: str) -> str:
    if channel not in CHANNELS:
        raise BadInput("studies.no_channel", given=channel[:40], known=", ".join(CHANNELS))
    return channel


def _day(store: Store, on: date | None, first: str | None) -> date:
    """The day of an entry: today unless given, never to come, not before the unit was handed the questionnaire."""
    day = on or today(store)
    if day > today(store) or (first and day.isoformat() < first):
        raise BadInput("studies.no_day", day=day)
    return day


def _write(
    tx: Tx, actor: Person, unit: Row, kind: str, *, on: date, channel: str, wave: int = 0, disposition: str = "",
    note: str = "", record_id: str | None = None,
) -> None:  # fmt: skip
    row: Row = {
        "sample_id": unit["sample_id"], "customer_id": unit["customer_id"], "kind": kind, "wave": wave,
        "channel": channel, "disposition": disposition, "record_id": record_id, "happened_on": on.isoformat(),
        "note": note, "recorded_at": tx.at, "recorded_by": actor.person_id,
    }  # fmt: skip
    tx.insert("fieldwork", row)


def _line(reader: entity_levels.Reader, by: str, one: Row) -> UnitLine:
    days = {name: date.fromisoformat(one[name]) if one[name] else None
            for name in ("handed_out_on", "asked_on", "returned_on")}  # fmt: skip
    stratum = one["stratum"] if sample_frames.sees(reader, by, one["entity_id"]) else ""
    return UnitLine(
        one["customer_id"], one["customer_number"], reader.label(one["entity_id"], one["label"], ""), stratum,
        one["channel"], days["handed_out_on"], days["asked_on"], one["waves"], days["returned_on"],
        one["disposition"], one["record_id"],
    )  # fmt: skip
