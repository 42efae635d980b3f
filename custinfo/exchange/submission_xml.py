# ruff: noqa: ARG001 - writers have one shape
"""Submissions as XML, as ODK sends and keeps them. What is read is not trusted: no DTD, no entities."""

import uuid
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lxml import etree

from custinfo.domain.errors import BadInput
from custinfo.exchange.archive import zipped
from custinfo.exchange.delimited import plain_name
from custinfo.exchange.faults import Fault, forbidden
from custinfo.exchange.fields import META, Sees, is_meta, local, tables
from custinfo.exchange.media import FOLDER
from custinfo.exchange.parsed import Meta, Parsed, ParsedRecord, Part
from custinfo.exchange.records import Frame, StoredRecord, at, frames, instance_id, instances, leaf
from custinfo.exchange.shape import without_default_instances
from custinfo.exchange.sheets import contents
from custinfo.xforms import Form
from custinfo.xforms.attachments import parse_xml
from custinfo.xforms.controls import OPENROSA, XFORMS
from custinfo.xforms.model import ModelNode

MAX_SUBMISSION = 20 << 20
MOST_DEEP = 60

# Writing


def write(form: Form, records: Iterable[StoredRecord], language: str, *, labels: bool, sees: Sees) -> bytes:
    """A zip with one file for each record, as ODK Central and others take them, and the files that answers name in
    the folder `media`.
    """
    records = tuple(records)
    main: Frame = frames(form, records, sees)[0]
    writer = _Writer(form, sees)
    files = {f"{plain_name(row.key)}.xml": writer.document(row.record) for row in main.rows}
    return zipped(files | {f"{FOLDER}/{name}": content for name, content in writer.media.items()})


def record_id_as_instance_id(record_id: str) -> str:
    """The `instanceID` of a record that has none: always the same for the same record."""
    return f"uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'https://custinfo.org/records/{record_id}')}"


class _Writer:
    def __init__(self, form: Form, sees: Sees) -> None:
        self.form, self.sees = form, sees
        self.visible = {f.ref for table in tables(form, sees) for f in table.fields}
        self.visible_repeats = {table.ref for table in tables(form, sees)}
        self._files: Mapping[str, bytes] = {}
        self.media: dict[str, bytes] = {}
        """The files of the documents written so far, of the answers that may be seen."""

    def document(self, record: StoredRecord) -> bytes:
        """One record as a submission of the form version that it was made with."""
        root = self.form.root
        own = root.ns if root.ns not in ("", XFORMS) else None
        spaces: Any = {"orx": OPENROSA}
        if own:
            spaces[None] = own
        made = etree.Element(f"{{{own}}}{root.name}" if own else local(root.name), nsmap=spaces)
        made.set("id", record.form_id)
        made.set("version", record.form_version)
        self._files = record.files
        self._children(made, root, record.values)
        self._meta(made, record)
        return etree.tostring(made, xml_declaration=True, encoding="UTF-8")

    def _meta(self, made: etree._Element, record: StoredRecord) -> None:
        """`orx:meta` with the ids, the name and what the record does to an entity."""
        meta = etree.SubElement(made, f"{{{OPENROSA}}}meta")
        own_id = instance_id(self.form, record.values) or record_id_as_instance_id(record.record_id)
        etree.SubElement(meta, f"{{{OPENROSA}}}instanceID").text = own_id
        for node in (n for n in self.form.root.children if is_meta(n)):
            for child in node.children:
                values = at(record.values, (node.name, child.name))
                if local(child.name) == "instanceName" and child.ref in self.visible and leaf(values):
                    etree.SubElement(meta, f"{{{OPENROSA}}}instanceName").text = leaf(values)
                elif local(child.name) == "entity":
                    self._entity(meta, child, values)

    def _entity(self, meta: etree._Element, node: ModelNode, values: object) -> None:
        """What creates or updates an entity; without its label where that may not be seen."""
        if not isinstance(values, Mapping):
            return
        entity = etree.SubElement(meta, "entity")
        stored = {str(k).removeprefix("@"): leaf(v) for k, v in values.items() if str(k).startswith("@")}
        for name, text in {**node.attributes, **stored}.items():
            entity.set(name, text)
        for child in node.children:
            if local(child.name) == "label" and self.sees(int(self.form.levels[child.ref])):
                etree.SubElement(entity, "label").text = leaf(values.get(child.name))

    def _children(self, made: etree._Element, node: ModelNode, values: object) -> None:
        for child in node.children:
            if child.name.startswith("@"):
                continue
            if is_meta(child):
                if node is not self.form.root:
                    self._inner_meta(made, child, at(values, (child.name,)))
            elif child.repeat:
                if child.ref in self.visible_repeats:
                    for one in instances(values, (child.name,)):
                        self._children(self._element(made, child), child, one)
            elif child.is_group:
                inside = at(values, (child.name,))
                if any(n.ref in self.visible for n in child.walk()) and inside:
                    self._children(self._element(made, child), child, inside)
            elif child.ref in self.visible and leaf(at(values, (child.name,))):
                self._element(made, child).text = text = leaf(at(values, (child.name,)))
                control = self.form.control_of.get(child.ref)
                if control is not None and control.kind == "upload" and text in self._files:
                    self.media[text] = self._files[text]

    def _inner_meta(self, made: etree._Element, node: ModelNode, values: object) -> None:
        for child in node.children:
            if local(child.name) == "entity" and at(values, (child.name,)):
                self._entity(etree.SubElement(made, "meta"), child, at(values, (child.name,)))

    def _element(self, parent: etree._Element, node: ModelNode) -> etree._Element:
        space = node.ns if node.ns not in ("", XFORMS) else None
        return etree.SubElement(parent, f"{{{space}}}{local(node.name)}" if space else local(node.name))


# Reading


def read_one(form: Form, data: bytes, name: str) -> Parsed:
    """The record of one submission."""
    return _gathered([_Reader(form, name).record(data)])


def read_zip(form: Form, found: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], name: str) -> Parsed:
    """The records of a zip, a submission in each file."""
    return _gathered([_Reader(form, e.filename).record(contents(found, e, name)) for e in entries])


def _gathered(parsed: Sequence[tuple[ParsedRecord | None, list[Fault]]]) -> Parsed:
    records = tuple(record for record, _ in parsed if record is not None)
    unknown = tuple(dict.fromkeys(name for record in records for name in record.unknown))
    return Parsed(records, tuple(fault for _, faults in parsed for fault in faults), (), unknown)


class _Reader:
    """Reads one submission."""

    def __init__(self, form: Form, place: str) -> None:
        self.form, self.place = form, place
        self.problems: list[Fault] = []
        self.unknown: list[str] = []
        self.columns: dict[str, str] = {}

    def record(self, data: bytes) -> tuple[ParsedRecord | None, list[Fault]]:
        """The record, and what is wrong with it. None when it cannot be read at all."""
        if len(data) > MAX_SUBMISSION:
            self._problem("", "exchange.submission_large", size=len(data), limit=MAX_SUBMISSION)
            return None, self.problems
        try:
            root = parse_xml(data)
        except (ValueError, BadInput) as error:
            self._problem("", "exchange.no_xml", reason=_reason(error))
            return None, self.problems
        self._check_form(root)
        answers = self._group(root, self.form.root, 0)
        without_default_instances(self.form.root, answers, None)
        meta = Meta(_meta_text(root, "instanceID"), submitted_at=root.get("submissionDate", ""))
        part = Part("/" + self.form.root.name, self.place, self.columns)
        return ParsedRecord(self.place, answers, (part,), tuple(self.unknown), meta), self.problems

    def _problem(self, column: str, key: str, **facts: object) -> None:
        self.problems.append(Fault(self.place, column, key, facts))

    def _check_form(self, root: etree._Element) -> None:
        form_id, version = root.get("id", ""), root.get("version", "")
        if form_id != self.form.form_id:
            self._problem("", "exchange.wrong_form", given=form_id[:80], wanted=self.form.form_id)
        elif version != self.form.version:
            self._problem("", "exchange.wrong_version", given=version[:80], wanted=self.form.version)

    def _group(self, element: etree._Element, node: ModelNode, deep: int) -> dict[str, object]:
        known = {local(child.name): child for child in node.children if not child.name.startswith("@")}
        values: dict[str, object] = {}
        if node is not self.form.root:  # whose attributes say of which form it is
            values |= {c.name: element.get(c.name[1:], "") for c in node.children if c.name.startswith("@")}
        for child in element:
            name = etree.QName(child).localname
            spec = known.get(name)
            if spec is None:
                self._unknown(child, node)
            elif deep >= MOST_DEEP:
                self._problem(name, "exchange.too_deep", limit=MOST_DEEP)
            elif spec.repeat:
                listed = values.setdefault(spec.name, [])
                assert isinstance(listed, list)
                listed.append(self._value(child, spec, deep))
            elif spec.name in values:
                self._problem(spec.ref, "exchange.node_twice", ref=spec.ref)
            else:
                values[spec.name] = self._value(child, spec, deep)
        return values

    def _unknown(self, child: etree._Element, node: ModelNode) -> None:
        name = etree.QName(child).localname
        at_top = node is self.form.root and name == "meta"
        if at_top or (local(node.name) == "meta" and name in META):
            return  # every client writes its own set of these
        ref = f"{node.ref}/{name}"[:200]
        self.unknown.append(ref)
        self._problem(ref, "exchange.node_unknown", ref=ref)

    def _value(self, element: etree._Element, spec: ModelNode, deep: int) -> object:
        if spec.is_group:
            return self._group(element, spec, deep + 1)
        for child in element:
            self._unknown(child, spec)
        text = element.text or ""
        self.columns[spec.ref] = spec.ref
        facts = forbidden(text)
        if facts is not None:
            self._problem(spec.ref, "exchange.character", **facts)
            text = ""
        attributes = {c.name: element.get(c.name[1:], "") for c in spec.children if c.name.startswith("@")}
        return {"": text, **attributes} if attributes else text


def _meta_text(root: etree._Element, name: str) -> str:
    for child in root:
        if etree.QName(child).localname == "meta":
            for one in child:
                if etree.QName(one).localname == name:
                    return (one.text or "").strip()
    return root.get(name, "")


def _reason(error: Exception) -> str:
    return str(error)[:200]
