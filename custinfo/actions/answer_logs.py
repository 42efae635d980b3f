"""How records of a form were filled in: the log of answering, for who reviews records."""

from collections.abc import Iterator
from functools import partial
from itertools import groupby

from custinfo.access import permissions, visibility
from custinfo.actions import assignments, consents, forms, sealing
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.exchange.audit_log import LogLine
from custinfo.exchange.records import instance_id
from custinfo.store import Store
from custinfo.store.database import Row, Value
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions


def may_read(actor: Person) -> bool:
    """Whether the person may have the log: it is about those who filled in the form, as much as about the answers."""
    return permissions.may(actor, "record.export") and permissions.may(actor, "record.review")


def lines(
    store: Store, actor: Person, form_id: str, version: str | None, state: str | None, purpose: str
) -> Iterator[LogLine]:
    """The events behind all submitted records of the form, oldest record first; not those of second entries.

    `version` and `state` choose as in an export of the records, and records of people whose data may not be used for
    `purpose` are left out as there. Events of questions that the person may not see, by the version that was filled in,
    are left out.
    """
    of, given = _from(store, actor, form_id, version, state, purpose)
    rows = store.rows(
        "SELECT answer_event.*, draft.form_version, draft.record_id, made.version AS made_as, made.content "
        f"{of} ORDER BY made.seq, answer_event.seq",
        given,
    )
    load = partial(forms.load, store, form_id)
    for (record_id, made_as), events in groupby(rows, key=lambda row: (row["record_id"], row["made_as"])):
        found = list(events)
        form = load(found[0]["form_version"])
        content = sealing.opened_values(store, "record_version", record_id, made_as, found[0]["content"])
        name = instance_id(form, content)
        yield from (_line(store, name, row) for row in found if _sees(form, actor, row["ref"]))


def count(store: Store, actor: Person, form_id: str, version: str | None, state: str | None, purpose: str) -> int:
    """How many records those events are about."""
    of, given = _from(store, actor, form_id, version, state, purpose)
    return int(store.rows(f"SELECT count(DISTINCT draft.record_id) AS n {of}", given)[0]["n"])


def _from(
    store: Store, actor: Person, form_id: str, version: str | None, state: str | None, purpose: str
) -> tuple[str, list[Value]]:  # fmt: skip
    """The events that are chosen, as the end of a query."""
    permissions.check(actor, "record.export")
    permissions.check(actor, "record.review")
    mine, scope = assignments.visible_where(actor, "record_current", first=4)
    agreed, purposes = consents.records_where(purpose, "record_current", consents.today(store))
    of = (
        "FROM answer_event JOIN draft USING (draft_id) "
        "JOIN record_version AS made ON made.record_id = draft.record_id AND made.version = draft.made_version "
        "JOIN record_current ON record_current.record_id = draft.record_id "
        "WHERE draft.form_id = ?1 AND draft.outcome = 'submitted' AND draft.verifies IS NULL "
        "AND (?2 IS NULL OR draft.form_version = ?2) AND (?3 IS NULL OR record_current.state = ?3) "
        f"AND {mine} AND {agreed}"
    )
    return of, [form_id, version, state, *scope, *purposes]


def _line(store: Store, name: str, row: Row) -> LogLine:
    when = f"{row['ref']} {row['started_at']}"
    old, new = (
        row[column] and sealing.open_text(store, "answer_event", row["draft_id"], column, when, row[column])
        for column in ("old_value", "new_value")
    )
    ended_at = parse(row["ended_at"]) if row["ended_at"] else None
    return LogLine(name, row["event"], row["ref"], parse(row["started_at"]), ended_at, old, new)


def _sees(form: Form, actor: Person, ref: str) -> bool:
    if not ref:
        return True
    level = form.levels.get(without_positions(ref))
    return level is not None and visibility.sees(actor, level)
