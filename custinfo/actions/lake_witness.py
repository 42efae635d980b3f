"""No version of the lake without its entry on the audit log, which holds the hash of the version's manifest.

The entry is written when all of a version is on the disk and before anybody can see it. A manifest holds the hashes of
its files and of the manifest before, so by these entries a lake that was rewritten, or put back to an earlier version,
is told from what was published. Killed between the two, the entry is there and the version is not: the next
publication makes it, under the same number.
"""

from custinfo.domain.errors import SiteFault
from custinfo.domain.people import Person
from custinfo.lake import erasing, files, manifest
from custinfo.lake.manifest import Manifest
from custinfo.store import Store
from custinfo.store.database import Value

ACTIONS = ("lake.publish", "lake.compact", "lake.classify")
"""The actions that make versions of the lake."""


def note(
    store: Store, actor: Person, action: str, about: tuple[str, str], version: Manifest, sha256: str, **facts: Value
) -> None:  # fmt: skip
    """Put a version that is about to be seen on the audit log; `about` is the kind and the id of what was done."""
    with store.act(actor.person_id, action, *about) as tx:
        tx.note(version=version.version, manifest=sha256, **facts)


def check(store: Store) -> None:
    """Raises SiteFault unless the lake is, version by version, what the audit log says was published.

    Versions of before the log held hashes are passed over; manifests that an erasure replaced are followed through its
    signed record.
    """
    witnessed = _witnessed(store)
    if not witnessed:
        return
    folder = store.site.lake
    there = manifest.versions(folder)
    newest = max(there, default=0)
    if newest < max(witnessed):
        raise SiteFault("lake_witness.put_back", version=max(witnessed), newest=newest)
    expected = _after_erasures(store, witnessed)
    for version in (one for one in there if one >= min(witnessed)):
        if expected.get(version) != files.sha256(manifest.path(folder, version)):
            raise SiteFault("lake_witness.differs", version=version)


def _witnessed(store: Store) -> dict[int, str]:
    """Version → hash of its manifest, by the newest entry of each."""
    rows = store.rows(
        "SELECT json_extract(detail, '$.version') AS version, json_extract(detail, '$.manifest') AS sha256 FROM audit "
        f"WHERE action IN ({', '.join('?' * len(ACTIONS))}) AND sha256 IS NOT NULL ORDER BY seq",
        ACTIONS,
    )
    return {int(row["version"]): row["sha256"] for row in rows}


def _after_erasures(store: Store, witnessed: dict[int, str]) -> dict[int, str]:
    now = dict(witnessed)
    for erasure in erasing.record(store.site):
        for name, changed in erasure["versions"].items():
            if now.get(int(name)) == changed["before"]:
                now[int(name)] = changed["after"]
    return now
