"""How much a piece of code does, counted and not timed: the same number on a busy machine."""

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace


@contextmanager
def calls_counted(bound: float = float("inf")) -> Iterator[SimpleNamespace]:
    """Calls of functions, Python's own and those of C, as `made` of what is given; AssertionError beyond the bound."""
    calls = SimpleNamespace(made=0)

    def count(_frame: object, event: str, _argument: object) -> None:
        calls.made += event.endswith("call")
        if calls.made > bound:
            sys.setprofile(None)
            raise AssertionError(f"more than {bound} calls of functions")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@contextmanager
def memory_at_most(megabytes: int) -> Iterator[None]:
    """What Python allocates at the most at one time, beyond what there was."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes << 20, f"{peak >> 20} MB"
