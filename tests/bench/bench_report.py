"""The whole monthly report through Papermill against its computing time alone: the same site, the same figures, in turns.

Run: `python tests/bench/bench_report.py [customers]`. One JSON line. `peer` is the time of the figures, warm; `ours` is
a whole build: a new kernel, the imports of the engine and of the drawing libraries, figures, three charts, HTML, PDF,
XLSX, the executed notebook, all of it written to disk and published.

The bar is on the ratio, with the demonstration's size of site. Figures are quick (tenths of a second), and a build
starts a fresh Python process with Ibis and Altair, some seconds whatever the data: that start is nearly all of it,
so the bar says that nothing slow was added to it, not that it is short. A kernel kept warm would remove it. Measured
ratios lay about 19 on two busy cores; the bar leaves room for a machine whose disk is slower than its processor.
"""

import json
import random
import shutil
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from custinfo import lake
from custinfo.domain import codelists
from custinfo.domain.periods import Month
from custinfo.reports import build
from custinfo.reports.kinds import monthly
from custinfo.store.site import Site
from tests.reports import sites

ROUNDS = 3
BAR = 30
PERIOD = Month(2026, 10)
LINES_PER_CUSTOMER = 60


def main() -> None:
    """Print the JSON line."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        site = sites.site(Path(folder) / "site")
        sites.publish(site, *_data(customers))
        expected = _figures(site)
        ours, peer = [], []
        for _ in range(ROUNDS):
            seconds, sha256 = _timed(lambda: _build(site))
            ours.append(seconds)
            seconds, again = _timed(lambda: _figures(site))
            peer.append(seconds)
            if not sha256 == again == expected:
                sys.exit("the two sides did not do the same work")
    ratio = min(ours) / min(peer)
    line = {"name": "monthly_report", "ours": round(min(ours), 3), "peer": round(min(peer), 3), "unit": "s"}
    print(json.dumps(line | {"ratio": round(ratio, 2), "bar": BAR, "holds": ratio <= BAR}))


def _data(customers: int) -> tuple[list[dict[str, str]], list[sites.Line]]:
    seeded = random.Random(20261031)
    regions = [row.code for row in codelists.load("region").rows if row.level == "county"]
    industries = [row.code for row in codelists.load("industry").rows if row.level == "class"]
    owners = [row.code for row in codelists.load("ownership").rows]
    known = [
        {"ownership": seeded.choice(owners), "region": seeded.choice(regions), "industry": seeded.choice(industries)}
        for _ in range(customers)
    ]
    first = date(2024, 5, 1)
    lines = [
        (
            f"c{number}",
            seeded.choices(["sale", "payment", "return"], [60, 35, 5])[0],
            (first + timedelta(seeded.randrange(910))).isoformat(),
            int(seeded.paretovariate(1.2) * 1_000_00),
        )
        for number in range(1, customers + 1)
        for _ in range(LINES_PER_CUSTOMER)
    ]
    return known, lines


def _build(site: Site) -> str:
    shutil.rmtree(site.reports, ignore_errors=True)
    return build.build(site, "monthly", str(PERIOD)).figures_sha256


def _figures(site: Site) -> str:
    return monthly.figures(lake.open(site), PERIOD, site.zone).sha256


def _timed(work):  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    main()
