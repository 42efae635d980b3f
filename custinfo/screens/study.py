"""One study on a page: its seven steps with who did them and what each rests on, its sample, and its fieldwork."""

from typing import Any

from custinfo.access import permissions
from custinfo.actions import forms, overlaps, studies, study_steps
from custinfo.actions.studies import ENDED, METHOD, STEPS, Done, Study
from custinfo.domain.people import Person
from custinfo.screens import blocks, study_fieldwork, study_sample
from custinfo.screens.blocks import Block
from custinfo.screens.context import Page
from custinfo.screens.entered import said
from custinfo.screens.sheet_view import Reaction, Redraw

LOOK = {"study_reported": "ok", "broken_off": "", "sampled": "info"}
SHORT = 16
"""Characters of a digest that people compare."""
MOST_ALIKE = 30


def state_badge(page: Page, one: Study) -> Block:
    """How far a study is."""
    return blocks.badge(page.text(f"machines.state.{one.state}"), LOOK.get(one.state, "accent"))


class Desk:
    """The page of one study: steps and facts here, the sample and the fieldwork by their own parts."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._id = page.tail()
        self._sample = study_sample.Part(page, self._id)
        self._fieldwork = study_fieldwork.Part(page, self._id)

    def blocks(self, actor: Person) -> list[Block]:
        """The whole page."""
        page = self._page
        one = studies.read(page.store, actor, self._id)
        back = blocks.link(page.text("studies_page.all"), "/studies", "quiet")
        about = " · ".join(part for part in (one.number, one.purpose) if part)
        head = blocks.head(one.title or one.number, about, badges=[state_badge(page, one)], actions=[back])
        beside = [self._facts(one), *self._overlaps(one), *self._sample.drawn(actor)]
        return [
            head,
            blocks.columns([self._steps(actor, one)], beside),
            *self._sample.design(actor, one),
            *self._fieldwork.blocks(actor, one),
        ]

    def react(self, actor: Person, name: str, value: Any) -> Reaction:
        """Take a step, take it back, break off, or whatever the sample and the fieldwork are asked."""
        store = self._page.store
        if name == "step":
            given = {one: said(value, one) for one in ("note", "report")}
            study_steps.take(store, actor, self._id, said(value, "about"), **given)
        elif name == "take_back":
            study_steps.take_back(store, actor, self._id, said(value, "reason"))
        elif name == "stop":
            study_steps.stop(store, actor, self._id, said(value, "reason"))
        else:
            found = self._sample.react(actor, name, value)
            return self._fieldwork.react(actor, name, value) if found is None else found
        return Redraw()

    # ---- the seven steps -------------------------------------------------------------------------------------------

    def _steps(self, actor: Person, one: Study) -> Block:
        page = self._page
        items = [self._step(one, number, step) for number, step in enumerate(STEPS, start=1)]
        parts = [blocks.listing(items), *self._doing(actor, one), *self._undone(one)]
        return blocks.card(page.text("studies_page.steps"), parts)

    def _step(self, one: Study, number: int, step: str) -> Block:
        page = self._page
        done = one.last(step)
        title = f"{number}. {page.text(f'studies.step.{step}')}"
        if done is None:
            following, day = step == one.next_step, one.due_on(step)
            late = following and day is not None and day < page.today()
            words = page.text("studies_page.due_on", day=day) if day and one.state not in ENDED else ""
            look = "warn" if late else "info"
            badges = [blocks.badge(page.text("studies_page.late" if late else "studies_page.following"), look)]
            return blocks.item(title, meta=words, badges=badges if following else [])
        parts = [f"{done.by} {page.time(done.at)}", self._evidence(done), done.note]
        badge = blocks.badge(page.text("studies_page.done"), "ok")
        return blocks.item(title, meta=" · ".join(part for part in parts if part), badges=[badge])

    def _evidence(self, done: Done) -> str:
        """What a step rests on, in a line, and what of an amended proposal the study took over with it."""
        page, facts = self._page, dict(done.evidence)
        parts = [self._rests_on(done, facts)]
        if "taken_over" in facts:
            names = ", ".join(page.text(f"studies_page.taken.{name}") for name in facts["taken_over"])  # type: ignore[attr-defined]
            parts.append(page.text("studies_page.renewed", version=facts["proposal_version"], names=names))
        return " · ".join(parts)

    def _rests_on(self, done: Done, facts: dict[str, object]) -> str:
        page = self._page
        if done.step == "collection" and not facts.keys() >= METHOD.keys():
            return page.text("studies_page.evidence.problem", **facts)  # the reader may not see the answers themselves
        if done.step == "collection":
            facts |= {name: self._choice(name, str(facts[name])) for name in ("collection", "sampling")}
        elif done.step == "sampling":
            facts["method"] = page.text(f"studies.method.{facts['method']}")
        elif done.step == "questionnaire":
            facts |= {name: len(facts[name]) for name in ("alike", "contradictions", "findings")}  # type: ignore[arg-type]
        digests = {name: str(value)[:SHORT] for name, value in facts.items() if name.endswith("sha256")}
        return page.text(f"studies_page.evidence.{done.step}", **facts | digests)

    def _choice(self, question: str, value: str) -> str:
        return self._page.text(f"studies_page.{question}.{value}")

    def _undone(self, one: Study) -> list[Block]:
        """What was taken back, or why the study was broken off."""
        page = self._page
        gone = [done for done in one.done if done.action not in STEPS.values()]
        if not gone:
            return []
        moments = [
            blocks.moment(page.time(done.at), page.text(f"machines.action.{done.action}"),
                          lines=[page.text(f"studies.step.{done.step}"), f"{done.by}: {done.note}"])
            for done in reversed(gone)
        ]  # fmt: skip
        return [blocks.timeline(moments)]

    def _doing(self, actor: Person, one: Study) -> list[Block]:
        """The next step, and the ways out."""
        page = self._page
        if not permissions.may(actor, "study.run") or one.state in ENDED:
            return []
        fields = [blocks.field("note", page.text("studies_page.note"), "multiline")]
        if one.next_step == "report":
            hint = page.text("studies_page.report_hint")
            fields.insert(0, blocks.field("report", page.text("studies_page.report"), required=True, hint=hint))
        words = _begun(page.text(f"machines.action.{STEPS[one.next_step]}"))
        ways = [("take_back", "take_back_step")] if one.state != "begun" else []
        reason = blocks.field("reason", page.text("studies_page.reason"), "multiline", required=True)
        found = [blocks.entry("step", fields, words, value=one.next_step)]
        for event, action in [*ways, ("stop", "stop_study")]:
            name = _begun(page.text(f"machines.action.{action}"))
            found.append(blocks.entry(event, [reason], name, look="danger", folded=name))
        return found

    # ---- facts and overlaps ----------------------------------------------------------------------------------------

    def _facts(self, one: Study) -> Block:
        page = self._page
        look = blocks.badge(page.text(f"studies_page.{'approved' if one.approved else 'not_approved'}"),
                            "ok" if one.approved else "warn")  # fmt: skip
        titles = forms.titles_of(page.store)
        told = [
            (page.text("studies_page.proposal"), one.proposal),
            (page.text("studies_page.form"), f"{page.pick(titles[one.form_id])} ({one.form_version})"),
            (page.text("studies_page.department"), one.department),
            (page.text("studies_page.fieldwork_days"), f"{one.starts_on or ''} – {one.ends_on or ''}".strip(" –")),
            (page.text("studies_page.report_due"), str(one.report_due_on or "")),
            (page.text("studies_page.begun"), f"{one.by} {page.time(one.begun_at)}"),
        ]
        actions = [blocks.link(page.text("studies_page.open_proposal"), f"/record/{one.proposal_id}", "quiet")]
        return blocks.card(page.text("studies_page.facts"), [blocks.facts(told)], badges=[look], actions=actions)

    def _overlaps(self, one: Study) -> list[Block]:
        """What the questionnaire asks that is asked elsewhere, while it is made; afterwards its step says it."""
        page = self._page
        if one.next_step != "questionnaire":
            return []
        found = overlaps.report(page.store, forms.load(page.store, one.form_id))
        title = page.text("studies_page.overlaps")
        told = page.text("studies_page.length", questions=found.questions, minutes=found.minutes, forms=found.compared)
        parts = [blocks.paragraph(told)]
        if found.alike:
            columns = [blocks.column(page.text(f"studies_page.alike.{name}"), wide=True)
                       for name in ("question", "asked_in", "likeness")]  # fmt: skip
            rows = [self._alike(alike) for alike in found.alike[:MOST_ALIKE]]
            parts.append(blocks.table(title, columns, rows))
        else:
            parts.append(blocks.paragraph(page.text("studies_page.no_overlap")))
        never = [page.text(f"studies_page.never.{one.kind}", question=page.pick(dict(one.labels)),
                           why=page.text(f"studies_page.why.{one.why}", question=page.pick(dict(one.about))))
                 for one in found.contradictions]  # fmt: skip
        said = [*never, *(finding.text(page.language) for finding in found.findings)]
        parts.append(blocks.listing([blocks.item(line) for line in said]))
        count = len(found.alike) + len(found.contradictions)
        return [blocks.card(title, parts, badges=[blocks.badge(str(count), "warn" if count else "ok")])]

    def _alike(self, alike: overlaps.Alike) -> list[tuple[str, str] | Block]:
        page, one = self._page, alike.overlap
        ours, theirs = (
            labels.get(one.language) or page.pick(dict(labels)) for labels in (one.question.labels, one.other.labels)
        )
        likeness = page.text(f"studies.likeness.{one.likeness}")
        return [(ours, ""), (f"{page.pick(dict(alike.titles))}: {theirs}", ""), (likeness, "")]


def _begun(words: str) -> str:
    """Words as a button begins them."""
    return words[:1].upper() + words[1:]
