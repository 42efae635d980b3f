"""How secret each place of a form is: one rule for pages, paper, exports, files and messages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from custinfo.domain.sensitivity import Level, level_of
from custinfo.xforms.last_saved import LAST_SAVED
from custinfo.xforms.model import Control, Form, Output, SetValue, Text
from custinfo.xforms.reads import Read, Reads
from custinfo.xforms.xpath.ast import Call, Expr, Literal, Path, walk

COLUMN = "level"
"""The form column `bind::custinfo:level`."""
TEXT_CALLS = frozenset({"jr:choice-name", "jr:itext"})


def levels(form: Form) -> Mapping[str, Level]:
    """The level of every place, by its ref without positions.

    A question has the most secret level that it or a group around it states, 2 where none does. What is worked out from
    answers (calculations, values that actions set, choices made of answers, labels of entities) and states no level
    itself is as secret as the most secret of them. A group is as open as the most open place inside it: it may be seen
    by whoever may see anything there.
    """
    found = _stated(form)
    readers: dict[str, list[str]] = defaultdict(list)
    for reader, source in _derived(form):
        readers[source].append(reader)
    spreading = list(found)
    while spreading:
        source = spreading.pop()
        for reader in readers[source]:
            if found[source] < found[reader]:
                found[reader] = found[source]
                spreading.append(reader)
    for ref in reversed(list(form.nodes)):
        if form.nodes[ref].is_group:
            found[ref] = max(found[child.ref] for child in form.nodes[ref].children if not child.name.startswith("@"))
    return found


def level_read(form: Form, ref: str, tree: Expr) -> Level:
    """The level of the most secret answer that an expression at `ref` reads; 3 when it reads none."""
    return min((form.levels[source] for source in sources(form, ref, tree)), default=Level.PUBLIC)


def sources(form: Form, ref: str, tree: Expr) -> Iterator[str]:
    """The questions whose answers an expression at `ref` may give away, those of the last record included."""
    yield from _leaves(form, (read.ref for read in Reads(form, ref).of(tree)))
    yield from _leaves(form, _last_saved(tree))
    if any(isinstance(part, Call) and part.name in TEXT_CALLS for part in walk(tree)):
        for text_id in _choice_texts(form):
            yield from _leaves(form, _read_by_text(form, ref, text_id))


def _stated(form: Form) -> dict[str, Level]:
    stated: dict[str, Level | None] = {"": None}
    for ref, node in form.nodes.items():  # what is above comes first
        above, own = stated[ref.rpartition("/")[0]], node.bind.extra.get(COLUMN)
        said = [level for level in (above, level_of(own) if own else None) if level is not None]
        stated[ref] = min(said, default=None)
    return {ref: level or Level.INTERNAL for ref, level in stated.items() if ref}


def _derived(form: Form) -> Iterator[tuple[str, str]]:
    """What is worked out without a level of its own, with each answer that it is worked out from."""
    for reader, source in (*_calculated(form), *_set(form), *_offered(form)):
        if reader in form.nodes and not form.nodes[reader].bind.extra.get(COLUMN):
            yield reader, source


def _calculated(form: Form) -> Iterator[tuple[str, str]]:
    for rule in form.rules.ordered:
        if rule.kind == "calculate":
            yield from ((rule.ref, source) for source in sources(form, rule.ref, rule.expression.tree))


def _set(form: Form) -> Iterator[tuple[str, str]]:
    actions: list[SetValue] = [*form.actions, *(a for control in form.control_of.values() for a in control.actions)]
    for action in actions:
        compiled = form.rules.compiled.get(action.value or "")
        if compiled is not None:
            yield from ((action.ref, source) for source in sources(form, action.ref, compiled.tree))


def _offered(form: Form) -> Iterator[tuple[str, str]]:
    """Questions whose choices are other answers, such as the people named before."""
    for ref, control in form.control_of.items():
        rule = form.rules.by_name.get((ref, "choices"))
        if rule is None or control.itemset is None:
            continue
        for row in Reads(form, ref).follow(rule.expression.tree, (Read(ref, ref),)):
            yield from ((ref, source) for source in _of_row(form, control, row.ref))


def _of_row(form: Form, control: Control, row: str) -> Iterator[str]:
    assert control.itemset is not None
    for text in (control.itemset.value, control.itemset.label.expression or ""):
        compiled = form.rules.compiled.get(text)
        if compiled is not None:
            yield from _leaves(form, (read.ref for read in Reads(form, row).of(compiled.tree)))


def _leaves(form: Form, refs: Iterable[str]) -> Iterator[str]:
    """The places that hold answers: of a group that is read, all inside."""
    for ref in refs:
        node = form.nodes.get(ref)
        if node is not None:
            yield from (one.ref for one in node.walk() if not one.is_group)


def _last_saved(tree: Expr) -> Iterator[str]:
    for part in walk(tree):
        if isinstance(part, Path) and part.start == Call("instance", (Literal(LAST_SAVED),)):
            yield "/" + "/".join(step.test for step in part.steps)


def _choice_texts(form: Form) -> frozenset[str]:
    """Ids of the texts with answers inside that are no label, hint or message: those of choices."""
    other: list[Text | None] = [t for c in form.control_of.values() for t in (c.label, c.hint, c.guidance)]
    other += [t for n in form.nodes.values() for t in (n.bind.required_message, n.bind.constraint_message)]
    return form.live_texts - {text.itext_id for text in other if text is not None and text.itext_id}


def _read_by_text(form: Form, ref: str, text_id: str) -> Iterator[str]:
    for language in form.translations.values():
        for parts in language.get(text_id, {}).values():
            for part in parts:
                compiled = form.rules.compiled.get(part.expression) if isinstance(part, Output) else None
                if compiled is not None:
                    yield from (read.ref for read in Reads(form, ref).of(compiled.tree))
