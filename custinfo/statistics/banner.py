"""Banner tables: questions in rows, groups of respondents in columns, as market researchers read them.

    columns = Banner(respondents, (point(data["channel"]), nested(data["region"], data["size"])), sampled, settings)
    made = columns.table(data["overall"])

The base of a question are those who answered it; that somebody was not asked or said nothing is counted beside it. What
one who does not know said is a row like the others, and left out of means. Each figure has its standard error by the
design; a letter says which other column of the same banner point it is significantly higher than.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import LANGUAGES, text
from custinfo.statistics.banner_data import BLANK, NOT_ASKED, Answers, Chosen, Labels, Numbers, Question, Sampled
from custinfo.statistics.banner_letters import Significance, letter, letters
from custinfo.statistics.banner_sums import Columns, Sums

RowKind = Literal["category", "net", "mean", "score"]
Flag = Literal["", "small", "too_small"]
_SCORES = {"promoters": 100.0, "passives": 0.0, "detractors": -100.0}


@dataclass(frozen=True, eq=False)
class Point:
    """A group of columns that are compared with each other: labels from the outermost on, and who is in each."""

    heads: tuple[tuple[Labels, ...], ...]
    members: Chosen


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heads, its letter (none for the total), and the banner point it belongs to (−1 for the total)."""

    heads: tuple[Labels, ...]
    letter: str
    point: int


@dataclass(frozen=True, slots=True)
class Base:
    """Whom a column of one table is about: the answers, their weights, what these are worth (Kish), and the others."""

    unweighted: int
    weighted: float
    effective: float | None
    blank: int
    not_asked: int
    flag: Flag


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure: a share of one, a mean or a score. None where nobody is behind it.

    `count` are the respondents, `deviation` the standard deviation of a mean, `index` 100 times the share over the
    total's, `letters` the columns that it is significantly higher than.
    """

    count: int
    weighted: float
    value: float | None
    standard_error: float | None
    deviation: float | None
    index: int | None
    letters: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. A mean's own bases stand in `bases`: those without an opinion are not in it."""

    kind: RowKind
    code: str
    labels: Labels
    cells: tuple[Cell, ...]
    bases: tuple[Base, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a question. `bases` and each row's cells are in the order of `columns`."""

    name: str
    labels: Labels
    columns: tuple[Column, ...]
    bases: tuple[Base, ...]
    rows: tuple[Row, ...]
    settings: Significance


def point(answers: Answers) -> Point:
    """A column for each category of a question; columns overlap where several may be chosen."""
    categories = answers.question.categories
    if not categories:
        raise BadInput("banner.no_categories", question=answers.question.name)
    if answers.chosen is not None:
        members = answers.chosen.T & answers.answered
    else:
        assert answers.places is not None
        members = answers.places == np.arange(len(categories))[:, None]
    return Point(tuple((one.labels,) for one in categories), members)


def nested(outer: Answers, inner: Answers) -> Point:
    """A column for each category of `inner` within each of `outer`."""
    first, second = point(outer), point(inner)
    heads = tuple((*a, *b) for a in first.heads for b in second.heads)
    return Point(heads, np.concatenate([second.members & one for one in first.members]))


class Banner:
    """The columns of a run of tables, the total first. Raises BadInput for points of other lengths."""

    def __init__(
        self, respondents: int, points: Sequence[Point], sampled: Sampled, settings: Significance | None = None
    ) -> None:
        if len(sampled.weights) != respondents or any(one.members.shape[1] != respondents for one in points):
            raise BadInput("banner.lengths")
        self.settings = settings or Significance()
        columns, places = [Column((_words("total"),), "", -1)], []
        for number, one in enumerate(points):
            first = len(columns)
            columns += [Column(heads, letter(first - 1 + i), number) for i, heads in enumerate(one.heads)]
            places.append(range(first, len(columns)))
        self.columns = tuple(columns)
        self._names = {place: column.letter for place, column in enumerate(columns)}
        self._pairs = [pair for group in places for pair in combinations(group, 2)]
        self._groups = [number for number, group in enumerate(places) for _ in combinations(group, 2)]
        everybody = np.ones((1, respondents), dtype=np.bool_)
        members = np.concatenate([everybody, *(one.members for one in points)])
        self._made = Columns(members, sampled, self._pairs)

    def table(self, answers: Answers) -> Table:
        """The table of one question: its categories, nets, and the mean or score where it has one."""
        question = answers.question
        # The first rows of every question are about all who answered it: their base is the table's
        rows = [row for block in _blocks(answers) for row in self._rows(block, answers)]
        return Table(question.name, question.labels, self.columns, rows[0].bases, tuple(rows), self.settings)

    def tables(self, answers: Sequence[Answers]) -> tuple[Table, ...]:
        """The tables of several questions."""
        return tuple(self.table(one) for one in answers)

    def grid(self, name: str, labels: Labels, items: Sequence[Answers], net: str | None = None) -> Table:
        """One row for each of several questions: its mean, or the share of the net with that code. Bases are those of
        each row; the table's own are those who answered any of them.
        """
        rows = []
        for item in items:
            rows += [
                Row(row.kind, item.question.name, item.question.labels, row.cells, row.bases)
                for row in self.table(item).rows
                if (row.kind == "net" and row.code == net if net is not None else row.kind in ("mean", "score"))
            ]
        if len(rows) != len(items) or not items:
            raise BadInput("banner.no_net", net=net or "mean", table=name)
        answered = np.logical_or.reduce([one.answered for one in items])
        asked_in_vain = np.logical_or.reduce([one.state == BLANK for one in items])
        state = np.where(answered, 0, np.where(asked_in_vain, BLANK, NOT_ASKED)).astype(np.int8)
        bases = self._bases(self._counted(answered), Answers(items[0].question, state))
        return Table(name, labels, self.columns, bases, tuple(rows), self.settings)

    def _counted(self, answered: Chosen) -> Sums:
        return self._made.sums(np.zeros((len(answered), 1)), answered, binary=True)

    def _bases(self, sums: Sums, answers: Answers) -> tuple[Base, ...]:
        blank, not_asked = (self._made.counts(answers.state == why) for why in (BLANK, NOT_ASKED))
        found = zip(sums.base, sums.weighted_base, sums.effective_base, blank, not_asked, strict=True)
        return tuple(
            Base(int(n), float(whole), _known(effective), int(none), int(never), self._flag(int(n)))
            for n, whole, effective, none, never in found
        )

    def _flag(self, base: int) -> Flag:
        settings = self.settings
        return "too_small" if base < settings.suppress_below else "small" if base < settings.mark_below else ""

    def _rows(self, block: "_Block", answers: Answers) -> Iterator[Row]:
        sums = self._made.sums(block.values, block.answered, binary=block.shares)
        said = letters(sums, self._pairs, self._groups, self._names, self.settings, shares=block.shares)
        bases = self._bases(sums, answers)
        for k, (kind, code, labels) in enumerate(block.heads):
            total = sums.means[0, k]
            cells = []
            for c in range(len(self.columns)):
                value = _known(sums.means[c, k])
                index = round(100 * value / total) if block.shares and value is not None and total > 0 else None
                cells.append(Cell(
                    int(sums.counts[c, k]), float(sums.weighted[c, k]), value,
                    _known(sums.variances[c, k] ** 0.5) if value is not None else None,
                    None if block.shares else _known(sums.deviations[c, k]), index, said[c][k],
                ))  # fmt: skip
            yield Row(kind, code, labels, tuple(cells), bases)


@dataclass(frozen=True, eq=False)
class _Block:
    """Rows that have one base: values (n × K, 0 outside of the base); `shares` when all are 1 or 0."""

    heads: tuple[tuple[RowKind, str, Labels], ...]
    values: Numbers
    answered: Chosen
    shares: bool


def _blocks(answers: Answers) -> Iterator[_Block]:
    question = answers.question
    if answers.numbers is not None:
        values = np.where(answers.answered, answers.numbers, 0.0)[:, None]
        yield _Block((("mean", "mean", _words("mean")),), values, answers.answered, shares=False)
        return
    chosen = answers.chosen
    if chosen is None:
        assert answers.places is not None
        chosen = answers.places[:, None] == np.arange(len(question.categories))
    places = question.places
    nets = [chosen[:, [places[code] for code in net.of]].any(axis=1) for net in question.nets]
    heads: list[tuple[RowKind, str, Labels]] = [("category", one.code, one.labels) for one in question.categories]
    heads += [("net", net.code, net.labels) for net in question.nets]
    values = np.column_stack([chosen, *nets]).astype(np.float64)
    yield _Block(tuple(heads), values, answers.answered, shares=True)
    if answers.places is not None and question.kind in ("scale", "recommend"):
        yield _mean(question, answers)


def _mean(question: Question, answers: Answers) -> _Block:
    """The mean of the factors, or the score of promoters less detractors, of those who have an opinion."""
    assert answers.places is not None
    factors = {one.code: np.nan if one.factor is None or one.missing else one.factor for one in question.categories}
    head: tuple[RowKind, str, Labels] = ("mean", "mean", _words("mean"))
    if question.kind == "recommend":
        head, factors = ("score", "score", _words("score")), _scores(question)
    known = np.array([*factors.values(), np.nan, np.nan])  # the places of BLANK and NOT_ASKED, from the end
    found = known[answers.places]
    answered = ~np.isnan(found)
    return _Block((head,), np.where(answered, found, 0.0)[:, None], answered, shares=False)


def _scores(question: Question) -> dict[str, float]:
    known: Mapping[str, float] = {
        code: _SCORES[net.code] for net in question.nets if net.code in _SCORES for code in net.of
    }
    return {one.code: known.get(one.code, np.nan) for one in question.categories}


def _words(name: str) -> Labels:
    return {language: text(f"banner.{name}", language) for language in LANGUAGES}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
