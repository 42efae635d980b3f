"""Cells run in this very process: what comes out is what a kernel gives, and the process is as it was."""

import os
import sys
import warnings
from pathlib import Path

import nbformat
import pytest
from IPython import get_ipython
from papermill.execute import execute_notebook

from custinfo.reports import engine, executed

KINDS = [
    'who = "nobody"',
    "import os, sys\nprint('one'); print('两', end='')",
    "1 + 1",
    "1 + 1;",
    "None",
    "# nothing but a comment",
    "class Shown:\n    def _repr_html_(self):\n        return '<b>' + who\n    def __repr__(self):\n        return 'shown'\nShown()",
    "display(Shown(), Shown()); Shown()",
    "handle = display('first', display_id='a'); handle.update('second')",
    "from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n', format='png')",
    "_, _8, Out[4], In[4]",
    "who",
    "import asyncio\nawait asyncio.sleep(0, 'later')",
    "__name__, get_ipython() is not None",
    "   ",
]
"""Every way in which a cell gives something."""


def written(folder, sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell("# End", id="end")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "given {who}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def ran(tmp_path):
    """Runs cells: gives the error, the executed code cells and the numbers that were told."""

    def run(*sources):
        told = []
        target = tmp_path / "executed {who}.ipynb"
        error = engine.execute(written(tmp_path, sources), {"who": "somebody"}, target, tmp_path, told.append)
        cells = nbformat.read(target, as_version=4).cells
        return error, [cell for cell in cells if cell.cell_type == "code"], told

    return run


def test_every_byte_is_what_a_kernel_gives(tmp_path, ran):
    error, _, told = ran(*KINDS)
    assert (error, told) == (None, [*range(1, 16)])
    ours = (tmp_path / "executed {who}.ipynb").read_bytes()
    (tmp_path / "kernel").mkdir()
    target = tmp_path / "kernel" / "executed.ipynb"
    source = str(tmp_path / "given {who}.ipynb").replace("{", "{{").replace("}", "}}")
    execute_notebook(source, str(target), parameters={"who": "somebody"}, progress_bar=False, cwd=tmp_path)
    executed.normalise(target)
    assert ours.decode() == target.read_text("utf-8")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("1 / 0", ("ZeroDivisionError", "division by zero")),
        ("x = = 1", ("SyntaxError", None)),
        ("raise SystemExit(3)", ("SystemExit", "3")),
        ("raise KeyboardInterrupt", ("KeyboardInterrupt", "")),
        ("float('nan') / 1\nassert False, 'no'", ("AssertionError", "no")),
    ],
)
def test_an_error_ends_the_run_and_is_told_with_its_cell(ran, source, error):
    found, cells, told = ran("who = 1", "'before'", source, "'never'")
    assert found[0] == error[0]
    assert error[1] is None or found[1] == error[1]
    assert told == [1, 2, 3, 4]
    assert cells[2].outputs[0].data["text/plain"] == "'before'"
    assert [one.ename for one in cells[3].outputs if one.output_type == "error"] == [error[0]]
    assert not cells[4].outputs


def test_standard_output_and_error_stay_apart_and_in_order(ran):
    _, cells, _ = ran("who = 1", "import sys\nprint('a'); print('b', file=sys.stderr); print('c'); print('d')")
    assert [(one.name, one.text) for one in cells[-1].outputs] == [
        ("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\nd\n"),
    ]  # fmt: skip


def test_what_was_shown_is_forgotten_when_a_cell_says_so(ran):
    _, cells, _ = ran("who = 1", "from IPython.display import clear_output\nprint('a'); clear_output(); print('b')")
    assert [one.text for one in cells[-1].outputs] == ["b\n"]


def test_nothing_is_left_behind(ran):
    before = dict(os.environ), Path.cwd(), list(sys.path), sys.stdout, sys.displayhook, sys.modules["__main__"]
    filters = list(warnings.filters)
    error, _, _ = ran(
        "who = 1",
        "import os, sys, warnings, atexit\nos.environ['LEFT'] = 'x'; os.chdir('/'); sys.path.insert(0, '/left')",
        "warnings.simplefilter('error'); sys.displayhook = print; left = 1; sys.stdout = None",
    )
    assert error is None
    assert (dict(os.environ), Path.cwd(), list(sys.path)) == before[:3]
    assert (sys.stdout, sys.displayhook, sys.modules["__main__"]) == before[3:]
    assert warnings.filters == filters
    assert get_ipython() is None
    error, _, told = ran("who = 1", "left")
    assert (error[0], told) == ("NameError", [1, 2, 3])
