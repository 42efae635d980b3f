"""The same bytes on DuckDB and on Spark, of every function of classification and statistics that takes Ibis tables.

Spark reads the rows in another order, from three files: what holds for the two holds for every order and partition.
"""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pyarrow.parquet as pq
import pytest

from custinfo import classification, statistics
from custinfo.classification import schemes
from custinfo.lake import engines
from tests.classification.engine_cases import CASES, LEFT_OUT, STORED, Case, Data, given
from tests.classification.engine_data import KEYS, write
from tests.engines import digest, spark

AS_IT_STANDS, SHUFFLED = "", "-[123]"
COMPARED = [case for case in CASES if case.kind != "stored as second"]
"""All schemes at once cost Spark as much as all else together: one quarter of two."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows that work begins with, and what is stored of earlier work, as files."""
    folder = tmp_path_factory.mktemp("engines")
    found = dict(given())
    write(folder, found)
    for name, (_, make) in STORED.items():
        found[name] = make(_data(folder, engines.DUCKDB, AS_IT_STANDS)).to_pyarrow()
        write(folder, {name: found[name]})
    return folder


def _data(folder: Path, engine: str, parts: str) -> Data:
    files = folder.glob("*.parquet")
    columns = {file.stem: pq.read_schema(file).remove_metadata() for file in files if "-" not in file.stem}
    return Data(engines.start(engine), folder, columns, parts)


@pytest.fixture(scope="module")
def here(kept: Path) -> Data:
    return _data(kept, engines.DUCKDB, AS_IT_STANDS)


@pytest.fixture(scope="module")
def there(kept: Path) -> Data:
    return _data(kept, spark(), SHUFFLED)


@pytest.mark.parametrize("case", COMPARED, ids=str)
def test_the_same_bytes_on_spark_in_another_order(case: Case, here: Data, there: Data) -> None:
    assert digest(case.make(there), in_order=case.in_order) == digest(case.make(here), in_order=case.in_order)


def test_every_scheme_partitions_the_customers(here: Data) -> None:
    found = here.third.select("customer_key", "scheme", "class").to_pyarrow().to_pylist()
    assert sorted((row["scheme"], row["customer_key"]) for row in found) == sorted(
        (scheme, key) for scheme in schemes.SCHEMES for key in KEYS
    )
    assert all(row["class"] for row in found)


def _public(package: ModuleType) -> Iterator[tuple[str, Callable[..., object]]]:
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        for name, member in inspect.getmembers(import_module(module.name), inspect.isfunction):
            if member.__module__ == module.name and not name.startswith("_"):
                yield f"{module.name}.{name}".removeprefix("custinfo."), member


def _tables(function: Callable[..., object]) -> bool:
    return any("ibis.expr" in str(kind) for kind in inspect.get_annotations(function).values())


def test_no_function_over_tables_is_left_out() -> None:
    known = {name for package in (classification, statistics) for name, one in _public(package) if _tables(one)}
    assert known == {str(Case(case.of, case.make)) for case in CASES} | LEFT_OUT.keys()
