"""Texts for a reader who may not see every answer: what is above their clearance does not stand in them."""

from collections.abc import Callable
from typing import TypeAlias

from custinfo.domain.sensitivity import Level
from custinfo.xforms.levels import level_read
from custinfo.xforms.model import Itemset
from custinfo.xforms.texts import HIDDEN, Texts, text_column
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath import Node

Sees: TypeAlias = Callable[[Level], bool]


def veiled(texts: Texts, sees: Sees | None) -> Texts:
    """The same texts for a reader who sees the levels that `sees` allows; None for one who sees all."""
    if sees is None or all(map(sees, set(texts.form.levels.values()))):
        return texts
    return VeiledTexts(texts, sees)


class VeiledTexts(Texts):
    """What is shown, never what is computed: expressions go on reading the texts as they are."""

    def __init__(self, texts: Texts, sees: Sees) -> None:
        super().__init__(texts.engine, texts.surroundings)
        self._sees = sees
        self._known: dict[tuple[str, str], bool] = {}

    def hides(self, item: Item) -> bool:
        """Whether the answer there is kept from the reader."""
        return not self._sees(self.form.levels[item.spec.ref])

    def value(self, expression: str, node: Node) -> str:
        """The value of an expression inside a text, unless it would give a hidden answer away."""
        return HIDDEN if self._gives_away(expression, node) else super().value(expression, node)

    def row_label(self, itemset: Itemset, row: Node) -> str:
        """The label of a row; where it is a translated text, with the answers in that veiled too."""
        column = text_column(itemset)
        named = row.named(column) if column else []
        return self.translated(named[0].text, self.engine.top) if named else super().row_label(itemset, row)

    def _gives_away(self, expression: str, node: Node) -> bool:
        compiled = self.engine.rules.compiled.get(expression)
        if compiled is None or not isinstance(node, Item):
            return False  # rows of a list are no answers
        key = node.spec.ref, expression
        if key not in self._known:
            self._known[key] = not self._sees(level_read(self.form, node.spec.ref, compiled.tree))
        return self._known[key]
