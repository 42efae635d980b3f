"""Whose rows the lake's readers leave out: who withdrew, objected, or was not told yet. One file, replaced whole.

It is the service's word to readers that cannot open the store; a file that cannot be read stops them all. It stands in
the store's layer, since a page writes it, and a page's process loads nothing of the lake.
"""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from custinfo.domain import clock
from custinfo.domain.errors import SiteFault
from custinfo.store import group_read
from custinfo.store.private_files import sync_folder

FILE = "withheld.json"


@dataclass(frozen=True, order=True)
class Withheld:
    """A customer, as the lake knows them, whose rows are not used for `purpose` from the moment `since` on."""

    customer_key: str
    purpose: str
    since: str


def write(lake: Path, rows: Iterable[Withheld]) -> None:
    """Replace the list, in one step. The bytes depend on the rows alone. Raises SiteFault when it cannot be written."""
    text = json.dumps([asdict(row) for row in sorted(rows)], indent=1) + "\n"
    beside = lake / f".{FILE}.{secrets.token_hex(4)}"
    try:
        lake.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        group_read.share(beside)  # analysts leave the same people out
        beside.replace(lake / FILE)
        sync_folder(lake)
    except OSError as fault:
        raise SiteFault("privacy.list_not_written", file=FILE, fault=fault.strerror) from None
    finally:
        beside.unlink(missing_ok=True)


def read(lake: Path) -> tuple[Withheld, ...]:
    """The list; empty when nobody was ever on it. Raises SiteFault when the file is damaged."""
    try:
        content = json.loads((lake / FILE).read_text("utf-8"))
        found = tuple(Withheld(**row) for row in content)
        for row in found:
            clock.parse(row.since)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, AttributeError):
        raise SiteFault("lake.damaged", file=FILE) from None
    return found


def keys(lake: Path, purpose: str, by: datetime) -> list[str]:
    """The customers whose rows are withheld from `purpose` at the moment `by`, as the lake knows them."""
    return sorted({row.customer_key for row in read(lake) if row.purpose == purpose and clock.parse(row.since) <= by})
