"""The rules of `row_rules`, for columns of text instead of rows: the same values, many times as fast.

Nothing is defined a second time. What is most of a file, plain numbers and plain codes, is recognised by a pattern that
every reader of such a cell takes; of everything else each distinct text is read once, by the reader of its cell. A row
with a cell that a reader refuses is wrong: what is said of it `row_rules` says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from custinfo.lake import cells, schema
from custinfo.lake.batch_kinds import BatchKind, Column
from custinfo.lake.cells import RowError
from custinfo.lake.row_rules import Cancelled, Known, RowRules
from custinfo.lake.text_blocks import Block

_AMOUNT = r"\A[0-9]{1,13}(\.[0-9]{1,2})?\z"
_QUANTITY = r"\A[1-9][0-9]{0,11}\z"
_HUNDRED = pa.scalar(Decimal(100))


@dataclass(frozen=True)
class ReadBlock:
    """The rows of a block that are not blank: `count` of them; `lines` of those that are right, in the columns of the
    kind's lake table; what is `cancelled`; the places of those that are `wrong`; the `row_ids` of all that have one.
    """

    count: int
    lines: pa.RecordBatch
    cancelled: list[Cancelled]
    wrong: list[int]
    row_ids: pa.StringArray


@dataclass(frozen=True)
class _Cells:
    """A column: the `values` that its cells were read as, NULL for blank ones, and which cells are `wrong`."""

    values: pa.Array
    wrong: pa.BooleanArray


class ColumnRules:
    """The rules for the blocks of one file. `places` says where each of the kind's columns stands, None for nowhere."""

    def __init__(self, kind: BatchKind, known: Known, places: Sequence[int | None]) -> None:
        self._kind, self._known, self._places = kind, known, places
        self._rules = RowRules(kind, known)
        self._lines = schema.LINES[kind.table]

    def read(self, block: Block) -> ReadBlock:
        """What the rows of a block are."""
        filled = _any([pc.greater(pc.binary_length(column), 0) for column in block.columns])
        beyond = _at(block.beyond, block.rows)
        filled = pc.or_(filled, beyond)
        found = {
            column: self._read(column, block.columns[place])
            for column, place in zip(self._kind.columns, self._places, strict=True)
            if place is not None
        }
        by_value = {column.value: cells_of for column, cells_of in found.items()}
        missing = [self._missing(column, block, by_value) for column in found]
        wrong = _any([*(one.wrong for one in found.values()), *missing])
        states = by_value.get("state")
        taken_back = pc.fill_null(states.values, False) if states else _none(block.rows)
        cancelled, refused = self._taken_back(block, pc.and_(taken_back, filled))
        wrong = pc.or_(pc.and_not(wrong, taken_back), pc.or_(beyond, _at(refused, block.rows)))
        wrong = pc.and_(wrong, filled)
        right = pc.and_not(filled, pc.or_(wrong, taken_back))
        ids = by_value["row_id"].values.filter(filled).drop_null()
        places = pc.indices_nonzero(wrong).to_pylist()
        return ReadBlock(pc.sum(filled).as_py() or 0, self._right(found, right), cancelled, places, ids)

    def _read(self, column: Column, text: pa.StringArray) -> _Cells:
        read = self._rules.reader(column.value)
        kind = self._lines.field(column.target).type if column.target else pa.bool_()
        if column.value in ("amount", "further_amount"):
            plain = pc.match_substring_regex(text, _AMOUNT)
            yuan = _where(plain, text).cast(pa.decimal128(15, 2))
            return _rest(text, plain, pc.multiply(yuan, _HUNDRED).cast(pa.int64()), read)
        if column.value == "quantity":
            plain = pc.match_substring_regex(text, _QUANTITY)
            return _rest(text, plain, _where(plain, text).cast(pa.int64()), read)
        if column.value == "row_id":
            short = pc.less_equal(pc.binary_length(text), cells.MAX_CODE)
            plain = pc.and_(pc.and_(pc.string_is_ascii(text), pc.ascii_is_printable(text)), short)
            # Not the reader of rows, which remembers: whether a number is there twice is asked of the whole file
            return _rest(text, plain, _where(plain, text), lambda one: cells.plain(one, cells.MAX_CODE))
        return _distinct(text, read, kind)

    def _missing(self, column: Column, block: Block, by_value: dict[str, _Cells]) -> pa.BooleanArray:
        """Which cells are blank that must not be."""
        place = self._places[self._kind.columns.index(column)]
        if column.blank is None or place is None:
            return _none(block.rows)
        blank = pc.equal(block.columns[place], "")
        if not column.blank:
            return blank
        allowed = pa.array(sorted(column.blank), pa.string())
        if "kind" not in by_value:
            return _none(block.rows) if self._kind.fixed_kind in column.blank else blank
        return pc.and_not(blank, pc.is_in(by_value["kind"].values, allowed))

    def _taken_back(self, block: Block, rows: pa.BooleanArray) -> tuple[list[Cancelled], list[int]]:
        """What the cancelled rows take back, and the places of those of them that are wrong."""
        cancelled, refused = [], []
        for place in pc.indices_nonzero(rows).to_pylist():
            number, values = block.row(place)
            # Rules of their own, which remember no other row
            checked = RowRules(self._kind, self._known).check(
                number, [None if at is None else values[at] for at in self._places]
            )
            if checked.wrong or checked.cancelled is None:
                refused.append(place)
            else:
                cancelled.append(checked.cancelled)
        return cancelled, refused

    def _right(self, found: dict[Column, _Cells], right: pa.BooleanArray) -> pa.RecordBatch:
        by_target = {column.target: one.values for column, one in found.items() if column.target}
        if self._kind.fixed_kind:
            by_target["kind"] = pa.repeat(self._kind.fixed_kind, len(right))
        columns = [
            by_target.get(field.name, pa.nulls(len(right), field.type)).cast(field.type) for field in self._lines
        ]
        return pa.RecordBatch.from_arrays(columns, schema=_plain(self._lines)).filter(right)


def _plain(lines: pa.Schema) -> pa.Schema:
    # A row that is wrong may have a NULL where the table has none; it is left out in the same breath
    return pa.schema([field.with_nullable(True) for field in lines])


def _rest(text: pa.StringArray, plain: pa.BooleanArray, values: pa.Array, read: Callable[[str], object]) -> _Cells:
    """The `values` of plain cells, and of the others what `read` makes of them."""
    others = pc.and_not(pc.not_equal(text, ""), plain)
    values = pc.if_else(pc.equal(text, ""), pa.scalar(None, values.type), values)
    if not pc.any(others).as_py():
        return _Cells(values, _none(len(text)))
    found = _distinct(text.filter(others), read, values.type)
    return _Cells(
        pc.replace_with_mask(values, others, found.values), pc.replace_with_mask(_none(len(text)), others, found.wrong)
    )


def _distinct(text: pa.StringArray, read: Callable[[str], object], kind: pa.DataType) -> _Cells:
    """Each distinct text is read once."""
    encoded = text.dictionary_encode()
    values: list[object] = []
    wrong: list[bool] = []
    for one in encoded.dictionary.to_pylist():
        try:
            values.append(read(one) if one else None)
            wrong.append(False)
        except RowError:
            values.append(None)
            wrong.append(True)
    return _Cells(pa.array(values, kind).take(encoded.indices), pa.array(wrong, pa.bool_()).take(encoded.indices))


def _where(which: pa.BooleanArray, text: pa.StringArray) -> pa.StringArray:
    return pc.if_else(which, text, pa.scalar(None, text.type))


def _none(rows: int) -> pa.BooleanArray:
    return pa.repeat(False, rows)


def _at(places: Sequence[int] | dict[int, str], rows: int) -> pa.BooleanArray:
    wanted = set(places)
    return pa.array([place in wanted for place in range(rows)], pa.bool_()) if wanted else _none(rows)


def _any(parts: Sequence[pa.BooleanArray]) -> pa.BooleanArray:
    found = parts[0]
    for part in parts[1:]:
        found = pc.or_(found, part)
    return found
