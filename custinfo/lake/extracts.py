"""Handing out rows: never of so few customers that one of them could be told from what the rows say."""

import json
from collections import Counter

import ibis.expr.types as ir
import pyarrow as pa

from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotAllowed
from custinfo.lake.branches import SEPARATOR
from custinfo.lake.tables import Late, Tables

KEY = "customer_key"
_LATE = b"custinfo.late"


def extract(opened: Tables, selection: ir.Table) -> pa.Table:
    """The rows of `selection`, an expression over the tables of `opened` with the column `customer_key`.

    Branches whose data are late are named with the rows: in the metadata of their schema, which `late` reads.

    NULL is no customer, and a customer with many rows is one. Of many branches only the customers of one of them count,
    of the one that has most: a company that deals with all of them is a customer of each, and nobody can tell.

    Raises NotAllowed when there are fewer than `opened.smallest_group` customers in it, in the same words for none: a
    refusal does not say whether anybody is like that. BadInput when the selection has no `customer_key`: then nobody
    can say how many customers it is about.
    """
    if KEY not in selection.columns:
        raise BadInput("lake.extract_key", column=KEY)
    # Counted on the rows that are handed out: asked twice, an engine may give two answers to a question with a LIMIT
    rows: pa.Table = selection.to_pyarrow()
    keys = rows[KEY].drop_null().unique().to_pylist()
    by_branch = Counter(key.rpartition(SEPARATOR)[0] for key in keys)
    if max(by_branch.values(), default=0) < opened.smallest_group:
        raise NotAllowed("lake.extract_small", k=opened.smallest_group)
    if not opened.late:
        return rows
    told = [{"branch": one.branch, "due": one.due, "published_at": one.published_at} for one in opened.late]
    stamped = json.dumps(told, ensure_ascii=False, default=clock.stamp)
    return rows.replace_schema_metadata({**(rows.schema.metadata or {}), _LATE: stamped.encode()})


def late(rows: pa.Table) -> tuple[Late, ...]:
    """The branches whose data are missing in rows of `extract`, also when they were kept as Parquet and read again."""
    told = json.loads((rows.schema.metadata or {}).get(_LATE, b"[]"))
    return tuple(
        Late(one["branch"], clock.parse(one["due"]), clock.parse(one["published_at"]) if one["published_at"] else None)
        for one in told
    )
