"""Labels, hints, messages and choices in the active language, with the answers that stand inside them."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from custinfo.xforms.computed import as_answer
from custinfo.xforms.engine import Engine
from custinfo.xforms.model import Form, Itemset, Output, Parts, Text, language_code
from custinfo.xforms.reads import absolute_ref
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath import Node, XPathError

if TYPE_CHECKING:
    from custinfo.xforms.layout import Drawn

MEDIA = ("image", "audio", "video", "big-image")
HIDDEN = "…"
"""What stands in a text for an answer that the reader may not see."""
Media: TypeAlias = Mapping[str, str]
_ITEXT_COLUMN = re.compile(r"\s*jr:itext\(\s*([\w.-]+)\s*\)\s*\Z")


class Surroundings:
    """What expressions of a form may ask for beside the instance."""

    def __init__(self, form: Form, lists: Mapping[str, Node] | None = None) -> None:
        self.form, self.lists = form, lists or {}
        self.language_name = form.default_language_name
        self.texts: Texts | None = None

    def instance(self, name: str) -> Node | None:
        """A choice list or attachment by its id."""
        found = self.lists.get(name) or self.form.instances.get(name)
        if found is None and self.texts is not None and name == self.form.root.name:
            return self.texts.engine.top
        return found

    def itext(self, text_id: str) -> Node | str:
        """A translated text."""
        return self.texts.translated(text_id, self.texts.engine.top) if self.texts else ""

    def choice_name(self, value: str, path: str, node: Node) -> str:
        """The label of a choice of another question."""
        if self.texts is None or not isinstance(node, Item):
            return ""
        ref = absolute_ref(path.strip(), node.spec.ref)
        return self.texts.choice_label(ref, value, node)


class Texts:
    """Renders the texts of a form for the items of one session."""

    def __init__(self, engine: Engine, surroundings: Surroundings) -> None:
        self.engine, self.form, self.surroundings = engine, engine.form, surroundings
        self.drawn: dict[tuple[str, str], Drawn] = {}
        self._labelled: dict[tuple[Itemset, str], tuple[list[Node], tuple[tuple[str, str], ...]]] = {}

    def hides(self, item: Item) -> bool:  # noqa: ARG002 - some readers may not see everything: `VeiledTexts`
        """Whether the answer there is kept from the reader."""
        return False

    @property
    def language(self) -> str:
        """The code of the active language."""
        return language_code(self.surroundings.language_name)

    def show(self, text: Text | None, node: Node) -> str:
        """The text in the active language, blank when there is none."""
        if text is None:
            return ""
        if text.itext_id is not None:
            return self.translated(text.itext_id, node)
        if text.expression is not None:
            return self.value(text.expression, node)
        return self.render(text.parts, node)

    def in_every_language(self, text: Text | None, node: Node) -> Mapping[str, str]:
        """The text by language code; one entry for a form without translations."""
        if text is None:
            return {}
        active = self.surroundings.language_name
        found: dict[str, str] = {}
        for name in self.form.translations or (active,):
            self.speak(name)
            shown = self.show(text, node)
            if shown and shown != "-":
                found[language_code(name)] = shown
        self.speak(active)
        return found

    def speak(self, name: str) -> None:
        """Makes a language, by its name in the form, the active one."""
        self.surroundings.language_name = name
        self.engine.context.language = language_code(name)

    def translated(self, text_id: str, node: Node, form: str = "") -> str:
        """A text of the translations; the default language stands in for a missing one."""
        for language in (self.surroundings.language_name, self.form.default_language_name):
            forms = self.form.translations.get(language, {}).get(text_id)
            if forms and form in forms:
                return self.render(forms[form], node)
        return ""

    def guidance(self, text: Text | None, node: Node) -> str:
        """What is written beside a hint for those who want to know more."""
        return self.translated(text.itext_id, node, "guidance") if text and text.itext_id else ""

    # Pictures, sounds and films beside the words

    def media(self, text: Text | None, node: Node) -> Media:
        """The files that belong to a label: `image`, `audio`, `video`, `big-image` → file name."""
        text_id = text.itext_id if text else None
        return self._media_of(text_id, node) if text_id in self.form.pictured else {}

    def choice_media(self, item: Item) -> Mapping[str, Media]:
        """The files that belong to the choices offered now, by value; only those of choices that have any."""
        control = self.form.control_of.get(item.spec.ref)
        if control is None or not self.form.pictured:
            return {}
        if control.itemset is None:
            found = {choice.value: self.media(choice.label, item) for choice in control.choices}
        else:
            found = dict(self._row_media(control.itemset, item))
        return {value: files for value, files in found.items() if files}

    def _row_media(self, itemset: Itemset, item: Item) -> Iterator[tuple[str, Media]]:
        column = text_column(itemset)
        rule = self.engine.rules.by_name.get((item.spec.ref, "choices"))
        if column is None or rule is None:
            return
        for row in self.engine.rows(rule, item):
            for named in row.named(column)[:1]:
                yield self.value(itemset.value, row), self._media_of(named.text, row)

    def _media_of(self, text_id: str | None, node: Node) -> Media:
        named = ((kind, self.translated(text_id or "", node, kind)) for kind in MEDIA)
        return {kind: name.rpartition("/")[2] for kind, name in named if name}

    def render(self, parts: Parts, node: Node) -> str:
        """Parts with the values of their expressions."""
        shown = "".join(p if isinstance(p, str) else self.value(p.expression, node) for p in parts)
        return shown.strip() if any(isinstance(p, Output) for p in parts) else shown

    def value(self, expression: str, node: Node) -> str:
        """The value of an expression inside a text; blank when it cannot be computed."""
        compiled = self.engine.rules.compiled.get(expression)
        if compiled is None:
            return ""
        try:
            return as_answer(self.engine.evaluate(compiled, node), "string")
        except XPathError:
            return ""

    # Choices

    def choices(self, item: Item) -> tuple[tuple[str, str], ...]:
        """(value, label) of what is offered now."""
        control = self.form.control_of.get(item.spec.ref)
        if control is None:
            return ()
        if control.itemset is None:
            return tuple((c.value, self.show(c.label, item)) for c in control.choices)
        return self._offered(control.itemset, item)

    def _offered(self, itemset: Itemset, item: Item) -> tuple[tuple[str, str], ...]:
        """Rows that never change are labelled once in a language: of thousands of them that takes a while."""
        rule = self.engine.rules.by_name.get((item.spec.ref, "choices"))
        rows = self.engine.rows(rule, item) if rule else []
        list_ = (itemset, self.surroundings.language_name)
        known, offered = self._labelled.get(list_, ([], ()))
        if rows != known:
            offered = tuple((self.value(itemset.value, row), self.row_label(itemset, row)) for row in rows)
            if self._never_changes(itemset, rows):
                self._labelled[list_] = list(rows), offered
        return offered

    def _never_changes(self, itemset: Itemset, rows: list[Node]) -> bool:
        label = itemset.label.expression or itemset.value
        column = text_column(itemset)
        if not itemset.value.isidentifier() or not (column or label.isidentifier()):
            return False
        if column and not self.form.live_texts.isdisjoint(one.text for row in rows for one in row.named(column)):
            return False
        return all(row.static for row in rows)

    def row_label(self, itemset: Itemset, row: Node) -> str:
        """The label of a row: the column of the active language, else the label column."""
        expression = itemset.label.expression or itemset.value
        if expression == "label":
            own = row.named(f"label_{self.language}") if self.language else []
            if own and own[0].text:
                return own[0].text
        return self.value(expression, row)

    def choice_label(self, ref: str, value: str, near: Item) -> str:
        """The label of a value of the question `ref`, seen from `near`."""
        control = self.form.control_of.get(ref)
        if control is None:
            return ""
        for choice in control.choices:
            if choice.value == value:
                return self.show(choice.label, near)
        itemset, item = control.itemset, _nearest(self.engine, ref, near)
        if itemset is None or item is None:
            return ""
        rule = self.engine.rules.by_name.get((ref, "choices"))
        for row in self.engine.rows(rule, item) if rule else ():
            if self.value(itemset.value, row) == value:
                return self.row_label(itemset, row)
        return ""


def text_column(itemset: Itemset) -> str | None:
    """The column of a list that names the translated text of each row; None where labels stand in the rows."""
    found = _ITEXT_COLUMN.match(itemset.label.expression or "")
    return found[1] if found else None


def _nearest(engine: Engine, ref: str, near: Item) -> Item | None:
    """The item at `ref` that shares most with `near`."""
    item: Item = near
    while item.parent is not None and not (ref == item.spec.ref or ref.startswith(item.spec.ref + "/")):
        item = item.parent
    found = engine.below(item, ref)
    return found[0] if found else None
