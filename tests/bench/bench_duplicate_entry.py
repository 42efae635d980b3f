"""The check on entry among 1 M invented companies, asked of a real store: sealed, audited rows, by people of two clearances.

Run: `python -m tests.bench.bench_duplicate_entry [companies] [seed] [first | other] [folder]`, for one of two shapes of
sets. One JSON line for each number. The store is filled in large transactions by what writes a customer's index; a folder
that is named is kept, and measured again without filling. Measured is what a person waits for beyond their card: from the
answers of a card to the list that is shown.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from custinfo.actions import candidates, matching
from custinfo.actions.matching import Fact, Stated
from custinfo.classification.duplicates import Party
from custinfo.domain.people import Person
from custinfo.domain.sensitivity import Level
from custinfo.store import Site, Store
from tests import factories
from tests.bench.bench_duplicates import BARS, say
from tests.classification.duplicates.corrupted_companies import Maker
from tests.classification.duplicates.other_companies import OtherMaker

ENTRIES = 1_000
PAGE = 100_000
CACHE = 2_000_000
"""Kilobytes of the store's pages that are held while it is filled: keys come in no order, and each page that goes is
encrypted, and decrypted when it comes again. Measured is with the store opened anew, as it is otherwise.
"""
FORM, MOMENT = "enterprise_card", "2026-11-01T00:00:00.000000Z"


def card(party: Party) -> Stated:
    """What the shipped card would say: the first telephone is the company's, another is its contact's, of level 1."""
    facts = [Fact("name", party.name, Level.INTERNAL)]
    said = {"credit_code": party.credit_code, "address": party.address, "region": party.region}
    facts += [Fact(name, text, Level.INTERNAL) for name, text in said.items() if text]
    levels = (Level.INTERNAL, Level.SECRET)
    facts += [Fact("phones", number, level) for number, level in zip(party.phones, levels, strict=False)]
    return Stated("enterprise", tuple(facts))


def fill(store: Store, parties: Iterator[Party], by: Person) -> None:
    """One customer for each party, with its card's label and its rows of the index."""
    version = store.rows("SELECT version FROM form WHERE form_id = ?", [FORM])[0]["version"]
    store.rows(f"PRAGMA cache_size = -{CACHE}")
    while page := list(islice(parties, PAGE)):
        with store.act(by.person_id, "record.import", "customer", "") as tx:
            for party in page:
                tx.insert(
                    "entity", {"entity_id": party.id, "dataset": "customers", "number": party.id, "created_at": MOMENT}
                )
                tx.insert(
                    "record", {"record_id": party.id, "form_id": FORM, "entity_id": party.id, "created_at": MOMENT}
                )
                wrote = {"record_id": party.id, "record_version": 1, "form_id": FORM, "form_version": version}
                told = {"entity_id": party.id, "version": 1, "label": party.name, "properties": "{}"}
                tx.insert("entity_version", told | wrote | {"recorded_at": MOMENT, "recorded_by": by.person_id})
                matching.write(store, tx, party.id, card(party))


def measured(store: Store, actor: Person, asked: Sequence[Party], truth: dict[str, int]) -> dict[str, float]:
    """p50, p95 in ms of CPU, and recall@10: of entries that have another record, how many are shown one of theirs."""
    for party in asked[:50]:
        candidates.similar(store, actor, card(party), without=party.id, most=10)
    times, hits = [], 0
    for party in asked:
        stated = card(party)
        start = time.process_time()
        found = candidates.similar(store, actor, stated, without=party.id, most=10)
        times.append((time.process_time() - start) * 1000)
        hits += any(truth[one.entity_id] == truth[party.id] for one in found)
    times.sort()
    return {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)], "recall@10": hits / len(asked)}


def main(companies: int = 1_000_000, seed: int = 2026, shape: str = "first", folder: str = "") -> None:
    """Fills, asks, prints."""
    made = list((OtherMaker if shape == "other" else Maker)(seed).records(companies))
    truth = {party.id: company for party, company in made}
    counts = Counter(truth.values())
    asked = [party for party, company in made if counts[company] > 1][:ENTRIES]
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(folder or scratch) / "site"
        if not home.exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            with factories.site_with_forms(home) as store:
                by = factories.account(store, login_name="filling")
                for level in (Level.INTERNAL, Level.SECRET):
                    factories.account(store, login_name=f"clerk{level.value}", clearance=level)
                start = time.process_time()
                fill(store, (party for party, _ in made), by)
                say(
                    "filling the index, store included",
                    (time.process_time() - start) / companies * 1e6,
                    None,
                    "µs each",
                )
        with Store.open(Site.load(home)) as store:
            report(store, asked, truth, f"{companies:,} companies, {shape} set {seed}")


def report(store: Store, asked: Sequence[Party], truth: dict[str, int], among: str) -> None:
    """Prints what people of two clearances wait, and what they are shown."""
    from custinfo.actions import people

    for level in (Level.SECRET, Level.INTERNAL):
        actor = people.by_login_name(store, f"clerk{level.value}")
        assert actor is not None
        entry = measured(store, actor, asked, truth)
        which = f"check at entry against {among}, cleared for level {level.value}"
        say(f"{which}: p95", entry["p95"], BARS["p95"], "ms", most=True, p50=entry["p50"])
        say(f"{which}: recall@10", entry["recall@10"], BARS["recall@10"], "share")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]), *sys.argv[3:5])
