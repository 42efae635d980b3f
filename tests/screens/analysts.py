"""A lake for the analysts' screens: 120 customers with two years of sales, and demands; made once for each process."""

from datetime import date, timedelta
from functools import cache
from random import Random

from custinfo import lake
from custinfo.lake import published_tables
from tests.reports import sites

CUSTOMERS = 120
LAST = date(2026, 10, 31)
REGIONS = ("440106", "110101", "320102", "999999", "")
DEMANDS = (
    # number, version, stage, importance, urgency, feasibility
    ("D000001", 1, "collected", 5, 5, 4),
    ("D000002", 1, "collected", 5, 4, 2),
    ("D000003", 1, "collected", 2, 2, 2),
    ("D000003", 2, "answered", 1, 2, 5),
    ("D000004", 1, "collected", None, 4, 4),
)


MATCHES = {
    # class: what became of how many pairs; six of each are found in every month from June on
    "automatic": {"merged_by_rule": 18, "undone": 6},
    "review": {"merged": 12, "different": 6, "waiting": 6, "later": 6},
}
"""54 pairs of customers."""


def sales() -> list[sites.Line]:
    """Customers who buy at a rate of their own until they stay away; some lines are returns."""
    pick = Random(11)
    lines: list[sites.Line] = []
    for number in range(1, CUSTOMERS + 1):
        rate, left = 4 + pick.random() * 40, pick.random() * 0.06
        mean = 10 ** pick.uniform(4.5, 5.5)
        day = LAST - timedelta(days=pick.randrange(60, 700))
        while day <= LAST:
            kind = "return" if lines and pick.random() < 0.05 else "sale"
            lines.append((f"c{number}", kind, day.isoformat(), int(mean * pick.uniform(0.5, 1.5))))
            if pick.random() < left:
                break
            day += timedelta(days=max(1, round(pick.expovariate(1 / (365 / rate)))))
    return lines


def cards() -> list[dict[str, str]]:
    """Enterprises and individuals, some with fields missing, on no list, or of the wrong type."""
    pick = Random(3)
    found = []
    for number in range(CUSTOMERS):
        person = number % 4 == 0
        card = {"customer_type": "individual" if person else "enterprise", "region": pick.choice(REGIONS)}
        if not person or number % 16 == 0:
            card |= {"ownership": pick.choice(("state", "joint_stock", "")), "industry": pick.choice(("3911", "0111"))}
        found.append({name: value for name, value in card.items() if value})
    return found


def matches(key: bytes) -> list[lake.TableRow]:
    """Events of MATCHES, the pairs in an order of their own; by `key` customers have their pseudonyms."""
    ways = [(band, way) for band, ends in MATCHES.items() for way, pairs in ends.items() for _ in range(pairs)]
    found: list[lake.TableRow] = []
    for place, (band, way) in enumerate(ways):
        low, high = (lake.pseudonym(key, f"c{2 * place + side}") for side in (1, 2))
        day = sites.RECORDED - timedelta(days=30 * (place % 6))
        steps = {"undone": ["merged_by_rule", "undone"], "waiting": []}.get(way, [way])
        for event in ("found", *steps):
            seen = event == "found"
            row = {
                "customer_key": low, "other_key": high, "event_number": len(found) + 1, "event": event,
                "band": band if seen else None, "probability": (990_000 if place % 2 else 600_000) if seen else None,
                "evidence": ("name phone" if place % 3 else "") if seen else None,
                "source": ("page" if place % 2 else "batch") if seen else None,
                "rule_version": 1 if seen else None, "recorded_at": day,
            }  # fmt: skip
            found.append(lake.TableRow(len(found) + 1, row))
    return found


@cache
def place(home):
    """The site in `home`, published."""
    made = sites.site(home)
    sites.publish(made, cards(), sales())
    source = [
        lake.TableRow(
            seq,
            dict.fromkeys(published_tables.TABLES["demands"].columns.names)
            | {
                "customer_key": None, "demand_number": number, "version": version, "kind": "need", "stage": stage,
                "importance": importance, "urgency": urgency, "feasibility": feasibility,
                "recorded_at": sites.RECORDED,
            },
        )
        for seq, (number, version, stage, importance, urgency, feasibility) in enumerate(DEMANDS, start=1)
    ]  # fmt: skip
    lake.publish(
        made, [], [], lambda: sites.later(1), tables={"demands": source, "matches": matches(made.secret("pseudonym"))}
    )
    return made
