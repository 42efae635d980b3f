"""Customers by what a code list says of a code of theirs. A code that no list has is named, never guessed at."""

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from custinfo.domain.codelists import Code, CodeList

UNCLASSIFIED = "unclassified"
"""The class of a customer whose code says nothing; a reason stands beside it."""
MISSING, UNKNOWN_CODE = "missing", "unknown_code"


def classify(customers: ir.Table, column: str, codes: CodeList) -> ir.Table:
    """Customers by a list whose codes are the classes: kind of customer (R94), location (R86), ownership as chosen.

    `customers` has a unique `customer_key` and the string `column`. Gives exactly one row for each: `customer_key`,
    `code` as recorded (NULL for none), `class`, `reason`, `edition` of the list. The class is the code where the list
    has it. Without a code (NULL or empty) it is `unclassified`, reason `missing`; with a code that the list lacks,
    `unclassified`, reason `unknown_code`.
    """
    found = look_up(customers, column, facts(codes, {"class": lambda code: code.code}))
    return found.mutate({"class": found["class"].fill_null(UNCLASSIFIED), "edition": ibis.literal(codes.edition)})


def facts(codes: CodeList, columns: Mapping[str, Callable[[Code], str | None]]) -> ir.Table:
    """A list as a table: `listed`, the code, and what `columns` say of it; empty is NULL."""
    # Without NULL in the rows themselves: on their way to Spark they would become the text NaN
    rows = [(code.code, *(say(code) or "" for say in columns.values())) for code in codes.rows]
    table = ibis.memtable(rows, schema=ibis.schema({"listed": "string", **dict.fromkeys(columns, "string")}))
    return table.mutate({column: table[column].nullif("") for column in columns})


def look_up(customers: ir.Table, column: str, known: ir.Table) -> ir.Table:
    """For each customer what the table of `facts` says of the code in `column`.

    Gives `customer_key`, `code`, the table's columns without `listed` (NULL for a code that it lacks), and `reason`:
    NULL, `missing` or `unknown_code`.
    """
    own = customers.select("customer_key", code=customers[column].nullif(""))
    found = own.left_join(known, own.code == known.listed)
    reason = ibis.cases((found.code.isnull(), MISSING), (found.listed.isnull(), UNKNOWN_CODE))
    return found.mutate(reason=reason).drop("listed")


def levels(codes: CodeList) -> tuple[str, ...]:
    """The levels of a list, the topmost first."""
    return tuple(dict.fromkeys(row.level for row in codes.rows if row.level))


def above(codes: CodeList, level: str) -> Callable[[Code], str | None]:
    """The code of that level at or above a code; None where the code itself stands higher."""

    def found(code: Code) -> str | None:
        entry = codes.ancestor(code.code, level)
        return entry.code if entry else None

    return found
