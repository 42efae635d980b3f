"""The kernel of report notebooks: this very interpreter and this very package, whatever kernels a machine has.

`python -m custinfo.reports.kernel` is the kernel's process; `own_kernel` makes Papermill use it.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from custinfo.reports import places


def own_kernel(folder: Path, environment: Mapping[str, str]) -> type[AsyncKernelManager]:
    """A kernel manager that keeps its files and sockets in `folder` and adds `environment` to the kernel's own."""
    spec = KernelSpec(
        argv=[sys.executable, "-m", __name__, "-f", "{connection_file}", "--HistoryManager.enabled=False"],
        name="python3",
        display_name="Python 3",
        language="python",
    )
    # The package as it is imported here, and no start-up files of whoever runs this
    path = os.pathsep.join(filter(None, (str(places.PROJECT), os.environ.get("PYTHONPATH"))))
    added = {"PYTHONPATH": path, "IPYTHONDIR": str(folder / "ipython"), **environment}

    class OwnKernel(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            # Sockets in a private folder: the free port that is looked for over TCP may be taken by the time it is used
            super().__init__(transport="ipc", connection_file=str(folder / "kernel.json"), **options)

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            await super().start_kernel(**{**options, "env": {**os.environ, **added}})

    return OwnKernel


if __name__ == "__main__":
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()
