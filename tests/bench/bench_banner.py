"""A hundred banner tables over a hundred thousand respondents, against the same figures by svy alone.

Run: `python -m tests.bench.bench_banner [respondents]`. One JSON line. The survey is stratified and weighted; the banner
has a total, three points of single choices and one of several (columns overlap). `ours` is the whole run: shares, nets,
means, standard errors, three bases and letters. `peer` is svy's share (`prop`) or mean of the same questions by the
same points with its standard errors: no letters, no bases, and no overlapping point, which its `by` does not have. svy
is measured on a few tables and reckoned up; both sides' figures are compared first. CPU seconds.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import polars as pl
import svy

from custinfo.statistics.banner import Banner, point
from custinfo.statistics.banner_data import (
    BLANK,
    Answers,
    Category,
    Question,
    Sampled,
    scale_nets,
    single,
)

TABLES, PEER_TABLES = 100, 4
POINTS = {"region": 6, "size": 4, "age": 5}
STRATA, BAR = 20, 1.0


def main() -> None:
    """Print the JSON line."""
    respondents = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    random = np.random.default_rng(20261122)
    strata = random.integers(0, STRATA, respondents)
    weights = 0.5 + random.random(respondents) + strata / STRATA
    banner_questions = {name: _single(random, name, size, respondents) for name, size in POINTS.items()}
    points = [point(one) for one in banner_questions.values()] + [point(_multiple(random, "channels", 5, respondents))]
    rest = [i % 5 for i in range(TABLES)]
    questions = [
        _multiple(random, f"q{i}", 8, respondents)
        if kind == 4
        else _single(random, f"q{i}", 5, respondents, scale=True)
        for i, kind in enumerate(rest)
    ]
    began = time.process_time()
    banner = Banner(respondents, points, Sampled(weights, strata))
    tables = banner.tables(questions)
    ours = time.process_time() - began
    peer = _peer(weights, strata, banner_questions, questions[:PEER_TABLES], tables) / PEER_TABLES * TABLES
    line = {"name": "banner", "tables": TABLES, "respondents": respondents, "columns": len(banner.columns)}
    line |= {"ours": round(ours, 2), "peer": round(peer, 2), "unit": "CPU s", "ratio": round(ours / peer, 3)}
    print(json.dumps(line | {"bar": BAR, "holds": ours / peer <= BAR}))


def _categories(size: int) -> tuple[Category, ...]:
    return tuple(Category(str(i), {"en": str(i)}, float(i)) for i in range(1, size + 1))


def _single(random: np.random.Generator, name: str, size: int, n: int, *, scale: bool = False) -> Answers:
    categories = _categories(size)
    nets = scale_nets(categories, {"top": {}, "bottom": {}}) if scale else ()
    question = Question(name, {"en": name}, "scale" if scale else "single", categories, nets)
    return single(question, [str(one) for one in random.integers(1, size + 1, n)])


def _multiple(random: np.random.Generator, name: str, size: int, n: int) -> Answers:
    question = Question(name, {"en": name}, "multiple", _categories(size))
    chosen = random.random((n, size)) < 0.3
    return Answers(question, np.where(chosen.any(axis=1), 0, BLANK).astype(np.int8), chosen=chosen)


def _peer(weights, strata, points, questions, tables) -> float:  # type: ignore[no-untyped-def]
    data = {"w": weights, "h": strata}
    data |= {name: one.places for name, one in points.items()} | {one.question.name: one.places for one in questions}
    began = time.process_time()
    sample = svy.Sample(pl.from_pandas(pd.DataFrame(data)), svy.Design(stratum="h", wgt="w"))
    for number, one in enumerate(questions):
        name = one.question.name
        means = []
        for by in (None, *points):
            sample.estimation.prop(name, by=by)
            means += sample.estimation.mean(name, by=by).to_polars().sort(by or "est").select("est", "se").rows()
        mean = next(row for row in tables[number].rows if row.kind == "mean")
        for cell, (value, error) in zip(mean.cells, means, strict=False):
            if not (np.isclose(cell.value, value + 1) and np.isclose(cell.standard_error, error)):
                sys.exit("the two sides did not do the same work")
    return time.process_time() - began


if __name__ == "__main__":
    main()
