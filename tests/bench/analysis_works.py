"""The same work three times: custinfo's expressions, SQL written by hand for DuckDB, pandas. Each gives one table."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custinfo.classification import rfm, transitions, value_grade
from custinfo.domain.periods import Quarter
from custinfo.domain.sums import total_fen
from custinfo.statistics import segments, vintages
from tests.bench.analysis_data import EARLIER, LATER, files

ON = date(2026, 9, 30)
QUARTERS = (Quarter(2026, 2), Quarter(2026, 3))
GRADES = value_grade.rule(ON)
RFM = rfm.rule(ON)
FIRST = value_grade.window_start(ON, GRADES.months)
RFM_FIRST = value_grade.window_start(ON, RFM.months)


class Read:
    """The tables of a folder in an engine of Ibis."""

    def __init__(self, folder: Path, connection: ibis.BaseBackend) -> None:
        self.read = lambda name: connection.read_parquet(files(folder, name))

    def customers(self, by: str = LATER) -> ir.Table:
        versions = self.read("customer_versions")
        known = versions.filter(versions.recorded_at <= datetime.fromisoformat(by))
        newest = ibis.row_number().over(group_by="customer_key", order_by=ibis.desc("version"))
        return known.mutate(place=newest).filter(lambda t: t["place"] == 0).drop("place")

    def sales(self, by: str = LATER) -> ir.Table:
        rows = self.read("sales")
        return rows.filter(rows.recorded_at <= datetime.fromisoformat(by))


def abc(data: Read) -> ir.Table:
    return value_grade.grade(data.customers(), data.sales(), ON, GRADES).drop("rule_version")


def moved(data: Read) -> ir.Table:
    return transitions.matrix(data.read("before"), data.read("after"))


def scores(data: Read) -> ir.Table:
    return rfm.scores(data.customers(), data.sales(), ON, RFM).drop("segment", "rule_version")


def crossed(data: Read) -> ir.Table:
    described = segments.described(data.customers(), data.read("after"), data.read("regions"), data.read("sections"))
    return described.group_by("province", "grade").agg(
        customers=described.count(), net_fen=total_fen(described.net_fen)
    )


def differing(data: Read) -> ir.Table:
    rows = data.read("sales")
    counted = rows.filter(rows.kind.isin(("sale", "return")), rows.occurred_on.between(FIRST, ON))
    signed = ibis.cases((counted.kind == "sale", counted.amount_fen), else_=-counted.amount_fen)
    moments = datetime.fromisoformat(EARLIER), datetime.fromisoformat(LATER)
    return vintages.difference_of_sums(counted, ["customer_key"], {"net_fen": signed}, *moments)


OURS: dict[str, Callable[[Read], ir.Table]] = {
    "A/B/C": abc, "transitions": moved, "RFM": scores, "cross-table": crossed, "as-of difference": differing,
}  # fmt: skip

CUSTOMERS_SQL = f"""
customers AS (
    SELECT * FROM read_parquet('$customer_versions') WHERE recorded_at <= TIMESTAMP '{LATER}'
    QUALIFY row_number() OVER (PARTITION BY customer_key ORDER BY version DESC) = 1
), sales AS (SELECT * FROM read_parquet('$sales') WHERE recorded_at <= TIMESTAMP '{LATER}')"""
SIGNED = "CASE kind WHEN 'sale' THEN amount_fen ELSE -amount_fen END"
COUNTED = f"kind IN ('sale', 'return') AND occurred_on BETWEEN DATE '{FIRST}' AND DATE '{ON}'"

SQL = {
    "A/B/C": f"""
WITH {CUSTOMERS_SQL}, net AS (
    SELECT customer_key, CAST(sum({SIGNED}) AS BIGINT) AS net_fen FROM sales WHERE {COUNTED} GROUP BY customer_key
), known AS (
    SELECT customer_key, coalesce(net_fen, 0) AS fen FROM customers LEFT JOIN net USING (customer_key)
), ranked AS (
    SELECT customer_key, fen, sum(greatest(fen, 0)) OVER () AS total,
           sum(greatest(fen, 0)) OVER (ORDER BY fen DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
               - greatest(fen, 0)::HUGEINT * count(*) OVER (PARTITION BY fen) AS before
    FROM known
)
SELECT customer_key, fen AS sales_12m_fen,
       CASE WHEN fen <= 0 THEN 'N' WHEN before * 100 < total * {GRADES.a_percent} THEN 'A'
            WHEN before * 100 < total * {GRADES.b_percent} THEN 'B' ELSE 'C' END AS grade
FROM ranked""",
    "transitions": """
WITH cells AS (
    SELECT coalesce(b.grade, '-') AS from_grade, coalesce(a.grade, '-') AS to_grade, count(*) AS customers,
           CAST(coalesce(sum(b.sales_12m_fen), 0) AS BIGINT) AS before_fen,
           CAST(coalesce(sum(a.sales_12m_fen), 0) AS BIGINT) AS after_fen
    FROM read_parquet('$before') b FULL JOIN read_parquet('$after') a USING (customer_key) GROUP BY ALL
)
SELECT *, CAST(sum(customers) OVER (PARTITION BY from_grade) AS BIGINT) AS from_customers FROM cells""",
    "RFM": f"""
WITH {CUSTOMERS_SQL}, days AS (
    SELECT customer_key, occurred_on, sum({SIGNED}) AS net, bool_or(kind = 'sale') AS bought FROM sales
    WHERE kind IN ('sale', 'return') AND occurred_on BETWEEN DATE '{RFM_FIRST}' AND DATE '{ON}' GROUP BY ALL
), found AS (
    SELECT customer_key, max(occurred_on) FILTER (bought) AS last, count(*) FILTER (bought) AS frequency,
           CAST(sum(net) AS BIGINT) AS fen
    FROM days GROUP BY customer_key
), known AS (
    SELECT customer_key, CAST(DATE '{ON}' - last AS BIGINT) AS recency_days,
           coalesce(frequency, 0) AS frequency, coalesce(fen, 0) AS monetary_fen
    FROM customers LEFT JOIN found USING (customer_key)
), placed AS (
    SELECT *, frequency > 0 AS bought, count(*) OVER (PARTITION BY frequency > 0) AS everybody,
           {{places}}
    FROM known
)
SELECT customer_key, recency_days, frequency, monetary_fen, {{scores}} FROM placed""",
    "cross-table": f"""
WITH {CUSTOMERS_SQL}
SELECT coalesce(province, '') AS province, grade, count(*) AS customers,
       CAST(sum(sales_12m_fen) AS BIGINT) AS net_fen
FROM customers LEFT JOIN read_parquet('$regions') codes ON region = codes.code
     JOIN read_parquet('$after') USING (customer_key) GROUP BY ALL""",
    "as-of difference": f"""
WITH net AS (
    SELECT customer_key, recorded_at <= TIMESTAMP '{EARLIER}' AS early, {SIGNED} AS fen FROM read_parquet('$sales')
    WHERE {COUNTED} AND recorded_at <= TIMESTAMP '{LATER}'
), ends AS (
    SELECT customer_key, CAST(sum(fen) FILTER (early) AS BIGINT) AS net_fen_before,
           CAST(sum(fen) AS BIGINT) AS net_fen_after
    FROM net GROUP BY customer_key
)
SELECT customer_key, CASE WHEN net_fen_before IS NULL THEN 'added' ELSE 'changed' END AS state,
       net_fen_before, net_fen_after
FROM ends WHERE net_fen_before IS DISTINCT FROM net_fen_after""",
}


def _rfm_sql() -> str:
    values = {"r": "-recency_days", "f": "frequency", "m": "monetary_fen"}
    places = (
        f"count(*) OVER (PARTITION BY frequency > 0 ORDER BY {value}) * 2"
        f" - count(*) OVER (PARTITION BY frequency > 0, {value}) AS {name}_place"
        for name, value in values.items()
    )
    scores = (
        f"CAST(CASE WHEN frequency = 0 THEN 0 WHEN {n}_place * 5 >= everybody * 8 THEN 5 WHEN {n}_place * 5 >= everybody * 6 THEN 4"
        f" WHEN {n}_place * 5 >= everybody * 4 THEN 3 WHEN {n}_place * 5 >= everybody * 2 THEN 2 ELSE 1 END AS INTEGER) AS {n}"
        for n in values
    )
    return SQL["RFM"].format(places=", ".join(places), scores=", ".join(scores))


def by_sql(name: str, folder: Path) -> pa.Table:
    import duckdb

    query = _rfm_sql() if name == "RFM" else SQL[name]
    for table in ("customer_versions", "sales", "before", "after", "regions"):
        query = query.replace(f"${table}", files(folder, table))
    return duckdb.connect().execute(query).to_arrow_table()
