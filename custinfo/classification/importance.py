"""Importance of customers (R97): a decision table over value grade, credit grade and strategic marks.

The table is in the rule file. Its rows are hit uniquely (DMN, hit policy U): every combination of the three is met by
exactly one row, which `ImportanceRule.check` proves by going through all of them; it also proves that a better value
grade, a better credit grade or a strategic mark never makes a customer less important.

The credit grades of the table are those of the credit grades' own rule (`credit.grades`), in its order; `rule` refuses
any others. A customer without a credit grade is NOT_ASSESSED: a grade of its own, neither better nor worse than the
others. A customer is strategic who has at least one of the marks that the rule counts.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise, product
from pathlib import Path

import ibis
import ibis.expr.types as ir

from custinfo.classification import rules
from custinfo.classification.credit import grades
from custinfo.classification.rules import Fault, Many, Part, Rule, Text
from custinfo.classification.value_grade import GRADES
from custinfo.classification.words import Words
from custinfo.domain.errors import BadInput

FILE = "importance.toml"
NOT_ASSESSED = "none"

Case = tuple[str, str, bool]
"""Value grade, credit grade, strategic."""


class Level(Part):
    """A level of importance."""

    name: Text
    title: Words


class Row(Part):
    """A row of the decision table: for any of these grades and marks, the level and why."""

    name: Text
    value: Many[Text]
    credit: Many[Text]
    strategic: Many[bool]
    level: Text
    reason: Words

    def cases(self) -> Iterator[Case]:
        """Every combination that it is for."""
        return product(self.value, self.credit, self.strategic)


class ImportanceRule(Rule):
    """One version: the levels, the highest first; the credit grades, the best first; which marks count; the table."""

    level: Many[Level]
    credit_grades: Many[Text]
    marks: Many[Text]
    row: Many[Row]

    def check(self) -> None:
        """Raises Fault for a name that is unknown or there twice, a combination without a row or with two, and one that
        is more important than another which is better in one respect and alike in the others.
        """
        levels = [level.name for level in self.level]
        rows = [row.name for row in self.row]
        for names in (levels, rows, self.credit_grades):
            for name in names:
                if names.count(name) > 1 or name == NOT_ASSESSED:
                    raise Fault("vertical.importance.twice", name=name)
        for row in self.row:
            for name, known in self._used(row, levels):
                if name not in known:
                    raise Fault("vertical.importance.unknown", row=row.name, name=name)
        self._check_order(self._decided(), levels)

    def _used(self, row: Row, levels: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield row.level, tuple(levels)
        yield from ((grade, GRADES) for grade in row.value)
        yield from ((grade, (*self.credit_grades, NOT_ASSESSED)) for grade in row.credit)

    def _decided(self) -> dict[Case, Row]:
        found: dict[Case, Row] = {}
        for row in self.row:
            for case in row.cases():
                if case in found:
                    rows = {"first": found[case].name, "second": row.name}
                    raise Fault("vertical.importance.contradiction", **_said(case), **rows)
                found[case] = row
        for case in product(GRADES, (*self.credit_grades, NOT_ASSESSED), (True, False)):
            if case not in found:
                raise Fault("vertical.importance.hole", **_said(case))
        return found

    def _check_order(self, decided: dict[Case, Row], levels: list[str]) -> None:
        for better, worse in self._neighbours():
            if levels.index(decided[better].level) > levels.index(decided[worse].level):
                facts = {"better": decided[better].name, "worse": decided[worse].name}
                raise Fault("vertical.importance.order", **_said(better), **facts)

    def _neighbours(self) -> Iterator[tuple[Case, Case]]:
        credits = (*self.credit_grades, NOT_ASSESSED)
        for (high, low), credit, mark in product(pairwise(GRADES), credits, (True, False)):
            yield (high, credit, mark), (low, credit, mark)
        for value, (high, low), mark in product(GRADES, pairwise(self.credit_grades), (True, False)):
            yield (value, high, mark), (value, low, mark)
        for value, credit in product(GRADES, credits):
            yield (value, credit, True), (value, credit, False)


def _said(case: Case) -> dict[str, object]:
    return {"value": case[0], "credit": case[1], "strategic": str(case[2]).lower()}


def rule(on: date, folder: Path = rules.FOLDER) -> ImportanceRule:
    """The rule in force on that day.

    Raises BadInput when there was none yet, the file is not in order, or its credit grades are not those of the rule of
    credit grades of that day, the best first.
    """
    found = rules.on(on, FILE, ImportanceRule, folder)
    order = grades.rule(on, folder).order
    if found.credit_grades != order:
        facts = {"found": ", ".join(found.credit_grades), "grades": ", ".join(order)}
        raise BadInput("vertical.importance.other_grades", file=FILE, version=found.version, **facts)
    return found


def check_credit(credit: ir.Table, rule: ImportanceRule) -> None:
    """Raises BadInput naming a grade of `credit` that the rule does not know, and how many customers have it.

    It asks the engine, so it is for whoever is about to compute with `level`, which takes such a grade for none.
    """
    unknown = credit.filter(credit.grade.notnull(), ~credit.grade.isin(rule.credit_grades))
    counted = unknown.group_by("grade").agg(customers=lambda t: t.count()).order_by("grade").limit(1)
    for row in counted.to_pyarrow().to_pylist():
        facts = {"grade": row["grade"], "customers": row["customers"], "grades": ", ".join(rule.credit_grades)}
        raise BadInput("vertical.importance.unknown_grade", **facts)


def level(graded: ir.Table, credit: ir.Table, marks: ir.Table, rule: ImportanceRule) -> ir.Table:
    """Exactly one level for each customer of `graded`.

    `graded` is as `value_grade.grade` gives it; `credit` has `customer_key` (unique), `grade` (NULL: too little is
    known; `check_credit` refuses grades that the rule does not name), `rule_version`; `marks` has `customer_key` and
    `mark`, as many rows as there are marks. Gives `customer_key`, `value_grade`, `credit_grade`, `strategic`, `level`,
    `decided_by` (the row of the table), `rule_version`, `value_rule_version`, `credit_rule_version` (int32; the last is
    NULL without a credit grade), in no order.
    """
    assessed = credit.filter(credit.grade.isin(rule.credit_grades))
    assessed = assessed.select(credit_key=assessed.customer_key, credit_of=assessed.grade, by=assessed.rule_version)
    marked = marks.filter(marks.mark.isin(rule.marks)).select(marked_key="customer_key").distinct()
    known = graded.left_join(assessed, graded.customer_key == assessed.credit_key)
    known = known.left_join(marked, known.customer_key == marked.marked_key)
    known = known.select(
        "customer_key",
        value_grade=known.grade,
        credit_grade=known.credit_of.fill_null(NOT_ASSESSED),
        strategic=known.marked_key.notnull(),
        value_rule_version=known.rule_version,
        credit_rule_version=known.by,
    )
    decided = known.mutate(decided_by=_decision(known, {row.name: row for row in rule.row}))
    levels = ibis.cases(*((decided.decided_by == row.name, row.level) for row in rule.row))
    return decided.mutate(level=levels, rule_version=ibis.literal(rule.version, "int32"))


def marks_on(versions: ir.Table, on: date) -> ir.Table:
    """The strategic marks that count on a day: `customer_key`, `mark`, a row for each, in no order.

    `versions` is the lake's table `marks`: the newest version of each `mark_id` counts, from the day `from_on` on and
    until the one before `ended_on` (both texts such as 2026-11-01; blank: no end).
    """
    newest = [versions.recorded_at.desc(), versions.version.desc()]
    placed = versions.mutate(_place=ibis.row_number().over(group_by=versions.mark_id, order_by=newest))
    day = on.isoformat()
    counted = placed.filter(
        placed["_place"] == 0, placed.from_on <= day, (placed.ended_on == "") | (placed.ended_on > day)
    )
    return counted.select("customer_key", "mark")


def _decision(known: ir.Table, rows: dict[str, Row]) -> ir.StringValue:
    # One condition for each combination of grades; a mark is a boolean, which isin would not take on every engine
    conditions = []
    for name, row in rows.items():
        met = known.value_grade.isin(row.value) & known.credit_grade.isin(row.credit)
        if len(set(row.strategic)) == 1:
            met &= known.strategic == ibis.literal(row.strategic[0])
        conditions.append((met, name))
    return ibis.cases(*conditions)


def reason(rule: ImportanceRule, decided_by: str, language: str) -> str:
    """Why the row of that name decides as it does. Raises KeyError when the rule has no such row."""
    return {row.name: row.reason for row in rule.row}[decided_by].text(language)
