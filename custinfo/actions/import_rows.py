"""Rows of an import, judged one by one by the form's own engine, before anything is written."""

import copy
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custinfo.actions.drafts import LONGEST_REMARK
from custinfo.actions.import_files import ImportedFile, ImportFiles
from custinfo.actions.import_known import Known, key_of
from custinfo.actions.many import opener
from custinfo.actions.records import Remarks
from custinfo.domain.clock import stamp, utc_now
from custinfo.domain.errors import BadInput, CustinfoError
from custinfo.domain.messages import text
from custinfo.domain.people import Person
from custinfo.domain.text import clean
from custinfo.exchange.media import Media
from custinfo.exchange.parsed import Parsed, ParsedRecord
from custinfo.store import Store
from custinfo.xforms import Form, Problem, Record, Session, compare
from custinfo.xforms.model import ModelNode
from custinfo.xforms.refs import flat, without_positions


@dataclass(frozen=True)
class Reason:
    """Why a row was not taken: the cell as the file has it, and what is wrong there.

    `problem` says it where the engine found it; otherwise `key` and `facts` do.
    """

    place: str
    column: str
    key: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    problem: Problem | None = None

    def text(self, language: str) -> str:
        """The fact and the remedy, with the question where the engine found it."""
        return self.problem.message(language) if self.problem else text(self.key, language, **self.facts)


@dataclass
class Judged:
    """A row and its verdict: `made` when the engine finished the record, else `reasons`.

    `key` is what the record is known by when the source gives it an id; `answers` are what it would record, by ref;
    `files` are those that answers name, by ref. A row that is `known` was recorded before, and is not judged.
    """

    record: ParsedRecord
    key: str = ""
    made: Record | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)
    files: dict[str, ImportedFile] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    known: bool = False

    def add(self, reason: Reason) -> None:
        """One more reason not to take it."""
        self.reasons.append(reason)

    def refuse(self, problems: list[Problem]) -> None:
        """What the engine or the store says against it, at its cells."""
        for problem in problems:
            place, column = self.record.where(problem.ref)
            self.add(Reason(place, column, problem=problem))


class Judging:
    """Judges the rows of one file for one form, and remembers what is worth a note."""

    def __init__(
        self, store: Store, form: Form, actor: Person, parsed: Parsed, file_name: str, media: Media
    ) -> None:  # fmt: skip
        self.form, self.parsed, self.file_name, self.zone = form, parsed, file_name, store.site.zone
        self.files = ImportFiles(form, media)
        self._known = Known(store, form)
        self._open = opener(store, form, actor)
        self._now = utc_now()
        self._unusual = 0
        self._anew: Counter[str] = Counter()
        faults: dict[str, list[Reason]] = {}
        for fault in parsed.problems:
            faults.setdefault(fault.place, []).append(Reason(fault.place, fault.column, fault.key, fault.facts))
        self._faults = faults
        self._asked = {ref for ref in compare.questions(form) if ref in form.control_of}

    def judge(self, record: ParsedRecord) -> Judged:
        """The verdict of the engine on one row, with the checks that a page makes at every answer."""
        one = Judged(record, key_of(self.form, record))
        one.known = self._known.has(record, one.key)
        if one.known:
            return one
        for place in dict.fromkeys((record.place, *(part.place for part in record.parts))):
            one.reasons += self._faults.get(place, [])
        try:
            interviewed_at = self._interviewed_at(record)
            fresh = self._open(None, interviewed_at)
            instance = self._instance(fresh.instance, record.answers)
            one.files, missing = self.files.taken(record, instance)
            session = self._open(instance, interviewed_at)
        except CustinfoError as error:
            one.add(Reason(record.place, "", error.key, error.facts))
            return one
        one.refuse(missing)
        one.refuse(session.problems())
        one.answers = flat(session.values, self.form.root.ref)
        self._check_taken(one, session, flat(fresh.instance, self.form.root.ref))
        if one.reasons:
            return one
        try:
            one.remarks = self._remarks(record, session, interviewed_at)
        except BadInput as error:
            one.add(Reason(record.place, "", error.key, error.facts))
            return one
        one.made = session.finish()
        return one

    def without_record(self) -> list[Reason]:
        """What is wrong with rows that belong to no record, such as a repeat's row whose parent is missing."""
        places = {part.place for record in self.parsed.records for part in record.parts}
        places |= {record.place for record in self.parsed.records}
        return [reason for place, reasons in self._faults.items() if place not in places for reason in reasons]

    def notes(self, language: str) -> list[str]:
        """What the rows gave occasion to say: unusual answers, computed answers that the file has otherwise."""
        said = [text("form_data.unusual", language, count=self._unusual)] if self._unusual else []
        for ref, count in self._anew.items():
            said.append(text("form_data.computed_anew", language, ref=ref, count=count))
        return said

    def _instance(self, fresh: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
        instance: dict[str, Any] = copy.deepcopy(dict(fresh))
        _lay_over(self.form.root, instance, answers)
        for declared in self.form.entities:
            identity = self.form.nodes.get(f"{declared.ref}/@id")
            if identity is not None and identity.bind.calculate is None:
                _identify(instance, declared.ref.split("/")[2:])
        return instance

    def _interviewed_at(self, record: ParsedRecord) -> datetime | None:
        """When the interview was; without a zone, that of the site. Raises BadInput."""
        if not record.interviewed_at:
            return None
        try:
            moment = datetime.fromisoformat(record.interviewed_at.strip())
        except ValueError:
            raise BadInput("form_data.no_moment", value=record.interviewed_at[:40]) from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        if moment > self._now:
            raise BadInput("form_data.moment_to_come", value=record.interviewed_at[:40])
        return moment

    def _check_taken(self, one: Judged, session: Session, fresh: Mapping[str, str]) -> None:
        """Nothing that the file says is dropped without a word: an answer to what is not asked is a reason."""
        named = {problem.ref for reason in one.reasons if (problem := reason.problem)}
        for ref, value in flat(one.record.answers, self.form.root.ref).items():
            place = without_positions(ref)
            if not value or ref in named or place not in self.form.nodes:
                continue
            computed = self.form.nodes[place].bind.calculate is not None
            if computed and one.answers.get(ref, "") != value:
                self._anew[place] += 1
            elif place in self._asked and not computed:
                self._check_asked(one, session, ref, value != fresh.get(ref, ""))

    def _check_asked(self, one: Judged, session: Session, ref: str, changed: bool) -> None:
        readonly = self.form.nodes[without_positions(ref)].bind.readonly
        label = compare.labels(self.form, without_positions(ref))
        if ref not in one.answers:
            one.refuse([Problem(ref, "constraint", "form_data.not_asked", {}, label)])
        elif readonly is not None and changed and session.state(ref).readonly:
            one.refuse([Problem(ref, "constraint", "form_data.readonly", {}, label)])

    def _remarks(self, record: ParsedRecord, session: Session, interviewed_at: datetime | None) -> Remarks:
        unusual = session.warnings()
        self._unusual += len(unusual)
        reason = f"{self.file_name[:200]}: {record.place}"
        reasons = {problem.ref: reason for problem in unusual}
        reasons |= self._said(record.meta.reasons)
        at = stamp(interviewed_at) if interviewed_at else None
        return Remarks(interviewed_at=at, notes=self._said(record.meta.notes), reasons=reasons, source="import")

    def _said(self, given: Mapping[str, str]) -> dict[str, str]:
        """Notes or reasons that the file has, at places of the form. Raises BadInput for what cannot be kept."""
        at_places = {ref: words for ref, words in given.items() if without_positions(ref) in self.form.nodes}
        return {ref: clean(words, max_length=LONGEST_REMARK).strip() for ref, words in at_places.items()}


def _lay_over(node: ModelNode, instance: dict[str, Any], answers: Mapping[str, Any]) -> None:
    """Put what the file says over what a new record starts with; a blank answer in the file counts too.

    A repeat has the rounds that the file gives it, and none where the file gives none.
    """
    for child in node.children:
        given = answers.get(child.name)
        if child.repeat:
            rounds = [_round(child) for _ in given] if isinstance(given, list) else []
            for round_, one in zip(rounds, given or (), strict=False):
                _lay_over(child, round_, one)
            instance[child.name] = rounds
        elif isinstance(instance.get(child.name), dict) and (given is None or isinstance(given, Mapping)):
            _lay_over(child, instance[child.name], given or {})
        elif child.name in answers:
            instance[child.name] = given
    if "" in answers:
        instance[""] = answers[""]


def _round(repeat: ModelNode) -> dict[str, Any]:
    """A new round of a repeat with the form's own defaults."""
    return {child.name: _new(child) for child in repeat.children}


def _new(node: ModelNode) -> Any:
    own: dict[str, Any] = {child.name: _new(child) for child in node.children}
    if node.repeat:
        return [dict(own) for _ in range(node.instances)]
    if node.is_group:
        return own
    return {"": node.default, **own} if own else node.default


def _identify(values: Any, steps: list[str]) -> None:
    """Give each entity of a new record that has no id yet one of its own."""
    if not steps:
        if isinstance(values, dict) and not values.get("@id"):
            values["@id"] = str(uuid.uuid4())
        return
    below = values.get(steps[0]) if isinstance(values, dict) else None
    for one in below if isinstance(below, list) else [below]:
        _identify(one, steps[1:])
