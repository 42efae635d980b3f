"""What the rows of a batch are once they are read: for each kind a schema of pandera, declared from `batch_kinds`.

Every batch is held against its schema before it can be written. `cells` says what is wrong with what somebody typed, in
the error file; the schema does not trust that reading, nor any other way to make rows, and costs a twentieth of it
(docs/adr/0017-batch-schemas.md).
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from custinfo.domain.errors import BadInput
from custinfo.domain.messages import DEFAULT_LANGUAGE, text
from custinfo.lake import cells, schema
from custinfo.lake.appending import naive
from custinfo.lake.batch_kinds import BatchKind, Column
from custinfo.lake.row_rules import Known

if TYPE_CHECKING:
    import ibis.expr.types as ir

    Holds = Callable[[ir.Table], ir.BooleanValue]

SHOWN = 5
MAX_FEN = 10**15
"""Of one row."""
_FILLED, _UNIQUE = "filled", "unique"
_PANDERA = {"not_nullable": _FILLED, "multiple_fields_uniqueness": _UNIQUE}
"""What pandera calls the rules that it has itself."""


class BadRows(BadInput):
    """Rows that break a rule of their schema. The message names the rule in the reader's language."""

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The sentence in `language`."""
        facts = dict(self.facts)
        rule, column = (text(f"lake.{key}.{facts[key]}", language) for key in ("rule", "column"))
        return text(self.key, language, **(facts | {"rule": rule, "column": column}))


def check(name: str, kind: BatchKind, lines: pa.Table, known: Known) -> None:
    """Raises BadRows naming column, rule and row ids when `lines` of the batch `name` are not what `kind` declares."""
    import ibis
    from pandera.errors import SchemaError, SchemaErrors

    # As the schema says it: to an engine every column may be NULL
    plain = pa.schema([field.with_nullable(True) for field in lines.schema])
    table = ibis.memtable(pa.Table.from_arrays(lines.columns, schema=plain))
    try:
        _at_once(kind, known, table.schema()).validate(table)
        return
    except (SchemaError, SchemaErrors):
        pass  # which rule it was, and in which rows, is asked rule by rule
    try:
        _declared(kind, known, table.schema()).validate(table, lazy=True)
    except SchemaErrors as broken:
        raise _in_words(name, kind, known, table, broken.schema_errors[0]) from None


def _at_once(kind: BatchKind, known: Known, types: Mapping[str, Any]) -> Any:
    """The rules of `_declared` as one: asked rule by rule, pandera takes more than twice as long (ADR 19)."""
    import pandera.ibis as pandera

    by_target = {column.target: column for column in kind.columns if column.target}
    columns, rules = {}, []
    for field in schema.LINES[kind.table]:
        column = by_target.get(field.name)
        blank = _blank(column)
        if blank:
            rules.append(_filled(field.name, blank))
        elif not field.nullable or blank is not None:
            rules.append(_filled(field.name, frozenset()))
        of_value = _of_value(kind, field.name, column.value if column else "", known)
        rules += [_or_null(holds) for holds in of_value.values()]
        columns[field.name] = pandera.Column(types[field.name], nullable=True)
    every = pandera.Check(_held(lambda t: reduce(and_, (holds(t) for holds in rules))), ignore_na=False)
    return pandera.DataFrameSchema(columns, checks=every, strict=True, unique=[kind.row_id])


def _or_null(holds: "Holds") -> "Holds":
    return lambda t: holds(t).fill_null(True)


def _declared(kind: BatchKind, known: Known, types: Mapping[str, Any]) -> Any:
    """The schema of the kind's lines, as they are at the moment of `known`."""
    import pandera.ibis as pandera

    by_target = {column.target: column for column in kind.columns if column.target}
    columns, across = {}, []
    for field in schema.LINES[kind.table]:
        column = by_target.get(field.name)
        rules = _of_value(kind, field.name, column.value if column else "", known)
        blank = _blank(column)
        if blank:
            holds = _filled(field.name, blank)
            across.append(pandera.Check(_held(holds), name=f"{_FILLED}:{field.name}", ignore_na=False))
        columns[field.name] = pandera.Column(
            types[field.name],
            [pandera.Check(_held(holds), name=rule) for rule, holds in rules.items()],
            nullable=field.nullable and (blank is None or bool(blank)),
        )
    # Of the whole table: to say it of a column is taken, and passed over, by the backend of Ibis
    return pandera.DataFrameSchema(columns, checks=across, strict=True, unique=[kind.row_id])


def _held(holds: "Holds") -> "Callable[[Any], ir.BooleanValue]":
    return lambda data: holds(data.table)


def _blank(column: Column | None) -> frozenset[str] | None:
    """The kinds of rows in which the column has no value; None where it never needs one."""
    return None if column is None or column.optional else column.blank


def _filled(target: str, blank: frozenset[str]) -> "Holds":
    kinds = sorted(blank)
    return lambda t: t[target].notnull() | t["kind"].isin(kinds) if kinds else t[target].notnull()


def _of_value(kind: BatchKind, target: str, value: str, known: Known) -> "Mapping[str, Holds]":
    """What a value must be, by the rule's name (`lake.rule.<name>`). NULL breaks none of these rules."""
    today, now = known.now.astimezone(known.zone).date(), naive(known.now)
    kinds = sorted({*kind.kinds.values(), kind.fixed_kind} - {""})
    if target == "kind":
        return {"kind": lambda t: t[target].isin(kinds)}
    declared: dict[str, dict[str, Holds]] = {
        "row_id": {"short": lambda t: t[target].length() <= cells.MAX_CODE},
        "past_day": {"past": lambda t: t[target] <= today},
        "past_moment": {"past": lambda t: t[target] <= now},
        "text": {"short": lambda t: t[target].length() <= cells.MAX_TEXT},
        "page": {"short": lambda t: t[target].length() <= cells.MAX_TEXT},
        "quantity": {"positive": lambda t: t[target] > 0},
        "amount": {"fen": lambda t: t[target].between(0, MAX_FEN - 1)},
        "further_amount": {"fen": lambda t: t[target].between(0, MAX_FEN - 1)},
        "rating": {"rating": lambda t: t[target].between(1, 5)},
    }
    return declared.get(value, {})


def _in_words(name: str, kind: BatchKind, known: Known, table: "ir.Table", broken: Any) -> BadRows:
    said = str(getattr(broken.check, "name", broken.check))
    rule, _, target = said.partition(":")
    rule = _PANDERA.get(rule, rule)
    target = kind.row_id if rule == _UNIQUE else target or str(broken.schema.name)
    column = next((one for one in kind.columns if one.target == target), None)
    of_value = _of_value(kind, target, column.value if column else "", known)
    if rule in of_value:
        wrong = table.filter(~of_value[rule](table))
    elif rule == _FILLED:
        wrong = table.filter(~_filled(target, _blank(column) or frozenset())(table))
    elif rule == _UNIQUE:
        counted = table.group_by(target).agg(n=table.count())
        wrong = counted.filter(counted.n > 1)
    else:
        rule, wrong = "columns", table.limit(0)
    ids = wrong.select(kind.row_id).order_by(kind.row_id).limit(SHOWN).to_pyarrow()[kind.row_id].to_pylist()
    heading = column.name if column else "kind"
    return BadRows("lake.batch_schema", file=name, column=heading, rule=rule, rows=", ".join(map(str, ids)) or "-")
