"""`/forms`: the site's forms and proposals, with a place to check and propose one; `/forms/<id>`: one form's work."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from custinfo.access import permissions
from custinfo.actions import (
    form_exports,
    form_imports,
    form_life,
    forms,
    quotas,
    record_views,
    second_entries,
    verifications,
)
from custinfo.actions.form_imports import Imported
from custinfo.actions.verifications import Agreement
from custinfo.domain import machines
from custinfo.domain.people import Audience, Person
from custinfo.reports import answers
from custinfo.screens import blocks, export_desk, proposal, showing
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Download, Goto, Reaction, Redraw, SheetView
from custinfo.screens.uploads import Arrived
from custinfo.xforms import FormError

ACCEPT = ".xlsx,.xls,.csv,.md,.xml"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_REASONS = 50


def show() -> None:
    """Display the page."""
    showing.show(build)


def build(page: Page) -> SheetView:
    """All forms, or the one of the address."""
    desk: Forms | OneForm = Forms(page) if page.path.rstrip("/") == "/forms" else OneForm(page)
    desk.view = SheetView(page, desk.blocks, desk.react)
    return desk.view


class Forms:
    """Every form of the site, and the proposals of new ones."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        concerned = any(permissions.may(actor, f"form.{verb}") for verb in ("propose", "review", "publish"))
        left = [self._published(actor)]
        right = [self._propose()] if permissions.may(actor, "form.propose") else []
        if concerned:
            right.append(self._proposals(actor))
        return [blocks.head(page.text("desk.forms.title")), blocks.columns(left, right) if right else left[0]]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Check a form file, or propose it."""
        given = value if isinstance(value, dict) else {}
        files = self.view.uploaded(given.get("file"))
        if name not in ("check", "propose") or not files:
            return [self._checked([blocks.banner(self._page.text("desk.forms.no_file"), "warn")])]
        extra = {one.name: one.data for one in self.view.uploaded(given.get("attachments"))}
        return self._propose_it(actor, files[0], extra, keep=given.get("only") != "yes")

    def _propose_it(self, actor: Person, file: Arrived, extra: dict[str, bytes], *, keep: bool) -> Reaction:
        page = self._page
        permissions.check(actor, "form.propose")
        try:
            checked = forms.check(file.name, file.data, extra, page.store)
            checked.sound()
            if keep:
                made = form_life.propose(page.store, actor, file.name, file.data, extra)
                return Goto(f"/proposal/{made.proposal_id}")
        except FormError as error:
            title = page.text("desk.forms.wrong", file=file.name, n=len(error.problems))
            lines = [line for line in error.text(page.language).splitlines() if line.strip()]
            return [
                self._checked([blocks.banner(title, "danger"), blocks.listing([blocks.item(one) for one in lines])])
            ]
        found = [blocks.item(one.text(page.language)) for one in checked.warnings]
        sound = blocks.banner(page.text("desk.forms.sound", file=file.name, n=len(found)), "warn" if found else "ok")
        return [self._checked([sound, blocks.listing(found)] if found else [sound])]

    def _published(self, actor: Person) -> Block:
        page = self._page
        fills = {form.form_id for form in forms.fillable(page.store, actor)}
        items = []
        for form_id, titles in sorted(forms.titles_of(page.store).items(), key=lambda one: page.pick(one[1])):
            row = forms.find(page.store, form_id)
            state = "closed" if forms.closed(page.store, form_id) else "published"
            fill = page.text("pages.home.new_form")
            title = page.pick(titles)
            actions = (
                [blocks.link(fill, f"/form/{form_id}", "small", name=f"{fill} {title}")] if form_id in fills else []
            )
            meta = page.text("desk.forms.line", id=form_id, version=row["version"], time=row["published_at"][:10])
            badges = [proposal.badge(page, state)] if state == "closed" else []
            items.append(blocks.item(title, f"/forms/{quote(form_id)}", meta=meta, badges=badges, actions=actions))
        body = blocks.listing(items) if items else blocks.empty(page.text("desk.forms.none"))
        return blocks.card(page.text("desk.forms.published"), [body], flush=bool(items))

    def _proposals(self, actor: Person) -> Block:
        page = self._page
        items = [
            blocks.item(
                page.pick(one.titles), f"/proposal/{one.proposal_id}",
                meta=page.text("desk.proposal.by", name=one.proposed_by, time=page.time(one.proposed_at)),
                badges=[blocks.badge(one.version), proposal.badge(page, one.state)],
            )
            for one in form_life.proposals(page.store, actor)
        ]  # fmt: skip
        body = blocks.listing(items) if items else blocks.empty(page.text("desk.forms.no_proposals"))
        return blocks.card(page.text("desk.forms.proposals"), [body], flush=bool(items))

    def _propose(self) -> Block:
        page = self._page
        fields = [
            blocks.field("file", page.text("desk.forms.file"), "file", accept=ACCEPT, required=True,
                         hint=page.text("desk.forms.file_hint")),
            blocks.field("attachments", page.text("desk.forms.attachments"), "file", multiple=True,
                         hint=page.text("desk.forms.attachments_hint")),
            blocks.field("only", page.text("desk.forms.only"), "check"),
        ]  # fmt: skip
        entry = blocks.entry("propose", fields, page.text("desk.forms.propose"))
        return blocks.card(page.text("desk.forms.new"), [entry, self._checked([])])

    def _checked(self, parts: list[Block]) -> Block:
        return {"type": "stack", "id": "checked", "blocks": parts}


class OneForm:
    """One published form: its versions, records, quotas, second entries; import and export; closing."""

    view: SheetView

    def __init__(self, page: Page) -> None:
        self._page = page
        self._form_id = page.tail()
        self._error_file: bytes | None = None

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        row = forms.find(page.store, self._form_id)
        form = forms.load(page.store, self._form_id)
        closed = forms.closed(page.store, self._form_id)
        fill = blocks.link(page.text("pages.home.new_form"), f"/form/{self._form_id}", "primary")
        printed = blocks.link(page.text("desk.record.print"), f"/print/{self._form_id}")
        badges = [
            blocks.badge(page.text("desk.forms.version", version=row["version"])),
            proposal.badge(page, "closed" if closed else "published"),
        ]
        may_fill = permissions.may(actor, "form.fill") and not closed
        head = blocks.head(
            page.pick(forms.titles(form)),
            self._form_id,
            badges=badges,
            actions=[fill, printed] if may_fill else [printed],
        )
        left = [self._records(actor), self._quotas(actor), self._agreement(actor), self._versions()]
        right = [self._export(actor), self._import(actor), self._closing(actor, closed)]
        stacks = [[one for one in stack if one] for stack in (left, right)]
        return [head, blocks.columns(*[stack for stack in stacks if stack])]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Export, import, close, reopen."""
        store, page = self._page.store, self._page
        given = value if isinstance(value, dict) else {}
        if name == "export":
            return export_desk.export(page, actor, self._form_id, value)
        if name == "import":
            files = self.view.uploaded(given.get("file"))
            if not files:
                return [self._result([blocks.banner(page.text("desk.forms.no_file"), "warn")])]
            valid = given.get("valid") == "yes"
            made_of = form_imports.run(
                store, actor, self._form_id, files[0].name, files[0].data, accept_valid=valid, language=page.language,
                source_kind=said(value, "source_kind"), lawful_basis=said(value, "lawful_basis"),
            )  # fmt: skip
            return [self._result(self._told(made_of))]
        if name == "errors" and self._error_file is not None:
            return Download(f"{self._form_id}.errors.xlsx", XLSX, self._error_file)
        if name == "close":
            form_life.close(store, actor, self._form_id, said(value, "reason"))
        elif name == "reopen":
            form_life.reopen(store, actor, self._form_id)
        return Redraw()

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _records(self, actor: Person) -> Block | None:
        page = self._page
        if not permissions.may(actor, "record.read"):
            return None
        counted = record_views.states(page.store, actor, self._form_id)
        where = f"/records?form={quote(self._form_id)}"
        items = [
            blocks.item(page.text(f"machines.state.{state}"), f"{where}&state={state}", badges=[blocks.badge(str(n))])
            for state in machines.RECORD if (n := counted.get(state))
        ]  # fmt: skip
        body = blocks.listing(items) if items else blocks.empty(page.text("desk.records.none"))
        link = blocks.link(page.text("desk.forms.all_records"), where, "small")
        return blocks.card(page.text("desk.records.title"), [body], actions=[link], flush=bool(items))

    def _quotas(self, actor: Person) -> Block | None:
        page = self._page
        form = forms.load(page.store, self._form_id)
        if not form.quotas or not permissions.may(actor, "record.read"):
            return None
        audience = Audience(forms.find(page.store, self._form_id)["audience"])
        counted = quotas.shown(page.store, actor, form, audience)
        if not counted:
            return None
        session = forms.session(page.store, form, {}, language=page.language)
        labels = {ref: dict(session.state(ref).choices) for ref in counted}
        columns = [
            blocks.column(page.text("desk.forms.cell")), blocks.column(page.text("desk.forms.have"), number=True),
            blocks.column(page.text("desk.forms.limit"), number=True),
        ]  # fmt: skip
        rows = [
            [(labels[ref].get(cell, cell), ""), (str(counted[ref].get(cell, 0)), ""), (str(limit), "")]
            for ref in counted for cell, limit in form.quotas[ref].items()
        ]  # fmt: skip
        title = page.text("desk.forms.quotas")
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _agreement(self, actor: Person) -> Block | None:
        page = self._page
        form = forms.load(page.store, self._form_id)
        if not forms.double_entry(form) or not permissions.may(actor, "record.review"):
            return None
        report = verifications.agreement(page.store, actor, self._form_id)
        title = page.text("desk.forms.agreement", n=report.records)
        if not report.records:
            return blocks.card(title, [blocks.empty(page.text("desk.forms.agreement_none"))])
        session = forms.session(page.store, form, {}, language=page.language)
        names = ("what", "compared", "equal", "percent", "kappa")
        columns = [
            blocks.column(page.text(f"desk.forms.{name}"), number=name != "what", wide=name == "what") for name in names
        ]
        rows = [
            [
                (answers.label_of(session, one.name) if one.name.startswith("/") else one.name, ""),
                (str(one.compared), ""), (str(one.equal), ""), (f"{one.percent:.1f} %", ""),
                ("—" if one.kappa is None else f"{one.kappa:.2f}", ""),
            ]
            for one in (*self._people(actor), *report.operators, *report.questions)
        ]  # fmt: skip
        return blocks.card(title, [blocks.table(title, columns, rows)], flush=True)

    def _people(self, actor: Person) -> list[Agreement]:
        page = self._page
        found = second_entries.by_person(page.store, actor, self._form_id)
        return [replace(one, name=page.text("second_entry.by_person", name=one.name)) for one in found]

    def _versions(self) -> Block:
        page = self._page
        moments = [
            blocks.moment(page.time(one.published_at), page.text("desk.forms.version", version=one.version))
            for one in forms.versions(page.store, self._form_id)
        ]
        return blocks.card(page.text("desk.forms.versions"), [blocks.timeline(moments)])

    def _export(self, actor: Person) -> Block | None:
        page = self._page
        if not permissions.may(actor, "record.export"):
            return None
        formats = list(form_exports.formats(actor, page.language).items())
        versions = [("", page.text("desk.forms.all_versions"))]
        versions += [(one.version, one.version) for one in forms.versions(page.store, self._form_id)]
        states = [("", page.text("desk.records.all_states"))]
        states += [(state, page.text(f"machines.state.{state}")) for state in machines.RECORD if state]
        fields = [
            blocks.field("format", page.text("desk.forms.format"), "select", options=formats),
            blocks.field("version", page.text("desk.forms.of_version"), "select", options=versions),
            blocks.field("state", page.text("desk.records.state"), "select", options=states),
            *export_desk.fields(page, actor),
            blocks.field("labels", page.text("desk.forms.labels"), "check", value="yes"),
        ]
        entry = blocks.entry("export", fields, page.text("desk.forms.export"))
        return blocks.card(page.text("desk.forms.export_title"), [entry])

    def _import(self, actor: Person) -> Block | None:
        page = self._page
        if not permissions.may(actor, "record.import"):
            return None
        fields = [
            blocks.field("file", page.text("desk.forms.records_file"), "file", required=True,
                         hint=page.text("desk.forms.records_hint")),
            *export_desk.origin_fields(page),
            blocks.field("valid", page.text("desk.forms.valid"), "check"),
        ]  # fmt: skip
        entry = blocks.entry("import", fields, page.text("desk.forms.import"))
        return blocks.card(page.text("desk.forms.import_title"), [entry, self._result([])])

    def _result(self, parts: list[Block]) -> Block:
        return {"type": "stack", "id": "imported", "blocks": parts}

    def _told(self, made: Imported) -> list[Block]:
        page = self._page
        self._error_file = made.error_file
        look = "ok" if made.import_id and not made.rejected else "warn" if made.import_id else "danger"
        key = "desk.forms.imported" if made.import_id else "desk.forms.not_imported"
        told = page.text(key, rows=made.rows, accepted=made.accepted, rejected=made.rejected, already=made.already)
        parts = [blocks.banner(told, look)]
        lines = [*made.reasons, *made.notes][:MOST_REASONS]
        if lines:
            parts.append(blocks.listing([blocks.item(line) for line in lines]))
        if made.error_file is not None:
            words = page.text("desk.forms.error_file")
            parts.append(
                blocks.empty(page.text("desk.forms.error_file_line"), blocks.button(words, "errors", "", name=words))
            )
        return parts

    def _closing(self, actor: Person, closed: bool) -> Block | None:
        page = self._page
        if not permissions.may(actor, "form.close"):
            return None
        title = page.text("desk.forms.closing")
        if closed:
            words = page.text("machines.action.reopen")
            press = blocks.button(words, "reopen", "", name=words)
            return blocks.card(title, [blocks.empty(page.text("desk.forms.is_closed"), press)])
        reason = blocks.field("reason", page.text("desk.forms.reason"), "multiline", required=True)
        words = page.text("machines.action.close")
        return blocks.card(title, [blocks.entry("close", [reason], words, look="danger", folded=words)])
