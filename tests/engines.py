"""A small Spark for the tests, and what two engines must agree on: the hash of all that a result says."""

import atexit
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pytest

from tests import java

_NAME = "local[2]"

# What a worker of a cluster gets from its administrator. To compile, in Spark and in Java, is worth it for long work only:
# with it the same tests take half as long again
_DEFAULTS = """
spark.driver.memory            1g
spark.driver.host              127.0.0.1
spark.driver.bindAddress       127.0.0.1
spark.driver.extraJavaOptions  -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.sql.shuffle.partitions   2
spark.sql.adaptive.enabled     false
spark.sql.codegen.wholeStage   false
spark.sql.codegen.factoryMode  NO_CODEGEN
spark.sql.warehouse.dir        {folder}/warehouse
spark.local.dir                {folder}
spark.log.level                ERROR
"""


@cache
def spark() -> str:
    """The name of the Spark that all tests of a process share; it starts when it is first asked for."""
    if java.version() < java.OLDEST:
        pytest.fail(f"Spark's tests need Java {java.OLDEST} or newer: `make java` installs one")
    folder = Path(tempfile.mkdtemp(prefix="spark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "spark-defaults.conf").write_text(_DEFAULTS.format(folder=folder), "ascii")
    os.environ |= {"SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"}
    return _NAME


def digest(found: Any, *, in_order: bool = False) -> str:
    """The hash of a result: its columns with their types and its rows, whatever order they came in unless `in_order`.

    What is no table (figures that were read from one) is hashed as it prints.
    """
    if not isinstance(found, ir.Table):
        return hashlib.sha256(repr(found).encode()).hexdigest()
    read = found.to_pyarrow()
    rows = read.to_pylist()
    if not in_order:
        rows.sort(key=lambda row: [(value is None, str(value)) for value in row.values()])
    said = [str(read.schema.remove_metadata()), *(repr(row) for row in rows)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()
