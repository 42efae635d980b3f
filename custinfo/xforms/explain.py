"""Why a question is hidden, required, read-only or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from custinfo.domain.messages import text
from custinfo.xforms.engine import Engine
from custinfo.xforms.rules import Kind, Rule
from custinfo.xforms.tree import Item

What = Literal["hidden", "required", "readonly", "wrong", "calculated"]
_RULES: dict[What, Kind] = {
    "hidden": "relevant", "readonly": "readonly", "calculated": "calculate",
    "required": "required", "wrong": "constraint",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that makes the question what it is: where the rule stands, its expression, and the answers it reads."""

    what: What
    ref: str
    rule: Kind
    expression: str
    reads: Mapping[str, str]

    def message(self, language: str = "zh-CN") -> str:
        """The reason as a sentence."""
        shown = "zh-CN" if language.lower().startswith("zh") else "en"
        values = "; ".join(f"{ref} = {value!r}" for ref, value in self.reads.items()) or "—"
        return text(
            f"xforms.explain_{self.what}", shown, ref=self.ref, expression=self.expression.strip(), reads=values
        )


def explain(engine: Engine, item: Item) -> tuple[Reason, ...]:
    """The reasons, those of the places above first."""
    above: list[Item] = []
    one: Item | None = item
    while one is not None:
        above.insert(0, one)
        one = one.parent
    found = [_reason(engine, "hidden", i) for i in above if not i.own_relevant]
    found += [_reason(engine, "readonly", i) for i in above if i.own_readonly]
    found += [_reason(engine, "calculated", item)]
    if item.relevant:
        found += [_reason(engine, "required", item)] if item.required else []
        found += [_reason(engine, "wrong", item)] if not item.holds else []
    return tuple(r for r in found if r is not None)


def _reason(engine: Engine, what: What, item: Item) -> Reason | None:
    rule = engine.rules.by_name.get((item.spec.ref, _RULES[what]))
    if rule is None:
        return None
    return Reason(what, item.ref, rule.kind, rule.expression.text, _values(engine, rule, item))


def _values(engine: Engine, rule: Rule, item: Item) -> dict[str, str]:
    """The answers that the rule reads, by ref; no more than twenty."""
    found: dict[str, str] = {}
    for read in rule.reads:
        near = item
        while near.spec.ref != read.anchor and near.parent is not None:
            near = near.parent
        for one in engine.below(near, read.ref):
            if one.is_leaf and len(found) < 20:
                found[one.ref] = one.text
    return found
