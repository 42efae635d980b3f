"""Studies (R75): a survey from the problem to the report, in seven steps, resting on an approved proposal (R69).

A study is begun on the record of a survey proposal, from which it has its title, purpose, department and days: they are
as secret as the answers that they come from (`ProposalReader`), and follow an amendment that is approved (`renew`). How
far it is says `machines.STUDY`; `study_steps` takes its steps, `samples` draws for it, `fieldwork` keeps what was
handed out and came back.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, entities, entity_levels, forms, record_approvals, record_views, sealing
from custinfo.domain import machines
from custinfo.domain.clock import parse
from custinfo.domain.errors import BadInput, Conflict, NotFound, WrongState
from custinfo.domain.machines import NOWHERE, STUDY
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form
from custinfo.xforms.refs import flat

KIND = "study"
Day = TypeVar("Day", date, date | None)
PROPOSALS = "survey_proposals"
_COPIED = {
    "title": "/data/project/title", "purpose": "/data/project/purpose",
    "department": "/data/project/applicant_department",
    **{name: f"/data/schedule/{name}" for name in ("starts_on", "ends_on", "report_due_on")},
}  # fmt: skip
"""What a study takes from the answers of its proposal."""
METHOD: Mapping[str, str] = {name: f"/data/method/{name}" for name in ("collection", "sampling", "planned_sample")}
"""What the step of collection takes from them."""
STEPS: Mapping[str, str] = {
    "problem": "state_problem",
    "collection": "choose_method",
    "questionnaire": "make_questionnaire",
    "sampling": "settle_sample",
    "fieldwork": "end_fieldwork",
    "processing": "process_answers",
    "report": "report_study",
}
"""The seven steps of the source in their order, each with its action of the machine."""
ENDED = tuple(state for state, actions in STUDY.items() if not actions)


@dataclass(frozen=True)
class Done:
    """Something that was done about a study: `action` of the machine, at `step`, with what it rests on."""

    step: str
    action: str
    note: str
    evidence: Mapping[str, object]
    at: datetime
    by: str


@dataclass(frozen=True)
class Study:
    """A study. `proposal` is the number of its proposal, `by` the name of who began it; `done` the oldest first.

    Fieldwork lies between `starts_on` and `ends_on`; the report is due on `report_due_on`. What comes from answers of
    the proposal that the reader may not see is blank, or None, and left out of the evidence.
    """

    study_id: str
    number: str
    title: str
    purpose: str
    department: str
    form_id: str
    form_version: str
    proposal_id: str
    proposal: str
    approved: bool
    starts_on: date | None
    ends_on: date | None
    report_due_on: date | None
    state: str
    begun_at: datetime
    by: str
    done: tuple[Done, ...]

    @property
    def next_step(self) -> str:
        """The step that follows; "" when none does."""
        return next_step(self.state)

    def due_on(self, step: str) -> date | None:
        """By when a step is done: all before fieldwork when that begins, the last two with the report."""
        return due_on(step, self.starts_on, self.ends_on, self.report_due_on)

    def last(self, step: str) -> Done | None:
        """How the step was done, if it stands."""
        order = list(STEPS)
        reached = order.index(self.next_step) if self.next_step else len(order)
        if self.state == "broken_off":
            reached = order.index(self.done[-1].step)
        found = [one for one in self.done if one.step == step and one.action == STEPS[step]]
        return found[-1] if found and order.index(step) < reached else None


def next_step(state: str) -> str:
    """The step that follows in a state; "" when none does."""
    return next((step for step, action in STEPS.items() if action in STUDY.get(state, {})), "")


def due_on(step: str, starts_on: Day, ends_on: Day, report_due_on: Day) -> Day:
    """By when a step of a study with these days is done."""
    return {"fieldwork": ends_on, "processing": report_due_on, "report": report_due_on}.get(step, starts_on)


def begin(store: Store, actor: Person, proposal: str, form_id: str) -> str:
    """Begin the study that a survey proposal, by its number, is for, with a form; gives its id.

    The proposal may still wait for its approval, which the sample does not. Raises NotAllowed, BadInput for a number
    that is no proposal's that the actor may read and a form that asks nobody; Conflict when it has its study already.
    """
    permissions.check(actor, "study.run")
    entity = entities.by_number(store, PROPOSALS, proposal.strip())
    if entity is None:
        raise BadInput("studies.no_proposal", number=proposal[:40])
    said = record_views.read(store, actor, entity["record_id"]).answers
    if not said.keys() >= set(_COPIED.values()):
        raise BadInput("studies.no_proposal", number=proposal[:40])
    if form_id not in survey_forms(store):
        raise BadInput("studies.no_form", form=form_id[:60])
    study_id = f"ST-{secrets.token_hex(6)}"
    with store.act(actor.person_id, "study.begin", KIND, study_id, form=form_id) as tx:
        same = "SELECT number FROM study WHERE proposal_id = ? AND state != 'broken_off'"
        if earlier := store.row(same, [entity["record_id"]]):
            raise Conflict("studies.has_study", number=earlier["number"])
        row: Row = {
            "study_id": study_id, "number": f"ST{tx.next_number('studies'):06d}",
            **{name: said[ref] for name, ref in _COPIED.items()}, "form_id": form_id,
            "form_version": forms.versions(store, form_id)[0].version, "proposal_id": entity["record_id"],
            "state": machines.after(STUDY, NOWHERE, "begin_study"), "begun_at": tx.at, "begun_by": actor.person_id,
        }  # fmt: skip
        tx.insert("study", row)
        tx.note(number=row["number"], proposal=entity["number"])
    return study_id


def listed(store: Store, actor: Person) -> list[Study]:
    """Every study, the newest first. Raises NotAllowed."""
    permissions.check(actor, "study.read")
    reader = ProposalReader(store, actor)
    return [_study(reader, row) for row in store.rows(f"{_SELECT} ORDER BY study.number DESC")]


def read(store: Store, actor: Person, study_id: str) -> Study:
    """One study. Raises NotAllowed, NotFound."""
    permissions.check(actor, "study.read")
    return _study(ProposalReader(store, actor), row(store, study_id))


def find(store: Store, actor: Person, number: str) -> str:
    """The id of the study with this number (ST000001); an id is its own. Raises NotAllowed, NotFound."""
    permissions.check(actor, "study.read")
    found = store.row("SELECT study_id FROM study WHERE ? IN (number, study_id)", [number])
    if found is None:
        raise NotFound("studies.unknown")
    return str(found["study_id"])


def row(store: Store, study_id: str) -> Row:
    """The row of a study with its proposal's number, for an action that has checked who asks. Raises NotFound."""
    found = store.row(f"{_SELECT} WHERE study_id = ?", [study_id])
    if found is None:
        raise NotFound("studies.unknown")
    return found


def check_state(study: Row, state: str) -> None:
    """Raises WrongState unless the study is in that state."""
    if study["state"] != state:
        raise WrongState(f"studies.not_now.{study['state']}", number=study["number"])


def check_approved(store: Store, study: Row) -> None:
    """Raises WrongState unless the proposal is approved as it stands: nobody is drawn or asked before (R69)."""
    if not _approved(store, study["proposal_id"]):
        raise WrongState("studies.not_approved", number=study["number"], proposal=study["proposal"])


def proposal_answers(store: Store, study: Row) -> dict[str, str]:
    """What the proposal of a study says now, by question, for an action that has checked who asks."""
    record = store.row("SELECT * FROM record_current WHERE record_id = ?", [study["proposal_id"]])
    if record is None:
        raise NotFound("access.no_record")
    values = sealing.opened_values(store, "record_version", record["record_id"], record["version"], record["content"])
    return flat(values, "/data")


def amended(store: Store, study: Row) -> dict[str, str]:
    """What the proposal, approved as it stands, says by now otherwise than the row of its study, by column."""
    return _amended(store, study) if _approved(store, study["proposal_id"]) else {}


def renew(store: Store, tx: Tx, study: Row) -> dict[str, object]:
    """Keep what the approved proposal says by now with the study, for the step that is taken: gives the version of the
    proposal and the names of what it changed, or nothing. Within the act that takes the step.
    """
    changed = amended(store, study)
    if not changed:
        return {}
    tx.update("study", study["study_id"], changed)
    newest = store.rows("SELECT version FROM record_current WHERE record_id = ?", [study["proposal_id"]])
    return {"proposal_version": newest[0]["version"], "taken_over": sorted(changed)}


@dataclass
class ProposalReader:
    """Somebody to whom studies are shown: what a study has from its proposal is as secret as the answers there are.

    Every version of the form that the proposal was filled in with has its say, and the level of the record as a whole.
    """

    store: Store
    actor: Person
    _levels: dict[str, tuple[Level, list[Mapping[str, Level]]]] = field(default_factory=dict)

    def sees(self, proposal_id: str, ref: str) -> bool:
        """Whether the person may see the answer at this place of a proposal."""
        if visibility.sees(self.actor, Level.SECRET):
            return True
        whole, forms_of = self._of(proposal_id)
        return visibility.sees(self.actor, min([whole, *(one[ref] for one in forms_of if ref in one)]))

    def title(self, study: Row) -> str:
        """The title of a study; blank for who may not see it."""
        return str(study["title"]) if self.sees(study["proposal_id"], _COPIED["title"]) else ""

    def _of(self, proposal_id: str) -> tuple[Level, list[Mapping[str, Level]]]:
        if proposal_id not in self._levels:
            rows = self.store.rows(
                "SELECT DISTINCT form_id, form_version, level FROM record_version JOIN record USING (record_id) "
                "LEFT JOIN record_now_level USING (record_id) WHERE record_id = ?",
                [proposal_id],
            )
            whole = min((Level(one["level"]) for one in rows if one["level"] is not None), default=Level.PUBLIC)
            of_forms = [sealing.answers_form(self.store, one["form_id"], one["form_version"]).levels for one in rows]
            self._levels[proposal_id] = whole, of_forms
        return self._levels[proposal_id]


def proposals(store: Store, actor: Person) -> list[tuple[str, str]]:
    """Numbers and titles of the proposals without a study that the actor may know of, the newest first."""
    permissions.check(actor, "study.run")
    mine, scope = assignments.visible_where(actor, "entity_current")
    rows = store.rows(
        f"SELECT * FROM entity_current WHERE dataset = ? AND {mine} AND record_id NOT IN "
        "(SELECT proposal_id FROM study WHERE state != 'broken_off') ORDER BY number DESC",
        [PROPOSALS, *scope],
    )
    reader = entity_levels.Reader(store, actor)
    opened: Iterable[Row] = (sealing.opened_entity(store, one) for one in rows)
    return [(one["number"], reader.label(one["entity_id"], one["label"], one["number"])) for one in opened]


def survey_forms(store: Store) -> dict[str, dict[str, str]]:
    """The surveys in use that ask a customer and keep nothing but answers: titles by id, as a study may use them."""
    rows = store.rows(
        "SELECT DISTINCT form_id FROM form WHERE dataset IS NULL AND form_id NOT IN (SELECT form_id FROM form_closing) "
        "ORDER BY form_id"
    )
    found = (forms.load(store, one["form_id"]) for one in rows)
    return {one.form_id: forms.titles(one) for one in found if _asks_customers(one)}


def _asks_customers(form: Form) -> bool:
    """Whether its answers are about a customer and are counted in tables of surveys."""
    return forms.is_survey(form) and entities.about_place(form, "customers") is not None


_SELECT = (
    "SELECT study.*, display_name, (SELECT entity.number FROM entity JOIN entity_version USING (entity_id) "
    f"WHERE record_id = proposal_id AND dataset = '{PROPOSALS}' LIMIT 1) AS proposal "
    "FROM study JOIN person ON person_id = begun_by"
)


def _approved(store: Store, proposal_id: str) -> bool:
    try:
        record_approvals.check_approved(store, proposal_id)
    except WrongState:
        return False
    return True


def _amended(store: Store, study: Row) -> dict[str, str]:
    said = proposal_answers(store, study)
    return {name: said[ref] for name, ref in _COPIED.items() if said.get(ref, "") not in ("", study[name])}


def _study(reader: ProposalReader, found: Row) -> Study:
    store, proposal_id = reader.store, found["proposal_id"]
    approved = _approved(store, proposal_id)
    if approved:
        found = {**found, **_amended(store, found)}
    found = {**found, **{name: "" for name, ref in _COPIED.items() if not reader.sees(proposal_id, ref)}}
    hidden = {name for name, ref in METHOD.items() if not reader.sees(proposal_id, ref)}
    done = store.rows(
        "SELECT study_step.*, display_name FROM study_step JOIN person ON person_id = recorded_by "
        "WHERE study_id = ? ORDER BY seq",
        [found["study_id"]],
    )
    starts_on, ends_on, report_due_on = (
        date.fromisoformat(found[name]) if found[name] else None for name in ("starts_on", "ends_on", "report_due_on")
    )
    names = ("study_id", "number", "title", "purpose", "department", "form_id", "form_version", "proposal_id",
             "proposal", "state")  # fmt: skip
    return Study(
        **{name: found[name] for name in names}, starts_on=starts_on, ends_on=ends_on, report_due_on=report_due_on,
        approved=approved,
        begun_at=parse(found["begun_at"]), by=found["display_name"], done=tuple(_done(one, hidden) for one in done),
    )  # fmt: skip


def _done(one: Row, hidden: Collection[str]) -> Done:
    """`hidden` are names of answers of the proposal that the reader may not see."""
    told = json.loads(one["evidence"])
    evidence = {name: value for name, value in told.items() if one["step"] != "collection" or name not in hidden}
    return Done(one["step"], one["action"], one["note"], evidence, parse(one["recorded_at"]), one["display_name"])
