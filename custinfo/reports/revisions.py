"""What a correction changes in a report: found by comparing figures, marked in the edition that carries it out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from custinfo.actions.report_corrections import Correction
from custinfo.domain import corrections
from custinfo.domain.corrections import BY_HAND, Change
from custinfo.domain.errors import BadInput
from custinfo.reports import figures as counted
from custinfo.reports import places
from custinfo.reports.figures import DECIMAL, Cell, Figures, Kind

FILE = "revisions.json"
"""Beside the files of a revised report: the slip and its changes."""
LARGEST = 10**15


def to_json(slip: Correction) -> bytes:
    """What a build of the revised report is given."""
    changes = json.loads(corrections.to_json(slip.changes))
    told = {"slip": slip.correction_id, "cause": slip.cause, "changes": changes}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def given(figures: Figures) -> Figures:
    """The figures with what the running build was given; as they are outside of a build, or of no revision."""
    folder = places.output()
    if folder is None or not (folder / FILE).exists():
        return figures
    told = json.loads((folder / FILE).read_bytes())
    return applied(figures, told["slip"], told["cause"], [Change(**one) for one in told["changes"]])


def applied(figures: Figures, slip: str, cause: str, changes: Sequence[Change]) -> Figures:
    """The figures with their revised cells marked; those that were changed by hand replaced."""
    if cause == BY_HAND:
        figures = figures.with_cells({one.address: one.new for one in changes})
    there = dict(figures.cells())
    return replace(figures, slip=slip, revised={one.address: one.old for one in changes if one.address in there})


def differing(issued: Figures, now: Figures) -> tuple[Change, ...]:
    """The cells in which figures differ from those that were issued, in the order of the report.

    A row that is there no more, or came in, has None on that side.
    """
    before, after = ({address: counted.plain(cell) for address, cell in one.cells()} for one in (issued, now))
    addresses = [*after, *(address for address in before if address not in after)]
    return tuple(
        Change(address, before.get(address), after.get(address))
        for address in addresses if before.get(address) != after.get(address)
    )  # fmt: skip


def by_hand(issued: Figures, address: str, written: str) -> Change:
    """One cell's right value as somebody wrote it. Raises BadInput, naming the address: no cell, or no such number."""
    try:
        table, row, column = issued.at(address)
        cell = table.cell(row.id, column.id)
    except (KeyError, ValueError):
        raise BadInput("commentary.no_cell", address=address[:40]) from None
    return Change(address, counted.plain(cell), counted.plain(_written(written, row.kind_in(column), address)))


def _written(written: str, kind: Kind, address: str) -> Cell:
    """Yuan, a count or a percentage as people write them."""
    try:
        number = Decimal(written.strip().removesuffix("%").removeprefix("¥").replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and abs(number) < LARGEST:
        scaled, step = (number * 100 if kind == "fen" else number), Decimal("0.1" if kind in DECIMAL else 1)
        if scaled == (exact := scaled.quantize(step)):
            return exact if kind in DECIMAL else int(exact)
    raise BadInput("corrections.no_number", given=written[:40], address=address[:40])
