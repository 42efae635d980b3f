"""docs/security.md, made from the guarantees that tests prove: `python -m tests.security_doc [--check]`.

A guarantee is declared in `tests/guarantees/<area>.toml` (id, statement, code). A test proves it by the mark
`@pytest.mark.guarantee("<id>")`. Tests are found by reading their source, so that the document needs nothing to run.
"""

import ast
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "security.md"
DECLARED = ROOT / "tests" / "guarantees"
HEAD = """# Security: what is guaranteed, by what code, proved by which test

This page is made from the tests (`python -m tests.security_doc`); `make check` compares the two. A line stands here only
while at least one test proves it. `make soak` runs the long versions: kill -9 at every step, full disks, flipped bits,
and 25 people entering at once.
"""


@dataclass(frozen=True)
class Guarantee:
    """One promise: what holds, which files keep it, and the tests that prove it, as `file::test`."""

    key: str
    statement: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


def proofs(root: Path = ROOT / "tests") -> dict[str, list[str]]:
    """Guarantee id → the tests that carry its mark."""
    found: dict[str, list[str]] = {}
    for file in sorted(root.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name, marks = _marks(node)
            for key in (key for mark in marks for key in _marked(mark)):
                found.setdefault(key, []).append(f"{file.relative_to(ROOT)}{name}")
    return found


def _marks(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """A test or class with its marks; or a whole file with its `pytestmark`."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return f"::{node.name}", node.decorator_list
    if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == ["pytestmark"]:
        return "", list(node.value.elts) if isinstance(node.value, ast.List) else [node.value]
    return "", []


def _marked(mark: ast.expr) -> list[str]:
    if not (isinstance(mark, ast.Call) and ast.unparse(mark.func) in ("guarantee", "pytest.mark.guarantee")):
        return []
    return [argument.value for argument in mark.args if isinstance(argument, ast.Constant)]


def declared(folder: Path = DECLARED) -> dict[str, list[Guarantee]]:
    """Area → its guarantees, in the order of their file, each with its proofs."""
    proved = proofs()
    areas = {}
    for file in sorted(folder.glob("*.toml")):
        content = tomllib.loads(file.read_text("utf-8"))
        areas[content["area"]] = [
            Guarantee(one["id"], one["statement"], tuple(one["code"]), tuple(sorted(proved.get(one["id"], ()))))
            for one in content["guarantee"]
        ]
    return areas


def faults(areas: dict[str, list[Guarantee]]) -> list[str]:
    """What would make the document untrue: a promise without a proof, code that is not there, a mark of nothing."""
    every = [one for area in areas.values() for one in area]
    keys = [one.key for one in every]
    return [
        *(f"{key}: declared twice" for key in sorted({key for key in keys if keys.count(key) > 1})),
        *(f"{one.key}: no test proves it" for one in every if not one.tests),
        *(f"{one.key}: {code} is not there" for one in every for code in one.code if not (ROOT / code).exists()),
        *(f"{key}: marked in {tests[0]}, declared nowhere" for key, tests in proofs().items() if key not in keys),
    ]


def document(areas: dict[str, list[Guarantee]]) -> str:
    """The whole page."""
    parts = [HEAD]
    for area, guarantees in areas.items():
        parts.append(f"\n## {area}\n\n| guarantee | kept by | proved by |\n|---|---|---|\n")
        parts += [_line(one) for one in guarantees]
    return "".join(parts)


def _line(one: Guarantee) -> str:
    code = "<br>".join(f"`{path}`" for path in one.code)
    tests = "<br>".join(f"`{test}`" for test in one.tests)
    return f"| {one.statement} | {code} | {tests} |\n"


def main() -> None:
    """Write the page; with `--check`, only say whether it is true and current."""
    areas = declared()
    wrong = faults(areas)
    if "--check" in sys.argv:
        current = DOCUMENT.exists() and DOCUMENT.read_text("utf-8") == document(areas)
        wrong += [] if current else ["docs/security.md is not current: run `make security`"]
    else:
        DOCUMENT.write_text(document(areas), "utf-8")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
