"""What a process keeps from one report to the next: the lake that it opened last, and what it counted of it.

The reports of all provinces are parts of one whole, and the languages of an issue say the same figures: what they share
is read and counted once. A version of the lake never changes for a moment and those who are left out of it; whatever
differs in these is opened anew, and what was kept is forgotten.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from custinfo import lake
from custinfo.store.site import Site

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    opened: lake.Lake
    counted: dict[Hashable, Any] = field(default_factory=dict)


_last: list[_Kept] = []
"""The one that is kept, if there is one."""


def opened(site: Site, *, as_of: datetime | None, withheld_by: datetime | None) -> lake.Lake:
    """The lake of a site, as `lake.open` opens it; the one of the report before, where that would read the same."""
    if not _last or not lake.is_still(_last[0].opened, site, as_of=as_of, withheld_by=withheld_by):
        _last.clear()
        _last.append(_Kept(lake.open(site, as_of=as_of, withheld_by=withheld_by)))
    return _last[0].opened


def once(of: lake.Lake, name: Hashable, count: Callable[[], T]) -> T:
    """What `count` gives, which depends on the lake and the name alone: counted once, as long as that lake is kept."""
    if not _last or of is not _last[0].opened:
        return count()
    counted = _last[0].counted
    if name not in counted:
        counted[name] = count()
    found: T = counted[name]
    return found
