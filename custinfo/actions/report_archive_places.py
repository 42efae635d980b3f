"""Where the archive of reports stands on the disk, and how an issue goes out of it."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from custinfo.actions import report_bundles
from custinfo.domain import machines
from custinfo.domain.messages import LANGUAGES
from custinfo.store import Site, Store, Tx


def folder(site: Site) -> Path:
    """The folder of all volumes."""
    return site.reports / "archive"


def volume(site: Site, year: int, number: int, manifest: bytes) -> Path:
    """Where the volume with this manifest stands."""
    return folder(site) / f"{year}-{number:02d}-{hashlib.sha256(manifest).hexdigest()[: report_bundles.SHORT]}"


def card_name(file_number: str, language: str) -> str:
    """The file of a card within its volume."""
    return f"{file_number}.{language}.pdf"


def destroy(store: Store, tx: Tx, issues: Sequence[str], plan_id: str) -> None:
    """Destroy issues whose keeping period is over, within the retention job: bundle, commentary and cards. The lines of
    the register of issues, of the archive and of published figures stay, with the hash of what was signed.
    """
    for issue_id in issues:
        if _destroy(store, tx, issue_id, plan_id):
            tx.remember("report.destroyed", issue_id, plan=plan_id)


def destroy_again(store: Store, tx: Tx, issue_id: str, facts: Mapping[str, str]) -> None:
    """After a restore: an issue that was destroyed since the backup is destroyed again. A plan that the backup does not
    have yet is named by the ledger alone.
    """
    known = store.row("SELECT 1 FROM retention_plan WHERE plan_id = ?", [facts["plan"]])
    _destroy(store, tx, issue_id, facts["plan"] if known else None)


def _destroy(store: Store, tx: Tx, issue_id: str, plan_id: str | None) -> bool:
    """Whether there was something to destroy."""
    row = store.row("SELECT * FROM report_issue WHERE issue_id = ?", [issue_id])
    filed = store.row("SELECT * FROM report_archive_file WHERE issue_id = ?", [issue_id])
    if row is None or filed is None or row["manifest"] is None:
        return False
    state = machines.after(machines.REPORT, row["state"], "destroy")
    tx.update("report_issue", issue_id, {"state": state, "manifest": None})
    tx.execute("DELETE FROM report_comment WHERE issue_id = ?", [issue_id])
    tx.update("report_archive_file", filed["file_number"], {"destroyed_at": tx.at, "plan_id": plan_id})
    report_bundles.remove(store.site, issue_id, row["manifest"].encode())
    for language in LANGUAGES:
        for file in folder(store.site).glob(f"*/{card_name(filed['file_number'], language)}"):
            file.unlink(missing_ok=True)
    return True
