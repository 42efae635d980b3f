"""kill -9 at every step of an erasure: the store has the person whole or not at all, and going on ends it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from custinfo import lake
from custinfo.actions import retention
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store
from tests import erasing, factories

ROOT = Path(__file__).parents[2]
MORTAL = """
import os, sys
from custinfo import lake
from custinfo.actions import retention
from custinfo.domain.people import SERVICE
from custinfo.lake import erasing as _, balances
from custinfo.store import Site, Store
from tests.backup_sites import _kill_later

FILES = frozenset({
    "erasing.py", "retention.py", "retention_sources.py", "certificates.py", "database.py", "ledger.py", "anchor.py",
    "manifest.py", "locking.py", "files.py", "publishing.py", "withholding.py", "withheld.py", "approvals.py",
})
for line in sys.stdin:
    home, plan_id, point = line.rstrip("\\n").split("\\t")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        calls = [0]
        if int(point):
            _kill_later(int(point), FILES)
        else:
            def count(frame, event, _):
                calls[0] += event in ("call", "c_call") and frame.f_code.co_filename.rpartition("/")[2] in FILES
            sys.setprofile(count)
        try:
            with Store.open(Site.load(__import__("pathlib").Path(home))) as store:
                retention.carry_out(store, SERVICE, plan_id)
            sys.setprofile(None)
            os.write(writing, str(calls[0]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    said = os.read(reading, 100).decode()
    os.close(reading)
    print(said or "killed", flush=True)
"""


@contextmanager
def mortal() -> Iterator[Callable[[Path, str, int], str]]:
    """Gives a function: carry out the plan, killed at that step (0: not at all); `killed`, or how many steps it took."""
    with subprocess.Popen(
        [sys.executable, "-c", MORTAL], env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        asked, answers = process.stdin, process.stdout
        assert asked and answers

        def run(home: Path, plan_id: str, point: int) -> str:
            print(f"{home}\t{plan_id}\t{point}", file=asked, flush=True)
            return answers.readline().strip()

        yield run


def prepared(folder: Path) -> tuple[Path, str, str, str]:
    """A site with somebody whose erasure was agreed to and marked, and somebody who stays: home, plan and both ids."""
    home = folder / "site"
    with factories.site_with_forms(home) as store:
        staff = erasing.Staff(store)
        planted = factories.card(store, staff.researcher, erasing.CARD)
        stays = factories.card(store, staff.researcher, key="other")
        erasing.sold(store, folder, planted.customer_number)
        plan_id = retention.request(store, SERVICE, planted.customer_id)
        erasing.agree(store, staff, plan_id)
        retention.mark(store, SERVICE, plan_id)
    return home, plan_id, planted.customer_id, stays.customer_id


def kill_erasure(folder: Path, points: int = 120) -> tuple[int, int]:
    """Killed at so many steps, evenly over all of them. Gives how many were tried, and at how many something was lost."""
    home, plan_id, customer_id, stays = prepared(folder)
    lost = 0
    with mortal() as run:
        last = int(run(_copy(home, folder, "whole"), plan_id, 0))
        for number in range(points):
            at = _copy(home, folder, "killed")
            run(at, plan_id, 1 + number * last // points)
            lost += not _whole_or_gone(at, customer_id)
            lost += not _ends(at, plan_id, customer_id, stays)
            shutil.rmtree(at)
    return points, lost


def _copy(home: Path, folder: Path, name: str) -> Path:
    return Path(shutil.copytree(home, folder / name / "site"))


def _whole_or_gone(home: Path, customer_id: str) -> bool:
    with Store.open(Site.load(home)) as store:
        own = "SELECT content FROM record_version JOIN record USING (record_id) WHERE entity_id = ?"
        emptied = {row["content"] == "{}" for row in store.rows(own, [customer_id])}
        entity = store.row("SELECT erased_at FROM entity WHERE entity_id = ?", [customer_id])
        keys = store.rows("SELECT 1 FROM entity_key WHERE entity_id = ?", [customer_id])
        assert entity is not None
        return emptied == {entity["erased_at"] is not None} == {not keys}


def _ends(home: Path, plan_id: str, customer_id: str, stays: str) -> bool:
    with Store.open(Site.load(home)) as store:
        made = retention.carry_out(store, SERVICE, plan_id)
        right = [line.erased for line in made.lines] == [1]
        right &= len(store.rows("SELECT 1 FROM destruction_certificate")) == 1
        right &= store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [stays]) is not None
        right &= store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [customer_id]) is None
        right &= store.verify_audit() == [] and store.rows("SELECT 1 FROM lake_erasing") == []
        site = store.site
    right &= lake.verify(site) > 0
    right &= not any(word.encode() in erasing.decrypted(site) for word in erasing.WORDS)
    return right and not {"SECRET-LINE-1", "SECRET-LINE-2"} & erasing.lake_texts(site)


SWEEPS: dict[str, Callable[[Path], tuple[int, int]]] = {"kill_erasure": kill_erasure}
