"""A light tree that expressions walk: one class for elements, attributes, text and the document itself."""

from collections.abc import Iterator
from typing import Literal

Kind = Literal["root", "element", "attribute", "namespace", "text", "comment", "pi"]
XHTML = "http://www.w3.org/1999/xhtml"
_INDEX_FROM = 8  # with fewer children a plain search is as fast as a dictionary


class Node:
    """One node. A leaf element keeps its text in `text`; mixed content has text nodes among `children`.

    `static` marks trees that never change (choice lists): filters on them may use an index.
    """

    __slots__ = (
        "_by_name",
        "_equal",
        "_text_node",
        "attributes",
        "children",
        "kind",
        "name",
        "ns",
        "order",
        "parent",
        "plain",
        "prefix",
        "static",
        "text",
    )

    def __init__(
        self, name: str = "", text: str = "", *, kind: Kind = "element", prefix: str = "", ns: str = ""
    ) -> None:
        self.kind: Kind = kind
        self.name = name
        self.prefix = prefix
        self.ns = ns
        self.plain = "" if prefix or ns == XHTML else name  # what a name without prefix in an expression finds
        self.text = text
        self.parent: Node | None = None
        self.children: list[Node] = []
        self.attributes: list[Node] = []
        self.order = -1
        self.static = False
        self._by_name: dict[str, list[Node]] | None = None
        self._text_node: Node | None = None
        self._equal: dict[tuple[str, str], dict[str, list[Node]]] | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.qname}>"

    @property
    def qname(self) -> str:
        """The name as written, with its prefix."""
        return f"{self.prefix}:{self.name}" if self.prefix else self.name

    def insert(self, index: int, child: "Node") -> None:
        """Puts a child at that place."""
        child.parent = self
        self.children.insert(index, child)
        self.changed()

    def append(self, child: "Node") -> None:
        """Puts a child at the end."""
        child.parent = self
        self.children.append(child)
        self._by_name = None

    def remove(self, child: "Node") -> None:
        """Takes a child away."""
        self.children.remove(child)
        child.parent = None
        self.changed()

    def changed(self) -> None:
        """The children are others than before: forget what was derived from them."""
        self._by_name = None
        self.root().order = -1

    def root(self) -> "Node":
        """The topmost node."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def named(self, name: str) -> "list[Node]":
        """The child elements that the name finds, in order. Not to be changed by the caller."""
        children = self.children
        if len(children) < _INDEX_FROM:
            return [c for c in children if c.plain == name and c.kind == "element"]
        if self._by_name is None:
            index: dict[str, list[Node]] = {}
            for child in children:
                if child.kind == "element":
                    index.setdefault(child.plain, []).append(child)
            self._by_name = index
        return self._by_name.get(name, [])

    def equal(self, child_name: str, field: str) -> "dict[str, list[Node]]":
        """Children `child_name` by the text of their `field`: the index of a choice filter. Static trees only."""
        if self._equal is None:
            self._equal = {}
        key = (child_name, field)
        if key not in self._equal:
            index: dict[str, list[Node]] = {}
            for child in self.named(child_name):
                for value in dict.fromkeys(f.string() for f in child.named(field)):
                    index.setdefault(value, []).append(child)
            self._equal[key] = index
        return self._equal[key]

    def string(self) -> str:
        """The string-value of XPath 1.0."""
        if not self.children:
            return self.text
        parts: list[str] = []
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            if node.kind == "text" or (node.kind == "element" and not node.children):
                parts.append(node.text)
            elif node.kind == "element":
                stack.extend(reversed(node.children))
        return "".join(parts)

    def content(self) -> "list[Node]":
        """Child nodes with text nodes: the text of a leaf becomes a node when someone asks for it."""
        if self.children or not self.text or self.kind not in ("element", "root"):
            return self.children
        if self._text_node is None or self._text_node.text != self.text:
            self._text_node = Node(text=self.text, kind="text")
            self._text_node.parent = self
        return [self._text_node]

    def descend(self) -> "Iterator[Node]":
        """All nodes below, text nodes included, in document order."""
        stack = list(reversed(self.content()))
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.content()))


def in_document_order(nodes: list[Node]) -> list[Node]:
    """Without duplicates, in document order."""
    if len(nodes) < 2:
        return nodes
    unique = list({id(n): n for n in nodes}.values())
    roots: dict[int, Node] = {}
    for node in unique:
        root = node.root()
        roots[id(root)] = root
    for root in roots.values():
        _number(root)
    unique.sort(key=lambda n: n.order)
    return unique


def _number(root: Node) -> None:
    root.order = 0
    count = 0
    stack = [root]
    while stack:
        node = stack.pop()
        node.order = count
        count += 1
        for attribute in node.attributes:
            attribute.order = count
            count += 1
        stack.extend(reversed(node.content()))
