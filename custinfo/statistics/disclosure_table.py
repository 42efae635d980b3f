"""A table as disclosure control sees it: cells, and the sums that hold between them.

Built from rows that each belong to one contributor (a customer, a respondent). Cells are keyed by one category for each
dimension, TOTAL where a dimension is summed. A dimension may be a hierarchy: its categories are then paths, and every
beginning of a path is a subtotal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TypeAlias

from custinfo.domain.errors import BadInput

TOTAL = ""
Key: TypeAlias = tuple[str, ...]
STEP = "/"
"""Between the steps of a path in a hierarchy: `east/shandong`."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one contributor adds to one cell: `key` has a category for each dimension, `value` is not negative."""

    contributor: str
    key: Key
    value: int = 1


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell: its value, who contributes to it (not zero), and their values from the largest down, signs left aside.

    Of a cell of many only the largest are named: `others` is how many there are besides, `rest` what these hold, signs
    left aside. `buckets` are the sums of groups of contributors by their names: `(bucket, how many, sum)`.
    """

    value: int
    contributors: tuple[tuple[str, int], ...]
    others: int = 0
    rest: int = 0
    buckets: tuple[tuple[str, int, int], ...] = ()

    @property
    def count(self) -> int:
        """How many contributors."""
        return len(self.contributors) + self.others

    @property
    def held(self) -> int:
        """What all of them hold, signs left aside: the value, where nobody is below zero."""
        return sum(abs(value) for _, value in self.contributors) + self.rest

    def changed(self, before: "TableCell") -> int:
        """How many contributors came, went, or have another figure. Of cells of many no fewer than that did: so many
        buckets differ.
        """
        new, old = ({name: tuple(sums) for name, *sums in one} for one in self._of_both(before))
        return sum(new.get(one) != old.get(one) for one in new.keys() | old.keys())

    def less(self, before: "TableCell") -> "TableCell":
        """What whoever has both cells has of those who changed, as a cell of theirs; turned round where it is below
        zero. Of cells of many each bucket counts as one contributor: no fewer changed, and none by more unseen.
        """
        new, old = ({name: sums[-1] for name, *sums in one} for one in self._of_both(before))
        changes = {one: new.get(one, 0) - old.get(one, 0) for one in new.keys() | old.keys()}
        turned = -1 if self.value < before.value else 1
        there = ((name, turned * value) for name, value in changes.items() if value)
        ordered = sorted(there, key=lambda one: (-abs(one[1]), one[0]))
        return TableCell(abs(self.value - before.value), tuple(ordered))

    def _of_both(self, before: "TableCell") -> Iterator[tuple[tuple[str, *tuple[int, ...]], ...]]:
        of_all = bool(self.others or before.others)
        return (one.buckets if of_all else one.contributors for one in (self, before))


@dataclass(frozen=True, eq=False)
class AdditiveTable:
    """Cells by key, and relations: a total and the parts whose values add up to it."""

    cells: Mapping[Key, TableCell]
    relations: tuple[tuple[Key, tuple[Key, ...]], ...]

    def __post_init__(self) -> None:
        for total, parts in self.relations:
            if self.cells[total].value != sum(self.cells[part].value for part in parts):
                raise BadInput("disclosure.does_not_add_up", cell=" · ".join(total) or "*")


def table(rows: Iterable[Contribution], dimensions: Sequence[Sequence[str]]) -> AdditiveTable:
    """The table of the rows, with every total. `dimensions` are the categories of each, in their order; empty cells are
    zero. A contributor with several rows in a cell counts once.

    Raises BadInput for a category that is not among them, a value below zero, and parts that do not add up.
    """
    trees = [_tree(categories) for categories in dimensions]
    leaves = [frozenset(categories) for categories in dimensions]
    sums: dict[Key, dict[str, int]] = {}
    for row in rows:
        if len(row.key) != len(leaves) or any(one not in known for one, known in zip(row.key, leaves, strict=True)):
            raise BadInput("disclosure.no_category", cell=" · ".join(row.key))
        if row.value < 0:
            raise BadInput("disclosure.negative", contributor=row.contributor, value=row.value)
        for key in product(*(_above(one) for one in row.key)):
            cell = sums.setdefault(key, {})
            cell[row.contributor] = cell.get(row.contributor, 0) + row.value
    nodes = [(TOTAL, *(node for node in tree if node != TOTAL), *(leaf for leaf in known if leaf not in tree))
             for tree, known in zip(trees, dimensions, strict=True)]  # fmt: skip
    cells = {key: _cell(sums.get(key, {})) for key in product(*nodes)}
    return AdditiveTable(cells, tuple(_relations(trees, nodes)))


def _above(category: str) -> list[str]:
    """The category, the beginnings of its path, and the total."""
    steps = category.split(STEP)
    return [STEP.join(steps[: len(steps) - up]) for up in range(len(steps))] + [TOTAL]


def _tree(categories: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each total and its parts. A category that is itself a beginning of another would be counted twice."""
    children: dict[str, list[str]] = {TOTAL: []}
    for category in categories:
        way = [TOTAL, *reversed(_above(category)[:-1])]
        for parent, child in pairwise(way):
            siblings = children.setdefault(parent, [])
            if child not in siblings:
                siblings.append(child)
    if wrong := sorted(set(categories) & children.keys()) or (["*"] if not categories else []):
        raise BadInput("disclosure.not_a_leaf", category=wrong[0])
    return {parent: tuple(parts) for parent, parts in children.items()}


def _cell(contributions: Mapping[str, int]) -> TableCell:
    # Who adds nothing hides nobody: a figure of one customer among others without any is that customer's
    there = ((name, value) for name, value in contributions.items() if value)
    ordered = sorted(there, key=lambda one: (-one[1], one[0]))
    return TableCell(sum(contributions.values()), tuple(ordered))


def _relations(
    trees: Sequence[Mapping[str, tuple[str, ...]]], nodes: Sequence[Sequence[str]]
) -> Iterable[tuple[Key, tuple[Key, ...]]]:
    """Along each dimension, for every combination of the others."""
    for place, tree in enumerate(trees):
        for others in product(*(known for i, known in enumerate(nodes) if i != place)):
            for total, parts in tree.items():
                way = [(*others[:place], node, *others[place:]) for node in (total, *parts)]
                yield way[0], tuple(way[1:])
