"""After a restore: what was erased, withdrawn, objected to or revoked since the backup is applied again, audited."""

import importlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from custinfo.domain.people import SERVICE
from custinfo.store import Store, Tx, ledger

HANDLERS: dict[str, tuple[str, str]] = {
    "person.erased": ("customer", "custinfo.actions.erasure:again"),
    "consent.withdrawn": ("customer", "custinfo.actions.consents:withdraw_again"),
    "objection": ("customer", "custinfo.actions.consents:object_again"),
    "access.revoked": ("person", "custinfo.actions.people:revoke_again"),
    "report.destroyed": ("report_issue", "custinfo.actions.report_archive_places:destroy_again"),
}
"""Kind of fact → what its id is the id of, and who applies it: `module:function(store, tx, object_id, facts)`.

A function does nothing when the fact holds already. It is named, not imported: this module stands below them all.
"""


def known_lines(store: Store) -> list[str]:
    """The ledger's lines that the store has."""
    return [row["line"] for row in store.rows("SELECT line FROM ledger_line ORDER BY number")]


def take_over(tx: Tx, known: int, lines: Sequence[ledger.Line]) -> None:
    """Have the store hold the ledger's lines later than number `known`."""
    for line in lines[known:]:
        tx.insert("ledger_line", {"number": line.number, "line": line.text})


def apply(store: Store, lines: Sequence[ledger.Line]) -> Counter[str]:
    """Apply these facts again, in their order; gives how many of each kind. Ends what of it concerns the lake, too."""
    done: Counter[str] = Counter()
    for line in lines:
        object_kind, name = HANDLERS[line.kind]
        with store.act(SERVICE.person_id, "ledger.replay", object_kind, line.object_id) as tx:
            tx.note(fact=line.kind, line=line.number)
            _function(name)(store, tx, line.object_id, line.facts)
        done[line.kind] += 1
    if done["person.erased"]:
        _function("custinfo.actions.erasure:finish")(store, SERVICE)
    return done


def _function(name: str) -> Callable[..., None]:
    module, _, function = name.partition(":")
    found: Callable[[Store, Tx, str, Mapping[str, str]], None] = getattr(importlib.import_module(module), function)
    return found
