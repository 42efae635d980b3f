"""How people of the company stand in the lake: by a number that leads to nobody without the site's key."""

from custinfo.domain.pseudonym import pseudonym
from custinfo.store import Store

LONGEST_NUMBER = 8
"""Digits of a recorder's number: of a thousand people the chance that two share one is about one in ten thousand."""


def entry(store: Store, register: str, object_id: str) -> str:
    """How the lake tells an entry of a register from the others."""
    # With a prefix that no customer's id has: a customer's key is another, whatever the ids are
    return pseudonym(store.site.secret("pseudonym"), f"register:{register}:{object_id}")


def account(store: Store, person_id: str) -> str:
    """The same for an account."""
    return entry(store, "account", person_id)


def recorder(store: Store, person_id: str) -> str:
    """The number of whoever recorded something, as reports show it: `R-1a2b3c4d`. Their own page says whose it is."""
    return f"R-{entry(store, 'recorder', person_id)[:LONGEST_NUMBER]}"
