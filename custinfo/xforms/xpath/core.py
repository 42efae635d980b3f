# ruff: noqa: ARG001, D103, PLR0124 - each function takes the focus; XPath 1.0 says what each does; `x != x` tells NaN
"""The functions of XPath 1.0, as OpenRosa reads them (concat of node-sets, two-argument round)."""

import math

from custinfo.xforms.xpath.dates import EPOCH, parse_date, parse_moment
from custinfo.xforms.xpath.nodes import Node, in_document_order
from custinfo.xforms.xpath.registry import function, joined, numbers_of, strings_of
from custinfo.xforms.xpath.values import Days, Focus, Value, to_boolean, to_nodes, to_number, to_string

XML = "http://www.w3.org/XML/1998/namespace"


@function("last")
def last(f: Focus) -> Value:
    return float(f.size)


@function("position", 0, 1)
def position(f: Focus, of: Value | None = None) -> Value:
    """Without argument the position in the predicate; with a node, its place among siblings of its name."""
    if of is None:
        return float(f.position)
    nodes = to_nodes(of)
    if not nodes:
        return math.nan
    return float(nodes[0].among_siblings())


@function("count", 1)
def count(f: Focus, nodes: Value) -> Value:
    return float(len(to_nodes(nodes)))


@function("id", 1)
def by_id(f: Focus, ids: Value) -> Value:
    wanted = {word for text in strings_of((ids,)) for word in text.split()}
    root = f.node.root()
    found = [
        n
        for n in [root, *root.descend()]
        if any(a.qname in ("id", "xml:id") and a.text in wanted for a in n.attributes)
    ]
    f.context.spend(len(found))
    return in_document_order(found)


def _named(f: Focus, nodes: Value | None) -> Node | None:
    if nodes is None:
        return f.node
    found = in_document_order(to_nodes(nodes))
    return found[0] if found else None


@function("local-name", 0, 1)
def local_name(f: Focus, nodes: Value | None = None) -> Value:
    node = _named(f, nodes)
    return node.name if node else ""


@function("name", 0, 1)
def name(f: Focus, nodes: Value | None = None) -> Value:
    node = _named(f, nodes)
    return node.qname if node else ""


@function("namespace-uri", 0, 1)
def namespace_uri(f: Focus, nodes: Value | None = None) -> Value:
    node = _named(f, nodes)
    return node.ns if node else ""


@function("lang", 1)
def lang(f: Focus, wanted: Value) -> Value:
    want = to_string(wanted).lower()
    node: Node | None = f.node
    while node is not None:
        for attribute in node.attributes:
            if attribute.name == "lang" and attribute.ns == XML:
                found = attribute.text.lower()
                return found == want or found.startswith(want + "-")
        node = node.parent
    return False


@function("string", 0, 1)
def string(f: Focus, value: Value | None = None) -> Value:
    return f.node.string() if value is None else to_string(value)


@function("concat", 0, None)
def concat(f: Focus, *values: Value) -> Value:
    return joined("", strings_of(values))


@function("starts-with", 2)
def starts_with(f: Focus, text: Value, start: Value) -> Value:
    return to_string(text).startswith(to_string(start))


@function("ends-with", 2)
def ends_with(f: Focus, text: Value, end: Value) -> Value:
    return to_string(text).endswith(to_string(end))


@function("contains", 2)
def contains(f: Focus, text: Value, part: Value) -> Value:
    return to_string(part) in to_string(text)


@function("substring-before", 2)
def substring_before(f: Focus, text: Value, mark: Value) -> Value:
    before, found, _ = _partition(to_string(text), to_string(mark))
    return before if found else ""


@function("substring-after", 2)
def substring_after(f: Focus, text: Value, mark: Value) -> Value:
    return _partition(to_string(text), to_string(mark))[2]


def _partition(text: str, mark: str) -> tuple[str, str, str]:
    return text.partition(mark) if mark else ("", "", text)


@function("substring", 2, 3)
def substring(f: Focus, text: Value, start: Value, length: Value | None = None) -> Value:
    """Positions count from 1; fractions are rounded, as XPath says."""
    whole, zone = to_string(text), f.context.zone
    first = _round(to_number(start, zone))
    end = math.inf if length is None else first + _round(to_number(length, zone))
    if first != first or end != end:
        return ""
    low = 0 if first < 1 else len(whole) if first > len(whole) else int(first) - 1
    high = len(whole) if end > len(whole) else max(0, int(end) - 1) if end > 0 else 0
    return whole[low:high]


def _round(value: float) -> float:
    return value if value != value or math.isinf(value) else float(math.floor(value + 0.5))


@function("string-length", 0, 1)
def string_length(f: Focus, value: Value | None = None) -> Value:
    return float(len(f.node.string() if value is None else to_string(value)))


@function("normalize-space", 0, 1)
def normalize_space(f: Focus, value: Value | None = None) -> Value:
    text = f.node.string() if value is None else to_string(value)
    return " ".join(w for w in text.replace("\t", " ").replace("\n", " ").replace("\r", " ").split(" ") if w)


@function("translate", 3)
def translate(f: Focus, text: Value, old: Value, new: Value) -> Value:
    table: dict[int, str | None] = {}
    replacements = to_string(new)
    for at, letter in enumerate(to_string(old)):
        table.setdefault(ord(letter), replacements[at] if at < len(replacements) else None)
    return to_string(text).translate(table)


@function("boolean", 1)
def boolean(f: Focus, value: Value) -> Value:
    return to_boolean(value)


@function("not", 1)
def not_(f: Focus, value: Value) -> Value:
    return not to_boolean(value)


@function("true")
def true(f: Focus) -> Value:
    return True


@function("false")
def false(f: Focus) -> Value:
    return False


@function("number", 0, 1)
def number(f: Focus, value: Value | None = None) -> Value:
    zone = f.context.zone
    text = f.node.string() if value is None else value
    found = to_number(text, zone)
    if not isinstance(text, (str, list)) or not found % 1 > 0:
        return found
    written = to_string(text).strip()
    day = parse_date(written)
    if day is not None:
        return Days(found, (day - EPOCH.date()).days)
    return Days(found, math.floor(found)) if parse_moment(written, zone) else found


@function("sum", 1)
def sum_(f: Focus, nodes: Value) -> Value:
    return math.fsum(numbers) if all(map(math.isfinite, numbers := numbers_of(f, (to_nodes(nodes),)))) else sum(numbers)


@function("floor", 1)
def floor(f: Focus, value: Value) -> Value:
    number_ = to_number(value, f.context.zone)
    return float(math.floor(number_)) if math.isfinite(number_) else number_


@function("ceiling", 1)
def ceiling(f: Focus, value: Value) -> Value:
    number_ = to_number(value, f.context.zone)
    return float(math.ceil(number_)) if math.isfinite(number_) else number_


@function("current")
def current(f: Focus) -> Value:
    return [f.current]
