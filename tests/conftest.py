"""For all tests: passwords are hashed fast, and long tests come first. Servers that tests start hash as they will in use.
What needs Spark runs in one process: to start it costs as much as many of its tests.
"""

import pytest
from argon2 import PasswordHasher

from custinfo.actions import passwords

SHIPPED = passwords.HASHER


@pytest.fixture(scope="session", autouse=True)
def fast_passwords():
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = SHIPPED


def pytest_collection_modifyitems(items):
    """Tests of servers and browsers first: they are the longest, and what is left at the end should be short."""
    items.sort(key=lambda item: item.path.parent.name not in ("server", "pages"))


ON_SPARK = ("tests/lake/test_engines.py", "tests/classification/test_equal_on_engines.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of `--dist loadfile`: a file to a process, and all files of ON_SPARK to the same."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return ON_SPARK[0] if file in ON_SPARK else file

    return Scheduling(config, log)
