"""Banner tables of surveys as they may be shown: what would tell a few respondents' answers is hidden.

Each question against each banner point is a table of counts to disclosure control (`disclosure.protect`): bases,
choices and nets; where one hides a total, all points of the question are one table. What it hides is hidden in every
figure of that cell. A column whose base is hidden shows nothing at all, and means and scores go with any hidden choice
of theirs, which could be reckoned from them. Of several choices each is a table of its own, chosen or not.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from custinfo.statistics import disclosure_table
from custinfo.statistics.banner import Banner, Point, Table, point
from custinfo.statistics.banner_data import Answers, Category, Chosen, Labels, Places, Question, single
from custinfo.statistics.banner_letters import Significance
from custinfo.statistics.disclosure import ReleaseRule, protect
from custinfo.statistics.disclosure_table import STEP, TOTAL, AdditiveTable, Contribution
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
    parts: dict[int, Chosen] = {}
    first = 1  # the total stands before the points
    everybody = Point((), np.ones((0, len(who)), dtype=np.bool_))
    for one in columns or [everybody]:
        # Columns that share respondents do not add up: each is held against the total by itself
        shared = bool((one.members.sum(axis=0) > 1).any())
        for members in np.split(one.members, len(one.members)) if shared else [one.members]:
            parts[first] = members
            first += len(members)
    hidden = set(_hidden(answers, parts, who, rule))
    table = banner.table(answers)
    told = {place for code, place in hidden if code != BASE}
    hidden |= {(row.code, place) for row in table.rows if row.kind in ("mean", "score") for place in told}
    return SafeTable(answers.question, table, frozenset(hidden))


def _hidden(
    answers: Answers, parts: Mapping[int, Chosen], who: Sequence[str], rule: ReleaseRule
) -> Iterator[tuple[str, int]]:
    """The cells to hide in the table of a question: (row, place of the column). `parts` are columns of which nobody is
    in two, by the place of the first: a banner point, or one column of it.
    """
    columns: list[dict[str, Chosen]] = []
    for first, members in parts.items():
        inside = members & answers.answered
        small = _small(inside, answers.answered, who, rule.threshold)
        yield from ((BASE, first + column) for column in small)
        kept = [n for n in range(len(members)) if n not in small]
        rest = answers.answered & ~inside[kept].any(axis=0)
        found = {str(first + n): inside[n] for n in kept} | ({f"{REST}{first}": rest} if rest.any() else {})
        columns.append(found or {f"{REST}{first}": answers.answered})
    for code, column in _of_rows(answers, columns, who, rule):
        if not column.startswith(REST):
            yield code, 0 if column == TOTAL else int(column)


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
    answers: Answers, columns: Sequence[Mapping[str, Chosen]], who: Sequence[str], rule: ReleaseRule
) -> Iterator[tuple[str, str]]:
    """The choices, nets and bases to hide; each of `columns` holds everybody who answered once."""
    question = answers.question
    if answers.places is not None:
        paths = _paths(question)
        rows = {row: paths[answers.places[row]] for row in map(int, np.flatnonzero(answers.answered))}
        called = {path: one.code for path, one in zip(paths, question.categories, strict=True)}
        called |= {net.code: net.code for net in question.nets} | {TOTAL: BASE}
        yield from ((called[row], column) for row, column in _cells(rows, paths, columns, who, rule) if row in called)
        return
    parts: dict[str, Chosen] = {}
    if answers.chosen is not None:
        parts = {one.code: answers.chosen[:, n] for n, one in enumerate(question.categories)}
        parts |= {net.code: np.logical_or.reduce([parts[code] for code in net.of]) for net in question.nets}
    else:
        parts = {BASE: answers.answered}
    for code, chosen in parts.items():
        rows = {row: "in" if chosen[row] else "out" for row in map(int, np.flatnonzero(answers.answered))}
        for row, column in _cells(rows, ["in", "out"], columns, who, rule):
            yield BASE if row == TOTAL else code, column


def _cells(
    rows: Mapping[int, str], down: Sequence[str], columns: Sequence[Mapping[str, Chosen]], who: Sequence[str],
    rule: ReleaseRule,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """What to hide where each respondent stands in the row that `rows` says. Totals belong to all of the tables: one
    that a table hides is not to be added up from another, so they are then protected as one.
    """
    made = [_table(rows, down, across, who) for across in columns]
    found = [_protected(one, rule) for one in made]
    if len(made) > 1 and any(column == TOTAL for of_one in found for _, column in of_one):
        cells = {key: cell for one in made for key, cell in one.cells.items()}
        relations = dict.fromkeys(relation for one in made for relation in one.relations)
        found = [_protected(AdditiveTable(cells, tuple(relations)), rule)]
    for of_one in found:
        yield from of_one


def _table(
    rows: Mapping[int, str], down: Sequence[str], across: Mapping[str, Chosen], who: Sequence[str]
) -> AdditiveTable:
    there = (
        Contribution(who[int(row)], (rows[int(row)], name))
        for name, one in across.items()
        for row in np.flatnonzero(one)
    )
    return disclosure_table.table(there, (down, list(across)))


def _protected(made: AdditiveTable, rule: ReleaseRule) -> Collection[tuple[str, str]]:
    if not any(0 < cell.count < rule.threshold for cell in made.cells.values()):
        return ()
    return [(row, column) for row, column in sorted(protect(made, rule).suppressed)]


def _paths(question: Question) -> list[str]:
    """The path of each choice: behind its net, where it is in one and the nets share no choice."""
    parts = [code for net in question.nets for code in net.of]
    nets = {code: net.code for net in question.nets for code in net.of} if len(parts) == len(set(parts)) else {}
    found = ((nets.get(one.code), f"choice {n}") for n, one in enumerate(question.categories))
    return [name if net is None else f"{net}{STEP}{name}" for net, name in found]
