"""What is wrong with a site, each with its remedy."""

from collections.abc import Callable
from pathlib import Path

from custinfo import lake
from custinfo.domain.errors import CustinfoError, SiteFault
from custinfo.store import Site, Store


def faults(home: Path) -> list[CustinfoError]:
    """Every fault that the checks find, the gravest first; empty for a healthy site."""
    try:
        site = Site.load(home)
    except CustinfoError as fault:
        return [fault]
    checks: tuple[Callable[[Site], None], ...] = (_private, _store, _lake)
    found: list[CustinfoError] = []
    for check in checks:
        try:
            check(site)
        except CustinfoError as fault:
            found.append(fault)
    return found


def _private(site: Site) -> None:
    for path in (site.home, site.home / "keys", site.database):
        if path.exists() and path.stat().st_mode & 0o077:
            raise SiteFault("doctor.open_to_others", path=path)


def _store(site: Site) -> None:
    with Store.open(site) as store:
        if store.damage():
            raise SiteFault("store.damaged", file=site.database, first=store.damage()[0])
        broken = store.first_broken_audit_entry()
        if broken is not None:
            raise SiteFault("cli.audit_broken", seq=broken)


def _lake(site: Site) -> None:
    lake.verify(site)
