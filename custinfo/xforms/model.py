"""A form as data: what an XForm says, without any answer. Made by `reader.read`; nothing here changes afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from custinfo.domain.errors import BadInput
from custinfo.domain.sensitivity import Level
from custinfo.xforms.findings import Finding
from custinfo.xforms.xpath import Node

if TYPE_CHECKING:
    from custinfo.xforms.rules import Rules

NAMESPACE = "https://custinfo.org/xforms"
ControlKind = Literal["group", "repeat", "input", "select1", "select", "range", "rank", "trigger", "upload"]


class FormError(BadInput):
    """A form cannot be used. `findings` says all that is wrong, and where; `problems` the same as (key, facts)."""

    def __init__(self, problems: "Sequence[Finding | tuple[str, Mapping[str, object]]]") -> None:
        self.findings = tuple(p if isinstance(p, Finding) else Finding("", 0, "", *p) for p in problems)
        self.problems: list[tuple[str, dict[str, object]]] = [(f.key, dict(f.facts)) for f in self.findings]
        key, facts = self.problems[0]
        super().__init__(key, **facts)

    def text(self, language: str = "zh-CN") -> str:
        """All problems, one on a line."""
        return "\n".join(finding.text(language) for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Output:
    """An expression whose value stands inside a text."""

    expression: str


Parts: TypeAlias = tuple[str | Output, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A label, hint or message: a key of the translations, an expression, or parts that stand in the form itself."""

    parts: Parts = ()
    itext_id: str | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """The rules of one question. Expressions are XPath texts; None means that the form says nothing."""

    ref: str
    type: str = "string"
    relevant: str | None = None
    required: str | None = None
    required_message: Text | None = None
    constraint: str | None = None
    constraint_message: Text | None = None
    readonly: str | None = None
    calculate: str | None = None
    preload: tuple[str, str] | None = None
    saveto: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelNode:
    """A place of the instance. `ref` carries no positions; an attribute's name starts with `@`."""

    name: str
    ref: str
    bind: Bind
    repeat: bool = False
    instances: int = 1  # how many instances of a repeat there are in a new record
    default: str = ""
    children: tuple["ModelNode", ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    ns: str = ""

    @cached_property
    def is_group(self) -> bool:
        """Whether it holds other places instead of an answer."""
        return any(not c.name.startswith("@") for c in self.children)

    @cached_property
    def by_name(self) -> Mapping[str, "ModelNode"]:
        """The places directly inside, by name."""
        return {c.name: c for c in reversed(self.children)}

    def walk(self) -> "Iterator[ModelNode]":
        """It and everything below, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice that stands in the form itself."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Itemset:
    """Choices from a list: an expression for the rows, and where value and label stand in a row."""

    nodeset: str
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class SetValue:
    """An action: at one of `events`, `ref` becomes `value` (an expression) or `text`."""

    ref: str
    events: tuple[str, ...]
    value: str | None
    text: str
    target: str | None = None  # an expression, where the target is picked among instances of a repeat


@dataclass(frozen=True)
class Control:
    """What is drawn: a question, a group of them, or a repeat."""

    kind: ControlKind
    ref: str
    label: Text | None = None
    hint: Text | None = None
    guidance: Text | None = None
    appearance: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    itemset: Itemset | None = None
    children: tuple["Control", ...] = ()
    actions: tuple[SetValue, ...] = ()
    count: str | None = None
    fixed: bool = False  # instances may be neither added nor removed by hand

    def walk(self) -> "Iterator[Control]":
        """It and everything inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class EntityDeclaration:
    """`ref` is the entity element; `properties` says which property is filled from which question."""

    dataset: str
    ref: str
    create: str | None
    update: str | None
    properties: Mapping[str, str]


Draft: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True)
class Form:
    """A form that has been read and found sound."""

    form_id: str
    version: str
    title: str
    root: ModelNode
    controls: tuple[Control, ...]
    actions: tuple[SetValue, ...]
    translations: Mapping[
        str, Mapping[str, Mapping[str, Parts]]
    ]  # language name → text id → form ("", "image" …) → parts
    default_language_name: str
    instances: Mapping[str, Node]
    missing: tuple[str, ...]  # attachments that the form names and nobody supplied
    entities: tuple[EntityDeclaration, ...]
    initial: Draft
    namespaces: Mapping[str, str]
    live: frozenset[str] = frozenset()
    """Ids of lists that came without rows: a session may be given them, such as the customers of today."""
    quotas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By question: how many records may have which answer (`bind::custinfo:quota`, `cell=limit; cell=limit`)."""
    style: str = ""
    """How the whole form asks to be drawn: `pages`, `theme-grid` …, as the settings sheet says."""

    @cached_property
    def nodes(self) -> Mapping[str, ModelNode]:
        """Every place by its ref, in document order."""
        return {node.ref: node for node in self.root.walk()}

    @cached_property
    def control_of(self) -> Mapping[str, Control]:
        """The question, group or repeat that is drawn for a ref."""
        found: dict[str, Control] = {}
        for top in self.controls:
            for control in top.walk():
                known = found.get(control.ref)
                if control.ref and (known is None or known.kind == "group"):
                    found[control.ref] = control
        return found

    @cached_property
    def heading_of(self) -> Mapping[str, Control]:
        """The group that is drawn around a repeat, by the ref of the repeat: its label stands over all rounds."""
        drawn = (control for top in self.controls for control in top.walk() if control.kind == "group")
        return {c.ref: c for c in drawn if c.ref in self.nodes and self.nodes[c.ref].repeat}

    @cached_property
    def pictured(self) -> frozenset[str]:
        """Ids of the texts that have a picture, a sound or a film beside the words."""
        forms = {"image", "audio", "video", "big-image"}
        texts = (text for language in self.translations.values() for text in language.items())
        return frozenset(text_id for text_id, values in texts if not forms.isdisjoint(values))

    @cached_property
    def live_texts(self) -> frozenset[str]:
        """Ids of the texts that have answers inside them."""
        texts = (text for language in self.translations.values() for text in language.items())
        return frozenset(
            text_id for text_id, forms in texts if any(isinstance(p, Output) for parts in forms.values() for p in parts)
        )

    @cached_property
    def fixed_words(self) -> frozenset[str]:
        """Refs of the questions whose label and hint never change but with the language."""
        texts = {ref: (one.label, one.hint, one.guidance) for ref, one in self.control_of.items() if not one.children}
        return frozenset(ref for ref, words in texts.items() if not any(map(self._varies, words)))

    def _varies(self, text: Text | None) -> bool:
        if text is None:
            return False
        inside = any(isinstance(part, Output) for part in text.parts)
        return inside or text.expression is not None or text.itext_id in self.live_texts

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the form's languages, the default first."""
        names = sorted(self.translations, key=lambda name: name != self.default_language_name)
        return tuple(language_code(name) for name in names)

    @property
    def default_language(self) -> str:
        """The code of the language that a session starts in."""
        return language_code(self.default_language_name)

    def language_name(self, code: str) -> str:
        """The name in the form of the language with that code; KeyError when the form has none."""
        for name in self.translations:
            if code in (name, language_code(name)):
                return name
        raise KeyError(code)

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """How secret each place is, by its ref: see `levels.levels`."""
        from custinfo.xforms.levels import levels

        return levels(self)

    @cached_property
    def secret(self) -> frozenset[str]:
        """The places of level 1, by ref: what is given there is sealed where it is stored."""
        return frozenset(ref for ref, level in self.levels.items() if level == Level.SECRET)

    @cached_property
    def rules(self) -> "Rules":
        """All expressions, compiled, in the order in which they depend on each other."""
        from custinfo.xforms.rules import Rules

        return Rules(self)


def language_code(name: str) -> str:
    """`中文 (zh-CN)` → `zh-CN`; a name without a code is its own code."""
    start, end = name.rfind("("), name.rfind(")")
    return name[start + 1 : end].strip() if 0 <= start < end else name
