"""The parts of a parsed XPath expression."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`: read, and refused when evaluated."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    args: tuple["Expr", ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined by operators of one precedence, evaluated from the left: `a + b - c`, `a and b and c`."""

    first: "Expr"
    rest: tuple[tuple[str, "Expr"], ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus sign."""

    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Step:
    """`test` is a name, `*`, `prefix:*`, `node()`, `text()`, `comment()` or `processing-instruction(target)`."""

    axis: str
    test: str
    predicates: tuple["Expr", ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether it is a step to children of one name, without prefix."""
        return self.axis == "child" and ":" not in self.test and "(" not in self.test and self.test != "*"


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the document (`absolute`), from the nodes of `start`, or from the context node."""

    absolute: bool
    start: "Expr | None"
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Predicates on a node-set that is no path."""

    base: "Expr"
    predicates: tuple["Expr", ...]


Expr: TypeAlias = Number | Literal | Variable | Call | Chain | Negation | Path | Filter


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside, predicates of steps included."""
    match expr:
        case Call(_, args):
            return args
        case Chain(first, rest):
            return (first, *(operand for _, operand in rest))
        case Negation(operand):
            return (operand,)
        case Path(_, start, steps):
            inside = tuple(p for step in steps for p in step.predicates)
            return inside if start is None else (start, *inside)
        case Filter(base, predicates):
            return (base, *predicates)
        case _:
            return ()


def walk(expr: Expr) -> list[Expr]:
    """The expression and everything inside it."""
    found, stack = [], [expr]
    while stack:
        one = stack.pop()
        found.append(one)
        stack.extend(children(one))
    return found
