"""Quotas of a form: how many records have each cell now. The limits stand in the form; the engine compares."""

from custinfo.store import Store
from custinfo.xforms import Counts, Form


def counts(store: Store, form: Form, *, without: str | None = None) -> Counts:
    """By question of a quota and answer: the records of the form that count, rejected ones and `without` left out."""
    return {ref: _count(store, form.form_id, ref, without) for ref in form.quotas}


def _count(store: Store, form_id: str, ref: str, without: str | None) -> dict[str, int]:
    path = "$" + "".join(f'."{name}"' for name in ref.split("/")[2:])
    rows = store.rows(
        "SELECT json_extract(content, ?1) AS cell, count(*) AS n FROM record_current "
        "WHERE form_id = ?2 AND state != 'rejected' AND (?3 IS NULL OR record_id != ?3) GROUP BY 1",
        [path, form_id, without],
    )
    return {str(row["cell"]): row["n"] for row in rows if row["cell"] is not None}
