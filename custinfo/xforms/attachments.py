"""Choice lists beside a form: CSV, XML and GeoJSON as trees `root/item/column`."""

import csv
import io
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import cast
from xml.parsers import expat

from lxml import etree

from custinfo.xforms.xpath import Node, to_string

MAX_ATTACHMENT = 64 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_DEPTH = 100
MAX_ATTRIBUTE = 200_000

# By libxml2: a walk in Python takes ten times as long, and what is measured here may have millions of elements
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_TOO_LONG = etree.XPath(f"//@*[string-length(.) > {MAX_ATTRIBUTE}]/..")


def parser() -> etree.XMLParser:
    """A parser that opens nothing, resolves nothing and refuses huge trees."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def read_attachment(name: str, data: bytes) -> Node:
    """The instance that an attachment holds. Raises ValueError when it cannot be read."""
    if len(data) > MAX_ATTACHMENT:
        raise ValueError(f"{len(data)} bytes > {MAX_ATTACHMENT}")
    if name.lower().endswith(".csv"):
        return _csv(data)
    if name.lower().endswith((".geojson", ".json")):
        return _geojson(data)
    return still(tree_of(parse_xml(data)))


class BadXml(ValueError):
    """XML that is not taken: a message key and facts. As a text it is the place or the mark, in no language."""

    def __init__(self, key: str, shown: str, **facts: object) -> None:
        self.key, self.facts = key, facts
        super().__init__(shown)


def parse_xml(data: bytes) -> etree._Element:
    """Raises BadXml for what is no XML, has a document type (entities, external subsets), or is nested or long beyond
    measure. A document type is found before anything in it is read.
    """
    if _has_doctype(data):
        raise BadXml("xforms.xml_doctype", "<!DOCTYPE>")
    try:
        root = etree.fromstring(data, parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BadXml("xforms.xml_syntax", f"{line}:{column}", line=line, column=column) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml("xforms.xml_doctype", "<!DOCTYPE>")
    _check_measures(root)
    return root


class _Found(Exception):
    """The document type, or the first element, has been reached."""


def _has_doctype(data: bytes) -> bool:
    """Whether a document type stands before the first element. What cannot be read is left to the parser."""

    def doctype(*_: object) -> None:
        raise _Found("doctype")

    def element(*_: object) -> None:
        raise _Found("element")

    reader = expat.ParserCreate()
    reader.StartDoctypeDeclHandler, reader.StartElementHandler = doctype, element
    try:
        reader.Parse(data, True)
    except _Found as found:
        return str(found) == "doctype"
    except (expat.ExpatError, LookupError, ValueError):
        pass
    return False


def _check_measures(root: etree._Element) -> None:
    if _TOO_DEEP(root):
        raise BadXml("xforms.form_too_deep", f"> {MAX_DEPTH}", limit=MAX_DEPTH)
    too_long = cast(list[etree._Element], _TOO_LONG(root))
    for element in too_long:
        facts = {"line": element.sourceline, "limit": MAX_ATTRIBUTE}
        raise BadXml("xforms.xml_attribute", f"{element.sourceline}: > {MAX_ATTRIBUTE}", **facts)


def tree_of(element: etree._Element) -> Node:
    """An element as a child of a document node."""
    top = Node(kind="root")
    stack: list[tuple[Node, etree._Element]] = [(top, element)]
    while stack:
        parent, one = stack.pop()
        name = etree.QName(one)
        node = Node(
            name.localname, "" if len(one) else one.text or "", prefix=one.prefix or "", ns=name.namespace or ""
        )
        for key, value in one.attrib.items():
            attribute = Node(etree.QName(key).localname, str(value), kind="attribute")
            attribute.parent = node
            node.attributes.append(attribute)
        parent.append(node)
        stack.extend((node, child) for child in reversed(one))
    return top


def still(tree: Node) -> Node:
    """Marks a tree as one that never changes: filters on it are answered from an index."""
    tree.static = True
    for node in tree.descend():
        node.static = True
    return tree


@lru_cache(maxsize=32)  # the same code lists stand beside many forms, and nobody changes a tree that is still
def _csv(data: bytes) -> Node:
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [h.strip() for h in next(rows, [])]
        return _table(dict(zip(header, row, strict=False)) for row in rows if any(row))
    except csv.Error:
        raise ValueError(f"CSV, {rows.line_num}") from None


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("≠ UTF-8, GB18030")


def _table(rows: Iterable[dict[str, str]]) -> Node:
    top, root = Node(kind="root"), Node("root")
    top.append(root)
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            raise ValueError(f"> {MAX_ROWS}")
        item = Node("item")
        for column, value in row.items():
            if column:
                item.append(Node(column, value))
        root.append(item)
    return still(top)


def _geojson(data: bytes) -> Node:
    try:
        features = json.loads(data)["features"]
        return _table(map(_feature, features))
    except json.JSONDecodeError as error:
        raise ValueError(f"GeoJSON, {error.lineno}:{error.colno}") from None
    except (TypeError, KeyError, AttributeError, RecursionError, UnicodeDecodeError):
        raise ValueError("GeoJSON: features, properties, geometry") from None


def _feature(feature: dict[str, dict[str, object]]) -> dict[str, str]:
    """Properties, `id` and the geometry as ODK writes places: `latitude longitude 0 0; …`."""
    row = {str(k): _plain(v) for k, v in (feature.get("properties") or {}).items()}
    if "id" in feature:
        row.setdefault("id", _plain(feature["id"]))
    geometry = feature.get("geometry") or {}
    places = geometry.get("coordinates")
    if isinstance(places, list):
        while places and isinstance(places[0], list) and places[0] and isinstance(places[0][0], list):
            places = places[0]
        pairs = places if places and isinstance(places[0], list) else [places]
        row["geometry"] = "; ".join(
            f"{_plain(p[1])} {_plain(p[0])} 0 0" for p in pairs if isinstance(p, list) and len(p) > 1
        )
    return row


def _plain(value: object) -> str:
    """A value of JSON as expressions write it: `1.0` is `1`, true is `true`, null is blank."""
    if value is None or isinstance(value, (str, bool)):
        return "" if value is None else to_string(value)
    if isinstance(value, (int, float)):
        return to_string(float(value)) if abs(value) < 2**53 else str(value)
    return json.dumps(value, ensure_ascii=False)
