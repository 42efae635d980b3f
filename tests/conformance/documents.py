"""The documents of conformance cases as the engine's nodes, and what a form in them offers to expressions."""

import re
from typing import Any

from lxml import etree

from custinfo.xforms.xpath import Node

JAVAROSA = "http://openrosa.org/javarosa"
XFORMS = "http://www.w3.org/2002/xforms"


def read(text: str) -> Node:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False, strip_cdata=False)
    root = etree.fromstring(text.strip().encode(), parser)
    document = Node(kind="root")
    before = list(root.itersiblings(preceding=True))[::-1]
    for one in [*before, root, *root.itersiblings()]:
        document.append(convert(one, True))
    return document


def convert(element: Any, top: bool = False) -> Node:
    if element.tag is etree.Comment:
        return Node(text=element.text or "", kind="comment")
    if element.tag is etree.PI:
        return Node(element.target, element.text or "", kind="pi")
    name = etree.QName(element)
    node = Node(name.localname, prefix=element.prefix or "", ns=name.namespace or "")
    inherited = {} if top or element.getparent() is None else element.getparent().nsmap
    for key, value in element.attrib.items():
        qualified = etree.QName(key)
        prefix = next((p for p, u in element.nsmap.items() if p and u == qualified.namespace), "")
        add_attribute(
            node, Node(qualified.localname, value, kind="attribute", prefix=prefix, ns=qualified.namespace or "")
        )
    for prefix, uri in element.nsmap.items():
        if prefix not in inherited or inherited[prefix] != uri:
            add_attribute(node, Node(prefix or "", uri, kind="namespace"))
    if len(element) == 0:
        node.text = element.text or ""
        return node
    if element.text:
        node.append(Node(text=element.text, kind="text"))
    for child in element:
        node.append(convert(child))
        if child.tail:
            node.append(Node(text=child.tail, kind="text"))
    return node


def add_attribute(node: Node, attribute: Node) -> None:
    attribute.parent = node
    node.attributes.append(attribute)


def by_position(document: Node, path: str) -> Node:
    node = document
    for step in path.strip("/").split("/") if path != "/" else ():
        if step.startswith("@"):
            node = next(a for a in node.attributes if attribute_name(a) == step)
            continue
        match = re.fullmatch(r"(.+)\[(\d+)\]", step)
        assert match, step
        kinds = {"*": "element", "text()": "text", "comment()": "comment", "processing-instruction()": "pi"}
        node = [n for n in node.content() if n.kind == kinds[match[1]]][int(match[2]) - 1]
    return node


def attribute_name(node: Node) -> str:
    if node.kind == "namespace":
        return f"@xmlns:{node.name}" if node.name else "@xmlns"
    return f"@{node.qname}"


def path_of(node: Node) -> str:
    names = {"element": "*", "text": "text()", "comment": "comment()", "pi": "processing-instruction()"}
    parts: list[str] = []
    while node.parent is not None:
        if node.kind in ("attribute", "namespace"):
            parts.append(attribute_name(node))
        else:
            same = [n for n in node.parent.content() if n.kind == node.kind]
            parts.append(f"{names[node.kind]}[{next(i for i, n in enumerate(same, 1) if n is node)}]")
        node = node.parent
    return "/" + "/".join(reversed(parts))


class FormDocument:
    """A whole XForm as its expressions see it."""

    def __init__(self, document: Node, language: str) -> None:
        self.document, self.language = document, language
        self.elements = [n for n in document.descend() if n.kind == "element"]
        self.model = next((n for n in self.elements if n.name == "model" and n.ns == XFORMS), None)

    def namespaces(self) -> dict[str, str]:
        return {a.name: a.text for n in self.elements for a in n.attributes if a.kind == "namespace" and a.name}

    def root(self, node: Node) -> Node | None:
        return None

    def instance(self, name: str) -> Node | None:
        return next((n for n in self.elements if n.name == "instance" and attribute(n, "id") == name), None)

    def itext(self, text_id: str) -> Node | str:
        translations = [n for n in self.elements if n.name == "translation"]
        default = [t for t in translations if attribute(t, "default") is not None] or translations
        active = [t for t in translations if attribute(t, "lang") == self.language] or default
        for text in active[0].named("text") if active else []:
            if attribute(text, "id") == text_id:
                return next(v for v in text.named("value") if attribute(v, "form") is None)
        return ""

    def choice_name(self, value: str, path: str, node: Node) -> str:
        return ""


def attribute(node: Node, name: str) -> str | None:
    return next((a.text for a in node.attributes if a.kind == "attribute" and a.name == name), None)
