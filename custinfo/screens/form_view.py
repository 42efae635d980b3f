"""The form page: one widget that shows a draft, takes answers, and submits. `filling` keeps what it shows."""

from typing import Any

from custinfo.domain.errors import BadInput, Conflict
from custinfo.domain.messages import section
from custinfo.domain.people import Person
from custinfo.screens import conflicts
from custinfo.screens.context import Page
from custinfo.screens.filling import CHANGED_ELSEWHERE, Filling
from custinfo.screens.guard import Guard
from custinfo.screens.live import HERE, Live, Message
from custinfo.screens.obstacles import Obstacles
from custinfo.screens.questionnaire import Change
from custinfo.xforms import RefusedAnswer, Unfinished

STYLES = ("form_view.css", "fields.css")


def texts(language: str) -> dict[str, Any]:
    """The texts that the script of the form page is handed."""
    own = {**section("pages.js", language), **section("filling.js", language)}
    return {**own, "field": section("fields.js", language)}


class FormView(Live):
    """A form that is being filled in; its draft is stored at the first answer.

    Messages from the browser: `hello`; `answer`, `add`, `remove` (the rounds of a repeat); `note`, `reason`,
    `interviewed` (what stands beside the answers); `turn`, `rounds`, `jump`, `error` (where to go); `choices`,
    `explain`, `file`, `media`; `language`; `submit`, `discard`, `rebase`; `leave`, `ping`. To it: `page` (all that
    stands on the page), `ack` and `refused` (one answer or remark, and what changed by it), `shown` (another page, or a
    question to go to), `choices`, `explained`, `file`, `media`, `problems`, `similar` (whom a new customer may be the
    same as), `conflict`, `receipt`, `failed`, `login`, `pong`.
    Answers carry a number that grows; one with an older number changes nothing.

    Another window may save the same draft. Then its answers are taken over, and the browser is sent the page anew.
    """

    module = "form"
    _css = "\n".join((HERE / name).read_text("utf-8") for name in STYLES)

    def __init__(self, page: Page, filling: Filling, subtitle: str = "") -> None:
        super().__init__(page)
        self._subtitle = subtitle
        self._filling = filling
        self._obstacles = Obstacles(page)
        self._guard = Guard(page)
        self._seen: dict[tuple[str, str], int] = {}
        self._receipt: dict[str, Any] | None = None
        self._told: dict[str, Any] = {}

    def receive(self, actor: Person, message: Message) -> None:
        """Handle one message of `actor`; a page that fell behind another window follows whatever came of it."""
        try:
            self._filling.recognise(actor)
            self._receive(actor, message)
        except Conflict as error:
            self.send({"kind": "failed", "text": error.text(self._page.language)})
        if self._filling.reloaded:
            self._follow()

    def _follow(self) -> None:
        """Tell the page anew: after the message's own answer, so that only what is on its way is sent again."""
        self._filling.reloaded = False
        # A refusal at a question that is gone could not be mended, and would stop every submission
        visible = self._filling.questions.outline.visible
        self._obstacles.refused = {at: words for at, words in self._obstacles.refused.items() if at in visible}
        self.send(self._page_message())

    def _receive(self, actor: Person, message: Message) -> None:
        match message.get("kind"):
            case "hello":
                self.send(self._page_message())
            case "submit":
                self._submit(actor, message.get("reason"), message.get("another"))
            case "choices":
                self._find_choices(message)
            case "explain":
                self._explain(message)
            case "media":
                self.send(*self._filling.files.fetch(actor, message))
            case kind if isinstance(kind, str) and self._receipt is None:
                self._fill(actor, kind, message)

    def _fill(self, actor: Person, kind: str, message: Message) -> None:
        match kind:
            case "answer" | "add" | "remove":
                self._change(actor, kind, message)
            case "note" | "reason" | "interviewed":
                self._remark(actor, kind, message)
            case "turn" | "rounds" | "jump" | "error":
                self._go(kind, message)
            case "language" if message.get("code") in self._filling.form.languages:
                self._filling.speak(str(message["code"]))
                self.send(self._page_message())
            case "file":
                self.send(self._filling.files.take(actor, message))
            case "discard":
                self._discard(actor)
            case "rebase":
                self._filling.rebase(actor)
            case "leave":
                self._filling.leave(actor, message)

    def saved_at(self) -> str | None:
        """Until when the answers are safe."""
        return self._page.clock(self._filling.saved) if self._filling.saved else None

    def resume_url(self) -> str:
        """The address that goes on with this draft."""
        return self._filling.url()

    # ---- what the browser is told ----------------------------------------------------------------------------------

    def _page_message(self) -> dict[str, Any]:
        base = {"kind": "page", "texts": texts(self._page.language)}
        if self._receipt is not None:
            return {**base, "stage": "done", "receipt": self._receipt}
        self._told = self._facts()
        filling = self._filling
        names = [
            {"code": code, "name": filling.form.language_name(code).partition("(")[0].strip()}
            for code in filling.form.languages
        ]
        return {
            **base,
            **self._told,
            "stage": "fill",
            "title": filling.title,
            "subtitle": self._subtitle,
            "language": filling.questions.language,
            "languages": names if len(names) > 1 else [],
            "interviewed": filling.beside.moment(),
            "latest": filling.beside.now(),
            "change": filling.reason_for_change,
            "given_refused": filling.refusals,
            "notice": filling.notice,
            "print": filling.paper,
            "saved_at": self.saved_at(),
            "storage_key": self._storage_key(),
            "draft": self._draft_message(),
        }

    def _facts(self) -> dict[str, Any]:
        """All that changes while the form is filled in: this page's questions, and figures of all pages."""
        questions, beside_it = self._filling.questions, self._filling.beside
        tree, described = questions.describe(tried=self._obstacles.tried)
        described = self._obstacles.over(beside_it.over(described))
        self._guard.shown(described)
        outline = questions.outline
        return {
            "tree": tree,
            "questions": described,
            "at": outline.page,
            "sections": [{"ref": one.key, "label": one.label, "depth": one.depth} for one in outline.sections],
            "tallies": outline.tallies(self._obstacles.wrong()),
            "summary": self._obstacles.summary(questions, beside_it),
            "full": [questions.line(problem) for problem in questions.full()],
        }

    def _patch(self) -> dict[str, Any]:
        """What a browser that was told `_told` does not know yet."""
        before, self._told = self._told, self._facts()
        old, now = before.get("questions", {}), self._told["questions"]
        changed = {ref: question for ref, question in now.items() if old.get(ref) != question}
        more = {name: value for name, value in self._told.items() if name != "questions" and before.get(name) != value}
        return {"set": changed, **more}

    def _storage_key(self) -> str:
        owner = self._page.session.person.person_id if self._page.session else ""
        return f"custinfo.{owner}.{self._filling.key}"

    def _draft_message(self) -> dict[str, str] | None:
        draft_id = self._filling.draft.draft_id
        return {"id": draft_id, "url": self.resume_url(), "storage_key": self._storage_key()} if draft_id else None

    def _reply(self, kind: str, message: Message, **more: Any) -> None:
        """Answer a message that brought an answer or a remark: which one, and what changed by it."""
        about = {"id": message.get("id"), "ref": message.get("ref"), "of": message.get("kind")}
        told = {"saved_at": self.saved_at(), "draft": self._draft_message(), "patch": self._patch()}
        self.send({"kind": kind, **about, **told, **more})

    # ---- answers ---------------------------------------------------------------------------------------------------

    def _change(self, actor: Person, kind: Change, message: Message) -> None:
        ref, number, more = message.get("ref"), message.get("id"), {}
        if not isinstance(ref, str) or not isinstance(number, int):
            return
        if number > self._seen.get((kind, ref), -1):
            try:
                self._filling.change(actor, kind, ref, message)
            except RefusedAnswer as refusal:
                self._refuse(actor, kind, ref, message, refusal)
                return
            self._obstacles.answered(ref)
            self._seen[kind, ref] = number
            if kind == "add":
                more["focus"] = self._filling.questions.outline.reveal_last(ref)
        self._reply("ack", message, **more)

    def _refuse(self, actor: Person, kind: Change, ref: str, message: Message, refusal: RefusedAnswer) -> None:
        """The refusal stands at its question until that is answered anew, and what was typed stays in the browser.

        What the person cannot mend, such as an answer to a question that went away, is dropped.
        """
        value = message.get("value") if kind == "answer" else ""
        filling = self._filling
        self._guard.refused(actor, filling.form, filling.draft.draft_id, ref, value, refusal.key)
        kept = kind == "answer" and filling.questions.takes_answer(ref)
        if kept:
            self._obstacles.refused[ref] = refusal.text(self._page.language)
        self._reply("refused", message, kept=kept)

    def _remark(self, actor: Person, kind: str, message: Message) -> None:
        """Keep what stands beside an answer, or beside all of them."""
        ref, number, value = message.get("ref"), message.get("id"), message.get("value")
        if not isinstance(ref, str) or not isinstance(number, int) or not isinstance(value, str):
            return
        if number > self._seen.get((kind, ref), -1):
            try:
                self._filling.remark(actor, kind, ref, value)
            except BadInput as refusal:
                self._reply("refused", message, kept=True, text=refusal.text(self._page.language))
                return
            self._seen[kind, ref] = number
        self._reply("ack", message)

    def _find_choices(self, message: Message) -> None:
        ref, query = message.get("ref"), message.get("query")
        if isinstance(ref, str) and isinstance(query, str):
            found = self._filling.questions.find_choices(ref, query)
            self.send({"kind": "choices", "id": message.get("id"), **found})

    def _explain(self, message: Message) -> None:
        ref = message.get("ref")
        if isinstance(ref, str):
            lines = self._filling.questions.explain(ref)
            self.send({"kind": "explained", "ref": ref, "lines": lines or [self._page.text("filling.no_reason")]})

    # ---- where to go -----------------------------------------------------------------------------------------------

    def _go(self, kind: str, message: Message) -> None:
        """Show another page or other rounds, or the question that is asked for."""
        outline, to, focus = self._filling.questions.outline, message.get("to"), None
        if kind == "turn" and isinstance(to, str):
            outline.turn(to)
        elif kind == "turn" and isinstance(to, int):
            outline.turn_by(to)
        elif kind == "rounds" and isinstance(to, int) and isinstance(message.get("ref"), str):
            outline.turn_rounds(str(message["ref"]), to)
        elif kind == "jump" and isinstance(to, str):
            focus = to if outline.reveal(to) else None
        elif kind == "error":
            focus = self._next_error(message.get("to"))
            if focus is not None:
                outline.reveal(focus)
        self._filling.looked_at(message)
        if kind != "rounds":
            self._filling.note("jump", focus or outline.page)
        self.send({"kind": "shown", "of": kind, "focus": focus, "patch": self._patch()})

    def _next_error(self, after: object) -> str | None:
        """The first question after that one whose answer is in the way, or the first of all."""
        wrong = self._obstacles.refs(self._filling.questions, self._filling.beside)
        place = {ref: number for number, ref in enumerate(self._filling.questions.outline.visible)}
        here = place.get(after, -1) if isinstance(after, str) else -1
        return next((ref for ref in wrong if place[ref] > here), wrong[0] if wrong else None)

    # ---- the end ---------------------------------------------------------------------------------------------------

    def _submit(self, actor: Person, reason: object, another: object) -> None:
        if self._receipt is not None:
            self.send({"kind": "receipt", **self._receipt})
            return
        filling = self._filling
        self._obstacles.check(filling.questions)
        why = reason.strip() if isinstance(reason, str) else ""
        unsaid = filling.reason_for_change == "wanted" and not why
        if unsaid or self._obstacles.summary(filling.questions, filling.beside):
            self._send_problems(unsaid)
            return
        other = another.strip() if isinstance(another, str) else ""
        if not other and (asked := filling.similar(actor)) is not None:
            self.send(asked)
            return
        try:
            receipt = filling.submit(actor, why, other)
        except Unfinished as unfinished:
            lines = [filling.questions.line(problem) for problem in unfinished.problems]
            self._obstacles.objections = {line["ref"]: line["text"] for line in lines}
            self._send_problems(False)
        except Conflict as error:
            self._send_conflict(actor, error)
        else:
            self._receipt = receipt
            self.send({"kind": "receipt", **self._receipt})

    def _send_problems(self, unsaid: bool) -> None:
        """All that stands in the way; the page turns to the first. `unsaid`: a reason for the change is wanted."""
        questions = self._filling.questions
        first = next(iter(self._obstacles.refs(questions, self._filling.beside)), None)
        if first is not None:
            questions.outline.reveal(first)
        patch = self._patch()
        nothing_else = {"title": self._page.text("filling.change_wanted"), "problems": [], "more": ""}
        summary = self._told["summary"] or nothing_else
        told = {"patch": patch, "draft": self._draft_message(), "change_wanted": unsaid}
        self.send({"kind": "problems", **summary, "focus": first, **told})

    def _send_conflict(self, actor: Person, error: Conflict) -> None:
        """Somebody else was first: another window on this draft, or another person on the customer or record."""
        if error.key == CHANGED_ELSEWHERE:
            self._filling.reload(actor)
            words = self._page.text("pages.form.changed_elsewhere")
            self.send({"kind": "conflict", "text": words, "draft": self._draft_message()})
            return
        draft = self._filling.draft
        message = {"kind": "conflict", "text": error.text(self._page.language), "draft": self._draft_message()}
        if draft.customer_id:
            to_current = {"href": f"/customer/{draft.customer_id}", "link": self._page.text("pages.form.to_current")}
            message |= to_current
        self.send(message | {"compare": conflicts.table(self._page, actor, self._filling)})

    def _discard(self, actor: Person) -> None:
        self._receipt = self._filling.discard(actor)
        self.send({"kind": "receipt", **self._receipt})


class ReceiptView(Live):
    """The receipt of a draft that was submitted, shown again."""

    module = "form"
    _css = FormView._css

    def __init__(self, page: Page, receipt: dict[str, Any]) -> None:
        super().__init__(page)
        self._receipt = receipt

    def receive(self, actor: Person, message: Message) -> None:  # noqa: ARG002
        """Show it; there is nothing else to be done."""
        if message.get("kind") == "hello":
            base = {"kind": "page", "texts": texts(self._page.language)}
            self.send({**base, "stage": "done", "receipt": self._receipt})
