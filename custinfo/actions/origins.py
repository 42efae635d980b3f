"""Where imported data come from, and why they may be used: in codes, at every import (R209, contradiction D4).

What was bought, swapped or leaked is refused, whatever it is called; the attempt is on the audit log.
"""

import re

from custinfo.domain import consent
from custinfo.domain.errors import BadInput
from custinfo.domain.people import Person
from custinfo.store import Store

OWN, CONTRACT = "own_records", "contract"
UNLAWFUL = re.compile(
    r"买来|购买的?(名单|名录|资料|数据)|交换的?(名单|名录|资料)|同行交换|泄露|\b(bought|purchased|swapped|leaked)\b",
    re.IGNORECASE,
)
"""How people describe such a source where its code says something else."""


def check(store: Store, actor: Person, source_kind: str, lawful_basis: str, described: str = "") -> None:
    """Raises BadInput for an unknown code, and for a source that is not lawful: that attempt is recorded."""
    kind = consent.source(source_kind)
    if kind.refused or UNLAWFUL.search(described):
        with store.act(actor.person_id, "batch.refuse", "batch", "", why="unlawful_source", source=source_kind):
            pass
        raise BadInput("batches.unlawful_source")
    consent.basis(lawful_basis)
