"""What the list of key customers (R104) rests on beside grades and purchases: money overdue, open complaints, special
days of a customer's people. Each row names a customer by the lake's key.

Overdue is what the credit pages count too: by the customer's terms, payments first in, first out. A complaint is open
until the customer was told and it was closed. Occasions are the special days of guests whose card names the customer;
one by the lunar calendar is the day in the solar calendar that was looked up last, for there is no table of the lunar
calendar here. Who is still to be told, or wants no marketing, has none; nor have they for a reader who is not cleared
for birthdays.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from custinfo.access import visibility
from custinfo.actions import assignments, credit_access, credit_accounts, credit_records, sealing
from custinfo.actions import credit_standing as parts
from custinfo.domain.clock import stamp
from custinfo.domain.people import Person
from custinfo.domain.periods import Month
from custinfo.domain.sensitivity import Level
from custinfo.store import Store
from custinfo.store.database import Row

GUESTS = "guest_collection"
MONTHS = 12
_AS_OF = "(SELECT max(version) FROM entity_version AS known WHERE known.entity_id = {one} AND known.recorded_at < ?)"


def overdue(store: Store, actor: Person, keys: Mapping[str, str], on: date) -> list[tuple[str, int]]:
    """How much of what each customer owes is overdue on the day, where anything is: (key, fen).

    `keys` are the lake's keys by entity id. Nothing for who may not read credit.
    """
    if not credit_access.may(actor):
        return []
    terms: dict[str, str | None] = dict(parts.card_terms(store, list(keys)))
    for one in _applied(store, keys):
        agreed = parts.approved_application(store, parts.Files.of(store, one, None), None)
        terms[one] = (agreed.requested_terms if agreed else "") or terms.get(one)
    accounts = credit_accounts.read(store, {key: terms.get(one) for one, key in keys.items()}, on, sales_months=MONTHS)
    if accounts is None:
        return []
    late = {key: sum(item.open_fen for item in owed.items if item.due_on < on) for key, owed in accounts.by_key.items()}
    return [(key, fen) for key, fen in late.items() if fen > 0]


def _applied(store: Store, ids: Collection[str]) -> list[str]:
    rows = store.rows("SELECT DISTINCT entity_id FROM record WHERE form_id = ?", [credit_records.APPLICATION])
    return [row["entity_id"] for row in rows if row["entity_id"] in ids]


def complaints(store: Store, actor: Person, keys: Mapping[str, str], on: date) -> list[str]:
    """The key of a customer for each complaint of it that was open at the end of the day."""
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        "SELECT known.properties, record.entity_id AS about FROM entity_current "
        "JOIN entity_version AS first ON first.entity_id = entity_current.entity_id AND first.version = 1 "
        "JOIN record ON record.record_id = first.record_id "
        "JOIN entity_version AS known ON known.entity_id = entity_current.entity_id "
        f"AND known.version = {_AS_OF.format(one='entity_current.entity_id')} "
        f"WHERE dataset = 'complaints' AND {mine}",
        [stamp(_until(store, on)), *scope],
    )
    still = (row for row in rows if sealing.unsealed_properties(row["properties"]).get("stage") != "closed")
    return [keys[row["about"]] for row in still if row["about"] in keys]


def occasions(store: Store, actor: Person, keys: Mapping[str, str], month: Month) -> list[tuple[str, str, date]]:
    """The special days of the month: (key of the customer, which occasion, day), each once."""
    if not visibility.sees(actor, Level.SECRET):
        return []
    mine, scope = assignments.visible_where(actor, "record_current")
    rows = store.rows(
        f"SELECT record_id, entity_id, version, content FROM record_current WHERE form_id = ? AND {mine} "
        "AND record_id NOT IN (SELECT made.record_id FROM entity_version AS made JOIN to_be_told USING (entity_id)) "
        "AND record_id NOT IN (SELECT made.record_id FROM entity_version AS made JOIN follow_up_stopped "
        "USING (entity_id)) AND entity_id NOT IN (SELECT entity_id FROM follow_up_stopped)",
        [GUESTS, *scope],
    )
    found = {
        (keys[row["entity_id"]], what, day)
        for row in rows
        if row["entity_id"] in keys
        for what, day in _special_days(store, row, month)
    }
    return sorted(found)


def _special_days(store: Store, row: Row, month: Month) -> Iterator[tuple[str, date]]:
    answers = sealing.opened_values(store, "record_version", row["record_id"], row["version"], row["content"])
    rounds = answers.get("anniversaries", {}).get("special_day", [])
    for one in rounds if isinstance(rounds, list) else [rounds]:
        day = _day(one, month)
        if day is not None and month.first <= day <= month.last:
            yield str(one.get("occasion") or "other"), day


def _day(said: Mapping[str, Any], month: Month) -> date | None:
    """The day in that year; the 29th of February is the 1st of March where there is none."""
    if said.get("calendar") == "lunar":
        looked_up = said.get("next_lunar")
        return date.fromisoformat(looked_up) if looked_up else None
    if not said.get("month") or not said.get("day"):
        return None
    return date(month.first.year, int(said["month"]), 1) + timedelta(days=int(said["day"]) - 1)


def _until(store: Store, on: date) -> datetime:
    """The moment at which the day is over."""
    return datetime.combine(on + timedelta(days=1), time(), store.site.zone)
