"""The outside edition of an issue (R151): which cells are withheld, decided before it is built.

What readers outside have counts together: this edition and every other that stands, of this report or another. Their
sums are put into one table with all relations between them, and cells are taken out until no unsafe one can be computed
(`statistics.disclosure`). A linear program then audits what came of it. See docs/adr/0025-outside-edition.md.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from custinfo.classification import disclosure_rules
from custinfo.classification.disclosure_rules import ReleaseClass
from custinfo.domain.corrections import BY_HAND
from custinfo.domain.errors import WrongState
from custinfo.reports import figures as counted
from custinfo.reports import outside_table, showing
from custinfo.reports.figures import Cell, Figures, Table
from custinfo.reports.makeup import Makeup, Sum
from custinfo.reports.outside_table import Edition, Joint
from custinfo.reports.withheld import Decision
from custinfo.statistics import disclosure, disclosure_rounding
from custinfo.statistics.disclosure import Protected
from custinfo.statistics.disclosure_table import AdditiveTable, Key

CLASS = "outside"


class Exposed(WrongState):
    """A cell could be computed by readers outside; names its place in the reader's language."""

    def __init__(self, figures: Figures, address: str, key: Key) -> None:
        self._figures, self._address = figures, address
        super().__init__("outside.exposed", cell=address or " · ".join(filter(None, key)))

    def text(self, language: str = "zh-CN") -> str:
        """The sentence; a cell of this report by its place in words, one of another by the name of its sum."""
        if not self._address:
            return super().text(language)
        return WrongState(self.key, cell=showing.address(self._figures, self._address, language)).text(language)


def protect(makeup: Makeup, rule: ReleaseClass, others: Iterable[Edition] = ()) -> tuple[Protected, Sequence[Key]]:
    """Which sums readers outside may not have, held against all other editions; and those of which one could be
    computed, whatever is withheld. What others gave away already is none of these: nothing more is told of it.
    """
    joint = outside_table.joined(makeup, rule, others)
    found = disclosure.protect(joint.table, rule, known=joint.known, absent=joint.absent - joint.known)
    return found, _open(joint, (*found.exposed, *disclosure.too_narrow(found, rule, known=joint.known)))


def audit(makeup: Makeup, withheld: Collection[str], day: date, others: Iterable[Edition] = ()) -> Sequence[Key]:
    """The unsafe sums that readers of an edition can compute, whoever made it, of this edition or of another: none,
    unless somebody changed it.
    """
    rule, _ = disclosure_rules.release_class(CLASS, day)
    joint = outside_table.joined(makeup, rule, others)
    shown = Edition("", makeup, frozenset(withheld)).shown
    reasons = {key: one for key, one in disclosure.unsafe(joint.table, rule).items() if key not in joint.known}
    hidden = joint.cells.keys() - shown - joint.known
    found = Protected(joint.table, reasons, frozenset(hidden - reasons.keys()), ())
    told = [key for key in reasons if key in shown]
    return told or _open(joint, disclosure.too_narrow(found, rule, known=joint.known))


def _open(joint: Joint, narrow: Iterable[Key]) -> Sequence[Key]:
    """Those of the sums that can be computed for which this edition answers, as the reports call them."""
    found = sorted(set(narrow) - joint.known)
    told = joint.given_away([key for key in found if key in joint.absent])
    return outside_table.named(joint, (key for key in found if key not in told))


def decided(
    figures: Figures, makeup: Makeup, day: date, others: Iterable[Edition] = (), *, before: Figures | None = None,
    cause: str = "",
) -> Decision:  # fmt: skip
    """What the outside edition of a report shows, by the rules of the day.

    `figures` are those of the inside edition, a correction applied; `before` those of the outside edition that it
    corrects, for `cause`. Raises Exposed when a cell of this edition could be computed, whatever were withheld.
    """
    rule, version = disclosure_rules.release_class(CLASS, day)
    found, open_to_all = protect(makeup, rule, others)
    told = _Told(figures, makeup, found.suppressed, rule.rounding_base, by_hand=cause == BY_HAND)
    if open_to_all:
        raise Exposed(figures, told.at(open_to_all[0]), open_to_all[0])
    shown = told.cells()
    inside = {address: counted.plain(cell) for address, cell in figures.cells()}
    values = {address: counted.plain(cell) for address, cell in shown.items()}
    was = {} if before is None else {address: counted.plain(cell) for address, cell in before.cells()}
    corrected = figures.revised if cause == BY_HAND else {}
    return Decision(
        release=CLASS, rule=version, withheld=sorted(inside.keys() - values.keys()),
        values={one: value for one, value in values.items() if value != inside[one] or one in corrected},
        order={one.id: order for one in figures.tables if (order := _order(one, makeup, shown)) is not None},
        slip=figures.slip,
        revised={one: was[one] for one in figures.revised
                 if one in values and was.get(one) is not None and was[one] != values[one]},
    )  # fmt: skip


class _Told:
    """What may be shown of figures when some sums are not to be known."""

    def __init__(
        self, figures: Figures, makeup: Makeup, hidden: Collection[Key], base: int, *, by_hand: bool
    ) -> None:  # fmt: skip
        self._figures, self._makeup, self._hidden = figures, makeup, hidden
        self._inside = dict(figures.cells())
        self._corrected = set(figures.revised) if by_hand else set()
        sums = {address: one.key for address, one in makeup.shows.items() if isinstance(one, Sum)}
        self._counts = {key for one, key in sums.items() if one in self._inside and self._kind(one) == "count"}
        self._rounded = _rounded(makeup, self._counts, base)

    def at(self, key: Key) -> str:
        """The first address that shows this sum; blank for none."""
        return next((address for address, one in self._makeup.shows.items() if one == Sum(key)), "")

    def cells(self) -> dict[str, Cell]:
        """Every cell that is shown, by address."""
        found: dict[str, Cell] = {}
        for address in self._inside:
            one = self._makeup.shows.get(address)
            keys = () if one is None else (one.key,) if isinstance(one, Sum) else one.keys
            if one is None or any(key in self._hidden for key in keys):
                continue
            if isinstance(one, Sum):
                self._sum(found, address, one.key)
            elif one.how is not None:
                # What was corrected by hand is not what follows from the sums
                if address not in self._corrected:
                    found[address] = one.how([self._value(key) for key in keys])
            elif not any(key in self._counts for key in keys):
                found[address] = self._inside[address]
        return found

    def _sum(self, found: dict[str, Cell], address: str, key: Key) -> None:
        """A sum is shown where it is what the report says, so that a cell that was described wrongly is not told."""
        corrected, inside = address in self._corrected, self._inside[address]
        if key in self._counts:
            if not corrected and inside == self._makeup.cells[key].value:
                found[address] = self._value(key)
        elif corrected or inside == self._makeup.cells[key].value:
            found[address] = inside

    def _value(self, key: Key) -> int:
        return self._rounded.get(key, self._makeup.cells[key].value)

    def _kind(self, address: str) -> str:
        _, row, column = self._figures.at(address)
        return row.kind_in(column)


def _rounded(makeup: Makeup, counts: set[Key], base: int) -> Mapping[Key, int]:
    """The counts at multiples of the base, with their sums."""
    if base < 2 or not counts:
        return {}
    relations = [(total, parts) for total, parts in makeup.relations if {total, *parts} <= counts]
    cells = {key: makeup.cells[key] for key in sorted(counts)}
    return disclosure_rounding.controlled(AdditiveTable(cells, tuple(relations)), base)


def _order(table: Table, makeup: Makeup, shown: Mapping[str, Cell]) -> list[str] | None:
    """The rows of a ranked table in an order that tells nothing that is withheld: by what is shown, the others by id;
    None for a table that stands as it is.
    """
    column = makeup.ranked.get(table.id)
    if column is None or (column == "" and all(f"{table.id}.{row.id}.actual" in shown for row in table.rows)):
        return None
    coded = [row.id for row in table.rows if row.label.source != "message"]
    size = {one: shown.get(f"{table.id}.{one}.{column}") for one in coded}
    ranked = sorted(coded, key=lambda one: (size[one] is None, -(size[one] or 0), one))
    return [*ranked, *(row.id for row in table.rows if row.label.source == "message")]
