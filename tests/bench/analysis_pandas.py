"""The analysis benchmark's work in pandas, as somebody who knows it would write it."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.bench.analysis_data import EARLIER, LATER, paths
from tests.bench.analysis_works import FIRST, GRADES, ON, RFM_FIRST

KINDS = ("kind", "in", ["sale", "return"])


def customers(folder: Path) -> pd.DataFrame:
    known = [("recorded_at", "<=", datetime.fromisoformat(LATER))]
    versions = pd.read_parquet(paths(folder, "customer_versions"), filters=known)
    return versions.sort_values("version").drop_duplicates("customer_key", keep="last")


def sales(folder: Path, first: date, columns: list[str]) -> pd.DataFrame:
    known = [
        ("recorded_at", "<=", datetime.fromisoformat(LATER)),
        KINDS,
        ("occurred_on", ">=", first),
        ("occurred_on", "<=", ON),
    ]
    rows = pd.read_parquet(paths(folder, "sales"), columns=["customer_key", *columns], filters=known)
    return rows.assign(fen=rows["amount_fen"].where(rows["kind"] == "sale", -rows["amount_fen"]))


def abc(folder: Path) -> pd.DataFrame:
    net = sales(folder, FIRST, ["kind", "amount_fen"]).groupby("customer_key", sort=False)["fen"].sum()
    known = customers(folder)[["customer_key"]]
    known["sales_12m_fen"] = known["customer_key"].map(net).fillna(0).astype("int64")
    ranked = known.sort_values("sales_12m_fen", ascending=False, ignore_index=True)
    positive = ranked["sales_12m_fen"].clip(lower=0)
    first_of_tie = ~ranked["sales_12m_fen"].duplicated()
    before = (positive.cumsum() - positive).where(first_of_tie).ffill().astype("int64")
    total = int(positive.sum())
    choices = [positive <= 0, before * 100 < total * GRADES.a_percent, before * 100 < total * GRADES.b_percent]
    return ranked.assign(grade=np.select(choices, ["N", "A", "B"], "C"))


def moved(folder: Path) -> pd.DataFrame:
    names = ["customer_key", "grade", "sales_12m_fen"]
    before, after = (pd.read_parquet(paths(folder, name), columns=names) for name in ("before", "after"))
    both = before.merge(after, on="customer_key", how="outer", suffixes=("_before", "_after"))
    both = both.fillna({"grade_before": "-", "grade_after": "-", "sales_12m_fen_before": 0, "sales_12m_fen_after": 0})
    cells = both.groupby(["grade_before", "grade_after"]).agg(
        customers=("customer_key", "size"),
        before_fen=("sales_12m_fen_before", "sum"),
        after_fen=("sales_12m_fen_after", "sum"),
    )
    cells = cells.reset_index().rename(columns={"grade_before": "from_grade", "grade_after": "to_grade"})
    cells["from_customers"] = cells.groupby("from_grade")["customers"].transform("sum")
    return cells.astype({"before_fen": "int64", "after_fen": "int64"})


def scores(folder: Path) -> pd.DataFrame:
    rows = sales(folder, RFM_FIRST, ["kind", "amount_fen", "occurred_on"])
    rows["occurred_on"] = rows["occurred_on"].astype("datetime64[s]")
    rows["bought"] = rows["kind"] == "sale"
    net = rows.groupby("customer_key", sort=False)["fen"].sum()
    days = rows[rows["bought"]].drop_duplicates(["customer_key", "occurred_on"])
    found = days.groupby("customer_key", sort=False)["occurred_on"].agg(["max", "size"])
    known = customers(folder)[["customer_key"]].set_index("customer_key")
    known["recency_days"] = (pd.Timestamp(ON) - found["max"].reindex(known.index)).dt.days
    known["frequency"] = found["size"].reindex(known.index).fillna(0).astype("int64")
    known["monetary_fen"] = net.reindex(known.index).fillna(0).astype("int64")
    bought = known[known["frequency"] > 0]
    for name, values in {"r": -bought["recency_days"], "f": bought["frequency"], "m": bought["monetary_fen"]}.items():
        place = values.rank(method="max") * 2 - values.groupby(values).transform("size")
        steps = [place * 5 >= len(bought) * 2 * step for step in (4, 3, 2, 1)]
        known[name] = pd.Series(np.select(steps, [5, 4, 3, 2], 1), index=bought.index).reindex(
            known.index, fill_value=0
        )
    return known.reset_index()


def crossed(folder: Path) -> pd.DataFrame:
    graded = pd.read_parquet(paths(folder, "after"), columns=["customer_key", "grade", "sales_12m_fen"])
    known = customers(folder)[["customer_key", "region"]].merge(graded, on="customer_key")
    codes = pd.read_parquet(paths(folder, "regions")).rename(columns={"code": "region"})
    known = known.merge(codes, on="region", how="left").fillna({"province": ""})
    cells = known.groupby(["province", "grade"]).agg(customers=("region", "size"), net_fen=("sales_12m_fen", "sum"))
    return cells.reset_index()


def differing(folder: Path) -> pd.DataFrame:
    rows = sales(folder, FIRST, ["kind", "amount_fen", "recorded_at"])
    early = rows[rows["recorded_at"] <= datetime.fromisoformat(EARLIER)]
    ends = pd.DataFrame(
        {
            "net_fen_after": rows.groupby("customer_key", sort=False)["fen"].sum(),
            "net_fen_before": early.groupby("customer_key", sort=False)["fen"].sum().astype("Int64"),
        }
    )
    differ = ends[ends["net_fen_before"].isna() | (ends["net_fen_before"] != ends["net_fen_after"]).fillna(True)]
    state = np.where(differ["net_fen_before"].isna(), "added", "changed")
    return differ.assign(state=state).reset_index(names="customer_key")


BY_PANDAS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "A/B/C": abc, "transitions": moved, "RFM": scores, "cross-table": crossed, "as-of difference": differing,
}  # fmt: skip


def by_pandas(name: str, folder: Path) -> pa.Table:
    return pa.Table.from_pandas(BY_PANDAS[name](folder), preserve_index=False)
