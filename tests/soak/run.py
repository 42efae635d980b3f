"""Every sweep and the load, one after the other; each prints a JSON line of what was tried and what was lost.

`python -m tests.soak.run [NAME …]`. Exit 1 when anything was lost, or a sweep tried nothing.
"""

import importlib
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

Sweep = Callable[[Path], tuple[int, int]]
"""A scratch folder → how many points were tried, and at how many something was lost."""

HERE = Path(__file__).parent


def sweeps() -> Iterator[tuple[str, Sweep]]:
    """Every sweep of the modules `sweep_*.py`, by `<area>.<name>`."""
    for file in sorted(HERE.glob("sweep_*.py")):
        module = importlib.import_module(f"tests.soak.{file.stem}")
        for name, sweep in module.SWEEPS.items():
            yield f"{file.stem.removeprefix('sweep_')}.{name}", sweep


def main(wanted: list[str]) -> bool:
    """Run the sweeps whose names begin with one of `wanted`, or all; gives whether nothing was lost."""
    good = True
    for name, sweep in sweeps():
        if wanted and not any(name.startswith(each) for each in wanted):
            continue
        began = time.monotonic()
        fault = ""
        with tempfile.TemporaryDirectory(prefix="custinfo-soak-") as folder:
            try:
                tried, lost = sweep(Path(folder))
            except Exception:
                tried, lost, fault = 0, 0, traceback.format_exc()
        holds = tried > 0 and lost == 0
        good = good and holds
        seconds = round(time.monotonic() - began, 1)
        print(json.dumps({"sweep": name, "tried": tried, "lost": lost, "seconds": seconds, "holds": holds}), flush=True)
        if fault:
            print(fault, file=sys.stderr, flush=True)
    return good


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
