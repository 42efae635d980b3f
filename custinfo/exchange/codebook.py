# ruff: noqa: ARG001 - writers have one shape
"""The variables of an export as a DDI-Codebook 2.5 document: study, files, variables, categories, missing values."""

from collections.abc import Iterable
from typing import Any

from lxml import etree

from custinfo.exchange.delimited import file_stem
from custinfo.exchange.fields import Sees
from custinfo.exchange.records import StoredRecord, frames
from custinfo.exchange.variables import Variable, variables
from custinfo.xforms import Form

NAMESPACE = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SPACES: Any = {None: NAMESPACE}  # a default namespace, which the stubs do not know
_KINDS = {"date": "date", "time": "time", "datetime": "date"}


def write(form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees) -> bytes:
    """The codebook of the .sav files that the same records make: one file for the records and one for each repeat."""
    root = etree.Element(f"{{{NAMESPACE}}}codeBook", {"version": "2.5"}, nsmap=_SPACES)
    root.set(_LANGUAGE, language or "zh-CN")
    _study(root, form)
    described = [(frame, variables(frame, language)) for frame in frames(form, records, sees)]
    for number, (frame, found) in enumerate(described, 1):
        file = _add(_add(root, "fileDscr", ID=f"F{number}"), "fileTxt")
        _add(file, "fileName", f"{file_stem(form, frame.table.ref)}.sav")
        size = _add(file, "dimensns")
        _add(size, "caseQnty", str(len(frame.rows)))
        _add(size, "varQnty", str(len(found)))
        _add(file, "fileType", "SPSS")
    data = _add(root, "dataDscr")
    for number, (_, found) in enumerate(described, 1):
        for place, variable in enumerate(found, 1):
            _variable(data, variable, number, place)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _study(root: etree._Element, form: Form) -> None:
    citation = _add(_add(root, "stdyDscr"), "citation")
    titles = _add(citation, "titlStmt")
    _add(titles, "titl", form.title or form.form_id)
    _add(titles, "IDNo", form.form_id)
    _add(_add(citation, "verStmt"), "version", form.version)


def _variable(data: etree._Element, variable: Variable, file: int, place: int) -> None:
    number = variable.type == "number"
    continuous = variable.measure == "scale"
    made = _add(
        data, "var", ID=f"F{file}V{place}", name=variable.name, files=f"F{file}",
        intrvl="contin" if continuous else "discrete", nature="ratio" if continuous else variable.measure,
    )  # fmt: skip
    _add(made, "labl", variable.label)
    texts = variable.field.labels if variable.field is not None else {}
    if texts:
        question = _add(made, "qstn")
        for code, said in texts.items():
            _add(question, "qstnLit", said).attrib.update({_LANGUAGE: code} if code else {})
    for category in variable.categories:
        one = _add(made, "catgry", missing="Y" if category.missing else "N")
        _add(one, "catValu", category.code)
        _add(one, "labl", category.label)
    attributes = {"category": _KINDS[variable.type]} if variable.type in _KINDS else {}
    _add(made, "varFormat", type="numeric" if number or attributes else "character", schema="SPSS", **attributes)


def _add(parent: etree._Element, name: str, /, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    made.text = text
    return made
