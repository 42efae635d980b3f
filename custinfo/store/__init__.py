"""The store: one SQLCipher file that belongs to the service's account; the only door to it.

Reads: `Store.rows`, `Store.row`. Writes: only inside `with store.act(...) as tx`, one transaction with its audit event.
"""

import custinfo.store.bare  # noqa: F401  # isort: skip  # before what imports sqlite_utils
from custinfo.store.database import Store, Tx
from custinfo.store.site import Site

__all__ = ["Site", "Store", "Tx"]
