"""Duplicates among 1 M invented companies: ours, and plain Splink as its manual has it.

Run: `python -m tests.bench.bench_duplicates [companies] [seed] [first | other]`, for one of two shapes of sets. One JSON line for each number; what is found is held
against the truth of the generator. Plain Splink: pinyin of the whole name, code, telephone, address, region; u from
random pairs, m by expectation maximisation; pairs and clusters from the same probability on. Both prepare their own
columns; the time of this is within. Both do a few companies first: what a process loads once counts for neither.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from custinfo.classification.duplicates import linkage, rule
from custinfo.classification.duplicates.readings import plain, sound
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.other_companies import OtherMaker

PLAIN_FROM = 0.95
FIRST = 2_000
"""Companies that both do before time is taken: a set of their own, as the first of a large one have no two alike."""
BARS = {"pairs": 0.95, "clusters": 0.95, "automatic": 0.995, "time": 1.2, "p95": 5.0, "recall@10": 0.98}
Pairs = Iterable[tuple[str, str]]


def score(pairs: Pairs, truth: Mapping[str, int]) -> dict[str, float]:
    """Precision, recall and F1 of pairs of ids."""
    found = list(pairs)
    return shares(sum(truth[one] == truth[other] for one, other in found), len(found), truth)


def clustered(members: Pairs, truth: Mapping[str, int]) -> dict[str, float]:
    """The same of all pairs within clusters, from (id, cluster): counted, as a cluster of 50,000 has a thousand million."""
    rows = list(members)
    found = pairs_within(Counter(cluster for _, cluster in rows))
    return shares(pairs_within(Counter((cluster, truth[member]) for member, cluster in rows)), found, truth)


def pairs_within(sizes: Counter[Any]) -> int:
    """How many pairs groups of these sizes have."""
    return sum(count * (count - 1) // 2 for count in sizes.values())


def shares(right: int, found: int, truth: Mapping[str, int]) -> dict[str, float]:
    """Precision, recall and F1 of so many pairs found, of which so many are right."""
    precision, recall = right / max(1, found), right / max(1, pairs_within(Counter(truth.values())))
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(1e-9, precision + recall)}


def ours(parties: pa.Table) -> tuple[Pairs, Pairs, Pairs]:
    """Pairs of automatic and review, the automatic ones, and each member with its cluster."""
    found = linkage.find(ibis.memtable(parties), rule(date(2026, 11, 1)))
    pairs = found.pairs.select("left", "right", "band").to_pyarrow().to_pydict()
    members = found.clusters.select("id", "cluster").to_pyarrow().to_pydict()
    every = list(zip(pairs["left"], pairs["right"], pairs["band"], strict=True))
    automatic = [(left, right) for left, right, band in every if band == "automatic"]
    return (
        [(left, right) for left, right, _ in every],
        automatic,
        list(zip(members["id"], members["cluster"], strict=True)),
    )


def plain_splink(parties: pa.Table) -> tuple[Pairs, Pairs]:
    """Pairs, and each member with its cluster, from `PLAIN_FROM` on."""

    def known(values: Iterable[str]) -> list[str | None]:
        return [value or None for value in values]

    columns = {name: parties[name].to_pylist() for name in ("id", "name", "credit_code", "phones", "address", "region")}
    table = pa.table(
        {
            "unique_id": columns["id"],
            "name": known(sound(plain(name)) for name in columns["name"]),
            "code": known(plain(code).upper() for code in columns["credit_code"]),
            "phone": known("".join(filter(str.isdigit, phones.partition("\n")[0])) for phones in columns["phones"]),
            "address": known(sound(plain(address)) for address in columns["address"]),
            "region": known(columns["region"]),
        }
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.95, 0.88]),
            cl.LevenshteinAtThresholds("code", [2]),
            cl.ExactMatch("phone"),
            cl.JaroWinklerAtThresholds("address", [0.95, 0.88]),
            cl.ExactMatch("region"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("code"), block_on("phone"), block_on("name"), block_on("address"), block_on("substr(name, 1, 12)", "region"),
        ],
    )  # fmt: skip
    with duckdb.connect() as connection:
        api = DuckDBAPI(connection)
        linker = Linker(api.register(table), settings, log_level="CRITICAL")
        linker.training.estimate_probability_two_random_records_match(
            [block_on("code"), block_on("name", "phone")], recall=0.7
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for training in (block_on("code"), block_on("phone")):
            linker.training.estimate_parameters_using_expectation_maximisation(training)
        scored = linker.inference.predict(threshold_match_probability=PLAIN_FROM, warning_mode="never")
        grouped = linker.clustering.cluster_pairwise_predictions_at_threshold(scored, PLAIN_FROM)
        pairs = connection.execute(f"SELECT unique_id_l, unique_id_r FROM {scored.physical_name}").fetchall()
        members = connection.execute(f"SELECT unique_id, cluster_id FROM {grouped.physical_name}").fetchall()
    return pairs, members


def say(name: str, number: float, bar: float | None, unit: str, *, most: bool = False, **more: float) -> None:
    """One line of JSON."""
    line = {"name": name, "ours": round(number, 4), "unit": unit} | {
        key: round(value, 4) for key, value in more.items()
    }
    if bar is not None:
        line |= {"bar": bar, "holds": number <= bar if most else number >= bar}
    print(json.dumps(line), flush=True)


def main(companies: int = 1_000_000, seed: int = 2026, shape: str = "first") -> None:
    """Generates, runs both, prints."""
    maker = OtherMaker if shape == "other" else Maker
    few = linkage.table([party for party, _ in maker(seed).records(FIRST)]).to_pyarrow()
    for run in (ours, plain_splink):
        run(few)
    made = list(maker(seed).records(companies))
    truth = {party.id: company for party, company in made}
    table = linkage.table([party for party, _ in made]).to_pyarrow()
    del made
    size = f"{companies:,} companies, {shape} set {seed}"
    start = time.process_time()
    every, automatic, members = ours(table)
    mine = time.process_time() - start
    scored = {"pairs": score(every, truth), "clusters": clustered(members, truth), "automatic": score(automatic, truth)}
    for name, numbers in scored.items():
        wanted = "precision" if name == "automatic" else "f1"
        say(f"duplicates among {size}: {wanted} of {name}", numbers[wanted], BARS[name], wanted, **numbers)
    start = time.process_time()
    pairs, members = plain_splink(table)
    peer = time.process_time() - start
    for name, numbers in (("pairs", score(pairs, truth)), ("clusters", clustered(members, truth))):
        say(f"plain Splink among {size}: f1 of {name}", numbers["f1"], None, "f1", **numbers)
    ratio = mine / peer
    say(
        f"duplicates among {size}, CPU against plain Splink",
        ratio,
        BARS["time"],
        "ratio",
        most=True,
        seconds=mine,
        peer=peer,
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]), *sys.argv[3:4])
