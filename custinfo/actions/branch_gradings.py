"""The classes of the customers of all branches: what head office reads in their lakes, where each graded its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from custinfo.domain.errors import WrongState
from custinfo.domain.periods import Quarter

# What reads tables takes Ibis, a second of import: only where it is asked for
if TYPE_CHECKING:
    from custinfo.lake import Late


@dataclass(frozen=True)
class OfBranches:
    """The classes at the end of a quarter: `counts` has for each scheme how many customers have which class, the most
    frequent first, by the newest edition of each branch. `versions` are those of the branches that were read, `without`
    the branches among them that have no grading of the quarter, `late` those whose data were not in.
    """

    quarter: Quarter
    versions: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]
    without: tuple[str, ...]
    late: "tuple[Late, ...]"


def of_branches(folder: Path, quarter: Quarter, *, as_of: datetime | None = None) -> OfBranches:
    """What the branches' lakes below a folder say; it takes no more than the right to read that folder.

    Raises as `lake.open_branches` does, and WrongState when no branch had graded the quarter by then.
    """
    from custinfo import lake

    opened = lake.open_branches(folder, as_of=as_of)
    rows = opened.gradings
    rows = rows.filter(rows.quarter == str(quarter))
    found = rows.group_by("branch", "scheme", "class").agg(customers=rows.count()).to_pyarrow().to_pylist()
    if not found:
        raise WrongState("gradings.no_branch", quarter=quarter)
    sums: dict[tuple[str, str], int] = {}
    for row in found:
        place = row["scheme"], row["class"]
        sums[place] = sums.get(place, 0) + row["customers"]
    without = opened.versions.keys() - {row["branch"] for row in found}
    return OfBranches(quarter, opened.versions, _by_scheme(sums), tuple(sorted(without)), opened.late)


def _by_scheme(sums: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    from custinfo.classification.schemes import SCHEMES

    counts: dict[str, dict[str, int]] = {name: {} for name in SCHEMES}
    for (scheme, code), customers in sorted(sums.items(), key=lambda one: (-one[1], one[0])):
        counts[scheme][code] = customers
    return counts
