"""Second entry: another person enters the same questionnaire, and what differs becomes a query on the answer."""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from custinfo.access import permissions, policies, visibility
from custinfo.actions import assignments, forms, sealing
from custinfo.domain import machines
from custinfo.domain.errors import NotFound, WrongState
from custinfo.domain.messages import LANGUAGES, text
from custinfo.domain.people import Person
from custinfo.store import Store, Tx
from custinfo.store.database import Row
from custinfo.xforms import Form, Record
from custinfo.xforms.refs import flat, without_positions

Pairs = list[tuple[str, str]]
OPEN_STATES = ("received", "edited", "has_issues")
"""States of a record that nobody has decided about."""


@dataclass(frozen=True)
class Entered:
    """What comes with a second entry: its key, and notes and reasons by ref."""

    key: str
    interviewed_at: str | None
    notes: Mapping[str, str]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Agreement:
    """How far two entries agree. `name` is a question's ref or the operators; `kappa` is None for free answers,
    and where chance alone would make them agree.
    """

    name: str
    compared: int
    equal: int
    kappa: float | None = None

    @property
    def percent(self) -> float:
        """The share of equal answers, 0–100."""
        return 100.0 * self.equal / self.compared if self.compared else 100.0


@dataclass(frozen=True)
class Report:
    """Agreement over all second entries of a form, by question and by pair of operators (first / second)."""

    records: int
    questions: tuple[Agreement, ...]
    operators: tuple[Agreement, ...]


def _told(first: str, second: str) -> str:
    """The message of the query, in both languages: a message is kept as it was said."""
    said = {"first": first or "—", "second": second or "—"}
    return "\n".join(text("records.second_entry_says", language, **said) for language in LANGUAGES)


def check_wanted(store: Store, actor: Person, record: Row) -> None:
    """A record is entered again by somebody who recorded none of its versions, once, and before it is decided.

    Raises NotFound for one that they may not know of, NotAllowed, WrongState.
    """
    if not visibility.visible(actor, record):
        raise NotFound("access.no_record")
    policies.check_not_own(actor, record["authors"].split(","))
    if record["state"] not in OPEN_STATES:
        raise WrongState("records.decided_already")
    done = "SELECT 1 FROM verification WHERE record_id = ? AND version = ? AND entered_by = ?"
    if store.row(done, [record["record_id"], record["version"], actor.person_id]):
        raise WrongState("records.verified_already")


def compare(
    store: Store, tx: Tx, actor: Person, form: Form, record: Row, made: Record, entered: Entered
) -> int:  # fmt: skip
    """Keep the second entry beside the record, and ask about each answer that differs; gives their number."""
    first, second = _answers(form, _content(store, record)), _answers(form, made.values)
    asked = sorted({*first, *second}, key=list({**first, **second}).index)
    differing = [ref for ref in asked if first.get(ref, "") != second.get(ref, "")]
    at = {"record_id": record["record_id"], "version": record["version"]}
    place = store, form, "verification", entered.key, record["version"]
    row = {
        **at,
        "verification_id": entered.key,
        "mode": forms.double_entry(form) or "blind",
        "content": sealing.sealed_values(*place, made.values),
        "compared": len(asked),
        "differences": json.dumps(differing, ensure_ascii=False),
        "entered_at": tx.at,
        "entered_by": actor.person_id,
        "interviewed_at": entered.interviewed_at,
        "notes": sealing.sealed_beside(*place, "notes", entered.notes),
        "reasons": sealing.sealed_beside(*place, "reasons", entered.reasons),
    }
    tx.insert("verification", row)
    for ref in differing:
        query = {**at, "query_id": f"Q-{secrets.token_hex(8)}", "ref": ref, "opened_at": tx.at}
        tx.insert("query", {**query, "opened_by": actor.person_id})
        told = _told(first.get(ref, ""), second.get(ref, ""))
        words = sealing.sealed_answer(store, form, ref, "query_message", query["query_id"], "text", tx.at, told)
        said = {"query_id": query["query_id"], "text": words, "said_at": tx.at}
        tx.insert("query_message", {**said, "said_by": actor.person_id})
    if differing and record["state"] != "has_issues":
        state = machines.after(machines.RECORD, record["state"], "has_issues")
        review = {**at, "state": state, "note": "", "reviewed_at": tx.at, "reviewed_by": actor.person_id}
        tx.insert("record_review", review)
    return len(differing)


def agreement(store: Store, actor: Person, form_id: str) -> Report:
    """How far second entries agree with first ones. Raises NotAllowed; answers themselves do not leave here."""
    permissions.check(actor, "record.review")
    rows = of_form(store, actor, form_id)
    by_question: dict[str, Pairs] = defaultdict(list)
    by_operators: dict[str, Pairs] = defaultdict(list)
    closed: set[str] = set()
    for row in rows:
        form = forms.load(store, form_id, row["form_version"])
        closed |= {ref for ref, control in form.control_of.items() if control.kind == "select1"}
        for ref, *pair in pairs_seen(store, actor, form, row):
            by_question[without_positions(ref)].append((pair[0], pair[1]))
            by_operators[f"{row['first_by'] or '—'} / {row['second_by'] or '—'}"].append((pair[0], pair[1]))
    questions = (_agreement(ref, pairs, ref in closed) for ref, pairs in by_question.items())
    operators = (_agreement(names, pairs, False) for names, pairs in by_operators.items())
    return Report(len(rows), tuple(questions), tuple(operators))


def of_form(store: Store, actor: Person, form_id: str) -> list[Row]:
    """The second entries of a form's records that the actor may read, with the content of the first ones, the names of
    both people as `first_by` and `second_by`, and who recorded the first.
    """
    mine, scope = assignments.readable_where(actor, "record_current")
    return store.rows(
        "SELECT verification.*, record_version.content AS first, form_version, recorded_by, "
        "one.display_name AS first_by, two.display_name AS second_by FROM verification "
        "JOIN record_version USING (record_id, version) "
        "JOIN record USING (record_id) LEFT JOIN person AS one ON one.person_id = recorded_by "
        "LEFT JOIN person AS two ON two.person_id = entered_by WHERE form_id = ? "
        f"AND record_id IN (SELECT record_id FROM record_current WHERE {mine}) ORDER BY entered_at",
        [form_id, *scope],
    )


def pairs_seen(store: Store, actor: Person, form: Form, row: Row) -> list[tuple[str, str, str]]:
    """Both answers of each question that was compared and that the actor may see: (ref, first, second).

    `row` is as for `entries`. A question that they may not see is not counted either: a count tells of it, too.
    """
    first, second = (_answers(form, content) for content in entries(store, row))
    seen = (ref for ref in {**first, **second} if visibility.sees(actor, form.levels[without_positions(ref)]))
    return [(ref, first.get(ref, ""), second.get(ref, "")) for ref in seen]


def entries(store: Store, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both entries in plain, of a row of `verification` that has the content of its record version as `first`."""
    content = sealing.opened_values(store, "verification", row["verification_id"], row["version"], row["content"])
    return _content(store, {**row, "content": row["first"]}), content


def _content(store: Store, record: Row) -> dict[str, Any]:
    return sealing.opened_values(store, "record_version", record["record_id"], record["version"], record["content"])


def _agreement(name: str, pairs: Pairs, categorical: bool) -> Agreement:
    equal = sum(1 for one, other in pairs if one == other)
    return Agreement(name, len(pairs), equal, cohens_kappa(pairs) if categorical else None)


def cohens_kappa(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Agreement beyond chance (Cohen 1960), 1 for perfect; None when chance alone makes every pair equal."""
    given = list(pairs)
    total = len(given)
    if not total:
        return None
    observed = sum(1 for one, other in given if one == other) / total
    categories = {value for pair in given for value in pair}
    expected = sum(
        sum(1 for one, _ in given if one == c) * sum(1 for _, other in given if other == c) for c in categories
    ) / (total * total)
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _answers(form: Form, values: Mapping[str, object]) -> dict[str, str]:
    """What people entered, by ref: not what the form computed."""
    answers = flat(values, form.root.ref)
    # A photograph is another file each time: what is compared is what was read from the same paper
    drawn = {ref for ref, c in form.control_of.items() if c.kind not in ("group", "repeat", "upload")}
    return {
        ref: given
        for ref, given in answers.items()
        if without_positions(ref) in drawn and form.nodes[without_positions(ref)].bind.calculate is None
    }
