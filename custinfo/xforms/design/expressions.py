"""Expressions in cells: read by the engine's own parser, with the repair where a known slip is the cause."""

import re
import unicodedata
from collections.abc import Iterator

from custinfo.xforms.design.columns import Cell
from custinfo.xforms.findings import Finding, nearest
from custinfo.xforms.xpath import XPathError
from custinfo.xforms.xpath.ast import Call, Chain, Expr, Filter, Literal, Negation, Path, Variable, children, walk
from custinfo.xforms.xpath.parser import parse
from custinfo.xforms.xpath.registry import FUNCTIONS

YES_NO = frozenset(
    ["yes", "Yes", "YES", "true", "True", "TRUE", "true()", "no", "No", "NO", "false", "False", "FALSE", "false()"]
)
REFERENCE = re.compile(r"\$\{([^}]*)\}")
MARK = "\u01c3"
"""A letter that nobody's name begins with: where `${name}` stood, the parser sees a name with this before it."""
_CURLY = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_PIECE = re.compile(
    r"""(?P<plain>"[^"]*"|'[^']*'|\$\{[^}]*\})
      | (?P<quoted>\u201c[^\u201d]*[\u201d\u201c]|\u2018[^\u2019]*[\u2019\u2018]
          |\uff02[^\uff02]*\uff02|\uff07[^\uff07]*\uff07)
      | (?P<operator>==|&&|\|\||<>|=>|=<|\b(?:AND|OR|DIV|MOD|NOT)\b)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {"==": "=", "&&": " and ", "||": " or ", "<>": "!=", "=>": ">=", "=<": "<="}
_SIGNS = {
    "、": ",", "，": ",", "。": ".", "【": "[", "】": "]", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": " div ",
    "–": "-", "—": "-", "−": "-", "且": " and ", "或": " or ", "\u3000": " ",
}  # fmt: skip


def plain(text: str) -> str:
    """Curly quotes made straight, as pyxform does."""
    return text.translate(_CURLY)


def masked(text: str) -> str:
    """The expression with `${name}` as a name of the same length, so that positions stay."""

    def name(match: re.Match[str]) -> str:
        inner = re.sub(r"[^\w.\-]", "_", match[1]) or "_"
        return f"{MARK}{inner}".ljust(len(match[0]))

    return REFERENCE.sub(name, text)


def tree_of(text: str) -> Expr | None:
    """The syntax tree of an expression with `${name}` in it; None when it cannot be read."""
    try:
        return parse(masked(plain(text)))
    except XPathError:
        return None


def check(cell: Cell, names: set[str], *, bare: bool = False) -> Iterator[Finding]:
    """What is wrong with the expression in a cell. With `bare`, names without `${}` may stand for something."""
    try:
        tree = parse(masked(plain(cell.value)))
    except XPathError as error:
        yield _unreadable(cell, error, names)
        return
    seen: set[str] = set()
    for one in walk(tree):
        if isinstance(one, Call):
            yield from _call(cell, one, seen)
        elif isinstance(one, Variable):
            yield cell.found("form_check.expression.variable", name=one.name.lstrip(MARK))
    for name in bare_names(tree) if not bare else ():
        if name in names:
            yield cell.found("form_check.expression.bare", name=name, write=f"${{{name}}}")


def bare_warnings(cell: Cell, names: set[str]) -> Iterator[Finding]:
    """Words that stand alone and are no question: they are always blank, which some designers want."""
    tree = tree_of(cell.value)
    for name in bare_names(tree) if tree is not None else ():
        if name not in names and name != "null":
            yield cell.found("form_check.expression.bare", name=name, write=f"'{name}'")


def _call(cell: Cell, call: Call, seen: set[str]) -> Iterator[Finding]:
    function = FUNCTIONS.get(call.name)
    if call.name in seen:
        return
    if function is None:
        seen.add(call.name)
        near = nearest(call.name, FUNCTIONS, 0.65)
        key = "form_check.expression.function_near" if near else "form_check.expression.function"
        yield cell.found(key, name=call.name, near=near)
    elif not function.accepts(len(call.args)):
        seen.add(call.name)
        facts = {"name": call.name, "count": len(call.args), "least": function.least}
        if function.most is None:
            yield cell.found("form_check.expression.arguments_least", **facts)
        elif function.most == function.least:
            yield cell.found("form_check.expression.arguments_exact", **facts)
        else:
            yield cell.found("form_check.expression.arguments_between", most=function.most, **facts)


def _unreadable(cell: Cell, error: XPathError, names: set[str]) -> Finding:
    text = cell.value
    if error.key != "xforms.expression_syntax":
        return cell.found(f"form_check.expression.{error.key.removeprefix('xforms.expression_')}", **error.facts)
    repaired = repair(text)
    if repaired != text and tree_of(repaired) is not None:
        return cell.found("form_check.expression.repaired", write=repaired)
    bracketed = _bracketed(text, names)
    if bracketed != text and tree_of(bracketed) is not None:
        return cell.found("form_check.expression.repaired", write=bracketed)
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "", plain(text))
    if "'" in outside or '"' in outside:
        return cell.found("form_check.expression.quotes")
    for opening, closing in ("()", "[]"):
        if outside.count(opening) != outside.count(closing):
            counts = {"open": outside.count(opening), "close": outside.count(closing)}
            return cell.found("form_check.expression.brackets", sign=opening, **counts)
    position = int(str(error.facts.get("position", 1)))
    found = text[position - 1 : position + 14].strip()
    key = "form_check.expression.syntax" if found else "form_check.expression.unfinished"
    return cell.found(key, position=position, found=found)


def repair(text: str) -> str:
    """The expression with full-width signs, curly quotes and other languages' operators as XPath has them."""

    def piece(match: re.Match[str]) -> str:
        found = match[0]
        if match["plain"]:
            return found
        if match["quoted"]:
            mark = '"' if "'" in found else "'"
            return f"{mark}{found[1:-1]}{mark}"
        if match["operator"]:
            return _OPERATORS.get(found, found.lower())
        return _SIGNS.get(found) or unicodedata.normalize("NFKC", found)

    once = _PIECE.sub(piece, text)
    return once if once == text else _PIECE.sub(piece, once)  # `＄｛name｝` is whole only now


def _bracketed(text: str, names: set[str]) -> str:
    """`{name}`, `$(name)` and `$[name]` as `${name}`, where a question has the name."""

    def named(match: re.Match[str]) -> str:
        return f"${{{match[1].strip()}}}" if match[1].strip() in names else match[0]

    return re.sub(r"\$?[({\[]\s*([\w.\- ]+)\s*[)}\]]", named, text)


def bare_names(tree: Expr) -> list[str]:
    """Names that stand alone, outside predicates: below a question there is nothing that they could name."""
    steps = [one.steps[0] for one in outside(tree) if isinstance(one, Path) and _single(one)]
    tests = (s.test for s in steps if s.axis == "child" and not s.predicates and not s.test.startswith(MARK))
    return list(dict.fromkeys(test for test in tests if not test.endswith(")") and test != "*"))


def _single(path: Path) -> bool:
    return not path.absolute and path.start is None and len(path.steps) == 1


def reads_itself(tree: Expr) -> bool:
    """Whether `.` stands for the question's own value: inside a predicate it is something else."""
    return any(isinstance(one, Path) and _single(one) and one.steps[0].axis == "self" for one in outside(tree))


def outside(tree: Expr) -> list[Expr]:
    """The expression and everything inside it but predicates."""
    found: list[Expr] = []
    stack = [tree]
    while stack:
        one = stack.pop()
        found.append(one)
        match one:
            case Path(_, start, _) if start is not None:
                stack.append(start)
            case Filter(base, _):
                stack.append(base)
            case Call() | Chain() | Negation():
                stack.extend(children(one))
    return found


def single_names(text: str) -> set[str]:
    """The columns that a choice filter names: steps that stand alone, inside predicates too."""
    tree = tree_of(text)
    found: set[str] = set()
    for one in walk(tree) if tree is not None else ():
        if isinstance(one, Path) and not one.absolute and one.start is None and len(one.steps) == 1:
            step = one.steps[0]
            if step.axis == "child" and not step.test.startswith(MARK) and step.test.isidentifier():
                found.add(step.test)
    return found


def literals(text: str) -> set[str]:
    """The texts in quotes: lists and files are named by them."""
    tree = tree_of(text)
    return {one.value for one in walk(tree) if isinstance(one, Literal)} if tree is not None else set()


def references(text: str) -> list[str]:
    """The names in `${…}`, those of last-saved records left out."""
    return [name.strip() for name in REFERENCE.findall(text) if not name.startswith("last-saved#")]
