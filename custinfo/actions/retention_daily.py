"""What retention does and says every day: plans whose day has come are carried out; what is due waits for somebody."""

from datetime import date

from custinfo.access import permissions
from custinfo.actions import retention
from custinfo.actions.due import DueRow
from custinfo.domain.clock import parse
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store


def run(store: Store, today: date) -> dict[str, int]:  # noqa: ARG001 - the clock that cannot be set back is ours
    """Carry out what was agreed to and could have been stopped until now; what was carried out stays so."""
    plans = retention.due_plans(store)
    erased = 0
    for plan_id in plans:
        erased += sum(line.erased for line in retention.carry_out(store, SERVICE, plan_id).lines)
    return {"plans": len(plans), "erased": erased}


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """For who plans and carries out: approved plans that are not marked yet, and marked ones until their day."""
    if not permissions.may(actor, "retention.run"):
        return []
    rows = store.rows(
        "SELECT plan_id, retention_plan.state, erase_on, ended_at FROM retention_plan "
        "JOIN approval_case USING (case_id) WHERE retention_plan.state = 'pending' "
        "OR (retention_plan.state = 'planned' AND approval_case.state = 'approved')"
    )
    found = []
    for row in rows:
        approved = parse(row["ended_at"]).astimezone(store.site.zone).date() if row["ended_at"] else today
        day = date.fromisoformat(row["erase_on"]) if row["erase_on"] else approved
        what = f"retention.waiting.{row['state']}"
        found.append(DueRow(what, {"plan": row["plan_id"]}, day, None, f"/retention/{row['plan_id']}"))
    return found
