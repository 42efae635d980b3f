"""The seven steps of a study (R75), each done by somebody, at a moment, with what it rests on: in order, by `STUDY`.

The evidence of a step is worked out here when the step is taken, from what the store has then: nobody types it. Only
the report is named by who hands it in. Where the proposal was amended and approved since, the step says what of it the
study took over.
"""

import hashlib
import json
from collections.abc import Callable, Mapping

from custinfo.access import permissions
from custinfo.actions import fieldwork, forms, overlaps, samples, studies
from custinfo.actions.studies import STEPS
from custinfo.domain import machines
from custinfo.domain.errors import BadInput, WrongState
from custinfo.domain.machines import STUDY
from custinfo.domain.people import Person
from custinfo.domain.text import clean, stated
from custinfo.store import Store, Tx
from custinfo.store.database import Row

LONGEST, LONGEST_REPORT = 2000, 200
TAKE_BACK, STOP = "take_back_step", "stop_study"
Evidence = Mapping[str, object]


def take(store: Store, actor: Person, study_id: str, step: str, note: str = "", report: str = "") -> str:
    """Take the next step of a study; gives its new state. `report` names the report, at the last step.

    Raises NotAllowed, NotFound; BadInput for a step that there is not; WrongState for one whose turn it is not, or for
    which something is missing: no approved proposal or sample for the fieldwork, nothing handed out, answers with
    issues.
    """
    permissions.check(actor, "study.run")
    if step not in STEPS:
        raise BadInput("studies.no_step", given=step[:40])
    note = clean(note, max_length=LONGEST).strip()
    with store.act(actor.person_id, "study.step", studies.KIND, study_id[:40], step=step) as tx:
        study = studies.row(store, study_id)
        state = machines.after(STUDY, study["state"], STEPS[step])
        evidence = {**_evidence(store, actor, study, step, report), **studies.renew(store, tx, study)}
        if step == "questionnaire":
            tx.update("study", study_id, {"form_version": str(evidence["version"])})
        _write(tx, actor, study, step, STEPS[step], note, evidence, state)
    return state


def take_back(store: Store, actor: Person, study_id: str, reason: str) -> str:
    """Take the last step back; gives the state before it. What was written stays, with the reason.

    Raises NotAllowed, NotFound, BadInput without a reason; WrongState where no step can be taken back: once
    questionnaires were handed out the sample stays as it is.
    """
    permissions.check(actor, "study.run")
    why = stated(reason, "studies.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "study.take_back", studies.KIND, study_id[:40]) as tx:
        study = studies.row(store, study_id)
        state = machines.after(STUDY, study["state"], TAKE_BACK)
        step = next(one for one, action in STEPS.items() if STUDY[state].get(action) == study["state"])
        handed = "SELECT 1 FROM fieldwork JOIN sample USING (sample_id) WHERE study_id = ?"
        if step == "sampling" and store.row(handed, [study_id]):
            raise WrongState("studies.handed_out", number=study["number"])
        _write(tx, actor, study, step, TAKE_BACK, why, {}, state)
    return state


def stop(store: Store, actor: Person, study_id: str, reason: str) -> None:
    """Break a study off: nobody is asked any more. Raises NotAllowed, NotFound, WrongState, BadInput for no reason."""
    permissions.check(actor, "study.run")
    why = stated(reason, "studies.reason_missing", max_length=LONGEST)
    with store.act(actor.person_id, "study.stop", studies.KIND, study_id[:40]) as tx:
        study = studies.row(store, study_id)
        state = machines.after(STUDY, study["state"], STOP)
        _write(tx, actor, study, studies.next_step(study["state"]), STOP, why, {}, state)


def _write(
    tx: Tx, actor: Person, study: Row, step: str, action: str, note: str, evidence: Evidence, state: str
) -> None:  # fmt: skip
    row: Row = {
        "study_id": study["study_id"], "step": step, "action": action, "note": note,
        "evidence": json.dumps(evidence, ensure_ascii=False, sort_keys=True), "recorded_at": tx.at,
        "recorded_by": actor.person_id,
    }  # fmt: skip
    tx.insert("study_step", row)
    tx.update("study", study["study_id"], {"state": state})
    tx.note(state=state)


def _evidence(store: Store, actor: Person, study: Row, step: str, report: str) -> Evidence:
    if step == "report":
        return {"report": stated(report, "studies.report_missing", max_length=LONGEST_REPORT)}
    return EVIDENCE[step](store, actor, study)


def _problem(_store: Store, _actor: Person, study: Row) -> Evidence:
    return {"proposal": study["proposal"]}


def _collection(store: Store, _actor: Person, study: Row) -> Evidence:
    answers = studies.proposal_answers(store, study)
    return {"proposal": study["proposal"], **{name: answers[ref] for name, ref in studies.METHOD.items()}}


def _questionnaire(store: Store, _actor: Person, study: Row) -> Evidence:
    form = forms.load(store, study["form_id"])
    return {"form": form.form_id, "version": form.version, **overlaps.report(store, form).as_evidence()}


def _sampling(store: Store, _actor: Person, study: Row) -> Evidence:
    studies.check_approved(store, study)
    sample = samples.newest(store, study["study_id"])
    if sample is None:
        raise WrongState("studies.not_drawn_yet", number=study["number"])
    units = store.rows("SELECT count(*) AS n FROM sample_unit WHERE sample_id = ?", [sample["sample_id"]])[0]["n"]
    return {"sample": sample["number"], "method": sample["method"], "units": units, "frame": sample["frame_units"],
            "frame_sha256": sample["frame_sha256"]}  # fmt: skip


def _fieldwork(store: Store, actor: Person, study: Row) -> Evidence:
    studies.check_approved(store, study)
    sample = samples.newest(store, study["study_id"])
    found = fieldwork.rates(store, actor, sample["sample_id"])[0] if sample else None
    if found is None or not found.returns.sent:
        raise WrongState("studies.nothing_handed_out", number=study["number"])
    returns = found.returns
    return {"drawn": found.drawn, "sent": returns.sent, "returned": returns.returned, "valid": returns.valid,
            "return_rate": str(returns.return_rate)}  # fmt: skip


def _processing(store: Store, _actor: Person, study: Row) -> Evidence:
    """The data set: how many answers, and the hash of which versions of which records they are."""
    rows = store.rows(
        "SELECT record_current.record_id, version, state, (SELECT count(*) FROM query "
        "WHERE query.record_id = record_current.record_id AND resolved_at IS NULL) AS queries "
        "FROM fieldwork_unit JOIN record_current USING (record_id) WHERE study_id = ? "
        "ORDER BY record_current.record_id",
        [study["study_id"]],
    )
    if open_ones := sum(one["state"] == "has_issues" or one["queries"] > 0 for one in rows):
        raise WrongState("studies.open_issues", count=open_ones)
    told = json.dumps([[one["record_id"], one["version"]] for one in rows if one["state"] != "rejected"])
    rejected = sum(one["state"] == "rejected" for one in rows)
    digest = hashlib.sha256(told.encode()).hexdigest()
    return {"answers": len(rows) - rejected, "rejected": rejected, "sha256": digest}


EVIDENCE: Mapping[str, Callable[[Store, Person, Row], Evidence]] = {
    "problem": _problem,
    "collection": _collection,
    "questionnaire": _questionnaire,
    "sampling": _sampling,
    "fieldwork": _fieldwork,
    "processing": _processing,
}
"""What each step but the report rests on, worked out."""
