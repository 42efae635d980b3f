"""The classes of the customers of all branches: what head office reads in their lakes, where each graded its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from custinfo.actions import gradings
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
    graded = rows.filter(rows.quarter == str(quarter)).select("branch").distinct().to_pyarrow()["branch"].to_pylist()
    if not graded:
        raise WrongState("gradings.no_branch", quarter=quarter)
    without = tuple(sorted(opened.versions.keys() - set(graded)))
    return OfBranches(quarter, opened.versions, gradings.class_counts(opened, quarter), without, opened.late)
