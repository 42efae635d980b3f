"""How records of a form were filled in: the log of answering, for who reviews records."""

import json
from collections.abc import Iterator
from functools import partial

from custinfo.access import permissions, visibility
from custinfo.actions import forms
from custinfo.domain.clock import parse
from custinfo.domain.people import Person
from custinfo.exchange.audit_log import LogLine
from custinfo.exchange.records import instance_id
from custinfo.store import Store
from custinfo.xforms import Form
from custinfo.xforms.refs import without_positions


def may_read(actor: Person) -> bool:
    """Whether the person may have the log: it is about those who filled in the form, as much as about the answers."""
    return permissions.may(actor, "record.export") and permissions.may(actor, "record.review")


def lines(
    store: Store, actor: Person, form_id: str, version: str | None = None, state: str | None = None
) -> Iterator[LogLine]:
    """The events behind all submitted records of the form, oldest record first; not those of second entries.

    `version` and `state` choose as in an export of the records. Events of questions that the person may not see, by
    the version that was filled in, are left out.
    """
    permissions.check(actor, "record.export")
    permissions.check(actor, "record.review")
    rows = store.rows(
        "SELECT answer_event.*, draft.form_version, made.content FROM answer_event JOIN draft USING (draft_id) "
        "JOIN record_version AS made ON made.record_id = draft.record_id AND made.version = draft.made_version "
        "JOIN record_current ON record_current.record_id = draft.record_id "
        "WHERE draft.form_id = ?1 AND draft.outcome = 'submitted' AND draft.verifies IS NULL "
        "AND (?2 IS NULL OR draft.form_version = ?2) AND (?3 IS NULL OR record_current.state = ?3) "
        "ORDER BY made.seq, answer_event.seq",
        [form_id, version, state],
    )
    load = partial(forms.load, store, form_id)
    for row in rows:
        form = load(row["form_version"])
        if _sees(form, actor, row["ref"]):
            yield LogLine(
                instance_id(form, json.loads(row["content"])), row["event"], row["ref"], parse(row["started_at"]),
                parse(row["ended_at"]) if row["ended_at"] else None, row["old_value"], row["new_value"],
            )  # fmt: skip


def _sees(form: Form, actor: Person, ref: str) -> bool:
    if not ref:
        return True
    level = form.levels.get(without_positions(ref))
    return level is not None and visibility.sees(actor, level)
