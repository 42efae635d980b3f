"""Which rows of an import are records of the site already: from an earlier import, or from an export of its own."""

from custinfo.actions import forms, sealing
from custinfo.exchange.parsed import ParsedRecord
from custinfo.exchange.records import instance_id_path
from custinfo.exchange.submission_xml import record_id_as_instance_id
from custinfo.store import Store
from custinfo.xforms import Form


def key_of(form: Form, record: ParsedRecord) -> str:
    """What a row is known by in later imports; blank when its source gives it no id."""
    return f"import:{form.form_id}:{record.meta.instance_id}" if record.meta.instance_id else ""


class Known:
    """The ids by which the records of a form are known outside, as of now."""

    def __init__(self, store: Store, form: Form) -> None:
        versions = store.rows("SELECT version FROM form WHERE form_id = ?", [form.form_id])
        paths = {instance_id_path(forms.load(store, form.form_id, row["version"])) for row in versions}
        self._ids = {one for path in paths for one in _instance_ids(store, form.form_id, path)}
        for row in store.rows("SELECT record_id FROM record WHERE form_id = ?", [form.form_id]):
            self._ids |= {row["record_id"], record_id_as_instance_id(row["record_id"])}
        # of imports, also the ids for which the form has no place; ";" is the character after ":"
        rows = store.rows(
            "SELECT submission_key FROM record_version WHERE submission_key BETWEEN ? AND ?",
            [f"import:{form.form_id}:", f"import:{form.form_id};"],
        )
        self._keys = {row["submission_key"] for row in rows}

    def has(self, record: ParsedRecord, key: str) -> bool:
        """Whether the record was recorded before, in whatever version."""
        return key in self._keys or record.meta.instance_id in self._ids or record.meta.key in self._ids


def _instance_ids(store: Store, form_id: str, path: tuple[str, ...]) -> set[str]:
    """What stands at `meta/instanceID` in all versions of the form's records."""
    if not path:
        return set()
    rows = store.rows(
        "SELECT json_extract(content, ?) AS id, record_id, version FROM record_version JOIN record USING (record_id) "
        "WHERE form_id = ?",
        ["$" + "".join(f'."{name}"' for name in path), form_id],
    )
    field = "/".join(("content", *path))
    return {
        sealing.open_text(store, "record_version", row["record_id"], field, row["version"], row["id"])
        for row in rows
        if row["id"]
    }
