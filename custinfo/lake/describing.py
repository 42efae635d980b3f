"""What the lake's tables and columns mean, for an analyst's notebook: in Chinese or in English, as text and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from custinfo.domain import clock
from custinfo.domain.errors import BadInput, NotFound
from custinfo.domain.messages import DEFAULT_LANGUAGE, catalogue, text

if TYPE_CHECKING:
    import pandas as pd

    from custinfo.lake.tables import Tables

MOST_ROWS = 1_000_000
CODE_TABLES = ("ownership", "region", "industry")
SAME = {"customers": "customer_versions"}
"""Tables with the columns of another."""


@dataclass(frozen=True)
class Description:
    """A table of words: a title, the headings, the rows. A notebook draws it; elsewhere it prints as text."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        lines = ["  ".join(row) for row in (self.heads, *self.rows)]
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{escape(one)}</th>" for one in self.heads)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(one)}</td>" for one in row) + "</tr>"
            for row in self.rows
        )
        return (
            f"<table><caption>{escape(self.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def describe(opened: "Tables", name: str = "", language: str = DEFAULT_LANGUAGE) -> Description:
    """What the tables of a lake are; with the `name` of one, what its columns mean. Raises NotFound for another."""
    names = table_names(opened)
    if not name:
        title = text("lake_columns.lake", language, as_of=clock.stamp(opened.as_of))
        rows = tuple((one, text(f"lake_columns.tables.{one}", language)) for one in names)
        return Description(title, _heads(("table", "meaning"), language), rows)
    if name not in names:
        raise NotFound("lake_columns.unknown", name=name[:40], names=", ".join(names))
    columns = tuple(
        (column, str(kind), meaning(name, column, language)) for column, kind in table(opened, name).schema().items()
    )
    title = text(f"lake_columns.tables.{name}", language)
    return Description(f"{name}: {title}", _heads(("column", "type", "meaning"), language), columns)


def table_names(opened: "Tables") -> tuple[str, ...]:
    """The tables that an analyst reads, `customers` first, code tables last."""
    return ("customers", *opened.found, *CODE_TABLES)


def table(opened: "Tables", name: str) -> ir.Table:
    """One of `table_names`."""
    found: ir.Table = opened.found[name] if name in opened.found else getattr(opened, name)
    return found


def meaning(name: str, column: str, language: str) -> str:
    """What a column of a table means. Raises KeyError where nobody said so yet: a test finds it before a reader."""
    own = f"lake_columns.{SAME.get(name, name)}.{column}"
    return text(own if own in catalogue(language) else f"lake_columns.columns.{column}", language)


def to_pandas(expression: ir.Table, most: int = MOST_ROWS) -> "pd.DataFrame":
    """A small result as a pandas table. Raises BadInput when it has more than `most` rows, before they are read."""
    rows = expression.count().to_pyarrow().as_py()
    if rows > most:
        raise BadInput("lake_columns.large", rows=f"{rows:,}", most=f"{most:,}")
    found: pd.DataFrame = expression.to_pandas()
    return found


def _heads(names: Sequence[str], language: str) -> tuple[str, ...]:
    return tuple(text(f"lake_columns.{name}", language) for name in names)
