# ruff: noqa: ARG001 - writers have one shape
"""Records as Parquet with typed columns. Labels and choices stand in each column's metadata, as JSON."""

import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from custinfo.exchange.archive import packed
from custinfo.exchange.delimited import file_stem
from custinfo.exchange.fields import Sees
from custinfo.exchange.records import Frame, StoredRecord, frames
from custinfo.exchange.variables import Variable, variables
from custinfo.xforms import Form


def write(
    form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees, mark: str = ""
) -> bytes:  # fmt: skip
    """A Parquet file; a zip of them when the form has repeats, joined by `parent_key`. Moments are the wall clock.
    `mark` stands in the metadata of each.
    """
    about = {"form_id": form.form_id, "form_version": form.version, "title": form.title}
    about |= {"export": mark} if mark else {}
    return packed({
        f"{file_stem(form, frame.table.ref)}.parquet": _file(frame, variables(frame, language), about)
        for frame in frames(form, records, sees)
    })  # fmt: skip


def _file(frame: Frame, found: Sequence[Variable], about: dict[str, str]) -> bytes:
    import pyarrow as pa  # heavy, and starts threads: not where kernels are forked
    import pyarrow.parquet as pq

    types: dict[str, Any] = {
        "text": pa.string(), "date": pa.date32(), "time": pa.time64("us"), "datetime": pa.timestamp("us"),
    }  # fmt: skip
    fields, arrays = [], []
    for variable in found:
        values: list[object] = [variable.value(row) for row in frame.rows]
        if variable.type == "number" and not variable.decimals:
            values = [int(v) if isinstance(v, float) else v for v in values]
            kind = pa.int64()
        else:
            kind = types.get(variable.type, pa.float64())
        fields.append(pa.field(variable.name, kind, metadata={"custinfo": _metadata(variable)}))
        arrays.append(pa.array(values, kind))
    schema = pa.schema(fields, metadata={"custinfo": json.dumps(about, ensure_ascii=False, sort_keys=True)})
    content = BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), content, compression="zstd")
    return content.getvalue()


def _metadata(variable: Variable) -> str:
    said: dict[str, object] = {"label": variable.label}
    if variable.field is not None:
        said["ref"] = variable.field.ref
    if variable.categories:
        said["categories"] = {c.code: c.label for c in variable.categories}
        said["missing"] = [c.code for c in variable.categories if c.missing]
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
