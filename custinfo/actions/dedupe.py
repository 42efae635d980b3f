"""Looking for duplicates among all customers: what `custinfo dedupe` does.

Pairs are written in pages, each with its audit event: killed at any point, the next run finds the rest, and what is
there already is not put there twice.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from custinfo.access import permissions
from custinfo.actions import duplicates, matching, merge_links, merges
from custinfo.classification.duplicates import Evidence, Line, rule
from custinfo.domain.clock import utc_now
from custinfo.domain.errors import CustinfoError
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.domain.people import SERVICE, Person
from custinfo.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

PAGE = 500
One = TypeVar("One")


@dataclass(frozen=True)
class Done:
    """What a run came to: customers that were compared, pairs found, new ones among them, merges, pairs that wait."""

    customers: int
    pairs: int
    new: int
    merged: int
    waiting: int


def run(store: Store, actor: Person, *, automatic: bool = False, engine: str = "duckdb") -> Done:
    """Compare all customers and put likely pairs on the review list. `automatic`: merge those of which the rule is
    certain, where nobody ever said otherwise; the customer that was known first stays. `engine`: what compares, as
    `lake.engines.start` names it. What `[lake] engine` says does not count: the lake has pseudonyms, and here names and
    numbers go to the engine as they are.

    Raises NotAllowed, and of the engine BadInput, SiteFault, WrongState.
    """
    from custinfo.classification.duplicates import linkage  # DuckDB: not in the process of a page
    from custinfo.lake import engines

    permissions.check(actor, "duplicate.find")
    if automatic:
        permissions.check(actor, "duplicate.review")
    comparing = engines.start(engine)
    index_missing(store, actor)
    parties = linkage.records(matching.all_parties(store))
    survivors = {row["loser_id"]: row["survivor_id"] for row in store.rows("SELECT * FROM merged_now")}
    in_force = rule(utc_now().astimezone(store.site.zone).date())
    found = comparing.guarded(linkage.find)(comparing.hold(parties), in_force)
    count = new = 0
    for page in _pages(_of_customers(found.pairs.to_pyarrow(), survivors)):
        with store.act(actor.person_id, "duplicate.find", "customer", "", pairs=len(page)) as tx:
            there = [one for one in page if _both_there(store, one[0], one[1])]
            added, _ = duplicates.put_all(store, tx, there, source=duplicates.BATCH, found_by=actor.person_id)
            tx.note(new=added)
            count, new = count + len(page), new + added
    merged = _merge_certain(store, actor, found.clusters.to_pyarrow()) if automatic else 0
    customers = len({survivors.get(one, one) for one in parties["id"].to_pylist()})
    return Done(customers, count, new, merged, duplicates.count(store, actor))


def _pages(of: Iterable[One]) -> Iterator[list[One]]:
    rest = iter(of)
    while page := list(islice(rest, PAGE)):
        yield page


def _of_customers(pairs: "pa.Table", survivors: Mapping[str, str]) -> Iterator[tuple[str, str, Evidence]]:
    """Each pair of customers of today once: a customer that was merged is its survivor, whose cards are then several,
    and the two that are likeliest the same speak for the pair.
    """
    given: set[tuple[str, str]] = set()
    order = [("band", "ascending"), ("probability", "descending"), ("left", "ascending"), ("right", "ascending")]
    for row in pairs.sort_by(order).to_pylist():
        one, other = sorted(survivors.get(row[side], row[side]) for side in ("left", "right"))
        if one == other or (one, other) in given:
            continue
        given.add((one, other))
        lines = tuple(Line(one["comparison"], one["level"], one["weight"]) for one in row["lines"])
        held_back = tuple(row["held_back"] or ())
        evidence = Evidence(row["probability"], row["band"], row["rule_version"], lines, held_back)
        yield one, other, evidence


def _both_there(store: Store, *ids: str) -> bool:
    """Whether they are customers still: the comparison took minutes."""
    return all(store.row("SELECT 1 FROM entity_current WHERE entity_id = ?", [one]) for one in ids)


def _not_erased(store: Store, entity_id: str) -> bool:
    return store.row("SELECT 1 FROM entity WHERE entity_id = ? AND erased_at IS NULL", [entity_id]) is not None


def _merge_certain(store: Store, actor: Person, clusters: "pa.Table") -> int:
    """Merge the clusters of which the rule is certain as a whole; gives how many customers went."""
    groups: dict[str, list[str]] = {}
    for row in clusters.to_pylist():
        if row["band"] == "automatic":
            groups.setdefault(row["cluster"], []).append(row["id"])
    return sum(_merge_group(store, actor, groups[name]) for name in sorted(groups))


def _merge_group(store: Store, actor: Person, ids: list[str]) -> int:
    """Merge into the one with the smallest number. Who somebody called different, changed, or is to be erased stays.
    Who was merged already stands for its survivor.
    """
    survivors = merge_links.group(store, ids)
    rows = store.rows(
        "SELECT entity_id, version FROM entity_current WHERE entity_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY number",
        [json.dumps(sorted(set(survivors.values())))],
    )
    if len(rows) < 2 or _said_different(store, survivors):
        return 0
    survivor, gone = rows[0]["entity_id"], 0
    for row in rows[1:]:
        try:
            merges.merge(
                store, actor, survivor, row["entity_id"], reason=text("dedupe.by_rule", DEFAULT_LANGUAGE),
                seen=(rows[0]["version"], row["version"]), automatic=True,
            )  # fmt: skip
            gone += 1
        except CustinfoError:  # it waits on the review list, where a person sees why it cannot be merged
            continue
    return gone


def _said_different(store: Store, survivors: Mapping[str, str]) -> bool:
    """Whether a person said of two of them that they are different customers, and did not merge them since."""
    said = store.rows(
        "SELECT low_id AS one, high_id AS other FROM duplicate_decision WHERE decision IN ('different', 'said') "
        "AND low_id IN (SELECT value FROM json_each(?1)) AND high_id IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT loser_id, survivor_id FROM merge_undo WHERE loser_id IN (SELECT value FROM json_each(?1)) "
        "AND survivor_id IN (SELECT value FROM json_each(?1))",
        [json.dumps(sorted(survivors))],
    )
    return any(survivors[row["one"]] != survivors[row["other"]] for row in said)


# ---- the index


def index_missing(store: Store, actor: Person) -> int:
    """Bring the index to where it knows every customer, and all in today's way: those of a store that is older than
    it, or that an earlier edition prepared. Gives how many. Killed at any point, the next run does the rest.
    """
    permissions.check(actor, "duplicate.find")
    ids = matching.missing(store)
    for page in _pages(ids):
        with store.act(actor.person_id, "duplicate.index", "customer", "", indexed=len(page)) as tx:
            for one in page:
                if _not_erased(store, one):
                    matching.index_current(store, tx, one)
    return len(ids) + _prepare_stale(store, actor)


def _prepare_stale(store: Store, actor: Person) -> int:
    count = 0
    while matching.stale(store, 1):
        with store.act(actor.person_id, "duplicate.index", "customer", "") as tx:
            rows = matching.stale(store, PAGE)
            for row in rows:
                matching.write(store, tx, row["entity_id"], matching.read(store, row))
            tx.note(prepared=len(rows))
        count += len(rows)
    return count


def daily(store: Store, today: date) -> dict[str, int]:  # noqa: ARG001  # as every daily job is called
    """What the daily job does: after an upgrade nobody has to think of the index."""
    return {"indexed": index_missing(store, SERVICE)}


def reindex(store: Store, actor: Person) -> int:
    """Make the whole index anew; gives how many customers are in it. Needed after the rules of names changed."""
    permissions.check(actor, "duplicate.find")
    ids = [row["entity_id"] for row in store.rows("SELECT entity_id FROM match_party ORDER BY entity_id")]
    for page in _pages(ids):
        with store.act(actor.person_id, "duplicate.index", "customer", "", dropped=len(page)) as tx:
            for one in page:
                matching.drop(tx, one)
    return index_missing(store, actor)
