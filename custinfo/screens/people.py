"""`/people`: who is here with which rights, what is asked for, and the review of rights that is due."""

from datetime import date, datetime, time
from typing import Any

from custinfo.access import permissions
from custinfo.actions import access_requests, people, rights
from custinfo.actions.access_requests import Request
from custinfo.actions.rights import Member
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person, Role
from custinfo.domain.sensitivity import Level
from custinfo.screens import blocks, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

LOOK = {"open": "info", "approved": "ok", "returned": "warn", "rejected": "danger"}
PLACES = {"region": "region", "move": "department"}
"""Choice on the page → what is asked for."""
SOON_DAYS = 30
"""A clearance that ends within so many days is marked."""


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """People and requests, as far as the person who asks may see them."""
    return SheetView(
        page, lambda actor: _blocks(page, actor), lambda actor, name, value: _react(page, actor, name, value)
    )


def _react(page: Page, actor: Person, name: str, value: Any) -> Reaction:
    store = page.store
    if name == "ask":
        what, who = said(value, "what"), said(value, "person") or actor.person_id
        wanted = _wanted(what, said(value, "place"))
        reason, until = said(value, "reason"), until_day(page, said(value, "until"))
        access_requests.ask(store, actor, who, reason=reason, until=until, **wanted)
    elif name == "apply":
        days = {key: until_day(page, said(value, key)) for key in ("trained_until", "vetted_until")}
        access_requests.apply(store, actor, said(value, "about"), **days)
    elif name == "confirm":
        rights.confirm(store, actor)
    elif name == "add":
        added = people.add(
            store, actor, login_name=said(value, "login"), display_name=said(value, "name"), roles=(),
            department=said(value, "department"), password=said(value, "password"), must_change=True,
        )  # fmt: skip
        return Goto(f"/person/{added.person_id}")
    return Redraw()


def _wanted(what: str, place: str) -> dict[str, Any]:
    """What is asked for: a role or a level by its name, or a region or department that was typed."""
    if what in PLACES:
        return {PLACES[what]: place}
    return {"role": role(what)} if what in set(Role) else {"level": level(what)}


def _blocks(page: Page, actor: Person) -> list[Block]:
    sees = permissions.may(actor, "person.read")
    left = _departments(page, rights.listed(page.store, actor)) if sees else []
    right = [_requests(page, actor), _ask(page, actor), *([_add(page)] if permissions.may(actor, "person.add") else [])]
    head = blocks.head(page.text("people_page.title"), page.text("people_page.subtitle"))
    review = _review(page, actor)
    return [head, *([review] if review else []), blocks.columns(left, right) if left else blocks.columns(right)]


def _departments(page: Page, members: list[Member]) -> list[Block]:
    """One card for each department, those who left at the end."""
    found: dict[str, list[Block]] = {}
    for member in members:
        title = page.text("people_page.left") if member.left_at else member.person.department
        found.setdefault(title or page.text("people_page.no_department"), []).append(_line(page, member))
    return [blocks.card(title, [blocks.listing(items)], flush=True) for title, items in found.items()]


def _line(page: Page, member: Member) -> Block:
    person = member.person
    meta = [person.login_name]
    meta += [page.text("people_page.customers", n=member.customers)] if member.customers else []
    meta += [page.text("people_page.left_on", time=page.time(member.left_at))] if member.left_at else []
    marks = [blocks.badge(role_text(page, held.role, held.until)) for held in member.roles]
    if not member.left_at:
        marks.append(blocks.badge(page.text(f"people.clearance.{int(person.clearance)}"), "accent"))
        marks += [blocks.badge(words, "warn") for words in _ending(page, member)]
    return blocks.item(person.display_name, f"/person/{person.person_id}", meta=" · ".join(meta), badges=marks)


def _ending(page: Page, member: Member) -> list[str]:
    """What runs out soon of the clearance that counts, or has run out."""
    lost = [one for one in member.clearances if not one.counts and one.level < member.person.clearance]
    ends = [
        day for one in member.clearances if one.counts and one.level == member.person.clearance
        for day in (one.until, one.trained_until, one.vetted_until) if day is not None
    ]  # fmt: skip
    found = [page.text("people_page.run_out")] if lost else []
    if ends and (min(ends).astimezone(page.site.zone).date() - page.today()).days <= SOON_DAYS:
        found.append(page.text("people_page.ends", day=day_text(page, min(ends))))
    return found


def _review(page: Page, actor: Person) -> Block | None:
    """The review of rights of a department head: when it is due, and that it was done."""
    day = rights.reviewed_by(page.store, actor)
    if day is None:
        return None
    words = page.text("people_page.confirm")
    due = page.text("people_page.review", department=actor.department, day=day.isoformat())
    ask = page.text("people_page.confirm_ask")
    press = blocks.button(words, "confirm", "", name=words, confirm=ask, look="small")
    return {**blocks.banner(due, "warn" if day <= page.today() else "info"), "actions": [press]}


def _requests(page: Page, actor: Person) -> Block:
    found = access_requests.listed(page.store, actor)
    title = page.text("people_page.requests")
    if not found:
        return blocks.card(title, [blocks.empty(page.text("people_page.requests_none"))])
    gives = permissions.may(actor, "role.grant")
    parts: list[Block] = []
    for one in found:
        mine = one.person_id == actor.person_id
        parts.append(blocks.listing([_request(page, one)]))
        if gives and one.state == "approved" and not one.applied and not mine:
            parts.append(_apply(page, one))
    return blocks.card(title, parts, flush=True)


def _request(page: Page, one: Request) -> Block:
    if one.region or one.department:
        kind = page.text("people_page.region" if one.region else "people_page.move")
        what = f"{kind} {one.region or one.department}"
    else:
        what = page.text(f"people.role.{one.role}") if one.role else page.text(f"people.level.{int(one.level or 3)}")
    until = page.text("people_page.until", day=day_text(page, one.until)) if one.until else ""
    meta = " · ".join(
        part for part in (one.request_id, one.asked_by_name, page.time(one.asked_at), until, one.reason) if part
    )
    applied = blocks.badge(page.text("people_page.applied"), "ok")
    state = blocks.badge(page.text(f"machines.state.{one.state}"), LOOK.get(one.state, "")) if one.state else None
    return blocks.item(f"{one.person_name} · {what}", meta=meta, badges=[applied if one.applied else state or applied])


def _apply(page: Page, one: Request) -> Block:
    words = page.text("people_page.apply")
    days = [
        blocks.field(name, page.text(f"people_page.{name}"), "date", required=name == "trained_until")
        for name in ("trained_until", "vetted_until")
    ]
    return blocks.entry(
        "apply", days if one.level else [], words, value=one.request_id, folded=words if one.level else ""
    )


def _ask(page: Page, actor: Person) -> Block:
    wanted = [(str(one), page.text(f"people.role.{one}")) for one in Role]
    wanted += [(str(int(one)), page.text(f"people.level.{int(one)}")) for one in (Level.SECRET, Level.INTERNAL)]
    wanted += [(name, page.text(f"people_page.{name}")) for name in PLACES]
    fields = [
        *_whom(page, actor),
        blocks.field("what", page.text("people_page.what"), "select", options=wanted, required=True),
        blocks.field("place", page.text("people_page.place_field"), hint=page.text("people_page.place_hint")),
        blocks.field("until", page.text("people_page.until_field"), "date", hint=page.text("people_page.until_hint")),
        blocks.field("reason", page.text("people_page.reason"), "multiline", required=True),
    ]
    words = page.text("people_page.ask")
    return blocks.card(words, [blocks.entry("ask", fields, words, folded=words)])


def _whom(page: Page, actor: Person) -> list[Block]:
    """For whom somebody may ask: the people of the department whom they see, or themselves alone."""
    options = [(actor.person_id, page.text("people_page.myself"))]
    if permissions.may(actor, "person.read"):
        options += [
            (one.person.person_id, one.person.display_name)
            for one in rights.listed(page.store, actor)
            if one.left_at is None and one.person.department == actor.department
            and one.person.person_id != actor.person_id
        ]  # fmt: skip
    return [blocks.field("person", page.text("people_page.for_whom"), "select", options=options, required=True)]


def _add(page: Page) -> Block:
    fields = [
        blocks.field("login", page.text("people_page.login"), required=True),
        blocks.field("name", page.text("people_page.name"), required=True),
        blocks.field("department", page.text("people_page.department")),
        blocks.field("password", page.text("people_page.password"), "password", required=True,
                     hint=page.text("people_page.password_hint")),
    ]  # fmt: skip
    words = page.text("people_page.add")
    return blocks.card(words, [blocks.entry("add", fields, words, folded=words)])


# ---- words and days, also for the page of one person -----------------------------------------------------------------


def role_text(page: Page, role: Role, until: datetime | None) -> str:
    """A role, and until when it is held."""
    words = page.text(f"people.role.{role}")
    return f"{words} · {page.text('people_page.until', day=day_text(page, until))}" if until else words


def day_text(page: Page, moment: datetime) -> str:
    """The day of a moment, as the site's people see it."""
    return moment.astimezone(page.site.zone).date().isoformat()


def until_day(page: Page, given: str) -> datetime | None:
    """The end of a day that an entry gave, None for a blank one. Raises BadInput for what is no day."""
    if not given:
        return None
    try:
        return datetime.combine(date.fromisoformat(given), time.max, page.site.zone)
    except ValueError:
        raise BadInput("people.no_day") from None


def role(given: str) -> Role:
    """The role that an event names. Raises BadInput."""
    try:
        return Role(given)
    except ValueError:
        raise BadInput("people.request_incomplete") from None


def level(given: str) -> Level:
    """The level that an event names. Raises BadInput."""
    if given not in ("1", "2"):
        raise BadInput("people.request_incomplete")
    return Level(int(given))
