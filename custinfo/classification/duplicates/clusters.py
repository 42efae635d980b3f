"""Clusters of records that are one party, checked as wholes: a chain of likely pairs may join what no pair would.

Pairs are taken from the likeliest down. A pair joins two clusters only when together they hold no two different
checked codes and no two different branches, and when, of the pairs across them, enough are likely too: a single weak
bridge between two groups is cut. Integers in, integers out; the same pairs in any order give the same clusters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Edge:
    """A likely pair of records, `left` < `right`; `sure`: it may be merged without a person."""

    left: int
    right: int
    bits: float
    sure: bool


@dataclass
class _Cluster:
    members: list[int]
    marks: dict[str, str]
    likely: dict[int, int] = field(default_factory=dict)
    """Other cluster → how many likely pairs lead there."""


def join(edges: Iterable[Edge], marks: Mapping[int, Mapping[str, str]], support: float) -> dict[int, int]:
    """Record → smallest record of its cluster, for every record of the edges.

    `marks`: what must not differ within a cluster (`code`, `identity`, `branch`); what a record lacks, it does not have
    here. `support`: the share of pairs across two clusters of two and more that must be likely.
    """
    ordered = sorted(edges, key=lambda edge: (-edge.bits, edge.left, edge.right))
    clusters: dict[int, _Cluster] = {}
    of: dict[int, int] = {}
    for edge in ordered:
        for one, other in ((edge.left, edge.right), (edge.right, edge.left)):
            cluster = clusters.setdefault(one, _Cluster([one], dict(marks.get(one, {}))))
            cluster.likely[other] = 1
            of[one] = one
    for edge in ordered:
        one, other = of[edge.left], of[edge.right]
        if one != other and _may_join(clusters[one], clusters[other], other, edge.sure, support):
            _join(clusters, of, one, other)
    return {record: min(clusters[cluster].members) for record, cluster in of.items()}


def _may_join(one: _Cluster, other: _Cluster, name: int, sure: bool, support: float) -> bool:
    if any(one.marks.get(mark, value) != value for mark, value in other.marks.items()):
        return False
    across = len(one.members) * len(other.members)
    return (
        across == 1 or (sure and min(len(one.members), len(other.members)) == 1) or one.likely[name] >= support * across
    )


def _join(clusters: dict[int, _Cluster], of: dict[int, int], one: int, other: int) -> None:
    """The smaller cluster goes into the larger; of equal ones, the one with the larger name."""
    into, away = sorted((one, other), key=lambda name: (-len(clusters[name].members), name))
    kept, gone = clusters[into], clusters.pop(away)
    kept.members += gone.members
    kept.marks = gone.marks | kept.marks
    for record in gone.members:
        of[record] = into
    for neighbour, count in gone.likely.items():
        if neighbour == into:
            continue
        kept.likely[neighbour] = kept.likely.get(neighbour, 0) + count
        clusters[neighbour].likely.pop(away, None)
        clusters[neighbour].likely[into] = kept.likely[neighbour]
    kept.likely.pop(away, None)


def held_together(of: Mapping[int, int], edges: Iterable[Edge]) -> set[int]:
    """The clusters, by their smallest record, that these edges alone hold together."""
    parent = {record: record for record in of}

    def root(record: int) -> int:
        while parent[record] != record:
            parent[record] = record = parent[parent[record]]
        return record

    for edge in edges:
        if of[edge.left] == of[edge.right]:
            parent[root(edge.left)] = root(edge.right)
    apart = {of[record] for record in of if root(record) != root(of[record])}
    return set(of.values()) - apart
