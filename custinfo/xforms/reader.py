"""XForm XML → `Form`. The XML is not trusted: no entities, no network, no DTD, limits on size and depth."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from lxml import etree

from custinfo.xforms import quotas
from custinfo.xforms.actions import EVENTS
from custinfo.xforms.attachments import BadXml, parse_xml, read_attachment, still, tree_of
from custinfo.xforms.controls import OPENROSA, XFORMS, ControlReader, set_value, text_of
from custinfo.xforms.model import (
    NAMESPACE,
    Bind,
    Control,
    EntityDeclaration,
    Form,
    FormError,
    ModelNode,
    Parts,
    SetValue,
    Text,
)
from custinfo.xforms.xpath import Node

MAX_FORM = 20 * 1024 * 1024
MAX_NESTING = 60
MAX_PLACES = 50_000
ENTITIES = "http://www.opendatakit.org/xforms/entities"
Problems = list[tuple[str, dict[str, object]]]


def load(xml: str | bytes, attachments: Mapping[str, bytes] | None = None) -> Form:
    """Reads an XForm and checks all of its expressions. Raises FormError with everything that is wrong."""
    data = xml.encode() if isinstance(xml, str) else xml
    if len(data) > MAX_FORM:
        raise FormError([("xforms.form_too_large", {"size": len(data), "limit": MAX_FORM})])
    try:
        root = parse_xml(data)
    except BadXml as error:
        raise FormError([(error.key, error.facts)]) from None
    reader = Reader(root, attachments or {})
    form = reader.form()
    problems = reader.problems + form.rules.problems
    if problems:
        raise FormError(problems)
    return form


def _elements(parent: etree._Element, name: str) -> list[etree._Element]:
    return [e for e in parent if etree.QName(e).localname == name]


def _find(parent: etree._Element, *names: str) -> etree._Element | None:
    for name in names:
        found = _elements(parent, name)
        if not found:
            return None
        parent = found[0]
    return parent


@dataclass
class Reader:
    """Reads one document; what is wrong gathers in `problems`."""

    document: etree._Element
    attachments: Mapping[str, bytes]
    problems: Problems = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    wanted: frozenset[str] = frozenset()

    def form(self) -> Form:
        model, body = _find(self.document, "head", "model"), _find(self.document, "body")
        primary = _find(model, "instance") if model is not None else None
        if model is None or primary is None or len(primary) == 0 or body is None:
            raise FormError([("xforms.no_form", {})])
        data = primary[0]
        places = int(cast(float, data.xpath("count(descendant-or-self::*)")))
        if places > MAX_PLACES:
            raise FormError([("xforms.form_too_many_places", {"count": places, "limit": MAX_PLACES})])
        data_ref = "/" + _qname(data)
        controls = ControlReader(data_ref)
        drawn = controls.read(body)
        actions = (*_actions(model, data_ref), *controls.actions)
        self.check_events(actions, drawn)
        self.wanted = _named_attributes(self.document)
        self.repeats = {c.ref for top in drawn for c in top.walk() if c.kind == "repeat"}
        self.fixed = {c.ref for top in drawn for c in top.walk() if c.fixed and not c.count}
        binds = self.binds(model)
        root = self.model_node(data, "", binds, 0)
        translations, default = self.itext(model)
        title = _find(self.document, "head", "title")
        return Form(
            form_id=data.get("id", ""),
            version=data.get("version") or data.get(f"{{{OPENROSA}}}version") or "",
            title=(title.text or "") if title is not None else "",
            root=root,
            controls=drawn,
            actions=actions,
            translations=translations,
            default_language_name=default,
            instances=self.instances(model),
            missing=tuple(self.missing),
            entities=_entities(root),
            initial=self.initial(data, root),
            namespaces={p: u for e in (self.document, data, model) for p, u in e.nsmap.items() if p},
            live=frozenset(self.live),
            quotas=self.quotas(root),
            style=body.get("class", ""),
        )

    def check_events(self, in_model: Sequence[SetValue], drawn: Iterable[Control]) -> None:
        """An action that waits for what never happens is a mistake of the form."""
        in_controls = [action for top in drawn for control in top.walk() for action in control.actions]
        for action in dict.fromkeys([*in_model, *in_controls]):
            for event in (e for e in action.events if e not in EVENTS):
                self.problems.append(("xforms.unknown_event", {"ref": action.ref, "name": event}))

    def binds(self, model: etree._Element) -> dict[str, Bind]:
        found: dict[str, Bind] = {}
        for element in _elements(model, "bind"):
            ref = (element.get("nodeset") or element.get("ref") or "").replace(" ", "")
            found.setdefault(ref, _bind(element, ref))
        return found

    def model_node(
        self,
        element: etree._Element,
        parent: str,
        binds: Mapping[str, Bind],
        depth: int,
        same: Sequence[etree._Element] = (),
    ) -> ModelNode:
        ref = f"{parent}/{_qname(element)}"
        if depth > MAX_NESTING:
            raise FormError([("xforms.form_too_deep", {"limit": MAX_NESTING})])
        children = [self.model_node(_template(s), ref, binds, depth + 1, s) for s in _by_name(element).values()]
        plain = {etree.QName(k).localname: str(v) for k, v in element.attrib.items()}
        attributes = [
            ModelNode("@" + name, f"{ref}/@{name}", binds.get(f"{ref}/@{name}", Bind(f"{ref}/@{name}")), default=value)
            for name, value in plain.items()
            if name in self.wanted
        ]
        name = etree.QName(element)
        return ModelNode(
            _qname(element), ref, binds.get(ref, Bind(ref)), ref in self.repeats, self.at_first(ref, same),
            "" if children else element.text or "", (*children, *attributes), plain,
            element.prefix or "", name.namespace or "",
        )  # fmt: skip

    def at_first(self, ref: str, same: Sequence[etree._Element]) -> int:
        """How many instances a new record has: those that stand in the form, one at least where none can be added."""
        if ref not in self.repeats:
            return 1
        return max(int(ref in self.fixed), sum(1 for e in same if not _is_template(e)))

    def initial(self, element: etree._Element, node: ModelNode) -> dict[str, object]:
        """The answers that stand in the form: a dictionary like a draft."""
        values: dict[str, object] = {}
        groups = _by_name(element)
        for child in node.children:
            if child.name.startswith("@"):
                values[child.name] = child.default
                continue
            same = groups[child.name]
            if child.repeat:
                real = [e for e in same if not _is_template(e)] or same[: child.instances]
                values[child.name] = [
                    self.initial(e, child) if child.is_group else _leaf(e.text or "", child) for e in real
                ]
            elif child.is_group:
                values[child.name] = self.initial(same[0], child)
            else:
                values[child.name] = _leaf(_default(same[0], child), child)
        return values

    def itext(self, model: etree._Element) -> tuple[dict[str, dict[str, dict[str, Parts]]], str]:
        translations: dict[str, dict[str, dict[str, Parts]]] = {}
        default = ""
        block = _find(model, "itext")
        for translation in _elements(block, "translation") if block is not None else ():
            language = translation.get("lang", "")
            if not default or translation.get("default") not in (None, "false()", "false"):
                default = language
            texts = translations.setdefault(language, {})
            for text in _elements(translation, "text"):
                values = {v.get("form", ""): text_of(v) for v in _elements(text, "value")}
                texts[text.get("id", "")] = values
        return translations, default

    def instances(self, model: etree._Element) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for element in _elements(model, "instance")[1:]:
            name, source = element.get("id", ""), element.get("src")
            if len(element) or not source:
                found[name] = still(tree_of(element[0])) if len(element) else Node(kind="root")
            else:
                found[name] = self.external(source)
                if not found[name].children:
                    self.live.add(name)
        return found

    def quotas(self, root: ModelNode) -> dict[str, dict[str, int]]:
        try:
            return quotas.of_nodes(root.walk())
        except FormError as error:
            self.problems += error.problems
            return {}

    def external(self, source: str) -> Node:
        file_name = source.rsplit("/", 1)[-1]
        data = self.attachments.get(file_name)
        if source == "jr://instance/last-saved" or data is None:
            if data is None and source != "jr://instance/last-saved":
                self.missing.append(file_name)
            return Node(kind="root")
        try:
            return read_attachment(file_name, data)
        except ValueError as error:
            self.problems.append(("xforms.attachment", {"file": file_name, "reason": str(error)}))
            return Node(kind="root")


def _qname(element: etree._Element) -> str:
    local = etree.QName(element).localname
    return f"{element.prefix}:{local}" if element.prefix else local


def _by_name(element: etree._Element) -> dict[str, list[etree._Element]]:
    groups: dict[str, list[etree._Element]] = {}
    for child in element:
        groups.setdefault(_qname(child), []).append(child)
    return groups


JAVAROSA = "http://openrosa.org/javarosa"
_ATTRIBUTE = re.compile(r"(?:@|\battribute::)\s*([\w.-]+)")


def _named_attributes(document: etree._Element) -> frozenset[str]:
    """Names of the attributes that a form's paths mention: these are places of the instance, others are only kept."""
    said = (str(value) for element in document.iter("*") for value in element.attrib.values())
    return frozenset(name for text in said if "@" in text or "attribute::" in text for name in _ATTRIBUTE.findall(text))


def _leaf(text: str, node: ModelNode) -> object:
    """An answer with those of its attributes that are places of their own."""
    attributes: dict[str, object] = {child.name: child.default for child in node.children}
    return {"": text, **attributes} if attributes else text


def _default(element: etree._Element, node: ModelNode) -> str:
    """The answer that stands in the form. For a whole number a fraction is dropped, as in ODK."""
    text = element.text or ""
    if node.bind.type in ("int", "integer") and re.fullmatch(r"-?\d+\.\d*", text):
        return text.partition(".")[0]
    return text


def _is_template(element: etree._Element) -> bool:
    return element.get(f"{{{JAVAROSA}}}template") is not None


def _template(same: list[etree._Element]) -> etree._Element:
    return next((e for e in same if _is_template(e)), same[0])


def _bind(element: etree._Element, ref: str) -> Bind:
    get = element.get
    preload = get(f"{{{JAVAROSA}}}preload")
    return Bind(
        ref=ref,
        type=(get("type") or "string").rpartition(":")[2],
        relevant=get("relevant"),
        required=get("required"),
        required_message=message(get(f"{{{JAVAROSA}}}requiredMsg")),
        constraint=get("constraint"),
        constraint_message=message(get(f"{{{JAVAROSA}}}constraintMsg")),
        readonly=get("readonly"),
        calculate=get("calculate"),
        preload=(preload, get(f"{{{JAVAROSA}}}preloadParams") or "") if preload else None,
        saveto=get(f"{{{ENTITIES}}}saveto"),
        extra={
            etree.QName(k).localname: str(v) for k, v in element.attrib.items() if str(k).startswith(f"{{{NAMESPACE}}}")
        },
    )


def message(text: str | None) -> Text | None:
    """A message attribute: `jr:itext('id')` or the text itself."""
    if text is None:
        return None
    stripped = text.strip()
    if stripped.startswith("jr:itext("):
        return Text(itext_id=stripped[len("jr:itext(") : -1].strip().strip("'\""))
    return Text((text,))


def _actions(model: etree._Element, data_ref: str) -> Iterator[SetValue]:
    by_id = {b.get("id", ""): b.get("nodeset") or "" for b in _elements(model, "bind") if b.get("id")}
    for element in _elements(model, "setvalue"):
        yield set_value(element, data_ref, by_id)


def _entities(root: ModelNode) -> tuple[EntityDeclaration, ...]:
    found: list[EntityDeclaration] = []
    for node in root.walk():
        if node.name.rpartition(":")[2] == "entity" and "dataset" in node.attributes and "/meta" in node.ref:
            scope = node.ref.rsplit("/", 2)[0]
            inside = _of_scope(next(n for n in root.walk() if n.ref == scope))
            properties = {n.bind.saveto: n.ref for n in inside if n.bind.saveto}
            attributes = node.attributes
            create, update = attributes.get("create"), attributes.get("update")
            found.append(EntityDeclaration(attributes["dataset"], node.ref, create, update, properties))
    return tuple(found)


def _of_scope(top: ModelNode) -> Iterable[ModelNode]:
    """The questions that belong to an entity of `top`: not those of groups inside that have an entity of their own."""
    for child in top.children:
        metas = [n for n in child.children if n.name.rpartition(":")[2] == "meta"]
        own = any("dataset" in e.attributes for meta in metas for e in meta.children)
        if not own:
            yield child
            yield from _of_scope(child)


__all__ = ["MAX_FORM", "XFORMS", "load"]
