"""Files that leave the system as what a reader finds in them: archives unpacked, packed columns read, notes too."""

import io
import tempfile
import zipfile
from pathlib import Path


def text_of(content: bytes) -> str:
    """Every text that somebody with the right program reads in a file, names and metadata included."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as found:
            return "\n".join([*found.namelist(), *(text_of(found.read(name)) for name in found.namelist())])
    if content.startswith(b"PAR1"):
        return _parquet(content)
    if content.startswith(b"$FL"):
        return _spss(content)
    return content.decode("utf-8-sig", "replace")


def _parquet(content: bytes) -> str:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    notes = [table.schema.metadata, *(field.metadata for field in table.schema)]
    said = (value.decode() for one in notes for value in (one or {}).values())
    return "\n".join([*said, repr(table.to_pylist())])


def _spss(content: bytes) -> str:
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.sav"
        path.write_bytes(content)
        data, notes = pyreadstat.read_sav(path)
    words = notes.file_label, notes.notes, notes.column_names_to_labels, notes.variable_value_labels
    return "\n".join([repr(data.to_dict("records")), repr(words)])
