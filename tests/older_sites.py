"""Sites whose keys are broken, chosen, or laid out as before there was a ring."""

import json
from pathlib import Path

from custinfo.store import Site
from custinfo.store.keyring import RAW


def with_raw_keys(site: Site, **chosen: bytes) -> Site:
    """The site as older versions of custinfo made it: a file for each key, in plain; `chosen` are keys by purpose."""
    secrets = {purpose: chosen.get(purpose) or site.secret(purpose) for purpose in RAW}
    folder = site.home / "keys"
    for path in folder.iterdir():
        path.unlink()
    for purpose, secret in secrets.items():
        (folder / f"{purpose}.key").write_text(secret.hex(), "ascii")
    return Site.load(site.home)


def master_key_file(site: Site) -> Path:
    """The file of the site's master key."""
    return site.home / "keys" / f"master-{site.keyring.master_id}.key"


def without_key(site: Site, purpose: str) -> str:
    """Take the keys of a purpose out of the ring, as damage would; gives the id of the active one."""
    path = site.home / "keys" / "ring.json"
    lost = site.keyring.active(purpose).id
    ring = json.loads(path.read_text("utf-8"))
    ring["keys"] = [key for key in ring["keys"] if key["purpose"] != purpose]
    path.write_text(json.dumps(ring), "utf-8")
    return lost
