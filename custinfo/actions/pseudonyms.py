"""How the lake knows a customer: by the site's key and the customer's own salt, which goes when they are erased."""

import secrets

from custinfo.domain.errors import NotFound
from custinfo.domain.pseudonym import pseudonym
from custinfo.store import Store, Tx

SALT_BYTES = 16


def give_salt(tx: Tx, entity_id: str) -> None:
    """The salt of a new customer."""
    tx.insert("customer_salt", {"entity_id": entity_id, "salt": secrets.token_bytes(SALT_BYTES)})


def key_of(store: Store, entity_id: str) -> str:
    """The customer's key in the lake. Raises NotFound for who is erased: there is no way to it any more."""
    row = store.row("SELECT salt FROM customer_salt WHERE entity_id = ?", [entity_id])
    if row is None:
        raise NotFound("customers.unknown", number=entity_id[:40])
    return pseudonym(store.site.secret("pseudonym"), entity_id, row["salt"])


def keys(store: Store) -> dict[str, str]:
    """Every customer's key in the lake, by entity id."""
    secret = store.site.secret("pseudonym")
    rows = store.rows("SELECT entity_id, salt FROM customer_salt")
    return {row["entity_id"]: pseudonym(secret, row["entity_id"], row["salt"]) for row in rows}
