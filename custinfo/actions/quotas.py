"""Quotas of a form: how many records have each cell now. The limits stand in the form; the engine compares."""

from collections import Counter
from collections.abc import Iterator, Mapping

from custinfo.access import visibility
from custinfo.actions import sealing
from custinfo.domain.people import Audience, Person
from custinfo.store import Store
from custinfo.store.database import Row
from custinfo.xforms import Counts, Form


def shown(store: Store, actor: Person, form: Form, audience: Audience) -> dict[str, dict[str, int]]:
    """By question of a quota and answer, the records that count, for people to look at.

    They are of the whole site and of every level, so they are for who sees all records of the form's audience, and of
    questions that they are cleared for. The limits bind everybody all the same.
    """
    if visibility.scope(actor, audience) is not visibility.Scope.ALL:
        return {}
    live = LiveCounts(store, form, None)
    return {ref: live[ref] for ref in form.quotas if visibility.sees(actor, form.levels[ref])}


class LiveCounts(Mapping[str, Mapping[str, int]]):
    """By question of a quota and answer: the records that count at the moment of asking."""

    def __init__(self, store: Store, form: Form, without: str | None) -> None:
        self._store, self._form, self._without = store, form, without

    def __getitem__(self, ref: str) -> dict[str, int]:
        if ref not in self._form.quotas:
            raise KeyError(ref)
        return _count(self._store, self._form.form_id, ref, self._without)

    def __iter__(self) -> Iterator[str]:
        return iter(self._form.quotas)

    def __len__(self) -> int:
        return len(self._form.quotas)


def counts(store: Store, form: Form, *, without: str | None = None) -> Counts:
    """The records of the form that count, rejected ones and `without` (the one that is being edited) left out."""
    return LiveCounts(store, form, without)


def _count(store: Store, form_id: str, ref: str, without: str | None) -> dict[str, int]:
    path = "$" + "".join(f'."{name}"' for name in ref.split("/")[2:])
    rows = store.rows(
        "SELECT json_extract(content, ?1) AS cell, count(*) AS n, min(record_id) AS record_id, min(version) AS version "
        "FROM record_current WHERE form_id = ?2 AND state != 'rejected' AND (?3 IS NULL OR record_id != ?3) GROUP BY 1",
        [path, form_id, without],
    )
    counted: Counter[str] = Counter()
    for row in rows:
        if row["cell"] is not None:
            counted[_opened(store, row, f"content/{'/'.join(ref.split('/')[2:])}")] += row["n"]
    return dict(counted)


def _opened(store: Store, row: Row, field: str) -> str:
    """An answer of level 1 is never sealed twice to the same text: its group is one record, which is opened here."""
    return sealing.open_text(store, "record_version", row["record_id"], field, row["version"], str(row["cell"]))
