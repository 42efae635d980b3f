"""A case of approval on a page: its steps with who decided, what can be done now, signatures, copies, history.

Any page about an object that is approved shows `card` and gives its events to `react` first.
"""

from typing import Any, cast

from custinfo.actions import (
    approval_cases,
    approvals,
    copies,
    delegations,
    reauthentication,
    record_approvals,
    signatures,
)
from custinfo.actions.approval_cases import AGREED, APPROVED, OPEN, RETURNED, Case, Event
from custinfo.domain.people import Person
from custinfo.domain.procedures import PROCEDURES, Step
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said

LOOK = {"open": "info", "returned": "warn", "approved": "ok", "rejected": "danger", "withdrawn": ""}
LOOK_OF_DECISION = {"approve": "primary", "return": "", "reject": "danger"}
SHORT = 16
"""Characters of a digest that people compare."""


def card(page: Page, actor: Person, object_kind: str, object_id: str) -> Block | None:
    """The newest case about an object, for whoever may see it; None when there is none for them."""
    case = approvals.of(page.store, object_kind, object_id)
    if case is None or not approval_cases.may_see(page.store, actor, case):
        return None
    return blocks.card(page.pick(case.procedure.titles), parts(page, actor, case), badges=[state_badge(page, case)])


def state_badge(page: Page, case: Case) -> Block:
    """The state of a case as a mark."""
    return blocks.badge(page.text(f"case.state.{case.state}"), LOOK[case.state])


def parts(page: Page, actor: Person, case: Case) -> list[Block]:
    """What is in the card: steps first, then what the person can do, then the proofs."""
    found = [blocks.listing([_step(page, case, n, step) for n, step in enumerate(case.procedure.steps)])]
    found += [*_nobody(page, case), *_decide(page, actor, case), *_of_opener(page, actor, case)]
    found += [*_signatures(page, case), *_copies(page, actor, case)]
    return [*found, _history(page, case)]


def react(page: Page, actor: Person, name: str, value: Any) -> bool:
    """Do what a button of a card asked for; False when the event is none of a card's."""
    store, about = page.store, said(value, "about")
    decision = name.removeprefix("case_")
    if decision in approvals.DECISIONS and name != decision:
        case_id, _, sha256 = about.partition(" ")
        secret = {"password": said(value, "password"), "code": said(value, "code")}
        what = cast(approvals.Decision, decision)
        approvals.decide(store, actor, case_id, what, sha256, note=said(value, "note"), **secret)
    elif name == "case_withdraw":
        approvals.withdraw(store, actor, about, said(value, "note"))
    elif name == "case_resubmit":
        approvals.resubmit(store, actor, about, said(value, "note"))
    elif name == "case_copy":
        copies.send_to(store, actor, about, [said(value, "person")])
    elif name == "case_receive" and isinstance(value, str):
        copies.receive(store, actor, value)
    else:
        return False
    return True


# ---- steps ---------------------------------------------------------------------------------------------------------


def _step(page: Page, case: Case, number: int, step: Step) -> Block:
    said_here = [one for one in case.decisions() if one.step == number]
    title = f"{number + 1}. {page.pick(step.titles)}"
    meta = " · ".join(_line(page, one) for one in said_here) or _who(page, step)
    return blocks.item(title, meta=meta, badges=_marks(page, case, number, said_here))


def _marks(page: Page, case: Case, number: int, said_here: list[Event]) -> list[Block]:
    step = case.procedure.steps[number]
    marks = [blocks.badge(page.text("case.signs"))] if step.signs else []
    if said_here and said_here[-1].action not in AGREED:
        marks.append(blocks.badge(page.text(f"machines.action.{said_here[-1].action}"), "danger"))
    elif said_here and (case.step > number or case.state == APPROVED):
        marks.append(blocks.badge(page.text("machines.action.pass"), "ok"))
    elif case.state == OPEN and case.step == number:
        late = (page.today() - case.due_on).days
        words = page.text("case.overdue", days=late) if late > 0 else page.text("case.due", day=case.due_on.isoformat())
        marks.append(blocks.badge(words, "danger" if late > 0 else "info"))
    return marks


def _line(page: Page, one: Event) -> str:
    words = f"{one.name} · {page.time(one.at)}"
    if one.for_name:
        words += f" · {page.text('case.for', name=one.for_name)}"
    return f"{words} · {one.note}" if one.note else words


def _who(page: Page, step: Step) -> str:
    """Which roles decide: any of them, or each."""
    between = page.text("case.and" if step.all_of else "case.or")
    roles = between.join(page.text(f"people.role.{role}") for role in step.roles)
    scope = page.text("case.own_department") if step.own_department else page.text("case.any_department")
    return page.text("case.who", roles=roles, scope=scope, days=step.days)


def _nobody(page: Page, case: Case) -> list[Block]:
    """Who is waited for; when nobody may decide, a case would wait for ever, and the page says so."""
    if case.state != OPEN:
        return []
    names = [one.display_name for one in approval_cases.deciders(page.store, case)]
    if not names:
        return [blocks.banner(page.text("case.nobody"), "warn")]
    return [blocks.facts([(page.text("case.waits_for"), page.text("pages.home.and").join(names))])]


# ---- what can be done ----------------------------------------------------------------------------------------------


def _decide(page: Page, actor: Person, case: Case) -> list[Block]:
    how = approval_cases.may_decide(page.store, actor, case)
    if how is None:
        return []
    if case.object_kind == record_approvals.KIND and not record_approvals.is_current(page.store, case):
        return [blocks.banner(page.text("case.differs"), "danger")]
    above = [] if how.instead_of is None else [blocks.banner(page.text("case.for", name=how.instead_of.display_name))]
    secret: list[Block] = []
    if case.now.signs:
        secret.append(blocks.field("password", page.text("case.password"), "password", required=True))
        if reauthentication.needs_code(page.store, actor):
            secret.append(blocks.field("code", page.text("case.code"), "code", required=True))
    entries = []
    for decision in approvals.DECISIONS:
        note = blocks.field("note", page.text("case.note"), "multiline", required=decision in approvals.NEED_A_NOTE)
        words = page.text(f"case.{decision}_signing" if case.now.signs else f"case.{decision}")
        entries.append(
            blocks.entry(
                f"case_{decision}", [note, *secret], words, value=f"{case.case_id} {case.sha256}",
                look=LOOK_OF_DECISION[decision], folded="" if decision == "approve" else words,
            )
        )  # fmt: skip
    return [*above, *entries]


def _of_opener(page: Page, actor: Person, case: Case) -> list[Block]:
    if actor.person_id != case.opened_by or case.state not in (OPEN, RETURNED):
        return []
    note = [blocks.field("note", page.text("case.note"), "multiline", required=True)]
    found = []
    if case.state == RETURNED:
        again = page.text("machines.action.resubmit")
        found.append(blocks.entry("case_resubmit", note, again, value=case.case_id, folded=again))
    back = page.text("machines.action.withdraw")
    return [*found, blocks.entry("case_withdraw", note, back, value=case.case_id, look="", folded=back)]


# ---- proofs --------------------------------------------------------------------------------------------------------


def _signatures(page: Page, case: Case) -> list[Block]:
    signed = signatures.of(page.store, case.case_id)
    if not signed:
        return []
    holds = signatures.holds(page.store, case)
    mark = blocks.badge(page.text("case.holds" if holds else "case.does_not_hold"), "ok" if holds else "danger")
    items = []
    for one in signed:
        name = f"{one.name} · {page.text('case.for', name=one.for_name)}" if one.for_name else one.name
        current = one.round == case.round
        badges = [] if current else [blocks.badge(page.text("case.void"), "warn")]
        meaning = page.text(f"machines.action.{one.meaning}")
        meta = f"{meaning} · {page.time(one.signed_at)} · SHA-256 {one.sha256[:SHORT]}…"
        items.append(blocks.item(name, meta=meta, badges=badges))
    return [blocks.card(page.text("case.signatures"), [blocks.listing(items)], badges=[mark], flush=True)]


def _copies(page: Page, actor: Person, case: Case) -> list[Block]:
    if case.state != APPROVED:
        return []
    sent = copies.of(page.store, case)
    items = [_copy(page, actor, one) for one in sent]
    inner: list[Block] = [blocks.listing(items)] if items else []
    if actor.person_id in {case.opened_by, *(one.person_id for one in case.decisions())}:
        names = [(one.person_id, one.display_name) for one in copies.possible(page.store, case)]
        whom = blocks.field("person", page.text("case.recipient"), "select", options=names, required=True)
        more = page.text("case.send_copy")
        inner.append(blocks.entry("case_copy", [whom], more, value=case.case_id, look="small", folded=more))
    return [blocks.card(page.text("case.copies"), inner, flush=bool(items))] if inner else []


def _copy(page: Page, actor: Person, one: copies.Copy) -> Block:
    title = page.text("case.copy", number=one.number, of=one.of, name=one.name)
    meta = f"{page.time(one.sent_at)} · SHA-256 {one.sha256[:SHORT]}…"
    if one.received_at:
        return blocks.item(title, meta=meta, badges=[blocks.badge(_received(page, one), "ok")])
    receive = page.text("case.receive")
    mine = one.recipient == actor.person_id
    actions = [blocks.button(receive, "case_receive", one.copy_id, name=f"{receive} {title}", look="primary small")]
    return blocks.item(
        title, meta=meta, badges=[blocks.badge(page.text("case.not_received"), "warn")], actions=actions if mine else []
    )


def _received(page: Page, one: copies.Copy) -> str:
    assert one.received_at is not None
    return page.text("case.received", time=page.time(one.received_at))


def _history(page: Page, case: Case) -> Block:
    """Everything that happened, the newest first; what was decided about an earlier content is marked."""
    moments = []
    for one in reversed(case.events):
        void = one.round != case.round and one.action in approval_cases.DECISIONS
        badges = [blocks.badge(page.text("case.void"), "warn")] if void else []
        who = f"{one.name} · {page.text('case.for', name=one.for_name)}" if one.for_name else one.name
        lines = [one.note] if one.note else []
        title = page.text(f"machines.action.{'pass' if one.action == 'approve' else one.action}")
        moments.append(blocks.moment(f"{who} · {page.time(one.at)}", title, lines=lines, badges=badges))
    return blocks.card(page.text("case.history"), [blocks.timeline(moments)])


def delegation_line(page: Page, one: delegations.Delegation) -> str:
    """From when to when, and for what."""
    between = page.text("pages.home.and")
    which = between.join(page.pick(PROCEDURES[name].titles) for name in one.procedures)
    return page.text(
        "case.delegated", starts=one.starts_on.isoformat(), ends=one.ends_on.isoformat(),
        which=which or page.text("case.all_procedures"),
    )  # fmt: skip
