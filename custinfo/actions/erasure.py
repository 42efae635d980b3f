"""Erasing one customer: asked for, agreed to by two people, done whole or not at all, certified."""

from collections.abc import Mapping

from custinfo.access import permissions
from custinfo.actions import erasing, retention
from custinfo.actions.certificates import Certificate
from custinfo.actions.erasing import finish
from custinfo.domain.errors import WrongState
from custinfo.domain.people import Person
from custinfo.store import Store, Tx

__all__ = ["again", "erase", "finish"]

REPLAY = "replay"


def erase(store: Store, actor: Person, customer_id: str, *, case_id: str) -> Certificate:
    """Erase the customer whose erasure the case agreed to, at once. Killed at any point, the same call goes on.

    Raises WrongState when the case is about something else or is not approved, and when a hold stands in the way.
    """
    permissions.check(actor, "retention.run")
    row = store.row(
        "SELECT plan_id, state FROM retention_plan JOIN retention_item USING (plan_id) "
        "WHERE case_id = ? AND kind = 'request' AND object_id = ?",
        [case_id, customer_id],
    )
    if row is None:
        raise WrongState("retention.other_case")
    if row["state"] == "planned":
        retention.check_free(store, row["plan_id"])
        retention.mark(store, actor, row["plan_id"])
    return retention.carry_out(store, actor, row["plan_id"])


def again(store: Store, tx: Tx, object_id: str, facts: Mapping[str, str]) -> None:
    """Erase a customer in a restored store who was erased after the backup was made; doing it again changes nothing.

    `finish` has to follow, once for all of them: it brings the lake after.
    """
    keep = facts.get("action", "anonymise") == "anonymise"
    erasing.customers(store, tx, [object_id], keep=keep, plan_id=REPLAY)
