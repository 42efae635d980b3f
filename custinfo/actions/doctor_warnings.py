"""What is not wrong yet, but will be, or would be better otherwise."""

import smtplib
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta

from custinfo.actions import backup_settings, backups, clearances, cross_region_published, leftovers, people
from custinfo.domain.clock import parse, show, utc_now
from custinfo.domain.errors import CustinfoError, WrongState
from custinfo.domain.messages import text
from custinfo.domain.people import SEPARATED, Role
from custinfo.store import Store

BACKUP_EVERY = timedelta(days=2)
DRILL_EVERY = timedelta(days=35)
RUNS_OUT_WITHIN = timedelta(days=30)
SMTP_SECONDS = 5


class RoleMissing(WrongState):
    """Nobody has a role that a site needs; the role is named in the reader's language."""

    def __init__(self, role: Role) -> None:
        self.role = role
        super().__init__("doctor.role_missing")

    def text(self, language: str = "zh-CN") -> str:
        """Which role, and what to do."""
        return text(self.key, language, role=text(f"people.role.{self.role}", language))


def _backup(store: Store) -> Iterator[CustinfoError]:
    if not backup_settings.read(store.site).to:
        yield WrongState("doctor.backup_nowhere", file=store.site.home / "site.toml")
    last = backups.last_good(store)
    if last is None:
        yield WrongState("doctor.backup_never")
    elif utc_now() - last > BACKUP_EVERY:
        yield WrongState("doctor.backup_old", at=show(last, store.site.zone), days=BACKUP_EVERY.days)
    newest = store.row(
        "SELECT action, object_id, json_extract(detail, '$.places') AS places, "
        "json_extract(detail, '$.delivered') AS delivered FROM audit WHERE action IN ('backup.make', 'backup.fail') "
        "ORDER BY seq DESC LIMIT 1"
    )
    if newest and newest["delivered"] != newest["places"]:
        yield WrongState("doctor.backup_partly", places=newest["places"], delivered=newest["delivered"])


def _drill(store: Store) -> Iterator[CustinfoError]:
    last = backups.last_good(store, "backup.drill")
    if last is None:
        yield WrongState("doctor.drill_never")
    elif utc_now() - last > DRILL_EVERY:
        yield WrongState("doctor.drill_old", at=show(last, store.site.zone), days=DRILL_EVERY.days)
    newest = store.row("SELECT at, detail FROM audit WHERE action = 'backup.drill' ORDER BY seq DESC LIMIT 1")
    if newest and last != parse(newest["at"]):
        yield WrongState("doctor.drill_failed", at=show(parse(newest["at"]), store.site.zone))


def _master_key(store: Store) -> Iterator[CustinfoError]:
    """Who copies the folder has the master key with it, unless that lies elsewhere."""
    ring = store.site.keyring
    beside = ring.place.file(ring.master_id)
    if beside.exists() and beside.resolve().is_relative_to(store.site.home):
        yield WrongState("doctor.master_beside", file=beside)


def _administrators(store: Store) -> Iterator[CustinfoError]:
    """The three administrators are there, and are three people; nor is one of them the auditor."""
    held: dict[str, set[str]] = {}
    for row in store.rows("SELECT * FROM person WHERE left_at IS NULL"):
        for role in people.from_row(store, row).roles:
            held.setdefault(role, set()).add(row["login_name"])
    for role in sorted(SEPARATED):
        if not held.get(role):
            yield RoleMissing(role)
    everybody = sorted({name for names in held.values() for name in names})
    several = [name for name in everybody if sum(name in held.get(role, ()) for role in SEPARATED) > 1]
    if several:
        yield WrongState("doctor.not_apart", names=", ".join(several))


def _clearances(store: Store) -> Iterator[CustinfoError]:
    """Clearances that count now and will not in 30 days."""
    soon = utc_now() + RUNS_OUT_WITHIN
    names = [
        row["login_name"]
        for row in store.rows("SELECT person_id, login_name FROM person WHERE left_at IS NULL ORDER BY login_name")
        if clearances.effective(store, row["person_id"]) != clearances.effective(store, row["person_id"], soon)
    ]
    if names:
        shown = ", ".join(names[:10]) + ("…" if len(names) > 10 else "")
        yield WrongState("doctor.runs_out", count=len(names), names=shown, days=RUNS_OUT_WITHIN.days)


def _smtp(store: Store) -> Iterator[CustinfoError]:
    section = store.site.section("mail")
    if not section.get("host"):
        return
    host, port = str(section["host"]), int(section.get("port", 25))
    try:
        if section.get("tls") == "implicit":
            with socket.create_connection((host, port), SMTP_SECONDS):
                return
        with smtplib.SMTP(host, port, timeout=SMTP_SECONDS) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as fault:
        yield WrongState("doctor.smtp", host=host, port=port, fault=type(fault).__name__)


def _leftovers(store: Store) -> Iterator[CustinfoError]:
    left = leftovers.found(store.site)
    if left:
        yield WrongState("doctor.leftovers", count=len(left), first=left[0])


def _cross_region(store: Store) -> Iterator[CustinfoError]:
    left = cross_region_published.left_out(store)
    if left:
        yield WrongState("doctor.cross_region_left_out", count=len(left), first=left[0])


CHECKS: tuple[Callable[[Store], Iterator[CustinfoError]], ...] = (
    _backup,
    _drill,
    _master_key,
    _administrators,
    _clearances,
    _smtp,
    _leftovers,
    _cross_region,
)
"""Every check; each yields what it finds."""
