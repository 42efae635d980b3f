"""What is remarkable about a batch whose every row is right: said in words, and refused where the rule says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from custinfo.classification import rules
from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.domain.messages import text
from custinfo.lake import returns
from custinfo.lake.imports import FactBatch
from custinfo.lake.superseding import Registered
from custinfo.store.site import Site

FILE = "batch_checks.toml"
SHOWN = 20


class BatchRule(rules.Rule):
    """One version of what becomes of a batch that makes a customer's returns larger than their sales."""

    returns_above_sales: Literal["say", "refuse"]


@dataclass(frozen=True)
class Remark:
    """A sentence about a batch, said in the reader's language."""

    key: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """The sentence."""
        return text(self.key, language, **self.facts)


def remarks(
    site: Site, batch: FactBatch, replaced: pa.Table, registered: Sequence[Registered], customers: Mapping[str, str],
    now: datetime, folder: Path = rules.FOLDER,
) -> tuple[Remark, ...]:  # fmt: skip
    """Everything that is to be said of the batch. `customers` gives the lake's key for each customer's number.

    Raises BadInput when the rule in force on the day of `now` does not take a customer's returns above their sales.
    """
    rule = rules.on(now.astimezone(site.zone).date(), FILE, BatchRule, folder)
    found = returns.above_sales(site, batch, replaced, registered)
    if found and rule.returns_above_sales == "refuse":
        raise BadInput("batches.returns_refused", count=len(found), **_named(found[0], customers).facts)
    said = [_named(one, customers) for one in found[:SHOWN]]
    if len(found) > SHOWN:
        said.append(Remark("batches.more_returns", {"count": len(found) - SHOWN}))
    idle = len(batch.cancelled) - taken_back(batch, replaced)
    if idle:
        said.append(Remark("batches.cancelled_nothing", {"count": idle}))
    return tuple(said)


def _named(one: returns.Excess, customers: Mapping[str, str]) -> Remark:
    # A customer's number stands before their credit code
    number = next(name for name, key in customers.items() if key == one.customer_key)
    facts = {"number": number, "returns": money.show(one.returns_fen), "sales": money.show(one.sales_fen)}
    return Remark("batches.returns_above_sales", facts)


def came_back(batch_id: str) -> Remark:
    """Content that was imported before as `batch_id` and corrected since is in force again."""
    return Remark("batches.came_back", {"batch": batch_id})


def taken_back(batch: FactBatch, replaced: pa.Table) -> int:
    """How many of the cancelled rows were in force."""
    in_force = frozenset(replaced["row_id"].to_pylist()) if batch.cancelled else frozenset()
    return sum(one.row_id in in_force for one in batch.cancelled)
