"""A light tree that expressions walk: one class for elements, attributes, text and the document itself."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Literal

Kind = Literal["root", "element", "attribute", "namespace", "text", "comment", "pi"]
XHTML = "http://www.w3.org/1999/xhtml"
_INDEX_FROM = 8  # the many small rows of a choice list are searched plainly: an index of each would only cost memory


class Node:
    """One node. A leaf element keeps its text in `text`; mixed content has text nodes among `children`.

    `static` marks trees that never change (choice lists): filters on them may use an index.
    """

    __slots__ = (
        "_by_name",
        "_lookups",
        "_paths",
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
        self._lookups: dict[tuple[str, str, Hashable], dict[Hashable, list[int]]] | None = None
        self._paths: dict[str, list[Node]] | None = None

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
        self.changed()

    def remove(self, child: "Node") -> None:
        """Takes a child away."""
        self.children.remove(child)
        child.parent = None
        child.changed()
        self.changed()

    def changed(self) -> None:
        """The children are others than before: forget what was derived from them."""
        self._by_name = None
        root = self.root()
        root.order, root._paths = -1, None

    def among_siblings(self) -> int:
        """The position among the siblings of its name, from 1."""
        if self.parent is None:
            return 1
        same = (n for n in self.parent.children if n.name == self.name and n.ns == self.ns)
        return next(i for i, n in enumerate(same, 1) if n is self)

    def root(self) -> "Node":
        """The topmost node."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def named(self, name: str) -> "list[Node]":
        """The child elements that the name finds, in order. Not to be changed by the caller."""
        index = self._by_name
        if index is None:
            children = self.children
            if self.static and len(children) < _INDEX_FROM:
                return [c for c in children if c.plain == name and c.kind == "element"]
            index = self._by_name = {}
            for child in children:
                if child.kind == "element":
                    index.setdefault(child.plain, []).append(child)
        return index.get(name, [])

    def at(self, path: str) -> "list[Node]":
        """What `a/b/c` finds from here. A root remembers it until its tree changes. Not to be changed by the caller."""
        known = self._paths
        if known is None or self.parent is not None:
            known = self._paths = {}
        found = known.get(path)
        if found is None:
            found = [self]
            for name in path.split("/"):
                found = found[0].named(name) if len(found) == 1 else [c for n in found for c in n.named(name)]
            known[path] = found
        return found

    def lookup(
        self, child_name: str, field: str, kind: Hashable, keys: Callable[[list[str]], Iterable[Hashable]]
    ) -> dict[Hashable, list[int]]:
        """Positions among the children `child_name`, by the `keys` of the texts of their `field`: the index of a choice
        filter, made at its first use. `kind` names `keys`. Static trees only; not to be changed by the caller.
        """
        if self._lookups is None:
            self._lookups = {}
        name = (child_name, field, kind)
        known = self._lookups.get(name)
        if known is None:
            known = self._lookups[name] = {}
            for place, child in enumerate(self.named(child_name)):
                for key in dict.fromkeys(keys([f.string() for f in child.named(field)])):
                    known.setdefault(key, []).append(place)
        return known

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
    new: set[int] = set()  # trees with nodes that came since they were numbered
    for node in unique:
        root = node.root()
        roots[id(root)] = root
        if node.order < 0:
            new.add(id(root))
    for key, root in roots.items():
        if root.order != 0 or key in new:
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
