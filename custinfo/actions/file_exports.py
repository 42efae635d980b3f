"""The files that go out with exported records."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from custinfo import exchange
from custinfo.actions import files, forms
from custinfo.domain.errors import BadInput
from custinfo.store import Store

MOST = 500 << 20


def with_files(store: Store, records: Sequence[exchange.StoredRecord]) -> list[exchange.StoredRecord]:
    """The records with the contents of the files that their answers name; of answers left out there is none.

    Raises BadInput when they are too large together.
    """
    named = {record.record_id: dict(_named(store, record)) for record in records}
    size = sum(size for found in named.values() for _, size in found.values())
    if size > MOST:
        raise BadInput("form_data.media_large", size=size >> 20, limit=MOST >> 20)
    return [
        replace(
            record,
            files={name: files.content(store, file_id) for name, (file_id, _) in named[record.record_id].items()},
        )
        for record in records
    ]


def _named(store: Store, record: exchange.StoredRecord) -> Iterable[tuple[str, tuple[str, int]]]:
    """Name, and id and size, of each file of the record that an answer there names."""
    form = forms.load(store, record.form_id, record.form_version)
    wanted = set(files.uploads(form, record.values).values())
    if not wanted:
        return
    for row in store.rows("SELECT file_id, name, size FROM file_place WHERE record_id = ?", [record.record_id]):
        if row["name"] in wanted:
            yield row["name"], (row["file_id"], row["size"])
