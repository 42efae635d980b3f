"""Expressions in words: questions by their labels, choices by theirs, operators as a reader says them."""

from collections.abc import Iterable
from typing import Any

from custinfo.domain.messages import text
from custinfo.xforms.reads import absolute_ref
from custinfo.xforms.texts import Texts
from custinfo.xforms.tree import Item
from custinfo.xforms.xpath.ast import Call, Chain, Expr, Filter, Literal, Negation, Number, Path, Step, Variable
from custinfo.xforms.xpath.values import to_string

OPERATORS = {
    "and": "and", "or": "or", "=": "equal", "!=": "unequal", "<": "less", "<=": "most", ">": "more", ">=": "least",
    "+": "plus", "-": "minus", "*": "times", "div": "divided", "mod": "rest", "|": "or",
}  # fmt: skip
PHRASES = {("selected", 2), ("not", 1), ("today", 0), ("now", 0), ("true", 0), ("false", 0), ("count-selected", 1)}
"""Functions that have a phrase of their own: `xforms.words.call_<name>`."""


class Wording:
    """Says expressions of a form as seen from one item, in the texts' active language; `language` is that of ours."""

    def __init__(self, texts: Texts, item: Item, language: str) -> None:
        self.texts, self.item, self.language = texts, item, language

    def say(self, tree: Expr) -> str:
        """The expression in words. What has no words, such as a path with a predicate, stands as it is written."""
        match tree:
            case Path():
                ref = self.ref(tree)
                return self.label(ref) if ref else written(tree)
            case Chain(first, rest):
                return self.chain(first, rest)
            case Call(name, args):
                return self.call(name, args)
            case Negation(operand):
                return f"-{self.say(operand)}"
            case Literal(value):
                return self.word("quoted", text=value)
            case _:
                return written(tree)

    def word(self, key: str, **facts: object) -> str:
        """One of our words."""
        return text(f"xforms.words.{key}", self.language, **facts)

    def chain(self, first: Expr, rest: Iterable[tuple[str, Expr]]) -> str:
        """Operands joined by operators; a comparison says its choices by their labels, and blanks as such."""
        said, before = self.operand(first), first
        for operator, operand in rest:
            if operator in ("=", "!=") and isinstance(operand, Literal) and not operand.value:
                said = self.word("blank" if operator == "=" else "answered", question=said)
            else:
                said = self.word(OPERATORS[operator], one=said, other=self.other(before, operand))
            before = operand
        return said

    def operand(self, tree: Expr) -> str:
        """An operand; what is itself joined by `or` is set apart."""
        said = self.say(tree)
        return self.word("apart", text=said) if isinstance(tree, Chain) and tree.rest[0][0] in ("or", "and") else said

    def other(self, beside: Expr, tree: Expr) -> str:
        """The right side of a comparison: a choice of the question on the left by its label."""
        ref = self.ref(beside) if isinstance(beside, Path) else ""
        label = self.texts.choice_label(ref, tree.value, self.item) if ref and isinstance(tree, Literal) else ""
        return self.word("quoted", text=label) if label else self.operand(tree)

    def call(self, name: str, args: tuple[Expr, ...]) -> str:
        """A function, by its phrase where it has one."""
        if (name, len(args)) not in PHRASES:
            return f"{name}({', '.join(self.say(arg) for arg in args)})"
        said = [self.say(args[0]), self.other(args[0], args[1])] if name == "selected" else [self.say(a) for a in args]
        facts = dict(zip(("one", "other"), said, strict=False))
        return self.word(f"call_{name.replace('-', '_')}", **facts)

    def ref(self, tree: Path) -> str:
        """The place that a plain path leads to; blank for any other path."""
        steps = [self.step(step) for step in tree.steps]
        current = isinstance(tree.start, Call) and tree.start.name == "current"
        if None in steps or (tree.start is not None and not current):
            return ""
        path = "/".join(step or "" for step in steps)
        ref = f"/{path}" if tree.absolute else absolute_ref(path, self.item.spec.ref)
        return ref if ref in self.texts.form.nodes else ""

    def step(self, step: Step) -> str | None:
        """A step as it is written in a ref."""
        if step.predicates:
            return None
        if step.axis == "parent":
            return ".."
        if step.axis == "self":
            return "."
        return step.test if step.is_name else None

    def label(self, ref: str) -> str:
        """A question by its label; its own answer as such; a calculation by its name."""
        if ref == self.item.spec.ref:
            return self.word("itself")
        control = self.texts.form.control_of.get(ref)
        shown = self.texts.show(control.label, self.item) if control and control.label else ""
        return self.word("question", text=shown or ref.rpartition("/")[2])


def written(tree: Any) -> str:  # noqa: PLR0911 - one return for each kind of expression
    """An expression much as it was written."""
    match tree:
        case Number(value):
            return to_string(value)
        case Literal(value):
            return f"'{value}'"
        case Variable(name):
            return f"${name}"
        case Call(name, args):
            return f"{name}({', '.join(map(written, args))})"
        case Chain(first, rest):
            return written(first) + "".join(f" {operator} {written(operand)}" for operator, operand in rest)
        case Negation(operand):
            return f"-{written(operand)}"
        case Filter(base, predicates):
            return written(base) + "".join(f"[{written(one)}]" for one in predicates)
        case Path(absolute, start, steps):
            parts = [written(start)] if start is not None else []
            parts += [_step(step) for step in steps]
            return ("/" if absolute else "") + "/".join(parts)
    return str(tree)


def _step(step: Step) -> str:
    short = {"child": step.test, "attribute": f"@{step.test}", "self": ".", "parent": ".."}
    name = short.get(step.axis, f"{step.axis}::{step.test}")
    return name + "".join(f"[{written(one)}]" for one in step.predicates)
