"""The outside edition while it is built: the figures without what may not be told, and the text without it (R151).

What is withheld was decided before (`outside`) and stands beside the files of the edition. Everything in them follows
from the figures as they are made here; sentences are left out that name a withheld number, or rest on one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from custinfo.domain import commentary
from custinfo.domain.commentary import Comment
from custinfo.domain.messages import LANGUAGES
from custinfo.reports import places
from custinfo.reports.figures import Cell, Figures, Row, Table
from custinfo.reports.kind import Kind
from custinfo.reports.text import Fact

NUMBER = re.compile(r"\d|[零〇一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟]{2}|[Ⅰ-ↈ①-⓿½¼¾]")
"""Digits of any script, and numbers of more than one Chinese numeral."""
FILE = "outside.json"
"""Beside the files of an outside edition. It holds nothing that the edition does not show."""


@dataclass(frozen=True)
class Decision:
    """What an outside edition shows: of the release class `release`, by version `rule` of its rules.

    `withheld` are addresses; `values` those that differ from the inside edition (rounded, or reckoned from what is
    rounded); `order` the rows of tables by id; `slip` and `revised` what a correction changed in what is shown.
    """

    release: str
    rule: int
    withheld: Sequence[str]
    values: Mapping[str, int | str | None]
    order: Mapping[str, Sequence[str]]
    slip: str
    revised: Mapping[str, int | str | None]

    def to_json(self) -> bytes:
        """Canonical: equal decisions give equal bytes."""
        return json.dumps(self.__dict__, ensure_ascii=False, sort_keys=True).encode()


def read(content: bytes) -> Decision:
    """The decision that `to_json` wrote."""
    return Decision(**json.loads(content))


def given(figures: Figures) -> Figures:
    """The figures as the running build may show them: all of them, unless an outside edition is built."""
    folder = places.output()
    if folder is None or not (folder / FILE).exists():
        return figures
    return applied(figures, read((folder / FILE).read_bytes()))


def applied(figures: Figures, decided: Decision) -> Figures:
    """The figures of the outside edition."""
    nothing = dict.fromkeys(decided.withheld)
    shown = figures.with_cells({**decided.values, **nothing})
    tables = tuple(_ordered(table, decided.order.get(table.id)) for table in shown.tables)
    return replace(
        shown, tables=tables, slip=decided.slip, revised=decided.revised, withheld=frozenset(decided.withheld),
        outside=True,
    )  # fmt: skip


def _ordered(table: Table, order: Sequence[str] | None) -> Table:
    return replace(table, rows=tuple(table.row(one) for one in order)) if order else table


# ---- text -----------------------------------------------------------------------------------------------------------


def facts(kind: Kind, figures: Figures) -> Iterable[Fact]:
    """What a report says of its figures: of an outside edition, what neither names nor rests on a withheld number.

    Facts are made from the figures of the edition, so they tell nothing else. One that looked at a withheld cell since
    the fact before is left out: it would take what is not told for what is not there.
    """
    if not figures.withheld:
        return kind.facts(figures)
    return list(_sound(kind, figures))


def _sound(kind: Kind, figures: Figures) -> Iterator[Fact]:
    looked: list[str] = []
    tables = tuple(replace(one, rows=tuple(_watched(one, row, figures, looked) for row in one.rows))
                   for one in figures.tables)  # fmt: skip
    looked.clear()
    for fact in kind.facts(replace(figures, tables=tables)):
        named = {source.address for source in fact.sources.values()}
        if not looked and not named & figures.withheld:
            yield fact
        looked.clear()


def _watched(table: Table, row: Row, figures: Figures, looked: list[str]) -> Row:
    addresses = [f"{table.id}.{row.id}.{column.id}" for column in table.columns[1:]]
    if not figures.withheld & set(addresses):
        return row
    cells = _Cells(row.cells)
    cells.looked, cells.hidden = looked, {n for n, one in enumerate(addresses) if one in figures.withheld}
    return replace(row, cells=cells)


class _Cells(tuple[Cell, ...]):
    """The cells of a row that note when one is looked at whose number is withheld."""

    looked: list[str]
    hidden: set[int]

    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        if isinstance(place, slice) or range(len(self))[place] in self.hidden:
            self.looked.append(str(place))
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[Cell]:
        self.looked.append("*")
        return super().__iter__()


def may_be_said(said: Iterable[Comment], figures: Figures) -> list[Comment]:
    """The commentary of an outside edition: without paragraphs that name a withheld cell, and without those with a
    number of the writer's own, of which nobody can tell where it is from.
    """
    return [one for one in said if all(_may_be_said(one.texts[language], figures) for language in LANGUAGES)]


def _may_be_said(words: str, figures: Figures) -> bool:
    return not any(
        address in figures.withheld or NUMBER.search(literal) for literal, address in commentary.parsed(words)
    )
