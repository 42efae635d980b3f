"""`/person/<id>`: the rights of one person, and what may be done about them."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import assignments, leaving, rights, second_factor, staff_keys
from custinfo.actions.clearances import Clearance
from custinfo.actions.rights import Member
from custinfo.domain.people import Person
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.people import day_text, role, role_text
from custinfo.screens.sheet_view import Reaction, Redraw, SheetView


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The person of the address, for who may see them."""
    return SheetView(
        page, lambda actor: _blocks(page, actor), lambda actor, name, value: _react(page, actor, name, value)
    )


def _react(page: Page, actor: Person, name: str, value: Any) -> Reaction:
    store, person_id = page.store, page.tail()
    if name == "revoke_role" and isinstance(value, str):
        rights.revoke_role(store, actor, person_id, role(value))
    elif name == "revoke_clearance" and isinstance(value, str):
        rights.revoke_clearance(store, actor, value)
    elif name == "place":
        places = frozenset(said(value, "regions").replace("、", " ").replace(",", " ").split())
        member = rights.member(store, actor, person_id).person
        rights.place(store, actor, person_id, member.department, places)
    elif name == "leave":
        leaving.leave(store, actor, person_id, said(value, "to") or None, said(value, "reason"))
    elif name == "password":
        rights.set_password(store, actor, person_id, said(value, "password"))
    elif name == "second_factor":
        second_factor.reset(store, actor, person_id)
    return Redraw()


def _blocks(page: Page, actor: Person) -> list[Block]:
    member = rights.member(page.store, actor, page.tail())
    person = member.person
    marks = [blocks.badge(page.text("people_page.left"), "warn")] if member.left_at else []
    back = blocks.link(page.text("people_page.title"), "/people")
    head = blocks.head(person.display_name, f"{person.login_name} · {person.department}", badges=marks, actions=[back])
    left = [_roles(page, actor, member), _clearances(page, actor, member)]
    return [head, blocks.columns(left, [_facts(page, member), *_what_may_be_done(page, actor, member)])]


def _facts(page: Page, member: Member) -> Block:
    person = member.person
    told = [
        (page.text("people_page.department"), person.department or "—"),
        (page.text("people_page.regions"), " ".join(sorted(person.regions)) or "—"),
        (page.text("people_page.counts_now"), page.text(f"people.level.{int(person.clearance)}")),
        (page.text("people_page.owned"), str(member.customers)),
        (page.text("people_page.recorder"), staff_keys.recorder(page.store, person.person_id)),
    ]
    return blocks.card(page.text("people_page.scope"), [blocks.facts(told)])


def _roles(page: Page, actor: Person, member: Member) -> Block:
    title, person_id = page.text("people_page.roles"), member.person.person_id
    takes = permissions.may(actor, "role.revoke") and person_id != actor.person_id
    items = []
    for held in member.roles:
        words = page.text("people_page.revoke")
        press = blocks.button(
            words, "revoke_role", str(held.role), name=f"{words} {page.text(f'people.role.{held.role}')}",
            look="quiet small", confirm=page.text("people_page.revoke_ask"),
        )  # fmt: skip
        items.append(blocks.item(role_text(page, held.role, held.until), actions=[press] if takes else []))
    body = blocks.listing(items) if items else blocks.empty(page.text("people_page.roles_none"))
    return blocks.card(title, [body], flush=bool(items))


def _clearances(page: Page, actor: Person, member: Member) -> Block:
    takes = permissions.may(actor, "clearance.revoke") and member.person.person_id != actor.person_id
    items = [_clearance(page, one, takes) for one in member.clearances]
    body = blocks.listing(items) if items else blocks.empty(page.text("people_page.clearances_none"))
    return blocks.card(page.text("people_page.clearances"), [body], flush=bool(items))


def _clearance(page: Page, one: Clearance, takes: bool) -> Block:
    days = [
        page.text(f"people_page.{name}_to", day=day_text(page, day))
        for name, day in (("trained", one.trained_until), ("vetted", one.vetted_until), ("granted", one.until))
        if day is not None
    ]
    words, level = page.text("people_page.revoke"), page.text(f"people.level.{int(one.level)}")
    press = blocks.button(
        words, "revoke_clearance", one.clearance_id, name=f"{words} {level}", look="quiet small",
        confirm=page.text("people_page.revoke_ask"),
    )  # fmt: skip
    said = page.text("people_page.counts" if one.counts else "people_page.counts_not")
    mark = blocks.badge(said, "ok" if one.counts else "warn")
    meta = " · ".join([*days, *([one.reason] if one.reason else [])])
    return blocks.item(level, meta=meta, badges=[mark], actions=[press] if takes else [])


def _what_may_be_done(page: Page, actor: Person, member: Member) -> list[Block]:
    person = member.person
    if member.left_at or person.person_id == actor.person_id:
        return []
    found: list[Block] = []
    if permissions.may(actor, "role.grant") and person.regions:
        fields = [
            blocks.field("regions", page.text("people_page.regions"), value=" ".join(sorted(person.regions)),
                         hint=page.text("people_page.regions_less")),
        ]  # fmt: skip
        found.append(_entry(page, "place", fields))
    if permissions.may(actor, "person.reset"):
        hint = page.text("people_page.password_hint")
        fields = [blocks.field("password", page.text("people_page.password"), "password", required=True, hint=hint)]
        found.append(_entry(page, "password", fields))
    if permissions.may(actor, "person.reset_second_factor") and second_factor.is_on(page.store, person.person_id):
        found.append(_entry(page, "second_factor", []))
    if permissions.may(actor, "person.leave"):
        found.append(_leave(page, person))
    return [blocks.card(page.text("people_page.do"), found)] if found else []


def _entry(page: Page, event: str, fields: list[Block], look: str = "primary") -> Block:
    words = page.text(f"people_page.do_{event}")
    return blocks.entry(event, fields, words, folded=words, look=look)


def _leave(page: Page, person: Person) -> Block:
    had = leaving.in_hand(page.store, person.person_id)
    told = page.text("people_page.in_hand", customers=had.customers, drafts=had.drafts, records=had.records)
    takers = [
        (one.person_id, f"{one.display_name} · {one.department}")
        for one in assignments.takers(page.store)
        if one.person_id != person.person_id
    ]
    fields = [
        blocks.field("to", page.text("people_page.hand_over_to"), "select", hint=told,
                     options=[("", page.text("people_page.nobody")), *takers]),
        blocks.field("reason", page.text("people_page.reason"), required=True),
    ]  # fmt: skip
    return _entry(page, "leave", fields, "danger")
