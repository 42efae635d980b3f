"""Many sessions of one form, for imports and checks of old records: what is the same for all is worked out once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from custinfo import xforms
from custinfo.actions import entity_lists
from custinfo.actions.formats import FORMATS
from custinfo.domain.people import Person
from custinfo.store import Store

Opener: TypeAlias = Callable[[Mapping[str, Any] | None, datetime | None], xforms.Session]


def opener(store: Store, form: xforms.Form, actor: Person) -> Opener:
    """Opens sessions of `form` over an instance (None: a fresh one), as if at a moment (None: now).

    The lists of entities are those of now. Quotas are left to the transaction that adds a record: what a row takes away
    from the rows after it is known there alone.
    """
    lists = entity_lists.rows(store, form, actor) if form.live else None
    zone = store.site.zone

    def opened(instance: Mapping[str, Any] | None, at: datetime | None) -> xforms.Session:
        clock = None if at is None else (lambda: at.astimezone(zone))
        return xforms.Session(form, instance, formats=FORMATS, zone=zone, lists=lists, clock=clock)

    return opened
