"""XPath 1.0 text → syntax tree. Length and depth are limited; a long chain of operators is no depth."""

import re
from functools import lru_cache

from custinfo.xforms.xpath.ast import Call, Chain, Expr, Filter, Literal, Negation, Number, Path, Step, Variable
from custinfo.xforms.xpath.errors import XPathError

MAX_LENGTH = 100_000
MAX_DEPTH = 100

_NAME = r"[^\W\d][\w.\-·]*"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<symbol>::|//|\.\.|!=|<=|>=|[()\[\].@,/|+\-=<>*$])
    | (?P<name>{_NAME}(?::(?!:)(?:{_NAME}|\*))?)
    )""",
    re.VERBOSE,
)
_WORD = re.compile(r"\s*(and|or|div|mod)")
_AXES = frozenset(
    [
        "ancestor",
        "ancestor-or-self",
        "attribute",
        "child",
        "descendant",
        "descendant-or-self",
        "following",
        "following-sibling",
        "namespace",
        "parent",
        "preceding",
        "preceding-sibling",
        "self",
    ]
)
_NODE_TYPES = frozenset(("node", "text", "comment", "processing-instruction"))
_OPERATORS = frozenset(["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "|", "/", "//", "and", "or", "div", "mod"])
_LEVELS: tuple[frozenset[str], ...] = tuple(
    frozenset(level.split()) for level in ("or", "and", "= !=", "< <= > >=", "+ -", "* div mod")
)
_ANYWHERE = Step("descendant-or-self", "node()")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expr:
    """The syntax tree of `text`. Raises XPathError saying where reading failed."""
    if len(text) > MAX_LENGTH:
        raise XPathError("expression_too_long", length=len(text), limit=MAX_LENGTH)
    parser = _Parser(text, _tokens(text))
    expr = parser.expression()
    if parser.kind != "end":
        raise parser.wrong()
    return expr


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, position). After an operand `*`, `and`, `or`, `div`, `mod` are operators, else names."""
    tokens: list[tuple[str, str, int]] = []
    at, operand = 0, False
    end = len(text.rstrip())
    while at < end:
        word = _WORD.match(text, at) if operand else None
        match = word or _TOKEN.match(text, at)
        if match is None:
            raise XPathError("expression_syntax", expression=_shown(text), position=at + 1, found=text[at : at + 20])
        if word:
            kind, value = "operator", word[1]
        else:
            kind = match.lastgroup or ""
            value = match[kind]
            if kind == "symbol" and value in _OPERATORS and (value != "*" or operand):
                kind = "operator"
        tokens.append((kind, value, match.end() - len(value)))
        operand = (
            kind in ("number", "string", "name")
            or value in (")", "]", ".", "..")
            or (value == "*" and kind == "symbol")
        )
        at = match.end()
    tokens.append(("end", "", end))
    return tokens


def _shown(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "…"


class _Parser:
    """Recursive descent; one level of nesting costs a few Python frames, which MAX_DEPTH keeps far from their limit."""

    def __init__(self, text: str, tokens: list[tuple[str, str, int]]) -> None:
        self.text, self.tokens, self.at, self.depth = text, tokens, 0, 0
        self.kind, self.value, _ = tokens[0]

    def wrong(self) -> XPathError:
        position = self.tokens[self.at][2] + 1
        return XPathError("expression_syntax", expression=_shown(self.text), position=position, found=self.value)

    def advance(self) -> str:
        value = self.value
        self.at += 1
        self.kind, self.value, _ = self.tokens[self.at]
        return value

    def accept(self, value: str) -> bool:
        if self.value == value and self.kind in ("symbol", "operator"):
            self.advance()
            return True
        return False

    def expect(self, value: str) -> None:
        if not self.accept(value):
            raise self.wrong()

    def expression(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise XPathError("expression_too_deep", limit=MAX_DEPTH)
        expr = self.operators()
        self.depth -= 1
        return expr

    def operators(self) -> Expr:
        """Shunting over the six levels, so that nesting does not cost a frame per level."""
        operands: list[Expr] = [self.unary()]
        pending: list[tuple[int, str]] = []
        while self.kind == "operator" and (level := _level(self.value)) >= 0:
            while pending and pending[-1][0] > level:
                _reduce(operands, pending)
            pending.append((level, self.advance()))
            operands.append(self.unary())
        while pending:
            _reduce(operands, pending)
        return operands[0]

    def unary(self) -> Expr:
        minus = 0
        while self.accept("-"):
            minus += 1
        expr = self.path()
        if self.value == "|" and self.kind == "operator":
            rest: list[tuple[str, Expr]] = []
            while self.accept("|"):
                rest.append(("|", self.path()))
            expr = Chain(expr, tuple(rest))
        if minus:
            expr = Negation(expr) if minus % 2 else Negation(Negation(expr))
        return expr

    def path(self) -> Expr:
        if self.value in ("/", "//") and self.kind == "operator":
            deep = self.advance() == "//"
            if not deep and not self.at_step():
                return Path(True, None, ())
            return Path(True, None, self.steps([_ANYWHERE] if deep else []))
        if self.at_primary():
            base = self.primary()
            predicates = self.predicates()
            if predicates:
                base = Filter(base, predicates)
            if self.value in ("/", "//") and self.kind == "operator":
                deep = self.advance() == "//"
                return Path(False, base, self.steps([_ANYWHERE] if deep else []))
            return base
        return Path(False, None, self.steps([]))

    def at_step(self) -> bool:
        return self.kind == "name" or (self.kind == "symbol" and self.value in (".", "..", "@", "*"))

    def at_primary(self) -> bool:
        if self.kind in ("number", "string"):
            return True
        if self.kind == "symbol":
            return self.value in ("(", "$")
        return self.kind == "name" and self.value not in _NODE_TYPES and self.tokens[self.at + 1][1] == "("

    def primary(self) -> Expr:
        if self.kind == "number":
            return Number(float(self.advance()))
        if self.kind == "string":
            return Literal(self.advance()[1:-1])
        if self.accept("$"):
            if self.kind != "name":
                raise self.wrong()
            return Variable(self.advance())
        if self.accept("("):
            inside = self.expression()
            self.expect(")")
            return inside
        return self.call()

    def call(self) -> Expr:
        name = self.advance()
        self.expect("(")
        args: list[Expr] = []
        if not self.accept(")"):
            args.append(self.expression())
            while self.accept(","):
                args.append(self.expression())
            self.expect(")")
        return Call(name, tuple(args))

    def steps(self, steps: list[Step]) -> tuple[Step, ...]:
        steps.append(self.step())
        while self.kind == "operator" and self.value in ("/", "//"):
            if self.advance() == "//":
                steps.append(_ANYWHERE)
            steps.append(self.step())
        return tuple(steps)

    def step(self) -> Step:
        if self.accept("."):
            return self.short("self")
        if self.accept(".."):
            return self.short("parent")
        axis = "child"
        if self.accept("@"):
            axis = "attribute"
        elif self.kind == "name" and self.tokens[self.at + 1][1] == "::":
            axis = self.advance()
            if axis not in _AXES:
                raise self.wrong()
            self.advance()
        return Step(axis, self.test(), self.predicates())

    def short(self, axis: str) -> Step:
        if self.value == "[":
            raise self.wrong()
        return Step(axis, "node()")

    def test(self) -> str:
        if self.value == "*" and self.kind in ("symbol", "operator"):
            return self.advance()
        if self.kind != "name":
            raise self.wrong()
        name = self.advance()
        if self.value == "::":
            raise self.wrong()
        if self.value != "(":
            return name
        if name not in _NODE_TYPES:
            raise self.wrong()
        self.advance()
        target = ""
        if name == "processing-instruction" and self.kind == "string":
            target = self.advance()[1:-1]
        self.expect(")")
        return f"{name}({target})"

    def predicates(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while self.accept("["):
            found.append(self.expression())
            self.expect("]")
        return tuple(found)


def _level(operator: str) -> int:
    return next((i for i, level in enumerate(_LEVELS) if operator in level), -1)


def _reduce(operands: list[Expr], pending: list[tuple[int, str]]) -> None:
    """Joins all waiting operations of the highest level into one chain."""
    level = pending[-1][0]
    start = len(pending)
    while start and pending[start - 1][0] == level:
        start -= 1
    run = pending[start:]
    del pending[start:]
    first, *others = operands[-len(run) - 1 :]
    del operands[-len(run) - 1 :]
    operands.append(Chain(first, tuple((op, operand) for (_, op), operand in zip(run, others, strict=True))))
