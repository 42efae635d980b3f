"""Rows of the lake that leave the system: of enough customers, by who may take them, on the register of exports."""

from collections.abc import Callable

import ibis.expr.types as ir
import pyarrow as pa

from custinfo import lake
from custinfo.actions import export_register
from custinfo.actions import lake as published
from custinfo.domain.consent import Tier
from custinfo.domain.people import Person
from custinfo.store import Store

WHAT, PURPOSE = "lake_extract", "analysis"
"""The purpose is the one that the lake is opened for: who may not be used for it is not in its tables."""


def hand_out(
    store: Store,
    actor: Person,
    opened: lake.Tables,
    rows: ir.Table,
    write: Callable[[pa.Table], bytes],
    *,
    name: str,
) -> bytes:
    """The file that `write` makes of `rows`, a table with `customer_key`; `name` says which list it is.

    Raises NotAllowed for who may not read the lake, or takes nothing out without identities, and for too few customers
    (`lake.extract`).
    """
    published.check_may_read(actor)
    export_register.check_tier(actor, Tier.PSEUDONYMOUS)
    taken = lake.extract(opened, rows)
    file = write(taken)
    with store.act(actor.person_id, "lake.extract", "lake", name) as tx:
        export_register.note(
            tx, store, actor, what=WHAT, object_id=name, format="csv", rows=taken.num_rows, columns=taken.column_names,
            tier=Tier.PSEUDONYMOUS, purpose=PURPOSE, data=file,
        )  # fmt: skip
    return file
