"""The answers of one session as a tree of items, and the way to and from plain dictionaries."""

from collections.abc import Iterator, Mapping, Sequence

from custinfo.domain.errors import BadInput
from custinfo.xforms.model import ModelNode
from custinfo.xforms.xpath import Node
from custinfo.xforms.xpath.nodes import Kind

MAX_INSTANCES = 10_000


class Item(Node):
    """One place of the instance with its answer. `stored` is what was given; `text`, what expressions see, is blank
    while the item is not relevant or its choice is not on the list.
    """

    __slots__ = (
        "closed",
        "holds",
        "offered",
        "own_readonly",
        "own_relevant",
        "place",
        "readonly",
        "relevant",
        "required",
        "soft_holds",
        "spare",
        "spec",
        "stored",
    )  # fmt: skip

    children: "list[Item]"  # type: ignore[assignment]
    parent: "Item | None"
    attributes: "list[Item]"  # type: ignore[assignment]

    def __init__(self, spec: ModelNode) -> None:
        kind: Kind = "attribute" if spec.name.startswith("@") else "element"
        local = spec.name.rpartition(":")[2].removeprefix("@")
        super().__init__(local, kind=kind, prefix=spec.prefix, ns=spec.ns)
        self.spec = spec
        self.place = 1  # among the instances of a repeat
        self.stored = ""
        self.own_relevant = self.relevant = True
        self.own_readonly = self.readonly = self.required = False
        self.holds = self.soft_holds = True
        self.offered: frozenset[str] | None = None
        self.spare: list[Item] = []  # repeat instances that a smaller count took away
        self.closed: frozenset[str] = frozenset()  # names of the repeats inside of which no first instance is asked for

    @property
    def ref(self) -> str:
        """The path with the positions of repeat instances."""
        instance: Item | None = self
        while instance is not None and not instance.spec.repeat:
            instance = instance.parent
        if instance is None:
            return self.spec.ref
        above = instance.parent.ref if instance.parent is not None else ""
        return f"{above}/{instance.spec.name}[{instance.place}]{self.spec.ref[len(instance.spec.ref) :]}"

    def among_siblings(self) -> int:
        """The position among the siblings of its name, from 1."""
        return self.place

    def order_key(self, places: Mapping[str, int]) -> tuple[int, ...]:
        """Sorts items in document order; `places` numbers the places of the form."""
        steps = [places[self.spec.ref]]
        item: Item | None = self
        while item is not None:
            if item.spec.repeat:
                steps += (item.place, places[item.spec.ref])
            item = item.parent
        return tuple(reversed(steps))

    def insert(self, index: int, child: "Item") -> None:  # type: ignore[override]
        """Puts a child at that place, and numbers the instances after it anew."""
        super().insert(index, child)
        self._number(child.spec)

    def remove(self, child: "Item") -> None:  # type: ignore[override]
        """Takes a child away, and numbers the instances after it anew."""
        super().remove(child)
        self._number(child.spec)

    def _number(self, spec: ModelNode) -> None:
        for place, instance in enumerate(self.instances(spec), 1):
            instance.place = place

    def takes_rounds(self, spec: ModelNode) -> bool:
        """Whether the repeat at `spec`, directly inside, is asked now: one of its instances, or a first one."""
        present = self.instances(spec)
        return any(one.relevant for one in present) if present else self.relevant and spec.name not in self.closed

    @property
    def is_leaf(self) -> bool:
        """Whether it takes an answer."""
        return not self.spec.is_group

    def instances(self, spec: ModelNode) -> "list[Item]":
        """The children of that place."""
        if spec.name.startswith("@"):
            return [a for a in self.attributes if a.spec is spec]
        if spec.prefix or not spec.name:
            return [c for c in self.children if c.spec is spec]
        return self.named(spec.name)  # type: ignore[return-value]

    def inside(self) -> "Iterator[Item]":
        """The item and all below, attributes too, in document order."""
        stack: list[Item] = [self]
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed(item.children))
            stack.extend(reversed(item.attributes))

    def effective(self) -> str:
        """What expressions may see of the stored answer."""
        if not self.relevant:
            return ""
        if self.offered is None or not self.stored or self.stored in self.offered:
            return self.stored
        return " ".join(v for v in self.stored.split() if v in self.offered)


def nobody(parent: Item, spec: ModelNode) -> Item:
    """An instance that is not there: what concerns a whole repeat is seen from one, and there may be none."""
    item = Item(spec)
    item.parent = parent
    return item


def document(root: ModelNode, values: Mapping[str, object]) -> Item:
    """A document node with the instance below it."""
    top = Item(ModelNode("", "", root.bind))
    top.kind = "root"
    top.append(build(root, values, root.ref))
    return top


def build(spec: ModelNode, value: object, where: str) -> Item:
    """The items for a value of a draft: a text for a question, a dictionary for a group. Missing values are blank."""
    item = Item(spec)
    if not spec.is_group:
        values = value if isinstance(value, Mapping) else {"": value}
        item.stored = item.text = as_text(values.get("", ""), where)
        known = {"", *(c.name for c in spec.children)}
    elif isinstance(value, Mapping) or value is None:
        values = value or {}
        known = {c.name for c in spec.children}
    else:
        raise BadInput("xforms.draft_shape", ref=where)
    unknown = [str(k) for k in values if k not in known]
    if unknown:
        raise BadInput("xforms.draft_unknown", ref=where, names=", ".join(unknown[:5]))
    for child in spec.children:
        for place, one in enumerate(build_child(child, values.get(child.name), where, child.name not in values), 1):
            _attach(item, one, place)
    return item


def build_child(spec: ModelNode, value: object, where: str, missing: bool = False) -> list[Item]:
    """The items of one child: for a repeat one for each element of the list."""
    ref = f"{where}/{spec.name}"
    if not spec.repeat:
        return [build(spec, value, ref)]
    if value is None:
        return [template(spec) for _ in range(spec.instances)] if missing else []
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_INSTANCES:
        raise BadInput("xforms.draft_shape", ref=ref)
    return [build(spec, one, f"{ref}[{i}]") for i, one in enumerate(value, 1)]


def template(spec: ModelNode) -> Item:
    """A new item with the defaults of the form."""
    item = Item(spec)
    item.stored = item.text = spec.default
    for child in spec.children:
        for place in range(1, child.instances + 1):
            _attach(item, template(child), place)
    return item


def _attach(parent: Item, child: Item, place: int) -> None:
    child.place = place
    if child.kind == "attribute":
        child.parent = parent
        parent.attributes.append(child)
    else:
        parent.append(child)


def as_text(value: object, where: str) -> str:
    """A value of a draft that must be a text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput("xforms.draft_shape", ref=where)
    return value


def draft(item: Item) -> object:
    """The answers as plain values, those not relevant included: what a draft keeps."""
    if item.is_leaf and not item.attributes:
        return item.stored
    values: dict[str, object] = {"": item.stored} if item.is_leaf else {}
    for spec in item.spec.children:
        found = [draft(i) for i in item.instances(spec)]
        values[spec.name] = found if spec.repeat else found[0]
    return values


def record(item: Item) -> object:
    """The relevant answers: what a finished record holds. Blank answers and empty groups are left out."""
    if item.is_leaf and not item.attributes:
        return item.text
    values: dict[str, object] = {"": item.text} if item.is_leaf and item.text else {}
    for spec in item.spec.children:
        found = [record(i) for i in item.instances(spec) if i.relevant]
        if spec.repeat and (found or (spec.instances and not item.instances(spec))):
            values[spec.name] = found  # where all rounds were taken away, that is said: none must come back by itself
        elif found and found[0] not in ("", {}):
            values[spec.name] = found[0]
    return values
