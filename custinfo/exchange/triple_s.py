# ruff: noqa: ARG001 - writers have one shape
"""Records as Triple-S 2.0: a description (.sss) and comma-separated data (.csv) for each table.

A question with several choices is one `multiple` variable, a string of 1 and 0 for each choice of its list in turn;
codes that are no whole numbers from 0 on make a `single` variable with literal codes.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

from lxml import etree

from custinfo.domain.messages import spoken
from custinfo.exchange.archive import zipped
from custinfo.exchange.delimited import file_stem
from custinfo.exchange.fields import Field, Sees
from custinfo.exchange.records import Frame, Row, StoredRecord, frames
from custinfo.exchange.variables import Variable, variables
from custinfo.xforms import Form

_WHOLE = re.compile(r"\d{1,9}\Z", re.ASCII)


def write(form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees) -> bytes:
    """A zip of `.sss` and `.csv`, a pair for the records and one for each repeat, joined by `parent_key`."""
    files: dict[str, bytes] = {}
    for number, frame in enumerate(frames(form, records, sees)):
        stem, found = file_stem(form, frame.table.ref), variables(frame, language, split=False)
        files[f"{stem}.sss"] = _description(form, frame, found, language, f"{stem}.csv", chr(ord("A") + number % 26))
        files[f"{stem}.csv"] = _data(frame, found)
    return zipped(files)


def _description(
    form: Form, frame: Frame, found: Sequence[Variable], language: str, data_file: str, ident: str
) -> bytes:
    root = etree.Element("sss", {"version": "2.0"})
    _add(root, "origin", "custinfo")
    survey = _add(root, "survey")
    _add(survey, "name", form.form_id)
    _add(survey, "version", form.version)
    _add(survey, "title", form.title)
    record = _add(survey, "record", ident=ident, href=data_file, format="csv", skip="1")
    for number, variable in enumerate(found, 1):
        _variable(record, variable, frame.rows, language, number)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _variable(record: etree._Element, variable: Variable, rows: Sequence[Row], language: str, number: int) -> None:
    kind = _kind(variable, rows)
    made = _add(record, "variable", ident=str(number), type=kind)
    if kind == "single" and not _whole_codes(variable):
        made.set("format", "literal")
    if variable.name == "record_key":
        made.set("use", "serial")
    _add(made, "name", variable.name)
    _add(made, "label", variable.label)
    _add(made, "position", start=str(number))
    if kind == "character":
        _add(made, "size", str(max([len(variable.text(row)) for row in rows], default=0) or 1))
    elif kind == "quantity":
        low, high = _range([variable.text(row) for row in rows if variable.text(row)])
        _add(_add(made, "values"), "range", **{"from": low, "to": high})
    elif kind == "single":
        values = _add(made, "values")
        for category in variable.categories:
            _add(values, "value", category.label, code=category.code)
    elif kind == "multiple":
        assert variable.field is not None
        values = _add(made, "values")
        for place, option in enumerate(variable.field.options, 1):
            _add(values, "value", spoken(option.labels, language) or option.value, code=str(place))


def _kind(variable: Variable, rows: Sequence[Row]) -> str:
    field = variable.field
    if field is not None and field.kind == "select_multiple" and field.options:
        return "multiple" if all(v in field.option for row in rows for v in variable.text(row).split()) else "character"
    if variable.categories:
        codes = {category.code for category in variable.categories}
        return "single" if all(variable.text(row) in codes for row in rows if variable.text(row)) else "character"
    return {"number": "quantity", "date": "date", "time": "time"}.get(variable.type, "character")


def _whole_codes(variable: Variable) -> bool:
    return all(_WHOLE.match(category.code) for category in variable.categories)


def _range(texts: Sequence[str]) -> tuple[str, str]:
    """The least and the greatest value, both with as many decimals as any value has."""
    numbers = [Decimal(text) for text in texts] or [Decimal(0)]
    places = max(max(0, -int(n.as_tuple().exponent)) for n in numbers)
    return f"{min(numbers):.{places}f}", f"{max(numbers):.{places}f}"


def _data(frame: Frame, found: Sequence[Variable]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text)
    kinds = [_kind(variable, frame.rows) for variable in found]
    writer.writerow([variable.name for variable in found])
    for row in frame.rows:
        writer.writerow([_value(v, kind, row) for v, kind in zip(found, kinds, strict=True)])
    return text.getvalue().encode()


def _value(variable: Variable, kind: str, row: Row) -> str:
    text = variable.text(row)
    if not text:
        return ""
    match kind:
        case "multiple":
            assert variable.field is not None
            return _bits(variable.field, text.split())
        case "date":
            return text.replace("-", "")
        case "time":
            return f"{variable.value(row):%H%M%S}"
    return text


def _bits(field: Field, chosen: Sequence[str]) -> str:
    return "".join(str(int(option.value in chosen)) for option in field.options)


def _add(parent: etree._Element, name: str, /, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, name, attributes)
    made.text = text
    return made
