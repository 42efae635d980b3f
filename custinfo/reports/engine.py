"""A Papermill engine that runs a notebook's cells in this very process: no kernel to start, nothing to import anew.

What comes out is what a kernel would have given (`executed.normal` form): results, displays, streams and errors of each
cell. What a cell changes of the process is put back after the run; modules that it imported stay, which is the gain.
"""

import atexit
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOBase
from pathlib import Path
from typing import Any

from ipykernel.jsonutil import encode_images, json_clean
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode, v4
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook
from traitlets.config import Config

from custinfo.reports import executed

NAME = "custinfo"
Tell = Callable[[int], None]
"""Is told the number of each cell before it runs, as Jupyter counts cells."""


def execute(notebook: Path, given: Mapping[str, str], target: Path, folder: Path, tell: Tell) -> tuple[str, str] | None:
    """Run `notebook` with the parameters `given` in `folder`, and write it executed to `target`, in its normal form.

    Gives None when every cell ran, else the name and the text of the error; then `target` is what had run.
    """
    error = None
    try:
        execute_notebook(
            _literal(notebook), _literal(target), parameters=dict(given), engine_name=NAME, cwd=folder,
            progress_bar=False, tell=tell,
        )  # fmt: skip
    except PapermillExecutionError as fault:
        error = fault.ename, fault.evalue
    executed.normalise(target)
    return error


def _literal(path: Path) -> str:
    # Papermill fills braces in paths from the parameters
    return str(path).replace("{", "{{").replace("}", "}}")


class _InProcess(Engine):  # type: ignore[misc]
    """Papermill's way to ask for it."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, _kernel: str, *, tell: Tell, **_options: object
    ) -> None:
        """Run the code cells in order, up to the first that fails. `nb_man` holds the notebook and saves it."""
        with _untouched(), _shell() as shell:
            for index, cell in enumerate(nb_man.nb.cells):
                if cell.cell_type == "code" and cell.source.strip():
                    tell(shell.execution_count)
                    # Saves what the cells before gave. That a cell is complete is not said: its times are not kept,
                    # and to save twice takes a tenth of a report's time
                    nb_man.cell_start(cell, index)
                    if not shell.run(cell):
                        nb_man.cell_exception(cell, index)
                        break


papermill_engines.register(NAME, _InProcess)


class _Results(DisplayHook):
    """What the last expression of a cell gives."""

    def write_output_prompt(self) -> None:
        """A notebook numbers its results itself."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Keep the result in every form that it has."""
        shell: Any = self.shell
        shell.keep("execute_result", format_dict, md_dict, execution_count=self.prompt_count)

    def finish_displayhook(self) -> None:
        """Nothing is waiting."""


class _Displays(DisplayPublisher):
    """What a cell displays."""

    def publish(
        self, data: Any, metadata: Any = None, source: Any = None, *,  # noqa: ARG002  # what nobody gives any more
        transient: Any = None, update: Any = False, **kwargs: Any,  # noqa: ARG002
    ) -> None:  # fmt: skip
        """Keep it; an update takes the place of the displays of the same id."""
        shown = (transient or {}).get("display_id")
        if not update:
            self.shell.shown.setdefault(shown, []).append(self.shell.keep("display_data", data, metadata))
            return
        for output in self.shell.shown.get(shown, ()) if shown else ():
            output.update(data=_plain(data), metadata=metadata or {})

    def clear_output(self, wait: bool = False) -> None:  # noqa: ARG002  # a file is looked at when all is done
        """Forget what the cell gave so far."""
        self.shell.outputs.clear()


class _Shell(InteractiveShell):
    """An IPython of one run. `outputs` are those of the cell that runs, `shown` the displays by their id."""

    def __init__(self, **options: Any) -> None:
        self.outputs: list[NotebookNode] = []
        self.shown: dict[str | None, list[NotebookNode]] = {}
        super().__init__(displayhook_class=_Results, display_pub_class=_Displays, **options)  # type: ignore[no-untyped-call]

    def run(self, cell: NotebookNode) -> bool:
        """Run a code cell and give it its number and its outputs. False when it failed."""
        cell.execution_count = self.execution_count
        self.outputs = cell.outputs
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream(self, "stdout"), _Stream(self, "stderr")
        try:
            result = self.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
            return bool(result.success)
        finally:
            sys.stdout, sys.stderr = streams

    def keep(self, kind: str, data: object, metadata: object, **more: object) -> NotebookNode:
        """Put an output of the running cell behind the others."""
        output = v4.new_output(kind, data=_plain(data), metadata=metadata or {}, **more)  # type: ignore[no-untyped-call]
        self.outputs.append(output)
        return output  # type: ignore[no-any-return]

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        told = {"ename": etype.__name__, "evalue": str(evalue), "traceback": stb}
        self.outputs.append(v4.new_output("error", **told))  # type: ignore[no-untyped-call]


def _plain(data: object) -> object:
    """As a notebook keeps it: bytes of images as text."""
    return json_clean(encode_images(data))  # type: ignore[no-untyped-call]


class _Stream(TextIOBase):
    """Standard output or error of a cell: what follows one another of the same stream is one output."""

    def __init__(self, shell: _Shell, name: str) -> None:
        self._shell, self._name = shell, name

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Keep the text; gives its length."""
        last = self._shell.outputs[-1] if self._shell.outputs else None
        if last is not None and last.output_type == "stream" and last.name == self._name:
            last.text += text
        elif text:
            self._shell.outputs.append(v4.new_output("stream", name=self._name, text=text))  # type: ignore[no-untyped-call]
        return len(text)


@contextmanager
def _shell() -> Iterator[_Shell]:
    """A new shell, the one that `get_ipython` gives as long as it lives."""
    # The history's database would be a file and a thread
    shell = _Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    try:
        yield shell
    finally:
        shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
        atexit.unregister(shell.atexit_operations)
        # What IPython's own reset does but for the full collection, which takes a tenth of a report's time
        for names in (shell.user_ns, shell.user_ns_hidden, shell.shown):
            names.clear()
        _Shell.clear_instance()


@contextmanager
def _untouched() -> Iterator[None]:
    """Put back what a notebook may have changed of the process: environment, folder, module path, warnings."""
    environment, folder, path = dict(os.environ), Path.cwd(), list(sys.path)
    hooks = sys.displayhook, sys.excepthook
    try:
        with warnings.catch_warnings():
            yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.path[:] = path
        sys.displayhook, sys.excepthook = hooks
