"""The lake: what is known of customers and their dealings, in Parquet, append-only, in numbered versions.

- `publish` makes what is new in the store the next version; `open` gives the Ibis tables of a version as of a moment.
- `read_sales` checks a file of sales, payments and returns; `write_batch` puts it where the next `publish` finds it.
- `newest` and `read_all` give the manifests; `verify` checks every file against them.
- `erasing.erase` takes people out of every version.

The lake holds no names and no identifiers: a customer is its keyed `pseudonym`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from custinfo.domain.pseudonym import pseudonym
from custinfo.lake.imports import SalesBatch, read_sales, write_batch
from custinfo.lake.manifest import LakeFile, Manifest, newest, read_all
from custinfo.lake.publishing import BatchRow, EntityVersionRow, publish
from custinfo.lake.verification import verify

if TYPE_CHECKING:
    from custinfo.lake.tables import Lake, open, open_folder

__all__ = [
    "BatchRow",
    "EntityVersionRow",
    "Lake",
    "LakeFile",
    "Manifest",
    "SalesBatch",
    "newest",
    "open",
    "open_folder",
    "pseudonym",
    "publish",
    "read_all",
    "read_sales",
    "verify",
    "write_batch",
]


def __getattr__(name: str) -> Any:
    """What reads tables, which takes Ibis: a second of import that commands which only write need not wait for."""
    if name in ("Lake", "open", "open_folder"):
        return getattr(import_module("custinfo.lake.tables"), name)
    raise AttributeError(name)
