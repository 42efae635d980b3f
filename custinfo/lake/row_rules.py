"""What a row of a batch's file must be: the columns of its kind, each with its reader."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from custinfo.lake import cells, schema
from custinfo.lake.batch_kinds import BatchKind
from custinfo.lake.cells import RowError


@dataclass(frozen=True)
class Known:
    """What rows are held against: the lake's key for each customer number and credit code, and the present.

    `now` is a moment with its zone; days and times of a file are of the site's `zone`.
    """

    customers: Mapping[str, str]
    now: datetime
    zone: ZoneInfo


class Cancelled(NamedTuple):
    """A row that takes back what an earlier batch said; its kind and amount count in the control totals."""

    row_id: str
    kind: str
    amount_fen: int


class Checked(NamedTuple):
    """A row: its `values` in the order of the kind's lake table, what is `wrong` with them, column by column.

    A row that is `cancelled` has no values.
    """

    values: list[object]
    wrong: list[tuple[str, RowError]]
    cancelled: Cancelled | None


class RowRules:
    """The rules for one file, which remember the row ids that they have seen."""

    def __init__(self, kind: BatchKind, known: Known) -> None:
        self._kind = kind
        self._known = known
        self._seen: dict[str, int] = {}
        self._number = 0
        self._today = known.now.astimezone(known.zone).date()
        self._readers = [self.reader(column.value) for column in kind.columns]
        self._at = {column.value: place for place, column in enumerate(kind.columns)}
        filled = {column.target: place for place, column in enumerate(kind.columns)}
        self._from = [(filled.get(name), self._fixed(name)) for name in schema.LINES[kind.table].names]

    def check(self, number: int, row: Sequence[str | None]) -> Checked:
        """`row` has a cell for each of the kind's columns, None where the file lacks an optional one."""
        self._number = number
        wrong: list[tuple[str, RowError]] = []
        if self._is_cancelled(row):
            return self._taken_back(row, wrong)
        read: list[object] = []
        for column, reader, text in zip(self._kind.columns, self._readers, row, strict=True):
            value = None
            try:
                if text:
                    value = reader(text)
                elif text is not None and column.blank is not None and self._kind_of(row) not in column.blank:
                    raise RowError("missing")
            except RowError as error:
                wrong.append((column.name, error))
            read.append(value)
        return Checked([fixed if place is None else read[place] for place, fixed in self._from], wrong, None)

    def reader(self, value: str) -> Callable[[str], object]:
        """What reads a cell of that kind of value that is not blank: text in, value out, RowError for what is wrong."""
        readers: dict[str, Callable[[str], object]] = {
            "customer": self._customer,
            "row_id": self._row_id,
            "kind": self._row_kind,
            "past_day": self._past_day,
            "past_moment": self._past_moment,
            "text": cells.plain,
            "page": cells.page,
            "quantity": cells.quantity,
            "amount": cells.amount,
            "further_amount": cells.amount,
            "rating": cells.rating,
            "yuan_only": cells.yuan_only,
            "state": cells.cancelled,
        }
        return readers[value]

    def _fixed(self, target: str) -> str | None:
        return self._kind.fixed_kind if target == "kind" else None

    def _kind_of(self, row: Sequence[str | None]) -> str | None:
        if "kind" not in self._at:
            return self._kind.fixed_kind
        return self._kind.kinds.get((row[self._at["kind"]] or "").casefold())

    def _is_cancelled(self, row: Sequence[str | None]) -> bool:
        text = row[self._at["state"]]
        if not text:
            return False
        try:
            return cells.cancelled(text)
        except RowError:
            return False  # said together with the rest of the row

    def _taken_back(self, row: Sequence[str | None], wrong: list[tuple[str, RowError]]) -> Checked:
        """Only what says which row is meant, and what counts in the totals, has to be right."""

        def read(name: str, otherwise: object) -> object:
            place = self._at.get(name)
            text = row[place] if place is not None else None
            try:
                if place is not None and text:
                    return self._readers[place](text)
                if name == "row_id":
                    raise RowError("missing")
            except RowError as error:
                assert place is not None
                wrong.append((self._kind.columns[place].name, error))
            return otherwise

        row_id, kind, amount = read("row_id", ""), read("kind", self._kind.fixed_kind), read("amount", 0)
        return Checked([], wrong, Cancelled(str(row_id), str(kind), amount if isinstance(amount, int) else 0))

    def _customer(self, text: str) -> str:
        key = self._known.customers.get(text) or self._known.customers.get(cells.plain(text, cells.MAX_CODE).upper())
        if key is None:
            raise RowError("customer")
        return key

    def _row_id(self, text: str) -> str:
        row_id = cells.plain(text, cells.MAX_CODE)
        first = self._seen.setdefault(row_id, self._number)
        if first != self._number:
            raise RowError("repeated", first=first)
        return row_id

    def _row_kind(self, text: str) -> str:
        found = self._kind.kinds.get(text.casefold())
        if found is None:
            raise RowError("kind", kinds=", ".join(self._kind.kinds))
        return found

    def _past_day(self, text: str) -> date:
        found = cells.day(text)
        if found > self._today:
            raise RowError("future", today=self._today)
        return found

    def _past_moment(self, text: str) -> datetime:
        found = cells.moment(text, self._known.zone)
        if found > self._known.now:
            raise RowError("future", today=f"{self._known.now.astimezone(self._known.zone):%Y-%m-%d %H:%M}")
        return found.replace(tzinfo=None)
