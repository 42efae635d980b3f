"""Choice lists beside a form: CSV, XML and GeoJSON as trees `root/item/column`."""

import csv
import io
import json
from collections.abc import Iterable

from lxml import etree

from custinfo.xforms.xpath import Node

MAX_ATTACHMENT = 64 * 1024 * 1024
MAX_ROWS = 1_000_000


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


def parse_xml(data: bytes) -> etree._Element:
    """Raises ValueError for what is no XML, or has a document type (entities, external subsets)."""
    try:
        root = etree.fromstring(data, parser())
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("<!DOCTYPE>")
    return root


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


def _csv(data: bytes) -> Node:
    text = _decoded(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [h.strip() for h in next(rows, [])]
    return _table(dict(zip(header, row, strict=False)) for row in rows if any(row))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor GB18030")


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
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"GeoJSON: {error}") from None


def _feature(feature: dict[str, dict[str, object]]) -> dict[str, str]:
    """Properties, `id` and the geometry as ODK writes places: `latitude longitude 0 0; …`."""
    row = {str(k): str(v) for k, v in (feature.get("properties") or {}).items()}
    if "id" in feature:
        row.setdefault("id", str(feature["id"]))
    geometry = feature.get("geometry") or {}
    places = geometry.get("coordinates")
    if isinstance(places, list):
        while places and isinstance(places[0], list) and places[0] and isinstance(places[0][0], list):
            places = places[0]
        pairs = places if places and isinstance(places[0], list) else [places]
        row["geometry"] = "; ".join(f"{p[1]} {p[0]} 0 0" for p in pairs if isinstance(p, list) and len(p) > 1)
    return row
