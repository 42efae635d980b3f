"""Small sites with a lake whose every number can be checked by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from custinfo import lake
from custinfo.lake import files, schema
from custinfo.store.site import Site

RECORDED = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 1, 1, 2, 3, 456789, tzinfo=UTC)

CUSTOMERS: Sequence[Mapping[str, str]] = (
    {"customer_type": "enterprise", "ownership": "joint_stock", "region": "440106", "industry": "3911"},
    {"customer_type": "enterprise", "ownership": "joint_stock", "region": "440305", "industry": "3911"},
    {"customer_type": "enterprise", "ownership": "state", "region": "110101", "industry": "0111"},
    {"customer_type": "enterprise", "ownership": "state", "region": "110105", "industry": "011"},
    {"customer_type": "enterprise", "ownership": "collective", "region": "320102", "industry": "6110"},
    {"customer_type": "enterprise", "ownership": "joint_stock", "region": "440100", "industry": "3911"},
    {"customer_type": "individual", "region": "999999"},
    {"customer_type": "individual"},
)
"""c1 … c8: Guangdong 3, Beijing 2, Jiangsu 1, one code that no list has, one not stated."""

Line = tuple[str, str, str, int]
SALES: Sequence[Line] = (
    # customer, kind, day, fen
    ("c1", "sale", "2026-10-05", 700_000_00),
    ("c2", "sale", "2026-10-31", 200_000_00),
    ("c3", "sale", "2026-10-01", 100_000_05),
    ("c3", "return", "2026-10-20", 5),
    ("c4", "sale", "2026-09-30", 50_000_00),
    ("c4", "payment", "2026-10-08", 30_000_00),
    ("c5", "sale", "2025-11-01", 10_000_00),
    ("c6", "sale", "2025-10-31", 800_000_00),  # the day before the grading window of October 2026
    ("c7", "sale", "2026-03-01", 100_00),
    ("c7", "return", "2026-03-02", 100_00),
    ("c1", "sale", "2026-11-01", 999_00),  # after the period
)
"""October 2026: sales 1,000,000.05, returns 0.05, net 1,000,000.00; September 50,000.00; October 2025 800,000.00."""


def site(home: Path, *, name: str = "东方样本贸易有限公司", demo: bool = True) -> Site:
    """An empty site."""
    return Site.create(home, name=name, demo=demo)


def publish(
    place: Site,
    customers: Sequence[Mapping[str, str]] = CUSTOMERS,
    sales: Sequence[Line] = SALES,
    *,
    now: datetime = PUBLISHED,
    batch: str = "b1",
) -> None:
    """The next version of the lake with these customers (c1, c2 …) and one more batch of sales."""
    recorded = now - (PUBLISHED - RECORDED)
    rows = [lake.EntityVersionRow(n, f"c{n}", 1, recorded, values) for n, values in enumerate(customers, start=1)]
    key = place.secret("pseudonym")
    lines = [
        {
            "customer_key": lake.pseudonym(key, customer), "line_no": str(number), "kind": kind,
            "occurred_on": date.fromisoformat(day), "product": None, "quantity": None, "amount_fen": fen,
            "batch_id": batch, "recorded_at": recorded.replace(tzinfo=None),
        }
        for number, (customer, kind, day, fen) in enumerate(sales, start=1)
    ]  # fmt: skip
    path = f"sales/{batch}.parquet"
    (place.lake / "sales").mkdir(parents=True, exist_ok=True)
    count = schema.write(place.lake / path, schema.SALES, [pa.RecordBatch.from_pylist(lines, schema=schema.SALES)])
    file = lake.LakeFile("sales", path, files.sha256(place.lake / path), count)
    lake.publish(place, rows, [lake.BatchRow(batch, recorded, file)], lambda: now)


def later(days: int) -> datetime:
    """A moment after the first publishing."""
    return PUBLISHED + timedelta(days=days)


def nothing_withheld(*_given: object) -> dict[str, object]:
    """In the place of `outside_issues.given`, where building is left out: the outside edition is as the inside one."""
    return {"beside": {}, "against": []}
