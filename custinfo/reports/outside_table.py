"""What readers outside have together: the sums of an outside edition and of all others that stand, as one table (R151).

A sum that is the same everywhere is one. One that changed since another issue stands beside it, and the difference is
a sum of its own that no cell shows: the figures of those who changed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

from custinfo.reports.figures import Cell
from custinfo.reports.makeup import Makeup, Sum
from custinfo.statistics import disclosure
from custinfo.statistics.disclosure import ReleaseRule
from custinfo.statistics.disclosure_audit import Attack
from custinfo.statistics.disclosure_table import AdditiveTable, Key, TableCell

CHANGE = "~change"
GONE = "~gone"
"""Who was counted when an issue was made and cannot be told any more: all of them as one contributor."""


@dataclass(frozen=True, eq=False)
class Edition:
    """Another outside edition that stands: its issue, what it is made of, and the addresses that it withholds."""

    issue_id: str
    makeup: Makeup
    withheld: frozenset[str]

    @property
    def shown(self) -> frozenset[Key]:
        """The sums that its readers have, or may have reckoned its figures back to."""
        there = (one for address, one in self.makeup.shows.items() if address not in self.withheld)
        return frozenset(key for one in there for key in ((one.key,) if isinstance(one, Sum) else one.keys))


def as_issued(makeup: Makeup, issued: Mapping[str, Cell]) -> Makeup:
    """A makeup that was counted again, with the sums that the issue's own cells (by address, of its inside edition) say
    where these are others now: since then somebody was erased, in every version of the lake. Relations that hold no
    more, because a sum takes part that no cell shows, are left out.
    """
    told: dict[Key, set[int]] = {}
    for address, one in makeup.shows.items():
        if isinstance(one, Sum) and isinstance(value := issued.get(address), int):
            told.setdefault(one.key, set()).add(value)
    other = {key: min(values) for key, values in told.items() if makeup.cells[key].value not in values}
    cells = {**makeup.cells, **{key: _with_gone(makeup.cells[key], value) for key, value in other.items()}}
    relations = [(total, parts) for total, parts in makeup.relations
                 if cells[total].value == sum(cells[part].value for part in parts)]  # fmt: skip
    return replace(makeup, cells=cells, relations=tuple(relations))


def _with_gone(cell: TableCell, value: int) -> TableCell:
    gone = value - cell.value
    return replace(
        cell, value=value, contributors=(*cell.contributors, (GONE, gone)), buckets=(*cell.buckets, (GONE, 1, gone))
    )


@dataclass(eq=False)
class Joint:
    """The sums of one edition and of all others that stand. `absent` are those that it does not show, `known` what its
    readers have without it, `called` the names of those that stand for another one in the reports: what it was in
    another issue, and the difference.
    """

    cells: dict[Key, TableCell]
    relations: list[tuple[Key, tuple[Key, ...]]]
    absent: set[Key]
    known: set[Key]
    called: dict[Key, Key] = field(default_factory=dict)
    _changed: dict[Key, list[Key]] = field(default_factory=dict)

    @cached_property
    def table(self) -> AdditiveTable:
        """All of it, once everything is added."""
        return AdditiveTable(self.cells, tuple(dict.fromkeys(self.relations)))

    def add(self, other: Edition) -> None:
        """Another edition. A sum that is the same there is one; one that changed since stands beside this one's."""
        name = {key: self._named(key, cell, other.issue_id) for key, cell in other.makeup.cells.items()}
        for key, one in name.items():
            if one not in self.cells:
                self.cells[one] = other.makeup.cells[key]
                self.absent.add(one)
        self.known |= {name[key] for key in (*other.makeup.known, *(other.shown & name.keys()))}
        self.relations += [(name[total], tuple(name[one] for one in parts)) for total, parts in other.makeup.relations]

    def _named(self, key: Key, cell: TableCell, issue_id: str) -> Key:
        if key not in self.cells:
            return key
        for one in (key, *self._changed.get(key, [])):
            if self.cells[one].value == cell.value and self.cells[one].changed(cell) == 0:
                return one
        # Named by the issue in which it was another
        other: Key = (*key, issue_id)
        self._changed.setdefault(key, []).append(other)
        self.called[other] = key
        return other

    def set_apart(self, rule: ReleaseRule) -> None:
        """Every difference between what a sum is and was, or was twice, that would tell of those who changed. Not that
        of two which readers have: it is told already.
        """
        for key, others in self._changed.items():
            for one, other in combinations((key, *others), 2):
                difference = self.cells[one].less(self.cells[other])
                if {one, other} <= self.known or not disclosure.is_unsafe(difference, rule):
                    continue
                name: Key = (*key, CHANGE, *one[len(key) :], *other[len(key) :])
                more, less = (one, other) if self.cells[one].value >= self.cells[other].value else (other, one)
                self.cells[name] = difference
                self.relations.append((more, (less, name)))
                self.absent.add(name)
                self.called[name] = key

    def given_away(self, keys: Collection[Key]) -> set[Key]:
        """Which of these are exactly computed from what readers have without this edition."""
        if not keys:
            return set()
        attack = Attack(self.table, frozenset(self.known))
        ends = {key: attack.interval(key, self.cells.keys()) for key in keys}
        return {key for key, one in ends.items() if one.high is not None and one.high - one.low < 1}


def joined(makeup: Makeup, rule: ReleaseRule, others: Iterable[Edition]) -> Joint:
    """The sums of an edition and of all others."""
    joint = Joint(dict(makeup.cells), list(makeup.relations), set(makeup.absent), set(makeup.known))
    for other in others:
        joint.add(other)
    joint.set_apart(rule)
    return joint


def named(joint: Joint, keys: Iterable[Key]) -> Sequence[Key]:
    """Sums as the reports call them, each once."""
    return list(dict.fromkeys(joint.called.get(key, key) for key in keys))
