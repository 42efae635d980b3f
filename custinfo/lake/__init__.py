"""The lake: what is known of customers and their dealings, in Parquet, append-only, in numbered versions.

- `publish` makes what is new in the store the next version; `open` gives the Ibis tables of a version as of a moment.
- `read_batch` checks a file of one of the kinds of `BATCH_KINDS`; `write_batch` puts it where the next `publish` finds
  it.
- `newest`, `read_all` and `log` give the versions; `verify` checks every file against them; `compact` makes few files
  of many.
- `open_branches` opens the lakes of many branches together; `extract` hands out rows, of enough customers.
- `published_tables` declares what custinfo itself adds (gradings, decisions, links); `append` publishes computed rows.
- `erasing.erase` takes people out of every version.
- `refresh_interactive` makes the files that large tables are read from quickly, after something was published.
- `prepared.prepared` gives what is computed from all customers, from where it was kept; `prepared.refresh` keeps it.

The lake holds no names and no identifiers: a customer is its keyed `pseudonym`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from custinfo.domain.pseudonym import pseudonym
from custinfo.lake.appending import append
from custinfo.lake.batch_kinds import KINDS as BATCH_KINDS
from custinfo.lake.batch_kinds import BatchKind
from custinfo.lake.compaction import Compacted, compact
from custinfo.lake.history import Entry, log
from custinfo.lake.imports import FactBatch, read_batch, write_batch
from custinfo.lake.interactive import refresh as refresh_interactive
from custinfo.lake.manifest import LakeFile, Manifest, newest, read_all
from custinfo.lake.published_tables import TableRow
from custinfo.lake.publishing import BatchRow, EntityVersionRow, publish
from custinfo.lake.row_rules import Known
from custinfo.lake.verification import verify

if TYPE_CHECKING:
    from custinfo.lake.branches import Branches, open_branches
    from custinfo.lake.extracts import extract
    from custinfo.lake.tables import Lake, Late, Tables, is_still, open, open_folder

__all__ = [
    "BATCH_KINDS",
    "BatchKind",
    "BatchRow",
    "Branches",
    "Compacted",
    "EntityVersionRow",
    "Entry",
    "FactBatch",
    "Known",
    "Lake",
    "LakeFile",
    "Late",
    "Manifest",
    "TableRow",
    "Tables",
    "append",
    "compact",
    "extract",
    "is_still",
    "log",
    "newest",
    "open",
    "open_branches",
    "open_folder",
    "pseudonym",
    "publish",
    "read_all",
    "read_batch",
    "refresh_interactive",
    "verify",
    "write_batch",
]


_READERS = {
    "Lake": "tables",
    "Late": "tables",
    "Tables": "tables",
    "is_still": "tables",
    "open": "tables",
    "open_folder": "tables",
    "Branches": "branches",
    "open_branches": "branches",
    "extract": "extracts",
}


def __getattr__(name: str) -> Any:
    """What reads tables, which takes Ibis: a second of import that commands which only write need not wait for."""
    if name in _READERS:
        return getattr(import_module(f"custinfo.lake.{_READERS[name]}"), name)
    raise AttributeError(name)
