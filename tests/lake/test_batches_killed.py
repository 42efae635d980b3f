"""An import that is killed between file and register, at any step: the register has the whole batch, or nothing of it."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from custinfo import lake
from custinfo.actions import batches
from custinfo.actions import lake as lake_actions
from custinfo.domain.people import SERVICE
from custinfo.lake import erasing
from custinfo.store import Site, Store
from tests.factories import account, card, site_with_forms

HEADER = "customer,line_no,kind,date,product,quantity,amount\n"
FIRST = HEADER + "C000001,0001,sale,2026-10-05,螺栓,10,1.00\nC000001,0002,sale,2026-10-06,螺栓,1,2.00\n"
CORRECTED = HEADER + "C000001,0002,sale,2026-10-06,螺栓,1,2.50\nC000001,0003,sale,2026-10-07,螺栓,1,3.00\n"
BEFORE, AFTER = [100, 200], [100, 250, 300]

KILLED = textwrap.dedent("""
    # For each number that is read, a child imports the file and kills itself at its so-manieth step.
    # argv: the site's folder, the file
    import os, pathlib, signal, sys
    import ibis.backends.duckdb, pandera.ibis  # what the import of a file asks for late: once, not in each child
    import pyarrow.parquet as pq
    from custinfo.actions import batches
    from custinfo.domain.people import SERVICE
    from custinfo.store import Site, Store, Tx

    def step(wrapped):
        def run(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*args, **kwargs)
        return run

    left = [0]
    os.fsync = step(os.fsync)
    pathlib.Path.replace = step(pathlib.Path.replace)
    pathlib.Path.unlink = step(pathlib.Path.unlink)
    pq.ParquetWriter.write_batch = step(pq.ParquetWriter.write_batch)
    pq.ParquetWriter.close = step(pq.ParquetWriter.close)
    Tx.insert = step(Tx.insert)
    Tx.note = step(Tx.note)
    batches.Batch = step(batches.Batch)
    for line in sys.stdin:
        left[0] = int(line)
        child = os.fork()
        if not child:
            file = pathlib.Path(sys.argv[2])
            with Store.open(Site.load(pathlib.Path(sys.argv[1]))) as store:
                batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=file.parent)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
""")


def in_force(site: Site) -> list[int]:
    return sorted(lake.open(site).sales.to_pyarrow()["amount_fen"].to_pylist())


def imported(store: Store, file: Path, content: str) -> batches.Batch:
    file.write_text(content, "utf-8")
    return batches.import_sales(store, SERVICE, file, source="ERP", lawful_basis="contract", errors=file.parent)


def test_killed_at_any_step_a_correction_is_whole_or_not_there(tmp_path: Path) -> None:
    home, file = tmp_path / "site", tmp_path / "sales.csv"
    with site_with_forms(home) as store:
        card(store, account(store))
        imported(store, file, FIRST)
        lake_actions.publish(store, SERVICE)
    file.write_text(CORRECTED, "utf-8")
    site, killed, registered = Site.load(home), 0, 1
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(home), str(file)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        while registered == 1:
            print(killed + 1, file=process.stdin, flush=True)
            status = int(process.stdout.readline())
            assert status in (0, -signal.SIGKILL)
            with Store.open(site) as store:
                registered = len(store.rows("SELECT * FROM batch"))
                if registered == 1:
                    assert status == -signal.SIGKILL, "a run that ends has registered its batch"
                    assert lake_actions.publish(store, SERVICE) is None, "half a batch is never published"
            killed += 1
        process.stdin.close()
    assert killed > 15
    with Store.open(site) as store:
        assert imported(store, file, CORRECTED).already
        known = [row["lake_path"] for row in store.rows("SELECT lake_path FROM batch")]
        known += [row["superseded_path"] for row in store.rows("SELECT superseded_path FROM batch")]
        left = erasing.strays(site.lake, filter(None, known))
        assert len(left) > 2, "what was half done stands there under names that nobody lists, until the daily run"
        assert in_force(site) == BEFORE
        lake_actions.publish(store, SERVICE)
        assert in_force(site) == AFTER
        assert lake.verify(site)
