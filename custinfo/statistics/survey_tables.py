"""Banner tables of surveys as they may be shown: what would tell a few respondents' answers is hidden.

Each question against each banner point is a table of counts to disclosure control (`disclosure.protect`): bases,
choices and nets. What it hides is hidden in every figure of that cell. A column whose base is hidden shows nothing at
all, and means and scores go with any hidden choice of theirs, which could be reckoned from them. Of several choices
each is a table of its own, chosen or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from custinfo.statistics import disclosure_table
from custinfo.statistics.banner import Banner, Point, Table, point
from custinfo.statistics.banner_data import Answers, Category, Chosen, Labels, Places, Question, single
from custinfo.statistics.banner_letters import Significance
from custinfo.statistics.disclosure import ReleaseRule, protect
from custinfo.statistics.disclosure_table import STEP, TOTAL, Contribution
from custinfo.statistics.survey_weights import Weighting
from custinfo.statistics.surveys import Returned

BASE, REST = "base", "rest"
"""The row of a table's base; those who are in no column of a banner point that is shown, counted as one column."""


@dataclass(frozen=True, eq=False)
class SafeTable:
    """A banner table; `hidden` holds the cells that may not be shown, as (code of the row, place of the column). `BASE`
    is the row of the base: where it is hidden nothing of the column is shown.
    """

    question: Question
    table: Table
    hidden: frozenset[tuple[str, int]]

    def shown(self, code: str, place: int) -> bool:
        """Whether a cell may be shown."""
        return (code, place) not in self.hidden and (BASE, place) not in self.hidden


def of(
    found: Returned, weighting: Weighting, points: Sequence[Answers], names: Sequence[str], rule: ReleaseRule,
    settings: Significance | None = None,
) -> tuple[SafeTable, ...]:  # fmt: skip
    """The tables of the questions of those `names`, for the respondents of `weighting`, in columns by `points`. Raises
    BadInput where no error can be estimated.
    """
    place = {one: n for n, one in enumerate(found.respondents)}
    rows = np.array([place[one] for one in weighting.respondents], dtype=np.int64)
    columns = [point(one) for one in (taken(of_point, rows) for of_point in points)]
    banner = Banner(len(rows), columns, weighting.sampled, settings)
    who = [found.customers[row] or found.respondents[row] for row in rows]
    return tuple(_safe(banner, columns, taken(found.answers[name], rows), who, rule) for name in names)


def taken(answers: Answers, rows: Places) -> Answers:
    """The answers of some respondents, in that order."""
    places, chosen, numbers = answers.places, answers.chosen, answers.numbers
    return Answers(
        answers.question, answers.state[rows], None if places is None else places[rows],
        None if chosen is None else chosen[rows], None if numbers is None else numbers[rows],
    )  # fmt: skip


def property_point(name: str, labels: Labels, codes: Mapping[str, Labels], of_each: Sequence[str | None]) -> Answers:
    """A property of respondents as a banner point: `codes` are its categories; who has none of them is in no column."""
    question = Question(name, labels, "single", tuple(Category(code, said) for code, said in codes.items()))
    return single(question, [code if code in codes else None for code in of_each])


def _safe(
    banner: Banner, columns: Sequence[Point], answers: Answers, who: Sequence[str], rule: ReleaseRule
) -> SafeTable:
    hidden: set[tuple[str, int]] = set()
    first = 1  # the total stands before the points
    everybody = Point((), np.ones((0, len(who)), dtype=np.bool_))
    for one in columns or [everybody]:
        # Columns that share respondents do not add up: each is held against the total by itself
        shared = bool((one.members.sum(axis=0) > 1).any())
        for members in np.split(one.members, len(one.members)) if shared else [one.members]:
            for code, column in _hidden(answers, members, who, rule):
                hidden.add((code, 0 if column == TOTAL else first + int(column)))
            first += len(members)
    table = banner.table(answers)
    told = {place for code, place in hidden if code != BASE}
    hidden |= {(row.code, place) for row in table.rows if row.kind in ("mean", "score") for place in told}
    return SafeTable(answers.question, table, frozenset(hidden))


def _hidden(answers: Answers, members: Chosen, who: Sequence[str], rule: ReleaseRule) -> Iterator[tuple[str, str]]:
    """The cells to hide in the table of a question and the columns of a banner point, of which nobody is in two: (row,
    number of the column or TOTAL).
    """
    inside = members & answers.answered
    small = _small(inside, answers.answered, who, rule.threshold)
    yield from ((BASE, str(column)) for column in small)
    kept = [n for n in range(len(members)) if n not in small]
    rest = answers.answered & ~inside[kept].any(axis=0)
    columns = {str(n): inside[n] for n in kept} | ({REST: rest} if rest.any() else {})
    yield from _of_rows(answers, columns or {REST: answers.answered}, who, rule)


def _small(inside: Chosen, answered: Chosen, who: Sequence[str], threshold: int) -> list[int]:
    """The columns of too few respondents, and as many more, the smallest first, as it takes until all who are in no
    column that is shown are enough: what they said is the total less what is shown.
    """
    sizes = {n: _people(one, who) for n, one in enumerate(inside)}
    small = [n for n, size in sizes.items() if 0 < size < threshold]
    shown = sorted((n for n, size in sizes.items() if size >= threshold), key=lambda n: (sizes[n], n))
    while shown:
        if not 0 < _people(answered & ~inside[shown].any(axis=0), who) < threshold:
            break
        small.append(shown.pop(0))
    return small


def _people(there: Chosen, who: Sequence[str]) -> int:
    return len({who[int(row)] for row in np.flatnonzero(there)})


def _of_rows(
    answers: Answers, columns: Mapping[str, Chosen], who: Sequence[str], rule: ReleaseRule
) -> Iterator[tuple[str, str]]:
    """The choices, nets and bases to hide in columns that hold everybody who answered once."""
    inside = [(int(row), name) for name, one in columns.items() for row in np.flatnonzero(one)]
    across = list(columns)
    question = answers.question
    if answers.places is not None:
        paths = _paths(question)
        places = answers.places
        rows = [Contribution(who[row], (paths[places[row]], column)) for row, column in inside]
        called = {path: one.code for path, one in zip(paths, question.categories, strict=True)}
        called |= {net.code: net.code for net in question.nets} | {TOTAL: BASE}
        yield from ((called[row], column) for row, column in _cells(rows, paths, across, rule) if row in called)
        return
    parts: dict[str, Chosen] = {}
    if answers.chosen is not None:
        parts = {one.code: answers.chosen[:, n] for n, one in enumerate(question.categories)}
        parts |= {net.code: np.logical_or.reduce([parts[code] for code in net.of]) for net in question.nets}
    else:
        parts = {BASE: answers.answered}
    for code, chosen in parts.items():
        rows = [Contribution(who[row], ("in" if chosen[row] else "out", column)) for row, column in inside]
        for row, column in _cells(rows, ["in", "out"], across, rule):
            yield BASE if row == TOTAL else code, column


def _cells(
    rows: Sequence[Contribution], down: Sequence[str], across: Sequence[str], rule: ReleaseRule
) -> Iterator[tuple[str, str]]:
    made = disclosure_table.table(rows, (down, across))
    if any(0 < cell.count < rule.threshold for cell in made.cells.values()):
        yield from ((row, column) for row, column in protect(made, rule).suppressed if column != REST)


def _paths(question: Question) -> list[str]:
    """The path of each choice: behind its net, where it is in one and the nets share no choice."""
    parts = [code for net in question.nets for code in net.of]
    nets = {code: net.code for net in question.nets for code in net.of} if len(parts) == len(set(parts)) else {}
    found = ((nets.get(one.code), f"choice {n}") for n, one in enumerate(question.categories))
    return [name if net is None else f"{net}{STEP}{name}" for net, name in found]
