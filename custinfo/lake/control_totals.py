"""Control totals: how many rows a batch has and what they add up to, and what its sender says of both.

They are taken over every row of the file as it stands there, cancelled rows too, so that the sender can count the same.
A control file stands beside the batch: `sales.control.json` or `sales.control.csv` for `sales.csv`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from custinfo.domain import money
from custinfo.domain.errors import BadInput
from custinfo.lake import readers
from custinfo.lake.batch_kinds import KINDS, BatchKind, heading
from custinfo.lake.row_rules import Cancelled

MAX_SUM_FEN = 10**18
"""A batch's sum stays below it, so that sums over many batches still fit into 64 bits."""

_MAX_BYTES = 65_536
_SHOWN = 10
_HEADINGS = {
    "kind": "kind",
    "类型": "kind",
    "rows": "rows",
    "行数": "rows",
    "sum_fen": "sum_fen",
    "金额(分)": "sum_fen",
}
_WHOLE_BATCH = frozenset({"", "total", "合计"})
_KIND_NAMES = {name: english for kind in KINDS.values() for name, english in kind.kinds.items()}


@dataclass(frozen=True)
class Total:
    """`rows` of a batch and their sum in fen. Of what is expected, either may be None: it is not said."""

    rows: int | None
    sum_fen: int | None


@dataclass(frozen=True)
class Totals:
    """The whole batch, and each kind of row in it. `kinds` leaves out nothing; of what is expected it may."""

    whole: Total
    kinds: Mapping[str, Total] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """The rows of the file."""
        return self.whole.rows or 0

    @property
    def sum_fen(self) -> int:
        """The sum of their amounts, whatever their kind; 0 where there are none."""
        return self.whole.sum_fen or 0

    def as_json(self) -> str:
        """As the register keeps them."""
        kinds = {name: [total.rows, total.sum_fen] for name, total in sorted(self.kinds.items())}
        return json.dumps({"rows": self.rows, "sum_fen": self.sum_fen, "kinds": kinds}, sort_keys=True)


def of(lines: pa.Table, cancelled: Iterable[Cancelled]) -> Totals:
    """The totals of checked lines (with `kind`, and `amount_fen` where the kind of batch has amounts) and of cancelled
    rows. Sums are exact, however large.
    """
    with_amounts = "amount_fen" in lines.column_names
    counted: dict[str, list[int]] = {}
    columns = {"kind": lines["kind"]}
    if with_amounts:
        # An int64 would wrap without a word
        columns["amount_fen"] = lines["amount_fen"].cast(pa.decimal128(38))
    sums = [("amount_fen", "sum")] if with_amounts else []
    for row in pa.table(columns).group_by("kind").aggregate([("kind", "count"), *sums]).to_pylist():
        counted[row["kind"]] = [row["kind_count"], int(row.get("amount_fen_sum") or 0)]
    for one in cancelled:
        total = counted.setdefault(one.kind, [0, 0])
        total[0] += 1
        total[1] += one.amount_fen
    kinds = {name: Total(rows, sum_fen) for name, (rows, sum_fen) in counted.items()}
    whole = Total(sum(rows for rows, _ in counted.values()), sum(sum_fen for _, sum_fen in counted.values()))
    return Totals(whole, kinds)


def check(name: str, kind: BatchKind, found: Totals, expected: Totals | None) -> None:
    """Raises BadInput naming both figures when the totals of the batch `name` are not what its sender says, and for a
    kind of row that there is none of in such a batch.
    """
    if found.sum_fen >= MAX_SUM_FEN:
        raise BadInput("lake.sum_large", file=name, sum=money.show(found.sum_fen))
    if expected is None:
        return
    _check_one(name, "", found.whole, expected.whole)
    possible = {*kind.kinds.values(), kind.fixed_kind}
    for said, total in expected.kinds.items():
        meant = _meant(said)
        if meant not in possible:
            raise BadInput("lake.control_kind", file=name, kind=said[:40])
        _check_one(name, said, found.kinds.get(meant, Total(0, 0)), total)


def _meant(said: str) -> str:
    """The English name of a kind of row that is named in either language."""
    return _KIND_NAMES.get(said.casefold(), said.casefold())


def _check_one(name: str, kind: str, found: Total, expected: Total) -> None:
    of_kind = "_of_kind" if kind else ""
    if expected.rows is not None and expected.rows != found.rows:
        raise BadInput(f"lake.control_rows{of_kind}", file=name, kind=kind, found=found.rows, expected=expected.rows)
    if expected.sum_fen is not None and expected.sum_fen != found.sum_fen:
        raise BadInput(
            f"lake.control_sum{of_kind}",
            file=name,
            kind=kind,
            found=money.show(found.sum_fen or 0),
            expected=money.show(expected.sum_fen),
        )


def beside(file: Path) -> Path | None:
    """The control file of a batch's file, None when there is none. Raises BadInput when there are two."""
    found = [path for suffix in ("json", "csv") if (path := file.with_name(f"{file.stem}.control.{suffix}")).is_file()]
    if len(found) > 1:
        raise BadInput("lake.control_twice", file=found[0].name, other=found[1].name)
    return found[0] if found else None


class _Repeated(ValueError):
    """Something is said twice: `key` and `facts` are of the message that names it."""

    def __init__(self, key: str, **facts: object) -> None:
        self.key, self.facts = key, facts
        super().__init__(key)


def read(file: Path) -> Totals:
    """What a control file says. Raises BadInput for one that cannot be read, says nothing that can be compared, or says
    something twice: of two figures neither is chosen.
    """
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError
        found = _from_json(file.read_text("utf-8-sig")) if file.suffix == ".json" else _from_csv(readers.rows(file))
    except _Repeated as repeated:
        raise BadInput(repeated.key, file=file.name, **repeated.facts) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadInput("lake.control_unreadable", file=file.name) from None
    if found.whole == Total(None, None) and not found.kinds:
        raise BadInput("lake.control_unreadable", file=file.name)
    return found


def _from_json(written: str) -> Totals:
    content = json.loads(written, object_pairs_hook=_each_once)
    if not content.keys() <= {"rows", "sum_fen", "kinds"}:
        raise KeyError
    kinds = {str(name): _total(total) for name, total in content.get("kinds", {}).items()}
    _each_once((_meant(name), name) for name in kinds)
    return Totals(_total({name: content.get(name) for name in ("rows", "sum_fen")}), kinds)


def _total(content: Mapping[str, object]) -> Total:
    if not content.keys() <= {"rows", "sum_fen"}:
        raise KeyError
    figures = content.get("rows"), content.get("sum_fen")
    if any(type(figure) is not int and figure is not None for figure in figures):
        raise TypeError
    return Total(*figures)  # type: ignore[arg-type]  # they are what the line above says


def _each_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Repeated("lake.control_named_twice", name=name[:40])
        found[name] = value
    return found


def _from_csv(rows: Iterator[readers.Row]) -> Totals:
    _, headings = next(rows, (1, []))
    names = [_HEADINGS[heading(name)] for name in headings]
    found: dict[str, Total] = {}
    lines: dict[str, list[int]] = {}
    for number, values in rows:
        kind, total = _line(names, values)
        lines.setdefault(_meant(kind) if kind else "", []).append(number)
        found[kind] = total
    for kind, numbers in lines.items():
        if len(numbers) > 1:
            raise _Repeated(
                "lake.control_repeated", kind=kind[:40] or "total / 合计", lines=", ".join(map(str, numbers[:_SHOWN]))
            )
    return Totals(found.pop("", Total(None, None)), found)


def _line(names: list[str], values: list[str]) -> tuple[str, Total]:
    """The kind that a line is about, "" for the whole batch, and what it says of it."""
    if len(values) > len(names):
        raise ValueError
    named = _each_once(zip(names, values, strict=False))  # a line may end early: the rest is not said
    kind = named.get("kind", "")
    total = Total(*(int(named[name]) if named.get(name) else None for name in ("rows", "sum_fen")))
    return "" if kind.casefold() in _WHOLE_BATCH else kind, total
