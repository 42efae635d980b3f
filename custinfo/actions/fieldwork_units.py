"""The units of a sample as the register of fieldwork has them (R77): each person once, whoever was merged since.

A drawn customer that was merged is asked, reminded and answers as the one that stays, under either number. Several
drawn customers that are one by now are asked once.
"""

import json
from collections.abc import Collection

from custinfo.actions import assignments, consents, entities, merge_links
from custinfo.actions.sample_frames import PURPOSE
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.store import Store
from custinfo.store.database import Row, Value

_PERSON = "coalesce(survivor_id, customer_id)"
_DRAWN = "FROM sample_unit LEFT JOIN merged_now ON loser_id = customer_id WHERE sample_id = ?"


def _people(only: str = "") -> str:
    """The query for the units of a sample, of those drawn that the condition `only` takes.

    Of a group with `max` or `min` the other columns are those of the row that has it. Of several units of one person
    the heaviest stands for all, and an answer counts before every other outcome, as `statistics.surveys.units` has it.
    CROSS JOIN: entries are looked up by unit, as the register has those of every study.
    """
    of_one = f"PARTITION BY {_PERSON}"
    return f"""
WITH unit AS (
    SELECT sample_unit.*, {_PERSON} AS person_id, count(*) OVER ({of_one}) > 1 AS several,
           row_number() OVER ({of_one} ORDER BY base_weight DESC, stratum, cluster, place) AS nth {_DRAWN} {only}),
entry AS MATERIALIZED (
    SELECT fieldwork.*, person_id, several FROM unit CROSS JOIN fieldwork USING (sample_id, customer_id)),
outcome AS (
    SELECT entry.*, row_number() OVER (PARTITION BY person_id ORDER BY
           several AND disposition IN ('complete', 'partial') DESC, seq DESC) AS nth
    FROM entry WHERE kind = 'outcome'),
sent AS (SELECT max(seq), count(*) AS waves, person_id, channel, happened_on FROM entry
         WHERE kind != 'outcome' GROUP BY person_id),
began AS (SELECT person_id, min(happened_on) AS handed_out_on FROM entry WHERE kind = 'handed_out' GROUP BY person_id),
linked AS (SELECT max(seq), person_id, record_id FROM entry WHERE record_id IS NOT NULL GROUP BY person_id)
SELECT unit.sample_id, unit.customer_id, unit.person_id, place, stratum, cluster, handed_out_on,
       coalesce(waves, 0) AS waves, sent.happened_on AS asked_on, coalesce(said.note, '') AS note,
       coalesce(said.channel, sent.channel, '') AS channel,
       coalesce(said.disposition, iif(sent.person_id IS NULL, '', 'unknown_other')) AS disposition,
       iif(said.disposition IN ('complete', 'partial'), said.happened_on, NULL) AS returned_on,
       said.record_id, linked.record_id AS last_record_id,
       (SELECT state FROM record_current WHERE record_current.record_id = said.record_id) AS record_state
FROM unit LEFT JOIN outcome AS said ON said.person_id = unit.person_id AND said.nth = 1
     LEFT JOIN sent ON sent.person_id = unit.person_id LEFT JOIN began ON began.person_id = unit.person_id
     LEFT JOIN linked ON linked.person_id = unit.person_id
WHERE unit.nth = 1 ORDER BY place"""


def of_sample(store: Store, sample_id: str) -> list[Row]:
    """The units of a sample in its order, for an action that has checked who asks. `customer_id` is who was drawn,
    `person_id` who that is by now; `disposition` is blank before anything was handed out, `record_id` that of the
    outcome, `last_record_id` the answer that was linked last, whatever was entered since.
    """
    return store.rows(_people(), [sample_id])


def of_customer(store: Store, sample_id: str, customer_id: str) -> Row | None:
    """The unit of a sample that a customer is, who leads to nobody else; None for who was not drawn."""
    drawn = json.dumps(merge_links.one_with(store, customer_id))
    return store.row(_people("AND customer_id IN (SELECT value FROM json_each(?))"), [sample_id, drawn])


def visible(store: Store, actor: Person, sample_id: str) -> dict[str, Row]:
    """The units that the actor may know of, by the customer's number, in the sample's order, with what
    `entity_current` says of them.
    """
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        "SELECT unit.*, entity_current.number AS customer_number, entity_id, label, properties, "
        f"entity_current.version AS version FROM ({_people()}) AS unit JOIN entity_current ON entity_id = person_id "
        f"WHERE {mine} ORDER BY place",
        [sample_id, *scope],
    )
    return {one["customer_number"]: one for one in rows}


def found(store: Store, units: dict[str, Row], number: str) -> Row | None:
    """The unit with a customer's number; that of a merged customer leads to its survivor."""
    if number in units:
        return units[number]
    leads = entities.by_number(store, "customers", number)
    return units.get(leads["number"]) if leads else None


def named(store: Store, units: dict[str, Row], numbers: Collection[str]) -> list[Row]:
    """The units with these numbers, each once. Raises BadInput for a number that is none of theirs."""
    told: dict[str, Row] = {}
    for number in numbers:
        unit = found(store, units, number)
        if unit is None:
            raise BadInput("studies.not_drawn", number=number[:40])
        told[unit["person_id"]] = unit
    return list(told.values())


def agreeing(store: Store, sample_id: str) -> set[str]:
    """The persons of a sample who agree to surveys now."""
    agreed, given = consents.allowed_where(PURPOSE, "person", consents.today(store))
    values: list[Value] = [sample_id, *given]
    people = f"SELECT DISTINCT {_PERSON} AS entity_id {_DRAWN}"
    rows = store.rows(f"SELECT entity_id FROM ({people}) AS person WHERE {agreed}", values)
    return {one["entity_id"] for one in rows}
