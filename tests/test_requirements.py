"""docs/requirements.md claims nothing that has no test."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| R(\d+) \| (.+?) \| (core|supporting|text-only) \| (\S+) \| (.*?) ?\| (.*?) ?\|$",
    (ROOT / "docs" / "requirements.md").read_text("utf-8"),
    re.MULTILINE,
)
CLAIMED = [(number, where, tests) for number, _, _, state, where, tests in ROWS if state != "open"]


@cache
def functions(file):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_requirement_is_there_once_and_in_order():
    assert [int(number) for number, *_ in ROWS] == list(range(1, 237))


def test_states_are_done_partly_or_open():
    assert {state for *_, state, _, _ in ROWS} <= {"done", "partly", "open"}
    assert all(not where and not tests for _, _, _, state, where, tests in ROWS if state == "open")


@pytest.mark.parametrize(("number", "where", "tests"), CLAIMED)
def test_what_is_claimed_has_its_place_and_a_test_that_asserts(number, where, tests):
    assert where
    named = re.findall(r"`([^`:]+)::([^`]+)`", tests)
    assert named
    for file, function in named:
        found = functions(file)[function]
        asserts = [
            n
            for n in ast.walk(found)
            if isinstance(n, ast.Assert) or (isinstance(n, ast.Attribute) and n.attr == "raises")
        ]
        assert asserts or "user.sees" in ast.unparse(found), f"R{number}: {function} asserts nothing"
    for path in re.findall(r"`([a-z_]+/[\w./-]+)`", where):
        homes = (ROOT / path, ROOT / "custinfo" / path, ROOT / "data" / path)
        assert any(home.exists() for home in homes), f"R{number}: {path} is not there"
