"""Monthly reports, warm and by the batch, against their own computing time and against Papermill and nbconvert as they are.

Run: `python -m tests.bench.bench_report [customers [reports]]`. Three JSON lines:

- `monthly_report`: CPU seconds of a whole build in a warm worker (figures, charts, HTML, PDF, XLSX, executed notebook,
  published) against `peer`, the same figures, charts and files made in this process, warm too.
- `regional_reports`: CPU seconds of a batch of regional reports on two warm workers, their start included, against as
  many runs of the same notebook by Papermill's own engine (a kernel each) and nbconvert to HTML, two at a time, whose
  imports are paid once. By the clock, in turns, both are printed as well.
- `report_html`: the largest HTML page of them, in bytes.
"""

import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from custinfo.domain import codelists
from custinfo.domain.periods import Month
from custinfo.reports import batch, build, known, places
from custinfo.reports.build import Order
from custinfo.reports.worker import Worker
from custinfo.store.site import Site
from tests.reports import sites

ROUNDS = 5
WARM_BAR, BATCH_BAR, HTML_BAR = 1.5, 4.0, 300_000
PERIOD = Month(2026, 10)
LINES_PER_CUSTOMER = 60


def main() -> None:
    """Print the JSON lines."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    reports = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    with tempfile.TemporaryDirectory() as folder:
        site = sites.site(Path(folder) / "site")
        sites.publish(site, *_data(customers))
        _warm(site)
        _batch(site, reports, Path(folder))


def _warm(site: Site) -> None:
    def builds(number: int) -> None:
        with Worker(site) as worker:
            for _ in range(number):
                shutil.rmtree(site.reports, ignore_errors=True)
                build.build(site, "monthly", str(PERIOD), worker=worker)

    once, often = _cpu(lambda: builds(2))[0], _cpu(lambda: builds(2 + ROUNDS))[0]
    os.environ[places.HOME] = str(site.home)
    _files()
    peer = _cpu(lambda: [_files() for _ in range(ROUNDS)])[0] / ROUNDS
    _print("monthly_report", (often - once) / ROUNDS, peer, "CPU s", WARM_BAR)


def _files() -> None:
    from custinfo.reports.kinds import monthly

    monthly.open(str(PERIOD)).files()


def _batch(site: Site, reports: int, folder: Path) -> None:
    orders = _orders(site)[:reports]

    def ours() -> None:
        shutil.rmtree(site.reports, ignore_errors=True)
        faults = [one.fault for one in batch.make(site, orders) if one.fault]
        if faults:
            sys.exit(str(faults[0]))

    (cpu, clock), (peer_cpu, peer_clock) = _cpu(ours), _cpu(lambda: _peers(site, orders, folder))
    more = {"reports": len(orders), "clock": round(clock, 1), "peer_clock": round(peer_clock, 1)}
    _print("regional_reports", cpu, peer_cpu, "CPU s", 1 / BATCH_BAR, faster=round(peer_cpu / cpu, 1), **more)
    size = max(page.stat().st_size for page in site.reports.rglob("*.html"))
    _print("report_html", size, HTML_BAR, "B", 1.0)


def _orders(site: Site) -> list[Order]:
    """Regional reports in both languages, one province after the other."""
    return [
        order
        for language in ("zh-CN", "en")
        for order in batch.of_regions(site, "monthly", {"period": str(PERIOD), "as_of": None, "language": language})
    ]


def _peers(site: Site, orders: list[Order], folder: Path) -> None:
    os.environ[places.HOME] = str(site.home)
    os.environ["PYTHONPATH"] = str(places.PROJECT)
    work = [
        (str(known.check(order.name)), order.given, str(folder / f"peer-{n}.ipynb")) for n, order in enumerate(orders)
    ]
    # Processes of their own, as children of which the kernels are counted
    with multiprocessing.get_context("spawn").Pool(batch.WORKERS) as pool:
        pool.starmap(_peer, work, chunksize=1)
        pool.close()
        pool.join()


def _peer(notebook: str, given: dict[str, str], target: str) -> None:
    """Papermill and nbconvert as they come. The notebook saves its files too, as it does for us."""
    import papermill
    from nbconvert import HTMLExporter

    with tempfile.TemporaryDirectory() as files:
        os.environ[places.OUTPUT] = files
        papermill.execute_notebook(notebook, target, parameters=given, progress_bar=False)
    page, _ = HTMLExporter().from_filename(target)
    Path(target).with_suffix(".html").write_text(page, "utf-8")


def _cpu(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process and of its children that have ended; seconds by the clock."""
    begun, start = _spent(), time.perf_counter()
    work()
    return _spent() - begun, time.perf_counter() - start


def _spent() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _print(name: str, ours: float, peer: float, unit: str, bar: float, **more: object) -> None:
    ratio = ours / peer
    line = {"name": name, "ours": round(ours, 3), "peer": round(peer, 3), "unit": unit, "ratio": round(ratio, 3)}
    print(json.dumps(line | {"bar": bar, "holds": ratio <= bar} | more), flush=True)


def _data(customers: int) -> tuple[list[dict[str, str]], list[sites.Line]]:
    seeded = random.Random(20261031)
    regions = [row.code for row in codelists.load("region").rows if row.level == "county"]
    industries = [row.code for row in codelists.load("industry").rows if row.level == "class"]
    owners = [row.code for row in codelists.load("ownership").rows]
    known_of = [
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
    return known_of, lines


if __name__ == "__main__":
    main()
