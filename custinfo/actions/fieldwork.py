"""The register of what was handed out and came back (发放回收台账, R77): by unit, channel, wave and outcome.

It is a chain of entries: a unit is handed a questionnaire, reminded, and has an outcome by AAPOR's dispositions; what
was wrong is set right by a later entry. Whoever withdrew their consent since the draw is neither asked nor reminded.
The record of a unit's answers is linked when it is recorded (`answered`). Who a unit is by now says `fieldwork_units`.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from custinfo.access import permissions
from custinfo.actions import (
    assignments,
    consents,
    entities,
    entity_levels,
    fieldwork_units,
    merge_links,
    sample_frames,
    samples,
    sealing,
    studies,
)
from custinfo.actions.delegations import today
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.statistics import responses
from custinfo.statistics.draws import Unit
from custinfo.statistics.responses import DISPOSITIONS, Disposition, Rates, Returns
from custinfo.store import Store, Tx
from custinfo.store.database import Row

CHANNELS = ("web", "email", "phone", "paper", "face_to_face")
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
    """A unit of a sample as the register has it; dates are None where there are none, `record_id` too. `note` is what
    was remarked on the outcome. `label`, `note` and `stratum` are blank for who is not cleared for them.
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
    note: str


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
    the fieldwork does not run or without an approved proposal; BadInput for a channel or day that is not possible, such
    as one before the draw, and for a number that is not in the sample or was handed one before.
    """
    return _ask(store, actor, sample_id, channel, numbers, on, remind=False)


def remind(
    store: Store, actor: Person, sample_id: str, channel: str, numbers: Collection[str] | None = None,
    on: date | None = None,
) -> HandedOut:  # fmt: skip
    """Enter that units were reminded: those of these numbers, or all that were handed one and have not answered.

    Raises as `hand_out`; BadInput too for a day before one of them was handed the questionnaire.
    """
    return _ask(store, actor, sample_id, channel, numbers, on, remind=True)


def enter(
    store: Store, actor: Person, sample_id: str, number: str, disposition: str, *, channel: str = "",
    on: date | None = None, note: str = "",
) -> None:  # fmt: skip
    """Enter the outcome of a unit, by the customer's number.

    That it is complete is entered where something else was, by mistake, over an answer that is linked: it is linked
    again. Raises as `hand_out`; BadInput for one not handed out, and for a whole answer without a record.
    """
    permissions.check(actor, "study.field")
    if disposition not in DISPOSITIONS:
        raise BadInput("studies.no_outcome", given=disposition[:40], known=", ".join(DISPOSITIONS))
    note = clean(note, max_length=LONGEST).strip()
    with store.act(actor.person_id, "fieldwork.enter", samples.KIND, sample_id[:40], outcome=disposition) as tx:
        running(store, sample_id)
        unit = fieldwork_units.found(store, fieldwork_units.visible(store, actor, sample_id), number.strip())
        if unit is None or not unit["waves"]:
            raise BadInput("studies.not_handed_out", number=number[:40])
        day = _day(store, on, unit["handed_out_on"])
        record_id = unit["last_record_id"] if disposition in ANSWERED else None
        if disposition == "complete" and record_id is None:
            raise BadInput("studies.no_answers", number=number[:40])
        _write(
            tx, actor, unit, "outcome", channel=_channel(channel or unit["channel"]), disposition=disposition, on=day,
            note=note, record_id=record_id,
        )  # fmt: skip


def answered(store: Store, tx: Tx, actor: Person, form_id: str, record_id: str, customer_id: str | None) -> None:
    """A record of a survey form was made: where its customer, or one merged into it, was handed that form in a running
    study, it is the answer.

    Within the transaction that makes the record. A unit that answered before keeps its first whole record.
    """
    if customer_id is None:
        return
    rows = store.rows(
        "SELECT DISTINCT sample_id FROM sample_unit JOIN sample USING (sample_id) JOIN study USING (study_id) "
        "WHERE customer_id IN (SELECT value FROM json_each(?)) AND form_id = ? AND state = 'sampled' "
        "AND sample.number = (SELECT max(number) FROM sample AS one WHERE one.study_id = sample.study_id)",
        [json.dumps(merge_links.one_with(store, customer_id)), form_id],
    )
    for row in rows:
        unit = fieldwork_units.of_customer(store, row["sample_id"], customer_id)
        if unit and unit["waves"] and (unit["record_id"] is None or unit["disposition"] == "partial"):
            _write(
                tx, actor, unit, "outcome", channel=unit["channel"], disposition="complete", on=today(store),
                record_id=record_id,
            )  # fmt: skip


def listed(
    store: Store, actor: Person, sample_id: str, *, only: str = "", offset: int = 0, limit: int = 50
) -> tuple[int, list[UnitLine]]:  # fmt: skip
    """The units of a sample that the actor may know of, and how many they are; `only` is a disposition, or `waiting`
    for those not handed out yet. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "study.read")
    by = samples.row(store, sample_id)["strata_by"]
    wanted = {"waiting": ""}.get(only, only)
    units = fieldwork_units.visible(store, actor, sample_id).values()
    rows = [one for one in units if not only or one["disposition"] == wanted]
    reader = entity_levels.Reader(store, actor)
    shown = rows[max(0, offset) : max(0, offset) + max(0, min(limit, 500))]
    return len(rows), [_line(reader, by, sealing.opened_entity(store, one)) for one in shown]


def to_ask(store: Store, actor: Person, sample_id: str) -> list[Row]:
    """The units that have not answered and agree to be asked, whom the actor may know of, for an action that has
    checked the actor: rows of `entity_current` with the stratum. Raises NotFound, WrongState as `running`.
    """
    running(store, sample_id)
    agreed = fieldwork_units.agreeing(store, sample_id)
    wanted = ("", *OPEN)
    rows = fieldwork_units.visible(store, actor, sample_id).values()
    asked = (one for one in rows if one["disposition"] in wanted and one["person_id"] in agreed)
    return [{**one, "number": one["customer_number"]} for one in asked]


def to_remind(store: Store, study_id: str, by: date) -> int:
    """How many units of the sample that counts were last asked on `by` or before, were not heard of since, and agree to
    be asked.
    """
    sample = samples.newest(store, study_id)
    if sample is None:
        return 0
    units = fieldwork_units.of_sample(store, sample["sample_id"])
    waiting = {one["person_id"] for one in units if one["disposition"] in OPEN and (one["asked_on"] or "9") <= str(by)}
    return len(waiting & fieldwork_units.agreeing(store, sample["sample_id"])) if waiting else 0


def rates(store: Store, actor: Person, sample_id: str, by: str = "") -> list[Group]:
    """How a sample came back: in all, `by` `stratum`, or `by` `channel`, of those handed out; by stratum nothing for
    who may not know how many are in each. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "study.read")
    sample = samples.row(store, sample_id)
    if by == "stratum" and not sample_frames.sees_counts(store, actor, sample["strata_by"]):
        return []
    rows = fieldwork_units.of_sample(store, sample_id)
    if by == "channel":
        rows = [one for one in rows if one["waves"]]
    codes = sorted({one[by] for one in rows}) if by else [""]
    return [_group(code, [one for one in rows if not by or one[by] == code]) for code in codes]


def _group(code: str, rows: Sequence[Row]) -> Group:
    sent = [one for one in rows if one["waves"]]
    came = sum(one["disposition"] in ANSWERED for one in sent)
    valid = sum(responses.is_valid(one["disposition"], rejected=one["record_state"] == "rejected") for one in sent)
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
        sample = running(store, sample_id)
        stopped = 0
        if sample["method"] == "quota" and numbers is not None and not remind:
            numbers, stopped = _put_on(store, tx, actor, sample, numbers)
        units = fieldwork_units.visible(store, actor, sample_id)
        wanted = _reminded(store, units, numbers) if remind else _first(store, units, numbers)
        agreed = fieldwork_units.agreeing(store, sample_id)
        told = [one for one in wanted if one["person_id"] in agreed]
        stopped += len(wanted) - len(told)
        drawn_on = str(parse(sample["drawn_at"]).astimezone(store.site.zone).date())
        day = _day(store, on, max([drawn_on, *(one["handed_out_on"] for one in told if one["waves"])]))
        kind = "reminded" if remind else "handed_out"
        for unit in told:
            _write(tx, actor, unit, kind, wave=unit["waves"] + 1, channel=channel, on=day)
        tx.note(units=len(told), stopped=stopped)
    return HandedOut(len(told), stopped)


def _first(store: Store, units: dict[str, Row], numbers: Collection[str] | None) -> list[Row]:
    if numbers is None:
        return [one for one in units.values() if not one["waves"]]
    named = fieldwork_units.named(store, units, numbers)
    for one in named:
        if one["waves"]:
            raise BadInput("studies.handed_out_before", number=one["customer_number"])
    return named


def _reminded(store: Store, units: dict[str, Row], numbers: Collection[str] | None) -> list[Row]:
    open_ones = [one for one in units.values() if one["waves"] and one["disposition"] in OPEN]
    if numbers is None:
        return open_ones
    named = fieldwork_units.named(store, units, numbers)
    for one in named:
        if one not in open_ones:
            raise BadInput("studies.not_open", number=one["customer_number"])
    return named


def _put_on(store: Store, tx: Tx, actor: Person, sample: Row, numbers: Collection[str]) -> tuple[list[str], int]:
    """Put customers on a quota sample: those of its frame who agree to be asked, while their cell has room. Gives the
    numbers of those who are on it, and how many do not agree any more.
    """
    frame, quotas = {one.id: one for one in samples.frame_of(sample)}, samples.sizes_of(sample)
    units = fieldwork_units.of_sample(store, sample["sample_id"])
    there, taken = {one["person_id"] for one in units}, _taken(store, sample, units)
    counted = store.rows("SELECT count(*) AS n FROM sample_unit WHERE sample_id = ?", [sample["sample_id"]])
    place = int(counted[0]["n"])
    kept: list[str] = []
    given = dict.fromkeys(numbers)
    for number in given:
        person_id, unit = _of_frame(store, actor, frame, number)
        if not consents.allowed(store, person_id, sample_frames.PURPOSE):
            continue
        kept.append(number)
        if person_id in there:
            continue
        if taken[unit.stratum] >= quotas[unit.stratum]:
            raise BadInput("studies.quota_full", number=number[:40], quota=quotas[unit.stratum])
        taken[unit.stratum] += 1
        place += 1
        there.add(person_id)
        row = {"sample_id": sample["sample_id"], "place": place, "customer_id": unit.id, "stratum": unit.stratum}
        tx.insert("sample_unit", row | {"cluster": unit.cluster, "recorded_at": tx.at})
    return kept, len(given) - len(kept)


def _taken(store: Store, sample: Row, units: Sequence[Row]) -> Counter[str]:
    """How much of each quota is used up: by who answered, and by who may answer still and agrees to be asked."""
    agreed = fieldwork_units.agreeing(store, sample["sample_id"])
    return Counter(
        one["stratum"] for one in units if one["disposition"] == "complete"
        or (one["disposition"] in ("", *OPEN) and one["person_id"] in agreed)
    )  # fmt: skip


def _of_frame(store: Store, actor: Person, frame: Mapping[str, Unit], number: str) -> tuple[str, Unit]:
    """Who has this number by now, and as whom they stand in the frame. Raises BadInput for who does not."""
    found = entities.by_number(store, "customers", number)
    if found is not None and assignments.in_scope(store, actor, found["entity_id"]):
        for one in merge_links.one_with(store, found["entity_id"]):
            if one in frame:
                return found["entity_id"], frame[one]
    raise BadInput("studies.not_drawn", number=number[:40])


def running(store: Store, sample_id: str) -> Row:
    """The sample, provided that it counts, its study is in the field and its proposal still approved. Raises NotFound,
    WrongState.
    """
    sample = samples.row(store, sample_id)
    study = studies.row(store, sample["study_id"])
    studies.check_state(study, "sampled")
    studies.check_approved(store, study)
    newest = samples.newest(store, sample["study_id"])
    if newest is None or newest["sample_id"] != sample_id:
        raise WrongState("studies.not_newest")
    return sample


def _channel(channel: str) -> str:
    if channel not in CHANNELS:
        raise BadInput("studies.no_channel", given=channel[:40], known=", ".join(CHANNELS))
    return channel


def _day(store: Store, on: date | None, first: str | None) -> date:
    """The day of an entry: today unless given, never to come, not before `first`."""
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
    person = one["entity_id"]
    stratum = one["stratum"] if sample_frames.sees(reader, by, person) else ""
    note = one["note"] if reader.sees(person, entity_levels.LABEL) else ""
    return UnitLine(
        person, one["customer_number"], reader.label(person, one["label"], ""), stratum, one["channel"],
        days["handed_out_on"], days["asked_on"], one["waves"], days["returned_on"], one["disposition"],
        one["record_id"], note,
    )  # fmt: skip
