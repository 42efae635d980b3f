"""Executed notebooks: what is kept of a run, so that equal runs are equal in every byte."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

INJECTED = "injected-parameters"
TIMES = ("papermill", "execution")
"""What Papermill and its client note of each cell: when it ran and for how long."""


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def normalise(path: Path) -> None:
    """Rewrite an executed notebook in its `normal` form."""
    nbformat.write(normal(read(path)), path)  # type: ignore[no-untyped-call]


def normal(notebook: NotebookNode) -> NotebookNode:
    """`notebook` without times, random ids, paths of this machine and the version of its Python."""
    ran = notebook.metadata.pop("papermill", {})
    notebook.metadata["papermill"] = {"parameters": ran.get("parameters", {})}
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for noted in TIMES:
            cell.metadata.pop(noted, None)
        if INJECTED in cell.metadata.get("tags", ()):
            cell["id"] = INJECTED
    return notebook
