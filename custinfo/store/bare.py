"""Imports sqlite_utils without pandas and numpy, which it takes along where they are: two thirds of the time and of the
memory of a command. The store reads and writes SQL and needs neither. This comes before all else of the store.
"""

import sys

_LEFT_OUT = [name for name in ("pandas", "numpy") if name not in sys.modules]
for _name in _LEFT_OUT:
    sys.modules[_name] = None  # type: ignore[assignment]  # as if it were not installed
try:
    import sqlite_utils.db  # noqa: F401
finally:
    for _name in _LEFT_OUT:
        del sys.modules[_name]  # who asks for it gets it
