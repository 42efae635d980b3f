"""Labels, hints, messages and choices in the active language, with the answers that stand inside them."""

from collections.abc import Iterator, Mapping

from custinfo.xforms.engine import Engine, as_answer
from custinfo.xforms.model import Form, Itemset, Output, Parts, Text, language_code
from custinfo.xforms.reads import absolute_ref
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath import Node, XPathError


class Surroundings:
    """What expressions of a form may ask for beside the instance."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.language_name = form.default_language_name
        self.texts: Texts | None = None

    def instance(self, name: str) -> Node | None:
        """A choice list or attachment by its id."""
        found = self.form.instances.get(name)
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
        surroundings.texts = self

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
        return tuple(self._rows(control.itemset, item))

    def _rows(self, itemset: Itemset, item: Item) -> Iterator[tuple[str, str]]:
        rule = self.engine.rules.by_name.get((item.spec.ref, "choices"))
        for row in self.engine.rows(rule, item) if rule else ():
            yield self.value(itemset.value, row), self.row_label(itemset, row)

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


def _nearest(engine: Engine, ref: str, near: Item) -> Item | None:
    """The item at `ref` that shares most with `near`."""
    item: Item = near
    while item.parent is not None and not (ref == item.spec.ref or ref.startswith(item.spec.ref + "/")):
        item = item.parent
    found = engine.below(item, ref)
    return found[0] if found else None
