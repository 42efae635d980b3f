"""What is checked of an unpacked backup before it counts. Each check has a name, and a sentence in the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from custinfo import lake
from custinfo.domain.errors import SiteFault
from custinfo.domain.messages import text
from custinfo.store import Site, Store, backup, ledger, sealing
from custinfo.store.sealing import Column

SAMPLES = 100
"""So many sealed values of each column are opened, taken at random."""


@dataclass(frozen=True)
class Check:
    """A check that was passed, and what it found."""

    name: str
    facts: Mapping[str, object]

    def text(self, language: str) -> str:
        """The check in a sentence."""
        return text(f"backup.check.{self.name}", language, **self.facts)


def check_all(site: Site, manifest: backup.Manifest, passed: list[Check]) -> None:
    """Every check of the copy `site`, each added to `passed`. Raises SiteFault at the first that fails.

    The store is first read as it was packed, and only then opened, which may bring it to a newer schema.
    """
    _check_pages(site, manifest, passed)
    with Store.open(site) as store:
        _check_audit(store, manifest, passed)
        _check_sealed(store, passed)
    passed.append(Check("lake", {"files": lake.verify(site)}))


def check_ledger(live: Site, copy: Site, passed: list[Check]) -> None:
    """The lines that the backup has are those with which the site's ledger begins."""
    lines = ledger.Ledger(live).lines()
    with Store.open(copy) as store:
        known = [row["line"] for row in store.rows("SELECT line FROM ledger_line ORDER BY number")]
    if known != [line.text for line in lines[: len(known)]]:
        raise SiteFault("ledger.forged", file=ledger.Ledger(live).path, line=len(known))
    passed.append(Check("ledger", {"known": len(known), "since": len(lines) - len(known)}))


def _check_pages(site: Site, manifest: backup.Manifest, passed: list[Check]) -> None:
    with backup.opened_copy(site.database, site.secret("store")) as copy:
        damage = backup.damage(copy)
        if damage:
            raise SiteFault("store.damaged", file=site.database, first=damage[0])
        passed.append(Check("pages", {"bytes": site.database.stat().st_size}))
        facts = backup.facts(copy)
    if facts != manifest.store:
        raise SiteFault("backup.counts", file=site.database)
    passed.append(Check("counts", {"tables": len(facts.counts), "rows": sum(facts.counts.values())}))


def _check_audit(store: Store, manifest: backup.Manifest, passed: list[Check]) -> None:
    verified = store.audit_verified()
    if verified.faults:
        raise verified.faults[0]
    passed.append(Check("audit", {"entries": verified.entries, "seq": manifest.store.audit_seq}))


def _check_sealed(store: Store, passed: list[Check]) -> None:
    """Values of level 1 open with the keys of the backup. Raises SiteFault naming the first place that does not."""
    passed.append(Check("sealed", {"count": sum(_opened(store, column) for column in sealing.PLACES)}))


def _opened(store: Store, column: Column) -> int:
    mark = f"x'{sealing.MARK.encode().hex()}'" if column.kind == "bytes" else "'seal:'"
    rows = store.rows(
        f"SELECT {column.row_id} AS row_id, {column.version} AS version, {column.name} AS stored FROM {column.table} "
        f"WHERE instr({column.name}, {mark}) ORDER BY random() LIMIT {SAMPLES}"
    )
    for row in rows:
        place = (store, column.table, row["row_id"], column.name, row["version"])
        if column.kind == "bytes":
            sealing.open_bytes(*place, row["stored"])
        elif column.kind == "text":
            sealing.open_text(*place, row["stored"])
        else:
            sealing.opened_json(*place, row["stored"])
    return len(rows)
