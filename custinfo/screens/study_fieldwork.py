"""The register of handed-out and returned questionnaires on a study's page, with rates, entries and lists."""

import re
from datetime import date
from typing import Any

from custinfo.access import permissions
from custinfo.actions import export_register, fieldwork, fieldwork_lists, samples
from custinfo.actions.fieldwork import CHANNELS, Group, UnitLine
from custinfo.actions.sample_frames import division_name
from custinfo.actions.samples import Sample
from custinfo.actions.studies import Study
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.people import Person
from custinfo.screens import blocks
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Reaction, Redraw
from custinfo.statistics.responses import DISPOSITIONS

SHOWN = 20
LOOK = {"complete": "ok", "partial": "info", "refused": "danger", "not_reached": "warn", "not_eligible": ""}
SHOWN_OUTCOMES = ("waiting", "unknown_other", "complete", "partial", "refused", "not_reached", "other",
                  "unknown_household", "not_eligible")  # fmt: skip
_APART = re.compile(r"[\s,，、;；]+")


class Part:
    """The cards of the fieldwork: rates, the register unit by unit, and what is entered."""

    def __init__(self, page: Page, study_id: str) -> None:
        self._page = page
        self._id = study_id
        self._only = ""
        self._offset = 0

    def blocks(self, actor: Person, study: Study) -> list[Block]:
        """The cards, once a sample is settled."""
        found = samples.of_study(self._page.store, actor, self._id)
        if not found or study.last("sampling") is None:
            return []
        sample = found[0]
        running = study.state == "sampled"
        enters = running and permissions.may(actor, "study.field")
        entries = [blocks.columns(*([one] for one in self._entries(sample)))] if enters else []
        lists = self._lists(actor, sample) if running and study.approved else []
        return [self._rates(actor, sample), *entries, self._register(actor, sample), *lists]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Enter what was handed out, reminded or came back; show other units; take a list as a file."""
        store, page = self._page.store, self._page
        if name == "show":
            self._only, self._offset = said(value, "only"), 0
        elif name == "page":
            self._offset = max(0, value) if isinstance(value, int) else 0
        elif name in ("hand_out", "remind"):
            do = fieldwork.hand_out if name == "hand_out" else fieldwork.remind
            do(store, actor, self._newest(actor), said(value, "channel"), _numbers(value), _day(value))
        elif name == "enter":
            fieldwork.enter(
                store, actor, self._newest(actor), said(value, "number"), said(value, "disposition"),
                channel=said(value, "channel"), on=_day(value), note=said(value, "note"),
            )  # fmt: skip
        elif name == "list":
            how = "csv" if said(value, "format") == "csv" else "xlsx"
            made = fieldwork_lists.make(store, actor, self._newest(actor), page.language, how)
            return Download(made.file_name, made.media_type, made.data)
        elif name == "ask_approval":
            export_register.ask_approval(store, actor, fieldwork_lists.order(self._newest(actor)))
        else:
            return []
        return Redraw()

    def _newest(self, actor: Person) -> str:
        found = samples.of_study(self._page.store, actor, self._id)
        if not found:
            raise NotFound("studies.no_sample")
        return found[0].sample_id

    # ---- rates -------------------------------------------------------------------------------------------------------

    def _rates(self, actor: Person, sample: Sample) -> Block:
        """In all, by channel and by stratum: what was handed out, came back and can be used."""
        page, store = self._page, self._page.store
        (whole,) = fieldwork.rates(store, actor, sample.sample_id)
        names = ("drawn", "sent", "returned", "return_rate", "valid", "valid_rate", "rr1", "rr2", "rr3")
        columns = [blocks.column(page.text("studies_page.rates.part"), wide=True)]
        columns += [blocks.column(page.text(f"studies_page.rates.{one}"), number=True) for one in names]
        rows = [self._rate(page.text("studies_page.rates.whole"), whole)]
        for one in fieldwork.rates(store, actor, sample.sample_id, "channel"):
            rows.append(self._rate(page.text(f"studies.channel.{one.code}"), one))
        if sample.strata_by:
            for one in fieldwork.rates(store, actor, sample.sample_id, "stratum"):
                rows.append(self._rate(division_name(sample.strata_by, one.code, page.language), one))
        title = page.text("studies_page.rates.title")
        parts: list[Block] = [blocks.table(title, columns, rows), *self._missing(whole)]
        return blocks.card(title, parts, id="rates")

    def _rate(self, name: str, one: Group) -> list[tuple[str, str] | Block]:
        returns = one.returns
        counts = (one.drawn, returns.sent, returns.returned)
        shares = (one.rates.rr1, one.rates.rr2, one.rates.rr3)
        return [
            (name, ""), *((f"{count:,}", "") for count in counts), (_percent(returns.return_rate), ""),
            (f"{returns.valid:,}", ""), (_percent(returns.valid_rate), ""),
            *((f"{float(share):.1%}" if share is not None else "–", "") for share in shares),
        ]  # fmt: skip

    def _missing(self, whole: Group) -> list[Block]:
        """Why answers are missing, in numbers."""
        page = self._page
        counts = whole.rates.counts
        told = [(page.text(f"studies.outcome.{one}"), f"{counts[one]:,}")
                for one in DISPOSITIONS if one != "complete" and counts[one]]  # fmt: skip
        return [blocks.facts(told, page.text("studies_page.rates.missing"))] if told else []

    # ---- the register ------------------------------------------------------------------------------------------------

    def _register(self, actor: Person, sample: Sample) -> Block:
        page = self._page
        total, lines = fieldwork.listed(
            page.store, actor, sample.sample_id, only=self._only, offset=self._offset, limit=SHOWN
        )
        names = ("number", "name", "stratum", "channel", "handed_out_on", "waves", "returned_on", "outcome", "note",
                 "record")  # fmt: skip
        columns = [
            blocks.column(page.text(f"studies_page.unit.{one}"), number=one == "waves", wide=one in ("name", "note"))
            for one in names
        ]
        title = page.text("studies_page.register")
        options = [("", page.text("studies_page.all_units"))]
        options += [(one, page.text(f"studies.outcome.{one}")) for one in SHOWN_OUTCOMES]
        only = blocks.field("only", page.text("studies_page.unit.outcome"), "select", options=options, value=self._only)
        rows = [self._unit(sample, one) for one in lines]
        table = blocks.table(title, columns, rows, (self._offset, SHOWN, total))
        body = table if rows else blocks.empty(page.text("studies_page.no_units"))
        show = blocks.entry("show", [only], page.text("studies_page.show"), look="", inline=True)
        return blocks.card(title, [show, body], id="register")

    def _unit(self, sample: Sample, one: UnitLine) -> list[tuple[str, str] | Block]:
        page = self._page
        outcome = page.text(f"studies.outcome.{one.disposition or 'waiting'}")
        record = (page.text("studies_page.unit.open"), f"/record/{one.record_id}") if one.record_id else ("", "")
        stratum = division_name(sample.strata_by, one.stratum, page.language) if one.stratum else ""
        return [
            (one.number, f"/customer/{one.customer_id}"), (one.label, ""), (stratum, ""),
            (page.text(f"studies.channel.{one.channel}") if one.channel else "", ""),
            (str(one.handed_out_on or ""), ""), (str(one.waves or ""), ""), (str(one.returned_on or ""), ""),
            blocks.cell("", badges=[blocks.badge(outcome, LOOK.get(one.disposition, ""))]), (one.note, ""),
            record,
        ]  # fmt: skip

    # ---- entries -----------------------------------------------------------------------------------------------------

    def _entries(self, sample: Sample) -> list[Block]:
        page = self._page
        channels = [(one, page.text(f"studies.channel.{one}")) for one in CHANNELS]
        channel = blocks.field(
            "channel", page.text("studies_page.unit.channel"), "select", options=channels, required=True
        )
        quota = sample.method == "quota"
        hint = page.text(f"studies_page.numbers_hint.{'quota' if quota else 'all'}")
        numbers = blocks.field("numbers", page.text("studies_page.numbers"), "multiline", hint=hint, required=quota)
        day = blocks.field("on", page.text("studies_page.on"), "date", value=str(page.today()))
        asking = [channel, day, numbers]
        reminding = [channel, day, blocks.field("numbers", page.text("studies_page.numbers"), "multiline",
                                                hint=page.text("studies_page.numbers_hint.remind"))]  # fmt: skip
        outcome = page.text("studies_page.unit.outcome")
        outcomes = [(one, page.text(f"studies.outcome.{one}")) for one in DISPOSITIONS]
        entering = [
            blocks.field("number", page.text("studies_page.unit.number"), required=True),
            blocks.field("disposition", outcome, "select", options=outcomes, required=True),
            blocks.field("channel", page.text("studies_page.unit.channel"), "select",
                         options=[("", page.text("studies_page.same_channel")), *channels]),
            day,
            blocks.field("note", page.text("studies_page.note")),
        ]  # fmt: skip
        words = {name: page.text(f"studies_page.{name}") for name in ("hand_out", "remind", "enter")}
        remind = blocks.entry("remind", reminding, words["remind"], look="", folded=words["remind"])
        hand_out = blocks.entry("hand_out", asking, words["hand_out"])
        return [
            blocks.card(words["hand_out"], [hand_out, remind], id="hand-out"),
            blocks.card(words["enter"], [blocks.paragraph(page.text("studies_page.enter_line")),
                                         blocks.entry("enter", entering, words["enter"])], id="enter"),
        ]  # fmt: skip

    def _lists(self, actor: Person, sample: Sample) -> list[Block]:
        """The list for whoever asks, for who may take one out."""
        page = self._page
        if not permissions.may(actor, "mailing.list") or sample.units == 0:
            return []
        title = page.text("studies_page.list.title")
        formats = [(one, one.upper()) for one in fieldwork_lists.FORMATS]
        how = blocks.field("format", page.text("studies_page.list.format"), "select", options=formats, value="xlsx")
        ask = page.text("studies_page.list.ask")
        return [
            blocks.card(
                title,
                [
                    blocks.paragraph(page.text("studies_page.list.line")),
                    blocks.entry("list", [how], page.text("studies_page.list.take"), look="", inline=True),
                ],
                actions=[blocks.button(ask, "ask_approval", "", name=ask, look="quiet")],
            )
        ]


def _numbers(value: Any) -> list[str] | None:
    """Customer numbers apart by spaces, commas or lines; None, which is all, where none is given."""
    found = [one for one in _APART.split(said(value, "numbers")) if one]
    return found or None


def _day(value: Any) -> date | None:
    text = said(value, "on").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput("studies.no_day", day=text[:20]) from None


def _percent(share: object) -> str:
    return "–" if share is None else f"{share}%"
