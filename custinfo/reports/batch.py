"""Many reports at once: two warm workers take the orders one after the other, each of them starts once.

An order that fails does not stop the others. Each report is published by itself as soon as it is built, all of it or
nothing, so a batch that was killed is carried on by ordering it again: what is there already is only compared.
"""

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from custinfo.domain.errors import CustinfoError
from custinfo.reports import build, parameters
from custinfo.reports.build import Built, Order
from custinfo.reports.worker import Worker
from custinfo.store.site import Site

WORKERS = 2
"""So many processes at once; each may take up to a processor and a report's memory."""


@dataclass(frozen=True)
class Outcome:
    """What became of an order: the report, or what was wrong."""

    order: Order
    built: Built | None = None
    fault: CustinfoError | None = None


def of_regions(site: Site, name: str, given: Mapping[str, str | None]) -> list[Order]:
    """The orders of a report for each province, of the same moment. Raises as `build.build` does, BadInput for a report
    that is not made of a province.
    """
    parameters.read(name, {**given, parameters.REGION: ""})  # whether it is made of provinces at all
    order = build.ordered(site, name, dict(given))
    return [order.of_region(region) for region in parameters.provinces()]


def make(site: Site, orders: Sequence[Order]) -> Iterator[Outcome]:
    """Build and publish the orders; gives each outcome when it is there, in no order.

    Who stops asking stops the batch: what runs then is ended, and nothing of it is published.
    """
    waiting: queue.SimpleQueue[Order] = queue.SimpleQueue()
    for order in orders:
        waiting.put(order)
    done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
    workers = [Worker(site) for _ in range(min(WORKERS, len(orders)))]
    threads = [threading.Thread(target=_work, args=(site, worker, waiting, done)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        for _ in orders:
            found = done.get()
            if isinstance(found, BaseException):
                raise found
            yield found
    finally:
        _empty(waiting)
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()


def _work(
    site: Site, worker: Worker, waiting: "queue.SimpleQueue[Order]", done: "queue.SimpleQueue[Outcome | BaseException]"
) -> None:  # fmt: skip
    """Take orders until none is left. The worker is started in this thread, for it goes when its thread goes."""
    try:
        with worker:
            while True:
                order = waiting.get_nowait()
                try:
                    done.put(Outcome(order, built=build.make(site, order, worker)))
                except CustinfoError as fault:
                    done.put(Outcome(order, fault=fault))
    except queue.Empty:
        pass
    except BaseException as fault:  # a defect: it is raised where the batch was asked for
        done.put(fault)


def _empty(waiting: "queue.SimpleQueue[Order]") -> None:
    while not waiting.empty():
        waiting.get_nowait()
