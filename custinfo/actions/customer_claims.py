"""Who has a claim to follow a customer, and whom the rule names (R103): what a supervisor hands over by."""

import json
from dataclasses import dataclass
from datetime import date

from custinfo.access import permissions
from custinfo.actions import assignments, merge_links
from custinfo.actions.delegations import today
from custinfo.classification import claims
from custinfo.classification.claims import Claim, Ground
from custinfo.domain.clock import parse
from custinfo.domain.people import Audience, Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store


@dataclass(frozen=True)
class Claimant:
    """Somebody who claims the customer: on what ground, and the day of their last contact with it."""

    person_id: str
    display_name: str
    department: str
    active_on: date | None
    ground: Ground


@dataclass(frozen=True)
class Claimed:
    """Everybody with a claim, the strongest first, and whom the rule names; None where it leaves it to a supervisor."""

    claimants: tuple[Claimant, ...]
    follows: str | None
    active_days: int
    rule_version: int


def of(store: Store, actor: Person, customer_id: str) -> Claimed:
    """The claims of who works with customers: a card that they recorded, of the customer or of who was merged into it,
    whose the customer is, and records about it, which are contacts. For who supervises, within their scope.

    Records of level 1 are no contacts here, nor are those of oversight. Raises NotAllowed, NotFound.
    """
    permissions.check(actor, "customer.assign")
    assignments.check_in_scope(store, actor, customer_id)
    day = today(store)
    rule = claims.rule(day)
    colleagues = {one.person_id: one for one in assignments.takers(store)}
    found = {one.person_id: one for one in _claims(store, customer_id) if one.person_id in colleagues}
    decided = claims.decide(list(found.values()), day, rule)
    claimants = (
        Claimant(
            one.person_id, colleagues[one.person_id].display_name, colleagues[one.person_id].department,
            found[one.person_id].active_on, one,
        )
        for one in decided.grounds
    )  # fmt: skip
    return Claimed(tuple(claimants), decided.person_id, rule.active_days, decided.rule_version)


def _claims(store: Store, customer_id: str) -> list[Claim]:
    rows = store.rows(
        "WITH one AS (SELECT value AS entity_id FROM json_each(?1)), recorded AS ("
        "SELECT recorded_by AS person_id, min(recorded_at) AS at FROM entity_version JOIN one USING (entity_id) "
        "GROUP BY recorded_by), contact AS ("
        "SELECT wrote.recorded_by AS person_id, max(wrote.recorded_at) AS at FROM record_version AS wrote "
        "JOIN record USING (record_id) JOIN one ON one.entity_id = record.entity_id "
        "JOIN form ON form.form_id = record.form_id AND form.version = wrote.form_version "
        "LEFT JOIN record_now_level AS said ON said.record_id = record.record_id "
        "WHERE coalesce(form.audience, '') != ?2 AND said.level IS NOT ?3 GROUP BY wrote.recorded_by), "
        "owned AS (SELECT owner AS person_id FROM entity_place WHERE entity_id = ?4) "
        "SELECT person_id, recorded.at AS recorded_at, contact.at AS active_at, "
        "EXISTS (SELECT 1 FROM owned WHERE owned.person_id = who.person_id) AS assigned FROM ("
        "SELECT person_id FROM recorded UNION SELECT person_id FROM contact UNION SELECT person_id FROM owned) AS who "
        "LEFT JOIN recorded USING (person_id) LEFT JOIN contact USING (person_id)",
        [json.dumps(merge_links.one_with(store, customer_id)), Audience.OVERSIGHT, int(Level.SECRET), customer_id],
    )
    zone = store.site.zone
    return [
        Claim(
            row["person_id"], parse(row["recorded_at"]) if row["recorded_at"] else None, bool(row["assigned"]),
            parse(row["active_at"]).astimezone(zone).date() if row["active_at"] else None,
        )
        for row in rows
    ]  # fmt: skip
