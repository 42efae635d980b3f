"""Cards by who recorded them (R173): each department's and each recorder's, new and on file, with their faults."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import tzinfo
from fractions import Fraction

import ibis.expr.types as ir

from custinfo import lake
from custinfo.domain.periods import Period
from custinfo.reports import indicator_sources
from custinfo.reports.figures import Cell
from custinfo.reports.parts.making import one_decimal
from custinfo.statistics import quality, rounding


@dataclass(frozen=True)
class Part:
    """What one department or recorder did: cards that were new within the period, and recorded in all; the cards whose
    newest version is theirs, how many of these have faults and how many faults, and are overdue; the answers that
    second entries of the period compared with theirs, and those that are equal.
    """

    new: int = 0
    recorded: int = 0
    cards: int = 0
    faulty: int = 0
    faults: int = 0
    overdue: int = 0
    compared: int = 0
    equal: int = 0

    @property
    def cells(self) -> tuple[Cell, ...]:
        """As a row shows it: shares are None of no cards, and of no second entry."""
        sound = rounding.share(self.cards - self.faulty, self.cards) if self.cards else None
        each = one_decimal(Fraction(self.faults, self.cards)) if self.cards else None
        agreement = rounding.share(self.equal, self.compared) if self.compared else None
        return self.new, self.recorded, self.cards, sound, each, self.overdue, agreement


def together(parts: Iterable[Part]) -> Part:
    """The sum of several."""
    listed = list(parts)
    return Part(*(sum(getattr(one, field.name) for one in listed) for field in fields(Part)))


class Work:
    """The cards at the end of a period (`data_quality.checked`), and who recorded which version of them."""

    def __init__(self, found: lake.Lake, cards: ir.Table, period: Period, zone: tzinfo) -> None:
        versions = found.table("card_recordings")
        who = versions.select(whose="customer_key", which="version", recorder="recorder", department="department")
        joined = cards.left_join(who, [cards.customer_key == who.whose, cards.version == who.which])
        self._cards = joined.drop("whose", "which")
        self._recorded = indicator_sources.recorded_in(versions, period, zone)
        self._entries = indicator_sources.recorded_in(found.table("second_entries"), period, zone)

    def by(self, name: str) -> Mapping[str, Part]:
        """The parts by their `department` or `recorder`; who is not known is the blank."""
        made: dict[str, dict[str, int]] = defaultdict(dict)
        for row in quality.by(self._cards, name, 1).to_pyarrow().to_pylist():
            code = row.pop("code") or ""
            made[code] |= row
        recorded, entries = self._recorded, self._entries
        new = (recorded.version == 1).cast("int64").sum().cast("int64")
        counted = recorded.group_by(code=recorded[name]).agg(recorded=recorded.count().cast("int64"), new=new)
        compared = entries.group_by(code=entries[name]).agg(
            compared=entries.compared.sum().cast("int64"), equal=entries["equal"].sum().cast("int64")
        )
        for table in (counted, compared):
            for row in table.to_pyarrow().to_pylist():
                made[row.pop("code")] |= row
        return {code: Part(**row) for code, row in made.items()}
