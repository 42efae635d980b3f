"""Making a site: whole, or not at all."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from custinfo.actions import forms
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store

if TYPE_CHECKING:
    from custinfo.actions.demo_site import Made


def create(home: Path, *, name: str, demo: bool = False) -> "Made | None":
    """A new site in `home`, with the shipped forms, and filled when it is a demo.

    It is made beside and renamed, so that an interrupted run leaves nothing that looks like a site. Raises SiteFault
    when the folder is in use.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise SiteFault("site.exists" if (home / "site.toml").exists() else "site.not_empty", home=home)
    building = home.absolute().with_name(f".{home.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    with Store.create(Site.create(building, name=name, demo=demo)) as store:
        forms.publish_folder(store, SERVICE)
        made = _filled(store) if demo else None
    building.replace(home)
    return made


def _filled(store: Store) -> "Made":
    from custinfo.actions import demo_site  # with the lake and its engine, which the start of a site does not wait for

    return demo_site.fill(store)
