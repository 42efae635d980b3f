"""What the list of incidents and the page of one draw by the same rules: states, clocks, corrective measures."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import corrective
from custinfo.actions.corrective import Correction
from custinfo.actions.incidents import Incident
from custinfo.domain.clock import utc_now
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said

LOOK = {
    "reported": "danger", "assessed": "warn", "contained": "accent", "concluded": "info", "over": "ok", "dismissed": "",
}  # fmt: skip


def state_badge(page: Page, incident: Incident) -> Block:
    """The state of an incident as a mark."""
    return blocks.badge(page.text(f"machines.state.{incident.state}"), LOOK[incident.state])


def overdue_badge(page: Page, incident: Incident) -> list[Block]:
    """A red mark when a clock has run out."""
    overdue = incident.overdue(utc_now())
    return [blocks.badge(page.text("incidents.overdue"), "danger")] if overdue else []


def clock_line(page: Page, incident: Incident) -> str:
    """The clock that runs out next, in words."""
    if not incident.due:
        return ""
    clock = incident.due[0]
    kind = page.text(f"incidents.notice.{clock.notice}")
    return page.text("incidents.clock", kind=kind, time=page.time(clock.due_at))


def measures_card(page: Page, actor: Person, found: list[Correction], order: Block | None = None) -> Block:
    """Corrective measures with what can be done about each."""
    parts: list[Block] = []
    for one in found:
        state = page.text(f"machines.state.{one.state}")
        lines = [("oversight.responsible", one.responsible), ("oversight.due_on", one.due_on.isoformat())]
        lines += [("oversight.done_note", one.done_note), ("oversight.decided_note", one.decided_note)]
        facts = blocks.facts([(page.text(key), value) for key, value in lines if value], f"{one.what} · {state}")
        parts += [facts, *_measure_entries(page, actor, one)]
    parts += [] if found else [blocks.empty(page.text("oversight.no_corrections"))]
    return blocks.card(page.text("oversight.corrections"), [*parts, *([order] if order else [])])


def _measure_entries(page: Page, actor: Person, one: Correction) -> list[Block]:
    note = [blocks.field("text", page.text("oversight.note"), "multiline")]
    about = {"value": one.correction_id, "inline": False}
    if one.state == "ordered" and one.responsible_id == actor.person_id:
        words = page.text("oversight.carry_out")
        return [blocks.entry("carry_out", note, words, folded=words, **about)]  # type: ignore[arg-type]
    if (
        one.state == "carried_out"
        and one.responsible_id != actor.person_id
        and permissions.may(actor, "oversight.handle")
    ):
        accept, back = page.text("oversight.accept"), page.text("oversight.return")
        return [
            blocks.entry("accept_work", note, accept, folded=accept, **about),  # type: ignore[arg-type]
            blocks.entry("return_work", note, back, folded=back, look="danger", **about),  # type: ignore[arg-type]
        ]
    return []


def react_to_measure(page: Page, actor: Person, name: str, value: Any) -> bool:
    """Do what an event says of a measure; False when the event is about something else."""
    text, about = said(value, "text"), said(value, "about")
    if name == "carry_out":
        corrective.carry_out(page.store, actor, about, text)
    elif name in ("accept_work", "return_work"):
        corrective.decide(page.store, actor, about, name == "accept_work", text)
    else:
        return False
    return True
