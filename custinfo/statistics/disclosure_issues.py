"""Differencing: what two issues of one table tell together that neither tells alone.

A reader who has an earlier issue takes it from the later one. Where few contributors changed between them, the
difference is their figure; and what was hidden once is not hidden any longer when the same figure is shown later.
"""

from collections.abc import Collection
from dataclasses import dataclass

from custinfo.statistics.disclosure import Protected, Reason, ReleaseRule, protect
from custinfo.statistics.disclosure_table import AdditiveTable, Key


@dataclass(frozen=True, eq=False)
class Issue:
    """An issue that readers have: its table as it was, and the cells that were not shown in it."""

    table: AdditiveTable
    suppressed: frozenset[Key]


def protect_against(table: AdditiveTable, rule: ReleaseRule, earlier: Collection[Issue]) -> Protected:
    """`disclosure.protect`, with what the earlier issues of the same table give away.

    A cell is unsafe besides when it was hidden before and fewer contributors than the threshold changed since, or when
    it was shown and some, but fewer than the threshold, changed. A cell that was shown and did not change is known,
    whatever is done now: it protects nothing, and one that is unsafe now is `exposed`.
    """
    also: dict[Key, Reason] = {}
    known: set[Key] = set()
    for issue in earlier:
        for key, cell in table.cells.items():
            before = issue.table.cells.get(key)
            if before is None:
                continue
            changed = cell.changed(before)
            if key in issue.suppressed:
                if changed < rule.threshold and cell.value:
                    also[key] = "issues"
            elif changed == 0:
                known.add(key)
            elif changed < rule.threshold:
                also[key] = "issues"
    return protect(table, rule, also=also, known=known)
