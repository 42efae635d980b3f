"""Conflicting changes of entities as cards, wherever they are shown: home's line, /records, a record, a customer."""

from collections.abc import Sequence

from custinfo.actions import conflicts
from custinfo.actions.conflicts import EntityConflict
from custinfo.domain.errors import NotFound
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import number

SHOWN = 5
"""Conflicts that a card shows at once."""
EVENT = "conflict"
"""A button's event; its value is the entity's id and the version, with a space between."""


def card(page: Page, found: Sequence[EntityConflict], here: str = "") -> Block | None:
    """The conflicts in one card, the first few of many; None when there are none. No link leads to `here`, the page."""
    if not found:
        return None
    count = blocks.badge(str(len(found)), "warn")
    parts = [_one(page, one, here) for one in found[:SHOWN]]
    if len(found) > SHOWN:
        parts.append({"type": "text", "text": page.text("conflicts.more", n=len(found) - SHOWN), "look": "ci-muted"})
    return blocks.card(page.text("conflicts.title"), parts, badges=[count])


def resolve(page: Page, actor: Person, value: object) -> None:
    """What the button asks for. Raises NotFound for a value of another make."""
    entity_id, _, told = value.partition(" ") if isinstance(value, str) else ("", "", "")
    version = number(told)
    if version is None:
        raise NotFound("conflicts.unknown")
    conflicts.resolve(page.store, actor, entity_id, version)


def _one(page: Page, one: EntityConflict, here: str) -> Block:
    facts = {"name": one.recorded_by_name, "time": page.time(one.recorded_at), "number": one.number}
    told = page.text("conflicts.what", **facts, base=one.base_version, newer=one.version - 1)
    parts = [
        blocks.banner(told, "warn"),
        {"type": "text", "text": page.text("conflicts.both" if one.kind == "hard" else "conflicts.apart")},
    ]
    if one.properties:
        parts.append(_properties(page, one))
    kind = blocks.badge(page.text(f"conflicts.{one.kind}"), "danger" if one.kind == "hard" else "info")
    return blocks.card(one.label, parts, badges=[kind], actions=_actions(page, one, here))


def _actions(page: Page, one: EntityConflict, here: str) -> list[Block]:
    ways = {"conflicts.record": f"/record/{one.record_id}"}
    if one.dataset == "customers":
        ways["conflicts.customer"] = f"/customer/{one.entity_id}"
    found = [blocks.link(page.text(key), href, "small") for key, href in ways.items() if href != here]
    if one.may_resolve:
        named = page.text("conflicts.resolve_named", number=one.number, version=one.version)
        value = f"{one.entity_id} {one.version}"
        found.append(blocks.button(page.text("conflicts.resolve"), EVENT, value, name=named, look="small"))
    return found


def _properties(page: Page, one: EntityConflict) -> Block:
    blank = page.text("conflicts.blank")
    columns = [
        blocks.column(page.text("conflicts.property")),
        blocks.column(page.text("conflicts.before"), wide=True),
        blocks.column(page.text("conflicts.theirs", version=one.version - 1), wide=True),
        blocks.column(page.text("conflicts.mine", version=one.version), wide=True),
    ]
    rows = [
        [
            (page.text("conflicts.label") if changed.name == "label" else changed.name, ""),
            *((text or blank, "") for text in (changed.before, changed.theirs, changed.mine)),
        ]
        for changed in one.properties
    ]
    return blocks.table(page.text("conflicts.title"), columns, rows)
