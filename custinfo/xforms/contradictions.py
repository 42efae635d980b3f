"""Rules of a form that no answer can meet (R72): a question that is never asked, an answer that is never accepted.

Looked at are conditions joined by `and`, with those of the groups around a question: two values of one answer at once,
a choice that is not offered, bounds that leave nothing between them. What is said in other ways is not judged.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from custinfo.xforms.compare import choices, labels
from custinfo.xforms.model import Form
from custinfo.xforms.reads import absolute_ref
from custinfo.xforms.xpath.ast import Call, Chain, Expr, Literal, Negation, Number, Path, Step

MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What a comparison is called when its sides change places."""
Kind = OneOf["relevant", "constraint"]
Why = OneOf["two_values", "no_choice", "no_number"]


@dataclass(frozen=True)
class Contradiction:
    """A question whose `kind` of rule is never met, and why: by what is asked of the answer at `about`."""

    ref: str
    labels: Mapping[str, str]
    kind: Kind
    why: Why
    about: Mapping[str, str]


@dataclass
class _Asked:
    """What conditions ask of one answer, all together."""

    equal: set[str] = field(default_factory=set)
    unequal: set[str] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)
    low: tuple[float, bool] = (float("-inf"), False)
    """The bound, and whether the bound itself is out."""
    high: tuple[float, bool] = (float("inf"), False)

    def bound(self, operator: str, value: float) -> None:
        """Take a bound in."""
        if operator in (">", ">="):
            self.low = max(self.low, (value, operator == ">"))
        else:
            below = (value, operator == "<")
            self.high = min(self.high, below, key=lambda one: (one[0], not one[1]))

    def nothing_between(self) -> bool:
        """Whether the bounds leave no number."""
        (low, above), (high, below) = self.low, self.high
        return low > high or (low == high and (above or below))


def contradictions(form: Form) -> list[Contradiction]:
    """Every rule of the form that can never be met. Of a group it is told once, not of each question inside."""
    found: list[Contradiction] = []
    never: list[str] = []
    for ref in form.nodes:
        if any(ref.startswith(f"{above}/") for above in never):
            continue
        above = [one for one in _above(ref) if (one, "relevant") in form.rules.by_name]
        for kind, places in (("relevant", above), ("constraint", [ref])):
            if (ref, kind) not in form.rules.by_name:
                continue
            asked = _asked(form, [(place, kind) for place in places])
            found += [
                Contradiction(ref, labels(form, ref), "relevant" if kind == "relevant" else "constraint", why, about)
                for why, about in _impossible(form, asked)
            ][:1]
            if found and found[-1].ref == ref and kind == "relevant":
                never.append(ref)
    return found


def _above(ref: str) -> Iterator[str]:
    """The place itself and every group around it."""
    while ref.count("/") > 1:
        yield ref
        ref = ref.rpartition("/")[0]


def _asked(form: Form, rules: list[tuple[str, str]]) -> dict[str, _Asked]:
    """What these rules ask together, by the place of the answer."""
    found: dict[str, _Asked] = defaultdict(_Asked)
    for rule in rules:
        for condition in _conjuncts(form.rules.by_name[rule].expression.tree):
            _take(form, rule[0], condition, found)
    return found


def _conjuncts(tree: Expr) -> Iterator[Expr]:
    """The conditions that have to hold at once."""
    if isinstance(tree, Chain) and all(operator == "and" for operator, _ in tree.rest):
        for one in (tree.first, *(operand for _, operand in tree.rest)):
            yield from _conjuncts(one)
    else:
        yield tree


def _take(form: Form, ref: str, condition: Expr, found: dict[str, _Asked]) -> None:
    """Note what one condition asks, when it compares an answer that there is once with something that is written."""
    if isinstance(condition, Call) and condition.name == "selected" and len(condition.args) == 2:
        about, value = _place(form, ref, condition.args[0]), condition.args[1]
        if about and isinstance(value, Literal):
            found[about].chosen.add(value.value)
    elif isinstance(condition, Chain) and len(condition.rest) == 1:
        operator, right = condition.rest[0]
        about, value = _place(form, ref, condition.first), right
        if not about:
            about, value, operator = _place(form, ref, right), condition.first, MIRRORED.get(operator, "")
        if about and operator in MIRRORED:
            _compared(found[about], operator, value)


def _compared(asked: _Asked, operator: str, value: Expr) -> None:
    number = _number(value)
    if operator in ("=", "!=") and isinstance(value, Literal):
        (asked.equal if operator == "=" else asked.unequal).add(value.value)
    elif operator == "=" and number is not None:
        asked.bound(">=", number)
        asked.bound("<=", number)
    elif operator != "!=" and number is not None:
        asked.bound(operator, number)


def _number(value: Expr) -> float | None:
    if isinstance(value, Negation):
        inside = _number(value.operand)
        return None if inside is None else -inside
    return value.value if isinstance(value, Number) else None


def _place(form: Form, ref: str, tree: Expr) -> str:
    """The answer that a plain path leads to; blank for any other expression, and for one that may be there often."""
    if not isinstance(tree, Path) or tree.start is not None:
        return ""
    steps = [_step(step) for step in tree.steps]
    if None in steps:
        return ""
    path = "/".join(step or "" for step in steps)
    about = f"/{path}" if tree.absolute else absolute_ref(path, ref)
    # Paths to a question in a repeat may lead to several answers, which differ; its own answer is one
    return about if about in form.rules.single or (about == ref and about in form.nodes) else ""


def _step(step: Step) -> str | None:
    if step.predicates:
        return None
    short = {"parent": "..", "self": "."}.get(step.axis)
    return short or (step.test if step.is_name else None)


def _impossible(form: Form, asked: Mapping[str, _Asked]) -> Iterator[tuple[Why, Mapping[str, str]]]:
    """Why these conditions never hold, and about which answer."""
    for about, one in asked.items():
        said = labels(form, about)
        if len(one.equal) > 1 or one.equal & one.unequal:
            yield "two_values", said
        elif one.nothing_between():
            yield "no_number", said
        elif _unoffered(form, about, one):
            yield "no_choice", said


def _unoffered(form: Form, about: str, one: _Asked) -> set[str]:
    """The choices that are asked for and not offered. Lists that come from outside are not judged."""
    control = form.control_of.get(about)
    if control is None or control.kind not in ("select1", "select"):
        return set()
    offered = choices(form, control)
    # Of several choices `=` compares all of them at once
    wanted = one.chosen | (one.equal if control.kind == "select1" else set())
    return wanted - {""} - offered if offered else set()
