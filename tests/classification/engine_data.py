"""Rows for the comparison of engines: ties, zeros, NULLs, amounts below zero and of 10^15 fen, days on the very edge."""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from custinfo.classification.value_grade import window_start

DAY, EARLIER = date(2026, 9, 30), date(2026, 6, 30)
MANY = 10**15
KEYS = [f"K{n:02d}" for n in range(1, 41)]
AMOUNTS = (0, 1, 100, 100, 100, 12_345, 12_346, -5, 10**12 + 1, MANY, MANY)
EDGES = [edge for day in (DAY, EARLIER) for edge in (day, day + timedelta(days=1), window_start(day, 12),
         window_start(day, 12) - timedelta(days=1), window_start(day, 24))]  # fmt: skip

Row = dict[str, Any]
_KINDS = {"_on": pa.date32(), "_at": pa.timestamp("us"), "_fen": pa.int64()}
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("staff", "quantity", "importance", "urgency", "feasibility", "figure", "frequency"), pa.int64()),
    **dict.fromkeys(("event_number", "probability"), pa.int64()),
    **dict.fromkeys(("recency_days", "overdue_days", "birth_year", "income_year", "points"), pa.int64()),
    **dict.fromkeys(("version", "rule_version", "last_level"), pa.int32()),
    "defaulted": pa.bool_(),
    **dict.fromkeys(("valid_from", "valid_to", "valid_until", "on"), pa.date32()),
    "rating": pa.int64(),
}


def _typed(rows: list[Row]) -> pa.Table:
    def kind(name: str) -> pa.DataType:
        if any(isinstance(row[name], str) for row in rows):
            return pa.string()
        return _TYPES.get(name) or next((kind for end, kind in _KINDS.items() if name.endswith(end)), pa.string())

    return pa.Table.from_pylist(rows, schema=pa.schema([(name, kind(name)) for name in rows[0]]))


def _days(pick: random.Random) -> date:
    return pick.choice(EDGES) if pick.random() < 0.3 else DAY - timedelta(days=pick.randrange(-20, 800))


def _at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour))


def _customers(pick: random.Random) -> Iterator[Row]:
    for key in KEYS:
        yield {
            "customer_key": key, "version": 1,
            "recorded_at": _at(pick.choice((*EDGES, DAY.replace(year=2025))), pick.choice((0, 23))),
            "customer_type": pick.choice(("enterprise", "individual", "", None)),
            "ownership": pick.choice(("state", "collective", "110", "111", "no such", "", None)),
            "region": pick.choice(("350102", "350000", "110101", "999999", "", None)),
            "industry": pick.choice(("C", "17", "1711", "5211", "J", "no such", "", None)),
            "kind": pick.choice(("company", "government", "公司", "", None)),
            "location_type": pick.choice(("residential", "other", None)),
            "market_position": pick.choice(("leader", "follower", "no such", None)),
            "staff": pick.choice((0, 9, 10, 300, 1000, -1, None)),
            "registered_capital_fen": pick.choice((0, 1, 9 * MANY, None)),
            "revenue_fen": pick.choice((0, 50 * 10**6, 300 * 10**6, MANY, -1, None)),
            "assets_fen": pick.choice((0, 10**11, MANY, None)),
            "income_fen": pick.choice((0, -100, 10**7, MANY, None)),
            "income_year": pick.choice((2025, 2026, 2027, None)),
            "birth_year": pick.choice((1896, 1960, 1996, 2008, 2027, None)),
            "enterprise_type": pick.choice(("111", "112", "110", "900", "no such", "", None)),
        }  # fmt: skip


def _sales(pick: random.Random) -> Iterator[Row]:
    # The last four never bought; somebody else bought who is not among the customers
    kinds = ("sale", "sale", "sale", "return", "payment", "payment")
    for _ in range(600):
        amount = pick.choice(AMOUNTS)
        yield {
            "customer_key": pick.choice((*KEYS[:-4], "unknown")), "kind": pick.choice(kinds), "occurred_on": _days(pick),
            "product": pick.choice(("茶", "Tea", "ぜ", "", None)), "quantity": pick.choice((None, 0, 1, 7)),
            "amount_fen": amount, "cost_fen": pick.choice((None, 0, amount // 2, amount)),
            "area": pick.choice(("north", "南", "", None)),
        }  # fmt: skip
    alike = {"kind": "sale", "product": "茶", "quantity": 1, "cost_fen": 1, "area": None}
    for key in KEYS[:4]:
        yield {"customer_key": key, "occurred_on": DAY, "amount_fen": 50 * MANY, **alike}


def _demands(pick: random.Random) -> Iterator[Row]:
    rating = (None, 0, 1, 3, 3, 5, 6)
    for n in range(60):
        yield {
            "demand_number": f"D{n:02d}", "demand_key": f"D{n:02d}", "customer_key": pick.choice((*KEYS, None)),
            "importance": pick.choice(rating), "urgency": pick.choice(rating), "feasibility": pick.choice(rating),
            "stage": pick.choice(("open", "done", "", None)), "occurred_on": _days(pick),
        }  # fmt: skip


def _documents(pick: random.Random) -> Iterator[Row]:
    kinds = ("order", "cancellation", "delivery", "delivery_reversal", "invoice", "invoice_cancelled", "credit_note",
             "payment", "refund")  # fmt: skip
    for n in range(150):
        yield {
            "customer_key": pick.choice(KEYS[:12]), "document": f"N{n:03d}", "kind": pick.choice(kinds),
            "reference": pick.choice((None, f"N{n // 5 * 5:03d}")), "occurred_on": _days(pick),
            "amount_fen": pick.choice((1, 100, 100, 12_345, MANY)),
        }  # fmt: skip


def _orders(pick: random.Random) -> Iterator[Row]:
    sums = (0, 1, 100, 100, 12_345, MANY)
    for _ in range(150):
        amounts = {name: pick.choice(sums) for name in ("amount_fen", "delivered_fen", "invoiced_fen")}
        yield {"customer_key": pick.choice(KEYS[:12]), "occurred_on": _days(pick), **amounts}


def _owed(pick: random.Random) -> Iterator[Row]:
    for n in range(80):
        day = _days(pick)
        yield {
            "customer_key": pick.choice(KEYS[:10]), "document": f"I{n:02d}", "invoiced_on": day,
            "due_on": pick.choice((None, day, day + timedelta(days=30))),
            "amount_fen": pick.choice((0, -1, 100, 100, 12_345, MANY)),
        }  # fmt: skip


def _paid(pick: random.Random) -> Iterator[Row]:
    for n in range(60):
        yield {
            "customer_key": pick.choice(KEYS[:11]), "document": f"P{n:02d}", "paid_on": _days(pick),
            "amount_fen": pick.choice((0, -1, 99, 100, 12_345, MANY)),
        }  # fmt: skip


def _features(pick: random.Random) -> Iterator[Row]:
    for n, key in enumerate(KEYS):
        large = n % 2
        yield {
            "customer_key": key, "recency_days": pick.choice((None, 1, 400 - 390 * large)),
            "frequency": pick.choice((1, 40 * large)), "monetary_fen": pick.choice((None, -5, MANY if large else 100)),
            "ownership": pick.choice(("state", None)), "province": "35" if large else "11",
            "section": pick.choice(("", "C")), "lifecycle": "active" if large else "lapsed",
        }  # fmt: skip


def _matches(pick: random.Random) -> Iterator[Row]:
    what = ("found", "found", "found_again", "different", "later", "said", "merged", "merged_by_rule", "undone")
    for n in range(120):
        event = "found" if n < 30 else pick.choice(what)
        found = event.startswith("found")
        left = n % 30 if n < 60 else pick.randrange(38)
        yield {
            "customer_key": KEYS[left], "other_key": KEYS[left + 1], "event_number": n, "event": event,
            "band": pick.choice(("automatic", "review")) if found else None,
            "probability": pick.choice((500_000, 900_000, 999_999)) if found else None,
            "evidence": pick.choice(("name phone", "name", "", "address name")) if found else None,
            "source": pick.choice(("entry", "batch")) if found else None, "recorded_at": _at(_days(pick), n % 24),
        }  # fmt: skip


def _evaluations(pick: random.Random) -> Iterator[Row]:
    for n in range(150):
        yield {
            "customer_key": KEYS[n % 30], "evaluation": f"E{n // 3:02d}", "version": n % 2 + 1,
            "evaluated_on": pick.choice((EARLIER, DAY, DAY + timedelta(days=1))).isoformat(),
            "department": pick.choice(("销售部", "Service", "")), "item": pick.choice(("trust", "funds", "all")),
            "rating": pick.choice((100, 149, 150, 250, 350, 450, 500, None)), "recorded_at": _at(EARLIER, n % 24),
        }  # fmt: skip


def _surveyed(pick: random.Random) -> Iterator[Row]:
    for n in range(160):
        yield {
            "customer_key": pick.choice((*KEYS[:20], None)), "respondent": f"S{n // 4:02d}", "version": n % 2 + 1,
            "form_id": pick.choice(("satisfaction_survey", "satisfaction_survey", "complaint")),
            "variable": ("overall", "price")[n // 2 % 2], "value": pick.choice(("1", "3", "5", "", "x")),
            "recorded_at": _at(pick.choice((EARLIER, DAY)), 12),
        }  # fmt: skip


def _decisions(pick: random.Random) -> Iterator[Row]:
    for n in range(160):
        # An override of each decision, of which many are recorded at once
        yield {
            "customer_key": KEYS[n // 2 % 30], "kind": ("decision", "override")[n % 2], "decision": f"R{n // 2:02d}",
            "valid_until": ("", pick.choice((EARLIER, DAY)).isoformat())[n % 2],
            "grade": pick.choice(("A", "B", "C", None)), "points": (None, 100 * n)[n % 3 > 0],
            "recorded_at": _at(pick.choice((EARLIER, DAY)), 12),
        }  # fmt: skip


def _marks(pick: random.Random) -> Iterator[Row]:
    for n in range(60):
        yield {
            "customer_key": pick.choice(KEYS), "mark_id": f"M{n // 3:02d}", "version": n % 3 + 1,
            "mark": pick.choice(("key_account", "partner", "no such")), "recorded_at": _at(EARLIER, n % 3 // 2),
            "from_on": pick.choice((EARLIER, DAY, DAY + timedelta(days=1))).isoformat(),
            "ended_on": pick.choice(("", DAY.isoformat(), "2026-12-31")),
        }  # fmt: skip


_SMALL: Mapping[str, Callable[[random.Random], list[Row]]] = {
    "credit": lambda pick: [
        {"customer_key": key, "grade": pick.choice(("A", "B", "C", "D", "E", None)), "rule_version": 1}
        for key in KEYS[::2]
    ],
    "items": lambda pick: [
        {"customer_key": key, "document": f"O{n:02d}", "grade": pick.choice(("A", "C", "no such", None)),
         "overdue_days": pick.choice((0, 1, 30, 30, 91, 400)), "dunned_fen": pick.choice((0, 100, 10**6, 10**6, MANY))}
        for n, key in enumerate(KEYS)
    ],
    "accounts": lambda pick: [
        {"customer_key": key, "grade": pick.choice(("A", "B", "E", "no such", None)),
         "capital_fen": pick.choice((None, 0, -1, 9_999, 10_001, 9 * MANY)),
         "sales_fen": pick.choice((None, 0, -1, 9_999, 12_345_678, 9 * MANY))}
        for key in KEYS
    ],
    "deliveries": lambda pick: [
        {"document": f"L{n:02d}", "delivered_on": pick.choice((*EDGES, date(2024, 1, 31), date(2025, 12, 31), None)),
         "terms": pick.choice(("net_30", "net_90", "prepaid", "no such", None)),
         "agreed_due_on": pick.choice((None, None, DAY))}
        for n in range(60)
    ],
    "judged": lambda pick: [
        {"customer_key": key, "grade": pick.choice(("A", "B", None)), "defaulted": pick.choice((True, False, None))}
        for key in KEYS
    ],
    "survey_reviews": lambda pick: [
        {"respondent": f"S{n // 2:02d}", "version": n % 2 + 1, "event_number": n,
         "state": pick.choice(("rejected", "approved"))}
        for n in range(40)
    ],
    "rated": lambda pick: [{"customer_key": key, "grade": pick.choice(("A", "B", "C"))} for key in KEYS[10:]],
    "overdue": lambda pick: [{"customer_key": key, "overdue_fen": pick.choice((0, 10**6, MANY))} for key in KEYS],
    "occasions": lambda pick: [
        {"customer_key": key, "what": pick.choice(("birthday", "合同")), "on": date(2026, 10, pick.choice((1, 31)))}
        for key in KEYS * 2
    ],
    "service_events": lambda pick: [
        {"customer_key": pick.choice(KEYS), "occurred_at": _at(_days(pick), pick.choice((0, 23)))} for _ in range(80)
    ],
}  # fmt: skip

_LARGE: Mapping[str, Callable[[random.Random], Iterator[Row]]] = {
    "customers": _customers, "sales": _sales, "demands": _demands, "documents": _documents, "orders": _orders,
    "invoices": _owed, "paid": _paid, "features": _features, "decisions": _decisions, "mark_versions": _marks, "matches": _matches,
    "evaluations": _evaluations, "surveyed": _surveyed,
}  # fmt: skip


@cache
def tables() -> Mapping[str, pa.Table]:
    """Every table by its name, the same in each run."""
    rows = {name: make(random.Random(name)) for name, make in (_LARGE | _SMALL).items()}
    return {name: _typed(list(found)) for name, found in rows.items()}


def write(folder: Path, found: Mapping[str, pa.Table]) -> None:
    """Each table twice: `<name>.parquet` as it stands, and in another order in `<name>-1`, -2 and -3, one of them empty."""
    for name, table in found.items():
        pq.write_table(table, folder / f"{name}.parquet")
        places = list(range(table.num_rows))
        random.Random(name).shuffle(places)
        cut = len(places) // 3
        for number, part in enumerate((places[:cut], [], places[cut:]), start=1):
            pq.write_table(table.take(pa.array(part, pa.int64())), folder / f"{name}-{number}.parquet")
