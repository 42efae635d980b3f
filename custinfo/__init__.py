"""custinfo: know your customers. See docs/architecture.md for what stands where."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ibis.expr.types import Table
    from pandas import DataFrame

    from custinfo.lake import Branches, Lake

# A checker of international web addresses that jsonschema loads when it can: two seconds at each start, never used here
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def open(
    lake: "str | Path | None" = None, *, as_of: "datetime | None" = None, engine: str = "duckdb"
) -> "Lake | Branches":
    """The lake's tables for an analyst's notebook: `lake` is its folder, or CUSTINFO_LAKE says where it is.

    What is opened says what it holds: `describe()` gives the tables, `describe("sales")` what the columns of one mean,
    both in Chinese, or with `language="en"` in English.

    It takes no more than the right to read that folder. A folder with `branches.toml` holds the lakes of branches, and
    all of them are opened. `engine` is `duckdb` or a master of Spark such as `local[*]`. Raises WrongState when nothing
    is published there, NotFound when nothing was by `as_of`, SiteFault when no folder is named or a file is missing.
    """
    import os
    from pathlib import Path

    from custinfo.domain.errors import SiteFault
    from custinfo.lake import branches, open_folder

    folder = lake or os.environ.get("CUSTINFO_LAKE")
    if not folder:
        raise SiteFault("lake.no_folder")
    if (Path(folder) / branches.FILE).is_file():
        return branches.open_branches(Path(folder), as_of=as_of, engine=engine)
    return open_folder(Path(folder), as_of=as_of, engine=engine)


def to_pandas(table: "Table") -> "DataFrame":
    """A small result of the lake as a pandas table. Raises BadInput, in words, when it has more than a million rows."""
    from custinfo.lake import describing

    return describing.to_pandas(table)
