"""What the register of batches keeps of a query: which columns of which tables, and no constant.

A constant may be somebody's name or number, which nobody could erase from the register, or a secret.
"""

from custinfo.lake.sql_source import Query

_LONGEST = 20_000


def without_constants(asked: Query) -> str:
    """The query with `?` for each constant and without remarks; empty when it cannot be told what is one."""
    import sqlglot
    from sqlglot import expressions

    try:
        found = sqlglot.parse_one(asked.sql, dialect=asked.engine)
    except sqlglot.errors.SqlglotError:
        return ""
    constants = (
        expressions.Literal, expressions.HexString, expressions.BitString, expressions.ByteString,
        expressions.RawString, expressions.National, expressions.Parameter,
    )  # fmt: skip
    plain = found.transform(lambda node: expressions.Placeholder() if isinstance(node, constants) else node)
    return plain.sql(dialect=asked.engine, comments=False)[:_LONGEST]
