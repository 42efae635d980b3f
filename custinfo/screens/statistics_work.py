"""`/statistics`: who answers for which report, handovers, layouts. `/statistics/<id>`: one handover or one layout."""

from datetime import date
from typing import Any

from custinfo.access import permissions
from custinfo.actions import handovers, report_layouts, statisticians
from custinfo.actions.handovers import Handover
from custinfo.actions.report_layouts import Layout
from custinfo.actions.statisticians import Appointment
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.domain.report_definitions import load
from custinfo.screens import blocks, case_cards, handover_list, showing, statistics_handover, statistics_layout
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Goto, Reaction, Redraw, SheetView

LOOK = {"approved": "ok", "handed_over": "ok", "open": "info", "returned": "warn"}


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """The overview, or the handover or layout that the address names."""
    desk: Overview | statistics_handover.Desk | statistics_layout.Desk = Overview(page)
    if page.tail().startswith("RL-"):
        desk = statistics_layout.Desk(page)
    elif page.tail() != "statistics":
        desk = statistics_handover.Desk(page)
    return SheetView(page, desk.blocks, desk.react)


class Overview:
    """Who is answerable, appointments, handovers and layouts."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        appointed = statisticians.listed(page.store, actor)
        head = blocks.head(page.text("registers_page.title"), page.text("registers_page.subtitle"))
        found, cases = self._appointments(actor, appointed)
        work = [*cases, *self._appoint(actor), *self._end(actor, appointed)]
        return [
            head,
            blocks.columns([self._answerable(appointed)], [*self._handovers(actor), *self._layouts(actor)]),
            found,
            blocks.columns(work[::2], work[1::2]),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Propose or end an appointment, begin a handover, register a layout, or decide on a case."""
        store = self._page.store
        if name == "appoint":
            reports = [said(value, "reports")] if said(value, "reports") else []
            statisticians.propose(
                store, actor, reports=reports, from_on=_day(said(value, "from_on")),
                until_on=_day(said(value, "until_on")) if said(value, "until_on") else None,
                **{one: said(value, one) for one in ("login_name", "post", "reach", "department", "reason")},
            )  # fmt: skip
        elif name == "end":
            statisticians.end(store, actor, said(value, "appointment"), said(value, "reason"))
        elif name == "begin":
            given = {one: said(value, one) for one in ("leaver", "successor", "supervisor", "trained", "briefing")}
            items = handover_list.read(said(value, "items"))
            return Goto(f"/statistics/{handovers.begin(store, actor, items=items, **given)}")
        elif name == "layout":
            # Opening the lake starts threads, which the process that pages are forked from must not have
            from custinfo.reports import layouts

            return Goto(f"/statistics/{layouts.register(store, actor, said(value, 'report'))}")
        elif not case_cards.react(self._page, actor, name, value):
            return []
        return Redraw()

    # ---- statisticians ---------------------------------------------------------------------------------------------

    def _answerable(self, appointed: list[Appointment]) -> Block:
        """For each report who gathers in departments, and who puts it together for the company."""
        page, today = self._page, self._page.today()
        now = [one for one in appointed if one.counts_on(today)]
        columns = [blocks.column(page.text(f"registers_page.{name}"), wide=True)
                   for name in ("report", "company", "departments")]  # fmt: skip
        rows: list[list[tuple[str, str] | Block]] = []
        for definition in load().values():
            covering = [one for one in now if one.covers(definition.name)]
            company = [one.person for one in covering if one.reach == statisticians.COMPANY]
            gather = [f"{one.department}: {one.person}" for one in covering if one.reach == statisticians.DEPARTMENT]
            nobody = [blocks.badge(page.text("registers_page.nobody"), "warn")] if not covering else []
            rows.append([
                (page.pick(dict(definition.titles)), ""), blocks.cell(_and(page, company), badges=nobody),
                (_and(page, gather), ""),
            ])  # fmt: skip
        title = page.text("registers_page.answerable")
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _appointments(self, actor: Person, appointed: list[Appointment]) -> tuple[Block, list[Block]]:
        """Everybody who was appointed, and the cases of those who are to be."""
        page = self._page
        title = page.text("registers_page.appointments")
        names = ("person", "post", "where", "of_reports", "days", "trained", "state")
        columns = [blocks.column(page.text(f"registers_page.{one}"), wide=one == "of_reports") for one in names]
        rows = [self._appointment(one) for one in reversed(appointed)]
        body = blocks.table(title, columns, rows) if rows else blocks.empty(page.text("registers_page.none_appointed"))
        waiting = [one for one in appointed if one.state in ("open", "returned")]
        cards = [case_cards.card(page, actor, statisticians.KIND, one.appointment_id) for one in waiting]
        return blocks.card(title, [body], flush=bool(rows)), [card for card in cards if card is not None]

    def _appointment(self, one: Appointment) -> list[tuple[str, str] | Block]:
        page, today = self._page, self._page.today()
        titles = [page.pick(dict(load()[name].titles)) for name in one.reports if name in load()]
        trained = str(one.trained_until) if one.trained_until else page.text("registers_page.untrained")
        late = one.trained_until is None or one.trained_until < today
        over = one.state in LOOK and LOOK[one.state] == "ok" and not one.counts_on(max(today, one.from_on))
        stands = f"machines.state.{one.state}" if one.state == "handed_over" else f"case.state.{one.state}"
        state = page.text("registers_page.over" if over else stands)
        badge = blocks.badge(state, "" if over else LOOK.get(one.state, "danger"))
        last = one.ended_on or one.until_on
        return [
            (one.person, ""), (page.text(f"registers.post.{one.post}"), ""),
            (f"{one.department} · {page.text(f'registers.reach.{one.reach}')}", ""),
            (_and(page, titles) or page.text("registers_page.all_reports"), ""),
            (f"{one.from_on} – {last or ''}", ""),
            blocks.cell("", badges=[blocks.badge(trained, "warn" if late else "")]), blocks.cell("", badges=[badge]),
        ]  # fmt: skip

    def _appoint(self, actor: Person) -> list[Block]:
        if not permissions.may(actor, "statistics.organise"):
            return []
        page = self._page
        who = _options(statisticians.candidates(page.store, actor, "report.prepare"))
        reports = [("", page.text("registers_page.all_reports"))]
        reports += [(name, page.pick(dict(one.titles))) for name, one in load().items()]
        posts = [(one, page.text(f"registers.post.{one}")) for one in statisticians.POSTS]
        reaches = [(one, page.text(f"registers.reach.{one}")) for one in statisticians.REACHES]
        words = page.text("registers_page.appoint")
        fields = [
            blocks.field("login_name", page.text("registers_page.person"), "select", options=who, required=True),
            blocks.field("post", page.text("registers_page.post"), "select", options=posts, required=True),
            blocks.field("reach", page.text("registers_page.reach"), "select", options=reaches, required=True),
            blocks.field("department", page.text("registers_page.department"), required=True),
            blocks.field("reports", page.text("registers_page.of_reports"), "select", options=reports),
            blocks.field(
                "from_on", page.text("registers_page.from_on"), "date", value=str(page.today()), required=True
            ),
            blocks.field("until_on", page.text("registers_page.until_on"), "date"),
            blocks.field("reason", page.text("registers_page.reason"), "multiline", required=True),
        ]
        return [blocks.card("", [blocks.entry("appoint", fields, page.text("registers_page.put"), folded=words)])]

    def _end(self, actor: Person, appointed: list[Appointment]) -> list[Block]:
        page = self._page
        open_ones = [
            (one.appointment_id, f"{one.person} · {one.department} · {one.from_on}")
            for one in appointed if one.ended_on is None and one.state in ("approved", "handed_over")
        ]  # fmt: skip
        if not open_ones or not permissions.may(actor, "statistics.organise"):
            return []
        words = page.text("registers_page.end")
        fields = [
            blocks.field("appointment", page.text("registers_page.which"), "select", options=open_ones, required=True),
            blocks.field("reason", page.text("registers_page.reason"), "multiline", required=True),
        ]
        return [blocks.card("", [blocks.entry("end", fields, words, look="danger", folded=words)])]

    # ---- handovers and layouts -------------------------------------------------------------------------------------

    def _handovers(self, actor: Person) -> list[Block]:
        page = self._page
        title = page.text("registers_page.handovers")
        items = [self._handover(one) for one in handovers.listed(page.store, actor)]
        body = blocks.listing(items) if items else blocks.empty(page.text("registers_page.no_handovers"))
        found = [blocks.card(title, [body], flush=bool(items))]
        if not permissions.may(actor, "statistics.organise"):
            return found
        prepare, organise = (
            _options(statisticians.candidates(page.store, actor, one))
            for one in ("report.prepare", "statistics.organise")
        )
        fields = [
            *(
                blocks.field(name, page.text(f"registers.part.{part}"), "select", options=who, required=True)
                for name, part, who in zip(
                    ("leaver", "successor", "supervisor"), handovers.PARTS, (prepare, prepare, organise), strict=True
                )
            ),
            blocks.field("trained", page.text("registers_page.trained_how"), "multiline", required=True),
            blocks.field("briefing", page.text("registers_page.briefing"), "multiline", required=True),
            blocks.field(
                "items", page.text("registers_page.items"), "multiline", value=handover_list.blank(page.language),
                hint=page.text("registers_page.items_hint"), required=True,
            ),
        ]  # fmt: skip
        words = page.text("registers_page.begin")
        return [*found, blocks.card("", [blocks.entry("begin", fields, words, folded=words)])]

    def _handover(self, one: Handover) -> Block:
        page = self._page
        look = {"handed_over": "ok", "handing_over": "warn"}.get(one.state, "")
        text = f"{one.number} · {one.names[handovers.GIVES]} → {one.names[handovers.TAKES]}"
        meta = page.text("registers_page.signed_by", n=len(one.signed), of=len(handovers.PARTS))
        badge = blocks.badge(page.text(f"machines.state.{one.state}"), look)
        return blocks.item(text, f"/statistics/{one.handover_id}", meta=meta, badges=[badge])

    def _layouts(self, actor: Person) -> list[Block]:
        page = self._page
        title = page.text("registers_page.layouts")
        names = ("number", "report", "version", "in_force", "stock", "given")
        columns = [
            blocks.column(
                page.text(f"registers_page.layout.{one}"), number=one in ("stock", "given"), wide=one == "report"
            )
            for one in names
        ]
        rows = [self._layout(one) for one in report_layouts.listed(page.store, actor)]
        body = blocks.table(title, columns, rows) if rows else blocks.empty(page.text("registers_page.no_layouts"))
        inner: list[Block] = [body]
        if permissions.may(actor, "report.keep"):
            options = [(name, page.pick(dict(one.titles))) for name, one in load().items()]
            field = blocks.field("report", page.text("registers_page.report"), "select", options=options, required=True)
            words = page.text("registers_page.register_layout")
            inner.append(blocks.entry("layout", [field], words, look="", folded=words))
        return [blocks.card(title, inner)]

    def _layout(self, one: Layout) -> list[tuple[str, str] | Block]:
        page = self._page
        badges = [] if one.is_newest else [blocks.badge(page.text("registers_page.old"), "")]
        return [
            (one.number, f"/statistics/{one.layout_id}"), (page.pick(dict(one.titles)), ""),
            blocks.cell(str(one.version), badges=badges), (str(one.in_force_on), ""), (str(one.stock), ""),
            (str(sum(one.held.values())), ""),
        ]  # fmt: skip


def _options(people: list[Person]) -> list[tuple[str, str]]:
    return [(one.login_name, f"{one.display_name} ({one.login_name})") for one in people]


def _and(page: Page, names: list[str]) -> str:
    return page.text("pages.home.and").join(dict.fromkeys(names))


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput("registers.appointment_wrong") from None
