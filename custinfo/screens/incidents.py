"""Defects that a page ran into: written to a file of the site under a number, never sent to a browser.

A kernel's standard error goes to the browser, so nothing is logged there; and the text of an exception may quote what a
person typed, so it is left out: what kind of error it was, and where in the code, is enough to find a defect.
"""

import os
import secrets
import traceback

from custinfo.domain.clock import stamp, utc_now
from custinfo.store import Site

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without signs that are mistaken for each other


def record(site: Site, fault: BaseException) -> str:
    """Write the defect down in `log/incidents.log`; gives its number. A full disk costs the entry, not the page."""
    number = "".join(secrets.choice(ALPHABET) for _ in range(8))
    places = "".join(
        f"    {frame.filename}:{frame.lineno} {frame.name}\n" for frame in traceback.extract_tb(fault.__traceback__)
    )
    entry = f"{stamp(utc_now())} {number} {type(fault).__module__}.{type(fault).__qualname__}\n{places}"
    try:
        folder = site.home / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = os.open(folder / "incidents.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(target, "a", encoding="utf-8") as file:
            file.write(entry)
    except OSError:
        pass
    return number
