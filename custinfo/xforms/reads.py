"""What an expression reads: its paths followed over the places of a form, before there is any answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from custinfo.xforms.model import Form
from custinfo.xforms.xpath.ast import Call, Chain, Expr, Filter, Literal, Negation, Path, Step


@dataclass(frozen=True, slots=True)
class Read:
    """A place that is read. `anchor` is the nearest place above both reader and read that the expression never left:
    a change inside one instance of the anchor concerns only readers inside that instance.
    """

    ref: str
    anchor: str


Places = tuple[Read, ...]


@dataclass
class Reads:
    """Follows one expression from one place of the form."""

    form: Form
    ref: str
    found: dict[Read, None] = field(default_factory=dict)

    def of(self, tree: Expr) -> Places:
        """All places that the expression reads."""
        start = (Read(self.ref, self.ref),)
        for read in self.follow(tree, start):
            self.found[read] = None
        return tuple(self.found)

    def follow(self, tree: Expr, context: Places) -> Places:
        """Notes what is read; returns the places of the node-set that the expression gives."""
        match tree:
            case Path():
                return self.path(tree, context)
            case Call(name, args):
                return self.call(name, args, context)
            case Chain(first, rest):
                places = [self.noted(e, context) for e in (first, *(e for _, e in rest))]
                return tuple(dict.fromkeys(p for some in places for p in some)) if rest[0][0] == "|" else ()
            case Negation(operand):
                self.noted(operand, context)
            case Filter(base, predicates):
                places_ = self.follow(base, context)
                for predicate in predicates:
                    self.noted(predicate, places_)
                return places_
        return ()

    def noted(self, tree: Expr, context: Places) -> Places:
        """Follows an expression and notes what it gives as read."""
        places = self.follow(tree, context)
        self.found.update(dict.fromkeys(places))
        return places

    def call(self, name: str, args: tuple[Expr, ...], context: Places) -> Places:
        """What a function reads, and the places of the node-set that it gives."""
        if name == "current":
            return (Read(self.ref, self.ref),)
        if not args and name in ("string", "number", "string-length", "normalize-space"):
            self.found.update(dict.fromkeys(context))
        if name == "position":
            self.neighbours(args, context)
        places = [self.noted(a, context) for a in args]
        if name == "jr:choice-name" and len(args) == 2 and isinstance(args[1], Literal):
            self.choices_of(args[1].value)
        if name in ("indexed-repeat", "randomize") and places:
            return places[0]
        return ()

    def neighbours(self, args: tuple[Expr, ...], context: Places) -> None:
        """The position of an instance is another when one before it comes or goes: all of them are read."""
        for place in (p for arg in args for p in self.follow(arg, context)):
            self.found[Read(place.ref, min(place.anchor, place.ref.rpartition("/")[0], key=len))] = None

    def choices_of(self, path: str) -> None:
        """A choice's name depends on what its list is filtered by."""
        ref = absolute_ref(path.strip(), self.ref)
        control = self.form.control_of.get(ref)
        if control is not None and ref != self.ref:
            self.found[Read(ref, "")] = None

    def path(self, tree: Path, context: Places) -> Places:
        """The places at the end of a path."""
        if tree.start is not None:
            places: Places = self.follow(tree.start, context)
        elif tree.absolute:
            places = (Read("", ""),)
        else:
            places = context
        for step in tree.steps:
            places = tuple(dict.fromkeys(found for place in places for found in self.step(step, place)))
            for predicate in step.predicates:
                self.noted(predicate, places)
            for place in places if step.predicates else ():
                self.found.setdefault(place)
        return tuple(p for p in places if p.ref)

    def step(self, step: Step, place: Read) -> list[Read]:
        """The places that one step leads to."""
        if step.axis == "child" and step.test.replace("-", "").replace("_", "").isalnum():
            ref = f"{place.ref}/{step.test}"
            return [Read(ref, place.anchor)] if ref in self.form.nodes else []
        refs = _axis(self.form, step.axis, place.ref)
        named = [r for r in refs if _fits(r, step.test)]
        return [Read(r, _common(place.anchor, r, step.axis)) for r in named]


def _common(anchor: str, ref: str, axis: str) -> str:
    """The anchor after a step to `ref`: leaving an instance upwards or sideways widens it."""
    if axis in ("following", "preceding"):
        return ""
    if axis.endswith("sibling"):
        anchor = anchor.rpartition("/")[0]
    while anchor and not (ref == anchor or ref.startswith(anchor + "/")):
        anchor = anchor.rpartition("/")[0]
    return anchor


def _axis(form: Form, axis: str, ref: str) -> Iterable[str]:
    above = [ref[:i] for i in range(len(ref)) if ref[i] == "/"][::-1]
    if axis == "self":
        return [ref]
    if axis == "parent":
        return above[:1]
    if axis.startswith("ancestor"):
        return [ref, *above] if axis.endswith("self") else above
    if axis in ("child", "attribute"):
        mark = axis == "attribute"
        return [r for r in _children(form, ref) if ("/@" in r) == mark]
    if axis.endswith("sibling"):
        return _children(form, above[0]) if above else []
    below = [r for r in form.nodes if r.startswith(ref + "/")] if axis.startswith("descendant") else list(form.nodes)
    return [ref, *below] if axis == "descendant-or-self" else below


def _children(form: Form, ref: str) -> list[str]:
    if not ref:
        return [form.root.ref]
    node = form.nodes.get(ref)
    return [c.ref for c in node.children] if node else []


def _fits(ref: str, test: str) -> bool:
    if test in ("*", "node()"):
        return True
    if test.endswith(")"):
        return False
    name = ref.rpartition("/")[2].removeprefix("@")
    return name == test or (test.endswith(":*") and name.startswith(test[:-1]))


def absolute_ref(path: str, context: str) -> str:
    """A path without predicates as a ref: `../x` from a place, or `/data/x`."""
    if path.startswith("/"):
        return path
    parts = context.strip("/").split("/")
    for step in path.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in (".", "", "current()"):
            parts.append(step)
    return "/" + "/".join(parts)
