"""Making a site: whole, or not at all."""

import shutil
from pathlib import Path

from custinfo.actions import demo_site, forms
from custinfo.domain.errors import SiteFault
from custinfo.domain.people import SERVICE
from custinfo.store import Site, Store


def create(home: Path, *, name: str, demo: bool = False) -> demo_site.Made | None:
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
        made = demo_site.fill(store) if demo else None
    building.replace(home)
    return made
