"""Two versions of a form: which questions went, came, look renamed, or follow other rules.

What this means for the records that are stored, `custinfo.actions.impact` works out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from custinfo.xforms.model import Control, Form, ModelNode, Text, language_code

DifferenceKind = Literal[
    "lost", "gained", "renamed", "type", "choices", "required", "constraint", "relevant", "hidden", "calculate",
    "choice_filter", "format", "max_length", "unique",
]  # fmt: skip
_LIST = re.compile(r"""instance\(\s*['"]([^'"]+)['"]\s*\)\s*/root/item""")
_EXTRA: tuple[DifferenceKind, ...] = ("format", "max_length", "unique")
_SELECTS = ("select1", "select", "rank")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different. `ref` is the place in the old form, `new_ref` that in the new one; blank where there
    is none. `old` and `new` are the types, rules or labels; `removed` are choices that are offered no longer.
    """

    kind: DifferenceKind
    ref: str
    new_ref: str
    old: str = ""
    new: str = ""
    removed: tuple[str, ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where a reader looks for it."""
        return self.ref or self.new_ref


def differences(old: Form, new: Form) -> tuple[Difference, ...]:
    """All differences that can matter to an answer, in the order of the old form; what came is at the end.

    A rule that is dropped breaks nothing and is not told; a renamed question is guessed from its name, its label or its
    position, and its other differences are told too.
    """
    before, after = questions(old), questions(new)
    renamed = dict(_renamed(old, new, [r for r in before if r not in after], [r for r in after if r not in before]))
    found: list[Difference] = []
    for ref in before:
        target = renamed.get(ref, ref)
        if target not in after:
            found.append(Difference("lost", ref, "", _kind(old, ref), label=labels(old, ref)))
            continue
        if ref in renamed:
            found.append(Difference("renamed", ref, target, label=labels(old, ref)))
        found += _changed(old, new, ref, target)
    came = [ref for ref in after if ref not in before and ref not in renamed.values()]
    required = {ref: _rule(new.nodes[ref].bind.required) for ref in came}
    found += [Difference("gained", "", ref, new=required[ref], label=labels(new, ref)) for ref in came]
    return tuple(found)


def questions(form: Form) -> tuple[str, ...]:
    """The refs that hold answers, calculated ones too: neither notes nor what describes the record itself."""
    set_by_itself = {action.ref for action in form.actions}
    return tuple(ref for ref, node in form.nodes.items() if _holds_answer(form, node, set_by_itself))


def _holds_answer(form: Form, node: ModelNode, set_by_itself: set[str]) -> bool:
    if node.is_group or "@" in node.ref or node.ref.startswith(f"{form.root.ref}/meta/"):
        return False
    if node.bind.calculate is not None:
        return True
    note = node.bind.readonly == "true()" and not node.default and node.ref not in set_by_itself
    return node.ref in form.control_of and not note


def labels(form: Form, ref: str) -> dict[str, str]:
    """The question by language code, without the answers that stand inside it; its name where it has no label."""
    control = form.control_of.get(ref)
    shown = plain(form, control.label if control else None)
    return shown or dict.fromkeys(form.languages or ("",), form.nodes[ref].name)


def plain(form: Form, text: Text | None) -> dict[str, str]:
    """A text by language code, with `…` where an answer or a calculation stands inside it."""
    found: dict[str, str] = {}
    if text is None:
        return found
    for name in form.translations or ("",):
        parts = text.parts
        if text.itext_id is not None:
            parts = form.translations.get(name, {}).get(text.itext_id, {}).get("", ())
        shown = "".join(part if isinstance(part, str) else "…" for part in parts).strip()
        if shown and shown != "-":
            found[language_code(name)] = shown
    return found


def choices(form: Form, control: Control) -> frozenset[str] | None:
    """Every value of the question's list, whatever its filter; None when the list is made of answers."""
    if control.itemset is None:
        return frozenset(choice.value for choice in control.choices)
    named = _LIST.search(control.itemset.nodeset)
    top = form.instances.get(named[1]) if named else None
    if top is None:
        return None
    column = control.itemset.value
    rows = [row for root in top.children for row in root.children]
    return frozenset(cell.text for row in rows for cell in row.named(column)[:1])


def _changed(old: Form, new: Form, ref: str, target: str) -> Iterator[Difference]:
    label = labels(old, ref)
    before, after = _kind(old, ref), _kind(new, target)
    if before != after:
        yield Difference("type", ref, target, before, after, label=label)
    removed = _removed(old, new, ref, target)
    if removed:
        yield Difference("choices", ref, target, removed=removed, label=label)
    for kind, was, now in _rules(old, new, ref, target):
        if was != now and (now or kind == "relevant"):
            yield Difference(kind, ref, target, was, now, label=label)


def _rules(old: Form, new: Form, ref: str, target: str) -> Iterator[tuple[DifferenceKind, str, str]]:
    was, now = old.nodes[ref].bind, new.nodes[target].bind
    yield "required", _rule(was.required), _rule(now.required)
    yield "constraint", _rule(was.constraint), _rule(now.constraint)
    yield "relevant", _relevance(old, ref), _relevance(new, target)
    yield "calculate", _rule(was.calculate), _rule(now.calculate)
    yield "choice_filter", _filter(old, ref), _filter(new, target)
    for name in _EXTRA:
        yield name, was.extra.get(name, ""), now.extra.get(name, "")


def _rule(expression: str | None) -> str:
    """A rule as one line; one that never says anything is none."""
    flat = " ".join((expression or "").split())
    return "" if flat == "false()" else flat


def _relevance(form: Form, ref: str) -> str:
    """When the question is asked: its own rule and those of the groups around it."""
    rules = [form.nodes[above].bind.relevant for above in _above(ref) if above in form.nodes]
    return " and ".join(f"({_rule(rule)})" for rule in rules if rule and rule != "true()")


def _above(ref: str) -> Iterator[str]:
    steps = ref.split("/")
    for count in range(2, len(steps) + 1):
        yield "/".join(steps[:count])


def _kind(form: Form, ref: str) -> str:
    """What kind of answer stands there: that of the question, and the repeats that it is in."""
    control = form.control_of.get(ref)
    kind = control.kind if control is not None and control.kind in _SELECTS else form.nodes[ref].bind.type
    repeats = [form.nodes[above].name for above in _above(ref) if above in form.nodes and form.nodes[above].repeat]
    return f"{kind} × {' × '.join(repeats)}" if repeats else kind


def _filter(form: Form, ref: str) -> str:
    control = form.control_of.get(ref)
    return _rule(_LIST.sub("", control.itemset.nodeset)) if control is not None and control.itemset else ""


def _removed(old: Form, new: Form, ref: str, target: str) -> tuple[str, ...]:
    before, after = old.control_of.get(ref), new.control_of.get(target)
    if before is None or after is None or not {before.kind, after.kind} <= set(_SELECTS):
        return ()
    offered, still = choices(old, before), choices(new, after)
    return tuple(sorted(offered - still)) if offered is not None and still is not None else ()


def _renamed(old: Form, new: Form, lost: list[str], gained: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a question that went and one that came and seem to be the same; the surest first, each once."""
    pairs = [(_likeness(old, new, one, other), one, other) for one in lost for other in gained]
    used: set[str] = set()
    for likeness, one, other in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness and one not in used and other not in used:
            used |= {one, other}
            yield one, other


def _likeness(old: Form, new: Form, one: str, other: str) -> int:
    """3 for the same name elsewhere, 2 for the same label, 1 for the same place; 0 for different questions."""
    if _kind(old, one) != _kind(new, other):
        return 0
    if old.nodes[one].name == new.nodes[other].name:
        return 3
    if set(plain(old, _label(old, one)).items()) & set(plain(new, _label(new, other)).items()):
        return 2
    return int(_position(old, one) == _position(new, other))


def _label(form: Form, ref: str) -> Text | None:
    control = form.control_of.get(ref)
    return control.label if control is not None else None


def _position(form: Form, ref: str) -> tuple[str, int]:
    above = ref.rpartition("/")[0]
    return above, [child.ref for child in form.nodes[above].children].index(ref)
