"""For all tests: passwords are hashed fast, what stays is no garbage, and long tests come first.

What is dear to start is started once: all pages in a browser run in one process, all tests of the server in another, and
what needs Spark in the same as well.
"""

import gc
import os
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from custinfo.actions import passwords
from tests import factories

SHIPPED = passwords.HASHER
FIRST = ("pages", "server")
"""The longest, in this order: a process for each."""
ON_SPARK = (
    "tests/lake/test_engines.py",
    "tests/lake/test_older_lakes.py",
    "tests/classification/test_equal_on_engines.py",
    "tests/classification/duplicates/test_linkage_on_spark.py",
)
LONG = (
    *ON_SPARK,
    "tests/reports/test_issuing.py",
    "tests/reports/test_kinds.py",
    "tests/reports/test_correcting.py",
    "tests/reports/test_credit_report.py",
    "tests/test_keys.py",
    "tests/lake/test_batches_killed.py",
    "tests/reports/test_analyst_notebooks.py",
    "tests/test_merges.py",
    "tests/reports/test_segments_screen.py",
    "tests/test_erasure.py",
    "tests/test_lake_erasing.py",
    "tests/test_restore.py",
    "tests/test_gradings.py",
    "tests/test_crowd.py",
)
"""Files of twenty seconds and more of one processor: after those of FIRST, so that what is left at the end is short."""


@pytest.fixture(scope="session", autouse=True)
def fast_passwords():
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    yield
    passwords.HASHER = SHIPPED


@pytest.fixture(scope="session", autouse=True)
def sites_made_once(tmp_path_factory):
    """All processes of a run copy the same sites."""
    own = tmp_path_factory.getbasetemp()
    factories.share(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


def pytest_collection_modifyitems(config, items):
    """Whatever order chance gave the files: the longest stand first."""
    items.sort(key=lambda item: _rank(item.path.relative_to(config.rootpath)))


def pytest_collection_finish():
    """What was imported and collected stays to the end: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _rank(file: Path) -> int:
    if file.parent.name in FIRST:
        return FIRST.index(file.parent.name)
    return len(FIRST) if file.as_posix() in LONG else len(FIRST) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One process more than there are cores: tests in a browser or of a server wait for a third of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of `--dist loadfile`: a file to a process, and together what shares a server, a browser or Spark."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            folder = file.rpartition("/")[0]
            if folder.removeprefix("tests/") in FIRST:
                return folder
            return ON_SPARK[0] if file in ON_SPARK else file

    return Scheduling(config, log)
