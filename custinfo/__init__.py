"""custinfo: know your customers. See docs/architecture.md for what stands where."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from custinfo.lake import Lake

# A checker of international web addresses that jsonschema loads when it can: two seconds at each start, never used here
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def open(lake: "str | Path | None" = None, *, as_of: "datetime | None" = None) -> "Lake":
    """The lake's tables for an analyst's notebook: `lake` is its folder, or CUSTINFO_LAKE says where it is.

    It takes no more than the right to read that folder. Raises WrongState when nothing is published there, NotFound
    when nothing was by `as_of`, SiteFault when no folder is named or a file is missing.
    """
    import os
    from pathlib import Path

    from custinfo.domain.errors import SiteFault
    from custinfo.lake import open_folder

    folder = lake or os.environ.get("CUSTINFO_LAKE")
    if not folder:
        raise SiteFault("lake.no_folder")
    return open_folder(Path(folder), as_of=as_of)
