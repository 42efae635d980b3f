"""Segments that are kept: definitions with purpose and strategy, measures taken for them, what came of these (R105).

A definition is never changed: whoever changes it writes its next version, and whoever retires it one more. The lake's
next version holds them all (`lake_rows`), so that readers of the lake alone have them too. Measures and results are
kept here and not as a form: each belongs to one version of a definition, with the segment's figures at that time.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from custinfo.access import permissions, visibility
from custinfo.domain import codelists, consent
from custinfo.domain import segments as definitions
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from custinfo.domain.people import Person
from custinfo.domain.segments import Conditions, Figures
from custinfo.domain.sensitivity import Level
from custinfo.domain.text import stated
from custinfo.lake import published_tables
from custinfo.store import Store, Tx
from custinfo.store.database import Row

KIND = "segment"
LONGEST_NAME, LONGEST = 60, 2000
LISTS = {"ownership": "ownership", "kind": "kind_of_customer", "province": "region", "section": "industry"}
"""Dimensions whose codes are those of a list."""
CLASSES = {"grade": ("A", "B", "C", "N"), "lifecycle": ("prospect", "active", "lapsed")}


@dataclass(frozen=True)
class Draft:
    """What somebody says a segment is. `valid_until` is the last day of its strategy; None for one without an end."""

    name_zh: str
    name_en: str
    conditions: Conditions
    purpose: str
    strategy: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Definition:
    """A version of a segment; `owner` and `by` are names of people."""

    segment_id: str
    version: int
    said: Draft
    retired: bool
    owner: str
    reason: str
    recorded_at: datetime
    by: str

    def name(self, language: str) -> str:
        """The segment's name."""
        return self.said.name_zh if language == "zh-CN" else self.said.name_en


@dataclass(frozen=True)
class Result:
    """What came of a measure, and how the segment stood then."""

    result: str
    figures: Figures
    recorded_at: datetime
    by: str


@dataclass(frozen=True)
class Measure:
    """What was done for a segment from one day to another, how it stood at the beginning, and the results, in order."""

    measure_id: str
    version: int
    what: str
    begun_on: date
    until_on: date | None
    figures: Figures
    by: str
    results: tuple[Result, ...]


def define(store: Store, actor: Person, said: Draft, reason: str) -> str:
    """Keep a segment; gives its id. Raises NotAllowed, BadInput, Conflict for a name that another one has."""
    _check_may_define(actor)
    segment_id = f"SG-{secrets.token_hex(6)}"
    row = _row(said, reason) | {"segment_id": segment_id, "version": 1, "state": "active", "owner": actor.person_id}
    with store.act(actor.person_id, "segment.define", KIND, segment_id) as tx:
        _check_name_free(store, segment_id, said)
        _write(tx, actor, row)
    return segment_id


def revise(store: Store, actor: Person, segment_id: str, said: Draft, reason: str, *, version: int) -> int:
    """Write the next version of a segment, whose newest is `version`; gives its number. The owner stays.

    Raises as `define` does, NotFound, WrongState for one that was retired, Conflict when somebody was faster.
    """
    _check_may_define(actor)
    row = _row(said, reason)
    with store.act(actor.person_id, "segment.revise", KIND, segment_id) as tx:
        last = _newest(store, segment_id)
        if last["version"] != version:
            raise Conflict("kept.changed")
        _check_name_free(store, segment_id, said)
        kept = {"segment_id": segment_id, "version": version + 1, "state": "active", "owner": last["owner"]}
        _write(tx, actor, row | kept)
        tx.note(version=version + 1)
    return version + 1


def retire(store: Store, actor: Person, segment_id: str, reason: str) -> None:
    """The segment is used no more; it stays readable, with all its versions. Raises NotFound, WrongState when it is."""
    _check_may_define(actor)
    words = stated(reason, "kept.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "segment.retire", KIND, segment_id) as tx:
        last = _newest(store, segment_id)
        same = {name: value for name, value in last.items() if name not in ("seq", "recorded_at", "recorded_by")}
        _write(tx, actor, same | {"version": last["version"] + 1, "state": "retired", "reason": words})


def measure(
    store: Store, actor: Person, segment_id: str, what: str, begun_on: date, until_on: date | None, figures: Figures, *,
    version: int,
) -> str:  # fmt: skip
    """Record what is done for a segment, and how it stands at the beginning; gives the measure's id.

    `figures` are those of the definition `version`. Raises Conflict when that is not the newest any more, NotFound,
    WrongState for a segment that was retired.
    """
    _check_may_define(actor)
    words = stated(what, "kept.measure_missing", max_length=LONGEST)
    if until_on is not None and until_on < begun_on:
        raise BadInput("kept.days_wrong")
    measure_id = f"SM-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "segment.measure", KIND, segment_id) as tx:
        if _newest(store, segment_id)["version"] != version:
            raise Conflict("kept.changed")
        row: Row = {
            "measure_id": measure_id, "segment_id": segment_id, "version": version, "what": words,
            "begun_on": begun_on.isoformat(), "until_on": until_on.isoformat() if until_on else "",
        }  # fmt: skip
        tx.insert("segment_measure", row | _stood(figures) | _by(tx, actor))
        tx.note(measure=measure_id)
    return measure_id


def result(store: Store, actor: Person, measure_id: str, words: str, figures: Figures) -> None:
    """Record what came of a measure. Another result may follow; none is changed. Raises NotFound."""
    _check_may_define(actor)
    said = stated(words, "kept.result_missing", max_length=LONGEST)
    with store.act(actor.person_id, "segment.result", KIND, measure_id) as tx:
        if store.row("SELECT 1 FROM segment_measure WHERE measure_id = ?", [measure_id]) is None:
            raise NotFound("kept.no_measure")
        tx.insert("segment_result", {"measure_id": measure_id, "result": said} | _stood(figures) | _by(tx, actor))


def listed(store: Store, actor: Person) -> list[Definition]:
    """The newest version of each segment that is not retired, by name."""
    permissions.check(actor, "lake.read")
    return sorted(
        (_definition(row) for row in store.rows(f"{_NEWEST} AND state = 'active'")),
        key=lambda one: (one.said.name_zh, one.segment_id),
    )


def versions(store: Store, actor: Person, segment_id: str) -> list[Definition]:
    """Every version of a segment, newest first. Raises NotFound."""
    permissions.check(actor, "lake.read")
    found = store.rows(f"{_WITH_NAMES} WHERE segment_id = ? ORDER BY version DESC", [segment_id])
    if not found:
        raise NotFound("kept.unknown")
    return [_definition(row) for row in found]


def measures(store: Store, actor: Person, segment_id: str) -> list[Measure]:
    """What was done for a segment and what came of it, newest first."""
    permissions.check(actor, "lake.read")
    found = store.rows(
        "SELECT segment_measure.*, display_name FROM segment_measure JOIN person ON person_id = recorded_by "
        "WHERE segment_id = ? ORDER BY begun_on DESC, measure_id",
        [segment_id],
    )
    return [_measure(store, row) for row in found]


def lake_rows(store: Store, after: int) -> Iterator[published_tables.TableRow]:
    """What the lake may not know yet: every version, without who is behind it."""
    for row in store.rows("SELECT * FROM segment_version WHERE seq > ? ORDER BY seq", [after]):
        kept = {name: row[name] for name in published_tables.SEGMENTS.columns.names}
        yield published_tables.TableRow(row["seq"], kept | {"recorded_at": parse(row["recorded_at"])})


def check_draft(said: Draft) -> None:
    """Raises BadInput for what cannot be kept: no names, unknown dimension, code or purpose, days the wrong way."""
    for name in (said.name_zh, said.name_en):
        stated(name, "kept.name_missing", max_length=LONGEST_NAME)
    stated(said.strategy, "kept.strategy_missing", max_length=LONGEST)
    consent.purpose(said.purpose)
    if said.valid_until is not None and said.valid_until < said.valid_from:
        raise BadInput("kept.days_wrong")
    for one in definitions.check(said.conditions):
        for code in filter(None, one.codes):
            if not _is_known(one.dimension, code):
                raise BadInput("kept.code_unknown", dimension=one.dimension, code=code)


def _is_known(dimension: str, code: str) -> bool:
    if dimension in LISTS:
        return code in codelists.load(LISTS[dimension])
    return dimension not in CLASSES or code in CLASSES[dimension]


def _check_may_define(actor: Person) -> None:
    permissions.check(actor, "segment.define")
    if not visibility.sees(actor, Level.INTERNAL):
        raise NotAllowed("lake.not_cleared")


def _row(said: Draft, reason: str) -> Row:
    check_draft(said)
    return {
        "name_zh": stated(said.name_zh, "kept.name_missing", max_length=LONGEST_NAME),
        "name_en": stated(said.name_en, "kept.name_missing", max_length=LONGEST_NAME),
        "conditions": definitions.as_json(said.conditions),
        "purpose": said.purpose,
        "strategy": stated(said.strategy, "kept.strategy_missing", max_length=LONGEST),
        "valid_from": said.valid_from.isoformat(),
        "valid_until": said.valid_until.isoformat() if said.valid_until else "",
        "reason": stated(reason, "kept.reason_missing", max_length=LONGEST),
    }


def _check_name_free(store: Store, segment_id: str, said: Draft) -> None:
    for row in store.rows(f"{_NEWEST} AND state = 'active' AND segment_id != ?", [segment_id]):
        if said.name_zh.strip() == row["name_zh"] or said.name_en.strip() == row["name_en"]:
            raise Conflict("kept.name_taken", name=row["name_zh"])


def _newest(store: Store, segment_id: str) -> Row:
    row = store.row("SELECT * FROM segment_version WHERE segment_id = ? ORDER BY version DESC LIMIT 1", [segment_id])
    if row is None:
        raise NotFound("kept.unknown")
    if row["state"] == "retired":
        raise WrongState("kept.retired")
    return row


def _write(tx: Tx, actor: Person, row: Row) -> None:
    tx.insert("segment_version", row | _by(tx, actor))


def _by(tx: Tx, actor: Person) -> Row:
    return {"recorded_at": tx.at, "recorded_by": actor.person_id}


def _stood(figures: Figures) -> Row:
    return {
        "customers": figures.customers, "net_fen": figures.net_fen, "lake_version": figures.lake_version,
        "figures_on": figures.on,
    }  # fmt: skip


_WITH_NAMES = (
    "SELECT segment_version.*, one.display_name AS owner_name, other.display_name AS by_name FROM segment_version "
    "JOIN person AS one ON one.person_id = owner JOIN person AS other ON other.person_id = recorded_by"
)
_NEWEST = (
    f"{_WITH_NAMES} WHERE version = (SELECT max(version) FROM segment_version AS all_of_it "
    "WHERE all_of_it.segment_id = segment_version.segment_id)"
)


def _definition(row: Row) -> Definition:
    said = Draft(
        row["name_zh"], row["name_en"], definitions.from_json(row["conditions"]), row["purpose"], row["strategy"],
        date.fromisoformat(row["valid_from"]), date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
    )  # fmt: skip
    return Definition(
        row["segment_id"], row["version"], said, row["state"] == "retired", row["owner_name"], row["reason"],
        parse(row["recorded_at"]), row["by_name"],
    )  # fmt: skip


def _measure(store: Store, row: Row) -> Measure:
    found = store.rows(
        "SELECT segment_result.*, display_name FROM segment_result JOIN person ON person_id = recorded_by "
        "WHERE measure_id = ? ORDER BY seq",
        [row["measure_id"]],
    )
    results = tuple(
        Result(one["result"], _figures(one), parse(one["recorded_at"]), one["display_name"]) for one in found
    )
    until = date.fromisoformat(row["until_on"]) if row["until_on"] else None
    return Measure(
        row["measure_id"], row["version"], row["what"], date.fromisoformat(row["begun_on"]), until, _figures(row),
        row["display_name"], results,
    )  # fmt: skip


def _figures(row: Row) -> Figures:
    return Figures(row["customers"], row["net_fen"], row["lake_version"], row["figures_on"])
