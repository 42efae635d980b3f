"""Clusters of records that are one party, checked as wholes: a chain of likely pairs may join what no pair would.

Pairs are taken from the likeliest down. A pair joins two clusters only when together they hold no two different
checked codes and no two different branches, and when, of the pairs across them, enough are likely too: a single weak
bridge between two groups is cut. Integers in, integers out; the same pairs in any order give the same clusters.
"""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple


class Edge(NamedTuple):
    """A likely pair of records, `left` < `right`; `sure`: it may be merged without a person."""

    left: int
    right: int
    bits: float
    sure: bool


Marks = Mapping[str, str]
_NO_MARKS: Marks = {}


def join(edges: Iterable[Edge], marks: Mapping[int, Marks], support: float) -> dict[int, int]:
    """Record → smallest record of its cluster, for every record of the edges.

    `marks`: what must not differ within a cluster (`code`, `identity`, `branch`); what a record lacks, it does not have
    here. `support`: the share of pairs across two clusters of two and more that must be likely.
    """
    # The likeliest first, of equal ones by their records: sorting keeps what is in order already
    ordered = sorted(sorted(edges), key=attrgetter("bits"), reverse=True)
    clusters = _Clusters(ordered, marks, support)
    of = clusters.of
    for left, right, _, sure in ordered:
        one, other = of[left], of[right]
        if one != other and clusters.may_join(one, other, sure):
            clusters.join(one, other)
    smallest = {cluster: min(members) for cluster, members in clusters.members.items()}
    return {record: smallest.get(cluster, cluster) for record, cluster in of.items()}


class _Clusters:
    """Clusters by name, one of their records. Of those of a single record there are many: they have no `members`."""

    def __init__(self, edges: Iterable[Edge], marks: Mapping[int, Marks], support: float) -> None:
        self._likely: dict[int, dict[int, int]] = {}
        """Cluster → other cluster → how many likely pairs lead there."""
        for left, right, _, _ in edges:
            self._likely.setdefault(left, {})[right] = 1
            self._likely.setdefault(right, {})[left] = 1
        self.of = {record: record for record in self._likely}
        self.members: dict[int, list[int]] = {}
        self._marks, self._support = dict(marks), support

    def may_join(self, one: int, other: int, sure: bool) -> bool:
        mine, yours = self._marks.get(one, _NO_MARKS), self._marks.get(other, _NO_MARKS)
        if mine != yours and any(mine.get(mark, value) != value for mark, value in yours.items()):
            return False
        sizes = len(self.members.get(one, (one,))), len(self.members.get(other, (other,)))
        across = sizes[0] * sizes[1]
        alone = across == 1 or (sure and 1 in sizes)
        return alone or self._likely[one][other] >= self._support * across

    def join(self, one: int, other: int) -> None:
        """The smaller cluster goes into the larger; of equal ones, the one with the larger name."""
        mine, yours = self.members.get(one) or [one], self.members.get(other) or [other]
        if (-len(mine), one) < (-len(yours), other):
            into, away, kept, gone = one, other, mine, yours
        else:
            into, away, kept, gone = other, one, yours, mine
        for record in gone:
            self.of[record] = into
        kept += gone
        self.members[into] = kept
        self.members.pop(away, None)
        self._lead_to(into, away)
        marks, others = self._marks.get(into, _NO_MARKS), self._marks.pop(away, _NO_MARKS)
        if marks != others:
            self._marks[into] = {**others, **marks}

    def _lead_to(self, into: int, away: int) -> None:
        """What led to `away` leads to `into`."""
        likely = self._likely[into]
        del likely[away]
        for neighbour, count in self._likely.pop(away).items():
            if neighbour != into:
                likely[neighbour] = there = likely.get(neighbour, 0) + count
                theirs = self._likely[neighbour]
                del theirs[away]
                theirs[into] = there


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
