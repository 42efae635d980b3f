"""Questions that share a list of choices, drawn as one table: a `label` row with `list-nolabel` rows under it."""

from collections.abc import Sequence

from custinfo.xforms import Drawn, Form
from custinfo.xforms.appearances import words
from custinfo.xforms.refs import without_positions

MOST_COLUMNS = 12
ROWS = frozenset({"list-nolabel", "list"})
HEADING = "generated_table_list_label_"
"""How pyxform names the note that carries the label of a `table-list` group."""
UNITS = 4
"""The grid theme's units of a group that does not say how many it has."""


def rows_below(children: Sequence[Drawn], place: int, form: Form) -> int:
    """How many questions after `place` are rows of the table whose head stands there; 0 when none is a table's head."""
    head = children[place]
    if head.kind not in ("select1", "select") or "label" not in words(head.appearance):
        return 0
    count = 0
    for one in children[place + 1 :]:
        if one.kind != head.kind or not ROWS & set(words(one.appearance)) or not _same_list(head, one, form):
            break
        count += 1
    return count


def _same_list(one: Drawn, other: Drawn, form: Form) -> bool:
    ours, theirs = form.control_of[without_positions(one.ref)], form.control_of[without_positions(other.ref)]
    if ours.itemset is None or theirs.itemset is None:
        return [c.value for c in ours.choices] == [c.value for c in theirs.choices] and ours.itemset is theirs.itemset
    return ours.itemset.nodeset == theirs.itemset.nodeset


def is_heading(one: Drawn) -> bool:
    """Whether it is the note into which pyxform puts the label of a `table-list` group."""
    return one.kind == "input" and one.ref.rpartition("/")[2].startswith(HEADING)
