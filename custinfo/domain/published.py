"""Under which indicator and period a cell of a report is published (R150): `data/published.toml`, read and applied."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from custinfo.domain import periods
from custinfo.domain.errors import BadInput
from custinfo.domain.periods import Period

FILE = Path(__file__).resolve().parents[2] / "data" / "published.toml"
WHEN: Mapping[str, Callable[[Period], Period]] = {
    "own": lambda period: period,
    "before": lambda period: period.plus(-1),
    "year_before": lambda period: period.year_before(),
    "same_weekday": lambda period: period.plus(-364),
}
"""For which period a column stands, given that of its report."""
PERIOD_LABELS = ("month", "period")
ROW_KIND = "row"
"""The kind of a column whose cells have their row's."""


@dataclass(frozen=True)
class Placed:
    """A published number: the indicator's id, or `report:address` for a cell that is no indicator's; for which period;
    `value` as `figures.json` has it, as text; `kind` says how it is shown.
    """

    indicator: str
    period: str
    address: str
    value: str
    kind: str


def placed(report: str, period: str, tables: Sequence[Mapping[str, Any]]) -> Iterator[Placed]:
    """Every number of a report's tables with what it is the figure of. A cell without a number publishes nothing.

    `tables` are those of `figures.json`: columns and rows with ids, labels and kinds; the first column is the labels.
    """
    own = periods.find(period)
    for table in tables:
        columns = table["columns"][1:]
        for row in table["rows"]:
            for column, cell in zip(columns, row["cells"], strict=True):
                if cell is not None:
                    yield _placed(report, own, table, row, column, cell)


def _placed(
    report: str, own: Period, table: Mapping[str, Any], row: Mapping[str, Any], column: Mapping[str, Any],
    cell: int | str,
) -> Placed:  # fmt: skip
    address = f"{table['id']}.{row['id']}.{column['id']}"
    kind = row.get("kind") or "number" if column["kind"] == ROW_KIND else column["kind"]
    indicator, when = _indicator(report, table["id"], row, column["id"]), _when(report, own, row["label"], column["id"])
    if indicator is None or when is None:
        indicator, when = f"{report}:{address}", own
    return Placed(indicator, str(when), address, str(cell), kind)


def _indicator(report: str, table_id: str, row: Mapping[str, Any], column_id: str) -> str | None:
    told, (source, value) = _load(), row["label"][:2]
    if source in PERIOD_LABELS:
        series: str | None = told["series"].get(column_id)
        return series
    named: str | None = told["rows"].get(report, {}).get(f"{table_id}.{row['id']}")
    return str(value) if source == "indicator" else named


def _when(report: str, own: Period, label: Sequence[str], column_id: str) -> Period | None:
    """The period that a cell is about; None for a column that is about no period, such as a difference."""
    if label[0] in PERIOD_LABELS:
        return periods.find(label[1])
    told = _load()
    when = told["columns_of"].get(report, {}).get(column_id) or told["columns"].get(column_id)
    return WHEN[when](own) if when else None


@cache
def _load() -> Mapping[str, Any]:
    told = tomllib.loads(FILE.read_text("utf-8"))
    used = [*told["columns"].values(), *(when for one in told["columns_of"].values() for when in one.values())]
    if set(told) != {"columns", "columns_of", "series", "rows"} or not set(used) <= set(WHEN):
        raise BadInput("published.file", file=FILE.name)
    return told
