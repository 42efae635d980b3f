"""The tree of what is drawn: groups, repeats with their instances, questions; only what is relevant now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from custinfo.xforms.engine import Engine
from custinfo.xforms.model import Control, ControlKind
from custinfo.xforms.texts import Texts
from custinfo.xforms.tree import Item, nobody

DrawnKind = ControlKind | Literal["instance"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing to draw. `kind` `instance` is one round of a repeat; `fixed` repeats have no buttons to add or remove.

    `type` is the data type of a question; `parameters` what the form says beside (`start`, `end`, `mediatype` …);
    `extra` the attributes of custinfo (`level`, `purpose`, `format` …).
    """

    kind: DrawnKind
    ref: str
    label: str = ""
    hint: str = ""
    guidance: str = ""
    appearance: str = ""
    type: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = False
    children: "tuple[Drawn, ...]" = ()

    def walk(self) -> "Iterator[Drawn]":
        """It and everything inside it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def is_question(self) -> bool:
        """Whether it takes an answer."""
        return self.kind not in ("group", "repeat", "instance")


def layout(engine: Engine, texts: Texts) -> tuple[Drawn, ...]:
    """The whole form."""
    return tuple(d for control in engine.form.controls for d in _draw(engine, texts, control, engine.root))


def _draw(engine: Engine, texts: Texts, control: Control, inside: Item) -> Iterator[Drawn]:
    """`inside` is the nearest item around; references of controls carry no positions."""
    if control.kind == "repeat":
        yield from _repeat(engine, texts, control, inside)
        return
    repeat = engine.form.nodes.get(control.ref)
    wraps_repeat = control.kind == "group" and repeat is not None and repeat.repeat
    around = inside if not control.ref or wraps_repeat else next(iter(engine.below(inside, control.ref)), None)
    if around is None or not around.relevant:
        return
    children = tuple(d for child in control.children for d in _draw(engine, texts, child, around))
    if control.kind == "group":
        if children and wraps_repeat and len(children) == 1 and children[0].kind == "repeat":
            yield children[0]
        elif children:
            yield _drawn(texts, control, around, control.ref and around.ref, children)
        return
    yield _question(texts, control, around)


def _question(texts: Texts, control: Control, item: Item) -> Drawn:
    """Of a long form most questions have fixed words: those are put together once in each language."""
    form = texts.form
    if control.ref not in form.fixed_words or control is not form.control_of[control.ref]:
        return _drawn(texts, control, item, item.ref, ())
    key = (item.ref, texts.surroundings.language_name)
    if key not in texts.drawn:
        texts.drawn[key] = _drawn(texts, control, item, item.ref, ())
    return texts.drawn[key]


def _repeat(engine: Engine, texts: Texts, control: Control, inside: Item) -> Iterator[Drawn]:
    parents = engine.below(inside, control.ref.rpartition("/")[0])
    if not parents or not parents[0].relevant:
        return
    parent, spec = parents[0], engine.form.nodes[control.ref]
    rounds = []
    for item in parent.instances(spec):
        if item.relevant:
            children = tuple(d for child in control.children for d in _draw(engine, texts, child, item))
            rounds.append(Drawn("instance", item.ref, texts.show(control.label, item), children=children))
    around = engine.form.heading_of.get(control.ref, control)
    if rounds or (parent.takes_rounds(spec) and not control.count):
        ref, seen = f"{parent.ref}/{spec.name}", nobody(parent, spec)
        yield Drawn(
            "repeat", ref, texts.show(around.label, seen), texts.show(around.hint, seen), "",
            " ".join(filter(None, (around.appearance, control.appearance if control is not around else ""))),
            fixed=control.fixed or parent.readonly, children=tuple(rounds),
        )  # fmt: skip


def _drawn(texts: Texts, control: Control, item: Item, ref: str, children: tuple[Drawn, ...]) -> Drawn:
    bind = item.spec.bind
    return Drawn(
        control.kind, ref, texts.show(control.label, item), texts.show(control.hint, item),
        texts.guidance(control.guidance, item), control.appearance, "" if control.kind == "group" else bind.type,
        control.parameters, bind.extra if item.spec.ref == control.ref else {}, children=children,
    )  # fmt: skip
