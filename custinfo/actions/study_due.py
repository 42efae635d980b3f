"""What studies have waiting: steps that are due, units to be reminded, and regular surveys that nobody began (R81)."""

from datetime import date, timedelta

from custinfo.access import permissions
from custinfo.actions import fieldwork, forms, studies
from custinfo.actions.due import DueRow
from custinfo.classification import surveys
from custinfo.domain.clock import parse
from custinfo.domain.machines import STUDY
from custinfo.domain.people import Person
from custinfo.domain.periods import months_before
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms.texts import HIDDEN

OPEN = ", ".join(f"'{state}'" for state in STUDY if studies.next_step(state))


def due_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """Of studies that the person began: the next step, and whom to remind; regular surveys for all who begin any."""
    if not permissions.may(actor, "study.run"):
        return []
    rows = store.rows(f"SELECT * FROM study WHERE begun_by = ? AND state IN ({OPEN})", [actor.person_id])
    return [*_of_studies(store, actor, rows, today), *_regular(store, today)]


def department_rows(store: Store, actor: Person, today: date) -> list[DueRow]:
    """The same of the studies that others of the department began."""
    if not permissions.may(actor, "study.run"):
        return []
    rows = store.rows(
        f"SELECT study.* FROM study JOIN person ON person_id = begun_by WHERE state IN ({OPEN}) "
        "AND person.department = ? AND begun_by != ?",
        [actor.department, actor.person_id],
    )
    return _of_studies(store, actor, rows, today)


def _of_studies(store: Store, actor: Person, rows: list[Row], today: date) -> list[DueRow]:
    """The number and the day are told to whoever has the step to take; the title to who may see it in the proposal."""
    after = timedelta(days=surveys.rule(today).after_days)
    reader = studies.ProposalReader(store, actor)
    found: list[DueRow] = []
    for kept in rows:
        row = {**kept, **studies.amended(store, kept)}
        step, link = studies.next_step(row["state"]), f"/studies/{row['study_id']}"
        days = (date.fromisoformat(row[name]) for name in ("starts_on", "ends_on", "report_due_on"))
        due_on = studies.due_on(step, *days)
        if due_on <= today:
            facts = {"number": str(row["number"]), "title": reader.title(row) or HIDDEN}
            found.append(DueRow(f"due.study.{step}", facts, due_on, None, link))
        units = fieldwork.to_remind(store, row["study_id"], today - after) if row["state"] == "sampled" else 0
        if units:
            to_remind = {"number": row["number"], "units": str(units)}
            found.append(DueRow("due.study.remind", to_remind, today, None, link))
    return found


def _regular(store: Store, today: date) -> list[DueRow]:
    """Each regular survey whose time has come: so long after the last study of it, or after the form came into use."""
    rule = surveys.rule(today)
    found: list[DueRow] = []
    for one in rule.regular:
        row = store.row(
            "SELECT coalesce((SELECT max(begun_at) FROM study WHERE form_id = ?1 AND state != 'broken_off'), "
            "(SELECT min(published_at) FROM form WHERE form_id = ?1)) AS at",
            [one.form],
        )
        if row is None or row["at"] is None or forms.closed(store, one.form):
            continue
        due_on = months_before(parse(row["at"]).astimezone(store.site.zone).date(), -one.months)
        if due_on - timedelta(days=rule.notice_days) <= today:
            titles = {"title": forms.titles_of(store)[one.form]}
            found.append(DueRow("due.study.regular", {}, due_on, None, "/studies", spoken_facts=titles))
    return found
